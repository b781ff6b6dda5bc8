//! Commands that the server refuses.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::enums::v1::CommandType;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// Has a workflow of its own send each of the commands, whose task fails with the message beside
/// it.
pub(crate) async fn refuse<const N: usize>(peer: &Peer, cases: [(Command, String); N]) {
    for (number, (command, message)) in cases.into_iter().enumerate() {
        let workflow = peer.kin(&number.to_string());
        let error = send(&workflow, vec![command]).await;
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, message.as_str())
        );
        let events = workflow.history().await;
        let failed = events.iter().rev().find_map(task_failure);
        assert_eq!(failed.unwrap().failure.as_ref().unwrap().message, message);
        workflow.terminate("").await.unwrap();
    }
}

/// Completes the first task of a new workflow with commands that make no sense.
async fn send(workflow: &Peer, commands: Vec<Command>) -> Status {
    workflow.start().await;
    let task = workflow.poll().await;
    workflow.complete(&task, commands).await.unwrap_err()
}

pub(crate) fn too_long() -> String {
    "x".repeat(1001)
}

#[tokio::test]
async fn timers_that_make_no_sense_are_refused() {
    conform("badtimer", async |peer| {
        let long = too_long();
        let with = |timer_id: &str, start_to_fire_timeout| {
            let mut command = start_timer(timer_id, 1.0);
            let Some(Attributes::StartTimerCommandAttributes(a)) = &mut command.attributes else {
                unreachable!("it starts a timer")
            };
            a.start_to_fire_timeout = start_to_fire_timeout;
            command
        };
        let mixed = Some(prost_types::Duration {
            seconds: 1,
            nanos: -5,
        });
        let start = "BadStartTimerAttributes: ";
        let cancel = "BadCancelTimerAttributes: ";
        let invalid = "An invalid StartToFireTimeout is set on StartTimerCommand:";
        let cases = [
            (
                with("", None),
                format!("{start}TimerId is not set on StartTimerCommand."),
            ),
            (
                with(&long, None),
                format!(
                    "{start}TimerId on StartTimerCommand exceeds length limit. \
                     TimerId={long} Length=1001 Limit=1000"
                ),
            ),
            (
                with("t", negative()),
                format!("{start}{invalid} negative duration. TimerId=t"),
            ),
            (
                with("t", mixed),
                format!(
                    "{start}{invalid} duration has seconds and nanos with \
                     different signs. TimerId=t"
                ),
            ),
            (
                cancel_timer(""),
                format!("{cancel}TimerId is not set on CancelTimerCommand."),
            ),
            (
                cancel_timer(&long),
                format!(
                    "{cancel}TimerId on CancelTimerCommand exceeds length limit. \
                     TimerId={long} Length=1001 Limit=1000"
                ),
            ),
            (
                cancel_timer("nope"),
                format!(
                    "{cancel}invalid history builder state for action: \
                     add-timer-canceled-event, TimerID: nope"
                ),
            ),
        ];
        refuse(peer, cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_child_command_without_attributes_breaks_the_request_and_not_the_task() {
    conform("badkind-child", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let nothing = Command {
            command_type: CommandType::StartChildWorkflowExecution as i32,
            ..Default::default()
        };
        let commands = vec![start_timer("t", 60.0), nothing];
        let error = peer.complete(&task, commands).await.unwrap_err();
        assert_eq!(error.code(), Code::Internal);
        assert_eq!(peer.types().await.len(), 3, "the task is still under way");
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn commands_need_attributes_of_their_kind() {
    conform("badkind", async |peer| {
        use CommandType as Kind;
        let without = |kind: Kind| Command {
            command_type: kind as i32,
            ..start_timer("t", 1.0)
        };
        let flaw = |cause: &str, name: &str| {
            format!("Bad{cause}Attributes: {name}CommandAttributes is not set on {name}Command.")
        };
        let cases = [
            (Kind::CancelTimer, flaw("CancelTimer", "CancelTimer")),
            (
                Kind::CancelWorkflowExecution,
                flaw("CancelWorkflowExecution", "CancelWorkflowExecution"),
            ),
            (
                Kind::CompleteWorkflowExecution,
                flaw("CompleteWorkflowExecution", "CompleteWorkflowExecution"),
            ),
            (
                Kind::ContinueAsNewWorkflowExecution,
                flaw("ContinueAsNew", "ContinueAsNewWorkflowExecution"),
            ),
            (
                Kind::FailWorkflowExecution,
                flaw("FailWorkflowExecution", "FailWorkflowExecution"),
            ),
            (
                Kind::ModifyWorkflowProperties,
                flaw("ModifyWorkflowProperties", "ModifyWorkflowProperties"),
            ),
            (
                Kind::ProtocolMessage,
                "BadUpdateWorkflowExecutionMessage: \
                 ProtocolMessageCommandAttributes is not set on \
                 ProtocolMessageCommand."
                    .to_owned(),
            ),
            (Kind::RecordMarker, flaw("RecordMarker", "RecordMarker")),
            (
                Kind::RequestCancelActivityTask,
                flaw("RequestCancelActivity", "RequestCancelActivityTask"),
            ),
            (
                Kind::RequestCancelExternalWorkflowExecution,
                flaw(
                    "RequestCancelExternalWorkflowExecution",
                    "RequestCancelExternalWorkflowExecution",
                ),
            ),
            (
                Kind::RequestCancelNexusOperation,
                "BadRequestCancelNexusOperationAttributes: empty \
                 CancelNexusOperationCommandAttributes"
                    .to_owned(),
            ),
            (
                Kind::ScheduleActivityTask,
                flaw("ScheduleActivity", "ScheduleActivityTask"),
            ),
            (
                Kind::ScheduleNexusOperation,
                "BadScheduleNexusOperationAttributes: empty \
                 ScheduleNexusOperationCommandAttributes"
                    .to_owned(),
            ),
            (
                Kind::SignalExternalWorkflowExecution,
                flaw("SignalWorkflowExecution", "SignalExternalWorkflowExecution"),
            ),
            (
                Kind::UpsertWorkflowSearchAttributes,
                flaw("Search", "UpsertWorkflowSearchAttributes"),
            ),
        ];
        refuse(peer, cases.map(|(kind, message)| (without(kind), message))).await;
        let missing = Command {
            attributes: None,
            ..start_timer("t", 1.0)
        };
        let other = peer.kin("missing");
        let error = send(&other, vec![missing]).await;
        assert_eq!(error.message(), flaw("StartTimer", "StartTimer"));
        other.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_id_in_use_cannot_be_given_again() {
    conform("badtwice", async |peer| {
        let cases = [
            (
                [start_timer("t", 1.0), start_timer("t", 1.0)],
                "StartTimerDuplicateId: invalid history builder state for action: \
                 add-timer-started-event, TimerID: t",
            ),
            (
                [(); 2].map(|()| schedule_activity(peer.activity("a"))),
                "ScheduleActivityDuplicateId: invalid history builder state for action: \
                 add-activitytask-scheduled-event, ActivityID: a",
            ),
        ];
        for (number, (commands, message)) in cases.into_iter().enumerate() {
            let workflow = peer.kin(&number.to_string());
            let error = send(&workflow, commands.to_vec()).await;
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
            workflow.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn commands_that_cannot_be_read_cost_nothing() {
    conform("badsequence", async |peer| {
        let kind = |command_type| Command {
            command_type,
            ..Default::default()
        };
        let cases = [
            (
                vec![complete_workflow("done"), start_timer("t", 1.0)],
                "invalid command sequence: [CompleteWorkflowExecution, StartTimer], command \
                 CompleteWorkflowExecution must be the last command.",
            ),
            (
                vec![fail_workflow("oh"), cancel_workflow()],
                "invalid command sequence: [FailWorkflowExecution, CancelWorkflowExecution], \
                 command FailWorkflowExecution must be the last command.",
            ),
            (
                vec![cancel_timer("nope"), kind(0)],
                "unknown command type: Unspecified",
            ),
            (
                vec![cancel_timer("nope"), kind(99)],
                "unknown command type: 99",
            ),
        ];
        peer.start().await;
        let task = peer.poll().await;
        for (commands, message) in cases {
            let error = peer.complete(&task, commands).await.unwrap_err();
            assert_eq!(
                (error.code(), error.message()),
                (Code::InvalidArgument, message)
            );
        }
        let done = vec![complete_workflow("done")];
        peer.complete(&task, done).await.unwrap();
    })
    .await;
}
