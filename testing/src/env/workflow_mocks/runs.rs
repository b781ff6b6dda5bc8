//! [`WorkflowMocks`]: says what becomes of the runs of workflows, and keeps count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outlast::workflow::WorkflowInfo;
use outlast::{Payload, RunId, WorkflowContext, WorkflowError, WorkflowExecution};

use super::reply::{Reply, RunResult};
use crate::env::backend::Backend;
use crate::env::callbacks::message_of;
use crate::env::calls::{CallKind, CallLog, Started};
use crate::env::mock::{Attempts, Chosen, Plan, Plans};
use crate::env::problems::Problems;
use crate::grpc::while_the_server_waits;
use crate::server::ChildStart;

/// All mocked workflows of an environment, and the runs of these and of real ones.
pub(in crate::env) struct WorkflowMocks {
    backend: Backend,
    namespace: String,
    log: Arc<CallLog>,
    problems: Problems,
    plans: Plans<Started, Reply>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The types that are mocked or were.
    names: BTreeSet<&'static str>,
    /// What became of each run. It was decided once, and stays when a worker forgets the run.
    runs: BTreeMap<RunId, Life>,
}

/// What a test said of one mocked workflow.
pub(super) type WorkflowPlan = Plan<Started, Reply>;

/// What becomes of a run.
#[derive(Clone)]
pub(super) enum Life {
    /// A mock answers.
    Mocked(Reply),
    /// The real workflow runs.
    Real,
    /// The test fails, for a reason that it has been told.
    Refused(String),
}

impl WorkflowMocks {
    pub(in crate::env) fn new(
        backend: &Backend,
        namespace: &str,
        attempts: &Attempts,
    ) -> Arc<Self> {
        let mocks = Arc::new(Self {
            backend: backend.clone(),
            namespace: namespace.to_owned(),
            log: Arc::clone(&attempts.log),
            problems: attempts.problems.clone(),
            plans: Plans::default(),
            state: Mutex::default(),
        });
        if let Backend::InMemory(server) = backend {
            // The mocks have the server, so the server is not to keep them.
            let gate = Arc::downgrade(&mocks);
            server.set_child_gate(move |child| {
                gate.upgrade().is_none_or(|mocks| mocks.admits(child))
            });
        }
        mocks
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Adds a plan for the workflow type; the number names it.
    pub(super) fn add_plan(&self, name: &'static str, plan: WorkflowPlan) -> usize {
        self.state().names.insert(name);
        self.plans.add(plan)
    }

    /// Adds a plan in place of all others of the same workflow type.
    pub(super) fn replace_plans(&self, name: &'static str, plan: WorkflowPlan) -> usize {
        self.state().names.insert(name);
        self.plans.replace(plan)
    }

    pub(super) fn change_plan(&self, plan: usize, change: impl FnOnce(&mut WorkflowPlan)) {
        self.plans.change(plan, change);
    }

    /// What the test expected of mocks and did not get, if that is so. The mocks are forgotten.
    pub(in crate::env) fn take_unmet(&self) -> Option<String> {
        let calls = |name: &str| self.log.report(CallKind::Workflow, name);
        let unmet = self.plans.unmet(calls);
        self.plans.clear();
        unmet
    }

    pub(in crate::env) fn is_mocked(&self, name: &str) -> bool {
        self.plans.are_of(name)
    }

    /// The name of a type that is mocked or was, for good.
    pub(super) fn mocked_name(&self, name: &str) -> Option<&'static str> {
        self.state().names.get(name).copied()
    }

    /// Whether a run was something else than the real workflow.
    pub(in crate::env) fn is_played(&self, run_id: &RunId) -> bool {
        match self.state().runs.get(run_id) {
            Some(Life::Mocked(reply)) => !reply.is_real(),
            Some(Life::Refused(_)) => true,
            Some(Life::Real) | None => false,
        }
    }

    /// What becomes of a run that begins, or begins again because a worker had forgotten it.
    pub(super) fn life_of(&self, info: &WorkflowInfo, input: &[Payload]) -> Life {
        if let Some(life) = self.state().runs.get(info.run_id()) {
            return life.clone();
        }
        let run = Started {
            workflow_id: info.workflow_id().clone(),
            run_id: info.run_id().clone(),
            parent: info.parent().cloned(),
            attempt: info.attempt(),
            is_first: info.continued_run_id().is_none(),
        };
        let name = info.workflow_type();
        self.log
            .begin_workflow(name, &run, input, self.backend.now());
        self.choose(name, &run, input)
    }

