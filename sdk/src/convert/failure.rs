//! Failures to the wire's form and back, losing nothing.

use std::time::Duration;

use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::enums::v1::{
    ApplicationErrorCategory, RetryState as WireRetryState, TimeoutType,
};
use outlast_proto::temporal::api::failure::v1 as wire;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;

use super::Payload;
use super::payload::{from_wire, to_wire};
use crate::failure::{
    ActivityFailure, ApplicationFailure, CanceledFailure, ChildWorkflowFailure, Failure,
    FailureKind, Inner, NexusHandlerFailure, NexusOperationFailure, ResetWorkflowFailure,
    RetryState, ServerFailure, TerminatedFailure, TimeoutFailure, TimeoutKind,
};
use crate::ids::WorkflowExecution;

impl From<wire::Failure> for Failure {
    fn from(failure: wire::Failure) -> Self {
        let mut inner = Inner {
            message: failure.message,
            origin: failure.source,
            stack_trace: failure.stack_trace,
            encoded_attributes: failure.encoded_attributes.map(Payload::from),
            cause: failure.cause.map(|cause| Self::from(*cause)),
            kind: failure
                .failure_info
                .map_or(FailureKind::Unspecified, FailureKind::from),
        };
        read_encoded_attributes(&mut inner);
        Self::from_parts(inner)
    }
}

/// A sender that hides messages puts them into a payload, which is read where it can be.
fn read_encoded_attributes(inner: &mut Inner) {
    #[derive(serde::Deserialize)]
    struct Attributes {
        message: String,
        stack_trace: String,
    }
    let Some(payload) = &inner.encoded_attributes else {
        return;
    };
    if let Ok(attributes) = serde_json::from_slice::<Attributes>(payload.data()) {
        inner.message = attributes.message;
        inner.stack_trace = attributes.stack_trace;
    }
}

impl From<Failure> for wire::Failure {
    fn from(failure: Failure) -> Self {
        let mut inner = failure.into_parts();
        if inner.encoded_attributes.is_some() {
            // What the sender hid stays hidden when it is passed on.
            ENCODED_MESSAGE.clone_into(&mut inner.message);
            inner.stack_trace.clear();
        }
        Self {
            message: inner.message,
            source: inner.origin,
            stack_trace: inner.stack_trace,
            encoded_attributes: inner.encoded_attributes.map(common::Payload::from),
            cause: inner.cause.map(|cause| Box::new(Self::from(cause))),
            failure_info: info(inner.kind),
        }
    }
}

/// The message of a failure whose real one is in its encoded attributes.
const ENCODED_MESSAGE: &str = "Encoded failure";

impl From<FailureInfo> for FailureKind {
    #[allow(
        deprecated,
        reason = "older servers send only the deprecated operation id"
    )]
    fn from(info: FailureInfo) -> Self {
        match info {
            FailureInfo::ActivityFailureInfo(info) => Self::Activity(ActivityFailure {
                activity_type: info.activity_type.unwrap_or_default().name,
                activity_id: (!info.activity_id.is_empty()).then(|| info.activity_id.into()),
                identity: info.identity,
                retry_state: RetryState::from_wire(info.retry_state),
                scheduled_event_id: info.scheduled_event_id,
                started_event_id: info.started_event_id,
            }),
            FailureInfo::ApplicationFailureInfo(info) => Self::Application(ApplicationFailure {
                kind: info.r#type,
                non_retryable: info.non_retryable,
                details: from_wire(info.details),
                next_retry_delay: info.next_retry_delay.and_then(|d| d.try_into().ok()),
                benign: info.category == ApplicationErrorCategory::Benign as i32,
            }),
            FailureInfo::CanceledFailureInfo(info) => Self::Canceled(CanceledFailure {
                details: from_wire(info.details),
                identity: info.identity,
            }),
            FailureInfo::ChildWorkflowExecutionFailureInfo(info) => {
                Self::ChildWorkflow(ChildWorkflowFailure {
                    namespace: info.namespace,
                    execution: info.workflow_execution.map(|execution| WorkflowExecution {
                        workflow_id: execution.workflow_id.into(),
                        run_id: execution.run_id.into(),
                    }),
                    workflow_type: info.workflow_type.unwrap_or_default().name,
                    initiated_event_id: info.initiated_event_id,
                    started_event_id: info.started_event_id,
                    retry_state: RetryState::from_wire(info.retry_state),
                })
            }
            FailureInfo::NexusHandlerFailureInfo(info) => Self::NexusHandler(NexusHandlerFailure {
                kind: info.r#type,
                retry_behavior: info.retry_behavior,
            }),
            FailureInfo::NexusOperationExecutionFailureInfo(info) => {
                let token = Some(info.operation_token).filter(|token| !token.is_empty());
                Self::NexusOperation(NexusOperationFailure {
                    scheduled_event_id: info.scheduled_event_id,
                    endpoint: info.endpoint,
                    service: info.service,
                    operation: info.operation,
                    operation_token: token.unwrap_or(info.operation_id),
                })
            }
            FailureInfo::ResetWorkflowFailureInfo(info) => {
                let last_heartbeat = from_wire(info.last_heartbeat_details);
                Self::ResetWorkflow(ResetWorkflowFailure { last_heartbeat })
            }
            FailureInfo::ServerFailureInfo(info) => Self::Server(ServerFailure {
                non_retryable: info.non_retryable,
            }),
            FailureInfo::TerminatedFailureInfo(info) => Self::Terminated(TerminatedFailure {
                identity: info.identity,
            }),
            FailureInfo::TimeoutFailureInfo(info) => Self::Timeout(TimeoutFailure {
                timeout: TimeoutKind::from_wire(info.timeout_type),
                last_heartbeat: from_wire(info.last_heartbeat_details),
            }),
        }
    }
}

