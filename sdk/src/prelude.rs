//! What an application file usually needs: `use outlast::prelude::*;`.

pub use std::time::Duration;

pub use crate::{
    ActivityContext, ActivityError, ActivityOptions, CanceledFailure, Failure, RetryPolicy,
    WorkflowContext, WorkflowError, WorkflowResult, activities, activity, workflow,
};
