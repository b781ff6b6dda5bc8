//! The values of single fields: half of them make sense, the others are what nobody should send.

use prost_reflect::{FieldDescriptor, Kind};
use tonic::codegen::Bytes;

use crate::messages::Maker;
use crate::support::dice::Dice;

/// How many times in a hundred a field is set.
pub(crate) fn chance(field: &FieldDescriptor, depth: usize) -> usize {
    let is_message = matches!(field.kind(), Kind::Message(_));
    match field.name() {
        name if NEEDED.contains(&name) => 98,
        name if SELDOM.contains(&name) => 6,
        "sticky_attributes" => 50,
        _ if is_message && depth > 4 => 5,
        _ => 25,
    }
}

/// Whether a choice leads further than the others.
pub(crate) fn is_likely(name: &str) -> bool {
    [
        "schedule_activity_task_command_attributes",
        "schedule_nexus_operation_command_attributes",
        "start_child_workflow_execution_command_attributes",
        "start_timer_command_attributes",
        "complete_workflow_execution_command_attributes",
        "continue_as_new_workflow_execution_command_attributes",
        "signal_external_workflow_execution_command_attributes",
        "worker",
        "application_failure_info",
    ]
    .contains(&name)
}

pub(crate) fn text(maker: &mut Maker<'_>, field: &FieldDescriptor) -> String {
    let message = field.parent_message().name().to_owned();
    if maker.dice.is_absurd() {
        return junk(maker.dice);
    }
    let dice = &mut *maker.dice;
    let text = match field.name() {
        "namespace" => "default",
        "run_id" | "current_run_id" | "first_execution_run_id" => {
            return match dice.below(10) {
                0..6 => String::new(),
                6..9 => maker.loot.run_id(dice),
                _ => "5b0ee9d5-0000-7000-8000-000000000000".to_owned(),
            };
        }
        "protocol_instance_id" | "update_id" => {
            return match dice.percent(60) {
                true => maker.loot.update_id(dice),
                false => name(dice),
            };
        }
        "name" if message == "TaskQueue" => *dice.pick(&["q", "q", "q", "q-sticky"]),
        "task_queue" => "q",
        "workflow_id" | "schedule_id" => *dice.pick(&["a", "b", "c", "d"]),
        "query" => *dice.pick(QUERIES),
        "cron_schedule" | "cron_string" => *dice.pick(CRONS),
        "url" => *dice.pick(&["http://127.0.0.1:1/", "https://\u{e4}:99999", "x"]),
        "timezone_name" => *dice.pick(&["", "Europe/Berlin", "Mars/Base"]),
        "event_type" | "result" | "reason" | "identity" => "x",
        _ => return name(dice),
    };
    text.to_owned()
}

/// A name that has a chance to be met again.
pub(crate) fn name(dice: &mut Dice) -> String {
    (*dice.pick(&["ab1", "ab2", "ab3", "x", "y"])).to_owned()
}

fn junk(dice: &mut Dice) -> String {
    match dice.below(7) {
        0 => "\0".to_owned(),
        1 => "n\u{e4}m\u{20ac}\u{1f600}\u{202e}".to_owned(),
        2 => "x".repeat(1001),
        3 => "%s{}'\"\\;--".to_owned(),
        4 => "other".to_owned(),
        5 => "\u{fffd}\n\t ".to_owned(),
        _ => String::new(),
    }
}

pub(crate) fn bytes(maker: &mut Maker<'_>, name: &str) -> Bytes {
    if name.ends_with("token") && !maker.dice.is_absurd() {
        return maker.loot.token(maker.method, maker.dice);
    }
    Bytes::from_static(JUNK[maker.dice.below(JUNK.len())])
}

pub(crate) fn number(dice: &mut Dice, field: &str) -> i64 {
    if dice.is_absurd() {
        return *dice.pick(&[-1, i64::MAX, i64::MIN, i64::from(i32::MAX), 1 << 40]);
    }
    match field {
        "accepted_request_sequencing_event_id" => 1 + dice.below(9) as i64,
        "year" | "start" | "end" => *dice.pick(&[1, 2, 2030]),
        "workflow_task_finish_event_id" => *dice.pick(&[3, 4, 8, 9]),
        name if name.ends_with("event_id") => dice.below(14) as i64,
        _ => dice.below(4) as i64,
    }
}

