//! Names and ids that are too long, in requests and in commands.

use outlast_proto::temporal::api::command::v1 as commands;
use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::common::v1::{ActivityType, WorkflowType};
use outlast_proto::temporal::api::enums::v1::{
    CommandType, ParentClosePolicy, UpdateWorkflowExecutionLifecycleStage as Stage,
};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

/// One byte more than anything may be called.
fn long() -> String {
    "x".repeat(1001)
}

fn long_queue() -> Option<TaskQueue> {
    Some(TaskQueue {
        name: long(),
        ..Default::default()
    })
}

fn long_type() -> Option<WorkflowType> {
    Some(WorkflowType { name: long() })
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) {
    assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn long_names_start_no_workflow() {
    conform("lengths-starts", async |peer| {
        let changes: [&dyn Fn(&mut api::StartWorkflowExecutionRequest); 4] = [
            &|r| r.workflow_id = long(),
            &|r| r.workflow_type = long_type(),
            &|r| r.task_queue = long_queue(),
            &|r| r.request_id = long(),
        ];
        for change in changes {
            let mut request = peer.start_request();
            change(&mut request);
            refused(peer.start_with(request).await);
        }
        let mut request = peer.start_request();
        request.identity = long();
        peer.start_with(request).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn long_names_signal_no_workflow_and_start_none() {
    conform("lengths-signal-with-start", async |peer| {
        let changes: [&dyn Fn(&mut api::SignalWithStartWorkflowExecutionRequest); 5] = [
            &|r| r.workflow_id = long(),
            &|r| r.workflow_type = long_type(),
            &|r| r.task_queue = long_queue(),
            &|r| r.request_id = long(),
            &|r| r.signal_name = long(),
        ];
        for change in changes {
            let mut request = peer.signal_with_start_request("s");
            change(&mut request);
            refused(peer.signal_with_start(request).await);
        }
    })
    .await;
}

#[tokio::test]
async fn long_names_reach_no_workflow() {
    conform("lengths-requests", async |peer| {
        peer.start().await;
        refused(peer.signal(&long()).await);
        let mut request = peer.signal_request("s");
        request.request_id = long();
        refused(peer.signal_as(request).await);
        refused(peer.update(&long(), Stage::Accepted).await);
        let request = api::ResetWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: peer.execution(),
            workflow_task_finish_event_id: 3,
            request_id: long(),
            ..Default::default()
        };
        refused(peer.client().reset_workflow_execution(request).await);
        // Reasons, identities and the ids of cancellations may have any length.
        let request = api::RequestCancelWorkflowExecutionRequest {
            namespace: "default".to_owned(),
            workflow_execution: peer.execution(),
            request_id: long(),
            identity: long(),
            reason: long(),
            ..Default::default()
        };
        let client = &mut peer.client();
        client
            .request_cancel_workflow_execution(request)
            .await
            .unwrap();
        peer.terminate(&long()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn long_names_get_no_tasks() {
    conform("lengths-polls", async |peer| {
        let (namespace, client) = ("default".to_owned(), &mut peer.client());
        for (task_queue, identity) in [(long_queue(), String::new()), (peer.normal_queue(), long())]
        {
            let request = api::PollWorkflowTaskQueueRequest {
                namespace: namespace.clone(),
                task_queue: task_queue.clone(),
                identity: identity.clone(),
                ..Default::default()
            };
            refused(
                client
                    .poll_workflow_task_queue(with_timeout(request, 5.0))
                    .await,
            );
            let request = api::PollActivityTaskQueueRequest {
                namespace: namespace.clone(),
                task_queue: task_queue.clone(),
                identity: identity.clone(),
                ..Default::default()
            };
            refused(
                client
                    .poll_activity_task_queue(with_timeout(request, 5.0))
                    .await,
            );
            let request = api::PollNexusTaskQueueRequest {
                namespace: namespace.clone(),
                task_queue,
                identity,
                ..Default::default()
            };
            refused(
                client
                    .poll_nexus_task_queue(with_timeout(request, 5.0))
                    .await,
            );
        }
        let request = api::DescribeTaskQueueRequest {
            namespace,
            task_queue: long_queue(),
            ..Default::default()
        };
        refused(client.describe_task_queue(request).await);
    })
    .await;
}

#[tokio::test]
async fn answers_of_workers_with_long_names_are_refused() {
    conform("lengths-answers", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let mut answer = completion(&task, vec![]);
        answer.identity = long();
        refused(peer.complete_with(answer).await);
        let request = api::RespondWorkflowTaskFailedRequest {
            namespace: "default".to_owned(),
            task_token: task.task_token.clone(),
            identity: long(),
            ..Default::default()
        };
        refused(peer.client().respond_workflow_task_failed(request).await);
        let commands = vec![schedule_activity(peer.activity("a"))];
        peer.complete(&task, commands).await.unwrap();
        let task = peer.poll_activity().await;
        refuse_activity_answers(peer, &task).await;
        peer.complete_activity(&task).await.unwrap();
    })
    .await;
}

async fn refuse_activity_answers(peer: &Peer, task: &ActivityTask) {
    let client = &mut peer.client();
    let (namespace, task_token) = ("default".to_owned(), task.task_token.clone());
    let completed = api::RespondActivityTaskCompletedRequest {
        namespace: namespace.clone(),
        task_token: task_token.clone(),
        identity: long(),
        ..Default::default()
    };
    refused(client.respond_activity_task_completed(completed).await);
    let mut failed = api::RespondActivityTaskFailedRequest {
        namespace: namespace.clone(),
        task_token: task_token.clone(),
        failure: Some(application_failure("no")),
        identity: long(),
        ..Default::default()
    };
    refused(client.respond_activity_task_failed(failed.clone()).await);
    failed.failure.as_mut().unwrap().failure_info = None;
    refused(client.respond_activity_task_failed(failed).await);
    let canceled = api::RespondActivityTaskCanceledRequest {
        namespace: namespace.clone(),
        task_token,
        identity: long(),
        ..Default::default()
    };
    refused(client.respond_activity_task_canceled(canceled).await);
    // The first thing that is wrong is what the server names: no id, a long name, an unknown id.
    for activity_id in ["a", "unknown", ""] {
        let completed = api::RespondActivityTaskCompletedByIdRequest {
            namespace: namespace.clone(),
            workflow_id: peer.workflow_id.clone(),
            activity_id: activity_id.to_owned(),
            identity: long(),
            ..Default::default()
        };
        let answer = client.respond_activity_task_completed_by_id(completed);
        refused(answer.await);
    }
}

#[tokio::test]
async fn commands_with_long_names_fail_their_task() {
    conform("lengths-commands", async |peer| {
        peer.start().await;
        for command in long_commands(peer) {
            let task = peer.poll().await;
            refused(peer.complete(&task, vec![command]).await);
            peer.signal("a fresh attempt, please").await.unwrap();
        }
        peer.terminate("").await.unwrap();
    })
    .await;
}

/// Task queues of other workflows are left out: the server prints them as debugging texts.
fn long_commands(peer: &Peer) -> Vec<Command> {
    let activity = |change: &dyn Fn(&mut commands::ScheduleActivityTaskCommandAttributes)| {
        let mut activity = peer.activity("a");
        change(&mut activity);
        schedule_activity(activity)
    };
    let mut child_type = start_child(&peer.queue, "child", ParentClosePolicy::Abandon);
    if let Some(Attributes::StartChildWorkflowExecutionCommandAttributes(a)) =
        &mut child_type.attributes
    {
        a.workflow_type = long_type();
    }
    let mut successor = continue_as_new("");
    if let Some(Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(a)) =
        &mut successor.attributes
    {
        a.workflow_type = long_type();
    }
    let marker = commands::RecordMarkerCommandAttributes {
        marker_name: long(),
        ..Default::default()
    };
    vec![
        activity(&|a| a.activity_id = long()),
        activity(&|a| a.activity_type = Some(ActivityType { name: long() })),
        activity(&|a| a.task_queue = long_queue()),
        start_timer(&long(), 1.0),
        cancel_timer(&long()),
        command(
            CommandType::RecordMarker,
            Attributes::RecordMarkerCommandAttributes(Box::new(marker)),
        ),
        start_child(&peer.queue, &long(), ParentClosePolicy::Abandon),
        child_type,
        successor,
        signal_external(&long(), "s"),
        cancel_external(&long()),
    ]
}
