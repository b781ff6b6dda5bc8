//! Short ways to say long messages.

mod commands;
mod messages;

use std::time::Duration;

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{Payload, Payloads, RetryPolicy};
use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{ApplicationFailureInfo, Failure};

pub(crate) use self::commands::*;
pub(crate) use self::messages::*;

pub(crate) fn payloads(text: &str) -> Option<Payloads> {
    let encoding = ("encoding".to_owned(), Bytes::from_static(b"json/plain"));
    let data = format!("\"{text}\"").into();
    let payload = Payload {
        metadata: [encoding].into(),
        data,
        ..Default::default()
    };
    Some(Payloads {
        payloads: vec![payload],
    })
}

/// A payload of null, which unsets what it is given for.
pub(crate) fn null() -> Payload {
    let encoding = ("encoding".to_owned(), Bytes::from_static(b"binary/null"));
    Payload {
        metadata: [encoding].into(),
        ..Default::default()
    }
}

pub(crate) fn negative() -> Option<prost_types::Duration> {
    Some(prost_types::Duration {
        seconds: -1,
        nanos: 0,
    })
}

pub(crate) fn seconds(seconds: f64) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(Duration::from_secs_f64(seconds)).ok()
}

pub(crate) fn application_failure(message: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(
            ApplicationFailureInfo {
                r#type: "Test".to_owned(),
                ..Default::default()
            },
        )),
        ..Default::default()
    }
}

pub(crate) fn at_most(attempts: i32, interval: f64) -> Option<RetryPolicy> {
    Some(RetryPolicy {
        initial_interval: seconds(interval),
        maximum_attempts: attempts,
        ..Default::default()
    })
}
