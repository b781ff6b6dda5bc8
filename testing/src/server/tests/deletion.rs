//! Deleted workflows and namespaces.

use outlast_proto::temporal::api::enums::v1::{EventType as E, ParentClosePolicy as Policy};
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::start_child;
use super::scene::Scene;
use crate::server::wire::{wire_duration, workflow_execution};
use crate::server::{Answer, Code, ServerOptions};

fn delete(scene: &mut Scene, workflow_id: &str, run_id: &str) -> Result<(), String> {
    let request = api::DeleteWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: Some(workflow_execution(workflow_id, run_id)),
    };
    let deleted = scene.engine.delete_workflow_execution(&request);
    deleted.map(drop).map_err(|error| error.message)
}

#[test]
fn a_deleted_workflow_is_not_found_but_its_older_runs_are() {
    let mut scene = Scene::new();
    let old = scene.start();
    scene.terminate();
    scene.start();
    let waiting = scene.await_result();
    delete(&mut scene, "w", "").unwrap();

    let Some(Answer::History(answer)) = scene.answer(waiting) else {
        panic!("whoever waits for the end learns of it");
    };
    let events = answer.unwrap().history.unwrap().events;
    assert_eq!(events[0].event_type(), E::WorkflowExecutionTerminated);
    let error = scene.engine.history("default", "w", "").unwrap_err();
    assert_eq!(error.message, "workflow not found for ID: w");
    assert!(delete(&mut scene, "w", "").is_err());
    assert!(!scene.history_of(&old).is_empty());
    delete(&mut scene, "w", &old).unwrap();
    assert!(scene.engine.history("default", "w", &old).is_err());
    scene.start();
}

#[test]
fn a_deleted_child_is_terminated_for_its_parent() {
    let mut scene = Scene::after(vec![start_child("q2", "child", Policy::Terminate)]);
    delete(&mut scene, "child", "").unwrap();
    let types = scene.types();
    assert!(
        types.contains(&E::ChildWorkflowExecutionTerminated),
        "{types:?}"
    );
    scene.terminate();
}

#[test]
fn children_of_a_deleted_workflow_follow_their_policies() {
    let mut scene = Scene::after(vec![
        start_child("q2", "ends", Policy::Terminate),
        start_child("q2", "stays", Policy::Abandon),
        start_child("q2", "asked", Policy::RequestCancel),
    ]);
    delete(&mut scene, "stays", "").unwrap();
    delete(&mut scene, "w", "").unwrap();
    assert_eq!(
        scene.types_of("ends").last(),
        Some(&E::WorkflowExecutionTerminated)
    );
    assert_eq!(
        scene.types_of("asked").last(),
        Some(&E::WorkflowExecutionCancelRequested)
    );
}

#[test]
fn a_deleted_namespace_takes_its_workflows_along() {
    let mut scene = Scene::new();
    let request = api::RegisterNamespaceRequest {
        namespace: "other".to_owned(),
        workflow_execution_retention_period: wire_duration(std::time::Duration::from_hours(24)),
        ..Default::default()
    };
    scene.engine.register_namespace(request.clone()).unwrap();
    let error = scene.engine.register_namespace(request).unwrap_err();
    assert_eq!(error.message, "Namespace \"other\" already exists");
    scene.start_with(|request| request.namespace = "other".to_owned());

    let request = operator::DeleteNamespaceRequest {
        namespace: "other".to_owned(),
        ..Default::default()
    };
    let deleted = scene.engine.delete_namespace(&request).unwrap();
    assert!(deleted.deleted_namespace.starts_with("other-deleted-"));
    let error = scene.engine.history("other", "w", "").unwrap_err();
    assert_eq!(error.message, "Namespace other is not found.");
}

#[test]
fn nothing_is_started_in_a_deprecated_namespace() {
    let mut scene = Scene::new();
    let request = api::DeprecateNamespaceRequest {
        namespace: "default".to_owned(),
        ..Default::default()
    };
    scene.engine.deprecate_namespace(&request).unwrap();
    let error = scene
        .engine
        .start_workflow_execution(Scene::start_request())
        .unwrap_err();
    assert_eq!(error.code, Code::FailedPrecondition);
    assert_eq!(
        error.message,
        "Namespace has invalid state: Deprecated. Must be Registered."
    );
}

#[test]
fn a_lenient_server_registers_namespaces_by_use() {
    let mut scene = Scene::with(ServerOptions {
        strict_namespaces: false,
        ..ServerOptions::default()
    });
    scene.start_with(|request| request.namespace = "fresh".to_owned());
    let listed = scene.engine.list_namespaces(&Default::default()).unwrap();
    let names = listed
        .namespaces
        .into_iter()
        .filter_map(|n| n.namespace_info);
    assert_eq!(
        names.map(|info| info.name).collect::<Vec<_>>(),
        ["default", "fresh"]
    );
}
