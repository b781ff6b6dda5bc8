//! What may happen in any order, and what an oracle makes of it.

use outlast_proto::temporal::api::batch::v1::BatchOperationSignal;
use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::enums::v1::EventType as E;
use outlast_proto::temporal::api::enums::v1::ParentClosePolicy;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::schedule::v1::schedule_action::Action;
use outlast_proto::temporal::api::schedule::v1::{
    IntervalSpec, Schedule, ScheduleAction, ScheduleSpec,
};
use outlast_proto::temporal::api::workflow::v1::NewWorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::start_batch_operation_request::Operation;

use super::builders::*;
use super::scene::*;
use crate::server::wire::workflow_execution;
use crate::server::{Engine, Oracle, Order, Seeded, ServerOptions, Site, Subject};

/// Picks the last of all possibilities at one site, and the first elsewhere.
#[derive(Debug)]
struct LastAt(Site);

impl Oracle for LastAt {
    fn draw(&self, site: Site, subject: Subject<'_>) -> u64 {
        Seeded::new(0, Order::Arrival).draw(site, subject)
    }

    fn pick(&mut self, site: Site, _subject: Subject<'_>, count: usize) -> usize {
        if site == self.0 { count - 1 } else { 0 }
    }
}

fn scene(site: Site) -> Scene {
    let options = ServerOptions::default();
    Scene::of(Engine::with_oracle(options, Box::new(LastAt(site))))
}

fn start(scene: &mut Scene, id: &str) {
    scene.start_with(|request| request.workflow_id = id.to_owned());
}

fn id_of(task: &WorkflowTask) -> String {
    let execution = task.workflow_execution.as_ref();
    execution.map_or_else(String::new, |execution| execution.workflow_id.clone())
}

/// The ids of the workflows whose tasks come next.
fn next_tasks(scene: &mut Scene, count: usize) -> Vec<String> {
    (0..count).map(|_| id_of(&scene.poll())).collect()
}

/// Starts workflows, and completes the first task of each.
fn start_and_complete(scene: &mut Scene, ids: &[&str], commands: &[Command]) {
    for id in ids {
        start(scene, id);
        let task = scene.poll();
        scene.complete(&task, commands.to_vec()).unwrap();
    }
}

/// The workflows whose timers fire first, of two that are due at one instant.
fn fired(site: Site) -> Vec<String> {
    let mut scene = scene(site);
    start_and_complete(&mut scene, &["a", "b"], &[start_timer("t", 5.0)]);
    scene.advance(5);
    next_tasks(&mut scene, 2)
}

#[test]
fn the_timers_of_two_runs_at_one_instant_may_fire_in_any_order() {
    assert_eq!(fired(Site::Batch), ["a", "b"]);
    assert_eq!(fired(Site::Due), ["b", "a"]);
}

#[test]
fn the_timers_of_one_run_at_one_instant_fire_in_the_order_of_their_creation() {
    for seed in 0..20 {
        let mut scene = shuffled(seed);
        let timers = ["c", "a", "b"].map(|id| start_timer(id, 5.0));
        start_and_complete(&mut scene, &["v", "w"], &timers);
        scene.advance(5);
        let fired = scene.history().into_iter();
        let fired = fired.filter_map(|event| match event.attributes {
            Some(Attributes::TimerFiredEventAttributes(a)) => Some(a.timer_id),
            _ => None,
        });
        assert_eq!(fired.collect::<String>(), "cab", "seed {seed}");
    }
}

fn shuffled(seed: u64) -> Scene {
    Scene::with(ServerOptions {
        seed,
        order: Order::Shuffled,
        ..ServerOptions::default()
    })
}

/// The children that a workflow sees starting.
fn children(site: Site) -> Vec<String> {
    let mut scene = scene(site);
    let commands = ["x", "y"].map(|id| start_child("children", id, ParentClosePolicy::Abandon));
    start_and_complete(&mut scene, &["w"], &commands);
    let started = scene.history().into_iter();
    let started = started.filter_map(|event| match event.attributes {
        Some(Attributes::ChildWorkflowExecutionStartedEventAttributes(a)) => a.workflow_execution,
        _ => None,
    });
    started.map(|execution| execution.workflow_id).collect()
}

#[test]
fn children_may_start_in_any_order() {
    assert_eq!(children(Site::Batch), ["x", "y"]);
    assert_eq!(children(Site::Delivery), ["y", "x"]);
}

/// The workflows that signals of one workflow come to.
fn signaled(site: Site) -> Vec<String> {
    let mut scene = scene(site);
    start_and_complete(&mut scene, &["a", "b"], &[]);
    let signals = ["a", "b"].map(|id| signal_external(id, "s"));
    start_and_complete(&mut scene, &["w"], &signals);
    let mut tasks = next_tasks(&mut scene, 3);
    tasks.retain(|id| id != "w");
    tasks
}

