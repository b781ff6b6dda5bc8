//! Operations as descriptions show them.

use outlast_proto::temporal::api::enums::v1::{
    NexusOperationCancellationState as CancelState, PendingNexusOperationState as State,
};
use outlast_proto::temporal::api::workflow::v1::{
    NexusOperationCancellationInfo, PendingNexusOperationInfo,
};
use prost_types::Timestamp;

use super::{Cancellation, Errand, Operation, Progress};
use crate::server::wire::timestamp;

impl Operation {
    pub(in crate::server) fn info(&self, scheduled_event_id: i64) -> PendingNexusOperationInfo {
        let scheduled = &self.scheduled;
        let state = match self.start.progress {
            _ if self.is_started => State::Started,
            Progress::BackingOff { .. } => State::BackingOff,
            Progress::Done
            | Progress::Failed
            | Progress::Queued { .. }
            | Progress::Running { .. } => State::Scheduled,
        };
        PendingNexusOperationInfo {
            endpoint: scheduled.endpoint.clone(),
            service: scheduled.service.clone(),
            operation: scheduled.operation.clone(),
            operation_id: self.token.clone(),
            schedule_to_close_timeout: scheduled.schedule_to_close_timeout,
            scheduled_time: timestamp(self.scheduled_at),
            state: state as i32,
            attempt: self.start.attempts,
            last_attempt_complete_time: self.start.last_attempt_at.and_then(timestamp),
            last_attempt_failure: self.start.last_failure.clone(),
            next_attempt_schedule_time: self.start.next_attempt(),
            cancellation_info: self.cancellation.as_ref().map(Cancellation::info),
            scheduled_event_id,
            operation_token: self.token.clone(),
            schedule_to_start_timeout: scheduled.schedule_to_start_timeout,
            start_to_close_timeout: scheduled.start_to_close_timeout,
            ..Default::default()
        }
    }
}

impl Cancellation {
    fn info(&self) -> NexusOperationCancellationInfo {
        let Some(errand) = &self.errand else {
            return NexusOperationCancellationInfo::default();
        };
        let state = match errand.progress {
            Progress::BackingOff { .. } => CancelState::BackingOff,
            Progress::Done => CancelState::Succeeded,
            Progress::Failed => CancelState::Failed,
            Progress::Queued { .. } | Progress::Running { .. } => CancelState::Scheduled,
        };
        NexusOperationCancellationInfo {
            requested_time: self.requested_at.and_then(timestamp),
            state: state as i32,
            attempt: errand.attempts,
            last_attempt_complete_time: errand.last_attempt_at.and_then(timestamp),
            last_attempt_failure: errand.last_failure.clone(),
            next_attempt_schedule_time: errand.next_attempt(),
            ..Default::default()
        }
    }
}

impl Errand {
    fn next_attempt(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::BackingOff { until } => timestamp(until),
            Progress::Done
            | Progress::Failed
            | Progress::Queued { .. }
            | Progress::Running { .. } => None,
        }
    }
}
