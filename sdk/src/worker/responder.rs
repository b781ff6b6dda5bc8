//! [`Responder`]: carries out what a shard asks for, by requests to the server.

use std::sync::Arc;

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::enums::v1::WorkflowTaskFailedCause;
use outlast_proto::temporal::api::workflowservice::v1::{
    PollWorkflowTaskQueueResponse, RespondWorkflowTaskCompletedResponse,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::activities::Activities;
use super::settings::Settings;
use super::shard::{Action, Input};
use super::slots::Permit;
use super::task::{OpenTask, PolledTask, TaskHeader};
use super::wire;
use crate::client::Client;
use crate::client::retry::{Patience, is_oversize};
use crate::engine::{PageToken, QueryAnswer, TaskCompletion};
use crate::failure::{ApplicationFailure, Failure, FailureKind};
use crate::ids::WorkflowExecution;

/// How many histories are fetched at the same time.
const MAX_FETCHES: usize = 5;

/// How many activities of one completion may start here without a trip through their queue.
const MAX_EAGER: usize = 3;

/// Carries out what a shard asks for.
#[derive(Debug)]
pub(super) struct Responder {
    client: Client,
    settings: Arc<Settings>,
    /// Set if this worker runs activities and may begin them without their queue.
    eager: Option<Arc<Activities>>,
    /// A worker that stops wants no further tasks of its runs.
    stop: CancellationToken,
    fetches: Semaphore,
}

impl Responder {
    pub(super) fn new(
        client: Client,
        settings: Arc<Settings>,
        eager: Option<Arc<Activities>>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            client,
            settings,
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
                let cause = wire::failure_cause(&failure);
                self.fail(&task.header, cause, failure.failure).await;
                None
            }
            Action::FetchHistory { execution, from } => Some(self.fetch(execution, from).await),
        }
    }

    async fn complete(&self, task: OpenTask, completion: TaskCompletion) -> Input {
        let OpenTask { header, permit, .. } = task;
        let keeps_run = !self.stop.is_cancelled();
        let mut request = self.settings.task_completed(&header, completion, keeps_run);
        let reserved = self.reserve_eager(&mut request.commands);
        let answer = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_workflow_task_completed(request).await
                },
            )
            .await;
        match answer {
            Ok(response) => self.completed(header, permit, reserved, response),
            Err(status) => {
                self.not_completed(&header, &status).await;
                Input::NotRecorded {
                    run_id: header.execution.run_id,
                }
            }
        }
    }

    /// Takes slots for activities that the server may hand back with its answer.
    fn reserve_eager(&self, commands: &mut [Command]) -> Vec<Permit> {
        let mut reserved = Vec::new();
        for command in commands {
            let Some(Attributes::ScheduleActivityTaskCommandAttributes(activity)) =
                &mut command.attributes
            else {
                continue;
            };
            let permit = self
                .eager
                .as_ref()
                .filter(|_| activity.request_eager_execution && reserved.len() < MAX_EAGER)
                .filter(|_| {
                    let queue = activity.task_queue.as_ref().map_or("", |queue| &queue.name);
                    queue == self.settings.task_queue && !self.stop.is_cancelled()
                })
                .and_then(|activities| activities.try_reserve());
            activity.request_eager_execution = permit.is_some();
            reserved.extend(permit);
        }
        reserved
    }

    fn completed(
        &self,
        header: TaskHeader,
        permit: Permit,
        reserved: Vec<Permit>,
        response: RespondWorkflowTaskCompletedResponse,
    ) -> Input {
        if let Some(activities) = &self.eager {
            for (task, permit) in response.activity_tasks.into_iter().zip(reserved) {
                activities.start(task, permit);
            }
        }
        let discarded = response.reset_history_event_id;
        Input::Recorded {
            run_id: header.execution.run_id,
            reset_to: (discarded > 0).then_some(discarded),
            next: response
                .workflow_task
                .and_then(|task| read_task(task, permit)),
        }
    }

    async fn not_completed(&self, header: &TaskHeader, status: &Status) {
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
            _ if is_oversize(status) => self.fail_oversize(header, message).await,
            code => tracing::warn!(
                workflow_id,
                run_id,
                ?code,
                message,
                "the server did not take the answer to a workflow task"
            ),
        }
    }

    async fn fail_oversize(&self, header: &TaskHeader, message: &str) {
        tracing::warn!(
            workflow_id = header.execution.workflow_id.as_str(),
            run_id = header.execution.run_id.as_str(),
            message,
            "the answer to a workflow task is too large for the server"
        );
        if header.attempt > 1 {
            return;
        }
        let kind = ApplicationFailure {
            kind: "GrpcMessageTooLarge".to_owned(),
            non_retryable: true,
            ..ApplicationFailure::default()
        };
        let failure = Failure::new(message, FailureKind::Application(kind));
        self.fail(
            header,
            WorkflowTaskFailedCause::GrpcMessageTooLarge,
            failure,
        )
        .await;
    }

    async fn fail(&self, header: &TaskHeader, cause: WorkflowTaskFailedCause, failure: Failure) {
        let request = self.settings.task_failed(header, cause, failure);
        let answer = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_workflow_task_failed(request).await
                },
            )
            .await;
        log_refusal(answer, &header.execution, "the failure of a workflow task");
    }

    async fn answer_query(&self, header: &TaskHeader, answer: QueryAnswer) {
        let refused = self.send_answer(header, answer).await;
        let Err(status) = refused else { return };
        if is_oversize(&status) {
            let failure = Failure::application("GrpcMessageTooLarge", status.message());
            let answer = self.send_answer(header, Err(failure)).await;
            return log_refusal(answer, &header.execution, "the answer to a query");
        }
        log_refusal::<()>(Err(status), &header.execution, "the answer to a query");
    }

    async fn send_answer(&self, header: &TaskHeader, answer: QueryAnswer) -> Result<(), Status> {
        let request = self.settings.query_completed(header, answer);
        self.client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_query_task_completed(request).await
                },
            )
            .await
            .map(|_| ())
    }

    async fn fetch(&self, execution: WorkflowExecution, from: Option<PageToken>) -> Input {
        let _turn = self.fetches.acquire().await;
        let request = self.settings.history(&execution, from);
        let answer = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.get_workflow_execution_history(request).await
                },
            )
            .await;
        let run_id = execution.run_id;
        match answer {
            Ok(response) => Input::Page {
                run_id,
                page: wire::history_page(response),
            },
            Err(status) => {
                let reason = format!("the history could not be fetched: {}", status.message());
                Input::FetchFailed { run_id, reason }
            }
        }
    }
}

/// The task in a response, unless there is none or it cannot be read.
pub(super) fn read_task(
    response: PollWorkflowTaskQueueResponse,
    permit: Permit,
) -> Option<PolledTask> {
    match wire::workflow_task(response) {
        Ok(found) => found.map(|(header, work)| PolledTask::new(header, work, permit)),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "a workflow task is left alone: it cannot be read");
            None
        }
    }
}

fn log_refusal<T>(answer: Result<T, Status>, execution: &WorkflowExecution, what: &str) {
    let Err(status) = answer else { return };
    let workflow_id = execution.workflow_id.as_str();
    let run_id = execution.run_id.as_str();
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
