//! Commands with all that they can say: what of it becomes of events, tasks and descriptions.

#![allow(deprecated, reason = "deployed SDKs still send a control text")]

use outlast_proto::temporal::api::activity::v1::ActivityOptions;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::command::v1::{
    CancelWorkflowExecutionCommandAttributes, Command,
    ContinueAsNewWorkflowExecutionCommandAttributes as Continue, RecordMarkerCommandAttributes,
    RequestCancelExternalWorkflowExecutionCommandAttributes as Cancel,
    ScheduleActivityTaskCommandAttributes as Activity,
    ScheduleNexusOperationCommandAttributes as Operation,
    SignalExternalWorkflowExecutionCommandAttributes as Signal,
    StartChildWorkflowExecutionCommandAttributes as Child,
};
use outlast_proto::temporal::api::common::v1::{
    Header, Memo, Payloads, Priority, RetryPolicy, SearchAttributes, WorkflowType,
};
use outlast_proto::temporal::api::enums::v1::{
    CommandType, ContinueAsNewInitiator, EventType as E, ParentClosePolicy,
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowIdReusePolicy,
};
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::update::v1 as update;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::update_activity_options_request::Activity as Selected;
use prost_types::FieldMask;

use crate::support::builders::*;
use crate::support::peer::*;
use crate::{Peer, conform};

fn header() -> Option<Header> {
    Some(Header {
        fields: [("trace".to_owned(), payload("t").unwrap())].into(),
    })
}

fn memo() -> Option<Memo> {
    Some(Memo {
        fields: [("note".to_owned(), payload("n").unwrap())].into(),
    })
}

fn found_by() -> Option<SearchAttributes> {
    Some(SearchAttributes {
        indexed_fields: [("ConformKeyword".to_owned(), payload("k").unwrap())].into(),
    })
}

fn priority() -> Option<Priority> {
    Some(Priority {
        priority_key: 4,
        fairness_key: "tenant".to_owned(),
        fairness_weight: 1.5,
    })
}

fn policy() -> Option<RetryPolicy> {
    Some(RetryPolicy {
        initial_interval: seconds(2.0),
        backoff_coefficient: 3.0,
        maximum_interval: seconds(20.0),
        maximum_attempts: 5,
        non_retryable_error_types: vec!["Fatal".to_owned()],
    })
}

fn two(first: &str, second: &str) -> Option<Payloads> {
    let both = [payload(first), payload(second)];
    Some(Payloads {
        payloads: both.into_iter().flatten().collect(),
    })
}

fn cancel_workflow_with(details: Option<Payloads>) -> Command {
    let attributes = CancelWorkflowExecutionCommandAttributes { details };
    command(
        CommandType::CancelWorkflowExecution,
        Attributes::CancelWorkflowExecutionCommandAttributes(Box::new(attributes)),
    )
}

#[tokio::test]
async fn an_activity_is_all_that_was_asked_for() {
    conform("fields-activity", async |peer| {
        let activity = Activity {
            header: header(),
            input: two("one", "two"),
            schedule_to_close_timeout: seconds(100.0),
            schedule_to_start_timeout: seconds(50.0),
            start_to_close_timeout: seconds(40.0),
            heartbeat_timeout: seconds(30.0),
            retry_policy: policy(),
            use_workflow_build_id: true,
            priority: priority(),
            ..peer.activity("a")
        };
        peer.start_activity(activity).await;
        peer.describe("").await;
        let task = peer.poll_activity().await;
        assert_eq!(task.priority, priority());
        let change = api::UpdateActivityOptionsRequest {
            namespace: "default".to_owned(),
            execution: peer.execution(),
            activity: Some(Selected::Id("a".to_owned())),
            activity_options: Some(ActivityOptions {
                heartbeat_timeout: seconds(20.0),
                ..Default::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["heartbeat_timeout".to_owned()],
            }),
            ..Default::default()
        };
        peer.client().update_activity_options(change).await.unwrap();
        peer.describe("").await;
        peer.complete_activity(&task).await.unwrap();
        peer.answer(complete_workflow("done")).await;
    })
    .await;
}

