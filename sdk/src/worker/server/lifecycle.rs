//! How a worker goes.

use outlast_proto::temporal::api::enums::v1::TaskQueueType;
use outlast_proto::temporal::api::workflowservice::v1::ShutdownWorkerRequest;
use tonic::Status;

use super::Server;
use crate::client::retry::Patience;

impl Server {
    /// Says that the worker stops, so that its tasks go elsewhere at once.
    pub(in crate::worker) async fn say_farewell(
        &self,
        runs_workflows: bool,
        runs_activities: bool,
    ) -> Result<(), Status> {
        let workflows = runs_workflows.then_some(TaskQueueType::Workflow as i32);
        let activities = runs_activities.then_some(TaskQueueType::Activity as i32);
        let sticky = self.settings.sticky.as_ref();
        let request = ShutdownWorkerRequest {
            namespace: self.settings.namespace.clone(),
            identity: self.settings.identity.clone(),
            sticky_task_queue: sticky
                .map(|sticky| sticky.queue.clone())
                .unwrap_or_default(),
            task_queue: self.settings.task_queue.clone(),
            task_queue_types: workflows.into_iter().chain(activities).collect(),
            worker_instance_key: self.settings.instance_key.clone(),
            reason: "graceful shutdown".to_owned(),
            ..ShutdownWorkerRequest::default()
        };
        self.client
            .call(
                Patience::Once,
                &request,
                |mut service, request| async move { service.shutdown_worker(request).await },
            )
            .await?;
        Ok(())
    }
}
