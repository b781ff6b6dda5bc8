//! [`Responder`]: carries out what a shard asks for, by requests to the server.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::activities::Activities;
use super::server::{Recorded, Refusal, Server, TooLarge};
use super::shard::{Action, Input};
use super::slots::Permit;
use super::task::{OpenTask, PolledTask, TaskHeader};
use crate::client::retry::is_oversize;
use crate::engine::{PageToken, QueryAnswer, TaskCompletion};
use crate::failure::Failure;
use crate::ids::WorkflowExecution;

/// How many histories are fetched at the same time.
const MAX_FETCHES: usize = 5;

/// How many activities of one completion may start here without a trip through their queue.
const MAX_EAGER: usize = 3;

/// Carries out what a shard asks for.
#[derive(Debug)]
pub(super) struct Responder {
    server: Arc<Server>,
    /// Set if this worker runs activities and may begin them without their queue.
    eager: Option<Arc<Activities>>,
    /// A worker that stops wants no further tasks of its runs.
    stop: CancellationToken,
    fetches: Semaphore,
}

impl Responder {
    pub(super) fn new(
        server: Arc<Server>,
        eager: Option<Arc<Activities>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            server,
            eager,
            stop,
            fetches: Semaphore::new(MAX_FETCHES),
        }
    }

    /// Carries out an action, and says what the shard is to know of it.
    pub(super) async fn perform(&self, action: Action) -> Option<Input> {
        match action {
            Action::AnswerQuery { task, answer } => {
                self.answer_query(&task.header, answer).await;
                None
            }
            Action::Complete { task, completion } => Some(self.complete(task, completion).await),
            Action::Fail { task, failure } => {
                let answer = self.server.fail_task(&task.header, failure).await;
                log_refusal(answer, &task.header, "the failure of a workflow task");
                None
            }
            Action::FetchHistory { execution, from } => Some(self.fetch(execution, from).await),
        }
    }

    async fn complete(&self, task: OpenTask, completion: TaskCompletion) -> Input {
        let OpenTask { header, permit, .. } = task;
        let keeps_run = !self.stop.is_cancelled();
        let eager = self.eager.as_ref().filter(|_| keeps_run);
        let mut reserved = Vec::new();
        let reserve = || {
            let room = reserved.len() < MAX_EAGER;
            let permit = eager
                .filter(|_| room)
                .and_then(|activities| activities.try_reserve());
            let is_reserved = permit.is_some();
            reserved.extend(permit);
            is_reserved
        };
        let answer = self
            .server
            .complete_task(&header, completion, keeps_run, reserve)
            .await;
        match answer {
            Ok(recorded) => self.recorded(header, permit, reserved, recorded),
            Err(refusal) => {
                match refusal {
                    Refusal::Status(status) => self.not_recorded(&header, &status).await,
                    Refusal::TooLarge(value) => self.not_sent(&header, &value).await,
                }
                Input::NotRecorded {
                    run_id: header.execution.run_id,
                }
            }
        }
    }

    fn recorded(
        &self,
        header: TaskHeader,
        permit: Permit,
        reserved: Vec<Permit>,
        recorded: Recorded,
    ) -> Input {
        if let Some(activities) = &self.eager {
            for (task, permit) in recorded.activities.into_iter().zip(reserved) {
                activities.start(task, permit);
            }
        }
        let next = recorded.next;
        Input::Recorded {
            run_id: header.execution.run_id,
            reset_to: recorded.reset_to,
            next: next.map(|(header, work)| PolledTask::new(header, work, permit)),
        }
    }

    async fn not_recorded(&self, header: &TaskHeader, status: &Status) {
        let workflow_id = header.execution.workflow_id.as_str();
        let run_id = header.execution.run_id.as_str();
        let message = status.message();
        match status.code() {
            Code::InvalidArgument if message.contains("UnhandledCommand") => tracing::debug!(
                workflow_id,
                run_id,
                "something happened while the workflow was about to end; it looks at that first"
            ),
            Code::NotFound => tracing::warn!(
                workflow_id,
                run_id,
                message,
                "a workflow task was answered too late or is not wanted any more"
            ),
            code => tracing::warn!(
                workflow_id,
                run_id,
                ?code,
                message,
                "the server did not take the answer to a workflow task"
            ),
        }
        if is_oversize(status) && header.attempt <= 1 {
            let answer = self.server.fail_oversize_task(header, message).await;
            log_refusal(answer, header, "the failure of a workflow task");
        }
    }

    async fn not_sent(&self, header: &TaskHeader, value: &TooLarge) {
        tracing::warn!(
            workflow_id = header.execution.workflow_id.as_str(),
            run_id = header.execution.run_id.as_str(),
            "a workflow task fails: {value}"
        );
        if header.attempt <= 1 {
            let answer = self.server.fail_task_of_large_value(header, value).await;
            log_refusal(answer, header, "the failure of a workflow task");
        }
    }

    async fn answer_query(&self, header: &TaskHeader, answer: QueryAnswer) {
        let mut answered = self.server.answer_query(header, answer).await;
        if let Err(status) = &answered
            && is_oversize(status)
        {
            let failure = Failure::application("GrpcMessageTooLarge", status.message());
            answered = self.server.answer_query(header, Err(failure)).await;
        }
        log_refusal(answered, header, "the answer to a query");
    }

    async fn fetch(&self, execution: WorkflowExecution, from: Option<PageToken>) -> Input {
        let _turn = self.fetches.acquire().await;
        let answer = self.server.history_page(&execution, from).await;
        let run_id = execution.run_id;
        match answer {
            Ok(page) => Input::Page { run_id, page },
            Err(status) => {
                let reason = format!("the history could not be fetched: {}", status.message());
                Input::FetchFailed { run_id, reason }
            }
        }
    }
}

fn log_refusal(answer: Result<(), Status>, header: &TaskHeader, what: &str) {
    let Err(status) = answer else { return };
    let workflow_id = header.execution.workflow_id.as_str();
    let run_id = header.execution.run_id.as_str();
    let message = status.message();
    if status.code() == Code::NotFound {
        tracing::debug!(workflow_id, run_id, message, "{what} came too late");
    } else {
        tracing::warn!(
            workflow_id,
            run_id,
            message,
            "the server did not take {what}"
        );
    }
}
