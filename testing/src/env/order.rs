//! The order in which activities and workflows were called.

use std::fmt::Write;

use outlast::definition::{Activity, ActivityFn, Workflow, WorkflowFn};

use super::difference::Difference;
use super::{CallKind, TestEnv};

/// Several activities and workflows, as a tuple of their functions: `(reserve, Order::run, ship)`.
///
/// Up to eight fit in.
pub trait CallList<M> {
    /// Their kinds and names.
    fn names(self) -> Vec<(CallKind, &'static str)>;
}

/// The function of an activity or of a workflow.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an activity nor a workflow",
    note = "annotate the function with `#[activity]` or `#[workflow]`"
)]
pub trait Callable<M> {
    /// What it is.
    const KIND: CallKind;
    /// Its name.
    const NAME: &'static str;
}

// The two markers differ, so that a function can be looked for in both families.

impl<F: ActivityFn<M>, M> Callable<fn(M)> for F {
    const KIND: CallKind = CallKind::Activity;
    const NAME: &'static str = F::Activity::NAME;
}

impl<F: WorkflowFn<M>, M> Callable<fn() -> M> for F {
    const KIND: CallKind = CallKind::Workflow;
    const NAME: &'static str = F::Workflow::NAME;
}

impl TestEnv {
    /// Checks that the activities and workflows were called in this order, each as often as it is
    /// named.
    ///
    /// A workflow is called when it starts, as a child or otherwise. Calls of others do not matter,
    /// nor does how often a call was tried.
    ///
    /// # Panics
    /// When they were called in another order, or not as often. The message shows what was expected
    /// with `-`, and what came with `+`.
    ///
    /// # Examples
    /// ```
    /// # use outlast::prelude::*;
    /// # use outlast_testing::TestEnv;
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn reserve() -> Result<(), ActivityError> { Ok(()) }
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn log() -> Result<(), ActivityError> { Ok(()) }
    /// # #[activity(start_to_close_timeout = "5s")]
    /// # async fn charge() -> Result<(), ActivityError> { Ok(()) }
    /// #[workflow]
    /// async fn buy(ctx: WorkflowContext) -> WorkflowResult<()> {
    ///     ctx.activity(reserve, ()).await?;
    ///     ctx.activity(log, ()).await?;
    ///     Ok(ctx.activity(charge, ()).await?)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let env = TestEnv::new().activity(reserve).activity(log).activity(charge);
    /// env.execute(buy, ()).await.unwrap();
    /// env.assert_order((buy, reserve, charge));
    /// # }
    /// ```
    #[track_caller]
    pub fn assert_order<M>(&self, calls: impl CallList<M>) {
        let expected = calls.names();
        let called = self.shared.attempts.log.order();
        let called = called.iter().map(|(kind, name)| (*kind, name.as_str()));
        let ours: Vec<_> = called.filter(|call| expected.contains(call)).collect();
        assert!(
            ours == expected,
            "the calls were not in the order that the test expects (- expected, + called):\n{}",
            Difference {
                kept: &lines(&expected),
                came: &lines(&ours),
            }
        );
    }
}

/// A line for each call, which tells workflows from activities.
fn lines(calls: &[(CallKind, &str)]) -> String {
    calls.iter().fold(String::new(), |mut text, (kind, name)| {
        let kind = match kind {
            CallKind::Activity => "",
            CallKind::Workflow => "workflow ",
        };
        let _ = writeln!(text, "{kind}{name}");
        text
    })
}

macro_rules! call_lists {
    ($(($($function:ident $marker:ident),+);)+) => {$(
        impl<$($function, $marker),+> CallList<($($marker,)+)> for ($($function,)+)
        where
            $($function: Callable<$marker>,)+
        {
            fn names(self) -> Vec<(CallKind, &'static str)> {
                vec![$(($function::KIND, $function::NAME)),+]
            }
        }
    )+};
}

call_lists! {
    (F1 M1);
    (F1 M1, F2 M2);
    (F1 M1, F2 M2, F3 M3);
    (F1 M1, F2 M2, F3 M3, F4 M4);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5, F6 M6);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5, F6 M6, F7 M7);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5, F6 M6, F7 M7, F8 M8);
}
