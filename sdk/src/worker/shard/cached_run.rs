//! [`CachedRun`]: one run, one task at a time.

use super::backlog::Backlog;
use super::fetch::{Fetch, Fetched};
use super::replay::{Replay, guarded, unhandled};
use super::{Action, Host};
use crate::engine::{HistoryPage, PageToken, Step, TaskFailure, WorkflowTask};
use crate::ids::WorkflowExecution;
use crate::worker::task::{OpenTask, PolledTask};

/// A run with the tasks that are for it.
///
/// The run is absent before its history came and after it failed; what comes next rebuilds it.
#[derive(Debug)]
pub(super) struct CachedRun<R> {
    execution: WorkflowExecution,
    run: Option<R>,
    stage: Stage,
    /// Whether the run has come to its end, so that nothing but queries can follow.
    has_ended: bool,
    backlog: Backlog,
}

/// What a run waits for.
#[derive(Debug)]
enum Stage {
    /// A page of history.
    Fetching(Box<Fetching>),
    /// A task.
    Idle,
    /// Word that the server recorded the answer to a task.
    Responding { ends_run: bool },
}

#[derive(Debug)]
struct Fetching {
    open: OpenTask,
    fetch: Fetch,
    /// The task without its history, if the run is still to be built.
    task: Option<WorkflowTask>,
}

impl<R: Replay> CachedRun<R> {
    pub(super) fn new(execution: WorkflowExecution) -> Self {
        Self {
            execution,
            run: None,
            stage: Stage::Idle,
            has_ended: false,
            backlog: Backlog::default(),
        }
    }

    /// Takes the tasks that waited until there was room for the run.
    pub(super) fn handle_backlog(&mut self, backlog: Backlog, host: &mut Host) {
        self.backlog = backlog;
        self.work(host);
    }

    /// Takes a task, for now or for later.
    pub(super) fn handle_task(&mut self, task: PolledTask, host: &mut Host) {
        if !self.is_idle() {
            return self.backlog.push(task);
        }
        // Nothing waits for a run that is idle.
        self.begin(task, host);
        self.work(host);
    }

    /// Takes a page of the history.
    pub(super) fn handle_page(&mut self, page: HistoryPage, host: &mut Host) {
        let Some(fetching) = self.take_fetching() else {
            return;
        };
        let Fetching {
            open,
            mut fetch,
            task,
        } = *fetching;
        match fetch.handle_page(page) {
            Fetched::Next(token) => {
                self.fetch(Fetching { open, fetch, task }, Some(token), host);
            }
            Fetched::Page(page) => match task {
                Some(task) => {
                    let task = WorkflowTask {
                        history: page,
                        ..task
                    };
                    self.build(open, fetch, task, host);
                }
                None => self.advance(open, fetch, |run| run.handle_page(page), host),
            },
            Fetched::TooShort => self.abandon(
                open,
                "the history ends before the event that began the task",
                host,
            ),
        }
        self.work(host);
    }

    /// Takes word that a page cannot be had.
    pub(super) fn handle_fetch_failure(&mut self, reason: &str, host: &mut Host) {
        if let Some(fetching) = self.take_fetching() {
            self.abandon(fetching.open, reason, host);
            self.work(host);
        }
    }

    /// Takes word that the server recorded the last answer, and maybe the next task.
    pub(super) fn handle_recorded(
        &mut self,
        reset_to: Option<i64>,
        next: Option<PolledTask>,
        host: &mut Host,
    ) {
        if let Stage::Responding { ends_run } = self.stage {
            self.stage = Stage::Idle;
            self.has_ended |= ends_run;
            let told = self
                .run
                .as_mut()
                .map(|run| guarded(|| run.handle_recorded(reset_to)));
            if let Some(Err(_)) = told {
                self.drop_run();
            }
        }
        if let Some(next) = next {
            self.backlog.push_returned(next);
        }
        self.work(host);
    }

    /// Takes word that the server did not record the last answer, or may not have. The run is
    /// ahead of its history then, so it is given up.
    pub(super) fn handle_not_recorded(&mut self, host: &mut Host) {
        self.stage = Stage::Idle;
        self.drop_run();
        self.work(host);
    }

    /// Whether it waits for nothing but a task.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// Whether it is of no more use.
    pub(super) fn is_spent(&self) -> bool {
        self.is_idle() && (self.run.is_none() || self.has_ended)
    }

    /// Drops the run, with what the user's code holds.
    pub(super) fn drop_run(&mut self) {
        let run = self.run.take();
        // A destructor that panics does no harm beyond the run itself.
        let _ = guarded(|| drop(run));
        self.has_ended = false;
    }

    /// Works on what waits until there is nothing or something outside has to happen.
    fn work(&mut self, host: &mut Host) {
        while self.is_idle()
            && let Some(task) = self.backlog.pop(self.run.is_some())
        {
            self.begin(task, host);
        }
    }

