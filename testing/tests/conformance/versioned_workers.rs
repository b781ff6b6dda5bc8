//! What workers with a version ask for, and what operators of their deployments do.

use std::collections::BTreeMap;
use std::time::Duration;

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::deployment::v1::{
    WorkerDeploymentInfo, WorkerDeploymentOptions, WorkerDeploymentVersion,
};
use outlast_proto::temporal::api::enums::v1::{
    RoutingConfigUpdateState, TaskQueueType, VersioningBehavior, WorkerVersioningMode,
};
use outlast_proto::temporal::api::taskqueue::v1::{TaskQueue, TaskQueueVersioningInfo};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use tonic::{Code, Status};

use crate::Peer;
use crate::support::peer::*;

/// What a worker of a version says of itself; without a build id, what an unversioned one says.
pub(crate) fn options_of(peer: &Peer, build_id: &str) -> Option<WorkerDeploymentOptions> {
    (!build_id.is_empty()).then(|| WorkerDeploymentOptions {
        deployment_name: peer.deployment(),
        build_id: build_id.to_owned(),
        worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
    })
}

/// A completion by a worker of a version that says how its workflows behave.
pub(crate) fn versioned_completion(
    peer: &Peer,
    task: &WorkflowTask,
    build_id: &str,
    behavior: VersioningBehavior,
    commands: Vec<Command>,
) -> api::RespondWorkflowTaskCompletedRequest {
    api::RespondWorkflowTaskCompletedRequest {
        deployment_options: options_of(peer, build_id),
        versioning_behavior: behavior as i32,
        ..completion(task, commands)
    }
}

/// Nothing, if the time of a poll was up before the server could say so.
fn unless_late<T>(polled: Result<tonic::Response<T>, Status>) -> Option<T> {
    match polled {
        Ok(response) => Some(response.into_inner()),
        // Which of the two it is depends on who looks at the time first.
        Err(error) if [Code::Cancelled, Code::DeadlineExceeded].contains(&error.code()) => None,
        Err(error) => panic!("{error}"),
    }
}

impl Peer {
    /// The name of a deployment that nobody else has.
    pub(crate) fn deployment(&self) -> String {
        format!("deployment-{}", self.uuid)
    }

    pub(crate) fn version(&self, build_id: &str) -> Option<WorkerDeploymentVersion> {
        Some(WorkerDeploymentVersion {
            build_id: build_id.to_owned(),
            deployment_name: self.deployment(),
        })
    }

    /// Lets workers of a version be seen on the queue, without a trace in the transcript.
    pub(crate) async fn announce(&self, build_id: &str) {
        for queue_type in [TaskQueueType::Workflow, TaskQueueType::Activity] {
            let quiet = self.unrecorded();
            tokio::select! {
                () = quiet.poll_in_vain(build_id, queue_type) => {}
                () = quiet.until_seen(build_id, queue_type) => {}
            }
        }
    }

    /// Polls on and on, while there are no tasks. A real server may take longer than the poll to
    /// take note of a version. It takes note of a hundred deployments only.
    async fn poll_in_vain(&self, build_id: &str, queue_type: TaskQueueType) {
        loop {
            if queue_type == TaskQueueType::Workflow {
                let polled = self.try_poll_as(build_id, 10.0).await;
                assert!(polled.is_none_or(|task| task.task_token.is_empty()));
            } else {
                let polled = self.try_poll_activity_as(build_id, 10.0).await;
                assert!(polled.is_none_or(|task| task.task_token.is_empty()));
            }
        }
    }

