//! [`CallLog`]: what activities and workflows were called with, and what came of it.

mod typed;

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use outlast::activity::{ActivityResult, TaskToken};
use outlast::definition::{Activity, Workflow};
use outlast::{
    ActivityContext, ActivityId, Failure, Payload, RunId, WorkflowError, WorkflowExecution,
    WorkflowId,
};

pub use self::typed::{Call, CallOf, WorkflowCall, WorkflowCallOf};
use super::text;

/// The calls of all activities and workflows, in the order in which they began.
#[derive(Debug)]
pub(super) struct CallLog {
    start: SystemTime,
    entries: Mutex<Vec<Entry>>,
}

/// A call as it came over the wire.
#[derive(Clone, Debug)]
struct Entry {
    callee: Callee,
    name: String,
    input: Vec<Payload>,
    attempt: u32,
    /// Whether it is the first attempt, or the first run of a chain.
    is_first: bool,
    at: SystemTime,
    result: Option<Result<Payload, Failure>>,
}

/// What was called, apart from its name.
#[derive(Clone, Debug)]
enum Callee {
    Activity {
        token: TaskToken,
        activity_id: ActivityId,
        workflow: Option<WorkflowExecution>,
    },
    Workflow {
        workflow_id: WorkflowId,
        /// `None` if it could not start.
        run_id: Option<RunId>,
        parent: Option<WorkflowExecution>,
    },
}

/// What can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// An activity.
    Activity,
    /// A workflow.
    Workflow,
}

/// A workflow that was called.
#[derive(Clone, Debug)]
pub(super) struct Started {
    pub(super) workflow_id: WorkflowId,
    pub(super) run_id: RunId,
    pub(super) parent: Option<WorkflowExecution>,
    pub(super) attempt: u32,
    /// Whether no other run of the workflow went before.
    pub(super) is_first: bool,
}

impl CallLog {
    pub(super) fn new(start: SystemTime) -> Self {
        let entries = Mutex::default();
        Self { start, entries }
    }

    pub(super) fn begin(&self, attempt: &ActivityContext, input: &[Payload], at: SystemTime) {
        let info = attempt.info();
        self.entries().push(Entry {
            callee: Callee::Activity {
                token: attempt.task_token(),
                activity_id: info.activity_id.clone(),
                workflow: info.workflow.clone(),
            },
            name: info.activity_type.clone(),
            input: input.to_vec(),
            attempt: info.attempt,
            is_first: info.attempt == 1,
            at,
            result: None,
        });
    }

    pub(super) fn end(&self, attempt: &ActivityContext, result: &ActivityResult) {
        let ended = attempt.task_token();
        let result = match result {
            Ok(value) => Some(Ok(value.clone())),
            Err(error) => error.as_failure().cloned().map(Err),
        };
        self.set_result(result, |callee| match callee {
            Callee::Activity { token, .. } => *token == ended,
            Callee::Workflow { .. } => false,
        });
    }

    /// Notes that a workflow was called, unless that is known.
    pub(super) fn begin_workflow(
        &self,
        name: &str,
        run: &Started,
        input: &[Payload],
        at: SystemTime,
    ) {
        let mut entries = self.entries();
        if entries.iter().any(|entry| entry.callee.is_run(&run.run_id)) {
            return;
        }
        entries.push(Entry {
            callee: Callee::Workflow {
                workflow_id: run.workflow_id.clone(),
                run_id: Some(run.run_id.clone()),
                parent: run.parent.clone(),
            },
            name: name.to_owned(),
            input: input.to_vec(),
            attempt: run.attempt,
            is_first: run.is_first,
            at,
            result: None,
        });
    }

    /// Notes how the code of a run ended. A run that is replayed ends again.
    pub(super) fn end_workflow(&self, ended: &RunId, result: &Result<Payload, WorkflowError>) {
        let result = match result {
            Ok(value) => Some(Ok(value.clone())),
            Err(error) => error.as_failure().cloned().map(Err),
        };
        self.set_result(result, |callee| callee.is_run(ended));
    }

