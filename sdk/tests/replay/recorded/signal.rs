use outlast::prelude::*;

use super::add;
use crate::recording::{assert_replay, twin};

#[derive(Default)]
struct SignalCollect {
    words: Vec<String>,
    is_done: bool,
}

#[workflow]
impl SignalCollect {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        ctx.wait_until(|w| w.is_done).await?;
        let words = ctx.state().words.clone();
        Ok(words)
    }

    #[signal]
    fn push(&mut self, word: String) {
        self.words.push(word);
    }

    #[signal]
    fn done(&mut self) {
        self.is_done = true;
    }
}

#[derive(Default)]
struct SignalActivity {
    sums: Vec<i64>,
}

#[workflow]
impl SignalActivity {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<Vec<i64>> {
        ctx.wait_until(|w| w.sums.len() == 3).await?;
        let mut sums = ctx.state().sums.clone();
        sums.sort_unstable();
        Ok(sums)
    }

    #[signal]
    async fn work(ctx: WorkflowContext<Self>, n: i64) -> WorkflowResult<()> {
        let sum = ctx.activity(add, (n, 100)).await?;
        ctx.state().sums.push(sum);
        Ok(())
    }
}

#[derive(Default)]
struct SignalPreventsClose {
    bumps: u32,
}

#[workflow]
impl SignalPreventsClose {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> WorkflowResult<u32> {
        ctx.wait_until(|w| w.bumps > 0).await?;
        let bumps = ctx.state().bumps;
        Ok(bumps)
    }

    #[signal]
    fn bump(&mut self) {
        self.bumps += 1;
    }
}

#[test]
fn recordings_of_signals_replay() {
    assert_replay([
        ("py-SignalCollect", twin(SignalCollect::run)),
        ("py-SignalActivity", twin(SignalActivity::run)),
        ("py-SignalPreventsClose", twin(SignalPreventsClose::run)),
    ]);
}
