//! Updates: admission, delivery, and how they end.

use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::protocol::v1::message::SequencingId;
use outlast_proto::temporal::api::update::v1 as update;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_request::{
    self, operation::Operation,
};

use super::builders::*;
use super::scene::*;
use crate::server::Code;

fn failure_type(response: api::UpdateWorkflowExecutionResponse) -> String {
    let Some(update::outcome::Value::Failure(failure)) = response.outcome.unwrap().value else {
        panic!("the update succeeded")
    };
    match failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.r#type,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_request_is_sequenced_before_the_started_event() {
    let mut scene = Scene::after(vec![]);
    scene.update("u", Stage::Accepted).unwrap();
    let task = scene.poll();
    assert_eq!(task.messages[0].protocol_instance_id, "u");
    let want = Some(SequencingId::EventId(task.started_event_id - 1));
    assert_eq!(task.messages[0].sequencing_id, want);
}

#[test]
fn an_update_that_came_during_a_task_gets_one_that_is_written_afterwards() {
    let mut scene = Scene::new();
    scene.start();
    let task = scene.poll();
    scene.update("u", Stage::Accepted).unwrap();
    scene.complete(&task, vec![]).unwrap();
    assert_eq!(scene.types().last(), Some(&E::WorkflowTaskScheduled));
    assert_eq!(scene.poll().messages.len(), 1);
}

#[test]
fn the_update_of_a_failed_task_is_delivered_again() {
    let mut scene = Scene::after(vec![]);
    scene.update("u", Stage::Accepted).unwrap();
    let task = scene.poll();
    scene.fail(&task);
    assert_eq!(scene.poll().messages.len(), 1);
}

#[test]
fn an_update_without_a_reply_is_rejected_by_the_server() {
    let mut scene = Scene::after(vec![]);
    let call = scene.update("u", Stage::Completed).unwrap();
    let task = scene.poll();
    let response = scene.complete(&task, vec![]).unwrap();
    assert_eq!(response.reset_history_event_id, 3);
    let answer = scene.updated(call).unwrap().unwrap();
    assert_eq!(failure_type(answer), "UnprocessedUpdate");
}

#[test]
fn a_rejected_id_can_be_used_again() {
    let mut scene = Scene::after(vec![]);
    for _ in 0..2 {
        let call = scene.update("u", Stage::Completed).unwrap();
        let task = scene.poll();
        scene.complete_with_messages(&task, vec![], vec![reject(&task.messages[0])]);
        assert!(scene.updated(call).unwrap().unwrap().outcome.is_some());
    }
    assert_eq!(scene.history().len(), 4);
}

#[test]
fn callers_with_the_same_id_share_the_update() {
    let mut scene = Scene::after(vec![]);
    let one = scene.update("u", Stage::Accepted).unwrap();
    let two = scene.update("u", Stage::Completed).unwrap();
    let task = scene.poll();
    assert_eq!(task.messages.len(), 1);
    let accept = accept(&task.messages[0]);
    scene.complete_with_messages(&task, vec![protocol_message(&accept)], vec![accept]);
    assert_eq!(
        scene.updated(one).unwrap().unwrap().stage(),
        Stage::Accepted
    );
    assert_eq!(scene.updated(two), None);
    scene.engine.expire_call(two);
    assert_eq!(
        scene.updated(two).unwrap().unwrap().stage(),
        Stage::Accepted
    );
}

#[test]
fn a_closing_workflow_ends_its_updates() {
    let mut scene = Scene::after(vec![]);
    let accepted = scene.update("accepted", Stage::Completed).unwrap();
    let task = scene.poll();
    let accept = accept(&task.messages[0]);
    scene.complete_with_messages(&task, vec![protocol_message(&accept)], vec![accept]);
    let admitted = scene.update("admitted", Stage::Completed).unwrap();
    scene.terminate();
    let answer = scene.updated(accepted).unwrap().unwrap();
    assert_eq!(failure_type(answer), "AcceptedUpdateCompletedWorkflow");
    let error = scene.updated(admitted).unwrap().unwrap_err();
    assert_eq!(
        error.message,
        "workflow update was aborted by closing workflow"
    );
}