#[test]
fn signals_to_two_runs_may_arrive_in_any_order() {
    assert_eq!(signaled(Site::Batch), ["a", "b"]);
    assert_eq!(signaled(Site::Delivery), ["b", "a"]);
}

#[test]
fn any_waiting_worker_may_get_a_task() {
    for (site, taker) in [(Site::Batch, 0), (Site::Poll, 1)] {
        let mut scene = scene(site);
        let polls = [scene.begin_poll("q"), scene.begin_poll("q")];
        start(&mut scene, "w");
        let taken = polls.map(|poll| scene.workflow_task(poll).is_some());
        assert_eq!(taken.iter().position(|taken| *taken), Some(taker));
    }
}

#[test]
fn tasks_may_leave_their_queue_in_any_order() {
    for (site, want) in [(Site::Batch, ["a", "b"]), (Site::Task, ["b", "a"])] {
        let mut scene = scene(site);
        start(&mut scene, "a");
        start(&mut scene, "b");
        assert_eq!(next_tasks(&mut scene, 2), want);
    }
}

/// The types of events after the first task, whose worker polls again before it completes it.
fn task_with_child(site: Site) -> Vec<E> {
    let mut scene = scene(site);
    start(&mut scene, "w");
    let task = scene.poll();
    let next = scene.begin_poll("q");
    let child = start_child("children", "c", ParentClosePolicy::Abandon);
    let mut completion = Scene::completion(&task, vec![child]);
    completion.force_create_new_workflow_task = true;
    let response = scene.engine.respond_workflow_task_completed(completion);
    response.unwrap();
    let task = scene.workflow_task(next).unwrap();
    scene.complete(&task, vec![]).unwrap();
    scene.types().split_off(5)
}

#[test]
fn a_task_may_reach_its_worker_before_the_news_of_a_child() {
    let (scheduled, started) = (E::WorkflowTaskScheduled, E::WorkflowTaskStarted);
    let (completed, child) = (E::WorkflowTaskCompleted, E::ChildWorkflowExecutionStarted);
    let usual = [scheduled, child, started, completed];
    assert_eq!(task_with_child(Site::Batch), usual);
    let early = [scheduled, started, completed, child, scheduled];
    assert_eq!(task_with_child(Site::Dispatch), early);
}

/// The workflows of two schedules that act at one instant, as they start.
fn scheduled(site: Site) -> Vec<String> {
    let mut scene = scene(site);
    for id in ["s", "t"] {
        scene.engine.create_schedule(hourly(id)).unwrap();
    }
    scene.advance(3600);
    let histories = scene.engine.histories().into_iter();
    histories.map(|(id, _)| id[..1].to_owned()).collect()
}

/// A schedule that starts a workflow of the same name at every full hour.
fn hourly(id: &str) -> api::CreateScheduleRequest {
    let every = |seconds| IntervalSpec {
        interval: prost_types::Duration { seconds, nanos: 0 }.into(),
        ..Default::default()
    };
    let workflow = NewWorkflowExecutionInfo {
        workflow_id: id.to_owned(),
        workflow_type: Scene::start_request().workflow_type,
        task_queue: queue("q"),
        ..Default::default()
    };
    api::CreateScheduleRequest {
        namespace: "default".to_owned(),
        schedule_id: id.to_owned(),
        request_id: id.to_owned(),
        schedule: Some(Schedule {
            spec: Some(ScheduleSpec {
                interval: vec![every(3600)],
                ..Default::default()
            }),
            action: Some(ScheduleAction {
                action: Some(Action::StartWorkflow(workflow)),
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[test]
fn schedules_that_act_at_one_instant_may_do_so_in_any_order() {
    assert_eq!(scheduled(Site::Batch), ["s", "t"]);
    assert_eq!(scheduled(Site::Due), ["t", "s"]);
}

#[test]
fn a_batch_may_come_to_its_workflows_in_any_order() {
    for (site, want) in [(Site::Due, ["a", "b"]), (Site::Batch, ["b", "a"])] {
        let mut scene = scene(site);
        start_and_complete(&mut scene, &["a", "b"], &[]);
        let signal = BatchOperationSignal {
            signal: "s".to_owned(),
            ..Default::default()
        };
        let request = api::StartBatchOperationRequest {
            namespace: "default".to_owned(),
            job_id: "job".to_owned(),
            reason: "news".to_owned(),
            executions: ["a", "b"].map(|id| workflow_execution(id, "")).to_vec(),
            operation: Some(Operation::SignalOperation(signal)),
            ..Default::default()
        };
        scene.engine.start_batch_operation(request).unwrap();
        assert_eq!(next_tasks(&mut scene, 2), want);
    }
}
