//! Short ways to say long messages.

use std::time::Duration;

use bytes::Bytes;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::command::v1::{self as commands, Command};
use outlast_proto::temporal::api::common::v1::{
    ActivityType, Payload, Payloads, RetryPolicy, WorkflowExecution, WorkflowType,
};
use outlast_proto::temporal::api::enums::v1::{CommandType, ParentClosePolicy};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{ApplicationFailureInfo, Failure};
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::protocol::v1::message::SequencingId;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::update::v1 as update;
use prost::Message;
use prost_types::Any;

pub(crate) fn payloads(text: &str) -> Option<Payloads> {
    let encoding = ("encoding".to_owned(), Bytes::from_static(b"json/plain"));
    let data = format!("\"{text}\"").into();
    let payload = Payload {
        metadata: [encoding].into(),
        data,
        ..Default::default()
    };
    Some(Payloads {
        payloads: vec![payload],
    })
}

pub(crate) fn seconds(seconds: f64) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(Duration::from_secs_f64(seconds)).ok()
}

pub(crate) fn application_failure(message: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(
            ApplicationFailureInfo {
                r#type: "Test".to_owned(),
                ..Default::default()
            },
        )),
        ..Default::default()
    }
}

pub(crate) fn command(command_type: CommandType, attributes: Attributes) -> Command {
    Command {
        command_type: command_type as i32,
        attributes: Some(attributes),
        ..Default::default()
    }
}

pub(crate) fn start_timer(timer_id: &str, after: f64) -> Command {
    start_timer_after(timer_id, seconds(after))
}

