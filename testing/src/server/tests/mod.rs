//! The state machine, driven by raw requests on a virtual clock.

mod activities;
mod batch;
#[path = "../../../tests/support/builders/mod.rs"]
#[allow(dead_code, reason = "shared with the tests over TCP")]
mod builders;
mod chains;
mod children;
mod cron;
mod deletion;
mod deployment_upkeep;
mod deployments;
mod descriptions;
mod determinism;
mod end_of_time;
mod limits;
mod listing;
mod nexus;
mod ordering;
mod pacing;
mod queries;
mod requests;
mod scene;
mod schedules;
mod shuffling;
mod slow_workers;
mod task_queues;
mod updates;
mod virtual_time;
mod workers;
mod workflow_tasks;
