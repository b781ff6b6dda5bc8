//! [`SizeLimits`]: how large values may be.
//!
//! The server ends a workflow whose command goes beyond. So the worker looks first and fails the
//! task, which code that returns less can mend.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes as A;
use outlast_proto::temporal::api::namespace::v1::namespace_info::Limits;
use outlast_proto::temporal::api::workflowservice::v1::RespondWorkflowTaskCompletedRequest;
use prost::Message;
use thiserror::Error;

use crate::failure::Failure;

/// How many bytes a namespace takes in one value; what is not known is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::worker) struct SizeLimits {
    value: Option<usize>,
    memo: Option<usize>,
}

/// A value that the server would not take.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{what} of {size} bytes is too large: the namespace takes {limit} bytes")]
pub(in crate::worker) struct TooLarge {
    what: String,
    size: usize,
    limit: usize,
}

impl SizeLimits {
    /// What every namespace takes, so that nobody has to ask.
    pub(super) const SMALL: Self = Self {
        value: Some(64 << 10),
        memo: Some(64 << 10),
    };

    pub(super) fn new(limits: Limits) -> Self {
        let known = |limit| usize::try_from(limit).ok().filter(|limit| *limit > 0);
        Self {
            value: known(limits.blob_size_limit_error),
            memo: known(limits.memo_size_limit_error),
        }
    }

    /// Checks the values of an answer to a workflow task.
    pub(super) fn check_completion(
        &self,
        completion: &RespondWorkflowTaskCompletedRequest,
    ) -> Result<(), TooLarge> {
        for command in &completion.commands {
            self.check_command(command)?;
        }
        for message in &completion.messages {
            let size = message.body.as_ref().map_or(0, |body| body.value.len());
            let id = &message.protocol_instance_id;
            check(self.value, size, || format!("the answer to update `{id}`"))?;
        }
        Ok(())
    }

    fn check_command(&self, command: &Command) -> Result<(), TooLarge> {
        match &command.attributes {
            Some(A::ScheduleActivityTaskCommandAttributes(activity)) => {
                let what = || format!("the input of activity `{}`", activity.activity_id);
                self.check(&activity.input, what)
            }
            Some(A::CompleteWorkflowExecutionCommandAttributes(completed)) => {
                self.check(&completed.result, || "the workflow's result".to_owned())
            }
            Some(A::FailWorkflowExecutionCommandAttributes(failed)) => {
                self.check(&failed.failure, || "the workflow's failure".to_owned())
            }
            Some(A::CancelWorkflowExecutionCommandAttributes(canceled)) => {
                let what = || "the workflow's details of its cancellation".to_owned();
                self.check(&canceled.details, what)
            }
            Some(A::ContinueAsNewWorkflowExecutionCommandAttributes(next)) => {
                self.check(&next.input, || "the next run's input".to_owned())?;
                let memo = next.memo.as_ref().map_or(0, Message::encoded_len);
                check(self.memo, memo, || "the next run's memo".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Checks one value.
    pub(super) fn check(
        &self,
        value: &Option<impl Message>,
        what: impl FnOnce() -> String,
    ) -> Result<(), TooLarge> {
        let size = value.as_ref().map_or(0, Message::encoded_len);
        check(self.value, size, what)
    }
}

impl TooLarge {
    /// As the server is to know it. It may be less another time.
    pub(in crate::worker) fn to_failure(&self) -> Failure {
        Failure::application("PayloadsTooLarge", self.to_string())
    }
}

fn check(limit: Option<usize>, size: usize, what: impl FnOnce() -> String) -> Result<(), TooLarge> {
    match limit {
        Some(limit) if size > limit => Err(TooLarge {
            what: what(),
            size,
            limit,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use outlast_proto::temporal::api::command::v1::CompleteWorkflowExecutionCommandAttributes;
    use outlast_proto::temporal::api::common::v1::{Payload, Payloads};

    use super::*;

    fn completion(bytes: usize) -> RespondWorkflowTaskCompletedRequest {
        let payload = Payload {
            data: vec![b'x'; bytes].into(),
            ..Payload::default()
        };
        let attributes = CompleteWorkflowExecutionCommandAttributes {
            result: Some(Payloads {
                payloads: vec![payload],
            }),
        };
        let command = Command {
            attributes: Some(A::CompleteWorkflowExecutionCommandAttributes(
                attributes.into(),
            )),
            ..Command::default()
        };
        RespondWorkflowTaskCompletedRequest {
            commands: vec![command],
            ..RespondWorkflowTaskCompletedRequest::default()
        }
    }

    #[test]
    fn a_value_up_to_the_limit_passes() {
        let limits = SizeLimits::new(Limits {
            blob_size_limit_error: 110,
            ..Limits::default()
        });
        assert_eq!(limits.check_completion(&completion(100)), Ok(()));
        let error = limits.check_completion(&completion(200)).unwrap_err();
        let want = "the workflow's result of 206 bytes is too large: the namespace takes 110 bytes";
        assert_eq!(error.to_string(), want);
    }

    #[test]
    fn without_a_known_limit_nothing_is_checked() {
        let limits = SizeLimits::new(Limits::default());
        assert_eq!(limits.check_completion(&completion(9_000_000)), Ok(()));
    }
}
