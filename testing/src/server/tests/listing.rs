//! Lists of workflows: order, pages, counts, and what lists say.

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{Payload, SearchAttributes as Wire};
use outlast_proto::temporal::api::enums::v1::IndexedValueType as Type;
use outlast_proto::temporal::api::filter::v1::{StatusFilter, WorkflowTypeFilter};
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::{
    list_closed_workflow_executions_request as closed,
    list_open_workflow_executions_request as open,
};

use super::builders::complete_workflow;
use super::scene::Scene;
use crate::server::wire::workflow_execution;
use crate::server::{SearchAttributes, ServerOptions};

fn with_types(types: &[(&str, Type)]) -> Scene {
    let types = types.iter().map(|(name, t)| ((*name).to_owned(), *t));
    Scene::with(ServerOptions {
        search_attributes: SearchAttributes::Registered(types.collect()),
        ..ServerOptions::default()
    })
}

fn json(data: &str) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), Bytes::from_static(b"json/plain"))].into(),
        data: data.to_owned().into(),
        ..Default::default()
    }
}

fn attributes(fields: &[(&str, &str)]) -> Option<Wire> {
    let fields = fields
        .iter()
        .map(|(name, data)| ((*name).to_owned(), json(data)));
    Some(Wire {
        indexed_fields: fields.collect(),
    })
}

/// Starts a workflow; time passes afterwards, so that starts have an order.
fn start(scene: &mut Scene, workflow_id: &str, fields: &[(&str, &str)]) {
    scene.start_with(|request| {
        request.workflow_id = workflow_id.to_owned();
        request.search_attributes = attributes(fields);
    });
    scene.advance(1);
}

/// Completes the workflow that has waited longest for its worker.
fn complete_next(scene: &mut Scene) {
    let task = scene.poll();
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
    scene.advance(1);
}

fn list(scene: &Scene, query: &str) -> Vec<String> {
    page(scene, query, 0, Bytes::new()).0
}

fn page(scene: &Scene, query: &str, size: i32, token: Bytes) -> (Vec<String>, Bytes) {
    let request = api::ListWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        query: query.to_owned(),
        page_size: size,
        next_page_token: token,
    };
    let answer = scene.engine.list_workflow_executions(&request).unwrap();
    (ids(answer.executions), answer.next_page_token)
}

fn ids(
    infos: Vec<outlast_proto::temporal::api::workflow::v1::WorkflowExecutionInfo>,
) -> Vec<String> {
    infos
        .into_iter()
        .filter_map(|info| info.execution)
        .map(|execution| execution.workflow_id)
        .collect()
}

#[test]
fn open_workflows_come_first_and_then_those_that_closed_last() {
    let mut scene = Scene::new();
    for id in ["a", "b", "c", "d"] {
        start(&mut scene, id, &[]);
    }
    complete_next(&mut scene);
    complete_next(&mut scene);
    assert_eq!(list(&scene, ""), ["d", "c", "b", "a"]);
    start(&mut scene, "e", &[]);
    assert_eq!(list(&scene, ""), ["e", "d", "c", "b", "a"]);
    assert_eq!(list(&scene, "ExecutionStatus = 'Completed'"), ["b", "a"]);
    assert_eq!(list(&scene, "CloseTime is null"), ["e", "d", "c"]);
    assert_eq!(list(&scene, "ExecutionDuration = '4s'"), ["b", "a"]);
}

#[test]
fn pages_continue_where_the_last_one_ended_even_if_the_list_has_changed() {
    let mut scene = Scene::new();
    for id in ["a", "b", "c", "d"] {
        start(&mut scene, id, &[]);
    }
    let (first, token) = page(&scene, "", 2, Bytes::new());
    assert_eq!(first, ["d", "c"]);
    start(&mut scene, "new", &[]);
    let (second, token) = page(&scene, "", 2, token);
    assert_eq!(second, ["b", "a"]);
    let (third, token) = page(&scene, "", 2, token);
    assert!(third.is_empty() && token.is_empty(), "{third:?}");
}

