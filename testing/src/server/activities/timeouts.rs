//! The timeouts that somebody asks of an activity: what is wrong with them, and what comes of them.

use std::time::Duration;

use outlast_proto::temporal::api::command::v1::ScheduleActivityTaskCommandAttributes;
use outlast_proto::temporal::api::history::v1::ActivityTaskScheduledEventAttributes as Scheduled;

use crate::server::wire::{duration_flaw, set_duration, wire_duration};

/// Timeouts as they are asked for; what is absent or zero is left to the server.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct AskedTimeouts {
    schedule_to_close: Option<prost_types::Duration>,
    schedule_to_start: Option<prost_types::Duration>,
    start_to_close: Option<prost_types::Duration>,
    heartbeat: Option<prost_types::Duration>,
}

impl AskedTimeouts {
    pub(in crate::server) fn of_command(a: &ScheduleActivityTaskCommandAttributes) -> Self {
        Self {
            schedule_to_close: a.schedule_to_close_timeout,
            schedule_to_start: a.schedule_to_start_timeout,
            start_to_close: a.start_to_close_timeout,
            heartbeat: a.heartbeat_timeout,
        }
    }

    pub(super) fn of_scheduled(a: &Scheduled) -> Self {
        Self {
            schedule_to_close: a.schedule_to_close_timeout,
            schedule_to_start: a.schedule_to_start_timeout,
            start_to_close: a.start_to_close_timeout,
            heartbeat: a.heartbeat_timeout,
        }
    }

    /// What the server has against them, if anything.
    pub(in crate::server) fn flaw(&self, activity_id: &str, activity_type: &str) -> Option<String> {
        for (name, timeout) in [
            ("ScheduleToCloseTimeout", &self.schedule_to_close),
            ("ScheduleToStartTimeout", &self.schedule_to_start),
            ("StartToCloseTimeout", &self.start_to_close),
            ("HeartbeatTimeout", &self.heartbeat),
        ] {
            if let Some(flaw) = duration_flaw(timeout.as_ref()) {
                return Some(format!("invalid {name}: {flaw}"));
            }
        }
        let is_unlimited = set_duration(self.schedule_to_close.as_ref()).is_none()
            && set_duration(self.start_to_close.as_ref()).is_none();
        is_unlimited.then(|| {
            format!(
                "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the \
                 activity. ActivityId={activity_id} ActivityType={activity_type}"
            )
        })
    }

    /// The same with the server's defaults, in a run that has so much time.
    pub(in crate::server) fn filled(&self, run: Option<Duration>) -> Timeouts {
        let close = shorter(set_duration(self.schedule_to_close.as_ref()), run);
        let start = shorter(set_duration(self.schedule_to_start.as_ref()), close);
        let attempt = shorter(set_duration(self.start_to_close.as_ref()), close);
        let heartbeat = set_duration(self.heartbeat.as_ref());
        Timeouts {
            schedule_to_close: close.unwrap_or_default(),
            schedule_to_start: start.unwrap_or_default(),
            start_to_close: attempt.unwrap_or_default(),
            heartbeat: heartbeat
                .and_then(|heartbeat| shorter(Some(heartbeat), attempt))
                .unwrap_or_default(),
        }
    }
}

/// An activity's timeouts with the server's defaults filled in; zero means none.
#[derive(Clone, Copy, Debug)]
pub(in crate::server) struct Timeouts {
    schedule_to_close: Duration,
    schedule_to_start: Duration,
    start_to_close: Duration,
    heartbeat: Duration,
}

impl Timeouts {
    pub(in crate::server) fn write(self, scheduled: &mut Scheduled) {
        scheduled.schedule_to_close_timeout = wire_duration(self.schedule_to_close);
        scheduled.schedule_to_start_timeout = wire_duration(self.schedule_to_start);
        scheduled.start_to_close_timeout = wire_duration(self.start_to_close);
        scheduled.heartbeat_timeout = wire_duration(self.heartbeat);
    }
}

/// The shorter of two timeouts, either of which may not be there.
fn shorter(timeout: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (timeout, other) {
        (Some(timeout), Some(other)) => Some(timeout.min(other)),
        (timeout, other) => timeout.or(other),
    }
}
