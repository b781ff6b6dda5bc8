//! [`Settings`]: what all parts of a running worker know about it.

use std::time::Duration;

/// What all parts of a running worker know about it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) namespace: String,
    pub(super) identity: String,
    pub(super) task_queue: String,
    /// Absent for a worker that keeps no runs, for which every task brings its whole history.
    pub(super) sticky: Option<Sticky>,
    /// Tells this worker from others, also from itself after a restart.
    pub(super) instance_key: String,
    pub(super) build_id: Option<String>,
    pub(super) throttle: Throttle,
}

/// The queue of tasks for runs that this worker keeps.
#[derive(Clone, Debug)]
pub(super) struct Sticky {
    pub(super) queue: String,
    /// How long a task waits there before any worker may have it.
    pub(super) schedule_to_start_timeout: Duration,
}

/// How often heartbeats are sent at the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Throttle {
    /// For activities without a heartbeat timeout.
    pub(super) default: Duration,
    pub(super) max: Duration,
}

impl Throttle {
    /// The time between two heartbeats of an activity with that timeout.
    pub(super) fn interval(self, heartbeat_timeout: Option<Duration>) -> Duration {
        let wanted = heartbeat_timeout.map_or(self.default, |timeout| timeout.mul_f64(0.8));
        wanted.min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_are_sent_well_before_their_timeout() {
        let throttle = Throttle {
            default: Duration::from_secs(30),
            max: Duration::from_secs(60),
        };
        for (timeout, want) in [(None, 30), (Some(10), 8), (Some(600), 60)] {
            let interval = throttle.interval(timeout.map(Duration::from_secs));
            assert_eq!(interval, Duration::from_secs(want), "{timeout:?}");
        }
    }
}
