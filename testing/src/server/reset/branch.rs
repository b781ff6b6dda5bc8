//! The state of a run at some point of its history, for a run that goes on from there.

use std::collections::BTreeMap;
use std::time::SystemTime;

use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::history::v1::{self as events, HistoryEvent};

use crate::server::execution::naming::RunName;
use crate::server::execution::{Execution, NewRun, RunKey, UserTimer};
use crate::server::relations::children::Child;
use crate::server::relations::deliveries::Delivery;
use crate::server::relations::externals::{CancelInitiated, SignalInitiated};
use crate::server::time::end::later;
use crate::server::time::timers::Timer;
use crate::server::wire::{set_duration, system_time, timestamp};
use crate::server::workflow_task::commands::merge;
use crate::server::world::World;

/// What has begun and not ended.
#[derive(Debug, Default)]
struct Pending {
    activities: BTreeMap<i64, PendingActivity>,
    /// The id of each timer, and when it is due.
    timers: BTreeMap<i64, (String, SystemTime)>,
    signals: BTreeMap<i64, Box<SignalInitiated>>,
    cancels: BTreeMap<i64, Box<CancelInitiated>>,
}

#[derive(Debug)]
struct PendingActivity {
    scheduled: events::ActivityTaskScheduledEventAttributes,
    cancel_requested_event_id: Option<i64>,
}

impl Execution {
    /// A run that begins with the first `events` events of another one.
    ///
    /// Its timeouts begin anew, and so do its activities; its timers stay due when they were.
    pub(in crate::server) fn branch(
        key: RunKey,
        name: RunName,
        base: &Self,
        events: usize,
        world: &mut World,
    ) -> Self {
        let mut started = base.started.clone();
        started.workflow_execution_expiration_time =
            set_duration(started.workflow_execution_timeout.as_ref())
                .and_then(|timeout| timestamp(world.after(timeout)));
        let run = NewRun {
            namespace: base.namespace.clone(),
            name,
            request_id: base.start_request_id.clone(),
            started,
            user_metadata: base.user_metadata.clone(),
            links: Vec::new(),
            signal: None,
        };
        let mut branch = Self::without_events(key, &run, world);
        branch.is_reset = true;
        // To take in the past counts as one change.
        branch.state_transitions = 1;
        branch.original_start_time = base.original_start_time;
        branch.history = base.history.branch(branch.number, events);
        let mut pending = Pending::default();
        for event in &base.history.events()[..events] {
            branch.replay(event, &mut pending);
            branch.replay_operation(event, world);
        }
        branch.take_up(pending, world);
        branch.arm_timeouts(world);
        branch
    }

    /// Takes in what an event did to the state that its run has by itself.
    fn replay(&mut self, event: &HistoryEvent, pending: &mut Pending) {
        use Attributes as A;
        let Some(attributes) = event.attributes.as_ref() else {
            return;
        };
        pending.replay(event, attributes);
        match attributes {
            A::WorkflowExecutionCancelRequestedEventAttributes(_) => self.cancel_requested = true,
            A::WorkflowExecutionOptionsUpdatedEventAttributes(a) => self.replay_options(a),
            A::WorkflowTaskCompletedEventAttributes(a) => {
                self.previous_started_event_id = a.started_event_id;
                let at = event.event_time.as_ref().map(system_time);
                let at = at.unwrap_or(self.start_time);
                let resettable = self.children.is_empty();
                self.marks
                    .note_completion(a, &self.run_id, event.event_id, resettable, at);
                self.note_versions(a);
            }
            A::UpsertWorkflowSearchAttributesEventAttributes(a) => {
                let upserted = a.search_attributes.clone().unwrap_or_default();
                merge(&mut self.search_attributes, upserted.indexed_fields);
            }
            A::WorkflowPropertiesModifiedEventAttributes(a) => {
                let upserted = a.upserted_memo.clone().unwrap_or_default();
                merge(&mut self.memo, upserted.fields);
            }
            A::WorkflowExecutionUpdateAdmittedEventAttributes(a) => {
                let request = a.request.clone().unwrap_or_default();
                self.updates.restore(request, None);
            }
            A::WorkflowExecutionUpdateAcceptedEventAttributes(a) => {
                self.updates.restore_acceptance(a, event.event_id);
            }
            A::WorkflowExecutionUpdateCompletedEventAttributes(a) => {
                let id = a.meta.clone().unwrap_or_default().update_id;
                let outcome = a.outcome.clone().unwrap_or_default();
                self.updates.restore_outcome(&id, outcome);
            }
            A::StartChildWorkflowExecutionInitiatedEventAttributes(a) => {
                let child = Child {
                    initiated: a.clone(),
                    user_metadata: event.user_metadata.clone(),
                    key: None,
                    run_id: String::new(),
                };
                self.children.insert(event.event_id, child);
            }
            A::ChildWorkflowExecutionStartedEventAttributes(a) => {
                if let Some(child) = self.children.get_mut(&a.initiated_event_id) {
                    let execution = a.workflow_execution.clone().unwrap_or_default();
                    child.run_id = execution.run_id;
                }
            }
            A::StartChildWorkflowExecutionFailedEventAttributes(a) => {
                self.children.remove(&a.initiated_event_id);
            }
            A::ChildWorkflowExecutionCompletedEventAttributes(a) => {
                self.children.remove(&a.initiated_event_id);
            }
            A::ChildWorkflowExecutionFailedEventAttributes(a) => {
                self.children.remove(&a.initiated_event_id);
            }
            A::ChildWorkflowExecutionCanceledEventAttributes(a) => {
                self.children.remove(&a.initiated_event_id);
            }
            A::ChildWorkflowExecutionTimedOutEventAttributes(a) => {
                self.children.remove(&a.initiated_event_id);
            }
            A::ChildWorkflowExecutionTerminatedEventAttributes(a) => {
                self.children.remove(&a.initiated_event_id);
            }
            _ => {}
        }
    }

