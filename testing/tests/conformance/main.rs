//! What workers and clients see on the wire, as the in-memory server and a real one both do it.
//!
//! Each scenario runs over TCP against the in-memory server. With `OUTLAST_TEST_ADDRESS` set (for
//! example to `127.0.0.1:7233`), it runs against the server at that address too, at the same time
//! and with the same assertions, and then the transcripts of both are compared: every answer,
//! every error, every history. Where the two differ, the in-memory server is wrong, unless
//! `docs/test-server-differences.md` has the reason. Scenarios that passed on both are added to the
//! file that `OUTLAST_TEST_REPORT` names.
//!
//! Scenarios run side by side on one server, so each keeps to ids and queues of its own.

#![allow(
    clippy::disallowed_macros,
    reason = "clients and workers wait as the runtime does"
)]

mod activities;
mod activities_by_id;
mod activity_cancellation;
mod activity_control;
mod activity_executions;
mod activity_options;
mod activity_retries;
mod activity_sizes;
mod activity_timeouts;
mod annotations;
mod bad_activities;
mod bad_commands;
mod bad_externals;
mod bad_messages;
mod bad_properties;
mod bad_runs;
mod batch;
mod batch_ends;
mod batch_jobs;
mod builds;
mod capabilities;
mod chains;
mod child_cancellation;
mod child_ends;
mod child_starts;
mod children;
mod close_policies;
mod closing;
mod command_fields;
mod conform;
mod coverage;
mod cron;
mod deletion;
mod deployment_changes;
mod deployment_lists;
mod deployment_requests;
mod deployment_routing;
mod deployments;
mod descriptions;
mod durations;
mod eager;
mod errors;
mod event_groups;
mod externals;
mod failing_tasks;
mod failure_kinds;
mod history_reverse;
mod id_sharing;
mod lengths;
mod made_up;
mod nexus_cancellation;
mod nexus_endpoints;
mod nexus_failures;
mod nexus_operations;
mod old_lists;
mod operator;
mod poll_deadlines;
mod properties;
mod queries;
mod reads;
mod reset;
mod reset_operations;
mod reset_reapply;
mod schedule_fields;
mod schedule_lists;
mod schedule_requests;
mod schedule_specs;
mod schedules;
mod served;
mod signal_with_start;
mod signals;
mod sizes;
mod speculative_queues;
mod speculative_tasks;
mod start_options;
mod starts;
mod targets;
mod task_timeouts;
mod timeouts;
mod timers;
mod transcript;
mod unpolled_queries;
mod update_limits;
mod update_with_start;
mod updates;
mod version_moves;
mod version_overrides;
mod versioned_runs;
mod versioned_workers;
mod visibility;
mod waiting;
mod worker_fleet;
mod worker_shutdown;
mod workflow_options;
mod workflow_tasks;

#[path = "../support/mod.rs"]
mod support;

use self::conform::conform;

/// A peer whose calls are compared.
pub(crate) type Peer = support::peer::Peer<transcript::Recorder>;
