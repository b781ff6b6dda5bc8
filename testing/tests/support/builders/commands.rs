//! Commands of workflows.

use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::command::v1::{self as commands, Command};
use outlast_proto::temporal::api::common::v1::{
    ActivityType, Memo, SearchAttributes, WorkflowExecution, WorkflowType,
};
use outlast_proto::temporal::api::enums::v1::{CommandType, ParentClosePolicy};
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::protocol::v1::Message as WireMessage;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use super::{application_failure, payloads, seconds};

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
    fail_workflow_with(application_failure(message))
}

pub(crate) fn fail_workflow_with(failure: Failure) -> Command {
    let attributes = commands::FailWorkflowExecutionCommandAttributes {
        failure: Some(failure),
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
    continue_as_new_with(commands::ContinueAsNewWorkflowExecutionCommandAttributes {
        input: payloads(input),
        ..Default::default()
    })
}

/// The same, after a time that does not depend on how old the run has become meanwhile.
pub(crate) fn continue_later(input: &str) -> Command {
    continue_as_new_with(commands::ContinueAsNewWorkflowExecutionCommandAttributes {
        input: payloads(input),
        backoff_start_interval: seconds(1.2),
        ..Default::default()
    })
}

pub(crate) fn continue_as_new_with(
    attributes: commands::ContinueAsNewWorkflowExecutionCommandAttributes,
) -> Command {
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

/// A child of the type `Order` in `task_queue`.
pub(crate) fn start_child(
    task_queue: &str,
    workflow_id: &str,
    policy: ParentClosePolicy,
) -> Command {
    start_child_with(commands::StartChildWorkflowExecutionCommandAttributes {
        parent_close_policy: policy as i32,
        ..child_in(task_queue, workflow_id)
    })
}

pub(crate) fn child_in(
    task_queue: &str,
    workflow_id: &str,
) -> commands::StartChildWorkflowExecutionCommandAttributes {
    commands::StartChildWorkflowExecutionCommandAttributes {
        workflow_id: workflow_id.to_owned(),
        workflow_type: Some(WorkflowType {
            name: "Order".to_owned(),
        }),
        task_queue: Some(TaskQueue {
            name: task_queue.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(crate) fn start_child_with(
    attributes: commands::StartChildWorkflowExecutionCommandAttributes,
) -> Command {
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
    signal_external_with(commands::SignalExternalWorkflowExecutionCommandAttributes {
        execution: Some(execution),
        signal_name: name.to_owned(),
        ..Default::default()
    })
}

pub(crate) fn signal_external_with(
    attributes: commands::SignalExternalWorkflowExecutionCommandAttributes,
) -> Command {
    command(
        CommandType::SignalExternalWorkflowExecution,
        Attributes::SignalExternalWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn cancel_external(workflow_id: &str) -> Command {
    cancel_external_with(
        commands::RequestCancelExternalWorkflowExecutionCommandAttributes {
            workflow_id: workflow_id.to_owned(),
            ..Default::default()
        },
    )
}

pub(crate) fn cancel_external_with(
    attributes: commands::RequestCancelExternalWorkflowExecutionCommandAttributes,
) -> Command {
    command(
        CommandType::RequestCancelExternalWorkflowExecution,
        Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn record_marker(attributes: commands::RecordMarkerCommandAttributes) -> Command {
    command(
        CommandType::RecordMarker,
        Attributes::RecordMarkerCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn upsert_search_attributes(attributes: Option<SearchAttributes>) -> Command {
    let attributes = commands::UpsertWorkflowSearchAttributesCommandAttributes {
        search_attributes: attributes,
    };
    command(
        CommandType::UpsertWorkflowSearchAttributes,
        Attributes::UpsertWorkflowSearchAttributesCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn upsert_memo(upserted_memo: Option<Memo>) -> Command {
    let attributes = commands::ModifyWorkflowPropertiesCommandAttributes { upserted_memo };
    command(
        CommandType::ModifyWorkflowProperties,
        Attributes::ModifyWorkflowPropertiesCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn place_message(message_id: &str) -> Command {
    let attributes = commands::ProtocolMessageCommandAttributes {
        message_id: message_id.to_owned(),
    };
    command(
        CommandType::ProtocolMessage,
        Attributes::ProtocolMessageCommandAttributes(Box::new(attributes)),
    )
}

pub(crate) fn protocol_message(message: &WireMessage) -> Command {
    place_message(&message.id)
}
