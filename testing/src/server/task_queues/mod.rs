//! What can be told about task queues: who polls them, what waits in them, and how fast it goes.

pub(super) mod describe;
mod ledger;
mod names;
mod partitions;

pub(super) use self::ledger::Ledger;
pub(super) use self::names::{check_queue, queue_flaw};
