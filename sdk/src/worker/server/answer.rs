//! Answers to workflow tasks.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::command::v1::command::Attributes;
use outlast_proto::temporal::api::enums::v1::{QueryResultType, WorkflowTaskFailedCause};
use outlast_proto::temporal::api::query::v1::WorkflowQueryResult;
use outlast_proto::temporal::api::sdk::v1::WorkflowTaskCompletedMetadata;
use outlast_proto::temporal::api::taskqueue::v1::StickyExecutionAttributes;
use outlast_proto::temporal::api::workflowservice::v1::{
    RespondQueryTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
    RespondWorkflowTaskCompletedResponse, RespondWorkflowTaskFailedRequest,
    respond_workflow_task_completed_request as completed,
};
use tonic::Status;

use super::sizes::{SizeLimits, TooLarge};
use super::task::{FoundTask, found_task};
use super::{ActivityTask, Refusal, Server};
use crate::client::retry::Patience;
use crate::convert::{to_wire, wire_duration};
use crate::engine::{QueryAnswer, SDK_NAME, TaskCompletion, TaskFailure, TaskFailureCause};
use crate::failure::{ApplicationFailure, Failure, FailureKind};
use crate::worker::task::TaskHeader;

/// What the server says to an answer that it recorded.
#[derive(Debug)]
pub(in crate::worker) struct Recorded {
    /// Set if the server discarded the task: the event that the run goes back to.
    pub(in crate::worker) reset_to: Option<i64>,
    /// The run's next task, if there is one already.
    pub(in crate::worker) next: Option<FoundTask>,
    /// Activities that are to start here and now.
    pub(in crate::worker) activities: Vec<ActivityTask>,
}

