use super::*;
use crate::engine::{EventBody, History, HistoryError, NextChunk, PageToken};

/// A history of a run that was started and canceled.
fn short() -> WorkflowHistory {
    let started = wire::WorkflowExecutionStartedEventAttributes {
        workflow_id: "order-1".to_owned(),
        workflow_type: Some(outlast_proto::temporal::api::common::v1::WorkflowType {
            name: "Order".to_owned(),
        }),
        ..Default::default()
    };
    let requested = wire::WorkflowExecutionCancelRequestedEventAttributes::default();
    let attributes = [
        (
            1,
            Attributes::WorkflowExecutionStartedEventAttributes(Box::new(started)),
        ),
        (
            20,
            Attributes::WorkflowExecutionCancelRequestedEventAttributes(Box::new(requested)),
        ),
    ];
    let event = |(id, (event_type, attributes))| wire::HistoryEvent {
        event_id: id,
        event_type,
        attributes: Some(attributes),
        ..Default::default()
    };
    let events = (1..).zip(attributes).map(event).collect();
    wire::History { events }.into()
}

/// The last event of each chunk.
fn chunk_ends(history: &WorkflowHistory, page_size: usize, by: Option<&str>) -> Vec<i64> {
    let mut events = HistoryPage::from(history.clone()).events;
    let first = events.iter_mut().find_map(|event| match &mut event.body {
        EventBody::TaskCompleted(task) => Some(task),
        _ => None,
    });
    if let (Some(task), Some(by)) = (first, by) {
        task.sdk_name = by.into();
    }
    let mut left = events.len();
    let mut pages = events.chunks(page_size);
    let mut history = History::default();
    let mut ends = Vec::new();
    loop {
        match history.next_chunk() {
            NextChunk::Chunk(chunk) => {
                left -= chunk.events.len();
                assert_eq!(chunk.last, left == 0);
                ends.extend(chunk.events.last().map(|event| event.id));
            }
            NextChunk::End | NextChunk::NeedsPage(_) => {
                let Some(events) = pages.next() else { break };
                let token = PageToken("next".into());
                let page = HistoryPage {
                    events: events.to_vec(),
                    next: (pages.len() > 0).then_some(token),
                };
                history.handle_page(page).expect("a good page");
            }
        }
    }
    assert_eq!(left, 0);
    ends
}

#[test]
fn a_history_tells_what_it_is_of() {
    let history = short();
    assert_eq!(history.workflow_type(), Some("Order"));
    assert_eq!(history.workflow_id(), Some(WorkflowId::from("order-1")));
    let renamed = history.clone().with_workflow_id("order-2");
    assert_eq!(renamed.workflow_id(), Some(WorkflowId::from("order-2")));
    let lines: Vec<_> = history.summary().collect();
    assert_eq!(
        lines,
        [
            "event 1, WorkflowExecutionStarted",
            "event 2, WorkflowExecutionCancelRequested"
        ]
    );
}

#[test]
fn protobuf_goes_there_and_back() {
    let history = short();
    let file = history.to_protobuf();
    let again = WorkflowHistory::from_protobuf(&file).expect("a good file");
    assert_eq!(again, history);
}

#[test]
fn what_is_not_a_history_is_refused() {
    let error = WorkflowHistory::from_protobuf(b"{}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file is not a history in protobuf's encoding"
    );
    let error = WorkflowHistory::from_protobuf(b"").unwrap_err();
    assert_eq!(error.to_string(), "the file holds no events");
}

#[test]
fn an_event_without_a_known_type_reaches_the_engine_as_unknown() {
    let mut message = wire::History::from(short());
    message.events[1].event_type = 999;
    message.events[1].attributes = None;
    let page = HistoryPage::from(WorkflowHistory::from(message));
    let error = History::default().handle_page(page).unwrap_err();
    assert!(matches!(error, HistoryError::UnknownEvent { event: 2, .. }));
}

#[test]
fn recorded_files_in_protobuf_load_and_are_cut_alike_by_page() {
    for (file, bytes) in recorded("bench/histories", "pb") {
        let history = WorkflowHistory::from_protobuf(&bytes).expect(&file);
        assert_eq!(history.to_protobuf(), bytes, "{file}");
        let whole = chunk_ends(&history, usize::MAX, None);
        assert_eq!(chunk_ends(&history, 100, None), whole, "{file}");
    }
}

/// The recorded files below a folder next to the checkout, by name, if there are any.
#[allow(
    clippy::print_stderr,
    reason = "a test that checks nothing has to say so"
)]
fn recorded(folder: &str, extension: &str) -> Vec<(String, Vec<u8>)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let mut folders = vec![root.join(folder)];
    if !folders[0].exists() {
        eprintln!("skipped: there is no folder {}", folders[0].display());
        return Vec::new();
    }
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable folder").path();
            let name = path.strip_prefix(&root).expect("it is below").display();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push((
                    name.to_string(),
                    std::fs::read(&path).expect("a readable file"),
                ));
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{folder} has files");
    files
}

#[cfg(feature = "history-json")]
mod json {
    use serde_json::Value;

    use super::*;

