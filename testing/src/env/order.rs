//! The order in which activities were called.

use std::fmt::Write;

use outlast::definition::{Activity, ActivityFn};

use super::TestEnv;
use super::difference::Difference;

/// Several activities, as a tuple of their functions: `(reserve, charge, ship)`.
///
/// Up to eight fit in.
pub trait ActivityList<M> {
    /// Their names.
    fn names(self) -> Vec<&'static str>;
}

impl TestEnv {
    /// Checks that the activities were called in this order, each as often as it is named.
    ///
    /// Calls of other activities do not matter, nor does how often a call was tried.
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
    /// env.assert_order((reserve, charge));
    /// # }
    /// ```
    #[track_caller]
    pub fn assert_order<M>(&self, activities: impl ActivityList<M>) {
        let expected = activities.names();
        let called = self.activities_called();
        let ours = called.iter().map(String::as_str);
        let ours: Vec<&str> = ours.filter(|name| expected.contains(name)).collect();
        assert!(
            ours == expected,
            "activities were not called in the order that the test expects (- expected, + called):\
             \n{}",
            Difference {
                kept: &lines(&expected),
                came: &lines(&ours),
            }
        );
    }
}

fn lines(names: &[&str]) -> String {
    names.iter().fold(String::new(), |mut text, name| {
        let _ = writeln!(text, "{name}");
        text
    })
}

macro_rules! activity_lists {
    ($(($($function:ident $marker:ident),+);)+) => {$(
        impl<$($function, $marker),+> ActivityList<($($marker,)+)> for ($($function,)+)
        where
            $($function: ActivityFn<$marker>,)+
        {
            fn names(self) -> Vec<&'static str> {
                vec![$($function::Activity::NAME),+]
            }
        }
    )+};
}

activity_lists! {
    (F1 M1);
    (F1 M1, F2 M2);
    (F1 M1, F2 M2, F3 M3);
    (F1 M1, F2 M2, F3 M3, F4 M4);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5, F6 M6);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5, F6 M6, F7 M7);
    (F1 M1, F2 M2, F3 M3, F4 M4, F5 M5, F6 M6, F7 M7, F8 M8);
}
