//! The kinds of commands: their names, their attributes, and what may follow what.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::enums::v1::{
    CommandType as Kind, WorkflowTaskFailedCause as Cause,
};

use crate::server::errors::{Error, Result};
use crate::server::workflow_task::check::flaw::{Flaw, Refusal, camel_case};

/// Refuses commands of unknown kinds, and close commands that are not the last one.
pub(super) fn check_sequence(commands: &[Command]) -> Result<()> {
    for command in commands {
        match Kind::try_from(command.command_type) {
            Ok(Kind::Unspecified) => {
                return Err(Error::invalid("unknown command type: Unspecified"));
            }
            Ok(_) => {}
            Err(unknown) => {
                return Err(Error::invalid(format!(
                    "unknown command type: {}",
                    unknown.0
                )));
            }
        }
    }
    let Some(at) = commands.iter().position(closes_run) else {
        return Ok(());
    };
    if at + 1 == commands.len() {
        return Ok(());
    }
    let names: Vec<String> = commands
        .iter()
        .map(|c| kind_name(c.command_type()))
        .collect();
    Err(Error::invalid(format!(
        "invalid command sequence: [{}], command {} must be the last command.",
        names.join(", "),
        names[at],
    )))
}

/// Whether a command ends its run.
pub(in crate::server) fn closes_run(command: &Command) -> bool {
    matches!(
        command.command_type(),
        Kind::CancelWorkflowExecution
            | Kind::CompleteWorkflowExecution
            | Kind::ContinueAsNewWorkflowExecution
            | Kind::FailWorkflowExecution
    )
}

/// How many events a command writes itself; of a message, it only tells the place.
pub(super) fn own_events(attributes: &Attributes) -> i64 {
    match kind_of(attributes) {
        Kind::ProtocolMessage => 0,
        Kind::CancelTimer
        | Kind::CancelWorkflowExecution
        | Kind::CompleteWorkflowExecution
        | Kind::ContinueAsNewWorkflowExecution
        | Kind::FailWorkflowExecution
        | Kind::ModifyWorkflowProperties
        | Kind::RecordMarker
        | Kind::RequestCancelActivityTask
        | Kind::RequestCancelExternalWorkflowExecution
        | Kind::RequestCancelNexusOperation
        | Kind::ScheduleActivityTask
        | Kind::ScheduleNexusOperation
        | Kind::SignalExternalWorkflowExecution
        | Kind::StartChildWorkflowExecution
        | Kind::StartTimer
        | Kind::Unspecified
        | Kind::UpsertWorkflowSearchAttributes => 1,
    }
}

/// The attributes of a command, which must be of its kind.
pub(super) fn attributes_of(command: &Command) -> std::result::Result<&Attributes, Refusal> {
    let kind = command.command_type();
    match &command.attributes {
        Some(attributes) if kind_of(attributes) == kind => Ok(attributes),
        _ if kind == Kind::StartChildWorkflowExecution => Err(Error::broken_handler().into()),
        _ => Err(without_attributes(kind).into()),
    }
}

fn without_attributes(kind: Kind) -> Flaw {
    let name = kind_name(kind);
    let is_nexus = matches!(
        kind,
        Kind::RequestCancelNexusOperation | Kind::ScheduleNexusOperation
    );
    let text = match is_nexus {
        true => format!(
            "empty {}CommandAttributes",
            name.trim_start_matches("Request")
        ),
        false => format!("{name}CommandAttributes is not set on {name}Command."),
    };
    Flaw::new(cause_of(kind), text)
}

fn kind_of(attributes: &Attributes) -> Kind {
    use Attributes as A;
    match attributes {
        A::CancelTimerCommandAttributes(_) => Kind::CancelTimer,
        A::CancelWorkflowExecutionCommandAttributes(_) => Kind::CancelWorkflowExecution,
        A::CompleteWorkflowExecutionCommandAttributes(_) => Kind::CompleteWorkflowExecution,
        A::ContinueAsNewWorkflowExecutionCommandAttributes(_) => {
            Kind::ContinueAsNewWorkflowExecution
        }
        A::FailWorkflowExecutionCommandAttributes(_) => Kind::FailWorkflowExecution,
        A::ModifyWorkflowPropertiesCommandAttributes(_) => Kind::ModifyWorkflowProperties,
        A::ProtocolMessageCommandAttributes(_) => Kind::ProtocolMessage,
        A::RecordMarkerCommandAttributes(_) => Kind::RecordMarker,
        A::RequestCancelActivityTaskCommandAttributes(_) => Kind::RequestCancelActivityTask,
        A::RequestCancelExternalWorkflowExecutionCommandAttributes(_) => {
            Kind::RequestCancelExternalWorkflowExecution
        }
        A::RequestCancelNexusOperationCommandAttributes(_) => Kind::RequestCancelNexusOperation,
        A::ScheduleActivityTaskCommandAttributes(_) => Kind::ScheduleActivityTask,
        A::ScheduleNexusOperationCommandAttributes(_) => Kind::ScheduleNexusOperation,
        A::SignalExternalWorkflowExecutionCommandAttributes(_) => {
            Kind::SignalExternalWorkflowExecution
        }
        A::StartChildWorkflowExecutionCommandAttributes(_) => Kind::StartChildWorkflowExecution,
        A::StartTimerCommandAttributes(_) => Kind::StartTimer,
        A::UpsertWorkflowSearchAttributesCommandAttributes(_) => {
            Kind::UpsertWorkflowSearchAttributes
        }
    }
}

/// The cause of a task's failure whose command makes no sense.
fn cause_of(kind: Kind) -> Cause {
    match kind {
        Kind::CancelTimer => Cause::BadCancelTimerAttributes,
        Kind::CancelWorkflowExecution => Cause::BadCancelWorkflowExecutionAttributes,
        Kind::CompleteWorkflowExecution => Cause::BadCompleteWorkflowExecutionAttributes,
        Kind::ContinueAsNewWorkflowExecution => Cause::BadContinueAsNewAttributes,
        Kind::FailWorkflowExecution => Cause::BadFailWorkflowExecutionAttributes,
        Kind::ModifyWorkflowProperties => Cause::BadModifyWorkflowPropertiesAttributes,
        Kind::ProtocolMessage => Cause::BadUpdateWorkflowExecutionMessage,
        Kind::RecordMarker => Cause::BadRecordMarkerAttributes,
        Kind::RequestCancelActivityTask => Cause::BadRequestCancelActivityAttributes,
        Kind::RequestCancelExternalWorkflowExecution => {
            Cause::BadRequestCancelExternalWorkflowExecutionAttributes
        }
        Kind::RequestCancelNexusOperation => Cause::BadRequestCancelNexusOperationAttributes,
        Kind::ScheduleActivityTask => Cause::BadScheduleActivityAttributes,
        Kind::ScheduleNexusOperation => Cause::BadScheduleNexusOperationAttributes,
        Kind::SignalExternalWorkflowExecution => Cause::BadSignalWorkflowExecutionAttributes,
        Kind::StartChildWorkflowExecution => Cause::BadStartChildExecutionAttributes,
        Kind::StartTimer => Cause::BadStartTimerAttributes,
        Kind::Unspecified => Cause::Unspecified,
        Kind::UpsertWorkflowSearchAttributes => Cause::BadSearchAttributes,
    }
}

fn kind_name(kind: Kind) -> String {
    camel_case(kind.as_str_name().trim_start_matches("COMMAND_TYPE_"))
}