fn info(kind: FailureKind) -> Option<FailureInfo> {
    Some(match kind {
        FailureKind::Activity(activity) => {
            FailureInfo::ActivityFailureInfo(wire::ActivityFailureInfo {
                scheduled_event_id: activity.scheduled_event_id,
                started_event_id: activity.started_event_id,
                identity: activity.identity,
                activity_type: Some(common::ActivityType {
                    name: activity.activity_type,
                }),
                activity_id: activity
                    .activity_id
                    .map(|id| id.to_string())
                    .unwrap_or_default(),
                retry_state: activity.retry_state.to_wire(),
            })
        }
        FailureKind::Application(application) => {
            let category = if application.benign {
                ApplicationErrorCategory::Benign
            } else {
                ApplicationErrorCategory::Unspecified
            };
            FailureInfo::ApplicationFailureInfo(wire::ApplicationFailureInfo {
                r#type: application.kind,
                non_retryable: application.non_retryable,
                details: to_wire(application.details),
                next_retry_delay: application.next_retry_delay.map(wire_duration),
                category: category as i32,
            })
        }
        FailureKind::Canceled(canceled) => {
            FailureInfo::CanceledFailureInfo(wire::CanceledFailureInfo {
                details: to_wire(canceled.details),
                identity: canceled.identity,
            })
        }
        FailureKind::ChildWorkflow(child) => FailureInfo::ChildWorkflowExecutionFailureInfo(
            wire::ChildWorkflowExecutionFailureInfo {
                namespace: child.namespace,
                workflow_execution: child.execution.map(|execution| common::WorkflowExecution {
                    workflow_id: execution.workflow_id.to_string(),
                    run_id: execution.run_id.to_string(),
                }),
                workflow_type: Some(common::WorkflowType {
                    name: child.workflow_type,
                }),
                initiated_event_id: child.initiated_event_id,
                started_event_id: child.started_event_id,
                retry_state: child.retry_state.to_wire(),
            },
        ),
        FailureKind::NexusHandler(handler) => {
            FailureInfo::NexusHandlerFailureInfo(wire::NexusHandlerFailureInfo {
                r#type: handler.kind,
                retry_behavior: handler.retry_behavior,
            })
        }
        FailureKind::NexusOperation(operation) => {
            FailureInfo::NexusOperationExecutionFailureInfo(wire::NexusOperationFailureInfo {
                scheduled_event_id: operation.scheduled_event_id,
                endpoint: operation.endpoint,
                service: operation.service,
                operation: operation.operation,
                operation_token: operation.operation_token,
                ..Default::default()
            })
        }
        FailureKind::ResetWorkflow(reset) => {
            FailureInfo::ResetWorkflowFailureInfo(wire::ResetWorkflowFailureInfo {
                last_heartbeat_details: to_wire(reset.last_heartbeat),
            })
        }
        FailureKind::Server(server) => FailureInfo::ServerFailureInfo(wire::ServerFailureInfo {
            non_retryable: server.non_retryable,
        }),
        FailureKind::Terminated(terminated) => {
            FailureInfo::TerminatedFailureInfo(wire::TerminatedFailureInfo {
                identity: terminated.identity,
            })
        }
        FailureKind::Timeout(timeout) => {
            FailureInfo::TimeoutFailureInfo(wire::TimeoutFailureInfo {
                timeout_type: timeout.timeout.to_wire(),
                last_heartbeat_details: to_wire(timeout.last_heartbeat),
            })
        }
        FailureKind::Unspecified => return None,
    })
}

