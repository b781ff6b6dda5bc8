//! Timers.

use outlast_proto::temporal::api::enums::v1::EventType::{self as E};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

use crate::conform;
use crate::support::builders::*;
use crate::support::peer::*;

#[tokio::test]
async fn simultaneous_timers_fire_in_creation_order_in_one_task() {
    conform("timers", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let timers = ["c", "a", "b"].map(|id| start_timer(id, 1.0)).to_vec();
        peer.complete(&task, timers).await.unwrap();
        let task = peer.poll().await;
        let fired: Vec<&str> = events_of(&task).iter().filter_map(fired_timer).collect();
        assert_eq!(fired, ["c", "a", "b"]);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn canceling_a_fired_timer_takes_back_its_firing() {
    conform("unfire", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        peer.complete(&task, vec![start_timer("t", 0.5)])
            .await
            .unwrap();
        peer.signal("now").await.unwrap();
        let task = peer.poll().await;
        // What fires meanwhile is not in the history yet. A timer that is due later tells.
        let later = peer.kin("later");
        later.start().await;
        let started = vec![start_timer("t", 0.5)];
        later.complete(&later.poll().await, started).await.unwrap();
        later.until(E::TimerFired).await;
        later.terminate("").await.unwrap();
        peer.complete(&task, vec![cancel_timer("t"), complete_workflow("done")])
            .await
            .unwrap();
        let want = [
            E::WorkflowTaskCompleted,
            E::TimerCanceled,
            E::WorkflowExecutionCompleted,
        ];
        assert_eq!(peer.types().await[8..], want);
    })
    .await;
}

#[tokio::test]
async fn a_timer_of_no_time_fires_at_once() {
    conform("notime", async |peer| {
        peer.start().await;
        let task = peer.poll().await;
        let timers = vec![start_timer("zero", 0.0), start_timer("zero-too", 0.0)];
        peer.complete(&task, timers).await.unwrap();
        let task = peer.poll().await;
        let fired: Vec<&str> = events_of(&task).iter().filter_map(fired_timer).collect();
        assert_eq!(fired, ["zero", "zero-too"]);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_id_of_a_timer_that_is_over_is_free_again() {
    conform("timerid", async |peer| {
        peer.start().await;
        peer.answer(start_timer("t", 0.1)).await;
        let task = peer.poll().await;
        let again = vec![
            start_timer("t", 60.0),
            cancel_timer("t"),
            start_timer("t", 0.1),
        ];
        peer.complete(&task, again).await.unwrap();
        let task = peer.poll().await;
        let fired: Vec<&str> = events_of(&task).iter().filter_map(fired_timer).collect();
        assert_eq!(fired, ["t", "t"]);
        peer.complete(&task, vec![complete_workflow("done")])
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn timers_may_be_set_for_a_hundred_years_at_most() {
    conform("century", async |peer| {
        peer.start().await;
        peer.answer(start_timer("t", 300_000_000_000.0)).await;
        peer.describe("").await;
        let events = peer.history().await;
        let Some(Attributes::TimerStartedEventAttributes(started)) = &events[4].attributes else {
            panic!("{events:?}")
        };
        assert_eq!(started.start_to_fire_timeout, seconds(3_153_600_000.0));
        peer.terminate("").await.unwrap();
    })
    .await;
}

fn fired_timer(event: &HistoryEvent) -> Option<&str> {
    match &event.attributes {
        Some(Attributes::TimerFiredEventAttributes(a)) => Some(&a.timer_id),
        _ => None,
    }
}
