//! What a workflow whose tasks fail again and again has to say: nothing that needs a task.

use outlast_proto::temporal::api::enums::v1::{
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowTaskFailedCause,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::Code;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

impl Peer {
    /// Fails the next tasks.
    async fn fail_tasks(&self, count: usize) {
        for _ in 0..count {
            self.fail(&self.poll().await).await.unwrap();
        }
    }

    /// Fails a task as workers do that were about to close the workflow when something came up.
    async fn give_up_over_news(&self, task: &WorkflowTask) {
        let request = api::RespondWorkflowTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            identity: "worker".to_owned(),
            cause: WorkflowTaskFailedCause::UnhandledCommand as i32,
            ..Default::default()
        };
        let failed = self.client().respond_workflow_task_failed(request).await;
        failed.unwrap();
    }

    async fn refuses_queries_and_updates(&self, update_id: &str) {
        let query = self.query("state").await.unwrap_err();
        let update = self.update(update_id, Stage::Completed).await.unwrap_err();
        for refused in [query, update] {
            assert_eq!(refused.code(), Code::FailedPrecondition);
            assert!(
                refused
                    .message()
                    .ends_with("due to Workflow Task in failed state.")
            );
        }
    }
}

#[tokio::test]
async fn a_workflow_whose_tasks_fail_is_not_asked() {
    conform("failing-asked", async |peer| {
        peer.start().await;
        peer.fail_tasks(2).await;
        peer.refuses_queries_and_updates("waiting").await;
        let task = peer.poll().await;
        peer.refuses_queries_and_updates("started").await;
        peer.complete(&task, vec![]).await.unwrap();
        let (answer, ()) = tokio::join!(peer.query("state"), async {
            let task = peer.poll().await;
            peer.answer_query(&task, Ok("fine")).await;
        });
        answer.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_that_was_made_is_not_made_known_again_while_tasks_fail() {
    conform("failing-known", async |peer| {
        peer.start().await;
        peer.complete(&peer.poll().await, vec![]).await.unwrap();
        let (updated, ()) = tokio::join!(peer.update("u", Stage::Completed), async {
            let task = peer.poll().await;
            let request = &task.messages[0];
            let (accepted, completed) = (accept(request), complete_update(request, "changed"));
            let commands = vec![protocol_message(&accepted), protocol_message(&completed)];
            peer.complete_with_messages(&task, commands, vec![accepted, completed])
                .await;
        });
        updated.unwrap();
        peer.signal("s").await.unwrap();
        peer.fail_tasks(2).await;
        peer.refuses_queries_and_updates("u").await;
        peer.poll_update("u", Stage::Completed).await.unwrap();
        peer.terminate("").await.unwrap();
        peer.query("state").await.unwrap_err();
        peer.update("late", Stage::Completed).await.unwrap_err();
    })
    .await;
}

#[tokio::test]
async fn a_signal_makes_no_task_of_a_failing_workflow_a_good_one() {
    conform("failing-signaled", async |peer| {
        peer.start().await;
        peer.fail_tasks(2).await;
        peer.signal("s").await.unwrap();
        peer.refuses_queries_and_updates("signaled").await;
        let task = peer.poll().await;
        assert_eq!(task.attempt, 1, "the attempts are counted anew");
        let update = peer.update("u", Stage::Completed);
        let (updated, ()) = tokio::join!(update, async {
            peer.what_was_sent_arrives().await;
            peer.complete(&task, vec![]).await.unwrap();
            let task = peer.poll().await;
            let request = &task.messages[0];
            let rejected = vec![reject(request)];
            peer.complete_with_messages(&task, vec![], rejected).await;
        });
        updated.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn news_are_refused_after_unhandled_ones() {
    conform("failing-unhandled", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.give_up_over_news(&task).await;
        let task = peer.poll().await;
        peer.signal("while it runs").await.unwrap_err();
        peer.give_up_over_news(&task).await;
        peer.signal("while it waits").await.unwrap();
        peer.poll().await;
        peer.signal("while it runs again").await.unwrap_err();
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_that_waits_for_the_end_of_a_task_gets_one_that_is_written() {
    for (name, returned) in [("failing-update", false), ("failing-update-returned", true)] {
        conform(name, async |peer| {
            peer.start().await;
            let task = peer.poll().await;
            let update = peer.update("u", Stage::Completed);
            let (updated, ()) = tokio::join!(update, async {
                peer.what_was_sent_arrives().await;
                let mut request = completion(&task, vec![]);
                request.return_new_workflow_task = returned;
                let answer = peer.complete_with(request).await.unwrap();
                let task = match answer.workflow_task {
                    Some(task) => task,
                    None => peer.poll().await,
                };
                let rejected = vec![reject(&task.messages[0])];
                peer.complete_with_messages(&task, vec![], rejected).await;
            });
            updated.unwrap();
            peer.terminate("").await.unwrap();
        })
        .await;
    }
}
