//! Deleting workflows, so that nobody finds them any more.

use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::errors::Result;
use crate::server::execution::RunKey;

impl Engine {
    /// Deletes a run; an open one is terminated first.
    ///
    /// # Errors
    /// The workflow is unknown.
    pub fn delete_workflow_execution(
        &mut self,
        request: &api::DeleteWorkflowExecutionRequest,
    ) -> Result<api::DeleteWorkflowExecutionResponse> {
        let key = self.find(&request.namespace, request.workflow_execution.as_ref())?;
        self.delete_run(key);
        Ok(api::DeleteWorkflowExecutionResponse {})
    }

    /// Deletes all runs of a namespace.
    pub(in crate::server) fn delete_runs_of(&mut self, namespace: &str) {
        let mut keys: Vec<RunKey> = self.run_index.of_namespace(namespace).collect();
        keys.sort();
        for key in keys {
            self.delete_run(key);
        }
    }

    /// Closes a run, lets everybody know who has to, and forgets it.
    fn delete_run(&mut self, key: RunKey) {
        if self.runs[&key].is_open() {
            self.in_run(key, |run, world| {
                run.terminate("Delete workflow execution", None, "history-service", world);
            });
        }
        self.in_run(key, |run, world| run.abandon_queries(world));
        let Some(run) = self.runs.remove(&key) else {
            return;
        };
        self.run_index.remove(&run);
        self.maybe_busy.remove(&key);
        self.by_run_id.remove(&run.run_id);
        let id = (run.namespace, run.workflow_id);
        if self.current.get(&id) == Some(&key) {
            self.current.remove(&id);
        }
    }
}