    /// Lets everything that was under way be under way here.
    fn take_up(&mut self, pending: Pending, world: &mut World) {
        for (event_id, (timer_id, due)) in pending.timers {
            let timer = Timer::User {
                timer_id: timer_id.clone(),
            };
            let key = world.timers.arm(self.key, due.max(world.now), timer);
            let timer = UserTimer {
                started_event_id: event_id,
                key,
            };
            self.timers.insert(timer_id, timer);
        }
        for (event_id, activity) in pending.activities {
            self.add_activity(event_id, activity.scheduled, world);
            if let Some(added) = self.activities.get_mut(&event_id) {
                added.cancel_requested_event_id = activity.cancel_requested_event_id;
            }
        }
        let not_started = |(_, child): &(&i64, &Child)| child.run_id.is_empty();
        for (initiated_event_id, _) in self.children.iter().filter(not_started) {
            world.deliveries.push_back(Delivery::ChildStart {
                parent: self.key,
                initiated_event_id: *initiated_event_id,
            });
        }
        for (initiated_event_id, initiated) in pending.signals {
            world.deliveries.push_back(Delivery::Signal {
                from: self.key,
                initiated_event_id,
                initiated,
            });
        }
        for (initiated_event_id, initiated) in pending.cancels {
            world.deliveries.push_back(Delivery::Cancel {
                from: self.key,
                initiated_event_id,
                initiated,
            });
        }
    }
}

impl Pending {
    fn replay(&mut self, event: &HistoryEvent, attributes: &Attributes) {
        use Attributes as A;
        match attributes {
            A::ActivityTaskScheduledEventAttributes(a) => {
                let activity = PendingActivity {
                    scheduled: (**a).clone(),
                    cancel_requested_event_id: None,
                };
                self.activities.insert(event.event_id, activity);
            }
            A::ActivityTaskCancelRequestedEventAttributes(a) => {
                if let Some(activity) = self.activities.get_mut(&a.scheduled_event_id) {
                    activity.cancel_requested_event_id = Some(event.event_id);
                }
            }
            A::ActivityTaskCompletedEventAttributes(a) => {
                self.activities.remove(&a.scheduled_event_id);
            }
            A::ActivityTaskFailedEventAttributes(a) => {
                self.activities.remove(&a.scheduled_event_id);
            }
            A::ActivityTaskTimedOutEventAttributes(a) => {
                self.activities.remove(&a.scheduled_event_id);
            }
            A::ActivityTaskCanceledEventAttributes(a) => {
                self.activities.remove(&a.scheduled_event_id);
            }
            A::TimerStartedEventAttributes(a) => {
                let begun = event.event_time.as_ref().map(system_time);
                let after = set_duration(a.start_to_fire_timeout.as_ref()).unwrap_or_default();
                if let Some(begun) = begun {
                    let timer = (a.timer_id.clone(), later(begun, after));
                    self.timers.insert(event.event_id, timer);
                }
            }
            A::TimerFiredEventAttributes(a) => {
                self.timers.remove(&a.started_event_id);
            }
            A::TimerCanceledEventAttributes(a) => {
                self.timers.remove(&a.started_event_id);
            }
            A::SignalExternalWorkflowExecutionInitiatedEventAttributes(a) => {
                self.signals.insert(event.event_id, a.clone());
            }
            A::SignalExternalWorkflowExecutionFailedEventAttributes(a) => {
                self.signals.remove(&a.initiated_event_id);
            }
            A::ExternalWorkflowExecutionSignaledEventAttributes(a) => {
                self.signals.remove(&a.initiated_event_id);
            }
            A::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(a) => {
                self.cancels.insert(event.event_id, a.clone());
            }
            A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(a) => {
                self.cancels.remove(&a.initiated_event_id);
            }
            A::ExternalWorkflowExecutionCancelRequestedEventAttributes(a) => {
                self.cancels.remove(&a.initiated_event_id);
            }
            _ => {}
        }
    }
}