#[test]
fn ten_updates_may_be_under_way() {
    let mut scene = Scene::after(vec![]);
    for n in 0..10 {
        scene.update(&n.to_string(), Stage::Accepted).unwrap();
    }
    let error = scene.update("10", Stage::Accepted).unwrap_err();
    assert_eq!(error.code, Code::ResourceExhausted);
    assert!(error.message.ends_with("has been reached (10)"));
    assert_eq!(scene.poll().messages.len(), 10);
}

#[test]
fn an_update_does_not_wait_for_the_start_delay() {
    let mut scene = Scene::new();
    scene.start_with(|request| request.workflow_start_delay = seconds(60.0));
    scene.update("u", Stage::Accepted).unwrap();
    assert_eq!(scene.poll().messages.len(), 1);
    assert_eq!(scene.types().len(), 1, "its task is not written yet");
}

#[test]
fn updates_that_cannot_be_are_refused() {
    let mut scene = Scene::after(vec![]);
    let error = scene.update("u", Stage::Admitted).unwrap_err();
    assert_eq!(error.code, Code::PermissionDenied);
    let mut request = update_request("u", Stage::Accepted);
    request.first_execution_run_id = "another".to_owned();
    let error = scene
        .engine
        .update_workflow_execution(&request)
        .unwrap_err();
    assert_eq!(error.message, "workflow execution not found");
    let poll = api::PollWorkflowExecutionUpdateRequest {
        namespace: "default".to_owned(),
        update_ref: Some(update::UpdateRef {
            workflow_execution: execution(""),
            update_id: "zzz".to_owned(),
        }),
        ..Default::default()
    };
    let error = scene
        .engine
        .poll_workflow_execution_update(poll)
        .unwrap_err();
    assert_eq!(error.message, "update \"zzz\" not found");
}

#[test]
fn messages_that_do_not_fit_fail_the_task() {
    let mut scene = Scene::after(vec![]);
    scene.update("u", Stage::Accepted).unwrap();
    let task = scene.poll();
    let complete = complete_update(&task.messages[0], "too soon");
    let mut completion = Scene::completion(&task, vec![protocol_message(&complete)]);
    completion.messages = vec![complete];
    let error = scene
        .engine
        .respond_workflow_task_completed(completion)
        .unwrap_err();
    assert!(
        error
            .message
            .starts_with("BadUpdateWorkflowExecutionMessage: "),
        "{error:?}"
    );
    assert_eq!(scene.types().last(), Some(&E::WorkflowTaskFailed));
}

#[test]
fn an_update_with_start_is_both_or_nothing() {
    let mut scene = Scene::new();
    let multi = |update| api::ExecuteMultiOperationRequest {
        namespace: "default".to_owned(),
        operations: [Operation::StartWorkflow(Scene::start_request()), update]
            .map(|operation| execute_multi_operation_request::Operation {
                operation: Some(operation),
            })
            .to_vec(),
        ..Default::default()
    };
    let nameless = api::UpdateWorkflowExecutionRequest::default();
    let request = multi(Operation::UpdateWorkflow(nameless));
    let error = scene.engine.execute_multi_operation(request).unwrap_err();
    assert_eq!(error.message, "Update-with-Start could not be executed.");
    assert!(
        scene.engine.history("default", "w", "").is_err(),
        "nothing was started"
    );

    let request = multi(Operation::StartWorkflow(Scene::start_request()));
    let error = scene.engine.execute_multi_operation(request).unwrap_err();
    assert_eq!(
        error.message,
        "Operations have to be exactly [Start, Update]."
    );

    let poll = scene.begin_poll("q");
    let update = update_request("u", Stage::Accepted);
    let request = multi(Operation::UpdateWorkflow(update));
    let (started, _) = scene.engine.execute_multi_operation(request).unwrap();
    assert!(started.started);
    let task = scene.workflow_task(poll).unwrap();
    assert_eq!(task.messages[0].id, "u/request");
    assert_eq!(events_of(&task).len(), 3);
}