    /// Notes that a workflow which was called did not start.
    pub(super) fn refuse_workflow(&self, refused: &RunId) {
        let mut entries = self.entries();
        let entry = entries
            .iter_mut()
            .find(|entry| entry.callee.is_run(refused));
        if let Some(Callee::Workflow { run_id, .. }) = entry.map(|entry| &mut entry.callee) {
            *run_id = None;
        }
    }

    fn set_result(
        &self,
        result: Option<Result<Payload, Failure>>,
        is_it: impl Fn(&Callee) -> bool,
    ) {
        let mut entries = self.entries();
        if let Some(entry) = entries.iter_mut().rev().find(|entry| is_it(&entry.callee)) {
            entry.result = result;
        }
    }

    pub(super) fn of<K: Activity>(&self) -> Vec<CallOf<K>> {
        let entries = self.named(CallKind::Activity, K::NAME);
        entries.iter().filter_map(Entry::of_activity::<K>).collect()
    }

    pub(super) fn of_workflow<K: Workflow>(&self) -> Vec<WorkflowCallOf<K>> {
        let entries = self.named(CallKind::Workflow, K::NAME);
        entries.iter().filter_map(Entry::of_workflow::<K>).collect()
    }

    /// Copies of entries: values are decoded by code of the test, while others may use the log.
    fn named(&self, kind: CallKind, name: &str) -> Vec<Entry> {
        let entries = self.entries();
        let ours = entries.iter().filter(|entry| entry.is(kind, name));
        ours.cloned().collect()
    }

    /// What was called, without attempts and runs that are not the first.
    pub(super) fn order(&self) -> Vec<(CallKind, String)> {
        let entries = self.entries();
        let first = entries.iter().filter(|entry| entry.is_first);
        first
            .map(|entry| (entry.callee.kind(), entry.name.clone()))
            .collect()
    }

    /// The calls of an activity or a workflow, a line for each.
    pub(super) fn report(&self, kind: CallKind, name: &str) -> String {
        let entries = self.entries();
        let ours = entries.iter().filter(|entry| entry.is(kind, name));
        let mut report = String::new();
        for (number, entry) in (1..).zip(ours) {
            let _ = write!(report, "\n    {number}. {}", self.line(entry));
        }
        if report.is_empty() {
            return format!("`{name}` was not called");
        }
        format!("the calls of `{name}`:{report}")
    }

    fn line(&self, entry: &Entry) -> String {
        let input = text::input(&entry.input);
        let after = text::duration(entry.at.duration_since(self.start).unwrap_or_default());
        let id = match &entry.callee {
            Callee::Activity { .. } => String::new(),
            Callee::Workflow { workflow_id, .. } => format!(" as `{workflow_id}`"),
        };
        let result = match (&entry.callee, &entry.result) {
            (Callee::Workflow { run_id: None, .. }, None) => "did not start".to_owned(),
            (Callee::Activity { .. } | Callee::Workflow { .. }, None) => "no result".to_owned(),
            (_, Some(Ok(value))) => text::value(value),
            (_, Some(Err(failure))) => text::failure(failure),
        };
        let attempt = entry.attempt;
        format!("{input}{id}, attempt {attempt}, at +{after}: {result}")
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is(&self, kind: CallKind, name: &str) -> bool {
        self.callee.kind() == kind && self.name == name
    }
}

impl Callee {
    fn is_run(&self, run: &RunId) -> bool {
        match self {
            Self::Activity { .. } => false,
            Self::Workflow { run_id, .. } => run_id.as_ref() == Some(run),
        }
    }

    fn kind(&self) -> CallKind {
        match self {
            Self::Activity { .. } => CallKind::Activity,
            Self::Workflow { .. } => CallKind::Workflow,
        }
    }
}
