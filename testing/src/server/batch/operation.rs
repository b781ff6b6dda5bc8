//! What a batch operation does to each of its workflows: a request of its own.

use outlast_proto::temporal::api::batch::v1 as batch;
use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::BatchOperationType as Type;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::start_batch_operation_request::Operation as Wire;

use super::reset_points::ResetPoint;
use crate::server::Engine;
use crate::server::errors::{Error, Result};

/// A request that lacks only its workflow.
#[derive(Debug)]
pub(super) enum Operation {
    Cancel(String, api::RequestCancelWorkflowExecutionRequest),
    Delete(String, api::DeleteWorkflowExecutionRequest),
    Reset(String, ResetPoint, Box<api::ResetWorkflowExecutionRequest>),
    ResetActivities(api::ResetActivityRequest),
    Signal(api::SignalWorkflowExecutionRequest),
    Terminate(String, api::TerminateWorkflowExecutionRequest),
    UnpauseActivities(api::UnpauseActivityRequest),
    UpdateActivityOptions(Box<api::UpdateActivityOptionsRequest>),
    UpdateOptions(api::UpdateWorkflowExecutionOptionsRequest),
}

impl Operation {
    /// Makes sure that an operation can be done to some workflow at least.
    pub(super) fn check(wire: Wire, namespace: &str, reason: &str) -> Result<Self> {
        let (namespace, reason) = (namespace.to_owned(), reason.to_owned());
        Ok(match wire {
            Wire::TerminationOperation(terminate) => {
                let request = api::TerminateWorkflowExecutionRequest {
                    namespace,
                    reason,
                    identity: BATCHER.to_owned(),
                    ..Default::default()
                };
                Self::Terminate(terminate.identity, request)
            }
            Wire::SignalOperation(signal) if signal.signal.is_empty() => {
                return Err(Error::invalid("must provide signal name"));
            }
            Wire::SignalOperation(signal) => Self::Signal(api::SignalWorkflowExecutionRequest {
                namespace,
                signal_name: signal.signal,
                input: signal.input,
                header: signal.header,
                identity: signal.identity,
                ..Default::default()
            }),
            Wire::CancellationOperation(cancel) => {
                let request = api::RequestCancelWorkflowExecutionRequest {
                    namespace,
                    identity: BATCHER.to_owned(),
                    ..Default::default()
                };
                Self::Cancel(cancel.identity, request)
            }
            Wire::DeletionOperation(delete) => {
                let request = api::DeleteWorkflowExecutionRequest {
                    namespace,
                    workflow_execution: None,
                };
                Self::Delete(delete.identity, request)
            }
            Wire::ResetOperation(reset) => Self::reset(reset, namespace, reason)?,
            Wire::UpdateWorkflowOptionsOperation(update) => {
                Self::UpdateOptions(api::UpdateWorkflowExecutionOptionsRequest {
                    namespace,
                    workflow_execution: None,
                    workflow_execution_options: update.workflow_execution_options,
                    update_mask: update.update_mask,
                    identity: update.identity,
                })
            }
            Wire::UnpauseActivitiesOperation(unpause) => {
                use api::unpause_activity_request::Activity;
                use batch::batch_operation_unpause_activities::Activity as Chosen;
                Self::UnpauseActivities(api::UnpauseActivityRequest {
                    namespace,
                    identity: unpause.identity,
                    reset_attempts: unpause.reset_attempts,
                    reset_heartbeat: unpause.reset_heartbeat,
                    jitter: unpause.jitter,
                    activity: unpause.activity.map(|chosen| match chosen {
                        Chosen::Type(name) => Activity::Type(name),
                        Chosen::MatchAll(all) => Activity::UnpauseAll(all),
                    }),
                    ..Default::default()
                })
            }
            Wire::ResetActivitiesOperation(reset) => {
                use api::reset_activity_request::Activity;
                use batch::batch_operation_reset_activities::Activity as Chosen;
                Self::ResetActivities(api::ResetActivityRequest {
                    namespace,
                    identity: reset.identity,
                    reset_heartbeat: reset.reset_heartbeat,
                    keep_paused: reset.keep_paused,
                    jitter: reset.jitter,
                    restore_original_options: reset.restore_original_options,
                    activity: reset.activity.map(|chosen| match chosen {
                        Chosen::Type(name) => Activity::Type(name),
                        Chosen::MatchAll(all) => Activity::MatchAll(all),
                    }),
                    ..Default::default()
                })
            }
            Wire::UpdateActivityOptionsOperation(update) => {
                use api::update_activity_options_request::Activity;
                use batch::batch_operation_update_activity_options::Activity as Chosen;
                Self::UpdateActivityOptions(Box::new(api::UpdateActivityOptionsRequest {
                    namespace,
                    identity: update.identity,
                    activity_options: update.activity_options,
                    update_mask: update.update_mask,
                    restore_original: update.restore_original,
                    activity: update.activity.map(|chosen| match chosen {
                        Chosen::Type(name) => Activity::Type(name),
                        Chosen::MatchAll(all) => Activity::MatchAll(all),
                    }),
                    ..Default::default()
                }))
            }
            Wire::CancelActivitiesOperation(_)
            | Wire::TerminateActivitiesOperation(_)
            | Wire::DeleteActivitiesOperation(_) => {
                let what = "batch operations on standalone activities";
                return Err(Error::unsupported(what));
            }
        })
    }

