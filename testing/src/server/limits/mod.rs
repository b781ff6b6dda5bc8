//! How long names and ids, and how large payloads, memos and histories may be, and how many there
//! may be of what only grows.

mod failures;
mod histories;
mod requests;

use outlast_proto::temporal::api::common::v1::{Memo, Payloads};
use prost::Message;

use super::errors::{Error, Result};

pub(super) use self::failures::{kept_failure, reported_failure};
pub(super) use self::requests::{check_identity, check_length, check_name};

/// How large things may be, and how many, by default as on a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of an input, a result, or another blob. Default: 2 MiB.
    pub blob_bytes: usize,
    /// The most bytes of all fields of a memo together. Default: 2 MiB.
    pub memo_bytes: usize,
    /// The most events of a history; a workflow that goes on is terminated. Default: 51,200.
    pub history_events: usize,
    /// The most bytes of a history; a workflow that goes on is terminated. Default: 50 MiB.
    pub history_bytes: usize,
    /// The most worker deployments of a namespace. Default: 100.
    pub deployments: usize,
    /// The most versions of a worker deployment; before a new one is refused, the oldest goes that
    /// nobody needs. Default: 100.
    pub deployment_versions: usize,
    /// The most task queues of one version of a worker deployment. Default: 100.
    pub version_queues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            blob_bytes: 2 << 20,
            memo_bytes: 2 << 20,
            history_events: 51_200,
            history_bytes: 50 << 20,
            deployments: 100,
            deployment_versions: 100,
            version_queues: 100,
        }
    }
}

impl Limits {
    /// Refuses a request because of a payload.
    pub(super) fn check_blob(&self, payloads: Option<&Payloads>) -> Result<()> {
        match self.fits_blob(payloads) {
            true => Ok(()),
            false => Err(Error::blob_too_large()),
        }
    }

    /// Refuses a request because of its memo.
    pub(super) fn check_memo(&self, memo: Option<&Memo>) -> Result<()> {
        match memo.is_none_or(|memo| memo.encoded_len() <= self.memo_bytes) {
            true => Ok(()),
            false => Err(Error::invalid("Memo size exceeds limit.")),
        }
    }

    /// Whether a message may be part of a history.
    pub(super) fn fits_blob(&self, blob: Option<&impl Message>) -> bool {
        blob.is_none_or(|blob| blob.encoded_len() <= self.blob_bytes)
    }
}

/// The most bytes of an id or a name.
pub(super) const ID_LIMIT: usize = 1000;
