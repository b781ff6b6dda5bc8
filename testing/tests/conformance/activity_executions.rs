//! What operators do to one activity of a workflow, by the calls for activities in general.

use outlast_proto::temporal::api::activity::v1::ActivityOptions;
use outlast_proto::temporal::api::enums::v1::PendingActivityState as State;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::support::peer::*;
use crate::{Peer, conform};

impl Peer {
    fn pause_execution(&self, request_id: &str) -> api::PauseActivityExecutionRequest {
        api::PauseActivityExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: self.workflow_id.clone(),
            activity_id: "a".to_owned(),
            identity: "operator".to_owned(),
            reason: "maintenance".to_owned(),
            request_id: request_id.to_owned(),
            ..Default::default()
        }
    }

    async fn pause_as(&self, request: api::PauseActivityExecutionRequest) -> Result<(), Status> {
        self.client().pause_activity_execution(request).await?;
        Ok(())
    }

    async fn unpause_execution(&self) {
        let request = api::UnpauseActivityExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: self.workflow_id.clone(),
            activity_id: "a".to_owned(),
            ..Default::default()
        };
        let unpaused = self.client().unpause_activity_execution(request).await;
        unpaused.unwrap();
    }

    async fn reset_execution(&self, keep_paused: bool) {
        let request = api::ResetActivityExecutionRequest {
            namespace: "default".to_owned(),
            workflow_id: self.workflow_id.clone(),
            activity_id: "a".to_owned(),
            keep_paused,
            ..Default::default()
        };
        let reset = self.client().reset_activity_execution(request).await;
        reset.unwrap();
    }

    fn options_request(&self, path: &str) -> api::UpdateActivityExecutionOptionsRequest {
        api::UpdateActivityExecutionOptionsRequest {
            namespace: "default".to_owned(),
            workflow_id: self.workflow_id.clone(),
            activity_id: "a".to_owned(),
            activity_options: Some(ActivityOptions {
                task_queue: Some(TaskQueue {
                    name: format!("{}-other", self.workflow_id),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec![path.to_owned()],
            }),
            ..Default::default()
        }
    }

    async fn activity_state(&self) -> State {
        self.describe("").await.pending_activities[0].state()
    }
}

#[tokio::test]
async fn an_activity_is_paused_by_one_request_only() {
    conform("pause-once", async |peer| {
        peer.start_activity(peer.activity("a")).await;
        peer.pause_as(peer.pause_execution("one")).await.unwrap();
        assert_eq!(peer.activity_state().await, State::Paused);
        peer.pause_as(peer.pause_execution("one")).await.unwrap();
        for request_id in ["two", ""] {
            let again = peer.pause_as(peer.pause_execution(request_id)).await;
            let error = again.unwrap_err();
            let want = (Code::FailedPrecondition, "activity is already paused");
            assert_eq!((error.code(), error.message()), want);
        }
        peer.unpause_execution().await;
        peer.unpause_execution().await;
        assert_eq!(peer.activity_state().await, State::Scheduled);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_reset_activity_may_stay_paused() {
    conform("reset-paused", async |peer| {
        peer.start_activity(peer.activity("a")).await;
        peer.reset_execution(true).await;
        peer.pause_as(peer.pause_execution("one")).await.unwrap();
        peer.reset_execution(true).await;
        assert_eq!(peer.activity_state().await, State::Paused);
        peer.reset_execution(false).await;
        assert_eq!(peer.activity_state().await, State::Scheduled);
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn options_are_changed_by_known_paths() {
    conform("option-paths", async |peer| {
        peer.start_activity(peer.activity("a")).await;
        let update = async |request| {
            let mut client = peer.client();
            client.update_activity_execution_options(request).await
        };
        update(peer.options_request("task_queue.name"))
            .await
            .unwrap();
        let mut empty = peer.options_request("");
        empty.update_mask = Some(FieldMask::default());
        let mut both = peer.options_request("task_queue.name");
        both.restore_original = true;
        let mut neither = peer.options_request("");
        neither.activity_options = None;
        neither.update_mask = None;
        for request in [peer.options_request("nope"), empty, both, neither] {
            let error = update(request).await.unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        }
        let mut restored = peer.options_request("");
        (restored.activity_options, restored.update_mask) = (None, None);
        restored.restore_original = true;
        update(restored).await.unwrap();
        peer.describe("").await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn activities_that_nobody_knows_are_refused() {
    conform("unknown-executions", async |peer| {
        peer.start_activity(peer.activity("a")).await;
        let request = |change: &dyn Fn(&mut api::PauseActivityExecutionRequest)| {
            let mut request = peer.pause_execution("");
            change(&mut request);
            request
        };
        let refused = [
            (request(&|r| r.activity_id.clear()), Code::InvalidArgument),
            (request(&|r| r.activity_id = "b".into()), Code::NotFound),
            (
                request(&|r| r.activity_id = "x".repeat(1001)),
                Code::InvalidArgument,
            ),
            (
                request(&|r| r.request_id = "x".repeat(1001)),
                Code::InvalidArgument,
            ),
            (
                request(&|r| r.identity = "x".repeat(1001)),
                Code::InvalidArgument,
            ),
            (request(&|r| r.run_id = "bad".into()), Code::InvalidArgument),
            (request(&|r| r.run_id = uuid()), Code::NotFound),
            (request(&|r| r.workflow_id.clear()), Code::NotFound),
            (request(&|r| r.namespace.clear()), Code::InvalidArgument),
        ];
        for (request, want) in refused {
            let error = peer.pause_as(request).await.unwrap_err();
            assert_eq!(error.code(), want, "{error}");
        }
        peer.terminate("").await.unwrap();
        let late = peer.pause_as(peer.pause_execution("")).await;
        assert_eq!(late.unwrap_err().code(), Code::NotFound);
    })
    .await;
}
