//! Chains of runs: continue-as-new and retries.

use outlast_proto::temporal::api::enums::v1::{EventType, HistoryEventFilterType, RetryState};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn continuing_as_new_opens_the_next_run_of_the_chain() {
    conform("chain", async |peer| {
        let first = peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![continue_as_new("more")])
            .await
            .unwrap();
        let events = peer.history_of(&first).await;
        let Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(closed)) =
            &events.last().unwrap().attributes
        else {
            panic!("{events:?}")
        };
        let task = peer.poll().await;
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) =
            &events_of(&task)[0].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(
            task.workflow_execution.as_ref().unwrap().run_id,
            closed.new_execution_run_id
        );
        assert_eq!(started.input, payloads("more"));
        assert_eq!(started.continued_execution_run_id, first);
        assert_eq!(started.first_execution_run_id, first);
        assert_eq!(
            started.original_execution_run_id,
            closed.new_execution_run_id
        );
        assert_eq!(started.attempt, 1);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_failed_workflow_with_a_retry_policy_starts_over() {
    conform("rerun", async |peer| {
        let mut request = peer.start_request();
        request.retry_policy = at_most(2, 1.0);
        let first = peer.start_with(request).await.unwrap().run_id;
        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("once")])
            .await
            .unwrap();
        let events = peer.history_of(&first).await;
        let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) =
            &events.last().unwrap().attributes
        else {
            panic!("{events:?}")
        };
        assert_eq!(failed.retry_state(), RetryState::InProgress);
        let task = peer.poll().await;
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) =
            &events_of(&task)[0].attributes
        else {
            panic!("{task:?}")
        };
        assert_eq!(started.attempt, 2);
        assert_eq!(started.continued_failure.as_ref().unwrap().message, "once");
        assert_eq!(started.first_execution_run_id, first);
        peer.complete(&task, vec![fail_workflow("twice")])
            .await
            .unwrap();
        let closed = peer.close_event().await;
        let Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) = closed.attributes
        else {
            panic!("the run did not fail")
        };
        assert_eq!(failed.retry_state(), RetryState::MaximumAttemptsReached);
    })
    .await;
}

#[tokio::test]
async fn clients_that_cannot_follow_a_retry_see_a_continuation() {
    conform("old-client", async |peer| {
        let mut request = peer.start_request();
        request.retry_policy = at_most(2, 60.0);
        let first = peer.start_with(request).await.unwrap().run_id;
        let task = peer.poll().await;
        peer.complete(&task, vec![fail_workflow("once")])
            .await
            .unwrap();
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: peer.run(&first),
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent as i32,
            ..Default::default()
        };
        let mut client = peer.client.clone();
        let response = client.get_workflow_execution_history(request).await;
        let events = response.unwrap().into_inner().history.unwrap().events;
        let Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(a)) =
            &events[0].attributes
        else {
            panic!("{events:?}")
        };
        assert!(!a.new_execution_run_id.is_empty());
        let known = peer.close_event_of(&first).await;
        assert_eq!(known.event_type(), EventType::WorkflowExecutionFailed);
        peer.terminate("").await.unwrap();
    })
    .await;
}