impl Server {
    /// Answers a task. A worker that keeps the run asks for its next tasks; for each activity
    /// that could start without its queue, `reserve` says whether it may.
    pub(in crate::worker) async fn complete_task(
        &self,
        header: &TaskHeader,
        completion: TaskCompletion,
        keeps_run: bool,
        reserve: impl FnMut() -> bool,
    ) -> Result<Recorded, Refusal> {
        let mut request = self.completion(header, completion, keeps_run);
        if SizeLimits::SMALL.check_completion(&request).is_err() {
            self.size_limits().await.check_completion(&request)?;
        }
        self.settle_eager(&mut request.commands, reserve);
        let response = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_workflow_task_completed(request).await
                },
            )
            .await?;
        Ok(self.recorded(response))
    }

    /// Says that a task failed.
    pub(in crate::worker) async fn fail_task(
        &self,
        header: &TaskHeader,
        failure: TaskFailure,
    ) -> Result<(), Status> {
        let cause = match failure.cause {
            TaskFailureCause::Nondeterminism => WorkflowTaskFailedCause::NonDeterministicError,
            TaskFailureCause::Arguments | TaskFailureCause::Panic | TaskFailureCause::Unhandled => {
                WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure
            }
        };
        self.send_failure(header, cause, failure.failure).await
    }

    /// Says that the answer to a task is larger than the server reads.
    pub(in crate::worker) async fn fail_oversize_task(
        &self,
        header: &TaskHeader,
        message: &str,
    ) -> Result<(), Status> {
        let kind = ApplicationFailure {
            kind: "GrpcMessageTooLarge".to_owned(),
            non_retryable: true,
            ..ApplicationFailure::default()
        };
        let failure = Failure::new(message, FailureKind::Application(kind));
        let cause = WorkflowTaskFailedCause::GrpcMessageTooLarge;
        self.send_failure(header, cause, failure).await
    }

    /// Says that a value in the answer to a task is larger than the namespace takes.
    pub(in crate::worker) async fn fail_task_of_large_value(
        &self,
        header: &TaskHeader,
        value: &TooLarge,
    ) -> Result<(), Status> {
        let cause = WorkflowTaskFailedCause::PayloadsTooLarge;
        self.send_failure(header, cause, value.to_failure()).await
    }

    /// Answers a task that is only a query.
    pub(in crate::worker) async fn answer_query(
        &self,
        header: &TaskHeader,
        answer: QueryAnswer,
    ) -> Result<(), Status> {
        let result = query_result(answer);
        let request = RespondQueryTaskCompletedRequest {
            namespace: self.settings.namespace.clone(),
            task_token: header.token.clone(),
            completed_type: result.result_type,
            query_result: result.answer,
            error_message: result.error_message,
            failure: result.failure,
            poller_group_id: header.poller_group.clone(),
            ..RespondQueryTaskCompletedRequest::default()
        };
        self.client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_query_task_completed(request).await
                },
            )
            .await?;
        Ok(())
    }

    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    fn completion(
        &self,
        header: &TaskHeader,
        completion: TaskCompletion,
        keeps_run: bool,
    ) -> RespondWorkflowTaskCompletedRequest {
        let sticky = self.settings.sticky.as_ref().filter(|_| keeps_run);
        let answers = completion.answers.into_iter();
        RespondWorkflowTaskCompletedRequest {
            namespace: self.settings.namespace.clone(),
            identity: self.settings.identity.clone(),
            task_token: header.token.clone(),
            commands: completion.commands.into_iter().map(Into::into).collect(),
            messages: completion.replies.into_iter().map(Into::into).collect(),
            query_results: answers
                .map(|(id, answer)| (id, query_result(answer)))
                .collect(),
            sticky_attributes: sticky.map(|sticky| StickyExecutionAttributes {
                worker_task_queue: Some(self.sticky_queue(sticky)),
                schedule_to_start_timeout: Some(wire_duration(sticky.schedule_to_start_timeout)),
            }),
            return_new_workflow_task: sticky.is_some(),
            sdk_metadata: completion.names_sdk.then(sdk_metadata),
            capabilities: Some(completed::Capabilities {
                discard_speculative_workflow_task_with_events: true,
            }),
            worker_version_stamp: self.version_stamp(),
            worker_instance_key: self.settings.instance_key.clone(),
            ..RespondWorkflowTaskCompletedRequest::default()
        }
    }

    /// Decides which activities may start without a trip through their queue.
    fn settle_eager(&self, commands: &mut [Command], mut reserve: impl FnMut() -> bool) {
        for command in commands {
            if let Some(Attributes::ScheduleActivityTaskCommandAttributes(activity)) =
                &mut command.attributes
            {
                let queue = activity.task_queue.as_ref().map_or("", |queue| &queue.name);
                let is_ours = queue == self.settings.task_queue;
                activity.request_eager_execution &= is_ours && reserve();
            }
        }
    }

    fn recorded(&self, response: RespondWorkflowTaskCompletedResponse) -> Recorded {
        let discarded = response.reset_history_event_id;
        let activities = response.activity_tasks.into_iter();
        Recorded {
            reset_to: (discarded > 0).then_some(discarded),
            next: response.workflow_task.and_then(found_task),
            activities: activities
                .map(|task| self.read_activity_task(task))
                .collect(),
        }
    }

    #[expect(
        deprecated,
        reason = "the build id has no other place without deployments"
    )]
    async fn send_failure(
        &self,
        header: &TaskHeader,
        cause: WorkflowTaskFailedCause,
        failure: Failure,
    ) -> Result<(), Status> {
        let request = RespondWorkflowTaskFailedRequest {
            namespace: self.settings.namespace.clone(),
            identity: self.settings.identity.clone(),
            task_token: header.token.clone(),
            cause: cause as i32,
            failure: Some(failure.into()),
            worker_version: self.version_stamp(),
            ..RespondWorkflowTaskFailedRequest::default()
        };
        self.client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move {
                    service.respond_workflow_task_failed(request).await
                },
            )
            .await?;
        Ok(())
    }
}

fn sdk_metadata() -> WorkflowTaskCompletedMetadata {
    WorkflowTaskCompletedMetadata {
        sdk_name: SDK_NAME.to_owned(),
        sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..WorkflowTaskCompletedMetadata::default()
    }
}

fn query_result(answer: QueryAnswer) -> WorkflowQueryResult {
    match answer {
        Ok(payload) => WorkflowQueryResult {
            result_type: QueryResultType::Answered as i32,
            answer: to_wire(vec![payload]),
            ..WorkflowQueryResult::default()
        },
        Err(failure) => WorkflowQueryResult {
            result_type: QueryResultType::Failed as i32,
            error_message: failure.to_string(),
            failure: Some(failure.into()),
            ..WorkflowQueryResult::default()
        },
    }
}
