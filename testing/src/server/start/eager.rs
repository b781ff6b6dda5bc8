//! Eager starts: the client that starts a workflow gets its first task in the answer.

use outlast_proto::temporal::api::workflowservice::v1::PollWorkflowTaskQueueResponse;

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::execution::RunKey;
use crate::server::oracle::Site;
use crate::server::workflow_task::taker::Taker;

impl Engine {
    /// The first workflow task, for the client whose start was promised to get it.
    ///
    /// A client that lost the answer gets the same task again, until the task has ended.
    pub(in crate::server) fn eager_task(
        &mut self,
        key: RunKey,
        identity: &str,
        worker: Option<&Version>,
    ) -> Option<PollWorkflowTaskQueueResponse> {
        self.transact(key, |run, world| {
            let first = !run.has_completed_task() && run.attempt == 1;
            let task = run.task.as_ref()?;
            if !first || !run.started.eager_execution_accepted {
                None
            } else if task.is_started() {
                Some(run.task_response(1))
            } else {
                run.meet_worker(worker, world);
                let request_id = run.draw_id(Site::WorkflowTaskStart, world);
                Some(run.start_task(Taker::named(identity), request_id, false, world))
            }
        })
    }
}