#[test]
fn foreign_page_tokens_are_refused() {
    let scene = Scene::new();
    let request = api::ListWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        next_page_token: Bytes::from_static(b"junk"),
        ..Default::default()
    };
    let error = scene.engine.list_workflow_executions(&request).unwrap_err();
    assert_eq!(error.message, "Invalid NextPageToken.");
}

#[test]
fn attributes_of_every_type_find_workflows() {
    let mut scene = with_types(&[
        ("Day", Type::Datetime),
        ("Flag", Type::Bool),
        ("Name", Type::Keyword),
        ("Note", Type::Text),
        ("Number", Type::Int),
        ("Ratio", Type::Double),
        ("Tags", Type::KeywordList),
    ]);
    let fields = [
        ("Day", "\"2030-05-01T00:00:00Z\""),
        ("Flag", "true"),
        ("Name", "[\"kw\"]"),
        ("Note", "\"some text\""),
        ("Number", "5"),
        ("Ratio", "1.5"),
        ("Tags", "[\"x\", \"y\"]"),
    ];
    start(&mut scene, "full", &fields);
    start(&mut scene, "none", &[("Name", "null"), ("Tags", "[]")]);
    for query in [
        "Day > '2030-04-01T00:00:00Z'",
        "Flag = true",
        "Name = 'kw'",
        "Note = 'text'",
        "Number in (4, 5)",
        "Ratio between 1 and 2",
        "Tags = 'y'",
        "Name is not null",
    ] {
        assert_eq!(list(&scene, query), ["full"], "{query}");
    }
    assert_eq!(list(&scene, "Name is null and Tags is null"), ["none"]);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let mut scene = with_types(&[("Name", Type::Keyword), ("Number", Type::Int)]);
    let long = format!("\"{}\"", "x".repeat(3000));
    let cases = [
        (
            "Name",
            "3",
            "invalid value for search attribute Name of type Keyword: 3",
        ),
        (
            "Name",
            "[\"a\",\"b\"]",
            "invalid value for search attribute Name of type Keyword: [a b]",
        ),
        (
            "Number",
            "3.5",
            "invalid value for search attribute Number of type Int: 3.5",
        ),
        (
            "Number",
            "\"x\"",
            "invalid value for search attribute Number of type Int: x",
        ),
        (
            "BuildIds",
            "\"x\"",
            "invalid value for search attribute BuildIds of type KeywordList: x",
        ),
        (
            "WorkflowId",
            "\"x\"",
            "WorkflowId attribute can't be set in SearchAttributes",
        ),
        (
            "Nope",
            "1",
            "Namespace default has no mapping defined for search attribute Nope",
        ),
        (
            "Name",
            &long,
            "search attribute Name value size 3002 exceeds size limit 2048",
        ),
    ];
    for (name, value, want) in cases {
        let mut request = Scene::start_request();
        request.search_attributes = attributes(&[(name, value)]);
        let error = scene.engine.start_workflow_execution(request).unwrap_err();
        assert_eq!(error.message, want);
    }
}

#[test]
fn unknown_attributes_are_registered_by_use_if_the_server_is_told_so() {
    let mut scene = Scene::with(ServerOptions {
        search_attributes: SearchAttributes::Any,
        ..ServerOptions::default()
    });
    start(
        &mut scene,
        "w",
        &[("Number", "5"), ("Tags", "[\"x\", \"y\"]")],
    );
    assert_eq!(list(&scene, "Number > 4 and Tags = 'x'"), ["w"]);
    let request = operator::ListSearchAttributesRequest {
        namespace: "default".to_owned(),
    };
    let listed = scene.engine.list_search_attributes(&request).unwrap();
    let want = [
        ("Number".to_owned(), Type::Int as i32),
        ("Tags".to_owned(), Type::KeywordList as i32),
    ];
    assert_eq!(listed.custom_attributes, want.into());
}

#[test]
fn counts_are_grouped_by_status() {
    let mut scene = Scene::new();
    for id in ["a", "b", "c"] {
        start(&mut scene, id, &[]);
    }
    complete_next(&mut scene);
    let request = api::CountWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        query: "WorkflowType = 'Order' group by ExecutionStatus".to_owned(),
    };
    let counted = scene.engine.count_workflow_executions(&request).unwrap();
    assert_eq!(counted.count, 3);
    let groups = counted.groups.iter();
    let groups = groups.map(|group| (&group.group_values[0].data[..], group.count));
    let want: [(&[u8], i64); 2] = [(b"\"Completed\"", 1), (b"\"Running\"", 2)];
    assert_eq!(groups.collect::<Vec<_>>(), want);
}

