//! Which thread runs which run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::fake::{FakeServer, Queue, Said};
use super::history::*;
use super::start;
use crate::prelude::*;

/// The names of the threads that ran the code of each run, in order.
static SEEN: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

fn note_thread(ctx: &WorkflowContext) {
    let name = thread::current().name().unwrap_or("unnamed").to_owned();
    let run = ctx.info().run_id().to_string();
    SEEN.lock().unwrap().entry(run).or_default().push(name);
}

#[workflow]
async fn notes_its_threads(ctx: WorkflowContext) -> WorkflowResult<()> {
    note_thread(&ctx);
    ctx.sleep(Duration::from_hours(1)).await?;
    note_thread(&ctx);
    Ok(())
}

async fn completed(server: &mut FakeServer) {
    let said = server.said().await;
    assert!(matches!(said, Said::TaskCompleted(_)), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_stays_on_the_thread_that_its_id_chooses() {
    let runs: Vec<String> = (0..16).map(|n| format!("run-{n}")).collect();
    let mut server = FakeServer::new();
    let worker = start(&server, |builder| {
        builder.workflow(notes_its_threads).workflow_threads(4)
    });
    for run in &runs {
        let task = first_task("notes_its_threads", None);
        server.workflow_task(Queue::Normal, of_run(task, run));
    }
    for _ in &runs {
        completed(&mut server).await;
    }
    for run in &runs {
        let task = task("notes_its_threads", woken_events());
        server.workflow_task(Queue::Sticky, of_run(task, run));
    }
    for _ in &runs {
        completed(&mut server).await;
    }
    worker.stop().await;

    let seen = SEEN.lock().unwrap();
    assert_eq!(seen.len(), runs.len());
    for (run, names) in &*seen {
        let [first, second] = &names[..] else {
            panic!("{run} ran {names:?}");
        };
        assert_eq!(first, second, "{run}");
    }
    let used: BTreeSet<_> = seen.values().flatten().map(String::as_str).collect();
    let expected = [0, 1, 2, 3].map(|n| format!("outlast-workflow-{n}"));
    assert!(used.iter().copied().eq(expected.iter()), "{used:?}");
}
