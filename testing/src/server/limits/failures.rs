//! Failures that are too large: a server's own takes their place, and has as its cause what fits.

use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{
    ApplicationFailureInfo, Failure, ServerFailureInfo,
};
use prost::Message;

use super::Limits;

/// What a worker reported, in a size that a history can have. What was too large ends the activity.
pub(in crate::server) fn reported_failure(failure: Failure, limits: &Limits) -> Failure {
    match limits.fits_blob(Some(&failure)) {
        true => failure,
        false => wrapped(&failure, limits.blob_bytes / REPORTED_PART, true),
    }
}

/// The last failure of an activity that tries again, in a size that a server can remember.
pub(in crate::server) fn kept_failure(failure: &Failure) -> Failure {
    match failure.encoded_len() <= KEPT_BYTES {
        true => failure.clone(),
        false => wrapped(failure, KEPT_BYTES, false),
    }
}

fn wrapped(failure: &Failure, limit: usize, non_retryable: bool) -> Failure {
    Failure {
        message: "Failure exceeds size limit.".to_owned(),
        cause: Some(Box::new(shortened(failure, &mut Room(limit)))),
        failure_info: Some(FailureInfo::ServerFailureInfo(ServerFailureInfo {
            non_retryable,
        })),
        ..Default::default()
    }
}

/// The texts of a failure and of its causes as far as there is room. Details are dropped.
fn shortened(failure: &Failure, room: &mut Room) -> Failure {
    let failure_info = match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            let info = ApplicationFailureInfo {
                r#type: room.take(&info.r#type),
                non_retryable: info.non_retryable,
                ..Default::default()
            };
            room.shrink(APPLICATION_BYTES);
            Some(FailureInfo::ApplicationFailureInfo(info))
        }
        Some(FailureInfo::ServerFailureInfo(info)) => {
            room.shrink(FIELD_BYTES);
            Some(FailureInfo::ServerFailureInfo(*info))
        }
        Some(
            FailureInfo::ActivityFailureInfo(_)
            | FailureInfo::CanceledFailureInfo(_)
            | FailureInfo::ChildWorkflowExecutionFailureInfo(_)
            | FailureInfo::NexusHandlerFailureInfo(_)
            | FailureInfo::NexusOperationExecutionFailureInfo(_)
            | FailureInfo::ResetWorkflowFailureInfo(_)
            | FailureInfo::TerminatedFailureInfo(_)
            | FailureInfo::TimeoutFailureInfo(_),
        )
        | None => None,
    };
    let source = room.take(&failure.source);
    let message = room.take(&failure.message);
    let stack_trace = room.take(&failure.stack_trace);
    room.shrink(FIELD_BYTES);
    let cause = failure.cause.as_ref().filter(|_| room.0 > 0);
    Failure {
        message,
        source,
        stack_trace,
        cause: cause.map(|cause| Box::new(shortened(cause, room))),
        failure_info,
        ..Default::default()
    }
}

/// How many bytes are left, as a real server counts them.
struct Room(usize);

impl Room {
    fn take(&mut self, text: &str) -> String {
        let taken = &text[..text.floor_char_boundary(self.0)];
        if !text.is_empty() {
            self.shrink(taken.len() + FIELD_BYTES);
        }
        taken.to_owned()
    }

    fn shrink(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes);
    }
}

/// What a text, a cause or a server's information takes up besides what is in it.
const FIELD_BYTES: usize = 4;
/// The same for the information of an application.
const APPLICATION_BYTES: usize = 8;
/// The most bytes of a failure that is kept for the next attempt.
const KEPT_BYTES: usize = 4096;
/// Of a failure that was too large for the history, a quarter of what would have fit is left.
const REPORTED_PART: usize = 4;
