//! Failures of operations and of their handlers.

use std::fmt::Write;

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{Payload, Payloads};
use outlast_proto::temporal::api::enums::v1::{
    NexusHandlerErrorRetryBehavior as RetryBehavior, TimeoutType,
};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{
    ApplicationFailureInfo, CanceledFailureInfo, Failure, NexusHandlerFailureInfo,
    NexusOperationFailureInfo, TerminatedFailureInfo, TimeoutFailureInfo,
};
use outlast_proto::temporal::api::nexus::v1 as nexus;

use super::Operation;

/// The failure that the caller of an operation sees.
pub(super) fn of_operation(operation: &Operation, event_id: i64, cause: Failure) -> Failure {
    let scheduled = &operation.scheduled;
    let info = NexusOperationFailureInfo {
        scheduled_event_id: event_id,
        endpoint: scheduled.endpoint.clone(),
        service: scheduled.service.clone(),
        operation: scheduled.operation.clone(),
        operation_id: operation.token.clone(),
        operation_token: operation.token.clone(),
    };
    Failure {
        message: "nexus operation completed unsuccessfully".to_owned(),
        cause: Some(Box::new(cause)),
        failure_info: Some(FailureInfo::NexusOperationExecutionFailureInfo(info)),
        ..Default::default()
    }
}

pub(super) fn timeout(kind: TimeoutType) -> Failure {
    timed_out("operation timed out", kind)
}

/// What a workflow's own timeout is for an operation that it stands behind.
pub(super) fn internal_timeout() -> Failure {
    timed_out(
        "operation exceeded internal timeout",
        TimeoutType::Unspecified,
    )
}

fn timed_out(message: &str, kind: TimeoutType) -> Failure {
    let info = TimeoutFailureInfo {
        timeout_type: kind as i32,
        last_heartbeat_details: None,
    };
    with_info(message, FailureInfo::TimeoutFailureInfo(info))
}

pub(super) fn canceled() -> Failure {
    let info = CanceledFailureInfo::default();
    with_info("operation canceled", FailureInfo::CanceledFailureInfo(info))
}

pub(super) fn terminated() -> Failure {
    let info = TerminatedFailureInfo::default();
    with_info(
        "operation terminated",
        FailureInfo::TerminatedFailureInfo(info),
    )
}

pub(super) fn empty_outcome() -> Failure {
    of_handler("INTERNAL", "empty outcome")
}

/// An operation's error that is neither a failure nor a cancellation.
pub(super) fn unknown_state() -> Failure {
    of_handler("INTERNAL", "")
}

pub(super) fn upstream_timeout() -> Failure {
    of_handler("UPSTREAM_TIMEOUT", "upstream timeout")
}

/// What a callback hears whose operation has ended before.
pub(super) fn unknown_operation() -> Failure {
    of_handler("NOT_FOUND", "operation not found")
}

pub(super) fn no_endpoint() -> Failure {
    of_handler("NOT_FOUND", "endpoint not registered")
}

pub(super) fn no_http(url: &str) -> Failure {
    of_handler(
        "NOT_IMPLEMENTED",
        &format!("the in-memory server makes no HTTP calls, not to {url:?} either"),
    )
}

fn of_handler(error_type: &str, message: &str) -> Failure {
    let info = NexusHandlerFailureInfo {
        r#type: error_type.to_owned(),
        retry_behavior: RetryBehavior::Unspecified as i32,
    };
    with_info(message, FailureInfo::NexusHandlerFailureInfo(info))
}

fn with_info(message: &str, info: FailureInfo) -> Failure {
    Failure {
        message: message.to_owned(),
        failure_info: Some(info),
        ..Default::default()
    }
}

/// A handler's error in the form that newer workers send.
pub(super) fn from_handler_error(error: nexus::HandlerError) -> Failure {
    let info = NexusHandlerFailureInfo {
        r#type: error.error_type,
        retry_behavior: error.retry_behavior,
    };
    let cause = from_nexus(error.failure.unwrap_or_default());
    Failure {
        cause: Some(Box::new(cause)),
        failure_info: Some(FailureInfo::NexusHandlerFailureInfo(info)),
        ..Default::default()
    }
}

/// A failure of the Nexus protocol. What has no place of its own becomes details, as JSON.
pub(super) fn from_nexus(failure: nexus::Failure) -> Failure {
    let plain = failure.metadata.is_empty() && failure.details.is_empty();
    let info = (!plain).then(|| {
        FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
            r#type: "NexusFailure".to_owned(),
            details: Some(json_details(&failure)),
            ..Default::default()
        })
    });
    Failure {
        message: failure.message,
        stack_trace: failure.stack_trace,
        cause: failure.cause.map(|cause| Box::new(from_nexus(*cause))),
        failure_info: info,
        ..Default::default()
    }
}

/// An operation's failure of the older form, with the message of a cancellation if it was one.
pub(super) fn from_operation_error(error: nexus::UnsuccessfulOperationError) -> Option<Failure> {
    let failure = from_nexus(error.failure.unwrap_or_default());
    match error.operation_state.as_str() {
        "failed" => Some(failure),
        "canceled" => Some(Failure {
            failure_info: Some(FailureInfo::CanceledFailureInfo(
                CanceledFailureInfo::default(),
            )),
            ..failure
        }),
        _ => None,
    }
}

pub(super) fn is_cancellation(failure: &Failure) -> bool {
    matches!(
        failure.failure_info,
        Some(FailureInfo::CanceledFailureInfo(_))
    )
}

/// Whether another attempt may help, as the handler says or its error suggests.
pub(super) fn is_retryable(failure: &Failure) -> bool {
    let Some(FailureInfo::NexusHandlerFailureInfo(info)) = &failure.failure_info else {
        return true;
    };
    match RetryBehavior::try_from(info.retry_behavior).unwrap_or_default() {
        RetryBehavior::Retryable => true,
        RetryBehavior::NonRetryable => false,
        RetryBehavior::Unspecified => !FINAL_ERRORS.contains(&info.r#type.as_str()),
    }
}

fn json_details(failure: &nexus::Failure) -> Payloads {
    let mut json = "{".to_owned();
    if !failure.metadata.is_empty() {
        let entries: Vec<String> = failure
            .metadata
            .iter()
            .map(|(key, value)| format!("{}:{}", json_text(key), json_text(value)))
            .collect();
        let _ = write!(json, "\"metadata\":{{{}}}", entries.join(","));
    }
    if !failure.details.is_empty() {
        let comma = if json.len() > 1 { "," } else { "" };
        let details = String::from_utf8_lossy(&failure.details);
        let _ = write!(json, "{comma}\"details\":{details}");
    }
    json.push('}');
    let encoding = ("encoding".to_owned(), Bytes::from_static(b"json/plain"));
    let payload = Payload {
        metadata: [encoding].into(),
        data: json.into(),
        ..Default::default()
    };
    Payloads {
        payloads: vec![payload],
    }
}

fn json_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The types of errors that a repetition of the request does not change.
const FINAL_ERRORS: [&str; 6] = [
    "BAD_REQUEST",
    "CONFLICT",
    "NOT_FOUND",
    "NOT_IMPLEMENTED",
    "UNAUTHENTICATED",
    "UNAUTHORIZED",
];
