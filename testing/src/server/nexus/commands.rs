//! What workflows may ask: operations, and their cancellation.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::command::v1::ScheduleNexusOperationCommandAttributes;
use outlast_proto::temporal::api::history::v1 as events;

use super::endpoints::{Endpoint, Endpoints};
use super::{Cancellation, Errand, ErrandKind, Operation, Scheduled, Target};
use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::limits::ID_LIMIT;
use crate::server::oracle::Site;
use crate::server::queues::matching::{QueueKey, QueueType};
use crate::server::wire::{duration_flaw, set_duration, wire_duration};
use crate::server::world::World;

/// What is wrong with a command that schedules an operation.
pub(in crate::server) fn schedule_flaw(
    a: &ScheduleNexusOperationCommandAttributes,
    endpoints: &Endpoints,
) -> Option<String> {
    let field = |what: String| Some(format!("ScheduleNexusOperationCommandAttributes.{what}"));
    if endpoints.by_name(&a.endpoint).is_none() {
        return Some(format!("endpoint {:?} not found", a.endpoint));
    }
    for (name, text) in [("Service", &a.service), ("Operation", &a.operation)] {
        if text.len() > ID_LIMIT {
            return field(format!("{name} exceeds length limit of {ID_LIMIT}"));
        }
    }
    let timeouts = [
        ("ScheduleToCloseTimeout", &a.schedule_to_close_timeout),
        ("ScheduleToStartTimeout", &a.schedule_to_start_timeout),
        ("StartToCloseTimeout", &a.start_to_close_timeout),
    ];
    for (name, timeout) in timeouts {
        if let Some(flaw) = duration_flaw(timeout.as_ref()) {
            return field(format!("{name} is invalid: {flaw}"));
        }
    }
    let header = a.nexus_header.iter();
    if header
        .map(|(key, value)| key.len() + value.len())
        .sum::<usize>()
        > HEADER_LIMIT
    {
        return field("NexusHeader exceeds size limit".to_owned());
    }
    let disallowed = |key: &&String| key.eq_ignore_ascii_case("request-timeout");
    let disallowed = a.nexus_header.keys().find(disallowed);
    disallowed.and_then(|key| {
        field(format!(
            "NexusHeader contains a disallowed header key: {key:?}"
        ))
    })
}

impl Execution {
    pub(in crate::server) fn schedule_operation(
        &mut self,
        a: ScheduleNexusOperationCommandAttributes,
        completed: i64,
        world: &mut World,
    ) {
        let Some(endpoint) = world.endpoints.by_name(&a.endpoint).cloned() else {
            return;
        };
        let run = set_duration(self.started.workflow_run_timeout.as_ref());
        let close = capped(set_duration(a.schedule_to_close_timeout.as_ref()), run).or(run);
        let start = capped(set_duration(a.schedule_to_start_timeout.as_ref()), close);
        let rest = capped(set_duration(a.start_to_close_timeout.as_ref()), close);
        let header = a.nexus_header.into_iter();
        let header = header.map(|(key, value)| (key.to_ascii_lowercase(), value));
        let scheduled = Scheduled {
            endpoint: a.endpoint,
            service: a.service,
            operation: a.operation,
            input: a.input,
            schedule_to_close_timeout: close.and_then(wire_duration),
            nexus_header: header.collect::<BTreeMap<_, _>>(),
            workflow_task_completed_event_id: completed,
            request_id: self.draw_id(Site::NexusOperation, world),
            endpoint_id: endpoint.id().to_owned(),
            schedule_to_start_timeout: start.and_then(wire_duration),
            start_to_close_timeout: rest.and_then(wire_duration),
        };
        let draft = Draft::new(world.now, scheduled.clone());
        let event_id = self.history.append(draft);
        self.add_operation(event_id, scheduled, world.now, world);
        self.send_errand(event_id, ErrandKind::Start, world);
    }

    /// Lets an operation wait for somebody to send its start.
    pub(super) fn add_operation(
        &mut self,
        event_id: i64,
        scheduled: Scheduled,
        scheduled_at: SystemTime,
        world: &mut World,
    ) {
        let operation = Operation {
            target: Target::of(&scheduled, &world.endpoints),
            scheduled: Box::new(scheduled),
            scheduled_at,
            start: Errand::new(),
            is_started: false,
            token: String::new(),
            timeouts: Vec::new(),
            cancellation: None,
        };
        self.operations.insert(event_id, operation);
        self.arm_operation_timeouts(event_id, world);
    }

    /// Asks the handler to cancel an operation, now or as soon as it has started.
    pub(in crate::server) fn request_operation_cancel(
        &mut self,
        scheduled_event_id: i64,
        completed: i64,
        world: &mut World,
    ) {
        let is_known = self.operations.contains_key(&scheduled_event_id)
            || self.history.has_buffered_operation_end(scheduled_event_id);
        if !is_known {
            // It was let through as one that the same task would schedule.
            return;
        }
        let attributes = events::NexusOperationCancelRequestedEventAttributes {
            scheduled_event_id,
            workflow_task_completed_event_id: completed,
        };
        let requested_event_id = self.history.append(Draft::new(world.now, attributes));
        let Some(operation) = self.operations.get_mut(&scheduled_event_id) else {
            return;
        };
        operation.cancellation = Some(Cancellation {
            requested_event_id,
            errand: None,
            requested_at: None,
        });
        if operation.is_started {
            self.send_cancellation(scheduled_event_id, world);
        }
    }

    /// What is wrong with asking for a cancellation; `scheduled_now` tells that the same task may
    /// have scheduled the operation.
    pub(in crate::server) fn cancel_flaw(
        &self,
        scheduled_event_id: i64,
        scheduled_now: bool,
    ) -> Option<String> {
        match self.operations.get(&scheduled_event_id) {
            Some(operation) if operation.cancellation.is_some() => {
                Some(canceled_before(scheduled_event_id))
            }
            Some(_) => None,
            None if scheduled_now && scheduled_event_id > self.history.last_id() => None,
            // The workflow could not know that the operation has ended.
            None if self.history.has_buffered_operation_end(scheduled_event_id) => None,
            None => Some(format!(
                "requested cancelation for a non-existing or already completed operation with \
                 scheduled event ID of {scheduled_event_id}"
            )),
        }
    }
}

impl Target {
    fn of(scheduled: &Scheduled, endpoints: &Endpoints) -> Self {
        let endpoint = endpoints.by_name(&scheduled.endpoint);
        match endpoint.map(Endpoint::queue) {
            Some(Ok((namespace, queue))) => {
                Self::Queue(QueueKey::new(namespace, QueueType::Nexus, queue))
            }
            Some(Err(url)) => Self::Url(url.to_owned()),
            None => Self::Nobody,
        }
    }
}

/// What is wrong with asking for a cancellation twice.
pub(in crate::server) fn canceled_before(scheduled_event_id: i64) -> String {
    format!(
        "cancelation was already requested for an operation with scheduled event ID \
         {scheduled_event_id}"
    )
}

/// A timeout that is no longer than another; none stays none.
fn capped(timeout: Option<Duration>, cap: Option<Duration>) -> Option<Duration> {
    timeout.map(|timeout| cap.map_or(timeout, |cap| timeout.min(cap)))
}

const HEADER_LIMIT: usize = 8192;
