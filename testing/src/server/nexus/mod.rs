//! Nexus: operations that workflows ask other services for.
//!
//! ```text
//! command ──▶ Operation ──▶ task in the endpoint's queue ──▶ handler ──▶ result, failure
//!                ▲  ▲            (again, with backoff)          │
//!                │  └─ STARTED, with a token ◀──────────────────┘ (it starts a workflow)
//!                └──── completion callback ◀── that workflow closes
//! ```
//!
//! What a handler is asked to do, a start or a cancellation, is an [`Errand`]: it is in a queue, in
//! the hands of a worker, or waits for its next attempt. An operation that has started holds no
//! clock; what it waits for has to.

mod answers;
mod callback_infos;
mod callbacks;
mod commands;
mod describe;
mod endpoint_specs;
mod endpoints;
mod ends;
mod errands;
mod failures;
mod links;
mod restored;
mod tasks;
mod timeouts;

use std::time::SystemTime;

use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::history::v1::NexusOperationScheduledEventAttributes as Scheduled;

pub(super) use self::callback_infos::{CompletionCallback, check_callbacks};
pub(super) use self::callbacks::OperationEnd;
pub(super) use self::commands::{canceled_before, schedule_flaw};
pub(super) use self::endpoints::Endpoints;
pub(super) use self::timeouts::{NexusTimer, describe_timer};

use super::queues::matching::QueueKey;
use super::time::timers::TimerKey;

/// An operation that has not ended.
#[derive(Debug)]
pub(super) struct Operation {
    scheduled: Box<Scheduled>,
    scheduled_at: SystemTime,
    target: Target,
    /// The request to the handler that starts the operation.
    start: Errand,
    /// Set once the handler has said that the operation goes on without it.
    is_started: bool,
    token: String,
    timeouts: Vec<TimerKey>,
    cancellation: Option<Cancellation>,
}

/// Who handles the operations of an endpoint.
#[derive(Clone, Debug)]
enum Target {
    Queue(QueueKey),
    /// A server elsewhere, which is not called.
    Url(String),
    /// Nobody any more: the endpoint has been deleted.
    Nobody,
}

/// Something that a handler has to do.
#[derive(Debug)]
struct Errand {
    progress: Progress,
    /// How many attempts have ended.
    attempts: i32,
    last_attempt_at: Option<SystemTime>,
    last_failure: Option<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    BackingOff { until: SystemTime },
    Done,
    Failed,
    Queued { stamp: u64 },
    Running { stamp: u64 },
}

/// A wish of the workflow to cancel an operation.
#[derive(Debug)]
struct Cancellation {
    requested_event_id: i64,
    /// The request to the handler; there is none before the operation has started.
    errand: Option<Errand>,
    requested_at: Option<SystemTime>,
}

/// Which of an operation's errands is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrandKind {
    Cancel,
    Start,
}

impl Operation {
    fn errand(&self, kind: ErrandKind) -> Option<&Errand> {
        match kind {
            ErrandKind::Start => Some(&self.start),
            ErrandKind::Cancel => self.cancellation.as_ref()?.errand.as_ref(),
        }
    }

    fn errand_mut(&mut self, kind: ErrandKind) -> Option<&mut Errand> {
        match kind {
            ErrandKind::Start => Some(&mut self.start),
            ErrandKind::Cancel => self.cancellation.as_mut()?.errand.as_mut(),
        }
    }

    /// The errand whose task has this stamp.
    fn errand_of(&self, stamp: u64) -> Option<ErrandKind> {
        [ErrandKind::Start, ErrandKind::Cancel]
            .into_iter()
            .find(|kind| self.errand(*kind).is_some_and(|e| e.has_stamp(stamp)))
    }

    /// The queues in which its tasks wait.
    pub(super) fn waits_in(&self) -> Option<&QueueKey> {
        let is_queued = |kind| {
            self.errand(kind)
                .is_some_and(|errand| matches!(errand.progress, Progress::Queued { .. }))
        };
        match &self.target {
            Target::Queue(queue) if is_queued(ErrandKind::Start) => Some(queue),
            Target::Queue(queue) if is_queued(ErrandKind::Cancel) => Some(queue),
            Target::Queue(_) | Target::Url(_) | Target::Nobody => None,
        }
    }

    pub(super) fn scheduled_at(&self) -> SystemTime {
        self.scheduled_at
    }

    /// `service/operation`, for people.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.scheduled.service, self.scheduled.operation)
    }
}

impl Errand {
    fn new() -> Self {
        Self {
            progress: Progress::Done,
            attempts: 0,
            last_attempt_at: None,
            last_failure: None,
        }
    }

    fn has_stamp(&self, stamp: u64) -> bool {
        match self.progress {
            Progress::Queued { stamp: own } | Progress::Running { stamp: own } => own == stamp,
            Progress::BackingOff { .. } | Progress::Done | Progress::Failed => false,
        }
    }
}
