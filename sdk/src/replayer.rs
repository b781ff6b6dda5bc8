//! [`Replayer`]: holds recorded histories against the code of today.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::convert::{DecodeError, FromPayload, Payload};
use crate::definition::WorkflowFn;
use crate::engine::{
    Command, Program, Run, Step, TaskFailure, TaskFailureCause, UNUSABLE_HISTORY, WorkflowTask,
};
use crate::failure::Failure;
use crate::history::WorkflowHistory;
use crate::ids::WorkflowExecution;
use crate::workflow::{WorkflowImpl, program};

/// Replays recorded histories with the code of today, to find out before a deployment whether
/// running workflows will survive it.
///
/// A replay does what a worker does with the history of a run that it does not have in memory:
/// it runs the workflow's code, gives it what the history says that happened, and compares each
/// decision with the recorded one. No activity runs, no time passes and nothing is sent, so a
/// test can replay as many histories as there are. The history of a run that is still open can
/// be replayed too.
///
/// # Examples
/// ```
/// use outlast::prelude::*;
/// use outlast::{Replayer, WorkflowHistory};
///
/// #[activity(start_to_close_timeout = "10s")]
/// async fn add(a: i64, b: i64) -> Result<i64, ActivityError> {
///     Ok(a + b)
/// }
///
/// #[derive(Default)]
/// struct CanChain;
///
/// #[workflow]
/// impl CanChain {
///     #[run]
///     async fn run(ctx: WorkflowContext<Self>, n: i64, sum: i64) -> WorkflowResult<i64> {
///         let sum = ctx.activity(add, (sum, n)).await?;
///         if n > 0 {
///             return ctx.continue_as_new((n - 1, sum));
///         }
///         Ok(sum)
///     }
/// }
///
/// # #[cfg(feature = "history-json")] {
/// let file = std::fs::read_to_string("tests/histories/py-CanChain.3.json")?;
/// let history = WorkflowHistory::from_json(&file)?;
/// let replay = Replayer::new().workflow(CanChain::run).replay(&history)?;
/// assert_eq!(replay.result::<i64>()?, Some(3));
/// # }
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Replayer {
    programs: BTreeMap<&'static str, Arc<dyn Program>>,
}

/// A replay in which code and history agreed.
#[derive(Clone, Debug)]
pub struct Replay {
    outcome: Option<ReplayOutcome>,
}

/// How the code ended a replayed run. The history says that it ended in the same way; the
/// values are those of the code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ReplayOutcome {
    /// As canceled.
    Canceled,
    /// With a result.
    Completed(Payload),
    /// By going on in a new run.
    ContinuedAsNew {
        /// The type of the new run.
        workflow_type: String,
        /// Its arguments.
        input: Vec<Payload>,
    },
    /// With a failure.
    Failed(Failure),
}

/// Why a replay came to nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The history does not tell how its run started.
    #[error("the history does not begin with the start of a run; export it from its first event")]
    NoStart,
    /// The code decides something else than the history says that it did. The message holds
    /// both, with their places in history and code.
    #[error(transparent)]
    Nondeterminism(Failure),
    /// The code fails a workflow task: it panics, or it cannot read what is in the history.
    #[error(transparent)]
    Task(Failure),
    /// The history is of a workflow that the replayer was not told of.
    #[error(
        "the history is of workflow `{found}`, which is not registered (registered are \
         [{}]); add it with `Replayer::workflow`",
        .known.join(", ")
    )]
    UnknownWorkflow {
        /// The type of the history's run.
        found: String,
        /// The types that are registered, in order.
        known: Vec<String>,
    },
    /// Nobody's code can be replayed from the history here: it lacks events, holds some that
    /// this version does not know, or can only be read by the SDK that wrote it.
    #[error(transparent)]
    UnusableHistory(Failure),
}

