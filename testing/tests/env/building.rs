//! Environments that differ from the default.

use std::time::{Duration, SystemTime};

use outlast::SearchAttributeValue;
use outlast_testing::{DevServer, DevServerError, SearchAttributeType, TestEnv};

use crate::scene::*;

#[tokio::test]
async fn a_clock_can_start_at_any_time() {
    let day = 86_400;
    for (text, seconds) in [
        ("1970-01-02", day),
        ("1970-01-02T00:00:01Z", day + 1),
        ("1970-01-02T02:00:00+01:00", day + 3600),
    ] {
        let env = TestEnv::starting_at(text);
        let want = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(env.now(), want, "{text}");
    }
}

#[tokio::test]
#[should_panic(expected = "\"tomorrow\" is no time such as `2030-01-01`")]
async fn a_text_that_is_no_time_is_refused() {
    let _ = TestEnv::starting_at("tomorrow");
}

#[tokio::test]
async fn an_environment_can_have_another_namespace() {
    let env = TestEnv::builder().namespace("shop").build();
    env.on(charge).once().returns(7);
    let buying = env.start(buy, 1).await;
    assert_eq!(buying.result().await.unwrap(), 7);
    assert_eq!(env.client().namespace(), "shop");
    assert_eq!(env.history(&buying).len(), 11);
}

#[tokio::test]
async fn search_attributes_are_free_unless_some_are_registered() {
    let customer = SearchAttributeValue::Keyword("ada".to_owned());
    let env = TestEnv::new().mock(charge, |_| Ok(7));
    let start = env
        .start(buy, 1)
        .with(|call| call.search_attribute("CustomerId", customer));
    assert_eq!(start.await.result().await.unwrap(), 7);
}

#[tokio::test]
#[should_panic(expected = "the start of `buy` at testing/tests/env/building.rs")]
async fn a_search_attribute_that_is_not_registered_is_refused() {
    let env = TestEnv::builder()
        .search_attribute("OrderId", SearchAttributeType::Keyword)
        .build();
    let customer = SearchAttributeValue::Keyword("ada".to_owned());
    env.start(buy, 1)
        .with(|call| call.search_attribute("CustomerId", customer))
        .await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_runs() {
    let run_id = async |seed| {
        let env = TestEnv::builder().seed(seed).build();
        env.on(charge).returns(7);
        let buying = env.start(buy, 1).await;
        buying.result().await.unwrap();
        buying.run_id().unwrap().clone()
    };
    assert_eq!(run_id(1).await, run_id(1).await);
    assert_ne!(run_id(1).await, run_id(2).await);
}

#[tokio::test]
async fn workers_can_be_set_up_as_the_application_has_them() {
    let env = TestEnv::builder()
        .worker(|worker| worker.identity("till-7").max_cached_workflows(0))
        .build()
        .mock(charge, |_| Ok(7));
    let buying = env.start(buy, 1).await;
    assert_eq!(buying.result().await.unwrap(), 7);
    let history = env.history(&buying);
    let wire = outlast::raw::proto::temporal::api::history::v1::History::from(history);
    assert!(format!("{wire:?}").contains("till-7"));
}

#[tokio::test]
async fn a_development_server_that_is_not_installed_is_named() {
    let server = DevServer::builder().program("/no/such/temporal").start();
    let error = server.await.unwrap_err();
    assert!(matches!(error, DevServerError::NotInstalled { .. }));
    assert!(
        error.to_string().contains("install the Temporal CLI"),
        "{error}"
    );
}

#[tokio::test]
async fn a_development_server_that_ends_at_once_says_why() {
    let server = DevServer::builder().program("/bin/false").start();
    let error = server.await.unwrap_err();
    assert!(matches!(error, DevServerError::Ended { .. }), "{error}");
}

/// Where a server can be started, it is.
#[tokio::test]
async fn a_development_server_runs_the_same_tests() {
    if std::env::var_os("OUTLAST_TEMPORAL").is_none() {
        return;
    }
    let server = DevServer::start().await.unwrap();
    let env = TestEnv::attach(server.client().await.unwrap());
    env.on(charge).once().returns(7);
    assert_eq!(env.execute(buy, 1).await.unwrap(), 7);
    env.verify();
    drop(server);
    crate::support::real_server::report("env: development server");
}
