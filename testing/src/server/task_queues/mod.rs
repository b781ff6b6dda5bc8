//! What can be told about task queues: who polls them, what waits in them, and how fast it goes.

mod describe;
mod ledger;
mod partitions;

pub(super) use self::ledger::Ledger;
