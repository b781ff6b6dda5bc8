//! Recorded histories, and the twins that replay them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outlast::definition::WorkflowFn;
use outlast::engine::{Event, HistoryPage, PageToken, Program, Run};
use outlast::workflow::{WorkflowImpl, program};
use outlast::{Replayer, WorkflowExecution, WorkflowHistory};

use crate::outcome::assert_outcome;
use crate::story::{Plan, Story};

/// A workflow that does what the recorded one did.
pub(crate) struct Twin {
    replayer: Replayer,
    program: Arc<dyn Program>,
}

pub(crate) fn twin<F, M>(function: F) -> Twin
where
    F: WorkflowFn<M>,
    F::Workflow: WorkflowImpl,
{
    Twin {
        replayer: Replayer::new().workflow(function),
        program: program::<F::Workflow>(),
    }
}

/// Replays recordings of our own with their twins.
pub(crate) fn assert_replay<const N: usize>(recordings: [(&str, Twin); N]) {
    for (name, twin) in recordings {
        assert_replays(name, &own(name), &twin);
    }
}

/// Replays recordings of others, if their folder is here. The names of those that were replayed
/// are added to the file that `OUTLAST_REPLAY_REPORT` names.
pub(crate) fn assert_replay_others<const N: usize>(recordings: [(&str, Twin); N]) {
    for (name, twin) in recordings {
        match others(name) {
            Some(history) => {
                assert_replays(name, &history, &twin);
                report(name);
            }
            None => skipped(name),
        }
    }
}

fn report(name: &str) {
    let Some(path) = std::env::var_os("OUTLAST_REPLAY_REPORT") else {
        return;
    };
    let report = OpenOptions::new().append(true).create(true).open(path);
    writeln!(report.expect("the report can be opened"), "{name}").expect("and written");
}

/// A recording that was made for this project.
pub(crate) fn own(name: &str) -> WorkflowHistory {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    read(&folder.join(format!("{name}.json"))).expect("the recording is in the repository")
}

fn others(name: &str) -> Option<WorkflowHistory> {
    let folder = std::env::var_os("OUTLAST_HISTORIES").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        root.join("../shared/histories")
    });
    let history = read(&folder.join(format!("{name}.json")));
    let is_complete = history.is_some() || !folder.exists();
    assert!(is_complete, "{} has no `{name}`", folder.display());
    history
}

fn read(path: &Path) -> Option<WorkflowHistory> {
    let file = std::fs::read_to_string(path).ok()?;
    let history = WorkflowHistory::from_json(&file);
    Some(history.unwrap_or_else(|error| panic!("{}: {error:?}", path.display())))
}

#[allow(clippy::print_stderr, reason = "a test that is passed over says so")]
fn skipped(name: &str) {
    eprintln!("passed over: `{name}` is not in the folder of histories of others");
}

fn assert_replays(name: &str, history: &WorkflowHistory, twin: &Twin) {
    let replay = twin.replayer.replay(history);
    let replay = replay.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_outcome(name, history, replay.outcome());

    let story = Story::of(&HistoryPage::from(history.clone()).events);
    for size in 1..=7 {
        let replayed = story.replay(&twin.program, size);
        replayed.unwrap_or_else(|error| panic!("{name}, pages of {size}: {error}"));
    }

    let answers = story
        .answers(&twin.program, &Plan::default())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    story.assert_recorded(name, &answers);
    for plan in Plan::some() {
        let found = story.answers(&twin.program, &plan);
        assert_eq!(found.as_ref(), Ok(&answers), "{name}, {plan:?}");
    }
}

pub(crate) fn new_run(program: &Arc<dyn Program>) -> Run {
    let execution = WorkflowExecution {
        workflow_id: "workflow".into(),
        run_id: "run".into(),
    };
    Run::new(Arc::clone(program), execution, "default")
}

/// The events in pages of that many; one empty page if there are none.
pub(crate) fn pages(events: &[Event], size: usize) -> Vec<HistoryPage> {
    let mut pages: Vec<_> = events
        .chunks(size)
        .map(|events| HistoryPage {
            events: events.to_vec(),
            next: Some(PageToken("next".into())),
        })
        .collect();
    match pages.last_mut() {
        Some(last) => last.next = None,
        None => pages.push(HistoryPage::default()),
    }
    pages
}
