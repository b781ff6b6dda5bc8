//! A parent and its children, with workers that serve whatever comes.
//!
//! Each child runs an activity and a timer, then signals its parent, and ends when the signal has
//! arrived. The parent waits for a timer, for all signals and for the ends of all children. Timers
//! and activities take the same time, so that nearly everything happens at the same instants.

use std::time::Duration;

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::enums::v1::{EventType as E, ParentClosePolicy};
use outlast_proto::temporal::api::history::v1::HistoryEvent;
use prost::Message;

use super::super::builders::*;
use super::super::scene::*;
use crate::server::{Answer, CallId, Engine};

const CHILDREN: [&str; 4] = ["ann", "bob", "cid", "dot"];

/// A family that has come to its end.
pub(super) struct Family {
    pub(super) scene: Scene,
    polls: Vec<CallId>,
}

impl Family {
    /// How the parent, and how each child, ends in any order.
    pub(super) const EXPECTED: [(&'static str, E); 5] = [
        ("ann", E::WorkflowExecutionCompleted),
        ("bob", E::WorkflowExecutionCompleted),
        ("cid", E::WorkflowExecutionCompleted),
        ("dot", E::WorkflowExecutionCompleted),
        ("w", E::WorkflowExecutionCompleted),
    ];

    /// Lets the parent start, and everybody work until nobody has anything to do.
    pub(super) fn raise(engine: Engine) -> Self {
        let mut family = Self {
            scene: Scene::of(engine),
            polls: Vec::new(),
        };
        for _ in 0..2 {
            family.poll_workflow("q");
            family.poll_workflow("children");
            family.poll_activity();
        }
        family.scene.start();
        while family.work() || family.wait() {}
        family
    }

    fn poll_workflow(&mut self, queue: &str) {
        let call = self.scene.begin_poll(queue);
        self.polls.push(call);
    }

    fn poll_activity(&mut self) {
        let call = self.scene.begin_poll_activity();
        self.polls.push(call);
    }

    /// Takes the next task, if there is one.
    fn work(&mut self) -> bool {
        let answers = self.polls.iter().enumerate();
        let mut answers = answers.filter_map(|(at, call)| Some((at, self.scene.answer(*call)?)));
        let Some((at, answer)) = answers.next() else {
            return false;
        };
        self.polls.remove(at);
        match answer {
            Answer::WorkflowTask(task) => {
                self.poll_workflow(match is_parent(&task) {
                    true => "q",
                    false => "children",
                });
                self.scene.complete(&task, next_commands(&task)).unwrap();
            }
            Answer::ActivityTask(task) => {
                self.poll_activity();
                self.scene.complete_activity(&task).unwrap();
            }
            other => panic!("{other:?}"),
        }
        true
    }

    /// Lets time pass to the next moment, if there is one.
    fn wait(&mut self) -> bool {
        let Some(next) = self.scene.engine.next_event() else {
            return false;
        };
        let step = next.duration_since(self.scene.engine.now());
        self.scene.engine.advance(step.unwrap_or(Duration::ZERO));
        true
    }

    /// The last event of each workflow.
    pub(super) fn results(&self) -> Vec<(&'static str, E)> {
        let ids = CHILDREN.into_iter().chain(["w"]);
        let last = |id| self.scene.types_of(id).pop().unwrap();
        ids.map(|id| (id, last(id))).collect()
    }

    /// The types of all events, by workflow.
    pub(super) fn kinds(&self) -> Vec<(String, Vec<&'static str>)> {
        let names = |events: &[HistoryEvent]| {
            let kinds = types(events).into_iter();
            kinds.map(|kind| kind.as_str_name()).collect()
        };
        let histories = self.scene.engine.histories().into_iter();
        histories.map(|(id, events)| (id, names(&events))).collect()
    }
}

fn is_parent(task: &WorkflowTask) -> bool {
    let execution = task.workflow_execution.as_ref();
    execution.is_some_and(|execution| execution.workflow_id == "w")
}

/// What the code of the workflow asks for after these events, of which it has seen some before.
fn next_commands(task: &WorkflowTask) -> Vec<Command> {
    let seen = types(events_of(task));
    let count = |kind| seen.iter().filter(|seen| **seen == kind).count();
    let is_first = count(E::WorkflowTaskCompleted) == 0;
    if is_parent(task) {
        let ready = count(E::TimerFired) == 1
            && count(E::WorkflowExecutionSignaled) == CHILDREN.len()
            && count(E::ChildWorkflowExecutionCompleted) == CHILDREN.len();
        return match (is_first, ready) {
            (true, _) => {
                let start = |id| start_child("children", id, ParentClosePolicy::Abandon);
                let children = CHILDREN.map(start).into_iter();
                children.chain([start_timer("t", 5.0)]).collect()
            }
            (false, true) => vec![complete_workflow("done")],
            (false, false) => Vec::new(),
        };
    }
    let grown = count(E::TimerFired) == 1 && count(E::ActivityTaskCompleted) == 1;
    let has_called = count(E::SignalExternalWorkflowExecutionInitiated) == 1;
    match (is_first, grown, has_called) {
        (true, ..) => vec![schedule_activity(activity("a")), start_timer("t", 5.0)],
        (false, true, false) => vec![signal_external("w", "grown up")],
        (false, _, true) if count(E::ExternalWorkflowExecutionSignaled) == 1 => {
            vec![complete_workflow("done")]
        }
        (false, ..) => Vec::new(),
    }
}

/// Everything that histories say, byte by byte.
pub(super) fn histories(family: &Family) -> Vec<(String, Vec<Vec<u8>>)> {
    let bytes = |events: Vec<HistoryEvent>| events.iter().map(Message::encode_to_vec).collect();
    let histories = family.scene.engine.histories().into_iter();
    histories.map(|(id, events)| (id, bytes(events))).collect()
}

/// Whether workflow tasks are scheduled, started and completed in turns.
pub(super) fn tasks_alternate(kinds: &[E]) -> bool {
    let turns = [
        E::WorkflowTaskScheduled,
        E::WorkflowTaskStarted,
        E::WorkflowTaskCompleted,
    ];
    let tasks: Vec<&E> = kinds.iter().filter(|kind| turns.contains(kind)).collect();
    turns.iter().cycle().take(tasks.len()).eq(tasks)
}

pub(super) fn time_of(event: &HistoryEvent) -> (i64, i32) {
    let time = event.event_time.unwrap_or_default();
    (time.seconds, time.nanos)
}
