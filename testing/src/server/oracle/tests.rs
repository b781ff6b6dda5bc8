//! What oracles draw and pick.

use std::collections::BTreeSet;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::server::time::end::end_of_time;

fn shuffled() -> Seeded {
    Seeded::new(7, Order::Shuffled)
}

fn workflow(name: &str) -> Subject<'_> {
    Subject::named("default", name)
}

/// The next picks of three about a workflow.
fn picks(oracle: &mut Seeded, name: &str) -> Vec<usize> {
    let pick = |_| oracle.pick(Site::Task, workflow(name), 3);
    (0..20).map(pick).collect()
}

#[test]
fn a_question_always_has_the_same_answer() {
    let mut oracle = shuffled();
    let before = oracle.draw(Site::Run, workflow("w"));
    picks(&mut oracle, "w");
    assert_eq!(oracle.draw(Site::Run, workflow("w")), before);
    assert_eq!(shuffled().draw(Site::Run, workflow("w")), before);
}

#[test]
fn whatever_a_question_names_makes_a_difference() {
    let subject = Subject {
        namespace: "ab",
        name: "c",
        run: 1,
        number: 2,
    };
    let (namespace, name) = ("a", "bc");
    let questions = [
        (7, Site::Run, subject),
        (8, Site::Run, subject),
        (7, Site::Start, subject),
        (
            7,
            Site::Run,
            Subject {
                namespace,
                ..subject
            },
        ),
        (7, Site::Run, Subject { name, ..subject }),
        (
            7,
            Site::Run,
            Subject {
                namespace,
                name,
                ..subject
            },
        ),
        (7, Site::Run, Subject { run: 2, ..subject }),
        (
            7,
            Site::Run,
            Subject {
                number: 1,
                ..subject
            },
        ),
        (
            7,
            Site::Run,
            Subject {
                run: 2,
                number: 1,
                ..subject
            },
        ),
    ];
    let draw = |(seed, site, subject)| Seeded::new(seed, Order::Arrival).draw(site, subject);
    let drawn: BTreeSet<u64> = questions.map(draw).into();
    assert_eq!(drawn.len(), questions.len());
}

#[test]
fn a_shuffling_oracle_picks_everything_at_some_time() {
    let seen: BTreeSet<usize> = picks(&mut shuffled(), "w").into_iter().collect();
    assert!(seen.into_iter().eq(0..3));
}

#[test]
fn an_oracle_that_keeps_order_picks_what_came_first() {
    let mut oracle = Seeded::new(7, Order::Arrival);
    assert!(oracle.keeps_order());
    assert_eq!(picks(&mut oracle, "w"), [0; 20]);
}

#[test]
fn picks_about_one_subject_do_not_depend_on_picks_about_another() {
    let alone = picks(&mut shuffled(), "w");
    let mut oracle = shuffled();
    picks(&mut oracle, "v");
    assert_eq!(picks(&mut oracle, "w"), alone);
}

#[test]
fn instants_are_told_apart_for_as_long_as_there_is_time() {
    let late = end_of_time() - Duration::from_secs(1);
    let number = |moment| Subject::instant(moment).number;
    for moment in [UNIX_EPOCH, late] {
        let next = moment + Duration::from_nanos(1);
        assert_ne!(number(moment), number(next));
    }
}

#[test]
fn things_are_arranged_by_one_pick_after_the_other() {
    /// Picks the middle of what is left.
    #[derive(Debug)]
    struct Middle;

    impl Oracle for Middle {
        fn draw(&self, _site: Site, _subject: Subject<'_>) -> u64 {
            0
        }

        fn pick(&mut self, _site: Site, _subject: Subject<'_>, count: usize) -> usize {
            count / 2
        }
    }

    let mut decisions = Decisions::new(Box::new(Middle));
    let arranged = decisions.arrange(Site::Batch, workflow("w"), vec!["a", "b", "c", "d"]);
    assert_eq!(arranged, ["c", "b", "d", "a"]);
}

/// Picks something that is not there.
#[derive(Debug)]
struct Beyond;

impl Oracle for Beyond {
    fn draw(&self, _site: Site, _subject: Subject<'_>) -> u64 {
        0
    }

    fn pick(&mut self, _site: Site, _subject: Subject<'_>, count: usize) -> usize {
        count
    }
}

#[test]
#[should_panic(expected = "Beyond picked 2 of 2")]
fn a_pick_of_something_that_is_not_there_is_refused() {
    Decisions::new(Box::new(Beyond)).pick(Site::Task, workflow("w"), 2);
}
