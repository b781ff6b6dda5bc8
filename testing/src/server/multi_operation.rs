//! Update-with-start: a start and an update that succeed or fail together.

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_request::operation::Operation;

use super::Engine;
use super::errors::{Error, Result};
use super::long_polls::CallId;

impl Engine {
    /// Starts a workflow, or finds the running one, and updates it.
    ///
    /// Returns the answer to the start. That to the update is an
    /// [`Answer::Update`](super::Answer::Update); if it is an error,
    /// [`Error::of_second_operation`] makes it one of the whole request.
    ///
    /// # Errors
    /// Either operation is refused; then neither takes place.
    pub fn execute_multi_operation(
        &mut self,
        request: api::ExecuteMultiOperationRequest,
    ) -> Result<(api::StartWorkflowExecutionResponse, CallId)> {
        self.check_namespace(&request.namespace)?;
        let mut operations = request.operations.into_iter().map(|o| o.operation);
        let (
            Some(Some(Operation::StartWorkflow(start))),
            Some(Some(Operation::UpdateWorkflow(update))),
            None,
        ) = (operations.next(), operations.next(), operations.next())
        else {
            return Err(Error::invalid(
                "Operations have to be exactly [Start, Update].",
            ));
        };
        let (update, stage) = self
            .checked_update(&update)
            .map_err(Error::of_second_operation)?;
        if start.request_eager_execution {
            let error = Error::invalid("RequestEagerExecution is not supported.");
            return Err(error.of_first_operation());
        }
        let (key, started) = self.start_run(start).map_err(Error::of_first_operation)?;
        let response = self.start_response(key, started);
        let call = self.world.calls.next_id();
        // The task of the start is not given out before the update can go with it.
        let admitted = self.transact(key, |run, world| run.update(call, update, stage, world));
        self.settle();
        admitted.map_err(Error::of_second_operation)?;
        Ok((response, call))
    }

    /// An update as it can be admitted, and the stage that its caller waits for.
    pub(super) fn checked_update(
        &mut self,
        request: &api::UpdateWorkflowExecutionRequest,
    ) -> Result<(outlast_proto::temporal::api::update::v1::Request, Stage)> {
        let stage = request.wait_policy.unwrap_or_default().lifecycle_stage();
        if stage == Stage::Admitted {
            return Err(Error::update_wait_admitted());
        }
        let mut update = request.request.clone().unwrap_or_default();
        let Some(meta) = update.meta.as_mut() else {
            return Err(Error::invalid("Update meta is not set on request."));
        };
        if update
            .input
            .as_ref()
            .is_none_or(|input| input.name.is_empty())
        {
            return Err(Error::invalid("Update name is not set on request."));
        }
        if meta.update_id.is_empty() {
            meta.update_id = self.world.uuid();
        }
        Ok((
            update,
            if stage == Stage::Unspecified {
                Stage::Accepted
            } else {
                stage
            },
        ))
    }
}