    fn reset(reset: batch::BatchOperationReset, namespace: String, reason: String) -> Result<Self> {
        let point = ResetPoint::of(&reset)?;
        let mut request = api::ResetWorkflowExecutionRequest {
            namespace,
            reason,
            reset_reapply_type: reset.reset_reapply_type,
            post_reset_operations: reset.post_reset_operations,
            ..Default::default()
        };
        if let Some(options) = reset.options {
            request.reset_reapply_type = options.reset_reapply_type;
            request.reset_reapply_exclude_types = options.reset_reapply_exclude_types;
        }
        Ok(Self::Reset(reset.identity, point, Box::new(request)))
    }

    pub(super) fn operation_type(&self) -> Type {
        match self {
            Self::Cancel(..) => Type::CancelWorkflow,
            Self::Delete(..) => Type::DeleteWorkflow,
            Self::Reset(..) => Type::ResetWorkflow,
            Self::ResetActivities(_) => Type::ResetActivity,
            Self::Signal(_) => Type::SignalWorkflow,
            Self::Terminate(..) => Type::TerminateWorkflow,
            Self::UnpauseActivities(_) => Type::UnpauseActivity,
            Self::UpdateActivityOptions(_) => Type::UpdateActivityOptions,
            Self::UpdateOptions(_) => Type::UpdateWorkflowExecutionOptions,
        }
    }

    /// Who asked for the operation.
    pub(super) fn identity(&self) -> &str {
        match self {
            Self::Cancel(identity, _)
            | Self::Delete(identity, _)
            | Self::Reset(identity, ..)
            | Self::Terminate(identity, _) => identity,
            Self::ResetActivities(request) => &request.identity,
            Self::Signal(request) => &request.identity,
            Self::UnpauseActivities(request) => &request.identity,
            Self::UpdateActivityOptions(request) => &request.identity,
            Self::UpdateOptions(request) => &request.identity,
        }
    }

    pub(super) fn is_for_closed_runs(&self) -> bool {
        matches!(self, Self::Delete(..) | Self::Reset(..))
    }
}

impl Engine {
    /// Does the operation to one workflow; `request_id` is for what must not be done twice.
    pub(super) fn apply(
        &mut self,
        operation: &Operation,
        target: WorkflowExecution,
        request_id: String,
    ) -> Result<()> {
        let execution = Some(target);
        match operation {
            Operation::Cancel(_, request) => {
                let mut request = request.clone();
                request.workflow_execution = execution;
                self.request_cancel_workflow_execution(request).map(drop)
            }
            Operation::Delete(_, request) => {
                let mut request = request.clone();
                request.workflow_execution = execution;
                self.delete_workflow_execution(&request).map(drop)
            }
            Operation::Reset(_, point, request) => {
                let mut request = (**request).clone();
                let key = self.find(&request.namespace, execution.as_ref())?;
                let events = self.runs[&key].history.events();
                request.workflow_task_finish_event_id = point.finish_id(events)?;
                request.workflow_execution = execution;
                request.request_id = request_id;
                self.reset_workflow_execution(request).map(drop)
            }
            Operation::ResetActivities(request) => {
                let mut request = request.clone();
                request.execution = execution;
                self.reset_activity(&request).map(drop)
            }
            Operation::Signal(request) => {
                let mut request = request.clone();
                request.workflow_execution = execution;
                request.request_id = request_id;
                self.signal_workflow_execution(request).map(drop)
            }
            Operation::Terminate(_, request) => {
                let mut request = request.clone();
                request.workflow_execution = execution;
                self.terminate_workflow_execution(request).map(drop)
            }
            Operation::UnpauseActivities(request) => {
                let mut request = request.clone();
                request.execution = execution;
                self.unpause_activity(&request).map(drop)
            }
            Operation::UpdateActivityOptions(request) => {
                let mut request = (**request).clone();
                request.execution = execution;
                self.update_activity_options(request).map(drop)
            }
            Operation::UpdateOptions(request) => {
                let mut request = request.clone();
                request.workflow_execution = execution;
                self.update_workflow_execution_options(request).map(drop)
            }
        }
    }
}

/// Who terminates and cancels workflows: on a real server it is a worker, which bears its process
/// and its host as a name.
const BATCHER: &str = "1@outlast@";