    /// Notes how the code of a run ended.
    pub(super) fn end(&self, run_id: &RunId, result: &RunResult) {
        self.log.end_workflow(run_id, result);
    }

    /// Fails the test; the error is for the workflow.
    pub(super) fn refuse(&self, report: &str) -> WorkflowError {
        self.problems.add(report.to_owned());
        unexpected(report)
    }

    /// Cancels a run from outside.
    pub(super) fn cancel(&self, ctx: &WorkflowContext) {
        let server = self.backend.in_memory("WorkflowMock::gets_canceled");
        server.cancel_run(&self.namespace, &execution_of(ctx));
    }

    /// Ends a run from outside.
    pub(super) fn terminate(&self, ctx: &WorkflowContext, reason: &str) {
        let server = self.backend.in_memory("WorkflowMock::gets_terminated");
        server.terminate_run(&self.namespace, &execution_of(ctx), reason);
    }

    /// Takes note of a child that is about to start, so that children are counted in the order of
    /// their starts. Says whether it may.
    ///
    /// The server waits for the answer. Matchers are code of the test, which may ask the server:
    /// they are only asked here where they may keep the child from starting.
    fn admits(&self, child: &ChildStart<'_>) -> bool {
        let initiated = child.initiated;
        if initiated.namespace != self.namespace {
            return true;
        }
        let name = initiated.workflow_type.as_ref();
        let name = name.map_or("", |workflow_type| workflow_type.name.as_str());
        let input = initiated.input.clone().unwrap_or_default().payloads;
        let input: Vec<Payload> = input.into_iter().map(Payload::from).collect();
        let run = Started {
            workflow_id: initiated.workflow_id.as_str().into(),
            run_id: child.run_id.into(),
            parent: Some(WorkflowExecution {
                workflow_id: child.parent_workflow_id.into(),
                run_id: child.parent_run_id.into(),
            }),
            attempt: 1,
            is_first: true,
        };
        self.log.begin_workflow(name, &run, &input, child.now);
        if !self.plans.may_answer(name, Reply::keeps_from_starting) {
            return true;
        }
        match while_the_server_waits(|| self.choose(name, &run, &input)) {
            Life::Mocked(reply) if reply.keeps_from_starting() => {
                self.log.refuse_workflow(&run.run_id);
                false
            }
            Life::Mocked(_) | Life::Real | Life::Refused(_) => true,
        }
    }

    /// Counts a run; says what becomes of it.
    fn choose(&self, name: &str, run: &Started, input: &[Payload]) -> Life {
        let calls = || self.log.report(CallKind::Workflow, name);
        let chosen = || self.plans.choose(name, run, input, calls);
        // What a closure of the test leaves half done is not looked at again.
        let life = match catch_unwind(AssertUnwindSafe(chosen)) {
            Ok(Chosen::Answer(reply)) => Life::Mocked(reply),
            Ok(Chosen::NotMocked) => Life::Real,
            Ok(Chosen::Unexpected(report)) => Life::Refused(report),
            Err(panic) => {
                let message = message_of(&*panic);
                Life::Refused(format!("a matcher of `{name}` panicked: {message}"))
            }
        };
        if let Life::Refused(report) = &life {
            self.problems.add(report.clone());
        }
        self.state().runs.insert(run.run_id.clone(), life.clone());
        life
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a run fails with that the test did not expect.
pub(super) fn unexpected(report: &str) -> WorkflowError {
    WorkflowError::application("UnexpectedCall", report).non_retryable()
}

fn execution_of(ctx: &WorkflowContext) -> WorkflowExecution {
    let info = ctx.info();
    WorkflowExecution {
        workflow_id: info.workflow_id().clone(),
        run_id: info.run_id().clone(),
    }
}

impl fmt::Debug for WorkflowMocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowMocks")
            .field("names", &self.state().names)
            .finish_non_exhaustive()
    }
}
