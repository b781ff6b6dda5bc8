//! [`Server`]: the server as a worker sees it. No other part of the worker knows the wire.

mod activity;
mod answer;
mod lifecycle;
mod namespace;
mod sizes;
mod task;

use std::sync::Arc;

use outlast_proto::temporal::api::common::v1::WorkerVersionStamp;
use outlast_proto::temporal::api::enums::v1::TaskQueueKind;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use thiserror::Error;
use tokio::sync::OnceCell;
use tonic::Status;

pub(super) use self::activity::{ActivityTask, Progress};
pub(super) use self::answer::Recorded;
use self::namespace::Namespace;
pub(super) use self::sizes::TooLarge;
pub(super) use self::task::QueueKind;
use super::settings::{Settings, Sticky};
use crate::client::Client;
use crate::client::retry::is_oversize;

/// Why an answer was not taken.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    /// It was not even sent.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Status(#[from] Status),
}

impl Refusal {
    /// What is too large; or the status, if it is about something else.
    pub(super) fn too_large(self) -> Result<String, Status> {
        match self {
            Self::TooLarge(value) => Ok(value.to_string()),
            Self::Status(status) if is_oversize(&status) => Ok(status.message().to_owned()),
            Self::Status(status) => Err(status),
        }
    }
}

/// The server as a worker sees it: tasks and answers in the worker's own types.
///
/// Answers are sent as often as it takes and makes sense, polls once.
#[derive(Debug)]
pub(super) struct Server {
    client: Client,
    /// Asked for once.
    namespace: OnceCell<Namespace>,
    pub(super) settings: Arc<Settings>,
}

impl Server {
    pub(super) fn new(client: Client, settings: Arc<Settings>) -> Self {
        Self {
            client,
            namespace: OnceCell::new(),
            settings,
        }
    }

    fn normal_queue(&self) -> TaskQueue {
        TaskQueue {
            name: self.settings.task_queue.clone(),
            kind: TaskQueueKind::Normal as i32,
            normal_name: String::new(),
        }
    }

    fn sticky_queue(&self, sticky: &Sticky) -> TaskQueue {
        TaskQueue {
            name: sticky.queue.clone(),
            kind: TaskQueueKind::Sticky as i32,
            normal_name: self.settings.task_queue.clone(),
        }
    }

    /// Names the build, where deployments do not.
    fn version_stamp(&self) -> Option<WorkerVersionStamp> {
        let build_id = self.settings.build_id.clone()?;
        Some(WorkerVersionStamp {
            build_id,
            use_versioning: false,
        })
    }
}
