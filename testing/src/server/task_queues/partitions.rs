//! The parts of a task queue: here, each queue is in one piece.

use outlast_proto::temporal::api::taskqueue::v1::TaskQueuePartitionMetadata;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::errors::{Error, Result};

impl Engine {
    /// Lists the parts of a task queue.
    ///
    /// # Errors
    /// The namespace is unknown, or no queue is named.
    pub fn list_task_queue_partitions(
        &self,
        request: &api::ListTaskQueuePartitionsRequest,
    ) -> Result<api::ListTaskQueuePartitionsResponse> {
        self.check_namespace(&request.namespace)?;
        let Some(queue) = &request.task_queue else {
            return Err(Error::invalid("taskQueue is not set"));
        };
        if queue.name.is_empty() {
            return Err(Error::invalid("missing task queue name"));
        }
        let whole = vec![TaskQueuePartitionMetadata {
            key: queue.name.clone(),
            owner_host_name: "outlast".to_owned(),
        }];
        Ok(api::ListTaskQueuePartitionsResponse {
            activity_task_queue_partitions: whole.clone(),
            workflow_task_queue_partitions: whole,
        })
    }
}