/// The wire's duration; one too long for it is cut to what it holds.
pub(crate) fn wire_duration(duration: Duration) -> prost_types::Duration {
    let longest = prost_types::Duration {
        seconds: i64::MAX,
        nanos: 0,
    };
    duration.try_into().unwrap_or(longest)
}

impl RetryState {
    pub(crate) fn from_wire(value: i32) -> Self {
        match WireRetryState::try_from(value).unwrap_or_default() {
            WireRetryState::CancelRequested => Self::CancelRequested,
            WireRetryState::InProgress => Self::InProgress,
            WireRetryState::InternalServerError => Self::InternalServerError,
            WireRetryState::MaximumAttemptsReached => Self::MaximumAttemptsReached,
            WireRetryState::NonRetryableFailure => Self::NonRetryableFailure,
            WireRetryState::RetryPolicyNotSet => Self::RetryPolicyNotSet,
            WireRetryState::Timeout => Self::Timeout,
            WireRetryState::Unspecified => Self::Unspecified,
        }
    }

    fn to_wire(self) -> i32 {
        let state = match self {
            Self::CancelRequested => WireRetryState::CancelRequested,
            Self::InProgress => WireRetryState::InProgress,
            Self::InternalServerError => WireRetryState::InternalServerError,
            Self::MaximumAttemptsReached => WireRetryState::MaximumAttemptsReached,
            Self::NonRetryableFailure => WireRetryState::NonRetryableFailure,
            Self::RetryPolicyNotSet => WireRetryState::RetryPolicyNotSet,
            Self::Timeout => WireRetryState::Timeout,
            Self::Unspecified => WireRetryState::Unspecified,
        };
        state as i32
    }
}

impl TimeoutKind {
    fn from_wire(value: i32) -> Self {
        match TimeoutType::try_from(value).unwrap_or_default() {
            TimeoutType::Heartbeat => Self::Heartbeat,
            TimeoutType::ScheduleToClose => Self::ScheduleToClose,
            TimeoutType::ScheduleToStart => Self::ScheduleToStart,
            TimeoutType::StartToClose => Self::StartToClose,
            TimeoutType::Unspecified => Self::Unspecified,
        }
    }

    fn to_wire(self) -> i32 {
        let kind = match self {
            Self::Heartbeat => TimeoutType::Heartbeat,
            Self::ScheduleToClose => TimeoutType::ScheduleToClose,
            Self::ScheduleToStart => TimeoutType::ScheduleToStart,
            Self::StartToClose => TimeoutType::StartToClose,
            Self::Unspecified => TimeoutType::Unspecified,
        };
        kind as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_with_causes_comes_back_equal() {
        let root = Failure::new(
            "slow",
            FailureKind::Timeout(TimeoutFailure {
                timeout: TimeoutKind::Heartbeat,
                last_heartbeat: vec![Payload::new("json/plain", "3")],
            }),
        );
        let activity = ActivityFailure {
            activity_type: "copy".to_owned(),
            activity_id: Some("7".into()),
            retry_state: RetryState::Timeout,
            ..ActivityFailure::default()
        };
        let failure = Failure::new("failed", FailureKind::Activity(activity)).with_cause(root);
        let there_and_back = Failure::from(wire::Failure::from(failure.clone()));
        assert_eq!(there_and_back, failure);
    }

    #[test]
    fn hidden_messages_are_read() {
        let hidden = Payload::new("json/plain", r#"{"message":"m","stack_trace":"s"}"#);
        let failure = Failure::from(wire::Failure {
            message: "Encoded failure".to_owned(),
            encoded_attributes: Some(hidden.into()),
            ..wire::Failure::default()
        });
        assert_eq!((failure.message(), failure.stack_trace()), ("m", "s"));
        let passed_on = wire::Failure::from(failure);
        assert_eq!(passed_on.message, "Encoded failure");
        assert_eq!(passed_on.stack_trace, "");
    }
}
