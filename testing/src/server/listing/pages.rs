//! Lists in pages, and the tokens that lead from one to the next.

use bytes::Bytes;
use prost::Message;

use crate::server::errors::{Error, Result};
use crate::server::execution::{Execution, RunKey};
use crate::server::wire::since_epoch;

/// Where a run stands in a list: greater ones come first.
pub(super) fn rank(run: &Execution) -> Rank {
    let micros = |time| since_epoch(time).as_micros() as u64;
    Rank {
        mark: MARK,
        closed: run.close_time.map_or(u64::MAX, micros),
        started: micros(run.start_time),
        key: run.key.0,
    }
}

/// A place in a list, and on the wire the last one of a page.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Message)]
pub(super) struct Rank {
    /// The same in all; it tells our tokens from junk.
    #[prost(fixed32, tag = "1")]
    mark: u32,
    /// In microseconds; open runs have not closed for as long as there is.
    #[prost(uint64, tag = "2")]
    closed: u64,
    #[prost(uint64, tag = "3")]
    started: u64,
    #[prost(uint64, tag = "4")]
    key: u64,
}

/// What a caller wants to see of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    size: usize,
    after: Option<Rank>,
}

impl Page {
    /// # Errors
    /// The token is none of ours.
    pub(super) fn new(size: i32, token: &Bytes) -> Result<Self> {
        let after = match token.is_empty() {
            true => None,
            false => Rank::decode(token.clone())
                .ok()
                .filter(|rank| rank.mark == MARK)
                .map(Some)
                .ok_or_else(|| Error::invalid("Invalid NextPageToken."))?,
        };
        let size = usize::try_from(size).ok().filter(|size| *size > 0);
        Ok(Self {
            size: size.unwrap_or(MAX_PAGE).min(MAX_PAGE),
            after,
        })
    }

    /// The part of a list that is on this page, and the token for the next one. A page that is full
    /// has a token even if nothing follows.
    pub(super) fn cut(
        &self,
        runs: &[RunKey],
        rank: impl Fn(RunKey) -> Rank,
    ) -> (Vec<RunKey>, Bytes) {
        let rest = runs.iter().copied();
        let rest = rest.skip_while(|key| self.after.is_some_and(|after| rank(*key) >= after));
        let page: Vec<RunKey> = rest.take(self.size).collect();
        let token = match page.last() {
            Some(last) if page.len() == self.size => rank(*last).encode_to_vec().into(),
            _ => Bytes::new(),
        };
        (page, token)
    }
}

/// How many runs a page has at the most.
const MAX_PAGE: usize = 1000;

const MARK: u32 = 0x6c69_7374;
