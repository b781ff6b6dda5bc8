//! The histories that a test produced.

use std::fmt;

use outlast::definition::Workflow;
use outlast::{WorkflowHistory, WorkflowId};

use super::{TestEnv, TestHandle, transcript};

impl TestEnv {
    /// What happened to a workflow so far, in its latest run.
    ///
    /// With the feature `history-json`, [`WorkflowHistory::to_json`] writes it as Temporal's
    /// command line does, for [`Replayer`](outlast::Replayer) to hold later versions of the code
    /// against.
    ///
    /// # Panics
    /// Where the environment is attached to a real server: ask the handle.
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
        let server = self.shared.backend.in_memory("TestEnv::history");
        let namespace = self.shared.client.namespace();
        match server.history_of(namespace, workflow_id.as_str(), "") {
            Ok(history) => history,
            Err(error) => panic!("the history of `{workflow_id}`: {}", error.message),
        }
    }

    /// The histories of all runs so far, in the order in which they were started.
    ///
    /// # Panics
    /// Where the environment is attached to a real server.
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

/// Two texts, line by line.
struct Difference<'a> {
    kept: &'a str,
    came: &'a str,
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept: Vec<&str> = self.kept.lines().collect();
        let came: Vec<&str> = self.came.lines().collect();
        // How many lines the rests have in common, from each place on.
        let mut common = vec![vec![0usize; came.len() + 1]; kept.len() + 1];
        for (i, old) in kept.iter().enumerate().rev() {
            for (j, new) in came.iter().enumerate().rev() {
                common[i][j] = match old == new {
                    true => common[i + 1][j + 1] + 1,
                    false => common[i + 1][j].max(common[i][j + 1]),
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < kept.len() || j < came.len() {
            let is_same = i < kept.len() && j < came.len() && kept[i] == came[j];
            if is_same {
                writeln!(f, "  {}", kept[i])?;
                (i, j) = (i + 1, j + 1);
            } else if j == came.len() || (i < kept.len() && common[i + 1][j] >= common[i][j + 1]) {
                writeln!(f, "- {}", kept[i])?;
                i += 1;
            } else {
                writeln!(f, "+ {}", came[j])?;
                j += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_what_is_gone_and_what_is_new() {
        let difference = Difference {
            kept: "a\nb\nc\n",
            came: "a\nx\nc\nd\n",
        };
        assert_eq!(difference.to_string(), "  a\n- b\n+ x\n  c\n+ d\n");
    }
}