pub(crate) fn start_timer_after(timer_id: &str, after: Option<prost_types::Duration>) -> Command {
    let attributes = commands::StartTimerCommandAttributes {
        timer_id: timer_id.to_owned(),
        start_to_fire_timeout: after,
    };
    command(
        CommandType::StartTimer,
        Attributes::StartTimerCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn cancel_timer(timer_id: &str) -> Command {
    let attributes = commands::CancelTimerCommandAttributes {
        timer_id: timer_id.to_owned(),
    };
    command(
        CommandType::CancelTimer,
        Attributes::CancelTimerCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn complete_workflow(result: &str) -> Command {
    let attributes = commands::CompleteWorkflowExecutionCommandAttributes {
        result: payloads(result),
    };
    command(
        CommandType::CompleteWorkflowExecution,
        Attributes::CompleteWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn fail_workflow(message: &str) -> Command {
    let attributes = commands::FailWorkflowExecutionCommandAttributes {
        failure: Some(application_failure(message)),
    };
    command(
        CommandType::FailWorkflowExecution,
        Attributes::FailWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn cancel_workflow() -> Command {
    let attributes = commands::CancelWorkflowExecutionCommandAttributes::default();
    command(
        CommandType::CancelWorkflowExecution,
        Attributes::CancelWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn continue_as_new(input: &str) -> Command {
    let attributes = commands::ContinueAsNewWorkflowExecutionCommandAttributes {
        input: payloads(input),
        ..Default::default()
    };
    command(
        CommandType::ContinueAsNewWorkflowExecution,
        Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn cancel_activity(scheduled_event_id: i64) -> Command {
    let attributes = commands::RequestCancelActivityTaskCommandAttributes { scheduled_event_id };
    command(
        CommandType::RequestCancelActivityTask,
        Attributes::RequestCancelActivityTaskCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn schedule_activity(
    attributes: commands::ScheduleActivityTaskCommandAttributes,
) -> Command {
    command(
        CommandType::ScheduleActivityTask,
        Attributes::ScheduleActivityTaskCommandAttributes(Box::new(attributes)),
    )
}

/// An activity with a start-to-close timeout of ten seconds.
pub(crate) fn activity_in(
    task_queue: &str,
    activity_id: &str,
) -> commands::ScheduleActivityTaskCommandAttributes {
    commands::ScheduleActivityTaskCommandAttributes {
        activity_id: activity_id.to_owned(),
        activity_type: Some(ActivityType {
            name: "charge".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: task_queue.to_owned(),
            ..Default::default()
        }),
        start_to_close_timeout: seconds(10.0),
        ..Default::default()
    }
}

pub(crate) fn at_most(attempts: i32, interval: f64) -> Option<RetryPolicy> {
    Some(RetryPolicy {
        initial_interval: seconds(interval),
        maximum_attempts: attempts,
        ..Default::default()
    })
}

/// A child of the type `Order` in `task_queue`.
pub(crate) fn start_child(
    task_queue: &str,
    workflow_id: &str,
    policy: ParentClosePolicy,
) -> Command {
    let attributes = commands::StartChildWorkflowExecutionCommandAttributes {
        workflow_id: workflow_id.to_owned(),
        workflow_type: Some(WorkflowType {
            name: "Order".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: task_queue.to_owned(),
            ..Default::default()
        }),
        parent_close_policy: policy as i32,
        ..Default::default()
    };
    command(
        CommandType::StartChildWorkflowExecution,
        Attributes::StartChildWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn signal_external(workflow_id: &str, name: &str) -> Command {
    let execution = WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: String::new(),
    };
    let attributes = commands::SignalExternalWorkflowExecutionCommandAttributes {
        execution: Some(execution),
        signal_name: name.to_owned(),
        ..Default::default()
    };
    command(
        CommandType::SignalExternalWorkflowExecution,
        Attributes::SignalExternalWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn cancel_external(workflow_id: &str) -> Command {
    let attributes = commands::RequestCancelExternalWorkflowExecutionCommandAttributes {
        workflow_id: workflow_id.to_owned(),
        ..Default::default()
    };
    command(
        CommandType::RequestCancelExternalWorkflowExecution,
        Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn protocol_message(message: &WireMessage) -> Command {
    let attributes = commands::ProtocolMessageCommandAttributes {
        message_id: message.id.clone(),
    };
    command(
        CommandType::ProtocolMessage,
        Attributes::ProtocolMessageCommandAttributes(Box::new(attributes)),
    )
}

fn reply(request: &WireMessage, what: &str, name: &str, body: &impl Message) -> WireMessage {
    WireMessage {
        id: format!("{}/{what}", request.id),
        protocol_instance_id: request.protocol_instance_id.clone(),
        body: Some(Any {
            type_url: format!("type.googleapis.com/temporal.api.update.v1.{name}"),
            value: body.encode_to_vec(),
        }),
        sequencing_id: None,
    }
}

fn request_of(message: &WireMessage) -> Option<update::Request> {
    update::Request::decode(message.body.as_ref()?.value.as_slice()).ok()
}

fn event_id(message: &WireMessage) -> i64 {
    match message.sequencing_id {
        Some(SequencingId::EventId(id)) => id,
        _ => 0,
    }
}

pub(crate) fn accept(request: &WireMessage) -> WireMessage {
    let body = update::Acceptance {
        accepted_request_message_id: request.id.clone(),
        accepted_request_sequencing_event_id: event_id(request),
        accepted_request: request_of(request),
    };
    reply(request, "accept", "Acceptance", &body)
}

pub(crate) fn reject(request: &WireMessage) -> WireMessage {
    let body = update::Rejection {
        rejected_request_message_id: request.id.clone(),
        rejected_request_sequencing_event_id: event_id(request),
        rejected_request: request_of(request),
        failure: Some(application_failure("no")),
    };
    reply(request, "reject", "Rejection", &body)
}

pub(crate) fn complete_update(request: &WireMessage, result: &str) -> WireMessage {
    let outcome = update::outcome::Value::Success(payloads(result).unwrap());
    let body = update::Response {
        meta: request_of(request).and_then(|request| request.meta),
        outcome: Some(update::Outcome {
            value: Some(outcome),
        }),
    };
    reply(request, "complete", "Response", &body)
}

pub(crate) fn fail_update(request: &WireMessage, message: &str) -> WireMessage {
    let outcome = update::outcome::Value::Failure(application_failure(message));
    let body = update::Response {
        meta: request_of(request).and_then(|request| request.meta),
        outcome: Some(update::Outcome {
            value: Some(outcome),
        }),
    };
    reply(request, "complete", "Response", &body)
}
