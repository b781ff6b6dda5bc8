//! The server's errors as gRPC statuses.

use outlast_proto::google::rpc;
use prost::Message;
use tonic::{Code, Status};

use crate::server::Error;

/// The status of a refused request, with its details in the form that SDKs read.
pub(super) fn status(error: Error) -> Status {
    let code = Code::from(error.code as i32);
    let message = shortened(error.message);
    let Some(detail) = error.detail else {
        return Status::new(code, message);
    };
    let details = rpc::Status {
        code: code as i32,
        message: message.clone(),
        details: vec![detail],
    };
    Status::with_details(code, message, details.encode_to_vec().into())
}

/// A message as long as headers can have.
fn shortened(mut message: String) -> String {
    if message.len() > MESSAGE_LIMIT {
        message.truncate(message.floor_char_boundary(MESSAGE_LIMIT - ELLIPSIS.len()));
        message.push_str(ELLIPSIS);
    }
    message
}

const MESSAGE_LIMIT: usize = 4000;
const ELLIPSIS: &str = "... <truncated>";
