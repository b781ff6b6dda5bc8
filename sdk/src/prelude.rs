//! What an application file usually needs: `use outlast::prelude::*;`.

pub use std::time::Duration;

pub use crate::{
    ActivityContext, ActivityError, ActivityOptions, CanceledFailure, Client, Failure, RetryPolicy,
    Worker, WorkflowContext, WorkflowError, WorkflowHandle, WorkflowResult, activities, activity,
    workflow,
};
