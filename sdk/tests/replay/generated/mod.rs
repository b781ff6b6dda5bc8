//! Made-up workflows, lived through by a made-up server: whatever a worker does with a run
//! between its tasks, it answers the same.

mod kitchen;
mod server;

use std::sync::Arc;

use outlast::engine::Program;
use outlast::workflow::program;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use self::kitchen::{Action, Kitchen, actions};
use self::server::{Author, live};
use crate::story::{Plan, Source};

/// A workflow, what happens to it, and what a worker does meanwhile.
#[derive(Clone, Debug)]
struct Life {
    author: Author,
    actions: Vec<Action>,
    chances: Vec<u8>,
    plans: Vec<Plan>,
}

fn lives() -> impl Strategy<Value = Life> {
    let chances = prop::collection::vec(any::<u8>(), 8..200);
    let plans = prop::collection::vec(plan(), 3);
    let author = prop_oneof![
        3 => Just(Author::Outlast),
        1 => Just(Author::Python),
    ];
    (author, actions(), chances, plans).prop_map(|(author, actions, chances, plans)| Life {
        author,
        actions,
        chances,
        plans,
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    let source = prop_oneof![
        Just(Source::Rebuilt),
        Just(Source::Cached),
        Just(Source::CachedWithAll),
        Just(Source::CachedAndQueried),
        Just(Source::RebuiltForQuery),
    ];
    let page_size = prop_oneof![1..8usize, Just(usize::MAX)];
    (prop::collection::vec(source, 1..12), page_size)
        .prop_map(|(sources, page_size)| Plan { sources, page_size })
}

/// Lives the life once, and goes through it again by every plan.
fn check(life: &Life) -> Result<(), String> {
    let program: Arc<dyn Program> = program::<Kitchen>();
    let (story, live) = live(&program, life.author, &life.actions, &life.chances)?;
    let everything_rebuilt = Plan::default();
    for plan in life.plans.iter().chain([&everything_rebuilt]) {
        let again = story.answers(&program, plan)?;
        if let Some(place) = (0..live.len()).find(|&place| live[place] != again[place]) {
            return Err(format!(
                "by {plan:?}, the answer to task {} is\n{:?}\nand was\n{:?}\nin {:#?}",
                story.tasks[place].started,
                again[place],
                live[place],
                story.lines()
            ));
        }
        story.replay(&program, plan.page_size)?;
    }
    Ok(())
}

fn run_lives(config: Config, strategy: &impl Strategy<Value = Life>) -> Result<(), String> {
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(strategy, |life| check(&life).map_err(TestCaseError::fail));
    outcome.map_err(|failure| failure.to_string())
}

fn config(cases: u32) -> Config {
    Config {
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..Config::with_cases(std::env::var("OUTLAST_LIVES").map_or(cases, |text| {
            text.parse().expect("OUTLAST_LIVES is a number")
        }))
    }
}

#[test]
fn eviction_paging_and_overlap_change_no_answer() {
    run_lives(config(256), &lives()).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_workflow_that_decides_by_something_else_is_caught() {
    for cheat in [Action::CheatInCommand, Action::CheatInState] {
        let cheating = lives().prop_map(move |mut life| {
            life.actions.insert(0, Action::Sleep(1));
            life.actions.insert(1, cheat.clone());
            life.actions.insert(2, Action::Activity(0));
            life
        });
        let caught = run_lives(config(64), &cheating);
        assert!(caught.is_err(), "nobody noticed");
    }
}
