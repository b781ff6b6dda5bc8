//! Commands for other workflows that the server refuses.

#![allow(deprecated, reason = "deployed SDKs still name the namespace")]

use outlast_proto::temporal::api::command::v1::{
    RequestCancelExternalWorkflowExecutionCommandAttributes as Cancel,
    SignalExternalWorkflowExecutionCommandAttributes as Signal,
    StartChildWorkflowExecutionCommandAttributes as Child,
};
use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use tonic::Code;

use crate::bad_commands::{refuse, too_long};
use crate::conform;
use crate::operator::registration;
use crate::support::builders::*;
use crate::support::peer::detail;

#[tokio::test]
async fn signals_to_others_that_make_no_sense_are_refused() {
    conform("badsignal", async |peer| {
        let long = too_long();
        let signal = "SignalExternalWorkflowExecutionCommand";
        let to = |workflow_id: &str, run_id: &str| {
            let execution = WorkflowExecution {
                workflow_id: workflow_id.to_owned(),
                run_id: run_id.to_owned(),
            };
            Signal {
                execution: Some(execution),
                signal_name: "s".to_owned(),
                ..Default::default()
            }
        };
        let cases = [
            (
                Signal {
                    execution: None,
                    ..to("", "")
                },
                format!("Execution is not set on {signal}."),
            ),
            (
                to("", ""),
                format!(
                    "WorkflowId is not set on {signal}. Namespace= RunId= \
                     SignalName=s"
                ),
            ),
            (
                to(&long, ""),
                format!(
                    "WorkflowId on {signal} exceeds length limit. \
                     WorkflowId={long} Length=1001 Limit=1000 Namespace= RunId= \
                     SignalName=s"
                ),
            ),
            (
                to("x", "junk"),
                format!(
                    "Invalid RunId set on {signal}. WorkflowId=x Namespace= \
                     RunId=junk SignalName=s"
                ),
            ),
            (
                Signal {
                    signal_name: String::new(),
                    ..to("x", "")
                },
                format!(
                    "SignalName is not set on {signal}. WorkflowId=x Namespace= \
                     RunId="
                ),
            ),
        ];
        let bad = "BadSignalWorkflowExecutionAttributes";
        refuse(
            peer,
            cases.map(|(signal, flaw)| (signal_external_with(signal), format!("{bad}: {flaw}"))),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn cancellations_of_others_that_make_no_sense_are_refused() {
    conform("badexternal", async |peer| {
        let long = too_long();
        let cancel = "RequestCancelExternalWorkflowExecutionCommand";
        let of = |workflow_id: &str, run_id: &str| Cancel {
            workflow_id: workflow_id.to_owned(),
            run_id: run_id.to_owned(),
            ..Default::default()
        };
        let cases = [
            (
                of("", ""),
                format!("WorkflowId is not set on {cancel}. Namespace= RunId="),
            ),
            (
                of(&long, ""),
                format!(
                    "WorkflowId on {cancel} exceeds length limit. \
                     WorkflowId={long} Length=1001 Limit=1000 RunId= Namespace="
                ),
            ),
            (
                of("x", "junk"),
                format!(
                    "Invalid RunId set on {cancel}. WorkflowId=x RunId=junk \
                     Namespace="
                ),
            ),
        ];
        let bad = "BadRequestCancelExternalWorkflowExecutionAttributes";
        refuse(
            peer,
            cases.map(|(cancel, flaw)| (cancel_external_with(cancel), format!("{bad}: {flaw}"))),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn other_namespaces_are_out_of_reach() {
    conform("elsewhere", async |peer| {
        let namespace = || peer.workflow_id.clone();
        peer.register(registration(&namespace())).await.unwrap();
        let message =
            |cause| format!("{cause}Attributes: cross namespace commands are not allowed");
        let cases = [
            (
                start_child_with(Child {
                    namespace: namespace(),
                    ..child_in("q", "c")
                }),
                message("BadStartChildExecution"),
            ),
            (
                signal_external_with(Signal {
                    namespace: namespace(),
                    execution: peer.execution(),
                    ..Default::default()
                }),
                message("BadSignalWorkflowExecution"),
            ),
            (
                cancel_external_with(Cancel {
                    namespace: namespace(),
                    ..Default::default()
                }),
                message("BadRequestCancelExternalWorkflowExecution"),
            ),
        ];
        refuse(peer, cases).await;
    })
    .await;
}

#[tokio::test]
async fn commands_for_namespaces_that_do_not_exist_cost_nothing() {
    conform("badnamespace", async |peer| {
        let namespace = || "nowhere".to_owned();
        let commands = [
            start_child_with(Child {
                namespace: namespace(),
                ..child_in("q", "c")
            }),
            signal_external_with(Signal {
                namespace: namespace(),
                ..Default::default()
            }),
            cancel_external_with(Cancel {
                namespace: namespace(),
                ..Default::default()
            }),
        ];
        peer.start().await;
        let task = peer.poll().await;
        for command in commands {
            let error = peer.complete(&task, vec![command]).await.unwrap_err();
            let want = (Code::NotFound, "Namespace nowhere is not found.");
            assert_eq!((error.code(), error.message()), want);
            assert_eq!(detail(&error), "NamespaceNotFoundFailure");
        }
        let done = vec![complete_workflow("done")];
        peer.complete(&task, done).await.unwrap();
    })
    .await;
}
