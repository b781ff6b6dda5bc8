//! What clients ask for, and in which words they are refused.

use outlast_proto::temporal::api::command::v1::command::Attributes as CommandAttributes;
use outlast_proto::temporal::api::command::v1::{
    Command, UpsertWorkflowSearchAttributesCommandAttributes,
};
use outlast_proto::temporal::api::common::v1::{Memo, SearchAttributes as WireSearchAttributes};
use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::{CommandType, WorkflowExecutionStatus};
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::{Answer, Code, SearchAttributes, ServerOptions};

fn signal_request(request_id: &str) -> api::SignalWorkflowExecutionRequest {
    api::SignalWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: execution(""),
        signal_name: "s".to_owned(),
        request_id: request_id.to_owned(),
        ..Default::default()
    }
}

#[test]
fn a_repeated_signal_request_counts_once() {
    let mut scene = Scene::new();
    scene.start();
    for _ in 0..2 {
        scene
            .engine
            .signal_workflow_execution(signal_request("same"))
            .unwrap();
    }
    assert_eq!(scene.history().len(), 3);
}

#[test]
fn signal_with_start_puts_the_signal_before_the_first_task() {
    let mut scene = Scene::new();
    let request = api::SignalWithStartWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_id: "w".to_owned(),
        workflow_type: Scene::start_request().workflow_type,
        task_queue: queue("q"),
        signal_name: "s".to_owned(),
        ..Default::default()
    };
    let first = scene
        .engine
        .signal_with_start_workflow_execution(request.clone())
        .unwrap();
    assert!(first.started);
    let second = scene
        .engine
        .signal_with_start_workflow_execution(request.clone())
        .unwrap();
    assert_eq!((second.started, second.run_id), (false, first.run_id));
    let want = [
        E::WorkflowExecutionStarted,
        E::WorkflowExecutionSignaled,
        E::WorkflowTaskScheduled,
        E::WorkflowExecutionSignaled,
    ];
    assert_eq!(scene.types(), want);
    let failing = api::SignalWithStartWorkflowExecutionRequest {
        workflow_id_conflict_policy: 1,
        ..request
    };
    let error = scene
        .engine
        .signal_with_start_workflow_execution(failing)
        .unwrap_err();
    assert!(
        error
            .message
            .ends_with("is not supported for this operation.")
    );
}

#[test]
fn an_attached_start_request_is_noted_on_the_existing_run() {
    let mut scene = Scene::after(vec![]);
    scene.start_with(|request| {
        request.workflow_id_conflict_policy = 2;
        request.request_id = "second".to_owned();
        request.on_conflict_options = Some(
            outlast_proto::temporal::api::workflow::v1::OnConflictOptions {
                attach_request_id: true,
                ..Default::default()
            },
        );
    });
    let Attributes::WorkflowExecutionOptionsUpdatedEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(a.attached_request_id, "second");
    assert!(scene.history().last().unwrap().worker_may_ignore);
}

#[test]
fn executions_are_looked_up_by_either_id() {
    let mut scene = Scene::new();
    let run_id = scene.start();
    let describe = |execution| api::DescribeWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        execution,
    };
    let described = scene
        .engine
        .describe_workflow_execution(&describe(execution(&run_id)));
    let info = described.unwrap().workflow_execution_info.unwrap();
    assert_eq!(info.status(), WorkflowExecutionStatus::Running);
    let unknown = "00000000-0000-4000-8000-000000000000";
    let error = scene
        .engine
        .describe_workflow_execution(&describe(execution(unknown)))
        .unwrap_err();
    assert_eq!(
        error.message,
        format!("workflow execution not found for workflow ID \"w\" and run ID \"{unknown}\"")
    );
    let error = scene
        .engine
        .describe_workflow_execution(&describe(execution("nonsense")))
        .unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::InvalidArgument, "Invalid RunId.")
    );
}

#[test]
fn a_cancellation_meant_for_another_chain_is_refused() {
    let mut scene = Scene::after(vec![]);
    let request = api::RequestCancelWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: execution(""),
        first_execution_run_id: "another".to_owned(),
        ..Default::default()
    };
    let error = scene
        .engine
        .request_cancel_workflow_execution(request)
        .unwrap_err();
    assert_eq!(error.message, "workflow execution not found");
}

#[test]
fn a_termination_without_a_reason_says_who_did_it() {
    let mut scene = Scene::after(vec![]);
    scene.terminate();
    let Attributes::WorkflowExecutionTerminatedEventAttributes(a) = scene.last_event(0) else {
        panic!()
    };
    assert_eq!(a.reason, "terminated by user via frontend");
    assert_eq!(a.identity, "frontend-service");
}

fn read(wait: bool) -> api::GetWorkflowExecutionHistoryRequest {
    api::GetWorkflowExecutionHistoryRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
        wait_new_event: wait,
        ..Default::default()
    }
}

