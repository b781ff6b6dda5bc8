//! Workflows that others signal and cancel by their ids.

use std::time::Duration;

use outlast::raw::proto::temporal::api::enums::v1::EventType as E;
use outlast_testing::TestEnv;

use crate::caller::Caller;
use crate::scene::*;
use crate::support::builders::{cancel_external, signal_external};

#[tokio::test]
async fn somebody_stands_in_for_a_workflow_that_is_signaled() {
    let env = TestEnv::new();
    let customer = env.stand_in("customer-7").await;
    let other = env.stand_in("customer-8").await;
    let theirs = env.client().workflow_by_id("customer-7");
    for count in [1u32, 2] {
        theirs.signal_by_name("greet", (count,)).await.unwrap();
    }
    env.sleep(Duration::from_secs(1)).await;
    assert_eq!(customer.signals::<(u32,)>("greet"), [(1,), (2,)]);
    assert_eq!(env.signals::<(u32,)>("customer-7", "greet"), [(1,), (2,)]);
    assert_eq!(other.signals::<(u32,)>("greet"), []);
}

#[tokio::test]
async fn a_stand_in_takes_note_of_its_cancellation_and_goes_on() {
    let env = TestEnv::new();
    let customer = env.stand_in("customer-7").await;
    assert_eq!(customer.cancel_request(), None);
    env.sleep(HOUR).await;
    let theirs = env.client().workflow_by_id("customer-7");
    theirs.cancel().reason("the shop closes").await.unwrap();
    env.sleep(HOUR).await;
    let request = customer.cancel_request().unwrap();
    assert_eq!(request.reason, "the shop closes");
    assert_eq!(request.by, None);
    assert_eq!(request.identity, env.client().identity());
    assert_eq!(request.at, env.now() - HOUR);
    assert_eq!(env.cancel_request("customer-7"), Some(request));
    assert!(theirs.signal_by_name("greet", ()).await.is_ok());
}

#[tokio::test]
async fn a_workflow_under_test_signals_and_cancels_a_stand_in() {
    let env = TestEnv::new();
    let customer = env.stand_in("customer-7").await;
    let caller = Caller::new(&env);
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![
            signal_external("customer-7", "greet"),
            cancel_external("customer-7"),
        ],
        _ => vec![],
    };
    caller
        .run(E::ExternalWorkflowExecutionCancelRequested, decide)
        .await;
    let greeting = customer.received::<()>("greet")[0].clone();
    assert_eq!(greeting.at, env.now());
    assert_eq!(
        greeting.by.unwrap().workflow_id.as_str(),
        caller.workflow_id()
    );
    let by = customer.cancel_request().unwrap().by.unwrap();
    assert_eq!(by.workflow_id.as_str(), caller.workflow_id());
}

#[tokio::test]
async fn nobody_takes_what_is_sent_to_a_workflow_that_does_not_exist() {
    let env = TestEnv::new();
    let nobody = env.client().workflow_by_id("customer-9");
    assert!(nobody.signal_by_name("greet", ()).await.is_err());
    let decide = |event| match event {
        E::WorkflowExecutionStarted => vec![signal_external("customer-9", "greet")],
        _ => vec![],
    };
    let failed = E::SignalExternalWorkflowExecutionFailed;
    let events = Caller::new(&env).run(failed, decide).await;
    assert!(events.iter().any(|event| event.event_type() == failed));
}

#[tokio::test]
#[should_panic(expected = "the signal `greet` of `customer-7` came with (1), which the types")]
async fn signals_are_read_with_the_types_that_they_were_sent_with() {
    let env = TestEnv::new();
    let customer = env.stand_in("customer-7").await;
    let theirs = env.client().workflow_by_id("customer-7");
    theirs.signal_by_name("greet", (1,)).await.unwrap();
    let _ = customer.signals::<(String,)>("greet");
}
