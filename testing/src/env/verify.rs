//! What an environment checks at its end.

use super::TestEnv;
use super::backend::Backend;

impl TestEnv {
    /// Checks that everything went as the test expects: mocks were called as often as they are to
    /// be, workflows come to the same decisions when their histories are replayed, and nothing went
    /// wrong that no other wait has told.
    ///
    /// Dropping the environment does the same, unless the test is panicking already. Call it to
    /// have the report earlier, or with the place of the call.
    ///
    /// # Panics
    /// When something did not go as the test expects; the message says what.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "30s")]
    /// # async fn charge(cents: u64) -> Result<u64, ActivityError> { Ok(cents) }
    /// # #[workflow]
    /// # async fn buy(ctx: WorkflowContext, cents: u64) -> WorkflowResult<u64> {
    /// #     Ok(ctx.activity(charge, cents).await?)
    /// # }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new();
    /// env.on(charge).once().returns(5);
    /// env.execute(buy, 5).await.unwrap();
    /// env.verify();
    /// # }
    /// ```
    #[track_caller]
    pub fn verify(self) {
        let report = self.end();
        // What was found has been taken, so that dropping the environment finds nothing.
        if let Some(report) = report {
            panic!("{report}")
        }
    }

    /// Replays what the test produced; says what does not replay.
    fn replay(&self) -> Vec<String> {
        let settings = self.shared.settings();
        // Taken, so that a second check finds nothing.
        let replays = std::mem::take(&mut *self.shared.replays());
        match &self.shared.backend {
            Backend::InMemory(server) if settings.replays && settings.fails_fast => {
                let histories = server.histories();
                // Mocks are not what the code would do.
                let real = histories.iter().filter(|history| {
                    let run_id = history.original_run_id();
                    run_id.is_none_or(|run_id| !self.shared.workflows.is_played(&run_id))
                });
                real.filter_map(|history| replays.check(history)).collect()
            }
            Backend::InMemory(_) | Backend::Real => Vec::new(),
        }
    }

    /// Ends the environment; the report says what did not go as the test expects.
    fn end(&self) -> Option<String> {
        self.shared.end();
        let attempts = &self.shared.attempts;
        let mut problems = attempts.problems.take();
        problems.extend(attempts.unmet());
        attempts.forget_plans();
        problems.extend(self.shared.workflows.take_unmet());
        problems.extend(self.shared.nexus.take_unmet());
        problems.extend(self.replay());
        (!problems.is_empty()).then(|| problems.join("\n"))
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The test fails anyway, and a second panic would end the whole program.
            self.shared.end();
            return;
        }
        if let Some(report) = self.end() {
            panic!("{report}")
        }
    }
}
