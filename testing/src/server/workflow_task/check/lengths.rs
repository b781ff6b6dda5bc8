//! Commands with ids and names that are too long.

use outlast_proto::temporal::api::command::v1 as commands;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::{ActivityType, WorkflowType};
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause as Cause;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;

use super::relations::or_if_empty;
use super::{Checked, Checker, Flaw};
use crate::server::limits::ID_LIMIT;

impl Checker<'_> {
    pub(super) fn check_lengths(&self, attributes: &Attributes) -> Checked {
        match attributes {
            Attributes::ScheduleActivityTaskCommandAttributes(a) => check_activity(a),
            Attributes::StartTimerCommandAttributes(a) => check_length(
                Cause::BadStartTimerAttributes,
                "TimerId on StartTimerCommand",
                &format!("TimerId={} ", a.timer_id),
                &a.timer_id,
                "",
            ),
            Attributes::CancelTimerCommandAttributes(a) => check_length(
                Cause::BadCancelTimerAttributes,
                "TimerId on CancelTimerCommand",
                &format!("TimerId={} ", a.timer_id),
                &a.timer_id,
                "",
            ),
            Attributes::RecordMarkerCommandAttributes(a) => check_length(
                Cause::BadRecordMarkerAttributes,
                "MarkerName on RecordMarkerCommand",
                &format!("MarkerName={} ", a.marker_name),
                &a.marker_name,
                "",
            ),
            Attributes::StartChildWorkflowExecutionCommandAttributes(a) => {
                self.check_child_names(a)
            }
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(a) => {
                self.check_successor_names(a)
            }
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(a) => {
                let target = a.execution.clone().unwrap_or_default();
                check_length(
                    Cause::BadSignalWorkflowExecutionAttributes,
                    "WorkflowId on SignalExternalWorkflowExecutionCommand",
                    &format!("WorkflowId={} ", target.workflow_id),
                    &target.workflow_id,
                    &format!(
                        " Namespace={} RunId={} SignalName={}",
                        a.namespace, target.run_id, a.signal_name
                    ),
                )
            }
            Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(a) => check_length(
                Cause::BadRequestCancelExternalWorkflowExecutionAttributes,
                "WorkflowId on RequestCancelExternalWorkflowExecutionCommand",
                &format!("WorkflowId={} ", a.workflow_id),
                &a.workflow_id,
                &format!(" RunId={} Namespace={}", a.run_id, a.namespace),
            ),
            // Nexus operations have checks of their own.
            Attributes::CancelWorkflowExecutionCommandAttributes(_)
            | Attributes::CompleteWorkflowExecutionCommandAttributes(_)
            | Attributes::FailWorkflowExecutionCommandAttributes(_)
            | Attributes::ModifyWorkflowPropertiesCommandAttributes(_)
            | Attributes::ProtocolMessageCommandAttributes(_)
            | Attributes::RequestCancelActivityTaskCommandAttributes(_)
            | Attributes::RequestCancelNexusOperationCommandAttributes(_)
            | Attributes::ScheduleNexusOperationCommandAttributes(_)
            | Attributes::UpsertWorkflowSearchAttributesCommandAttributes(_) => Ok(()),
        }
    }

    fn check_child_names(
        &self,
        a: &commands::StartChildWorkflowExecutionCommandAttributes,
    ) -> Checked {
        let cause = Cause::BadStartChildExecutionAttributes;
        let (id, name) = (&a.workflow_id, workflow_type(a.workflow_type.as_ref()));
        let namespace = or_if_empty(&a.namespace, &self.execution.namespace);
        check_length(
            cause,
            "WorkflowId on StartChildWorkflowExecutionCommand",
            &format!("WorkflowId={id} "),
            id,
            &format!(" WorkflowType={name} Namespace={namespace}"),
        )?;
        check_length(
            cause,
            "WorkflowType on StartChildWorkflowExecutionCommand",
            &format!("WorkflowId={id} WorkflowType={name} "),
            name,
            &format!(" Namespace={namespace}"),
        )?;
        check_queue(a.task_queue.as_ref(), |shown| {
            let whose = format!("WorkflowId={id} WorkflowType={name} Namespace={namespace}");
            let text = format!(
                "invalid TaskQueue on StartChildWorkflowExecutionCommand: taskQueue length exceeds \
                 limit. {whose} {shown}"
            );
            Flaw::new(cause, text)
        })
    }

    fn check_successor_names(
        &self,
        a: &commands::ContinueAsNewWorkflowExecutionCommandAttributes,
    ) -> Checked {
        let cause = Cause::BadContinueAsNewAttributes;
        let name = workflow_type(a.workflow_type.as_ref());
        check_length(
            cause,
            "WorkflowType on ContinueAsNewWorkflowExecutionCommand",
            &format!("WorkflowType={name} "),
            name,
            "",
        )?;
        let own = workflow_type(self.execution.started.workflow_type.as_ref());
        check_queue(a.task_queue.as_ref(), |shown| {
            let name = or_if_empty(name, own);
            let text = format!(
                "error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: taskQueue \
                 length exceeds limit. WorkflowType={name} {shown}"
            );
            Flaw::new(cause, text)
        })
    }
}

fn check_activity(a: &commands::ScheduleActivityTaskCommandAttributes) -> Checked {
    let cause = Cause::BadScheduleActivityAttributes;
    let name = |t: &ActivityType| t.name.clone();
    let activity_type = a.activity_type.as_ref().map(name).unwrap_or_default();
    check_length(cause, "activityId", "", &a.activity_id, "")?;
    check_length(cause, "activityType", "", &activity_type, "")?;
    check_queue(a.task_queue.as_ref(), |_| {
        Flaw::new(cause, "taskQueue length exceeds limit")
    })
}

/// Refuses a text that is too long. The message names it, then whose it is, before its length and
/// behind.
fn check_length(cause: Cause, what: &str, before: &str, text: &str, behind: &str) -> Checked {
    let length = text.len();
    if length <= ID_LIMIT {
        return Ok(());
    }
    let text =
        format!("{what} exceeds length limit. {before}Length={length} Limit={ID_LIMIT}{behind}");
    Err(Flaw::new(cause, text))
}

fn check_queue(queue: Option<&TaskQueue>, flaw: impl FnOnce(String) -> Flaw) -> Checked {
    match queue {
        Some(queue) if queue.name.len() > ID_LIMIT => Err(flaw(format!(
            "TaskQueue=name:{:?}  kind:TASK_QUEUE_KIND_NORMAL",
            queue.name
        ))),
        _ => Ok(()),
    }
}

fn workflow_type(workflow_type: Option<&WorkflowType>) -> &str {
    workflow_type.map_or("", |workflow_type| workflow_type.name.as_str())
}
