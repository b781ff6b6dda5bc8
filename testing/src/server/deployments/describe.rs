//! Deployments and versions as those who ask see them.

use std::collections::BTreeSet;
use std::time::SystemTime;

use bytes::Bytes;
use outlast_proto::temporal::api::deployment::v1::{
    RoutingConfig, VersionDrainageInfo, VersionMetadata, WorkerDeploymentInfo,
    WorkerDeploymentVersionInfo,
    worker_deployment_info::WorkerDeploymentVersionSummary as VersionSummary,
    worker_deployment_version_info::VersionTaskQueueInfo,
};
use outlast_proto::temporal::api::enums::v1::{
    RoutingConfigUpdateState, TaskQueueType, VersionDrainageStatus,
    WorkerDeploymentVersionStatus as Status,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::{
    describe_worker_deployment_version_response::VersionTaskQueue,
    list_worker_deployments_response::WorkerDeploymentSummary,
};

use crate::server::Engine;
use crate::server::deployments::Version;
use crate::server::deployments::deployed::{DRAINAGE_GRACE, DeployedVersion};
use crate::server::deployments::deployment::Deployment;
use crate::server::deployments::names::{dotted, named_version};
use crate::server::deployments::routes::Routing;
use crate::server::deployments::version::check_deployment_name;
use crate::server::errors::{Error, Result};
use crate::server::queues::matching::QueueType;
use crate::server::task_queues::describe::DEFAULT_PRIORITY;
use crate::server::wire::timestamp;

impl Engine {
    /// Describes a deployment with its versions.
    ///
    /// # Errors
    /// The deployment is unknown.
    pub fn describe_worker_deployment(
        &self,
        request: &api::DescribeWorkerDeploymentRequest,
    ) -> Result<api::DescribeWorkerDeploymentResponse> {
        check_deployment_name(&request.deployment_name)?;
        let namespace = &request.namespace;
        let deployment = self.deployment(namespace, &request.deployment_name)?;
        let versions = deployment.newest_first();
        let pinned = self.pinned_versions(namespace);
        let info = WorkerDeploymentInfo {
            name: deployment.name.clone(),
            version_summaries: versions.map(|v| self.summary(&pinned, v)).collect(),
            create_time: timestamp(deployment.created_at),
            routing_config: Some(deployment.routing().described()),
            last_modifier_identity: deployment.last_modifier.clone(),
            manager_identity: deployment.manager.clone(),
            routing_config_update_state: RoutingConfigUpdateState::Completed as i32,
        };
        Ok(api::DescribeWorkerDeploymentResponse {
            conflict_token: deployment.conflict_token(),
            worker_deployment_info: Some(info),
        })
    }

    /// Describes a version with its queues.
    ///
    /// # Errors
    /// The version is unknown.
    pub fn describe_worker_deployment_version(
        &self,
        request: &api::DescribeWorkerDeploymentVersionRequest,
    ) -> Result<api::DescribeWorkerDeploymentVersionResponse> {
        self.check_namespace(&request.namespace)?;
        if request.deployment_version.is_none() && request.version.is_empty() {
            return Err(Error::invalid("deployment version cannot be empty"));
        }
        let name = named_version(request.deployment_version.as_ref(), &request.version)?;
        let deployment = self
            .world
            .deployments
            .get(&request.namespace, &name.deployment);
        let found = deployment.and_then(|deployment| {
            let version = deployment.version(&name.build_id)?;
            Some((deployment, version))
        });
        let Some((deployment, version)) = found else {
            return Err(Error::not_found("Worker Deployment Version not found"));
        };
        let pinned = self.pinned_versions(&request.namespace);
        let queues = version.queues().map(|queue| {
            let stats = request.report_task_queue_stats;
            let stats = stats.then(|| self.queue_stats(&version.own_queue(queue)));
            let by_priority = stats.map(|stats| (DEFAULT_PRIORITY, stats));
            VersionTaskQueue {
                name: queue.name.clone(),
                r#type: wire_type(queue.queue_type) as i32,
                stats,
                stats_by_priority_key: by_priority.into_iter().collect(),
            }
        });
        Ok(api::DescribeWorkerDeploymentVersionResponse {
            version_task_queues: queues.collect(),
            worker_deployment_version_info: Some(self.version_info(&pinned, deployment, version)),
        })
    }

    /// Lists the deployments of a namespace, the newest first.
    ///
    /// # Errors
    /// The namespace is unknown, or the page token is none of ours.
    pub fn list_worker_deployments(
        &self,
        request: &api::ListWorkerDeploymentsRequest,
    ) -> Result<api::ListWorkerDeploymentsResponse> {
        let namespace = &request.namespace;
        self.check_namespace(namespace)?;
        let token = std::str::from_utf8(&request.next_page_token).ok();
        let begin = match token {
            Some("") => 0,
            token => token
                .and_then(|token| token.parse().ok())
                .ok_or_else(|| Error::invalid("invalid page token"))?,
        };
        let mut all: Vec<&Deployment> = self.world.deployments.of(namespace).collect();
        all.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
        let size = usize::try_from(request.page_size).ok();
        let size = size.filter(|size| *size > 0).unwrap_or(usize::MAX);
        let pinned = self.pinned_versions(namespace);
        let page = all.iter().skip(begin).take(size);
        let page = page.map(|deployment| self.list_entry(&pinned, deployment));
        let end = begin.saturating_add(size);
        Ok(api::ListWorkerDeploymentsResponse {
            next_page_token: match end < all.len() {
                true => Bytes::from(end.to_string()),
                false => Bytes::new(),
            },
            worker_deployments: page.collect(),
        })
    }

    /// The versions that open runs depend on.
    pub(super) fn pinned_versions(&self, namespace: &str) -> BTreeSet<Version> {
        let runs = self.runs.values();
        let open = runs.filter(|run| run.is_open() && run.namespace == namespace);
        open.filter_map(|run| run.pinned_version()).collect()
    }

    fn list_entry(
        &self,
        pinned: &BTreeSet<Version>,
        deployment: &Deployment,
    ) -> WorkerDeploymentSummary {
        let summary = |version: &DeployedVersion| self.summary(pinned, version);
        let routing = deployment.routing();
        let named = |version: Option<&Version>| {
            let version = deployment.version(&version?.build_id);
            version.map(summary)
        };
        let ramp = routing.ramp.as_ref().and_then(|ramp| ramp.to.as_ref());
        WorkerDeploymentSummary {
            name: deployment.name.clone(),
            create_time: timestamp(deployment.created_at),
            routing_config: Some(routing.described()),
            latest_version_summary: deployment.newest_first().next().map(summary),
            current_version_summary: named(routing.current.as_ref()),
            ramping_version_summary: named(ramp),
        }
    }

    fn summary(&self, pinned: &BTreeSet<Version>, version: &DeployedVersion) -> VersionSummary {
        let status = self.status(pinned, version);
        let times = &version.times;
        let drainage = self.drainage(status, version);
        VersionSummary {
            version: version.version.dotted(),
            status: status as i32,
            deployment_version: Some(version.version.to_wire()),
            create_time: timestamp(version.created_at),
            drainage_status: drainage.map_or(0, |drainage| drainage.status),
            drainage_info: drainage,
            current_since_time: times.current_since.and_then(timestamp),
            ramping_since_time: times.ramping_since.and_then(timestamp),
            routing_update_time: times.routing_changed.and_then(timestamp),
            first_activation_time: times.first_activated.and_then(timestamp),
            last_current_time: times.last_current.and_then(timestamp),
            last_deactivation_time: times.deactivated.and_then(timestamp),
            ..Default::default()
        }
    }

    fn version_info(
        &self,
        pinned: &BTreeSet<Version>,
        deployment: &Deployment,
        version: &DeployedVersion,
    ) -> WorkerDeploymentVersionInfo {
        let status = self.status(pinned, version);
        let times = &version.times;
        let ramp = deployment.routing().ramp.as_ref();
        let ramp = ramp.filter(|ramp| ramp.to.as_ref() == Some(&version.version));
        let has_metadata = !version.metadata.is_empty();
        WorkerDeploymentVersionInfo {
            version: version.version.dotted(),
            status: status as i32,
            deployment_version: Some(version.version.to_wire()),
            create_time: timestamp(version.created_at),
            routing_changed_time: times.routing_changed.and_then(timestamp),
            current_since_time: times.current_since.and_then(timestamp),
            ramping_since_time: times.ramping_since.and_then(timestamp),
            ramp_percentage: ramp.map_or(0.0, |ramp| ramp.percentage),
            task_queue_infos: version
                .queues()
                .map(|queue| VersionTaskQueueInfo {
                    name: queue.name.clone(),
                    r#type: wire_type(queue.queue_type) as i32,
                })
                .collect(),
            drainage_info: self.drainage(status, version),
            metadata: has_metadata.then(|| VersionMetadata {
                entries: version.metadata.clone(),
            }),
            last_modifier_identity: version.last_modifier.clone(),
            ..Default::default()
        }
    }

    pub(super) fn status(&self, pinned: &BTreeSet<Version>, version: &DeployedVersion) -> Status {
        let in_use = pinned.contains(&version.version);
        version.status(in_use, self.world.now)
    }

    /// Whether the version still drains, as if somebody had looked once in every period of grace.
    fn drainage(&self, status: Status, version: &DeployedVersion) -> Option<VersionDrainageInfo> {
        let since = version.times.draining_since?;
        let looked = |changed: SystemTime| {
            let age = self.world.now.duration_since(changed).unwrap_or_default();
            let times = age.as_nanos() / DRAINAGE_GRACE.as_nanos();
            changed + DRAINAGE_GRACE * u32::try_from(times).unwrap_or(u32::MAX)
        };
        let (status, changed) = match status {
            Status::Drained => (VersionDrainageStatus::Drained, since + DRAINAGE_GRACE),
            Status::Created
            | Status::Current
            | Status::Draining
            | Status::Inactive
            | Status::Ramping
            | Status::Unspecified => (VersionDrainageStatus::Draining, since),
        };
        Some(VersionDrainageInfo {
            status: status as i32,
            last_changed_time: timestamp(changed),
            last_checked_time: timestamp(looked(changed)),
        })
    }
}

impl Routing {
    fn described(&self) -> RoutingConfig {
        let ramp = self.ramp.as_ref();
        let ramping = ramp.map(|ramp| ramp.to.as_ref());
        RoutingConfig {
            current_deployment_version: self.current.as_ref().map(Version::to_wire),
            current_version: dotted(self.current.as_ref()),
            ramping_deployment_version: ramping.flatten().map(Version::to_wire),
            ramping_version: ramping.map(dotted).unwrap_or_default(),
            ramping_version_percentage: ramp.map_or(0.0, |ramp| ramp.percentage),
            current_version_changed_time: self.current_changed_at.and_then(timestamp),
            ramping_version_changed_time: self.ramp_changed_at.and_then(timestamp),
            ramping_version_percentage_changed_time: self.percentage_changed_at.and_then(timestamp),
            revision_number: self.revision,
        }
    }
}

fn wire_type(queue_type: QueueType) -> TaskQueueType {
    match queue_type {
        QueueType::Activity => TaskQueueType::Activity,
        QueueType::Nexus => TaskQueueType::Nexus,
        QueueType::Workflow => TaskQueueType::Workflow,
    }
}
