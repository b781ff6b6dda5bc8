//! Eager starts: the first workflow task comes with the answer to the start.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::enums::v1::{
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowIdConflictPolicy as Conflict,
};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

fn eager(peer: &Peer) -> api::StartWorkflowExecutionRequest {
    api::StartWorkflowExecutionRequest {
        request_eager_execution: true,
        ..peer.start_request()
    }
}

#[tokio::test]
async fn an_eager_start_brings_the_first_task() {
    conform("eager", async |peer| {
        let started = peer.start_with(eager(peer)).await.unwrap();
        let task = started.eager_workflow_task.unwrap();
        assert_eq!((task.attempt, task.started_event_id), (1, 3));
        let events = events_of(&task);
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(first)) =
            &events[0].attributes
        else {
            panic!("{events:?}")
        };
        assert!(first.eager_execution_accepted);
        let Some(Attributes::WorkflowTaskStartedEventAttributes(given)) = &events[2].attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(given.identity, "client");
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
        let types = peer.types().await;
        assert_eq!(types.last(), Some(&E::WorkflowExecutionCompleted));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_start_brings_the_task_again_until_it_is_done() {
    conform("eager-again", async |peer| {
        let request = eager(peer);
        let start = || peer.start_with(request.clone());
        assert!(start().await.unwrap().eager_workflow_task.is_some());
        let task = start().await.unwrap().eager_workflow_task.unwrap();
        peer.complete(&task, vec![]).await.unwrap();
        assert!(start().await.unwrap().eager_workflow_task.is_none());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn only_a_new_run_with_a_task_at_once_is_eager() {
    conform("eager-not", async |peer| {
        let mut delayed = eager(peer);
        delayed.workflow_start_delay = seconds(60.0);
        let started = peer.start_with(delayed).await.unwrap();
        assert!(started.eager_workflow_task.is_none());

        let mut joined = eager(peer);
        joined.set_workflow_id_conflict_policy(Conflict::UseExisting);
        let started = peer.start_with(joined).await.unwrap();
        assert!(started.eager_workflow_task.is_none());
        peer.terminate("").await.unwrap();

        let mut repeated = eager(peer);
        repeated.cron_schedule = "@every 1h".to_owned();
        let started = peer.start_with(repeated).await.unwrap();
        assert!(started.eager_workflow_task.is_none());

        let mut taken_over = eager(peer);
        taken_over.set_workflow_id_conflict_policy(Conflict::TerminateExisting);
        let started = peer.start_with(taken_over).await.unwrap();
        assert!(started.eager_workflow_task.is_some());
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_eager_task_that_fails_goes_through_the_queue() {
    conform("eager-failed", async |peer| {
        let started = peer.start_with(eager(peer)).await.unwrap();
        peer.fail(&started.eager_workflow_task.unwrap())
            .await
            .unwrap();
        let task = peer.poll().await;
        assert_eq!(task.attempt, 2);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_with_start_is_not_eager() {
    conform("eager-update", async |peer| {
        let update = peer.update_request("u", Stage::Accepted);
        let error = peer.update_with_start(eager(peer), update).await;
        assert_eq!(error.unwrap_err().code(), Code::InvalidArgument);
        let error = peer.cancel().await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
    })
    .await;
}
