//! The clock over TCP, as clients of Temporal's own test server work it. A real server has none.

#![allow(clippy::disallowed_macros, reason = "clients wait as the runtime does")]

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use outlast_proto::temporal::api::testservice::v1 as api;
use outlast_proto::temporal::api::testservice::v1::test_service_client::TestServiceClient;
use outlast_testing::{Server, ServerOptions, TimeMode};
use prost_types::Timestamp;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

/// In seconds.
const DAY: i64 = 86_400;

/// A client of a server's clock.
#[derive(Clone)]
struct Clock(TestServiceClient<Channel>);

impl Clock {
    /// The server's time, in seconds.
    async fn now(&mut self) -> i64 {
        let now = self.0.get_current_time(()).await.unwrap().into_inner();
        now.time.unwrap().seconds
    }

    async fn lock(&mut self) {
        let request = api::LockTimeSkippingRequest {};
        self.0.lock_time_skipping(request).await.unwrap();
    }

    async fn unlock(&mut self) -> Result<(), Status> {
        let request = api::UnlockTimeSkippingRequest {};
        self.0.unlock_time_skipping(request).await.map(drop)
    }

    async fn sleep(&mut self, seconds: i64) -> Result<(), Status> {
        self.0.sleep(duration(seconds)).await.map(drop)
    }

    async fn sleep_unlocked(&mut self, seconds: i64) -> Result<(), Status> {
        let request = duration(seconds);
        self.0.unlock_time_skipping_with_sleep(request).await?;
        Ok(())
    }

    async fn sleep_until(&mut self, seconds: i64) -> Result<(), Status> {
        let timestamp = Some(Timestamp { seconds, nanos: 0 });
        let request = api::SleepUntilRequest { timestamp };
        self.0.sleep_until(request).await.map(drop)
    }

    /// Lets a call get to the server and back, if it comes back; tells whether it has.
    async fn returns<F: Future>(&mut self, call: &mut Pin<Box<F>>) -> bool {
        for _ in 0..20 {
            let polled = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
            if polled.is_ready() {
                return true;
            }
            self.now().await;
        }
        false
    }
}

fn duration(seconds: i64) -> api::SleepRequest {
    api::SleepRequest {
        duration: Some(prost_types::Duration { seconds, nanos: 0 }),
    }
}

/// Runs a test beside a server whose clock skips.
async fn with_clock(test: impl AsyncFn(&mut Clock)) {
    let options = ServerOptions {
        time: TimeMode::Skipping,
        ..ServerOptions::default()
    };
    let any_port = ([127, 0, 0, 1], 0).into();
    let bound = Server::new(options).bind(any_port).unwrap();
    let address = format!("http://{}", bound.local_address().unwrap());
    let run = async {
        let channel = Endpoint::new(address).unwrap().connect().await.unwrap();
        test(&mut Clock(TestServiceClient::new(channel))).await;
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), run);
    tokio::select! {
        served = bound.serve(std::future::pending()) => panic!("the server ended: {served:?}"),
        ended = in_time => ended.expect("no day passes by the wall's clock"),
    }
}

#[tokio::test]
async fn who_sleeps_sleeps_through_days_in_no_time() {
    with_clock(async |clock| {
        let before = clock.now().await;
        clock.sleep(DAY).await.unwrap();
        let slept = clock.now().await - before;
        assert!((DAY..DAY + 60).contains(&slept), "{slept}");
    })
    .await;
}

#[tokio::test]
async fn sleeping_until_a_moment_ends_at_that_moment() {
    with_clock(async |clock| {
        let then = clock.now().await + DAY;
        clock.sleep_until(then).await.unwrap();
        let late = clock.now().await - then;
        assert!((0..60).contains(&late), "{late}");
    })
    .await;
}

#[tokio::test]
async fn a_moment_of_the_past_needs_no_sleep_even_if_time_is_locked() {
    with_clock(async |clock| {
        let before = clock.now().await;
        clock.lock().await;
        for moment in [before - DAY, before, 0, -DAY] {
            clock.sleep_until(moment).await.unwrap();
        }
        let unset = api::SleepUntilRequest { timestamp: None };
        clock.0.sleep_until(unset).await.unwrap();
        clock.sleep(0).await.unwrap();
        clock.sleep(-DAY).await.unwrap();
        assert!(clock.now().await - before < 60);
    })
    .await;
}

#[tokio::test]
async fn a_locked_clock_lets_sleepers_wait_until_every_lock_is_gone() {
    with_clock(async |clock| {
        let (mut by_length, mut by_moment) = (clock.clone(), clock.clone());
        let then = clock.now().await + DAY;
        clock.lock().await;
        clock.lock().await;
        let mut sleep = Box::pin(by_length.sleep(DAY));
        let mut until = Box::pin(by_moment.sleep_until(then));
        assert!(!clock.returns(&mut sleep).await && !clock.returns(&mut until).await);
        clock.unlock().await.unwrap();
        assert!(!clock.returns(&mut sleep).await && !clock.returns(&mut until).await);
        clock.unlock().await.unwrap();
        sleep.await.unwrap();
        until.await.unwrap();
        assert!(clock.now().await >= then);
    })
    .await;
}

#[tokio::test]
async fn sleeping_unlocked_lends_one_lock_and_takes_it_back() {
    with_clock(async |clock| {
        let before = clock.now().await;
        clock.lock().await;
        clock.sleep_unlocked(DAY).await.unwrap();
        assert!(clock.now().await >= before + DAY);
        let mut locked = clock.clone();
        let mut sleep = Box::pin(locked.sleep(DAY));
        assert!(!clock.returns(&mut sleep).await, "it is locked again");
        clock.unlock().await.unwrap();
        sleep.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_of_two_locks_still_holds_who_sleeps_unlocked() {
    with_clock(async |clock| {
        clock.lock().await;
        clock.lock().await;
        let mut twice_locked = clock.clone();
        let mut sleep = Box::pin(twice_locked.sleep_unlocked(DAY));
        assert!(!clock.returns(&mut sleep).await);
        clock.unlock().await.unwrap();
        sleep.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_is_not_locked_cannot_be_unlocked() {
    with_clock(async |clock| {
        for again in 0..2 {
            let refused = [clock.unlock().await, clock.sleep_unlocked(DAY).await];
            for refused in refused {
                let refused = refused.unwrap_err();
                assert_eq!(refused.code(), Code::FailedPrecondition, "{again}");
                assert!(refused.message().starts_with("unbalanced unlock"));
            }
            clock.lock().await;
            clock.unlock().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn moments_and_lengths_beyond_all_time_are_refused() {
    with_clock(async |clock| {
        let before = clock.now().await;
        clock.lock().await;
        for beyond in [253_402_300_800, i64::MAX] {
            let refused = clock.sleep_until(beyond).await.unwrap_err();
            assert_eq!(refused.message(), "timestamp is out of range");
        }
        for beyond in [315_576_000_001, i64::MAX] {
            for refused in [
                clock.sleep(beyond).await,
                clock.sleep_unlocked(beyond).await,
            ] {
                let refused = refused.unwrap_err();
                assert_eq!(refused.code(), Code::InvalidArgument);
                assert_eq!(refused.message(), "duration is out of range");
            }
        }
        clock.unlock().await.expect("its lock was not taken");
        assert!(clock.now().await - before < 60);
    })
    .await;
}
