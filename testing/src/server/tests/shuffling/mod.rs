//! A busy server in many orders: whatever the order, all goes well, and it can be repeated.

mod family;
mod traces;
mod work;

use proptest::prelude::*;

use self::family::{Family, histories};
use self::traces::{Recorder, Repeater, Trace};
use super::scene::types;
use crate::server::{Engine, Order, Seeded, ServerOptions};

fn options(seed: u64, order: Order) -> ServerOptions {
    ServerOptions {
        seed,
        order,
        ..ServerOptions::default()
    }
}

fn shuffled(seed: u64) -> Family {
    Family::raise(Engine::new(options(seed, Order::Shuffled)))
}

/// A family whose picks were noted.
fn recorded(seed: u64) -> (Family, Trace) {
    let trace = Trace::default();
    let recorder = Recorder::new(Seeded::new(seed, Order::Shuffled), &trace);
    let engine = Engine::with_oracle(options(seed, Order::Shuffled), Box::new(recorder));
    (Family::raise(engine), trace)
}

#[test]
fn all_goes_well_in_the_usual_order() {
    let family = Family::raise(Engine::new(options(0, Order::Arrival)));
    assert_eq!(family.results(), Family::EXPECTED);
}

#[test]
fn the_same_seed_shuffles_alike() {
    assert_eq!(histories(&shuffled(3)), histories(&shuffled(3)));
}

#[test]
fn seeds_come_to_different_orders() {
    let in_order = Family::raise(Engine::new(options(0, Order::Arrival)));
    let mut orders = vec![in_order.kinds()];
    orders.extend((0..8).map(|seed| shuffled(seed).kinds()));
    orders.sort();
    orders.dedup();
    assert!(orders.len() > 4, "{} orders", orders.len());
}

#[test]
fn picks_that_were_noted_bring_the_same_histories_back() {
    let (family, trace) = recorded(11);
    let repeater = Repeater::new(Seeded::new(11, Order::Arrival), &trace);
    let engine = Engine::with_oracle(options(11, Order::Arrival), Box::new(repeater));
    let repeated = Family::raise(engine);
    assert_eq!(histories(&repeated), histories(&family));
    assert_ne!(trace.len(), 0);
}

#[test]
fn an_oracle_hears_what_each_pick_is_about() {
    let (_, trace) = recorded(11);
    let seen = trace.sites();
    for site in ["delivery", "dispatch", "due", "poll", "queue", "task"] {
        assert!(seen.contains(site), "{site} is not among {seen:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_order_is_a_legal_one(seed: u64) {
        let family = shuffled(seed);
        prop_assert_eq!(family.results(), Family::EXPECTED);
        for (id, events) in family.scene.engine.histories() {
            let ids = events.iter().map(|event| event.event_id);
            prop_assert!(ids.eq(1..=events.len() as i64), "event ids of {}", id);
            prop_assert!(family::tasks_alternate(&types(&events)), "tasks of {}", id);
            prop_assert!(events.is_sorted_by_key(family::time_of), "times of {}", id);
        }
    }
}
