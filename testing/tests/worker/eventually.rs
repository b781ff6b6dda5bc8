//! Waiting for what a server does in its own time.

use std::time::Duration;

use outlast::WorkflowHandle;
use outlast::definition::Workflow;
use tokio::time::{sleep, timeout};

/// Looks again and again until there is something to see.
pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            sleep(PAUSE).await;
        }
    };
    let seen = timeout(DEADLINE, looking).await;
    seen.unwrap_or_else(|_| panic!("it did not come to this: {what}"))
}

/// The names of the events of the handle's run.
pub(crate) async fn events<K: Workflow>(workflow: &WorkflowHandle<K>) -> Vec<String> {
    let history = workflow.history().await.expect("there is a history");
    let names = history.summary().map(|line| match line.split_once(", ") {
        Some((_, name)) => name.to_owned(),
        None => line,
    });
    names.collect()
}

/// Waits until the history holds an event whose line begins so.
pub(crate) async fn event<K: Workflow>(workflow: &WorkflowHandle<K>, name: &str) {
    let look = async {
        while !events(workflow)
            .await
            .iter()
            .any(|event| event.starts_with(name))
        {
            sleep(PAUSE).await;
        }
    };
    if timeout(DEADLINE, look).await.is_err() {
        panic!("no event `{name}` in {:#?}", events(workflow).await);
    }
}

const PAUSE: Duration = Duration::from_millis(20);
const DEADLINE: Duration = Duration::from_secs(60);
