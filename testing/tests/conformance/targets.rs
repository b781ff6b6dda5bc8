//! The workflows, runs and chains that requests name.

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::query::v1::WorkflowQuery;
use outlast_proto::temporal::api::update::v1::UpdateRef;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::peer::*;
use crate::{Peer, conform};

/// The requests that name a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Cancel,
    Delete,
    Describe,
    History,
    HistoryReverse,
    PollUpdate,
    Query,
    Reset,
    ResetSticky,
    Signal,
    Terminate,
    Update,
}

const CALLS: [Call; 12] = [
    Call::Cancel,
    Call::Delete,
    Call::Describe,
    Call::History,
    Call::HistoryReverse,
    Call::PollUpdate,
    Call::Query,
    Call::Reset,
    Call::ResetSticky,
    Call::Signal,
    Call::Terminate,
    Call::Update,
];

#[tokio::test]
async fn workflows_that_nobody_started_are_not_found() {
    conform("nobody", async |peer| {
        let message = format!("workflow not found for ID: {}", peer.workflow_id);
        for call in CALLS {
            let error = refused(peer, call, "default", peer.execution()).await;
            let want = (Code::NotFound, message.as_str());
            assert_eq!((error.code(), error.message()), want, "{call:?}");
            assert_eq!(detail(&error), "NotFoundFailure", "{call:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn runs_that_nobody_started_are_not_found() {
    conform("norun", async |peer| {
        peer.start().await;
        let run_id = uuid();
        let message = format!(
            "workflow execution not found for workflow ID \"{}\" and run ID \"{run_id}\"",
            peer.workflow_id
        );
        for call in CALLS {
            let error = refused(peer, call, "default", peer.run(&run_id)).await;
            let want = (Code::NotFound, message.as_str());
            assert_eq!((error.code(), error.message()), want, "{call:?}");
            assert_eq!(detail(&error), "NotFoundFailure", "{call:?}");
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn requests_have_to_name_a_workflow_and_a_run_that_may_exist() {
    conform("noname", async |peer| {
        let cases = [
            (None, "Execution is not set on request."),
            (peer.of("").execution(), "WorkflowId is not set on request."),
            (peer.run("junk"), "Invalid RunId."),
        ];
        for (execution, message) in cases {
            for call in CALLS {
                let error = refused(peer, call, "default", execution.clone()).await;
                assert_eq!(error.code(), Code::InvalidArgument, "{call:?}");
                // This request has words of its own.
                if call != Call::PollUpdate {
                    assert_eq!(error.message(), message, "{call:?}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn requests_have_to_name_a_namespace_that_exists() {
    conform("nospace", async |peer| {
        for call in CALLS {
            let error = refused(peer, call, "", peer.execution()).await;
            let want = (Code::InvalidArgument, "Namespace is empty.");
            assert_eq!((error.code(), error.message()), want, "{call:?}");
            let error = refused(peer, call, "nowhere", peer.execution()).await;
            let want = (Code::NotFound, "Namespace nowhere is not found.");
            assert_eq!((error.code(), error.message()), want, "{call:?}");
            assert_eq!(detail(&error), "NamespaceNotFoundFailure", "{call:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn closed_workflows_take_nothing_in() {
    conform("closed", async |peer| {
        peer.start().await;
        peer.terminate("").await.unwrap();
        for call in [
            Call::ResetSticky,
            Call::Signal,
            Call::Terminate,
            Call::Update,
        ] {
            let error = refused(peer, call, "default", peer.execution()).await;
            let want = (Code::NotFound, "workflow execution already completed");
            assert_eq!((error.code(), error.message()), want, "{call:?}");
            assert_eq!(detail(&error), "NotFoundFailure", "{call:?}");
        }
        peer.cancel().await.expect("nothing is left to cancel");
    })
    .await;
}

#[tokio::test]
async fn requests_may_be_meant_for_one_chain_of_runs_only() {
    conform("foreign", async |peer| {
        let first = peer.start().await;
        let mut cancel = cancel_request(peer);
        cancel.first_execution_run_id = uuid();
        let mut terminate = terminate_request(peer);
        terminate.first_execution_run_id = uuid();
        let mut update = peer.update_request("u", Stage::Accepted);
        update.first_execution_run_id = uuid();
        let mut client = peer.client();
        let errors = [
            client
                .request_cancel_workflow_execution(cancel.clone())
                .await
                .unwrap_err(),
            client
                .terminate_workflow_execution(terminate.clone())
                .await
                .unwrap_err(),
            client
                .update_workflow_execution(with_timeout(update, 5.0))
                .await
                .unwrap_err(),
        ];
        for error in errors {
            let want = (Code::NotFound, "workflow execution not found");
            assert_eq!((error.code(), error.message()), want);
            assert_eq!(detail(&error), "NotFoundFailure");
        }
        cancel.first_execution_run_id.clone_from(&first);
        client
            .request_cancel_workflow_execution(cancel)
            .await
            .unwrap();
        terminate.first_execution_run_id = first;
        client
            .terminate_workflow_execution(terminate)
            .await
            .unwrap();
    })
    .await;
}

async fn refused(
    peer: &Peer,
    call: Call,
    namespace: &str,
    execution: Option<WorkflowExecution>,
) -> Status {
    let namespace = namespace.to_owned();
    let mut client = peer.client();
    let answer = match call {
        Call::Cancel => {
            let request = api::RequestCancelWorkflowExecutionRequest {
                namespace,
                workflow_execution: execution,
                ..cancel_request(peer)
            };
            client
                .request_cancel_workflow_execution(request)
                .await
                .map(drop)
        }
        Call::Delete => {
            let request = api::DeleteWorkflowExecutionRequest {
                namespace,
                workflow_execution: execution,
            };
            client.delete_workflow_execution(request).await.map(drop)
        }
        Call::Describe => {
            let request = api::DescribeWorkflowExecutionRequest {
                namespace,
                execution,
            };
            client.describe_workflow_execution(request).await.map(drop)
        }
        Call::History => {
            let request = api::GetWorkflowExecutionHistoryRequest {
                namespace,
                execution,
                ..Default::default()
            };
            client
                .get_workflow_execution_history(request)
                .await
                .map(drop)
        }
        Call::HistoryReverse => {
            let request = api::GetWorkflowExecutionHistoryReverseRequest {
                namespace,
                execution,
                ..Default::default()
            };
            client
                .get_workflow_execution_history_reverse(request)
                .await
                .map(drop)
        }
        Call::PollUpdate => {
            let request = api::PollWorkflowExecutionUpdateRequest {
                namespace,
                update_ref: Some(UpdateRef {
                    workflow_execution: execution,
                    update_id: "u".to_owned(),
                }),
                ..Default::default()
            };
            client
                .poll_workflow_execution_update(request)
                .await
                .map(drop)
        }
        Call::Query => {
            let request = api::QueryWorkflowRequest {
                namespace,
                execution,
                query: Some(WorkflowQuery {
                    query_type: "q".to_owned(),
                    ..Default::default()
                }),
                ..Default::default()
            };
            client
                .query_workflow(with_timeout(request, 5.0))
                .await
                .map(drop)
        }
        Call::Reset => {
            let request = api::ResetWorkflowExecutionRequest {
                namespace,
                workflow_execution: execution,
                ..peer.reset_request("", 3)
            };
            client.reset_workflow_execution(request).await.map(drop)
        }
        Call::ResetSticky => {
            let request = api::ResetStickyTaskQueueRequest {
                namespace,
                execution,
            };
            client.reset_sticky_task_queue(request).await.map(drop)
        }
        Call::Signal => {
            let request = api::SignalWorkflowExecutionRequest {
                namespace,
                workflow_execution: execution,
                ..peer.signal_request("s")
            };
            client.signal_workflow_execution(request).await.map(drop)
        }
        Call::Terminate => {
            let request = api::TerminateWorkflowExecutionRequest {
                namespace,
                workflow_execution: execution,
                ..terminate_request(peer)
            };
            client.terminate_workflow_execution(request).await.map(drop)
        }
        Call::Update => {
            let request = api::UpdateWorkflowExecutionRequest {
                namespace,
                workflow_execution: execution,
                ..peer.update_request("u", Stage::Accepted)
            };
            client
                .update_workflow_execution(with_timeout(request, 5.0))
                .await
                .map(drop)
        }
    };
    answer.unwrap_err()
}

fn cancel_request(peer: &Peer) -> api::RequestCancelWorkflowExecutionRequest {
    api::RequestCancelWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: peer.execution(),
        identity: "client".to_owned(),
        ..Default::default()
    }
}

fn terminate_request(peer: &Peer) -> api::TerminateWorkflowExecutionRequest {
    api::TerminateWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: peer.execution(),
        identity: "client".to_owned(),
        ..Default::default()
    }
}