impl Replayer {
    /// A replayer that knows no workflow.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a workflow. One that has the name of another takes its place.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a function is only the workflow's name here"
    )]
    pub fn workflow<F, M>(mut self, function: F) -> Self
    where
        F: WorkflowFn<M>,
        F::Workflow: WorkflowImpl,
    {
        let _ = function;
        let program = program::<F::Workflow>();
        self.programs.insert(program.name(), program);
        self
    }

    /// Replays a history.
    ///
    /// # Errors
    /// When the code does not agree with the history, or when the history cannot be replayed.
    ///
    /// # Examples
    /// ```
    /// use outlast::{ReplayError, Replayer, WorkflowHistory};
    ///
    /// # let file = [0x0a, 0x04, 0x08, 0x01, 0x18, 0x01];
    /// let history = WorkflowHistory::from_protobuf(&file)?;
    /// match Replayer::new().replay(&history) {
    ///     Ok(replay) => println!("{:?}", replay.outcome()),
    ///     Err(ReplayError::Nondeterminism(report)) => println!("{report}"),
    ///     Err(other) => println!("cannot tell: {other}"),
    /// }
    /// # Ok::<_, outlast::HistoryFileError>(())
    /// ```
    pub fn replay(&self, history: &WorkflowHistory) -> Result<Replay, ReplayError> {
        let (Some(workflow_type), Some(run_id)) = (history.workflow_type(), history.run_id())
        else {
            return Err(ReplayError::NoStart);
        };
        let Some(program) = self.programs.get(workflow_type) else {
            return Err(ReplayError::UnknownWorkflow {
                found: workflow_type.to_owned(),
                known: self.names().map(str::to_owned).collect(),
            });
        };
        let execution = WorkflowExecution {
            workflow_id: history.workflow_id().unwrap_or_else(|| "".into()),
            run_id,
        };
        let mut run = Run::new(Arc::clone(program), execution, NAMESPACE);
        let mut pages = history.pages();
        // No task has begun that is to be answered: whatever there is, is replayed.
        run.handle_task(WorkflowTask {
            history: pages.next().unwrap_or_default(),
            ..WorkflowTask::default()
        });
        let mut step = run.poll();
        while let Step::NeedsHistory(_) = step {
            run.handle_page(pages.next().unwrap_or_default());
            step = run.poll();
        }
        match step {
            Step::Completed(_) => Ok(Replay {
                outcome: run.closing_command().and_then(ReplayOutcome::of),
            }),
            Step::Failed(failure) => Err(ReplayError::of(failure)),
            Step::Answered(_) | Step::Idle | Step::NeedsHistory(_) => {
                unreachable!("the task holds all there is, and is not a query")
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.programs.keys().copied()
    }
}

impl Replay {
    /// How the code ended the run. `None` where it did not: the run is still open, or the
    /// server ended it by a termination or a timeout.
    #[must_use]
    pub fn outcome(&self) -> Option<&ReplayOutcome> {
        self.outcome.as_ref()
    }

    /// The result with which the code completed the run, `None` where it did not.
    ///
    /// # Errors
    /// When the result is not a `T`.
    pub fn result<T: FromPayload>(&self) -> Result<Option<T>, DecodeError> {
        match &self.outcome {
            Some(ReplayOutcome::Completed(result)) => T::from_payload(result).map(Some),
            _ => Ok(None),
        }
    }
}

impl ReplayOutcome {
    fn of(closing: &Command) -> Option<Self> {
        match closing {
            Command::CancelWorkflow { .. } => Some(Self::Canceled),
            Command::CompleteWorkflow { result } => Some(Self::Completed(result.clone())),
            Command::ContinueAsNew(next) => Some(Self::ContinuedAsNew {
                workflow_type: next.workflow_type.clone(),
                input: next.input.clone(),
            }),
            Command::FailWorkflow { failure } => Some(Self::Failed(failure.clone())),
            _ => None,
        }
    }
}

impl ReplayError {
    fn of(task: TaskFailure) -> Self {
        match task.cause {
            TaskFailureCause::Nondeterminism => Self::Nondeterminism(task.failure),
            TaskFailureCause::Unhandled
                if task.failure.application_kind() == Some(UNUSABLE_HISTORY) =>
            {
                Self::UnusableHistory(task.failure)
            }
            TaskFailureCause::Arguments | TaskFailureCause::Panic | TaskFailureCause::Unhandled => {
                Self::Task(task.failure)
            }
        }
    }
}

impl fmt::Debug for Replayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().collect();
        f.debug_struct("Replayer")
            .field("workflows", &names)
            .finish()
    }
}

/// Histories do not tell the namespace they are from.
const NAMESPACE: &str = "default";
