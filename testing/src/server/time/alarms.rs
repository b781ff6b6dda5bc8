//! Alarms that ring when something is written to a history.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::EventType;

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::queues::long_polls::{Answer, CallId, Place};

/// An alarm that waits for an event.
#[derive(Debug)]
struct EventAlarm {
    namespace: String,
    workflow_id: String,
    event_type: EventType,
    /// How many events of the type have to be there.
    count: usize,
    what: String,
}

/// The alarms that have not rung, in the order in which they were set.
#[derive(Debug, Default)]
pub(in crate::server) struct EventAlarms(BTreeMap<CallId, EventAlarm>);

impl EventAlarms {
    pub(in crate::server) fn forget(&mut self, call: CallId) {
        self.0.remove(&call);
    }
}

impl Engine {
    /// Waits for the event that makes so many of its type in the history of a workflow's latest
    /// run. The name is that which Temporal's tools show, such as `TimerStarted`. The answer is an
    /// [`Answer::Slept`], and time stands still from then on, until [`Self::end_alarm`].
    ///
    /// # Errors
    /// There is no such type of events.
    pub fn set_event_alarm(
        &mut self,
        namespace: &str,
        workflow_id: &str,
        event: &str,
        count: usize,
        what: String,
    ) -> Result<CallId> {
        let event_type = EventType::from_str_name(&wire_name(event))
            .ok_or_else(|| Error::invalid(format!("there is no event type {event:?}")))?;
        let alarm = EventAlarm {
            namespace: namespace.to_owned(),
            workflow_id: workflow_id.to_owned(),
            event_type,
            count,
            what,
        };
        let call = self.world.calls.next_id();
        self.world.calls.park(call, Place::Sleep);
        self.clock.holds.at_events.0.insert(call, alarm);
        self.settle();
        Ok(call)
    }

    /// Rings the alarms whose events are there.
    pub(in crate::server) fn ring_event_alarms(&mut self) {
        let alarms = &self.clock.holds.at_events.0;
        let is_due = |(_, alarm): &(&CallId, &EventAlarm)| self.has_happened(alarm);
        let due: Vec<CallId> = alarms
            .iter()
            .filter(is_due)
            .map(|(call, _)| *call)
            .collect();
        for call in due {
            if let Some(alarm) = self.clock.holds.at_events.0.remove(&call) {
                self.clock.holds.ring(call, alarm.what);
                self.world.calls.answer(call, Answer::Slept);
            }
        }
    }

    fn has_happened(&self, alarm: &EventAlarm) -> bool {
        let id = (alarm.namespace.clone(), alarm.workflow_id.clone());
        let Some(run) = self.current.get(&id).and_then(|key| self.runs.get(key)) else {
            return false;
        };
        let is_one = |event_type: i32| event_type == alarm.event_type as i32;
        let events = run.history.events().iter();
        events.filter(|event| is_one(event.event_type)).count() >= alarm.count
    }
}

/// `EVENT_TYPE_TIMER_STARTED` of `TimerStarted`.
fn wire_name(event: &str) -> String {
    let mut name = "EVENT_TYPE".to_owned();
    for letter in event.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
