//! Whatever clients send, the server stays whole: it neither panics nor forgets a call nor writes a
//! history that makes no sense.
//!
//! Messages of all calls are made up from their descriptors, half of what is in them is plausible,
//! and what the server answers (ids of runs, tokens) goes into later messages. With every other seed,
//! the server shuffles what may happen in any order. The seeds are fixed, so the tests do the same
//! every time; `OUTLAST_HOSTILE_SEEDS=from..to` tries others.

mod attack;
mod calls;
mod dropped_polls;
mod histories;
mod loot;
mod messages;
mod values;

#[path = "../support/mod.rs"]
mod support;

use attack::Attack;

/// How many calls each seed makes.
const STEPS: usize = 400;

fn seeds() -> std::ops::Range<u64> {
    let Ok(range) = std::env::var("OUTLAST_HOSTILE_SEEDS") else {
        return 0..12;
    };
    let (from, to) = range.split_once("..").expect("the range is from..to");
    from.parse().unwrap()..to.parse().unwrap()
}

#[tokio::test]
async fn no_sequence_of_calls_breaks_the_server() {
    for seed in seeds() {
        let mut attack = Attack::new(seed);
        for _ in 0..STEPS {
            attack.step().await;
            attack.check_clock();
        }
        attack.check_runs().await;
        attack.end_all_runs().await;
        attack.check_runs().await;
        attack.check_rest().await;
    }
}

#[tokio::test]
async fn the_same_calls_get_the_same_answers() {
    for seed in seeds().take(3) {
        let (mut one, mut other) = (Attack::new(seed), Attack::new(seed));
        for step in 0..STEPS {
            one.step().await;
            other.step().await;
            assert_eq!(one.last(), other.last(), "seed {seed}, step {step}");
        }
    }
}
