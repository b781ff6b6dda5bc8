//! What callers learn of updates that came to nothing.

use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{ApplicationFailureInfo, Failure};
use outlast_proto::temporal::api::update::v1::{Outcome, outcome};

pub(super) fn failed(failure: Failure) -> Box<Outcome> {
    Box::new(Outcome {
        value: Some(outcome::Value::Failure(failure)),
    })
}

pub(super) fn unprocessed() -> Failure {
    server_failure(
        "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow \
         Update is not supported by the worker.",
        "UnprocessedUpdate",
    )
}

pub(super) fn closed_before_completion() -> Failure {
    server_failure(
        "Workflow Update failed because the Workflow completed before the Update completed.",
        "AcceptedUpdateCompletedWorkflow",
    )
}

fn server_failure(message: &str, failure_type: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        source: "Server".to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(
            ApplicationFailureInfo {
                r#type: failure_type.to_owned(),
                non_retryable: true,
                ..Default::default()
            },
        )),
        ..Default::default()
    }
}
