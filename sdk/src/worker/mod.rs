//! The worker: polls tasks, runs workflows and activities, reports what came of them.

mod programs;
mod shard;
mod slots;
mod task;
