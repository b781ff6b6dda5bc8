//! Conversions between the standard library's time and the wire's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{
    Memo, Payload, Payloads, SearchAttributes, WorkflowExecution,
};
use outlast_proto::temporal::api::enums::v1::TaskQueueKind;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use prost_types::Timestamp;

use super::time::end::later;

pub(super) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(super) fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let since = since_epoch(time);
    Some(Timestamp {
        seconds: since.as_secs() as i64,
        nanos: since.subsec_nanos() as i32,
    })
}

/// The moment that stands for none where the server always sends one: the year 1.
pub(super) const NEVER: Timestamp = Timestamp {
    seconds: -62_135_596_800,
    nanos: 0,
};

/// A moment of the wire, if it lies in the time that the server knows; else the nearest one.
pub(super) fn system_time(time: &Timestamp) -> SystemTime {
    let since_epoch = Duration::from_secs(time.seconds.max(0) as u64);
    later(
        later(UNIX_EPOCH, since_epoch),
        Duration::from_nanos(time.nanos.max(0) as u64),
    )
}

/// A duration of a request, cut if it is longer than the server allows.
pub(super) fn capped(duration: prost_types::Duration) -> prost_types::Duration {
    if set_duration(Some(&duration)) == Some(LONGEST) {
        prost_types::Duration {
            seconds: LONGEST.as_secs() as i64,
            nanos: 0,
        }
    } else {
        duration
    }
}

/// What a memo is in an event: nothing, if it is empty.
pub(super) fn filled_memo(memo: Option<Memo>) -> Option<Memo> {
    memo.filter(|memo| !memo.fields.is_empty())
}

/// What search attributes are in an event: nothing, if there are none.
pub(super) fn filled_attributes(attributes: Option<SearchAttributes>) -> Option<SearchAttributes> {
    attributes.filter(|attributes| !attributes.indexed_fields.is_empty())
}

/// A duration as the wire has it; the server writes zero where nothing was set.
pub(super) fn wire_duration(duration: Duration) -> Option<prost_types::Duration> {
    Some(prost_types::Duration {
        seconds: duration.as_secs() as i64,
        nanos: duration.subsec_nanos() as i32,
    })
}

/// A duration of the wire; absent, zero and negative ones all mean "not set", and a longer one than
/// the server allows is cut.
pub(super) fn set_duration(duration: Option<&prost_types::Duration>) -> Option<Duration> {
    let duration = duration?;
    let (seconds, nanos) = (duration.seconds, duration.nanos);
    let set = seconds >= 0 && nanos >= 0 && (seconds, nanos) != (0, 0);
    let whole = Duration::from_secs(seconds.max(0) as u64);
    let rest = Duration::from_nanos(nanos.max(0) as u64);
    set.then(|| whole.saturating_add(rest).min(LONGEST))
}

/// What the server has against a duration, if anything.
pub(super) fn duration_flaw(duration: Option<&prost_types::Duration>) -> Option<&'static str> {
    let duration = duration?;
    let (seconds, nanos) = (duration.seconds, duration.nanos);
    if (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0) {
        Some("duration has seconds and nanos with different signs")
    } else {
        (seconds < 0 || nanos < 0).then_some("negative duration")
    }
}

pub(super) fn normal_queue(name: &str) -> TaskQueue {
    TaskQueue {
        name: name.to_owned(),
        kind: TaskQueueKind::Normal as i32,
        normal_name: String::new(),
    }
}

pub(super) fn workflow_execution(workflow_id: &str, run_id: &str) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: workflow_id.to_owned(),
        run_id: run_id.to_owned(),
    }
}

/// A text as the default converter would encode it.
pub(super) fn text_payloads(text: &str) -> Payloads {
    let encoding = ("encoding".to_owned(), Bytes::from_static(b"json/plain"));
    let data = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let payload = Payload {
        metadata: [encoding].into(),
        data: data.into(),
        ..Default::default()
    };
    Payloads {
        payloads: vec![payload],
    }
}

/// A hundred years, as the server counts them.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);
