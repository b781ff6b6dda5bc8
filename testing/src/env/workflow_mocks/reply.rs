//! [`Reply`]: what one run of a mocked workflow comes to.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use outlast::convert::DecodeError;
use outlast::engine::Coroutine;
use outlast::{CanceledFailure, Failure, Payload, WorkflowContext, WorkflowError};

use super::runs::WorkflowMocks;
use crate::env::text;

/// What one run comes to, and how long that takes.
#[derive(Clone, Default)]
pub(super) struct Reply {
    /// In virtual time, from the beginning of the run.
    pub(super) delay: Duration,
    pub(super) end: End,
}

/// How a run ends.
#[derive(Clone, Default)]
pub(super) enum End {
    /// It does not even start.
    CannotStart,
    /// With a failure.
    Fails(Failure),
    /// Somebody cancels it.
    GetsCanceled,
    /// Somebody terminates it, for a reason.
    GetsTerminated(String),
    /// Not by itself.
    #[default]
    GoesOn,
    /// As the real workflow does.
    Real,
    /// With a value.
    Returns(Payload),
    /// As a closure says.
    Runs(Arc<Body>),
    /// It runs out of time.
    TimesOut,
}

/// A closure in place of a workflow, without its types.
pub(super) type Body =
    dyn Fn(WorkflowContext, &[Payload]) -> Result<Coroutine, DecodeError> + Send + Sync;

/// How a run ends, for its caller.
pub(super) type RunResult = Result<Payload, WorkflowError>;

impl Reply {
    /// The real workflow, as it is.
    pub(super) fn real() -> Self {
        Self {
            end: End::Real,
            ..Self::default()
        }
    }

    /// Whether the run is what the real workflow would be.
    pub(super) fn is_real(&self) -> bool {
        matches!(self.end, End::Real) && self.delay.is_zero()
    }

    pub(super) fn keeps_from_starting(&self) -> bool {
        matches!(self.end, End::CannotStart)
    }

    /// Lives through a run. `real` is the real workflow's, if it is to run.
    pub(super) async fn play(
        self,
        mocks: Arc<WorkflowMocks>,
        ctx: WorkflowContext,
        input: Vec<Payload>,
        real: Option<Coroutine>,
    ) -> RunResult {
        if !self.delay.is_zero() {
            ctx.sleep(self.delay).await?;
        }
        let name = ctx.info().workflow_type().to_owned();
        match self.end {
            End::CannotStart => Err(mocks.refuse(&format!(
                "the mock of `{name}` keeps it from starting as a child, but this run was started \
                 by a client, a schedule, a retry or the like: for a client, take its id with \
                 `TestEnv::stand_in`"
            ))),
            End::Fails(failure) => Err(failure.into()),
            End::GetsCanceled => {
                mocks.cancel(&ctx);
                canceled(&ctx).await
            }
            End::GetsTerminated(reason) => {
                mocks.terminate(&ctx, &reason);
                pending().await
            }
            End::GoesOn => canceled(&ctx).await,
            End::Real => match real {
                Some(run) => run.await,
                None => Err(mocks.refuse(&format!(
                    "the mock of `{name}` is to call the real workflow, which is not registered: \
                     add it with `TestEnv::workflow`"
                ))),
            },
            End::Returns(value) => Ok(value),
            End::Runs(body) => match body(ctx, &input) {
                Ok(run) => run.await,
                Err(error) => Err(mocks.refuse(&text::undecodable(&name, &input, &error))),
            },
            End::TimesOut => run_out_of_time(&mocks, &ctx, &name).await,
        }
    }
}

/// Waits for a cancellation, and obeys.
async fn canceled(ctx: &WorkflowContext) -> RunResult {
    ctx.canceled().await;
    Err(CanceledFailure::default().into())
}

/// Outlives the run's timeout.
async fn run_out_of_time(mocks: &WorkflowMocks, ctx: &WorkflowContext, name: &str) -> RunResult {
    let info = ctx.info();
    let Some(timeout) = info.run_timeout().or_else(|| info.execution_timeout()) else {
        return Err(mocks.refuse(&format!(
            "a mock of `{name}` is to run out of time, but `{}` was started without a timeout: \
             give the run or the execution one, or let the mock fail",
            info.workflow_id()
        )));
    };
    // Time is not skipped to the timeout of a run, only to what else is due.
    let _ = ctx.shield(ctx.sleep(timeout).into_future()).await;
    pending().await
}
