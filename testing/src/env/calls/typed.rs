//! Calls with the types of what was called.

use std::time::SystemTime;

use outlast::convert::{Args, FromPayload, InputOf};
use outlast::definition::{Activity, OutputOf, ResultOf, Workflow};
use outlast::{ActivityId, Failure, Payload, RunId, WorkflowExecution, WorkflowId};

use super::{Callee, Entry};

/// One attempt of an activity: what it was called with, and what it gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call<I, O> {
    /// What it was called with, as a caller writes it.
    pub input: I,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// When it began, in virtual time.
    pub at: SystemTime,
    /// How it ended. `None` while it runs, if it ran out of time, and if something else is to
    /// report how it ends.
    pub result: Option<Result<O, Failure>>,
    /// The id within the workflow, the same in all attempts.
    pub activity_id: ActivityId,
    /// The workflow that called it.
    pub workflow: Option<WorkflowExecution>,
}

/// A call of the activity `K`.
pub type CallOf<K> = Call<InputOf<<K as Activity>::Args>, OutputOf<K>>;

/// One run of a workflow: what it was started with, and what it gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WorkflowCall<I, O> {
    /// What it was started with, as a starter writes it.
    pub input: I,
    /// 1 for the first attempt of a workflow that is retried.
    pub attempt: u32,
    /// When the server started it as a child, or else when its code began; in virtual time.
    pub at: SystemTime,
    /// How its code ended. `None` while it goes on, if it continued as new, and if somebody else
    /// ended it: a timeout, or a termination.
    pub result: Option<Result<O, Failure>>,
    /// The id that its starter chose.
    pub workflow_id: WorkflowId,
    /// The run. `None` for a child that could not start.
    pub run_id: Option<RunId>,
    /// The workflow whose child it is.
    pub parent: Option<WorkflowExecution>,
}

/// A run of the workflow `K`.
pub type WorkflowCallOf<K> = WorkflowCall<InputOf<<K as Workflow>::Args>, ResultOf<K>>;

impl Entry {
    /// The entry as a call of the activity, if it is one.
    pub(super) fn of_activity<K: Activity>(&self) -> Option<CallOf<K>> {
        let Callee::Activity {
            activity_id,
            workflow,
            ..
        } = &self.callee
        else {
            return None;
        };
        Some(Call {
            input: self.typed_input::<K::Args>(),
            attempt: self.attempt,
            at: self.at,
            result: self.typed_result(),
            activity_id: activity_id.clone(),
            workflow: workflow.clone(),
        })
    }

    /// The entry as a run of the workflow, if it is one.
    pub(super) fn of_workflow<K: Workflow>(&self) -> Option<WorkflowCallOf<K>> {
        let Callee::Workflow {
            workflow_id,
            run_id,
            parent,
        } = &self.callee
        else {
            return None;
        };
        Some(WorkflowCall {
            input: self.typed_input::<K::Args>(),
            attempt: self.attempt,
            at: self.at,
            result: self.typed_result(),
            workflow_id: workflow_id.clone(),
            run_id: run_id.clone(),
            parent: parent.clone(),
        })
    }

    fn typed_input<A: Args>(&self) -> InputOf<A> {
        let args = A::decode(&self.input);
        let args = args.unwrap_or_else(|error| panic!("a call of `{}`: {error}", self.name));
        args.into_input()
    }

    fn typed_result<T: FromPayload>(&self) -> Option<Result<T, Failure>> {
        let typed = |value: &Payload| {
            let value = T::from_payload(value);
            value.unwrap_or_else(|error| panic!("a result of `{}`: {error}", self.name))
        };
        self.result
            .as_ref()
            .map(|result| result.as_ref().map(typed).map_err(Failure::clone))
    }
}