pub(crate) fn fraction(dice: &mut Dice) -> f64 {
    match dice.is_absurd() {
        true => *dice.pick(&[0.5, -1.0, 1e300, f64::NAN, f64::INFINITY]),
        false => *dice.pick(&[0.0, 1.0, 2.0]),
    }
}

pub(crate) fn variant(dice: &mut Dice, known: &[i32]) -> i32 {
    match dice.is_absurd() {
        true => *dice.pick(&[99, -1, i32::MIN]),
        false => *dice.pick(known),
    }
}

/// Seconds and nanoseconds. A sleep is short, for else what happens every second takes too long.
pub(crate) fn duration(dice: &mut Dice, method: &str) -> (i64, i32) {
    let plausible = [(0, 0), (0, 1_000_000), (1, 0), (5, 0), (10, 0), (60, 0)];
    if !dice.is_absurd() || method.contains("Sleep") {
        return *dice.pick(&plausible);
    }
    let absurd = [
        (-1, 0),
        (0, -1),
        (1, -1),
        (3_600, 0),
        (i64::MAX, i32::MAX),
        (i64::MIN, i32::MIN),
        (1, 2_000_000_000),
        (315_576_000_001, 0),
    ];
    *dice.pick(&absurd)
}

/// Seconds since the epoch and nanoseconds, most of them near the start of the virtual clock.
pub(crate) fn timestamp(dice: &mut Dice) -> (i64, i32) {
    if !dice.is_absurd() {
        return (1_893_456_000 + dice.below(7_200) as i64, 0);
    }
    let absurd = [
        (0, 0),
        (-1, -1),
        (-62_135_596_801, 0),
        (253_402_300_800, 0),
        (i64::MAX, i32::MAX),
        (i64::MIN, i32::MIN),
    ];
    *dice.pick(&absurd)
}

/// What messages about updates are wrapped as.
pub(crate) const ENVELOPES: &[&str] = &[
    "temporal.api.update.v1.Acceptance",
    "temporal.api.update.v1.Acceptance",
    "temporal.api.update.v1.Response",
    "temporal.api.update.v1.Response",
    "temporal.api.update.v1.Rejection",
    "temporal.api.update.v1.Request",
    "google.protobuf.Any",
];

const QUERIES: &[&str] = &[
    "",
    "WorkflowId = 'a'",
    "ExecutionStatus = 'Running' AND StartTime > '2020-01-01T00:00:00Z'",
    "WorkflowType STARTS_WITH 'x' OR CloseTime IS NULL",
    "ExecutionDuration BETWEEN '1h' AND 99999999999999999999",
    "((((",
    "StartTime > '99999-01-01T00:00:00Z'",
    "GROUP BY ExecutionStatus",
    "WorkflowId IN ('a', 'b'",
];

const CRONS: &[&str] = &[
    "* * * * *",
    "@every 30s",
    "@every 9223372036s",
    "0 0 30 2 *",
    "CRON_TZ=Europe/Berlin 0 2 * * *",
    "@every -5s",
    "*/0 * * * *",
    "99999999999999999999 * * * *",
];

const JUNK: &[&[u8]] = &[
    b"",
    b"junk",
    b"\xff\xff\xff\xff",
    b"\"text\"",
    b"null",
    b"[1,2]",
];

/// Without these, most calls are refused.
const NEEDED: &[&str] = &[
    "action",
    "activity_id",
    "activity_type",
    "attempt",
    "body",
    "commands",
    "endpoint",
    "execution",
    "input",
    "meta",
    "name",
    "namespace",
    "operation",
    "operations",
    "protocol_instance_id",
    "query",
    "query_type",
    "request",
    "request_id",
    "schedule",
    "schedule_id",
    "service",
    "signal_name",
    "spec",
    "start_to_close_timeout",
    "start_to_fire_timeout",
    "target",
    "task_queue",
    "task_token",
    "timer_id",
    "update_id",
    "wait_policy",
    "workflow_execution",
    "workflow_id",
    "workflow_task_completed_event_id",
    "workflow_task_finish_event_id",
    "workflow_type",
];

/// With these, many calls are refused.
const SELDOM: &[&str] = &[
    "completion_callbacks",
    "cron_schedule",
    "deployment_options",
    "exclude_structured_calendar",
    "messages",
    "next_page_token",
    "page_size",
    "priority",
    "retry_policy",
    "search_attributes",
    "structured_calendar",
    "time_skipping_config",
    "timezone_data",
    "versioning_override",
    "workflow_id_conflict_policy",
    "workflow_id_reuse_policy",
];
