//! Task queues, and the calls that wait: polls, long reads, and their answers.

pub(super) mod dispatch;
pub(super) mod long_polls;
pub(super) mod matching;