fn page(answer: Option<Answer>) -> api::GetWorkflowExecutionHistoryResponse {
    match answer {
        Some(Answer::History(page)) => page.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_read_gets_new_events_as_they_come() {
    let mut scene = Scene::after(vec![]);
    let call = scene
        .engine
        .get_workflow_execution_history(&read(true))
        .unwrap();
    let answer = scene.answer(call);
    let first = page(answer);
    assert_eq!(first.history.unwrap().events.len(), 4);
    let mut request = read(true);
    request.next_page_token = first.next_page_token;
    let call = scene
        .engine
        .get_workflow_execution_history(&request)
        .unwrap();
    assert_eq!(scene.answer(call), None);
    scene.signal("s");
    let answer = scene.answer(call);
    let next = page(answer);
    let events = next.history.unwrap().events;
    assert_eq!(
        types(&events),
        [E::WorkflowExecutionSignaled, E::WorkflowTaskScheduled]
    );
}

#[test]
fn a_long_read_out_of_time_can_be_taken_up_again() {
    let mut scene = Scene::after(vec![]);
    let call = scene.await_result();
    scene.engine.expire_call(call);
    let answer = scene.answer(call);
    let empty = page(answer);
    assert_eq!(empty.history.unwrap().events, []);
    assert!(!empty.next_page_token.is_empty());
    scene.terminate();
    let mut request = read(true);
    request.history_event_filter_type = 2;
    request.next_page_token = empty.next_page_token;
    let call = scene
        .engine
        .get_workflow_execution_history(&request)
        .unwrap();
    let answer = scene.answer(call);
    let events = page(answer).history.unwrap().events;
    assert_eq!(types(&events), [E::WorkflowExecutionTerminated]);
}

#[test]
fn a_page_token_stays_with_its_run() {
    let mut scene = Scene::after(vec![]);
    let mut request = read(false);
    request.maximum_page_size = 1;
    let call = scene
        .engine
        .get_workflow_execution_history(&request)
        .unwrap();
    let answer = scene.answer(call);
    request.next_page_token = page(answer).next_page_token;
    scene.terminate();
    scene.start();
    let call = scene
        .engine
        .get_workflow_execution_history(&request)
        .unwrap();
    let answer = scene.answer(call);
    let events = page(answer).history.unwrap().events;
    assert_eq!(types(&events), [E::WorkflowTaskStarted]);
}

#[test]
fn history_can_be_read_backwards() {
    let mut scene = Scene::after(vec![]);
    let mut request = api::GetWorkflowExecutionHistoryReverseRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
        maximum_page_size: 3,
        ..Default::default()
    };
    let mut ids = Vec::new();
    loop {
        let page = scene
            .engine
            .get_workflow_execution_history_reverse(&request)
            .unwrap();
        ids.extend(
            page.history
                .unwrap()
                .events
                .iter()
                .map(|event| event.event_id),
        );
        if page.next_page_token.is_empty() {
            break;
        }
        request.next_page_token = page.next_page_token;
    }
    assert_eq!(ids, [4, 3, 2, 1]);
}

#[test]
fn memo_and_search_attributes_are_kept_current() {
    let field = |text: &str| payloads(text).unwrap().payloads.remove(0);
    let mut scene = Scene::with(ServerOptions {
        search_attributes: SearchAttributes::Any,
        ..ServerOptions::default()
    });
    scene.start_with(|request| {
        request.memo = Some(Memo {
            fields: [("note".to_owned(), field("old"))].into(),
        });
    });
    let task = scene.poll();
    let upsert = UpsertWorkflowSearchAttributesCommandAttributes {
        search_attributes: Some(WireSearchAttributes {
            indexed_fields: [("Color".to_owned(), field("red"))].into(),
        }),
    };
    let command = Command {
        command_type: CommandType::UpsertWorkflowSearchAttributes as i32,
        attributes: Some(
            CommandAttributes::UpsertWorkflowSearchAttributesCommandAttributes(Box::new(upsert)),
        ),
        ..Default::default()
    };
    scene.complete(&task, vec![command]).unwrap();
    let request = api::DescribeWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        execution: execution(""),
    };
    let info = scene.engine.describe_workflow_execution(&request).unwrap();
    let info = info.workflow_execution_info.unwrap();
    assert_eq!(info.memo.unwrap().fields["note"], field("old"));
    let color = &info.search_attributes.unwrap().indexed_fields["Color"];
    assert_eq!(color.data, field("red").data);
    assert_eq!(color.metadata["type"], "Keyword");
}

#[test]
fn unknown_search_attributes_are_refused() {
    let mut scene = Scene::new();
    let mut request = Scene::start_request();
    request.search_attributes = Some(WireSearchAttributes {
        indexed_fields: [(
            "Color".to_owned(),
            payloads("red").unwrap().payloads.remove(0),
        )]
        .into(),
    });
    let error = scene.engine.start_workflow_execution(request).unwrap_err();
    assert_eq!(
        error.message,
        "Namespace default has no mapping defined for search attribute Color"
    );
}

#[test]
fn unknown_namespaces_are_refused_with_a_detail() {
    let mut scene = Scene::new();
    let mut request = Scene::start_request();
    request.namespace = "elsewhere".to_owned();
    let error = scene.engine.start_workflow_execution(request).unwrap_err();
    assert_eq!(error.message, "Namespace elsewhere is not found.");
    assert!(
        error
            .detail
            .unwrap()
            .type_url
            .ends_with("NamespaceNotFoundFailure")
    );
}

#[test]
fn the_default_namespace_describes_itself() {
    let mut scene = Scene::new();
    let listed = scene
        .engine
        .list_namespaces(&Default::default())
        .unwrap()
        .namespaces;
    let info = listed[0].namespace_info.as_ref().unwrap();
    assert_eq!(info.name, "default");
    assert!(
        info.capabilities
            .as_ref()
            .unwrap()
            .worker_poll_complete_on_shutdown
    );
    let by_id = api::DescribeNamespaceRequest {
        id: info.id.clone(),
        ..Default::default()
    };
    let described = scene.engine.describe_namespace(&by_id).unwrap();
    assert_eq!(described.namespace_info.as_ref(), Some(info));
}
