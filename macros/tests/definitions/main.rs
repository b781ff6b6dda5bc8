//! What the macros leave behind: functions that can still be called, and keys that describe them.

#![warn(clippy::pedantic)]
#![deny(warnings)]
#![allow(clippy::unused_async, reason = "nothing here waits")]
#![allow(unreachable_pub, reason = "definitions are shown as users write them")]

mod another_path;
mod free_functions;
mod function_workflows;
mod methods;
mod stateful_workflows;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use outlast::activity::{ActivityImpl, ActivityRegistry, ActivitySet};
use outlast::convert::Args;
use outlast::definition::{
    Activity, ActivityFn, HandlerNames, MissingTimeout, QueryFn, SignalFn, TimeoutSet, UpdateFn,
    Workflow, WorkflowFn,
};
use outlast::workflow::WorkflowImpl;
use outlast::{
    ActivityContext, ActivityError, ActivityInfo, ActivityOptions, RetryPolicy, WorkflowContext,
    WorkflowError, WorkflowResult, activities, activity, workflow,
};
use serde::{Deserialize, Serialize};

/// The output of a future that waits for nothing.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// The context of an attempt that no worker looks after.
fn context() -> ActivityContext {
    ActivityContext::detached(ActivityInfo::default())
}

fn options<M, F: ActivityFn<M>>(_: F) -> ActivityOptions {
    F::Activity::options()
}

fn activity_name<M, F: ActivityFn<M>>(_: F) -> &'static str {
    F::Activity::NAME
}

fn workflow_name<M, F: WorkflowFn<M>>(_: F) -> &'static str {
    F::Workflow::NAME
}

fn handlers_of<K: Workflow>() -> String {
    let mut names = HandlerNames::default();
    K::handler_names(&mut names);
    format!("{names:?}")
}
