//! Nexus operations in place of real ones, called by a workflow of raw calls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};

use outlast::raw::proto::temporal::api::command::v1::ScheduleNexusOperationCommandAttributes;
use outlast::raw::proto::temporal::api::enums::v1::EventType as E;
use outlast::raw::proto::temporal::api::failure::v1::Failure as WireFailure;
use outlast::raw::proto::temporal::api::history::v1::HistoryEvent;
use outlast::raw::proto::temporal::api::history::v1::history_event::Attributes;
use outlast_testing::{NexusError, NexusHandlerError, NexusOperation, TestEnv};
use tokio::task::block_in_place;

use crate::caller::Caller;
use crate::scene::*;
use crate::support::builders::seconds;
use crate::support::peer::{Peer, cancel_operation, payload, schedule_operation};

pub(crate) const CHARGE: NexusOperation<String, u64> =
    NexusOperation::new("bank", "cards", "charge");

const SEND: NexusOperation<String, u64> = NexusOperation::new("post", "parcels", "send");

fn call(operation: &str) -> ScheduleNexusOperationCommandAttributes {
    ScheduleNexusOperationCommandAttributes {
        endpoint: "bank".to_owned(),
        service: "cards".to_owned(),
        operation: operation.to_owned(),
        input: payload("pen"),
        nexus_header: [("Trace-Id".to_owned(), "7".to_owned())].into(),
        ..Default::default()
    }
}

fn send_parcel() -> ScheduleNexusOperationCommandAttributes {
    ScheduleNexusOperationCommandAttributes {
        endpoint: "post".to_owned(),
        service: "parcels".to_owned(),
        ..call("send")
    }
}

/// Charges a pen, and ends with the event that tells how that ended.
pub(crate) async fn charge_pen(env: &TestEnv, end: E) -> Vec<HistoryEvent> {
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![schedule_operation(call("charge"))],
        _ => vec![],
    };
    Caller::new(env).run(end, decide).await
}

fn of_type(events: &[HistoryEvent], event_type: E) -> &Attributes {
    let event = events.iter().find(|event| event.event_type() == event_type);
    event.unwrap().attributes.as_ref().unwrap()
}

/// Why the operation failed, without what the server wraps around it.
fn cause(events: &[HistoryEvent]) -> &WireFailure {
    let Attributes::NexusOperationFailedEventAttributes(failed) =
        of_type(events, E::NexusOperationFailed)
    else {
        unreachable!("it is of that type")
    };
    failed.failure.as_ref().unwrap().cause.as_ref().unwrap()
}

#[tokio::test]
async fn an_operation_is_answered_at_once() {
    let env = TestEnv::new().mock_nexus(CHARGE, |order| Ok(order.len() as u64));
    let watch = Stopwatch::start(&env);
    let events = charge_pen(&env, E::NexusOperationCompleted).await;
    let Attributes::NexusOperationCompletedEventAttributes(completed) =
        of_type(&events, E::NexusOperationCompleted)
    else {
        unreachable!("it is of that type")
    };
    assert_eq!(completed.result.as_ref().unwrap().data, "3");
    let calls = env.nexus_calls(CHARGE);
    assert_eq!((calls.len(), calls[0].input.as_str()), (1, "pen"));
    assert_eq!(calls[0].result, Some(Ok(3)));
    let headers = &calls[0].headers;
    assert_eq!(headers["trace-id"], "7");
    assert!(headers.keys().all(|key| *key == key.to_lowercase()));
    assert!(watch.elapsed().is_zero());
}

#[tokio::test]
async fn an_operation_that_takes_time_does_not_hold_the_clock() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    env.on_nexus(CHARGE).once().after(3 * HOUR).returns(39);
    let events = charge_pen(&env, E::NexusOperationCompleted).await;
    of_type(&events, E::NexusOperationStarted);
    assert_eq!(watch.elapsed(), 3 * HOUR);
    assert_eq!(env.nexus_calls(CHARGE)[0].result, Some(Ok(39)));
    assert!(watch.at(env.nexus_calls(CHARGE)[0].at).is_zero());
}