    fn begin(&mut self, task: PolledTask, host: &mut Host) {
        let PolledTask { open, mut work } = task;
        if let Some(problem) = defect(&work) {
            return self.abandon(open, problem, host);
        }
        if let Some(last) = self.continues_with(&work) {
            work.history.events.retain(|event| event.id > last);
            let fetch = Fetch::following(&work, last);
            return self.advance(open, fetch, |run| run.handle_task(work), host);
        }
        self.drop_run();
        if first_event(&work) == Some(1) {
            let fetch = Fetch::following(&work, 0);
            return self.build(open, fetch, work, host);
        }
        tracing::debug!(
            workflow_id = open.header.execution.workflow_id.as_str(),
            run_id = open.header.execution.run_id.as_str(),
            "the run is not cached: its history is fetched"
        );
        let fetch = Fetch::from_start(&mut work);
        let fetching = Fetching {
            open,
            fetch,
            task: Some(work),
        };
        self.fetch(fetching, None, host);
    }

    /// The last event that the run knows, if the task goes on from there. A run that the
    /// server has gone past elsewhere is stale.
    fn continues_with(&self, task: &WorkflowTask) -> Option<i64> {
        let run = self.run.as_ref()?;
        if self.has_ended && task.query.is_none() {
            return None;
        }
        let last = run.last_event_id();
        let continues = match first_event(task) {
            Some(first) => first <= last + 1,
            None => task.previous_started <= run.last_started(),
        };
        continues.then_some(last)
    }

    fn build(&mut self, open: OpenTask, fetch: Fetch, task: WorkflowTask, host: &mut Host) {
        match host.instantiate(&open.header) {
            Ok(run) => {
                self.run = Some(run);
                self.advance(open, fetch, |run| run.handle_task(task), host);
            }
            Err(failure) => self.fail(open, failure, host),
        }
    }

    fn fetch(&mut self, fetching: Fetching, from: Option<PageToken>, host: &mut Host) {
        self.stage = Stage::Fetching(Box::new(fetching));
        host.push(Action::FetchHistory {
            execution: self.execution.clone(),
            from,
        });
    }

    /// Feeds the run and lets it work.
    fn advance(
        &mut self,
        open: OpenTask,
        fetch: Fetch,
        feed: impl FnOnce(&mut R),
        host: &mut Host,
    ) {
        let Some(run) = &mut self.run else {
            unreachable!("a run is fed only once it was built");
        };
        let step = guarded(|| {
            feed(run);
            run.poll()
        });
        match step.unwrap_or_else(Step::Failed) {
            Step::NeedsHistory(token) => {
                let fetching = Fetching {
                    open,
                    fetch,
                    task: None,
                };
                self.fetch(fetching, Some(token), host);
            }
            Step::Answered(answer) if open.is_query => {
                self.has_ended |= run.is_closed();
                if answer.is_err() && fetch.has_news() {
                    // The handler refused or replay failed, and only the engine knows which.
                    self.drop_run();
                }
                host.push(Action::AnswerQuery { task: open, answer });
            }
            Step::Completed(completion) if !open.is_query => {
                self.stage = Stage::Responding {
                    ends_run: completion.ends_run,
                };
                host.push(Action::Complete {
                    task: open,
                    completion,
                });
            }
            Step::Failed(failure) => self.fail(open, failure, host),
            Step::Answered(_) | Step::Completed(_) | Step::Idle => {
                let failure = unhandled("EngineFault", "the engine did not answer the task");
                self.fail(open, failure, host);
            }
        }
    }

    /// Gives up on a task whose history cannot be had. A query is left to the server, which
    /// hands it out again.
    fn abandon(&mut self, open: OpenTask, reason: &str, host: &mut Host) {
        if open.is_query {
            tracing::warn!(
                workflow_id = open.header.execution.workflow_id.as_str(),
                run_id = open.header.execution.run_id.as_str(),
                reason,
                "a query is left unanswered: the history could not be read"
            );
            return self.drop_run();
        }
        self.fail(open, unhandled("HistoryUnavailable", reason), host);
    }

    /// Gives up on a task and on the run, which is past its history now.
    fn fail(&mut self, open: OpenTask, failure: TaskFailure, host: &mut Host) {
        self.drop_run();
        if open.is_query {
            let answer = Err(failure.failure);
            return host.push(Action::AnswerQuery { task: open, answer });
        }
        tracing::warn!(
            workflow_id = open.header.execution.workflow_id.as_str(),
            run_id = open.header.execution.run_id.as_str(),
            workflow_type = open.header.workflow_type,
            attempt = open.header.attempt,
            failure = failure.failure.report(),
            "a workflow task failed; the server tries it again"
        );
        // Later attempts fail by silence: the server waits longer and longer between those.
        if open.header.attempt <= 1 {
            host.push(Action::Fail {
                task: open,
                failure,
            });
        }
    }

    fn take_fetching(&mut self) -> Option<Box<Fetching>> {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Fetching(fetching) => Some(fetching),
            other => {
                self.stage = other;
                None
            }
        }
    }
}

fn first_event(task: &WorkflowTask) -> Option<i64> {
    task.history.events.first().map(|event| event.id)
}

/// What is wrong with a task that cannot be worked on.
fn defect(task: &WorkflowTask) -> Option<&'static str> {
    if task.query.is_some() && !task.queries.is_empty() {
        return Some("the task is a query and holds queries too, which no task may");
    }
    let is_empty = task.history.events.is_empty() && task.history.next.is_none();
    let asks = task.query.is_some() || !task.queries.is_empty();
    (is_empty && !asks).then_some("the task came without history")
}
