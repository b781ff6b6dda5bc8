//! The histories that a test produced.

use outlast::definition::Workflow;
use outlast::{WorkflowHistory, WorkflowId};

use super::difference::Difference;
use super::shared::Shared;
use super::{TestEnv, TestHandle, transcript};

impl TestEnv {
    /// What happened to a workflow so far, in its latest run.
    ///
    /// With the feature `history-json`, `WorkflowHistory::to_json` writes it as Temporal's
    /// command line does, for [`Replayer`](outlast::Replayer) to hold later versions of the code
    /// against.
    ///
    /// # Panics
    /// Where the environment is attached to a real server: ask the handle.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let siesta = env.start(nap, ()).await;
    /// siesta.result().await.unwrap();
    /// let history = env.history(&siesta);
    /// assert_eq!(history.workflow_type(), Some("nap"));
    /// outlast::Replayer::new().workflow(nap).replay(&history).unwrap();
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn history<K: Workflow>(&self, workflow: &TestHandle<K>) -> WorkflowHistory {
        self.history_by_id(workflow.workflow_id())
    }

    /// The same, for a workflow that is known by its id.
    ///
    /// # Panics
    /// As for [`history`](Self::history), and when there is no such workflow.
    #[must_use]
    #[track_caller]
    pub fn history_by_id(&self, workflow_id: &WorkflowId) -> WorkflowHistory {
        self.shared.history_of(workflow_id)
    }

    /// The histories of all runs so far, in the order in which they were started.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[workflow]
    /// # async fn nap(ctx: WorkflowContext) -> WorkflowResult<()> {
    /// #     Ok(ctx.sleep(Duration::from_hours(1)).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// for _ in 0..3 {
    ///     env.execute(nap, ()).await.unwrap();
    /// }
    /// assert_eq!(env.histories().len(), 3);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn histories(&self) -> Vec<WorkflowHistory> {
        self.shared
            .backend
            .in_memory("TestEnv::histories")
            .histories()
    }

    /// What happened to a workflow so far, as text that is the same in every run of the test: a
    /// line for each event, with the time since the start and without the ids that are made up.
    ///
    /// It is meant for snapshots: [`assert_snapshot`](crate::assert_snapshot) holds it against a
    /// file, and so does any snapshot library.
    ///
    /// # Panics
    /// As for [`history`](Self::history).
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// #[workflow]
    /// async fn remind(ctx: WorkflowContext, who: String) -> WorkflowResult<String> {
    ///     ctx.sleep(Duration::from_hours(1)).await?;
    ///     Ok(who)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// let reminder = env.start(remind, "ada".to_owned()).await;
    /// reminder.result().await.unwrap();
    /// assert_eq!(env.transcript(&reminder), "\
    /// +0s          1 WorkflowExecutionStarted remind(\"ada\")
    /// +0s          2 WorkflowTaskScheduled
    /// +0s          3 WorkflowTaskStarted
    /// +0s          4 WorkflowTaskCompleted
    /// +0s          5 TimerStarted id 1, 1h
    /// +1h          6 TimerFired id 1
    /// +1h          7 WorkflowTaskScheduled
    /// +1h          8 WorkflowTaskStarted
    /// +1h          9 WorkflowTaskCompleted
    /// +1h         10 WorkflowExecutionCompleted \"ada\"
    /// ");
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn transcript<K: Workflow>(&self, workflow: &TestHandle<K>) -> String {
        transcript::transcript(&self.history(workflow))
    }
}

impl Shared {
    /// The history of a workflow's latest run.
    #[track_caller]
    pub(super) fn history_of(&self, workflow_id: &WorkflowId) -> WorkflowHistory {
        let server = self.backend.in_memory("TestEnv::history");
        let namespace = self.client.namespace();
        match server.history_of(namespace, workflow_id.as_str(), "") {
            Ok(history) => history,
            Err(error) => panic!("the history of `{workflow_id}`: {}", error.message),
        }
    }
}

/// Holds text against a file that was kept, which is named from the folder of the package's
/// manifest.
///
/// With the environment variable `OUTLAST_UPDATE_SNAPSHOTS` set, the file is written instead; look
/// at what has changed before you keep it.
///
/// # Panics
/// When the file holds something else, or cannot be read or written. The message shows what was
/// kept with `-`, and what came with `+`.
///
/// # Examples
/// ```no_run
/// # use outlast::prelude::*;
/// # use outlast_testing::{TestEnv, assert_snapshot};
/// # async fn example(env: TestEnv, order: outlast_testing::TestHandle<checkout>) {
/// # #[workflow] async fn unused(ctx: WorkflowContext) -> WorkflowResult<()> { Ok(drop(ctx)) }
/// assert_snapshot("tests/snapshots/checkout.txt", &env.transcript(&order));
/// # }
/// # #[workflow] async fn checkout(ctx: WorkflowContext) -> WorkflowResult<()> { Ok(drop(ctx)) }
/// ```
#[track_caller]
pub fn assert_snapshot(path: &str, text: &str) {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let path = std::path::Path::new(&folder).join(path);
    if std::env::var_os("OUTLAST_UPDATE_SNAPSHOTS").is_some_and(|value| !value.is_empty()) {
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, text));
        return written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; set OUTLAST_UPDATE_SNAPSHOTS=1 to write it",
            path.display()
        )
    });
    assert!(
        kept == text,
        "{} is not what came (- kept, + came):\n{}",
        path.display(),
        Difference {
            kept: &kept,
            came: text
        }
    );
}