#[tokio::test]
async fn an_operation_fails_at_once_or_later() {
    for later in [false, true] {
        let env = TestEnv::new();
        let mut mock = env.on_nexus(CHARGE);
        if later {
            mock.after(HOUR);
        }
        mock.fails(NexusError::failed("Declined", "no funds"));
        let watch = Stopwatch::start(&env);
        let events = charge_pen(&env, E::NexusOperationFailed).await;
        assert_eq!(cause(&events).message, "no funds", "later: {later}");
        assert_eq!(watch.elapsed(), u32::from(later) * HOUR);
        let declined = env.nexus_calls(CHARGE)[0].result.clone().unwrap();
        let declined = declined.unwrap_err();
        assert_eq!(declined.as_failure().application_kind(), Some("Declined"));
    }
}

#[tokio::test]
async fn a_handler_that_is_away_is_asked_again() {
    let env = TestEnv::new();
    let watch = Stopwatch::start(&env);
    let away = NexusError::handler(NexusHandlerError::Unavailable, "out to lunch");
    env.on_nexus(CHARGE)
        .times(3)
        .fails(away.clone())
        .fails(away)
        .returns(39);
    charge_pen(&env, E::NexusOperationCompleted).await;
    let calls = env.nexus_calls(CHARGE);
    let refused = calls[0].result.clone().unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "out to lunch");
    assert_eq!(calls[2].result, Some(Ok(39)));
    assert!(!watch.at(calls[2].at).is_zero(), "it backs off");
}

#[tokio::test]
async fn a_handler_may_refuse_for_good() {
    let env = TestEnv::new();
    let unknown = NexusError::handler(NexusHandlerError::Internal, "no such card").non_retryable();
    env.on_nexus(CHARGE).once().fails(unknown);
    let events = charge_pen(&env, E::NexusOperationFailed).await;
    assert_eq!(cause(&events).message, "no such card");
}

#[tokio::test]
async fn an_operation_that_goes_on_can_be_canceled() {
    let env = TestEnv::new();
    env.on_nexus(CHARGE).goes_on();
    let caller = Caller::new(&env);
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![schedule_operation(call("charge"))],
        E::NexusOperationStarted => vec![cancel_operation(5)],
        _ => vec![],
    };
    caller.run(E::NexusOperationCanceled, decide).await;
    let calls = env.nexus_calls(CHARGE);
    assert!(calls[0].is_cancel_requested);
    assert_eq!(calls[0].result, Some(Err(NexusError::canceled())));
}

#[tokio::test]
async fn an_operation_that_goes_on_runs_into_its_timeout() {
    let env = TestEnv::new();
    env.on_nexus(CHARGE).goes_on();
    let watch = Stopwatch::start(&env);
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![schedule_operation(
            ScheduleNexusOperationCommandAttributes {
                schedule_to_close_timeout: seconds(3600.0),
                ..call("charge")
            },
        )],
        _ => vec![],
    };
    Caller::new(&env)
        .run(E::NexusOperationTimedOut, decide)
        .await;
    assert_eq!(watch.elapsed(), HOUR);
    assert_eq!(env.nexus_calls(CHARGE)[0].result, None);
}

#[tokio::test]
async fn of_several_mocks_the_last_one_that_is_for_the_input_answers() {
    let env = TestEnv::new().mock_nexus(CHARGE, |_| Ok(1));
    env.on_nexus(CHARGE)
        .with_args("pen".to_owned())
        .once()
        .returns(2);
    env.on_nexus(CHARGE).with(|order| order == "ink").never();
    for _ in 0..2 {
        charge_pen(&env, E::NexusOperationCompleted).await;
    }
    let results = env.nexus_calls(CHARGE).into_iter().map(|call| call.result);
    assert!(results.eq([Some(Ok(2)), Some(Ok(1))]));
    env.verify();
}

