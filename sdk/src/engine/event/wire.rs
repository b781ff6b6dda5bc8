//! The wire's form of an event, read here and nowhere else in the engine.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::common::v1 as common;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;
use outlast_proto::temporal::api::history::v1 as wire;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use super::{
    ActivityFailed, ActivityOutcome, ActivityScheduled, Carried, CloseKind, Event, EventBody,
    EventType, ExecutionStarted, Signaled, TaskCompleted, TaskStarted, UpdateAccepted,
};
use crate::convert::Payload;
use crate::engine::message::UpdateRequest;
use crate::failure::{Failure, RetryState};
use crate::ids::{RunId, WorkflowExecution, WorkflowId};
use crate::retry_policy::RetryPolicy;

/// Takes of the wire's form what the engine reads, which is little: the rest is not copied.
impl From<&wire::HistoryEvent> for Event {
    fn from(event: &wire::HistoryEvent) -> Self {
        let event_type = EventType(event.event_type);
        Self {
            id: event.event_id,
            time: event.event_time.map(time).unwrap_or(SystemTime::UNIX_EPOCH),
            ignorable: event.worker_may_ignore,
            body: event
                .attributes
                .as_ref()
                .map_or(EventBody::Other(event_type), |attributes| {
                    body(event_type, attributes)
                }),
        }
    }
}

impl From<wire::HistoryEvent> for Event {
    fn from(event: wire::HistoryEvent) -> Self {
        Self::from(&event)
    }
}

fn body(event_type: EventType, attributes: &Attributes) -> EventBody {
    match attributes {
        Attributes::ActivityTaskCancelRequestedEventAttributes(a) => {
            EventBody::ActivityCancelRequested {
                scheduled: a.scheduled_event_id,
            }
        }
        Attributes::ActivityTaskCanceledEventAttributes(a) => EventBody::ActivityClosed {
            scheduled: a.scheduled_event_id,
            outcome: Box::new(ActivityOutcome::Canceled(payloads(a.details.as_ref()))),
        },
        Attributes::ActivityTaskCompletedEventAttributes(a) => EventBody::ActivityClosed {
            scheduled: a.scheduled_event_id,
            outcome: Box::new(ActivityOutcome::Completed(payloads(a.result.as_ref()))),
        },
        Attributes::ActivityTaskFailedEventAttributes(a) => EventBody::ActivityClosed {
            scheduled: a.scheduled_event_id,
            outcome: Box::new(ActivityOutcome::Failed(ActivityFailed {
                failure: a.failure.clone().unwrap_or_default().into(),
                retry_state: RetryState::from_wire(a.retry_state),
                identity: a.identity.clone(),
                started: a.started_event_id,
            })),
        },
        Attributes::ActivityTaskTimedOutEventAttributes(a) => EventBody::ActivityClosed {
            scheduled: a.scheduled_event_id,
            outcome: Box::new(ActivityOutcome::TimedOut(ActivityFailed {
                failure: a.failure.clone().unwrap_or_default().into(),
                retry_state: RetryState::from_wire(a.retry_state),
                identity: String::new(),
                started: a.started_event_id,
            })),
        },
        Attributes::ActivityTaskScheduledEventAttributes(a) => {
            EventBody::ActivityScheduled(Box::new(ActivityScheduled {
                id: a.activity_id.as_str().into(),
                kind: a
                    .activity_type
                    .as_ref()
                    .map_or("", |kind| &kind.name)
                    .into(),
            }))
        }
        Attributes::ActivityTaskStartedEventAttributes(a) => EventBody::ActivityStarted {
            scheduled: a.scheduled_event_id,
        },
        Attributes::WorkflowExecutionCancelRequestedEventAttributes(a) => {
            EventBody::CancelRequested {
                reason: a.cause.as_str().into(),
            }
        }
        Attributes::WorkflowExecutionCanceledEventAttributes(_) => {
            EventBody::ExecutionClosed(CloseKind::Canceled)
        }
        Attributes::WorkflowExecutionCompletedEventAttributes(_) => {
            EventBody::ExecutionClosed(CloseKind::Completed)
        }
        Attributes::WorkflowExecutionContinuedAsNewEventAttributes(_) => {
            EventBody::ExecutionClosed(CloseKind::ContinuedAsNew)
        }
        Attributes::WorkflowExecutionFailedEventAttributes(_) => {
            EventBody::ExecutionClosed(CloseKind::Failed)
        }
        Attributes::WorkflowExecutionTerminatedEventAttributes(_)
        | Attributes::WorkflowExecutionTimedOutEventAttributes(_) => {
            EventBody::ExecutionEnded(event_type)
        }
        Attributes::WorkflowExecutionStartedEventAttributes(a) => {
            EventBody::ExecutionStarted(Box::new(started(a)))
        }
        Attributes::MarkerRecordedEventAttributes(a) => {
            EventBody::MarkerRecorded(a.marker_name.as_str().into())
        }
        Attributes::WorkflowExecutionSignaledEventAttributes(a) => {
            let (name, input) = (a.signal_name.clone(), payloads(a.input.as_ref()));
            EventBody::Signaled(Box::new(Signaled { name, input }))
        }
        Attributes::WorkflowTaskCompletedEventAttributes(a) => {
            let completed = a.sdk_metadata.as_ref().map(|metadata| TaskCompleted {
                sdk_name: metadata.sdk_name.as_str().into(),
                core_flags: metadata.core_used_flags.clone(),
                lang_flags: metadata.lang_used_flags.clone(),
            });
            EventBody::TaskCompleted(Box::new(completed.unwrap_or_default()))
        }
        Attributes::WorkflowTaskFailedEventAttributes(a) => {
            let is_reset = a.cause == WorkflowTaskFailedCause::ResetWorkflow as i32;
            EventBody::TaskFailed {
                reset_run: is_reset.then(|| a.new_run_id.clone().into()),
            }
        }
        Attributes::WorkflowTaskScheduledEventAttributes(_) => EventBody::TaskScheduled,
        Attributes::WorkflowTaskStartedEventAttributes(a) => {
            EventBody::TaskStarted(Box::new(TaskStarted {
                continue_as_new_suggested: a.suggest_continue_as_new,
                history_bytes: u64::try_from(a.history_size_bytes).unwrap_or(0),
            }))
        }
        Attributes::WorkflowTaskTimedOutEventAttributes(_) => EventBody::TaskTimedOut,
        Attributes::TimerCanceledEventAttributes(a) => EventBody::TimerCanceled {
            timer: a.timer_id.as_str().into(),
        },
        Attributes::TimerFiredEventAttributes(a) => EventBody::TimerFired {
            started: a.started_event_id,
            timer: a.timer_id.as_str().into(),
        },
        Attributes::TimerStartedEventAttributes(a) => EventBody::TimerStarted {
            timer: a.timer_id.as_str().into(),
        },
        Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(a) => {
            EventBody::UpdateAccepted(Box::new(update_accepted(a)))
        }
        Attributes::WorkflowExecutionUpdateAdmittedEventAttributes(a) => {
            let request = a.request.clone().unwrap_or_default();
            EventBody::UpdateAdmitted(Box::new(UpdateRequest::admitted(request)))
        }
        Attributes::WorkflowExecutionUpdateCompletedEventAttributes(a) => {
            EventBody::UpdateCompleted {
                accepted: a.accepted_event_id,
            }
        }
        _ => EventBody::Other(event_type),
    }
}

