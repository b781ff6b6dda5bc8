//! Workflow tasks as the server would send them.

use outlast_proto::temporal::api::common::v1::{Payloads, WorkflowExecution, WorkflowType};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::*;
use outlast_proto::temporal::api::protocol::v1::Message;
use outlast_proto::temporal::api::protocol::v1::message::SequencingId;
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::update::v1 as update;
use outlast_proto::temporal::api::workflowservice::v1::{
    GetWorkflowExecutionHistoryResponse, PollWorkflowTaskQueueResponse,
};
use prost::Message as _;

use crate::convert::{ToPayload, to_wire};

/// The first three events of a run: it began, and its first task was taken.
pub(super) fn first_events(kind: &str, argument: Option<&str>) -> Vec<HistoryEvent> {
    let input = argument.map(|text| Payloads {
        payloads: to_wire(vec![text.to_owned().to_payload().unwrap()])
            .unwrap()
            .payloads,
    });
    vec![
        event(
            1,
            Attributes::WorkflowExecutionStartedEventAttributes(Box::new(
                WorkflowExecutionStartedEventAttributes {
                    workflow_type: Some(WorkflowType {
                        name: kind.to_owned(),
                    }),
                    task_queue: Some(TaskQueue {
                        name: "orders".to_owned(),
                        ..TaskQueue::default()
                    }),
                    input,
                    original_execution_run_id: "run".to_owned(),
                    attempt: 1,
                    ..WorkflowExecutionStartedEventAttributes::default()
                },
            )),
        ),
        scheduled(2),
        started(3),
    ]
}

/// What follows the first task of a workflow that sleeps, once its timer fired: events 4 to 8.
pub(super) fn woken_events() -> Vec<HistoryEvent> {
    let mut events = quiet_events();
    events.truncate(2);
    let fired = TimerFiredEventAttributes {
        timer_id: "1".to_owned(),
        started_event_id: 5,
    };
    events.extend([
        event(6, Attributes::TimerFiredEventAttributes(Box::new(fired))),
        scheduled(7),
        started(8),
    ]);
    events
}

/// What follows the first task of a workflow that sleeps, if the next task has nothing to tell
/// it: events 4 to 7.
pub(super) fn quiet_events() -> Vec<HistoryEvent> {
    let completed = WorkflowTaskCompletedEventAttributes {
        scheduled_event_id: 2,
        started_event_id: 3,
        ..WorkflowTaskCompletedEventAttributes::default()
    };
    let timer_started = TimerStartedEventAttributes {
        timer_id: "1".to_owned(),
        ..TimerStartedEventAttributes::default()
    };
    vec![
        event(
            4,
            Attributes::WorkflowTaskCompletedEventAttributes(Box::new(completed)),
        ),
        event(
            5,
            Attributes::TimerStartedEventAttributes(Box::new(timer_started)),
        ),
        scheduled(6),
        started(7),
    ]
}

/// A task with these events, the last of which began it.
pub(super) fn task(kind: &str, events: Vec<HistoryEvent>) -> PollWorkflowTaskQueueResponse {
    let started = events.last().map_or(0, |event| event.event_id);
    PollWorkflowTaskQueueResponse {
        task_token: format!("task {started}").into(),
        workflow_execution: Some(WorkflowExecution {
            workflow_id: "order-1".to_owned(),
            run_id: "run".to_owned(),
        }),
        workflow_type: Some(WorkflowType {
            name: kind.to_owned(),
        }),
        previous_started_event_id: if started > 3 { 3 } else { 0 },
        started_event_id: started,
        attempt: 1,
        history: Some(History { events }),
        ..PollWorkflowTaskQueueResponse::default()
    }
}

/// The first task of a run.
pub(super) fn first_task(kind: &str, argument: Option<&str>) -> PollWorkflowTaskQueueResponse {
    task(kind, first_events(kind, argument))
}

/// A task of another run.
pub(super) fn of_run(
    task: PollWorkflowTaskQueueResponse,
    run: &str,
) -> PollWorkflowTaskQueueResponse {
    let execution = WorkflowExecution {
        workflow_id: format!("order-{run}"),
        run_id: run.to_owned(),
    };
    PollWorkflowTaskQueueResponse {
        workflow_execution: Some(execution),
        ..task
    }
}

/// The same task with a request to update the run.
pub(super) fn with_update(
    mut task: PollWorkflowTaskQueueResponse,
    name: &str,
) -> PollWorkflowTaskQueueResponse {
    let request = update::Request {
        meta: Some(update::Meta {
            update_id: "u".to_owned(),
            identity: String::new(),
        }),
        input: Some(update::Input {
            name: name.to_owned(),
            ..update::Input::default()
        }),
        ..update::Request::default()
    };
    task.messages.push(Message {
        id: "u/request".to_owned(),
        protocol_instance_id: "u".to_owned(),
        sequencing_id: Some(SequencingId::EventId(task.started_event_id - 1)),
        body: Some(prost_types::Any {
            type_url: "type.googleapis.com/temporal.api.update.v1.Request".to_owned(),
            value: request.encode_to_vec(),
        }),
    });
    task
}

/// A task that is only a query.
pub(super) fn query(kind: &str, name: &str) -> PollWorkflowTaskQueueResponse {
    PollWorkflowTaskQueueResponse {
        task_token: "query".into(),
        previous_started_event_id: 3,
        query: Some(WorkflowQuery {
            query_type: name.to_owned(),
            ..WorkflowQuery::default()
        }),
        ..task(kind, Vec::new())
    }
}

pub(super) fn page(events: Vec<HistoryEvent>, next: &str) -> GetWorkflowExecutionHistoryResponse {
    GetWorkflowExecutionHistoryResponse {
        history: Some(History { events }),
        next_page_token: next.to_owned().into(),
        ..GetWorkflowExecutionHistoryResponse::default()
    }
}

fn scheduled(id: i64) -> HistoryEvent {
    let attributes = WorkflowTaskScheduledEventAttributes::default();
    event(
        id,
        Attributes::WorkflowTaskScheduledEventAttributes(Box::new(attributes)),
    )
}

fn started(id: i64) -> HistoryEvent {
    let attributes = WorkflowTaskStartedEventAttributes {
        scheduled_event_id: id - 1,
        ..WorkflowTaskStartedEventAttributes::default()
    };
    event(
        id,
        Attributes::WorkflowTaskStartedEventAttributes(Box::new(attributes)),
    )
}

fn event(id: i64, attributes: Attributes) -> HistoryEvent {
    HistoryEvent {
        event_id: id,
        attributes: Some(attributes),
        ..HistoryEvent::default()
    }
}