#[tokio::test]
#[should_panic(
    expected = "the Nexus operation `bank/cards/refund` was called with (\"pen\"), and \
                           nobody mocked it; mocked are `bank/cards/charge`"
)]
async fn an_operation_that_nobody_mocked_fails_the_test_at_once() {
    let env = TestEnv::new().mock_nexus(CHARGE, |_| Ok(1));
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![schedule_operation(call("refund"))],
        _ => vec![],
    };
    Caller::new(&env).run(E::NexusOperationFailed, decide).await;
}

#[tokio::test]
#[should_panic(expected = "the mock of `bank/cards/charge` panicked: no pens")]
async fn a_panic_in_a_mock_fails_the_test() {
    let env = TestEnv::new().mock_nexus(CHARGE, |order| panic!("no {order}s"));
    charge_pen(&env, E::NexusOperationCompleted).await;
}

#[tokio::test]
#[should_panic(expected = "the mock of `bank/cards/charge` panicked: no pens")]
async fn a_panic_in_a_matcher_fails_the_test() {
    let env = TestEnv::new();
    env.on_nexus(CHARGE)
        .with(|order| panic!("no {order}s"))
        .returns(39);
    charge_pen(&env, E::NexusOperationCompleted).await;
}

#[tokio::test]
#[should_panic(expected = "is to end after 1h with an error that only the answer to a call can be")]
async fn a_handler_that_refuses_later_fails_the_test() {
    let env = TestEnv::new();
    let unknown = NexusError::handler(NexusHandlerError::NotFound, "no such card");
    env.on_nexus(CHARGE).after(HOUR).fails(unknown);
    charge_pen(&env, E::NexusOperationCompleted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_at_two_endpoints_keep_to_themselves_what_comes_of_them() {
    let both_run = Arc::new(Barrier::new(2));
    let meets = Arc::clone(&both_run);
    let env = TestEnv::new().mock_nexus(CHARGE, move |_| {
        block_in_place(|| meets.wait());
        Ok(39)
    });
    env.on_nexus(SEND).after(HOUR).answers(move |_| {
        block_in_place(|| both_run.wait());
        Err(NexusError::failed("Lost", "no trace"))
    });
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![
            schedule_operation(call("charge")),
            schedule_operation(send_parcel()),
        ],
        _ => vec![],
    };
    Caller::new(&env).run(E::NexusOperationFailed, decide).await;
    assert_eq!(env.nexus_calls(CHARGE)[0].result, Some(Ok(39)));
    let lost = NexusError::failed("Lost", "no trace");
    assert_eq!(env.nexus_calls(SEND)[0].result, Some(Err(lost)));
}

#[tokio::test]
async fn calls_that_did_not_come_are_reported_at_the_end() {
    let env = TestEnv::new();
    env.on_nexus(CHARGE)
        .with_args("pen".to_owned())
        .times(2)
        .returns(39);
    charge_pen(&env, E::NexusOperationCompleted).await;
    let panic = catch_unwind(AssertUnwindSafe(|| env.verify())).unwrap_err();
    let report = *panic.downcast::<String>().unwrap();
    let want = [
        "the mocks of `bank/cards/charge`:",
        "- calls with (\"pen\"): expected twice, called once (mocked at testing/tests/env/",
        "1. (\"pen\"), at +0s: 39",
    ];
    for part in want {
        assert!(report.contains(part), "no {part:?} in:\n{report}");
    }
}

#[tokio::test]
async fn an_endpoint_of_the_tests_own_can_be_mocked() {
    let env = TestEnv::new();
    let peer = Peer::new(env.server().service(), "owner");
    let mut spec = peer.endpoint_spec();
    spec.name = "bank".to_owned();
    peer.create_endpoint(spec).await.unwrap();
    env.on_nexus(CHARGE).once().returns(39);
    charge_pen(&env, E::NexusOperationCompleted).await;
    env.verify();
}
