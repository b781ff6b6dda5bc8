//! Commands in an order that makes no sense.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;

use super::flaw::camel_case;
use crate::server::errors::{Error, Result};

/// Refuses a close command that is not the last one. The task goes on as if nothing was sent.
pub(in crate::server) fn check_sequence(commands: &[Command]) -> Result<()> {
    let Some(at) = commands.iter().position(closes_run) else {
        return Ok(());
    };
    if at + 1 == commands.len() {
        return Ok(());
    }
    let names: Vec<String> = commands.iter().map(command_name).collect();
    Err(Error::invalid(format!(
        "invalid command sequence: [{}], command {} must be the last command.",
        names.join(", "),
        names[at],
    )))
}

/// Whether a command ends its run.
pub(in crate::server) fn closes_run(command: &Command) -> bool {
    matches!(
        command.attributes.as_ref(),
        Some(
            Attributes::CompleteWorkflowExecutionCommandAttributes(_)
                | Attributes::FailWorkflowExecutionCommandAttributes(_)
                | Attributes::CancelWorkflowExecutionCommandAttributes(_)
                | Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(_)
        )
    )
}

fn command_name(command: &Command) -> String {
    camel_case(
        command
            .command_type()
            .as_str_name()
            .trim_start_matches("COMMAND_TYPE_"),
    )
}
