//! Versions of workers: who gets what, what drains, and what waits in vain.

use outlast_proto::temporal::api::deployment::v1::{
    WorkerDeploymentOptions, WorkerDeploymentVersion,
};
use outlast_proto::temporal::api::enums::v1::{
    VersioningBehavior as Behavior, WorkerDeploymentVersionStatus as Status, WorkerVersioningMode,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::builders::*;
use super::scene::*;
use crate::server::CallId;

pub(super) fn options(build_id: &str) -> Option<WorkerDeploymentOptions> {
    Some(WorkerDeploymentOptions {
        deployment_name: "shop".to_owned(),
        build_id: build_id.to_owned(),
        worker_versioning_mode: WorkerVersioningMode::Versioned as i32,
    })
}

pub(super) fn version(build_id: &str) -> Option<WorkerDeploymentVersion> {
    Some(WorkerDeploymentVersion {
        build_id: build_id.to_owned(),
        deployment_name: "shop".to_owned(),
    })
}

impl Scene {
    pub(super) fn begin_poll_as(&mut self, build_id: &str) -> CallId {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: queue("q"),
            identity: format!("worker {build_id}"),
            deployment_options: options(build_id),
            ..Default::default()
        };
        self.engine.poll_workflow_task_queue(request).unwrap()
    }

    /// Lets a worker of a version be seen, and go.
    pub(super) fn announce(&mut self, build_id: &str) {
        let poll = self.begin_poll_as(build_id);
        self.engine.expire_call(poll);
        assert!(self.workflow_task(poll).is_some());
    }

    /// A poll that lasts until there is something, or nothing to wait for.
    pub(super) fn poll_as(&mut self, build_id: &str) -> Option<WorkflowTask> {
        let poll = self.begin_poll_as(build_id);
        let task = self.workflow_task(poll);
        if task.is_none() {
            self.engine.cancel_call(poll);
        }
        task
    }

    pub(super) fn complete_as(&mut self, task: &WorkflowTask, build_id: &str, behavior: Behavior) {
        let completion = api::RespondWorkflowTaskCompletedRequest {
            deployment_options: options(build_id),
            versioning_behavior: behavior as i32,
            ..Self::completion(task, vec![])
        };
        let completed = self.engine.respond_workflow_task_completed(completion);
        completed.unwrap();
    }

    pub(super) fn set_current(&mut self, build_id: &str) {
        let request = api::SetWorkerDeploymentCurrentVersionRequest {
            namespace: "default".to_owned(),
            deployment_name: "shop".to_owned(),
            build_id: build_id.to_owned(),
            ignore_missing_task_queues: true,
            ..Default::default()
        };
        let engine = &mut self.engine;
        engine
            .set_worker_deployment_current_version(&request)
            .unwrap();
    }

    fn set_ramp(&mut self, build_id: &str, percentage: f32) {
        let request = api::SetWorkerDeploymentRampingVersionRequest {
            namespace: "default".to_owned(),
            deployment_name: "shop".to_owned(),
            build_id: build_id.to_owned(),
            percentage,
            ..Default::default()
        };
        let engine = &mut self.engine;
        engine
            .set_worker_deployment_ramping_version(&request)
            .unwrap();
    }

    pub(super) fn status(&self, build_id: &str) -> Status {
        let request = api::DescribeWorkerDeploymentVersionRequest {
            namespace: "default".to_owned(),
            deployment_version: version(build_id),
            ..Default::default()
        };
        let described = self.engine.describe_worker_deployment_version(&request);
        let info = described.unwrap().worker_deployment_version_info.unwrap();
        info.status()
    }
}

/// A scene with workers of two versions, of which the first is current.
pub(super) fn two_versions() -> Scene {
    let mut scene = Scene::new();
    scene.announce("1");
    scene.announce("2");
    scene.set_current("1");
    scene
}

/// How many of a hundred workflows go to the second version.
fn share_of_second(scene: &mut Scene) -> usize {
    for number in 0..100 {
        scene.start_with(|request| request.workflow_id = format!("w-{number}"));
    }
    let mut share = 0;
    while scene.poll_as("2").is_some() {
        share += 1;
    }
    let rest = (0..100).take_while(|_| scene.poll_as("1").is_some());
    assert_eq!(share + rest.count(), 100);
    share
}

#[test]
fn a_ramp_gets_about_its_share_of_the_workflows() {
    let mut scene = two_versions();
    scene.set_ramp("2", 30.0);
    let share = share_of_second(&mut scene);
    assert!((15..45).contains(&share), "{share} of 100");
}

#[test]
fn the_same_seed_sends_the_same_workflows_to_a_ramp() {
    let share = || {
        let mut scene = two_versions();
        scene.set_ramp("2", 50.0);
        share_of_second(&mut scene)
    };
    assert_eq!(share(), share());
}

#[test]
fn tasks_that_wait_follow_the_current_version() {
    let mut scene = two_versions();
    scene.start();
    scene.set_current("2");
    assert_eq!(scene.poll_as("1"), None);
    assert!(scene.poll_as("2").is_some());
}

#[test]
fn a_version_drains_until_its_runs_are_over() {
    let mut scene = two_versions();
    scene.start();
    let task = scene.poll_as("1").unwrap();
    scene.complete_as(&task, "1", Behavior::Pinned);
    scene.set_current("2");
    scene.advance(600);
    assert_eq!(scene.status("1"), Status::Draining);
    scene.terminate();
    assert_eq!(scene.status("1"), Status::Drained);
}

#[test]
fn a_task_that_no_worker_of_its_version_takes_holds_no_clock() {
    let mut scene = two_versions();
    scene.start();
    let task = scene.poll_as("1").unwrap();
    scene.complete_as(&task, "1", Behavior::Pinned);
    scene.engine.expect_worker("q");
    let poll = scene.begin_poll_as("1");
    scene.engine.cancel_call(poll);
    scene.begin_poll("q");
    scene.signal("s");
    assert!(scene.engine.is_idle());
    let text = scene.engine.diagnostics();
    let want = "no worker polls \"q\" for version \"shop:1\"";
    assert!(text.contains(want), "{text}");
}

#[test]
fn a_sticky_queue_of_another_version_is_left() {
    let mut scene = two_versions();
    scene.start();
    let task = scene.poll_as("1").unwrap();
    let completion = api::RespondWorkflowTaskCompletedRequest {
        deployment_options: options("1"),
        versioning_behavior: Behavior::AutoUpgrade as i32,
        sticky_attributes: sticky(),
        ..Scene::completion(&task, vec![])
    };
    let engine = &mut scene.engine;
    engine.respond_workflow_task_completed(completion).unwrap();
    let request = api::PollWorkflowTaskQueueRequest {
        namespace: "default".to_owned(),
        task_queue: sticky().unwrap().worker_task_queue,
        deployment_options: options("1"),
        ..Default::default()
    };
    let sticky = scene.engine.poll_workflow_task_queue(request).unwrap();
    scene.set_current("2");
    scene.signal("s");
    assert_eq!(scene.workflow_task(sticky), None);
    assert!(scene.poll_as("2").is_some());
}

#[test]
fn versions_make_no_difference_to_runs_of_unversioned_workers() {
    let mut scene = Scene::new();
    scene.announce("1");
    scene.start();
    assert_eq!(scene.poll_as("1"), None);
    let task = scene.poll();
    scene
        .complete(&task, vec![complete_workflow("done")])
        .unwrap();
}
