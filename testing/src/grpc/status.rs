//! The server's errors as gRPC statuses.

use outlast_proto::google::rpc;
use prost::Message;
use tonic::{Code, Status};

use crate::server::Error;

/// The status of a refused request, with its details in the form that SDKs read.
pub(super) fn status(error: Error) -> Status {
    let code = Code::from(error.code as i32);
    let Some(detail) = error.detail else {
        return Status::new(code, error.message);
    };
    let details = rpc::Status {
        code: code as i32,
        message: error.message.clone(),
        details: vec![detail],
    };
    Status::with_details(code, error.message, details.encode_to_vec().into())
}