#[test]
fn divisions_of_a_namespace_are_seen_by_those_who_ask() {
    let mut scene = Scene::new();
    start(
        &mut scene,
        "hidden",
        &[("TemporalNamespaceDivision", "\"x\"")],
    );
    start(&mut scene, "plain", &[]);
    assert_eq!(list(&scene, ""), ["plain"]);
    assert_eq!(list(&scene, "TemporalNamespaceDivision = 'x'"), ["hidden"]);
    assert_eq!(list(&scene, "NamespaceDivision is null"), ["plain"]);
}

#[test]
fn the_old_lists_filter_by_state_type_and_status() {
    let mut scene = Scene::new();
    start(&mut scene, "a", &[]);
    start(&mut scene, "b", &[]);
    complete_next(&mut scene);
    let mut request = api::ListOpenWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        ..Default::default()
    };
    let listed = scene
        .engine
        .list_open_workflow_executions(&request)
        .unwrap();
    assert_eq!(ids(listed.executions), ["b"]);
    let filter = WorkflowTypeFilter {
        name: "Other".to_owned(),
    };
    request.filters = Some(open::Filters::TypeFilter(filter));
    let listed = scene
        .engine
        .list_open_workflow_executions(&request)
        .unwrap();
    assert!(listed.executions.is_empty());

    let mut request = api::ListClosedWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        filters: Some(closed::Filters::StatusFilter(StatusFilter { status: 2 })),
        ..Default::default()
    };
    let listed = scene
        .engine
        .list_closed_workflow_executions(&request)
        .unwrap();
    assert_eq!(ids(listed.executions), ["a"]);
    request.filters = Some(closed::Filters::StatusFilter(StatusFilter { status: 1 }));
    let error = scene
        .engine
        .list_closed_workflow_executions(&request)
        .unwrap_err();
    assert_eq!(
        error.message,
        "StatusFilter must be specified and must be not Running."
    );
}

#[test]
fn totals_are_listed_when_a_workflow_has_closed() {
    let mut scene = Scene::new();
    start(&mut scene, "a", &[]);
    let request = api::ListWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        ..Default::default()
    };
    let listed = scene.engine.list_workflow_executions(&request).unwrap();
    assert_eq!(listed.executions[0].history_length, 0);
    complete_next(&mut scene);
    let listed = scene.engine.list_workflow_executions(&request).unwrap();
    let info = &listed.executions[0];
    assert_eq!(info.history_length, 5);
    assert!(info.history_size_bytes > 0);
    assert_eq!(info.execution_duration.unwrap().seconds, 1);
}

#[test]
fn a_query_for_one_id_finds_what_a_look_at_every_run_finds() {
    let mut scene = with_types(&[]);
    for id in ["a", "ab", "b", "a", "gone"] {
        start(&mut scene, id, &[]);
        complete_next(&mut scene);
    }
    let request = api::DeleteWorkflowExecutionRequest {
        namespace: "default".to_owned(),
        workflow_execution: Some(workflow_execution("gone", "")),
    };
    scene.engine.delete_workflow_execution(&request).unwrap();
    for (query, by_scan, count) in [
        ("WorkflowId = 'a'", "WorkflowId IN ('a')", 2),
        (
            "ExecutionStatus = 'Completed' AND WorkflowId = 'a'",
            "WorkflowId IN ('a')",
            2,
        ),
        ("WorkflowId = 'gone'", "WorkflowId IN ('gone')", 0),
        ("NOT WorkflowId = 'a'", "WorkflowId IN ('ab', 'b')", 2),
        (
            "WorkflowId = 'a' OR WorkflowId = 'b'",
            "WorkflowId IN ('a', 'b')",
            3,
        ),
    ] {
        let found = list(&scene, query);
        assert_eq!(found, list(&scene, by_scan), "{query}");
        assert_eq!(found.len(), count, "{query}");
    }
}
