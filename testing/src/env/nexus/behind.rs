//! The workflows behind mocked operations that go on.

use std::sync::Arc;

use outlast::engine::Coroutine;
use outlast::{Failure, Payload, WorkflowContext, WorkflowError};

use super::{NexusError, NexusMocks};
use crate::env::mock_program::MockProgram;
use crate::env::shared::Shared;

impl Shared {
    /// Makes sure that workflows behind operations can run; returns their queue.
    #[track_caller]
    pub(super) fn run_operations(&self) -> String {
        let mocks = Arc::clone(&self.nexus);
        let program = MockProgram::new(WORKFLOW_TYPE, move |ctx, _| {
            Ok(Box::pin(live(ctx, Arc::clone(&mocks))) as Coroutine)
        });
        self.workers().add_own(program);
        self.mock_queue(WORKFLOW_TYPE)
    }
}

/// Lives for as long as an operation goes on, and ends as it does.
async fn live(ctx: WorkflowContext, mocks: Arc<NexusMocks>) -> Result<Payload, WorkflowError> {
    let token = ctx.info().workflow_id().clone();
    let end = mocks
        .started(token.as_str())
        .and_then(|started| started.end);
    let Some((delay, result)) = end else {
        ctx.canceled().await;
        mocks.end(token.as_str(), Err(NexusError::canceled()));
        return Err(Failure::from(NexusError::canceled()).into());
    };
    let slept = ctx.sleep(delay).await;
    let result = slept
        .map_err(|canceled| NexusError::from(Failure::from(canceled)))
        .and(result);
    mocks.end(token.as_str(), result.clone());
    result.map_err(|error| Failure::from(error).into())
}

pub(super) const WORKFLOW_TYPE: &str = "NexusOperation";
