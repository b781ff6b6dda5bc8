//! The callbacks of a run: which are allowed, and what became of them.

use std::time::SystemTime;

use outlast_proto::temporal::api::common::v1::Callback;
use outlast_proto::temporal::api::common::v1::callback::Variant;
use outlast_proto::temporal::api::enums::v1::CallbackState;
use outlast_proto::temporal::api::failure::v1::Failure;
use outlast_proto::temporal::api::workflow::v1::CallbackInfo;
use outlast_proto::temporal::api::workflow::v1::callback_info::{Trigger, WorkflowClosed, trigger};

use super::callbacks::CALLBACK_URL;
use super::failures;
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::wire::timestamp;
use crate::server::world::World;

/// Somebody to be told when a workflow closes.
#[derive(Debug)]
pub(in crate::server) struct CompletionCallback {
    pub(super) callback: Callback,
    registered_at: SystemTime,
    sent: Option<Sent>,
}

#[derive(Debug)]
struct Sent {
    at: SystemTime,
    failure: Option<Failure>,
}

impl CompletionCallback {
    pub(in crate::server) fn new(callback: Callback, registered_at: SystemTime) -> Self {
        Self {
            callback,
            registered_at,
            sent: None,
        }
    }

    pub(in crate::server) fn callback(&self) -> &Callback {
        &self.callback
    }

    /// What a description says about it.
    pub(in crate::server) fn info(&self) -> CallbackInfo {
        let failure = self.sent.as_ref().and_then(|sent| sent.failure.clone());
        let state = match &self.sent {
            None => CallbackState::Standby,
            Some(_) if failure.is_some() => CallbackState::Failed,
            Some(_) => CallbackState::Succeeded,
        };
        CallbackInfo {
            callback: Some(self.callback.clone()),
            trigger: Some(Trigger {
                variant: Some(trigger::Variant::WorkflowClosed(WorkflowClosed {})),
            }),
            registration_time: timestamp(self.registered_at),
            state: state as i32,
            attempt: i32::from(self.sent.is_some()),
            last_attempt_complete_time: self.sent.as_ref().and_then(|sent| timestamp(sent.at)),
            last_attempt_failure: failure,
            ..Default::default()
        }
    }
}

impl Execution {
    /// Notes what became of a callback.
    pub(super) fn callback_sent(&mut self, at: usize, found: bool, world: &World) {
        self.touched = true;
        if let Some(callback) = self.callbacks.get_mut(at) {
            callback.sent = Some(Sent {
                at: world.now,
                failure: (!found).then(failures::unknown_operation),
            });
        }
    }
}

/// Refuses callbacks that go anywhere but to this server.
pub(in crate::server) fn check_callbacks(callbacks: &[Callback]) -> Result<()> {
    for callback in callbacks {
        match &callback.variant {
            Some(Variant::Nexus(nexus)) => check_url(&nexus.url)?,
            Some(Variant::Internal(_)) => {
                return Err(Error::invalid(
                    "unsupported callback variant: *common.Callback_Internal_",
                ));
            }
            Some(Variant::NexusHandler(_)) => {
                return Err(Error::unsupported("callbacks to Nexus handlers"));
            }
            None => return Err(Error::unimplemented("unknown callback variant: <nil>")),
        }
    }
    Ok(())
}

fn check_url(url: &str) -> Result<()> {
    if url == CALLBACK_URL {
        return Ok(());
    }
    let http = url.starts_with("http://") || url.starts_with("https://");
    Err(Error::invalid(if url.len() > URL_LIMIT {
        format!("invalid url: url length longer than max length allowed of {URL_LIMIT}")
    } else if http {
        format!("invalid url: url does not match any configured callback address: {url}")
    } else {
        format!("invalid url: unknown scheme: {url}")
    }))
}

const URL_LIMIT: usize = 1000;