#[tokio::test]
async fn an_activity_inherits_the_priority_of_its_workflow() {
    conform("fields-priority", async |peer| {
        let mut request = peer.start_request();
        request.priority = priority();
        peer.start_with(request).await.unwrap();
        let mut own = peer.activity("own");
        own.priority = Some(Priority {
            priority_key: 1,
            ..Default::default()
        });
        let task = peer.poll().await;
        peer.complete(&task, vec![schedule_activity(peer.activity("inherited"))])
            .await
            .unwrap();
        let task = peer.poll_activity().await;
        peer.complete_activity(&task).await.unwrap();
        peer.answer(schedule_activity(own)).await;
        peer.describe("").await;
        peer.poll_activity().await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

fn whole_child(child: &Peer) -> Child {
    Child {
        namespace: "default".to_owned(),
        input: two("one", "two"),
        workflow_execution_timeout: seconds(300.0),
        workflow_run_timeout: seconds(200.0),
        workflow_task_timeout: seconds(5.0),
        parent_close_policy: ParentClosePolicy::Abandon as i32,
        control: "control".to_owned(),
        workflow_id_reuse_policy: WorkflowIdReusePolicy::RejectDuplicate as i32,
        retry_policy: policy(),
        header: header(),
        memo: memo(),
        search_attributes: found_by(),
        priority: priority(),
        ..child_in(&child.queue, &child.workflow_id)
    }
}

#[tokio::test]
async fn a_child_is_all_that_was_asked_for() {
    conform("fields-child", async |peer| {
        peer.register_attributes().await;
        let child = peer.kin("child");
        peer.start().await;
        peer.answer(start_child_with(whole_child(&child))).await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        peer.describe("").await;
        child.describe("").await;
        let task = child.poll_for(&child.workflow_id).await;
        child
            .complete(&task, vec![cancel_workflow_with(two("why", "not"))])
            .await
            .unwrap();
        peer.until(E::ChildWorkflowExecutionCanceled).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_child_is_signaled_and_canceled_as_a_child() {
    conform("fields-externals", async |peer| {
        let child = peer.kin("child");
        peer.start().await;
        peer.answer(start_child(
            &child.queue,
            &child.workflow_id,
            ParentClosePolicy::Terminate,
        ))
        .await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        let task = peer.poll_for(&peer.workflow_id).await;
        let signal = signal_external_with(Signal {
            namespace: "default".to_owned(),
            execution: child.execution(),
            signal_name: "s".to_owned(),
            input: two("one", "two"),
            control: "control".to_owned(),
            child_workflow_only: true,
            header: header(),
        });
        let cancel = cancel_external_with(Cancel {
            namespace: "default".to_owned(),
            workflow_id: child.workflow_id.clone(),
            control: "control".to_owned(),
            child_workflow_only: true,
            reason: "no more".to_owned(),
            ..Default::default()
        });
        peer.complete(&task, vec![signal]).await.unwrap();
        peer.until(E::ExternalWorkflowExecutionSignaled).await;
        let task = peer.poll_for(&peer.workflow_id).await;
        peer.complete(&task, vec![cancel]).await.unwrap();
        peer.until(E::ExternalWorkflowExecutionCancelRequested)
            .await;
        peer.terminate("").await.unwrap();
        child.until(E::WorkflowExecutionTerminated).await;
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_workflow_is_not_signaled_as_a_child() {
    conform("fields-strangers", async |peer| {
        let other = peer.kin("other");
        other.start().await;
        peer.start().await;
        let signal = signal_external_with(Signal {
            execution: other.execution(),
            signal_name: "s".to_owned(),
            child_workflow_only: true,
            ..Default::default()
        });
        let cancel = cancel_external_with(Cancel {
            workflow_id: other.workflow_id.clone(),
            child_workflow_only: true,
            ..Default::default()
        });
        let task = peer.poll_for(&peer.workflow_id).await;
        peer.complete(&task, vec![signal]).await.unwrap();
        peer.until(E::SignalExternalWorkflowExecutionFailed).await;
        let task = peer.poll_for(&peer.workflow_id).await;
        peer.complete(&task, vec![cancel]).await.unwrap();
        peer.until(E::RequestCancelExternalWorkflowExecutionFailed)
            .await;
        peer.terminate("").await.unwrap();
        other.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_next_run_is_all_that_was_asked_for() {
    conform("fields-continue", async |peer| {
        peer.register_attributes().await;
        let mut request = peer.start_request();
        request.retry_policy = at_most(2, 1.0);
        request.memo = memo();
        request.priority = priority();
        request.workflow_execution_timeout = seconds(600.0);
        peer.start_with(request).await.unwrap();
        let next = peer.kin("next");
        let wanted = Continue {
            workflow_type: Some(WorkflowType {
                name: "Other".to_owned(),
            }),
            task_queue: next.normal_queue(),
            input: two("one", "two"),
            workflow_run_timeout: seconds(100.0),
            workflow_task_timeout: seconds(7.0),
            backoff_start_interval: seconds(1.5),
            retry_policy: policy(),
            initiator: ContinueAsNewInitiator::Workflow as i32,
            failure: Some(application_failure("so far")),
            last_completion_result: payloads("so far"),
            header: header(),
            memo: memo(),
            search_attributes: found_by(),
            ..Default::default()
        };
        peer.answer(continue_as_new_with(wanted)).await;
        peer.describe("").await;
        let moved = Peer {
            queue: next.queue.clone(),
            ..peer.clone()
        };
        moved.answer(cancel_workflow_with(two("why", "not"))).await;
    })
    .await;
}

#[tokio::test]
async fn builds_stay_on_their_queue() {
    conform("fields-builds", async |peer| {
        let other = peer.kin("other");
        let commands = [
            schedule_activity(Activity {
                use_workflow_build_id: true,
                ..other.activity("a")
            }),
            start_child_with(Child {
                inherit_build_id: true,
                ..child_in(&other.queue, "child")
            }),
            continue_as_new_with(Continue {
                task_queue: other.normal_queue(),
                inherit_build_id: true,
                ..Default::default()
            }),
        ];
        for (number, command) in commands.into_iter().enumerate() {
            let workflow = peer.kin(&number.to_string());
            workflow.start().await;
            let task = workflow.poll().await;
            workflow.complete(&task, vec![command]).await.unwrap_err();
            workflow.terminate("").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn children_and_next_runs_inherit_the_priority_of_their_workflow() {
    conform("fields-heirs", async |peer| {
        let child = peer.kin("child");
        let mut request = peer.start_request();
        request.priority = priority();
        peer.start_with(request).await.unwrap();
        let own = start_child_with(Child {
            priority: Some(Priority {
                priority_key: 1,
                ..Default::default()
            }),
            ..child_in(&child.queue, &child.workflow_id)
        });
        peer.answer(own).await;
        peer.until(E::ChildWorkflowExecutionStarted).await;
        child.describe("").await;
        let inherited = peer.kin("inherited");
        peer.answer(start_child(
            &inherited.queue,
            &inherited.workflow_id,
            ParentClosePolicy::Terminate,
        ))
        .await;
        peer.until_times(E::ChildWorkflowExecutionStarted, 2).await;
        inherited.describe("").await;
        peer.terminate("").await.unwrap();
        for child in [child, inherited] {
            child.until(E::WorkflowExecutionTerminated).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_sticky_queue_of_a_command_is_taken_by_its_name() {
    conform("fields-queue", async |peer| {
        let activity = Activity {
            task_queue: Some(TaskQueue {
                kind: 2,
                normal_name: "another".to_owned(),
                ..peer.normal_queue().unwrap()
            }),
            ..peer.activity("a")
        };
        peer.start_activity(activity).await;
        peer.terminate("").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_operation_is_all_that_was_asked_for() {
    conform("fields-operation", async |peer| {
        let endpoint = peer.create_endpoint(peer.endpoint_spec()).await.unwrap();
        peer.start().await;
        let operation = Operation {
            schedule_to_close_timeout: seconds(100.0),
            schedule_to_start_timeout: seconds(50.0),
            start_to_close_timeout: seconds(40.0),
            nexus_header: [("trace".to_owned(), "t".to_owned())].into(),
            ..peer.operation()
        };
        peer.answer(schedule_operation(operation)).await;
        let task = peer.poll_nexus().await;
        peer.answer_nexus(&task, goes_on("token")).await.unwrap();
        let task = peer.poll().await;
        peer.describe("").await;
        peer.complete_without(&endpoint, &task).await;
    })
    .await;
}

#[tokio::test]
async fn a_marker_is_kept_as_it_is() {
    conform("fields-marker", async |peer| {
        peer.start().await;
        let marker = record_marker(RecordMarkerCommandAttributes {
            marker_name: "m".to_owned(),
            details: [("a".to_owned(), two("one", "two").unwrap())].into(),
            header: header(),
            failure: Some(application_failure("failed")),
        });
        let task = peer.poll().await;
        peer.complete(&task, vec![marker, complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_update_reaches_its_workflow_with_all_that_it_carries() {
    conform("fields-update", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![]).await.unwrap();
        let mut request = peer.update_request("u", Stage::Completed);
        let wanted = request.request.as_mut().unwrap();
        wanted.request_id = "a request".to_owned();
        wanted.input = Some(update::Input {
            header: header(),
            name: "change".to_owned(),
            args: two("one", "two"),
        });
        let mut client = peer.client();
        let update = client.update_workflow_execution(request);
        let work = async {
            let task = peer.poll().await;
            let request = &task.messages[0];
            let answers = vec![accept(request), complete_update(request, "changed")];
            peer.complete_with_messages(&task, vec![], answers).await;
        };
        let (updated, ()) = tokio::join!(update, work);
        updated.unwrap();
        peer.terminate("").await.unwrap();
    })
    .await;
}
