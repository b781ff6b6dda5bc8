//! What operators see of versions, which of them go, and how many there may be.

use outlast_proto::temporal::api::enums::v1::{
    TaskQueueType, VersioningBehavior as Behavior, WorkerDeploymentVersionStatus as Status,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::deployments::{options, two_versions, version};
use super::scene::*;
use crate::server::{Code, Error, Limits, Result, ServerOptions};

impl Scene {
    fn limited(limits: Limits) -> Self {
        Self::with(ServerOptions {
            limits,
            ..ServerOptions::default()
        })
    }

    fn delete_version(&mut self, build_id: &str) -> Result<()> {
        let request = api::DeleteWorkerDeploymentVersionRequest {
            namespace: "default".to_owned(),
            deployment_version: version(build_id),
            ..Default::default()
        };
        self.engine.delete_worker_deployment_version(&request)?;
        Ok(())
    }

    fn set_current_with(
        &mut self,
        build_id: &str,
        change: impl FnOnce(&mut api::SetWorkerDeploymentCurrentVersionRequest),
    ) -> Result<api::SetWorkerDeploymentCurrentVersionResponse> {
        let mut request = api::SetWorkerDeploymentCurrentVersionRequest {
            namespace: "default".to_owned(),
            deployment_name: "shop".to_owned(),
            build_id: build_id.to_owned(),
            ..Default::default()
        };
        change(&mut request);
        self.engine.set_worker_deployment_current_version(&request)
    }

    /// The build ids of the versions that there are, the newest first.
    fn versions(&self) -> Vec<String> {
        let request = api::DescribeWorkerDeploymentRequest {
            namespace: "default".to_owned(),
            deployment_name: "shop".to_owned(),
        };
        let described = self.engine.describe_worker_deployment(&request).unwrap();
        let info = described.worker_deployment_info.unwrap();
        let versions = info.version_summaries.into_iter();
        let versions = versions.filter_map(|summary| summary.deployment_version);
        versions.map(|version| version.build_id).collect()
    }

    /// How many workflow tasks wait for workers of a version, as the version has it.
    fn backlog(&self, build_id: &str) -> i64 {
        let request = api::DescribeWorkerDeploymentVersionRequest {
            namespace: "default".to_owned(),
            deployment_version: version(build_id),
            report_task_queue_stats: true,
            ..Default::default()
        };
        let described = self.engine.describe_worker_deployment_version(&request);
        let queues = described.unwrap().version_task_queues.into_iter();
        let stats = queues.filter_map(|queue| queue.stats);
        stats.map(|stats| stats.approximate_backlog_count).sum()
    }

    /// The answer to a poll of another queue or deployment.
    fn try_poll_at(&mut self, task_queue: &str, deployment: &str, build_id: &str) -> Result<()> {
        let mut options = options(build_id).unwrap();
        deployment.clone_into(&mut options.deployment_name);
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: queue(task_queue),
            deployment_options: Some(options),
            ..Default::default()
        };
        let poll = self.engine.poll_workflow_task_queue(request)?;
        self.engine.cancel_call(poll);
        Ok(())
    }
}

#[track_caller]
fn assert_refused(refused: Result<impl std::fmt::Debug>, code: Code, message: &str) {
    let error: Error = refused.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (code, message));
}

#[test]
fn a_version_whose_worker_waits_is_not_deleted_however_far_time_skips() {
    let mut scene = Scene::new();
    scene.begin_poll_as("1");
    scene.advance(3600);
    let message = "version 'shop:1' cannot be deleted since it has active pollers";
    assert_refused(scene.delete_version("1"), Code::FailedPrecondition, message);
}

#[test]
fn a_version_whose_worker_is_gone_can_be_deleted_minutes_later() {
    let mut scene = Scene::new();
    scene.announce("1");
    scene.advance(299);
    scene.delete_version("1").unwrap_err();
    scene.advance(1);
    scene.delete_version("1").unwrap();
    assert!(scene.versions().is_empty());
}

#[test]
fn each_version_reports_its_own_backlog() {
    let mut scene = two_versions();
    scene.start();
    let task = scene.poll_as("1").unwrap();
    scene.complete_as(&task, "1", Behavior::Pinned);
    scene.set_current("2");
    scene.signal("s");
    for id in ["a", "b"] {
        scene.start_with(|request| request.workflow_id = id.to_owned());
    }
    assert_eq!((scene.backlog("1"), scene.backlog("2")), (1, 2));
}

#[test]
fn operators_may_route_to_what_no_worker_has_been_seen_of() {
    let mut scene = Scene::new();
    let request = scene.set_current_with("1", |request| request.allow_no_pollers = true);
    assert_eq!(request.unwrap().previous_version, "__unversioned__");
    assert_eq!(scene.versions(), ["1"]);
    assert_eq!(scene.status("1"), Status::Current);
    scene.start();
    scene.poll();
}

#[test]
fn what_another_caller_wants_again_is_a_change_but_no_new_route() {
    let mut scene = two_versions();
    let before = scene.set_current_with("1", |_| ()).unwrap().conflict_token;
    let again = scene.set_current_with("1", |request| request.identity = "other".to_owned());
    let again = again.unwrap();
    assert_ne!(again.conflict_token, before);
    assert_eq!(again.previous_deployment_version, version("1"));
    let stale = scene.set_current_with("1", |request| request.conflict_token = before);
    assert_refused(stale, Code::FailedPrecondition, "conflict token mismatch");
}

#[test]
fn the_oldest_version_that_nobody_needs_makes_room_for_a_new_one() {
    let mut scene = Scene::limited(Limits {
        deployment_versions: 3,
        ..Limits::default()
    });
    scene.announce("1");
    scene.set_current("1");
    scene.announce("2");
    scene.announce("3");
    let message = "cannot add version shop.4 since maximum number of versions (3) have been \
                   registered in the deployment";
    let refused = scene.try_poll_at("q", "shop", "4");
    assert_refused(refused, Code::ResourceExhausted, message);
    scene.advance(300);
    scene.announce("4");
    assert_eq!(scene.versions(), ["4", "3", "1"]);
}

#[test]
fn a_namespace_has_so_many_deployments_and_no_more() {
    let mut scene = Scene::limited(Limits {
        deployments: 1,
        ..Limits::default()
    });
    scene.announce("1");
    let message = "reached maximum deployments in namespace (1)";
    let polled = scene.try_poll_at("q", "other", "1");
    assert_refused(polled, Code::ResourceExhausted, message);
    let set = scene.set_current_with("1", |request| {
        request.allow_no_pollers = true;
        "other".clone_into(&mut request.deployment_name);
    });
    assert_refused(set, Code::ResourceExhausted, message);
}

#[test]
fn a_version_has_so_many_queues_and_no_more() {
    let mut scene = Scene::limited(Limits {
        version_queues: 2,
        ..Limits::default()
    });
    for known in ["a", "b", "a"] {
        scene.try_poll_at(known, "shop", "1").unwrap();
    }
    let message = "cannot add task queue c since maximum number of task queues (2) have been \
                   registered in deployment";
    let refused = scene.try_poll_at("c", "shop", "1");
    assert_refused(refused, Code::ResourceExhausted, message);
}

#[test]
fn a_worker_that_waits_is_listed_however_far_time_skips() {
    let mut scene = Scene::new();
    scene.begin_poll("q");
    scene.advance(3600);
    let request = api::DescribeTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: queue("q"),
        task_queue_type: TaskQueueType::Workflow as i32,
        ..Default::default()
    };
    let described = scene.engine.describe_task_queue(&request).unwrap();
    assert_eq!(described.pollers[0].identity, "worker");
}
