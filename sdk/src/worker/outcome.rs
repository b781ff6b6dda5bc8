//! [`Report`]: what the server is told of how an attempt of an activity ended.

use crate::activity::CancelReason;
use crate::convert::Payload;
use crate::error::{ActivityError, ActivityErrorKind};
use crate::failure::{Failure, FailureKind};

/// What the server is told of how an attempt ended.
#[derive(Debug, PartialEq)]
pub(super) enum Report {
    Canceled(Vec<Payload>),
    Completed(Payload),
    Failed(Failure),
    /// Nothing: somebody else reports it, or the server has given the attempt up.
    Nothing,
}

impl Report {
    /// What to say of what the body returned, if it had the given reason to stop.
    pub(super) fn of(
        returned: Result<Payload, ActivityError>,
        reason: Option<CancelReason>,
    ) -> Self {
        if reason.is_some_and(|reason| !reason.is_reported()) {
            return Self::Nothing;
        }
        match returned.map_err(ActivityError::into_kind) {
            Ok(result) => Self::Completed(result),
            Err(ActivityErrorKind::CompletesLater) => Self::Nothing,
            Err(ActivityErrorKind::Failed(failure)) => match failure.kind() {
                FailureKind::Canceled(canceled) if reason == Some(CancelReason::Requested) => {
                    Self::Canceled(canceled.details.clone())
                }
                FailureKind::Canceled(_) => Self::Failed(retried(failure, reason)),
                _ => Self::Failed(failure),
            },
        }
    }
}

/// A failure that the server tries again, for an attempt that stopped as if it was canceled:
/// the server itself takes a cancellation as final, and here nobody asked for that.
fn retried(canceled: Failure, reason: Option<CancelReason>) -> Failure {
    let (kind, message) = match reason {
        Some(CancelReason::Paused) => ("ActivityPaused", "the activity was paused"),
        Some(CancelReason::Reset) => ("ActivityReset", "the activity was reset"),
        Some(CancelReason::WorkerShutdown) => ("WorkerShutdown", "the worker shut down"),
        _ => (
            "Canceled",
            "the activity ended as canceled, which nobody asked for",
        ),
    };
    Failure::application(kind, message).with_cause(canceled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canceled() -> Result<Payload, ActivityError> {
        Err(ActivityError::canceled())
    }

    #[test]
    fn a_cancellation_that_was_requested_is_reported_as_one() {
        let report = Report::of(canceled(), Some(CancelReason::Requested));
        assert_eq!(report, Report::Canceled(Vec::new()));
    }

    #[test]
    fn any_other_cancellation_is_a_failure_that_is_tried_again() {
        for (reason, want) in [
            (None, "Canceled"),
            (Some(CancelReason::Paused), "ActivityPaused"),
            (Some(CancelReason::Reset), "ActivityReset"),
            (Some(CancelReason::WorkerShutdown), "WorkerShutdown"),
        ] {
            let Report::Failed(failure) = Report::of(canceled(), reason) else {
                panic!("{reason:?} is no failure");
            };
            assert_eq!(failure.application_kind(), Some(want));
            assert!(
                !failure.as_application().unwrap().non_retryable,
                "{reason:?}"
            );
        }
    }

    #[test]
    fn what_the_server_has_given_up_is_not_reported() {
        for reason in [CancelReason::NotFound, CancelReason::TimedOut] {
            let done = Ok(Payload::new("binary/null", ""));
            assert_eq!(
                Report::of(done, Some(reason)),
                Report::Nothing,
                "{reason:?}"
            );
        }
    }

    #[test]
    fn an_activity_that_completes_later_says_nothing_now() {
        let later = Err(ActivityError::completes_later());
        assert_eq!(Report::of(later, None), Report::Nothing);
    }

    #[test]
    fn a_result_counts_even_if_the_activity_was_to_stop() {
        let done = Payload::new("binary/null", "");
        let report = Report::of(Ok(done.clone()), Some(CancelReason::Requested));
        assert_eq!(report, Report::Completed(done));
    }
}
