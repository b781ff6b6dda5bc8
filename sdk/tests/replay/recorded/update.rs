use outlast::prelude::*;

use crate::recording::{assert_replay, twin};

#[derive(Default)]
struct UpdateCounter {
    total: i64,
    is_done: bool,
}

#[workflow]
impl UpdateCounter {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<i64> {
        ctx.wait_until(|w| w.is_done).await?;
        let total = ctx.state().total;
        Ok(total)
    }

    #[update]
    fn incr(&mut self, n: i64) -> Result<i64, WorkflowError> {
        self.total += n;
        Ok(self.total)
    }

    #[validate(incr)]
    fn check_incr(&self, n: i64) -> Result<(), WorkflowError> {
        if n < 0 {
            return Err(WorkflowError::application(
                "Negative",
                "must not be negative",
            ));
        }
        Ok(())
    }

    #[signal]
    fn done(&mut self) {
        self.is_done = true;
    }
}

#[derive(Default)]
struct UpdateThenReturn {
    value: Option<String>,
}

#[workflow]
impl UpdateThenReturn {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Option<String>> {
        ctx.wait_until(|w| w.value.is_some()).await?;
        let value = ctx.state().value.clone();
        Ok(value)
    }

    #[update]
    fn set(&mut self, value: String) -> Result<String, WorkflowError> {
        self.value = Some(value);
        Ok("was set".to_owned())
    }
}

#[derive(Default)]
struct UpdateFails {
    is_done: bool,
}

#[workflow]
impl UpdateFails {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<String> {
        ctx.wait_until(|w| w.is_done).await?;
        Ok("survived".to_owned())
    }

    #[update]
    async fn bad(ctx: WorkflowContext<Self>, kind: String) -> Result<(), WorkflowError> {
        ctx.sleep(Duration::from_millis(100)).await?;
        Err(WorkflowError::application(kind, "update failed"))
    }

    #[signal]
    fn done(&mut self) {
        self.is_done = true;
    }
}

#[test]
fn recordings_of_updates_replay() {
    assert_replay([
        ("py-UpdateCounter", twin(UpdateCounter::run)),
        ("py-UpdateThenReturn", twin(UpdateThenReturn::run)),
        ("py-UpdateFails", twin(UpdateFails::run)),
    ]);
}
