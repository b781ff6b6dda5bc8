//! How a replay ended, held against how the recorded run ended.

use outlast::convert::FromPayload;
use outlast::{Failure, FailureKind, Payload, ReplayOutcome, WorkflowHistory};
use outlast_proto::temporal::api::common::v1::Payloads;
use outlast_proto::temporal::api::history::v1::History;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

/// Holds an outcome against the last event of its history.
pub(crate) fn assert_outcome(
    name: &str,
    history: &WorkflowHistory,
    outcome: Option<&ReplayOutcome>,
) {
    let last = History::from(history.clone()).events.pop();
    let recorded = last.and_then(|event| event.attributes);
    match (recorded.expect("the history has events"), outcome) {
        (
            Attributes::WorkflowExecutionCompletedEventAttributes(recorded),
            Some(ReplayOutcome::Completed(result)),
        ) => assert_payloads(name, recorded.result, std::slice::from_ref(result)),
        (
            Attributes::WorkflowExecutionFailedEventAttributes(recorded),
            Some(ReplayOutcome::Failed(failure)),
        ) => assert_failure(name, &recorded.failure.unwrap_or_default().into(), failure),
        (
            Attributes::WorkflowExecutionContinuedAsNewEventAttributes(recorded),
            Some(ReplayOutcome::ContinuedAsNew {
                workflow_type,
                input,
            }),
        ) => {
            let recorded_type = recorded.workflow_type.unwrap_or_default().name;
            assert_eq!(*workflow_type, recorded_type, "{name}");
            assert_payloads(name, recorded.input, input);
        }
        (
            Attributes::WorkflowExecutionCanceledEventAttributes(_),
            Some(ReplayOutcome::Canceled),
        )
        | (Attributes::WorkflowExecutionTerminatedEventAttributes(_), None) => {}
        (recorded, outcome) => panic!("{name}: recorded is {recorded:?}, found {outcome:?}"),
    }
}

/// The failures are alike in what programs look at. A cause that came from elsewhere is
/// handed on whole.
fn assert_failure(name: &str, recorded: &Failure, found: &Failure) {
    assert_eq!(recorded.kind(), found.kind(), "{name}");
    if let FailureKind::Application(_) = found.kind() {
        assert_eq!(recorded.message(), found.message(), "{name}");
    }
    match (recorded.cause(), found.cause()) {
        (Some(recorded), Some(found)) => assert_failure(name, recorded, found),
        (recorded, found) => assert_eq!(recorded, found, "{name}"),
    }
}

fn assert_payloads(name: &str, recorded: Option<Payloads>, found: &[Payload]) {
    let recorded = recorded.unwrap_or_default().payloads.into_iter();
    let recorded: Vec<_> = recorded.map(Payload::from).collect();
    assert_eq!(recorded.len(), found.len(), "{name}");
    for (recorded, found) in recorded.iter().zip(found) {
        assert_eq!(recorded.encoding(), found.encoding(), "{name}");
        if recorded.encoding() == Some("json/plain") {
            // Spaces and the order of keys are the writer's own.
            assert_eq!(json(recorded), json(found), "{name}");
        } else {
            assert_eq!(recorded, found, "{name}");
        }
    }
}

fn json(payload: &Payload) -> serde_json::Value {
    FromPayload::from_payload(payload).expect("the payload says that it is JSON")
}
