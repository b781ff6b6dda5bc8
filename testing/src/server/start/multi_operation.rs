//! Update-with-start: a start and an update that succeed or fail together.

use outlast_proto::temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use outlast_proto::temporal::api::update::v1::Request;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::execute_multi_operation_request::operation::Operation;

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::RunKey;
use crate::server::limits::check_length;
use crate::server::oracle::Site;
use crate::server::queues::long_polls::CallId;

impl Engine {
    /// Starts a workflow, or finds the running one, and updates it.
    ///
    /// Returns the answer to the start. That to the update is an
    /// [`Answer::Update`](crate::server::Answer::Update); if it is an error,
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
        self.check_start(&start)
            .map_err(Error::of_first_operation)?;
        let (update, stage) = self
            .checked_second(&start, &update)
            .map_err(Error::of_second_operation)?;
        if start.request_eager_execution {
            let error = Error::invalid("RequestEagerExecution is not supported.");
            return Err(error.of_first_operation());
        }
        let (key, response) = match self.run_with_update(&start, &update) {
            Some(key) => (key, self.found_response(key)),
            None => {
                let (key, started) = self.start_run(start).map_err(Error::of_first_operation)?;
                let mut response = self.start_response(key, started);
                if !started {
                    response.first_execution_run_id.clear();
                }
                (key, response)
            }
        };
        let call = self.world.calls.next_id();
        // The task of the start is not given out before the update can go with it.
        let admitted = self.transact(key, |run, world| {
            if run.answer_with_outcome(call, &update, world) {
                return Ok(());
            }
            run.update(call, update, stage, world)
        });
        self.settle();
        admitted.map_err(Error::of_second_operation)?;
        Ok((response, call))
    }

    fn checked_second(
        &mut self,
        start: &api::StartWorkflowExecutionRequest,
        update: &api::UpdateWorkflowExecutionRequest,
    ) -> Result<(Request, Stage)> {
        let execution = update.workflow_execution.as_ref();
        if execution.is_none_or(|execution| execution.workflow_id != start.workflow_id) {
            return Err(Error::invalid(
                "WorkflowId is not consistent with previous operation(s).",
            ));
        }
        self.checked_update(update)
    }

    /// The current run, open or not, if it knows the update from an earlier request.
    fn run_with_update(
        &self,
        start: &api::StartWorkflowExecutionRequest,
        update: &Request,
    ) -> Option<RunKey> {
        let id = (start.namespace.clone(), start.workflow_id.clone());
        let key = self.current.get(&id).copied()?;
        let update_id = &update.meta.as_ref()?.update_id;
        self.runs[&key].updates.knows(update_id).then_some(key)
    }

    fn found_response(&self, key: RunKey) -> api::StartWorkflowExecutionResponse {
        let run = &self.runs[&key];
        api::StartWorkflowExecutionResponse {
            run_id: run.run_id.clone(),
            status: run.status as i32,
            ..Default::default()
        }
    }

    /// An update as it can be admitted, and the stage that its caller waits for.
    pub(in crate::server) fn checked_update(
        &mut self,
        request: &api::UpdateWorkflowExecutionRequest,
    ) -> Result<(Request, Stage)> {
        let stage = request.wait_policy.unwrap_or_default().lifecycle_stage();
        if stage == Stage::Admitted {
            return Err(Error::update_wait_admitted());
        }
        let mut update = request.request.clone().unwrap_or_default();
        let Some(meta) = update.meta.as_mut() else {
            return Err(Error::invalid("Update meta is not set on request."));
        };
        let Some(input) = update.input.as_ref() else {
            return Err(Error::invalid("Update input is not set on request."));
        };
        if input.name.is_empty() {
            return Err(Error::invalid("Update name is not set on request."));
        }
        check_length("UpdateId", &meta.update_id)?;
        if meta.update_id.is_empty() {
            let workflow_id = request
                .workflow_execution
                .as_ref()
                .map_or("", |execution| execution.workflow_id.as_str());
            let namespace = &request.namespace;
            meta.update_id = self.world.next_uuid(Site::Update, namespace, workflow_id);
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