    async fn until_seen(&self, build_id: &str, queue_type: TaskQueueType) {
        loop {
            let info = self.describe_version(build_id).await.ok();
            let info = info.and_then(|response| response.worker_deployment_version_info);
            let queues = info.map(|info| info.task_queue_infos).unwrap_or_default();
            let is_it = |name: &str, t| name == self.queue && t == queue_type;
            if queues
                .iter()
                .any(|queue| is_it(&queue.name, queue.r#type()))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The next workflow task for a worker of a version; empty if there is none within three seconds.
    pub(crate) async fn poll_as(&self, build_id: &str) -> WorkflowTask {
        let polled = self.try_poll_as(build_id, 4.0).await;
        polled.unwrap_or_default()
    }

    pub(crate) async fn poll_activity_as(&self, build_id: &str) -> ActivityTask {
        let polled = self.try_poll_activity_as(build_id, 4.0).await;
        polled.unwrap_or_default()
    }

    async fn try_poll_as(&self, build_id: &str, seconds: f64) -> Option<WorkflowTask> {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: self.normal_queue(),
            identity: format!("worker {build_id}"),
            deployment_options: options_of(self, build_id),
            ..Default::default()
        };
        let polled = self
            .client()
            .poll_workflow_task_queue(with_timeout(request, seconds))
            .await;
        unless_late(polled)
    }

    async fn try_poll_activity_as(&self, build_id: &str, seconds: f64) -> Option<ActivityTask> {
        let request = api::PollActivityTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: self.normal_queue(),
            identity: format!("worker {build_id}"),
            deployment_options: options_of(self, build_id),
            ..Default::default()
        };
        let polled = self
            .client()
            .poll_activity_task_queue(with_timeout(request, seconds))
            .await;
        unless_late(polled)
    }

    /// Polls until there is a task: routes take their time on a real server.
    pub(crate) async fn next_task_as(&self, build_id: &str) -> WorkflowTask {
        for _ in 0..6 {
            let task = self.poll_as(build_id).await;
            if !task.task_token.is_empty() {
                return task;
            }
        }
        panic!("no task for version {build_id}")
    }

    /// Takes the next task as a worker of a version, and completes it.
    pub(crate) async fn work_as(
        &self,
        build_id: &str,
        behavior: VersioningBehavior,
        commands: Vec<Command>,
    ) {
        let task = self.next_task_as(build_id).await;
        let completion = versioned_completion(self, &task, build_id, behavior, commands);
        self.complete_with(completion).await.unwrap();
    }

    pub(crate) async fn describe_deployment(
        &self,
    ) -> Result<api::DescribeWorkerDeploymentResponse, Status> {
        let request = api::DescribeWorkerDeploymentRequest {
            namespace: "default".to_owned(),
            deployment_name: self.deployment(),
        };
        let described = self.client().describe_worker_deployment(request).await?;
        Ok(described.into_inner())
    }

    pub(crate) async fn describe_version(
        &self,
        build_id: &str,
    ) -> Result<api::DescribeWorkerDeploymentVersionResponse, Status> {
        let request = api::DescribeWorkerDeploymentVersionRequest {
            namespace: "default".to_owned(),
            deployment_version: self.version(build_id),
            ..Default::default()
        };
        let mut client = self.client();
        let described = client.describe_worker_deployment_version(request).await?;
        Ok(described.into_inner())
    }

    pub(crate) fn current_request(
        &self,
        build_id: &str,
    ) -> api::SetWorkerDeploymentCurrentVersionRequest {
        api::SetWorkerDeploymentCurrentVersionRequest {
            namespace: "default".to_owned(),
            deployment_name: self.deployment(),
            build_id: build_id.to_owned(),
            identity: "operator".to_owned(),
            ..Default::default()
        }
    }

    pub(crate) async fn set_current_with(
        &self,
        request: api::SetWorkerDeploymentCurrentVersionRequest,
    ) -> Result<api::SetWorkerDeploymentCurrentVersionResponse, Status> {
        let mut client = self.client();
        let set = client
            .set_worker_deployment_current_version(request)
            .await?;
        Ok(set.into_inner())
    }

    /// Makes a version current, and waits until all its queues know; without a record, as a real server
    /// under load may do it twice, and then answers what came of the first time.
    pub(crate) async fn set_current(&self, build_id: &str) {
        let request = api::SetWorkerDeploymentCurrentVersionRequest {
            ignore_missing_task_queues: true,
            ..self.current_request(build_id)
        };
        let quiet = self.unrecorded();
        quiet.set_current_with(request).await.unwrap();
        self.settled().await;
    }

    /// Lets a version ramp, and waits until all its queues know; without a record, as above.
    pub(crate) async fn set_ramp(&self, build_id: &str, percentage: f32) {
        let quiet = self.unrecorded();
        quiet.try_ramp(build_id, percentage).await.unwrap();
        self.settled().await;
    }

    pub(crate) async fn try_ramp(
        &self,
        build_id: &str,
        percentage: f32,
    ) -> Result<api::SetWorkerDeploymentRampingVersionResponse, Status> {
        let request = self.ramp_request(build_id, percentage);
        self.set_ramp_with(request).await
    }

    pub(crate) fn ramp_request(
        &self,
        build_id: &str,
        percentage: f32,
    ) -> api::SetWorkerDeploymentRampingVersionRequest {
        api::SetWorkerDeploymentRampingVersionRequest {
            namespace: "default".to_owned(),
            deployment_name: self.deployment(),
            build_id: build_id.to_owned(),
            percentage,
            identity: "operator".to_owned(),
            ..Default::default()
        }
    }

    pub(crate) async fn set_ramp_with(
        &self,
        request: api::SetWorkerDeploymentRampingVersionRequest,
    ) -> Result<api::SetWorkerDeploymentRampingVersionResponse, Status> {
        let mut client = self.client();
        let set = client
            .set_worker_deployment_ramping_version(request)
            .await?;
        Ok(set.into_inner())
    }

    /// Waits until all versions and queues know how the deployment is routed; describes it then.
    pub(crate) async fn settled(&self) -> WorkerDeploymentInfo {
        let quiet = self.unrecorded();
        let mut agreed = 0;
        for _ in 0..600 {
            let info = quiet.describe_deployment().await.unwrap();
            let info = info.worker_deployment_info.unwrap();
            agreed = if quiet.is_known_everywhere(&info).await {
                agreed + 1
            } else {
                0
            };
            // A real server under load may never take in that the last queue knows.
            let is_complete =
                info.routing_config_update_state() == RoutingConfigUpdateState::Completed;
            if agreed > 0 && (is_complete || agreed == 20) {
                return info;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:#?}", quiet.describe_deployment().await)
    }

    async fn is_known_everywhere(&self, info: &WorkerDeploymentInfo) -> bool {
        let routing = info.routing_config.as_ref().unwrap();
        let mut queues: BTreeMap<(String, i32), Vec<Option<WorkerDeploymentVersion>>> =
            BTreeMap::new();
        for summary in &info.version_summaries {
            let name = &summary.deployment_version;
            let build_id = &name.as_ref().unwrap().build_id;
            // A version that nobody has polled as comes up after its deployment knows of it.
            let Ok(version) = self.describe_version(build_id).await else {
                return false;
            };
            let version = version.worker_deployment_version_info.unwrap();
            if version.status() != summary.status() {
                return false;
            }
            for queue in version.task_queue_infos {
                let versions = queues.entry((queue.name, queue.r#type)).or_default();
                versions.push(name.clone());
            }
        }
        for ((name, queue_type), versions) in queues {
            let is_there = |version: &Option<WorkerDeploymentVersion>| versions.contains(version);
            let known = self.queue_versions(&name, queue_type).await;
            let current = &routing.current_deployment_version;
            let ramping = &routing.ramping_deployment_version;
            if known.current_deployment_version != current.clone().filter(|_| is_there(current))
                || known.ramping_deployment_version != ramping.clone().filter(|_| is_there(ramping))
                || (is_there(ramping)
                    && known.ramping_version_percentage != routing.ramping_version_percentage)
            {
                return false;
            }
        }
        true
    }

    /// What a queue knows of versions.
    async fn queue_versions(&self, name: &str, queue_type: i32) -> TaskQueueVersioningInfo {
        let request = api::DescribeTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: Some(TaskQueue {
                name: name.to_owned(),
                ..Default::default()
            }),
            task_queue_type: queue_type,
            ..Default::default()
        };
        let described = self.client().describe_task_queue(request).await.unwrap();
        described.into_inner().versioning_info.unwrap_or_default()
    }
}
