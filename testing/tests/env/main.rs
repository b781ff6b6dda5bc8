//! Workflows under test: what a test author does with [`TestEnv`](outlast_testing::TestEnv).

#![allow(
    clippy::disallowed_macros,
    reason = "clients and workers wait as the runtime does"
)]

mod activities;
mod activity_order;
mod attached;
mod building;
mod callbacks;
mod caller;
mod child_mocks;
mod end_of_time;
mod expectations;
mod failing;
mod first_hour;
mod histories;
mod mocks;
mod nexus_mocks;
mod orders;
mod races;
mod reentry;
mod running;
mod scene;
mod sets;
mod side_by_side;
mod stand_ins;
mod timing;
mod workflow_mocks;

#[path = "../support/mod.rs"]
mod support;
