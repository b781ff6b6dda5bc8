//! The workflows and the activity that every benchmark drives.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use outlast::prelude::*;

/// How many workflows of type `Parked` have run their first task.
pub(crate) static PARKED: AtomicUsize = AtomicUsize::new(0);

/// The activity, and when each attempt of it began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acts(Arc<Mutex<Vec<Instant>>>);

impl Acts {
    pub(crate) fn began(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[activities]
impl Acts {
    #[activity(name = "Acts::echo", start_to_close_timeout = "60s")]
    pub(crate) async fn echo(&self, number: u64) -> Result<u64, ActivityError> {
        self.began().push(Instant::now());
        Ok(number)
    }
}

/// One activity.
#[derive(Debug, Default)]
pub(crate) struct Hello;

#[workflow]
impl Hello {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, number: u64) -> WorkflowResult<u64> {
        Ok(ctx.activity(Acts::echo, number).await?)
    }
}

/// Activities, one after another.
#[derive(Debug, Default)]
pub(crate) struct Seq;

#[workflow]
impl Seq {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, count: u64) -> WorkflowResult<u64> {
        let mut sum = 0;
        for number in 0..count {
            sum += ctx.activity(Acts::echo, number).await?;
        }
        Ok(sum)
    }
}

/// Activities, all at once.
#[derive(Debug, Default)]
pub(crate) struct Fan;

#[workflow]
impl Fan {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, count: u64) -> WorkflowResult<u64> {
        let numbers = outlast::join_all((0..count).map(|number| ctx.activity(Acts::echo, number)));
        let mut sum = 0;
        for number in numbers.await {
            sum += number?;
        }
        Ok(sum)
    }
}

/// Timers of a millisecond, one after another.
#[derive(Debug, Default)]
pub(crate) struct Timers;

#[workflow]
impl Timers {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, count: u64) -> WorkflowResult<u64> {
        for _ in 0..count {
            ctx.sleep(Duration::from_millis(1)).await?;
        }
        Ok(count)
    }
}

/// Timers of an hour, one after another: for a clock that jumps.
#[derive(Debug, Default)]
pub(crate) struct Sleeper;

#[workflow]
impl Sleeper {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, hours: u64) -> WorkflowResult<()> {
        for _ in 0..hours {
            ctx.sleep(Duration::from_hours(1)).await?;
        }
        Ok(())
    }
}

/// Waits for so many signals.
#[derive(Debug)]
pub(crate) struct Signals {
    wanted: u64,
    received: u64,
    sum: u64,
}

#[workflow]
impl Signals {
    #[init]
    fn new(wanted: u64) -> Self {
        Self {
            wanted,
            received: 0,
            sum: 0,
        }
    }

    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>, _wanted: u64) -> WorkflowResult<u64> {
        ctx.wait_until(|signals| signals.received >= signals.wanted)
            .await?;
        let sum = ctx.state().sum;
        Ok(sum)
    }

    #[signal]
    pub(crate) fn push(&mut self, number: u64) {
        self.received += 1;
        self.sum += number;
    }
}

/// Waits for one signal: what a workflow in memory costs.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    is_done: bool,
}

#[workflow]
impl Parked {
    #[run]
    pub(crate) async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<()> {
        PARKED.fetch_add(1, Ordering::Relaxed);
        ctx.wait_until(|parked| parked.is_done).await?;
        Ok(())
    }

    #[signal]
    pub(crate) fn finish(&mut self) {
        self.is_done = true;
    }
}

#[cfg(test)]
mod tests {
    use outlast_testing::TestEnv;

    use super::*;

    #[tokio::test]
    async fn each_workflow_does_what_its_benchmark_counts() {
        let acts = Acts::default();
        let env = TestEnv::new().activities(acts.clone());
        assert_eq!(env.execute(Hello::run, 7).await.unwrap(), 7);
        assert_eq!(env.execute(Seq::run, 4).await.unwrap(), 6);
        assert_eq!(env.execute(Fan::run, 5).await.unwrap(), 10);
        assert_eq!(acts.began().len(), 10);
        assert_eq!(env.execute(Timers::run, 3).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn signals_are_added_up_and_end_what_waits_for_them() {
        let env = TestEnv::new();
        let signals = env.start(Signals::run, 2).await;
        for number in [20, 22] {
            signals.signal(Signals::push, number).await.unwrap();
        }
        assert_eq!(signals.result().await.unwrap(), 42);
        let parked = env.start(Parked::run, ()).await;
        parked.signal(Parked::finish, ()).await.unwrap();
        parked.result().await.unwrap();
    }
}