fn started(a: &wire::WorkflowExecutionStartedEventAttributes) -> ExecutionStarted {
    let a = a.clone();
    ExecutionStarted {
        workflow_id: a.workflow_id,
        workflow_type: a.workflow_type.unwrap_or_default().name,
        input: payloads(a.input.as_ref()),
        task_queue: a.task_queue.unwrap_or_default().name,
        attempt: u32::try_from(a.attempt).unwrap_or(1),
        original_run: a.original_execution_run_id,
        first_run: a.first_execution_run_id,
        continued_run: Some(a.continued_execution_run_id)
            .filter(|run| !run.is_empty())
            .map(RunId::from),
        parent: a.parent_workflow_execution.map(|parent| WorkflowExecution {
            workflow_id: WorkflowId::from(parent.workflow_id),
            run_id: RunId::from(parent.run_id),
        }),
        run_timeout: a.workflow_run_timeout.and_then(positive),
        execution_timeout: a.workflow_execution_timeout.and_then(positive),
        task_timeout: a.workflow_task_timeout.and_then(positive),
        retry: a.retry_policy.clone().map(RetryPolicy::from),
        cron: Some(a.cron_schedule).filter(|cron| !cron.is_empty()),
        last_result: payloads(a.last_completion_result.as_ref()),
        last_failure: a.continued_failure.map(Failure::from),
        carried: Carried {
            header: a.header,
            memo: a.memo,
            search_attributes: a.search_attributes,
            retry: a.retry_policy,
        },
    }
}

fn update_accepted(a: &wire::WorkflowExecutionUpdateAcceptedEventAttributes) -> UpdateAccepted {
    let request = a.accepted_request.clone().map(|request| {
        UpdateRequest::new(
            a.accepted_request_message_id.clone(),
            a.protocol_instance_id.clone(),
            a.accepted_request_sequencing_event_id,
            request,
        )
    });
    UpdateAccepted {
        instance: a.protocol_instance_id.clone(),
        message_id: a.accepted_request_message_id.clone(),
        sequencing: a.accepted_request_sequencing_event_id,
        request,
    }
}

fn payloads(list: Option<&common::Payloads>) -> Vec<Payload> {
    let payloads = list.map(|list| list.payloads.as_slice());
    let payloads = payloads.unwrap_or_default().iter().cloned();
    payloads.map(Payload::from).collect()
}

/// The wire's time; one before 1970 counts as 1970.
fn time(time: prost_types::Timestamp) -> SystemTime {
    SystemTime::try_from(time).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The wire's duration, where zero means that there is none.
fn positive(duration: prost_types::Duration) -> Option<Duration> {
    Duration::try_from(duration)
        .ok()
        .filter(|duration| !duration.is_zero())
}
