//! Code of the test that asks the environment while the environment runs it.

use std::sync::{Arc, OnceLock, Weak};

use outlast::prelude::*;
use outlast::raw::proto::temporal::api::enums::v1::EventType as E;
use outlast::{Payload, convert::ToPayload};
use outlast_testing::TestEnv;

use crate::nexus_mocks::{CHARGE, charge_pen};
use crate::scene::*;

/// Where closures find the environment that they are part of.
#[derive(Clone, Default)]
struct Place(Arc<OnceLock<Weak<TestEnv>>>);

impl Place {
    fn env(&self) -> Arc<TestEnv> {
        let env = self.0.get().and_then(Weak::upgrade);
        env.expect("the test has put its environment here")
    }

    fn put(&self, env: TestEnv) -> Arc<TestEnv> {
        let env = Arc::new(env);
        self.0.set(Arc::downgrade(&env)).unwrap();
        env
    }
}

#[workflow]
async fn ship(ctx: WorkflowContext, order: String) -> WorkflowResult<usize> {
    unreachable!("no test ships {order} for real, in {ctx:?}")
}

#[tokio::test]
async fn a_matcher_of_an_activity_may_ask_for_its_calls() {
    let place = Place::default();
    let env = place.put(TestEnv::new());
    env.on(charge)
        .with(move |_| place.env().calls(charge).len() == 1)
        .returns(7);
    assert_eq!(env.execute(buy, 5).await.unwrap(), 7);
}

#[tokio::test]
async fn a_matcher_may_mock_something_else() {
    let place = Place::default();
    let env = place.put(TestEnv::new());
    env.on(charge).returns(7);
    env.on(charge).with(move |_| {
        place.env().on(refund).never();
        false
    });
    assert_eq!(env.execute(buy, 5).await.unwrap(), 7);
}

#[tokio::test]
async fn a_mock_of_an_activity_may_ask_for_its_calls() {
    let (place, other) = (Place::default(), Place::default());
    let (asks, asks_too) = (place.clone(), other.clone());
    let mocked = TestEnv::new().mock(charge, move |_| Ok(asks.env().calls(charge).len() as u64));
    let env = place.put(mocked);
    assert_eq!(env.execute(buy, 5).await.unwrap(), 1);

    let fallback = move |_: &ActivityContext, _: &[Payload]| {
        Ok((asks_too.env().activities_called().len() as u64).to_payload()?)
    };
    let env = other.put(TestEnv::new().mock_others(fallback));
    assert_eq!(env.execute(buy, 5).await.unwrap(), 1);
}

#[tokio::test]
async fn a_matcher_and_a_mock_of_a_nexus_operation_may_ask_for_its_calls() {
    let place = Place::default();
    let env = place.put(TestEnv::new());
    let (matches, answers) = (place.clone(), place);
    env.on_nexus(CHARGE)
        .with(move |_| matches.env().nexus_calls(CHARGE).is_empty())
        .answers(move |_| Ok(answers.env().nexus_calls(CHARGE).len() as u64));
    charge_pen(&env, E::NexusOperationCompleted).await;
    assert_eq!(env.nexus_calls(CHARGE)[0].result, Some(Ok(1)));
}

#[tokio::test]
async fn a_mocked_workflow_may_ask_for_its_inputs() {
    let place = Place::default();
    let asks = place.clone();
    let ships = move |_| Ok(asks.env().workflow_calls(ship).len());
    let env = place.put(TestEnv::new().mock_workflow(ship, ships));
    let shipping = env.start_mocked(ship, "pen".to_owned()).await;
    assert_eq!(shipping.result().await.unwrap(), 1);
}

#[tokio::test]
async fn a_callback_may_wait_for_a_query() {
    let place = Place::default();
    let env = place.put(TestEnv::new());
    let approval = env.start(Approval::run, 1).id("a").await;
    env.after(HOUR, async move {
        let env = place.env();
        env.client()
            .workflow(Approval::run, "a")
            .query(Approval::count, ())
            .await
    });
    env.sleep(2 * HOUR).await;
    approval.terminate("nobody approves").await.unwrap();
}

#[tokio::test]
async fn what_a_test_sets_on_workers_may_look_at_the_environment() {
    let place = Place::default();
    let asks = place.clone();
    let builder = TestEnv::builder().worker(move |worker| {
        assert!(asks.env().client().namespace() == "default");
        worker
    });
    let env = place.put(builder.build().mock(charge, |_| Ok(7)));
    assert_eq!(env.execute(buy, 5).await.unwrap(), 7);
}