    #[test]
    fn json_goes_there_and_back() {
        let history = short();
        let file = history.to_json();
        assert!(file.contains(r#""eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED""#));
        let again = WorkflowHistory::from_json(&file).expect("a good file");
        assert_eq!(again, history);
    }

    #[test]
    fn old_names_of_enum_values_are_understood() {
        let file = |event_type, kind, state| {
            format!(
                r#"{{"events": [{{
                    "eventId": "1",
                    "eventType": "{event_type}",
                    "workflowExecutionStartedEventAttributes": {{
                        "taskQueue": {{"name": "queue", "kind": "{kind}"}},
                        "continuedFailure": {{"activityFailureInfo": {{"retryState": "{state}"}}}}
                    }}
                }}]}}"#
            )
        };
        let new = file(
            "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
            "TASK_QUEUE_KIND_NORMAL",
            "RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED",
        );
        let old = file(
            "WorkflowExecutionStarted",
            "Normal",
            "MaximumAttemptsReached",
        );
        let new = WorkflowHistory::from_json(&new).expect("a good file");
        let old = WorkflowHistory::from_json(&old).expect("a good file");
        assert_eq!(old, new);
        let state = new
            .started()
            .and_then(|started| started.continued_failure.clone());
        assert!(format!("{state:?}").contains("MaximumAttemptsReached"));
    }

    #[test]
    fn news_of_newer_servers_are_passed_over() {
        let file = r#"{"events": [
            {"eventId": "1", "eventType": "EVENT_TYPE_OF_TOMORROW", "workerMayIgnore": true,
             "tomorrowEventAttributes": {"a": [1]}}
        ]}"#;
        let history = WorkflowHistory::from_json(file).expect("a good file");
        let mut engine = History::default();
        assert_eq!(engine.handle_page(history.into()), Ok(()));
    }

    #[test]
    fn a_file_must_hold_one_history() {
        let one = short().to_json();
        for (file, message) in [
            ("".to_owned(), "the file is not a history in JSON"),
            ("7".to_owned(), "the file is not a history in JSON"),
            ("{}".to_owned(), "the file holds no events"),
            (
                "[]".to_owned(),
                "the file holds 0 histories where one is expected",
            ),
            (
                format!("[{one}, {one}]"),
                "the file holds 2 histories where one is expected",
            ),
        ] {
            let error = WorkflowHistory::from_json(&file).expect_err(&file);
            assert_eq!(error.to_string(), message, "{file}");
        }
        let list = WorkflowHistory::from_json(&format!("[{one}]")).expect("a good file");
        assert_eq!(list, short());
    }

    #[test]
    fn recorded_files_load_and_go_there_and_back() {
        for (file, history) in recorded_histories() {
            let json = WorkflowHistory::from_json(&history.to_json()).expect(&file);
            assert_eq!(json, history, "{file}");
            let protobuf = WorkflowHistory::from_protobuf(&history.to_protobuf()).expect(&file);
            assert_eq!(protobuf, history, "{file}");
            assert!(history.workflow_type().is_some(), "{file}");
            let unknown = |event: &wire::HistoryEvent| event.event_type == 0;
            assert!(!history.events.iter().any(unknown), "{file}");
        }
    }

    #[test]
    fn gotcha_05_recorded_histories_are_cut_alike_by_page() {
        for (file, history) in recorded_histories() {
            for by in [None, Some("outlast")] {
                let whole = chunk_ends(&history, usize::MAX, by);
                for size in 1..=7 {
                    let found = chunk_ends(&history, size, by);
                    assert_eq!(found, whole, "{file} in pages of {size}, made by {by:?}");
                }
            }
        }
    }

    #[test]
    fn recorded_histories_have_as_many_chunks_as_tasks() {
        for (file, manifest) in recorded("histories", "json") {
            if !file.ends_with("manifest.json") {
                continue;
            }
            let manifest: Vec<Value> = serde_json::from_slice(&manifest).expect("a list");
            let histories = recorded_histories();
            for entry in manifest {
                let name = entry["file"].as_str().expect("a name");
                let has_name = |(file, _): &&(String, _)| file == &format!("histories/{name}");
                let (_, history) = histories.iter().find(has_name).expect(name);
                let tasks = entry["tasks"].as_u64().expect("a number");
                // Two tasks did nothing but keep a local activity alive.
                let merged = if name == "py-LaHeartbeat.json" { 2 } else { 0 };
                // What comes after the last task is a chunk of its own.
                for (by, chunks) in [(None, tasks - merged + 1), (Some("outlast"), tasks + 1)] {
                    let found = chunk_ends(history, usize::MAX, by).len();
                    assert_eq!(found as u64, chunks, "{name}, made by {by:?}");
                }
            }
        }
    }

    fn recorded_histories() -> Vec<(String, WorkflowHistory)> {
        let is_history = |(file, _): &(String, _)| {
            !file.ends_with("index.json") && !file.ends_with("manifest.json")
        };
        let read = |(file, text): (String, Vec<u8>)| {
            let text = std::str::from_utf8(&text).expect(&file);
            let history = WorkflowHistory::from_json(text).expect(&file);
            (file, history)
        };
        let files = recorded("histories", "json").into_iter();
        files.filter(is_history).map(read).collect()
    }
}
