//! Tasks for handlers: what they are told, and how they get back into the queue.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::enums::v1::{EventType, TimeoutType};
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::request::{Capabilities, Variant};
use outlast_proto::temporal::api::workflowservice::v1::PollNexusTaskQueueResponse;

use super::callbacks::{CALLBACK_URL, CallbackToken, TOKEN_HEADER};
use super::links::{LINK_TYPE, to_url};
use super::timeouts::NexusTimer;
use super::{ErrandKind, Operation, Progress};
use crate::server::execution::Execution;
use crate::server::queues::matching::QueuedTask;
use crate::server::tokens::TaskToken;
use crate::server::wire::{set_duration, timestamp};
use crate::server::world::World;

impl Execution {
    /// Starts the task of an errand, unless it is stale.
    pub(in crate::server) fn start_nexus(
        &mut self,
        event_id: i64,
        stamp: u64,
        world: &mut World,
    ) -> Option<PollNexusTaskQueueResponse> {
        let operation = self.operations.get(&event_id)?;
        let kind = operation.errand_of(stamp).filter(|_| self.is_open())?;
        if operation.errand(kind)?.progress != (Progress::Queued { stamp }) {
            return None;
        }
        let patience = operation.patience(world.now);
        let request = self.nexus_request(event_id, operation, kind, patience, world);
        let at = world.after(patience);
        self.arm_nexus(event_id, at, NexusTimer::Attempt { stamp }, world);
        self.nexus_tasks.insert(stamp, event_id);
        let errand = self.operations.get_mut(&event_id)?.errand_mut(kind)?;
        errand.progress = Progress::Running { stamp };
        Some(PollNexusTaskQueueResponse {
            task_token: TaskToken::new(self.key.0, stamp, event_id).to_bytes(),
            request: Some(request),
            ..Default::default()
        })
    }

    /// Puts a task back that never left the server.
    pub(in crate::server) fn unstart_nexus(&mut self, token: &TaskToken, world: &mut World) {
        let (event_id, stamp) = (token.scheduled_event_id, token.stamp);
        if self.nexus_tasks.remove(&stamp).is_none() {
            return;
        }
        let Some(operation) = self.operations.get_mut(&event_id) else {
            return;
        };
        let super::Target::Queue(queue) = operation.target.clone() else {
            return;
        };
        let kind = operation.errand_of(stamp);
        if let Some(errand) = kind.and_then(|kind| operation.errand_mut(kind)) {
            errand.progress = Progress::Queued { stamp };
            let task = QueuedTask::Nexus {
                run: self.key,
                scheduled_event_id: event_id,
                stamp,
            };
            world.queues.return_task(queue, task);
        }
    }

    fn nexus_request(
        &self,
        event_id: i64,
        operation: &Operation,
        kind: ErrandKind,
        patience: Duration,
        world: &World,
    ) -> nexus::Request {
        let scheduled = &operation.scheduled;
        let mut header = scheduled.nexus_header.clone();
        let mut set = |key: &str, value: String| header.insert(key.to_owned(), value);
        set("user-agent", "temporalio/server".to_owned());
        for key in ["request-timeout", "Request-Timeout"] {
            set(key, millis(patience));
        }
        let variant = match kind {
            ErrandKind::Start => {
                let link =
                    to_url(&self.link_to_event(event_id, EventType::NexusOperationScheduled));
                set("nexus-request-id", scheduled.request_id.clone());
                set("nexus-link", format!("<{link}>; type=\"{LINK_TYPE}\""));
                if let Some(rest) = operation.rest(world.now) {
                    set("operation-timeout", millis(rest));
                }
                Variant::StartOperation(nexus::StartOperationRequest {
                    service: scheduled.service.clone(),
                    operation: scheduled.operation.clone(),
                    request_id: scheduled.request_id.clone(),
                    callback: CALLBACK_URL.to_owned(),
                    payload: scheduled.input.clone(),
                    callback_header: self.callback_header(event_id, operation),
                    links: vec![nexus::Link {
                        url: link,
                        r#type: LINK_TYPE.to_owned(),
                    }],
                })
            }
            ErrandKind::Cancel => {
                set("content-length", "0".to_owned());
                Variant::CancelOperation(nexus::CancelOperationRequest {
                    service: scheduled.service.clone(),
                    operation: scheduled.operation.clone(),
                    operation_id: operation.token.clone(),
                    operation_token: operation.token.clone(),
                })
            }
        };
        nexus::Request {
            header,
            scheduled_time: timestamp(world.now),
            capabilities: Some(Capabilities {
                temporal_failure_responses: kind == ErrandKind::Start,
            }),
            endpoint: scheduled.endpoint.clone(),
            variant: Some(variant),
        }
    }

    fn callback_header(&self, event_id: i64, operation: &Operation) -> BTreeMap<String, String> {
        let token = CallbackToken::new(self.key.0, event_id, &operation.scheduled.request_id);
        [(TOKEN_HEADER.to_owned(), token.to_text())].into()
    }
}

impl Operation {
    /// How long its handler may take to answer.
    fn patience(&self, now: SystemTime) -> Duration {
        let scheduled = &self.scheduled;
        let timeouts = [
            &scheduled.schedule_to_close_timeout,
            &scheduled.schedule_to_start_timeout,
        ];
        let age = now.duration_since(self.scheduled_at).unwrap_or_default();
        let timeouts = timeouts.into_iter();
        timeouts
            .filter_map(|timeout| set_duration(timeout.as_ref()))
            .map(|timeout| timeout.saturating_sub(age))
            .fold(HANDLER_TIMEOUT, Duration::min)
    }

    /// The timeout that leaves a handler too little time to be asked at all.
    pub(super) fn pressing_timeout(&self, now: SystemTime) -> Option<TimeoutType> {
        let age = now.duration_since(self.scheduled_at).unwrap_or_default();
        let scheduled = &self.scheduled;
        let timeouts = [
            (
                &scheduled.schedule_to_close_timeout,
                TimeoutType::ScheduleToClose,
            ),
            (
                &scheduled.schedule_to_start_timeout,
                TimeoutType::ScheduleToStart,
            ),
        ];
        let left = timeouts.into_iter().filter_map(|(timeout, kind)| {
            let left = set_duration(timeout.as_ref())?.saturating_sub(age);
            (left < LEAST_PATIENCE).then_some((left, kind))
        });
        left.min_by_key(|(left, _)| *left).map(|(_, kind)| kind)
    }

    /// How much time is left for the operation as a whole.
    fn rest(&self, now: SystemTime) -> Option<Duration> {
        let age = now.duration_since(self.scheduled_at).unwrap_or_default();
        let to_close = set_duration(self.scheduled.schedule_to_close_timeout.as_ref());
        let to_close = to_close.map(|timeout| timeout.saturating_sub(age));
        let once_started = set_duration(self.scheduled.start_to_close_timeout.as_ref());
        to_close.into_iter().chain(once_started).min()
    }
}

fn millis(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}

/// How long a handler has to say that an operation has ended or has started.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(10);

/// A handler is not asked if it would have less time than this.
const LEAST_PATIENCE: Duration = Duration::from_millis(1500);
