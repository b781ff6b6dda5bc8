//! The opaque tokens that callers hand back: task tokens and page tokens.

use bytes::Bytes;
use prost::Message;

use super::errors::{Error, Result};

/// Names one start of one task; a later start of the same task has another stamp.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TaskToken {
    #[prost(fixed32, tag = "1")]
    mark: u32,
    #[prost(uint64, tag = "2")]
    pub(super) run: u64,
    #[prost(uint64, tag = "3")]
    pub(super) stamp: u64,
    /// The activity's scheduled event; zero for workflow and query tasks.
    #[prost(int64, tag = "4")]
    pub(super) scheduled_event_id: i64,
}

/// Continues the reading of a history.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PageToken {
    #[prost(fixed32, tag = "1")]
    mark: u32,
    #[prost(uint64, tag = "2")]
    pub(super) run: u64,
    #[prost(int64, tag = "3")]
    pub(super) next_event_id: i64,
    /// Set on the tokens of a long poll: the caller waits for events at `next_event_id`.
    #[prost(bool, tag = "4")]
    pub(super) waits: bool,
}

/// Tells our tokens from junk.
const MARK: u32 = 0x6f75_746c;

impl TaskToken {
    pub(super) fn new(run: u64, stamp: u64, scheduled_event_id: i64) -> Self {
        Self {
            mark: MARK,
            run,
            stamp,
            scheduled_event_id,
        }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    pub(super) fn parse(bytes: &Bytes) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::invalid("Task token not set on request."));
        }
        Self::decode(bytes.clone())
            .ok()
            .filter(|token| token.mark == MARK)
            .ok_or_else(|| Error::invalid("Error deserializing task token."))
    }
}

impl PageToken {
    pub(super) fn new(run: u64, next_event_id: i64, waits: bool) -> Self {
        Self {
            mark: MARK,
            run,
            next_event_id,
            waits,
        }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    pub(super) fn parse(bytes: &Bytes) -> Result<Option<Self>> {
        if bytes.is_empty() {
            return Ok(None);
        }
        Self::decode(bytes.clone())
            .ok()
            .filter(|token| token.mark == MARK)
            .map(Some)
            .ok_or_else(|| Error::invalid("Invalid NextPageToken."))
    }
}
