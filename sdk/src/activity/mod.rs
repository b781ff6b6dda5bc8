//! What the author of an activity touches.

mod around;
mod cancellation;
mod context;
mod info;
mod registry;
mod token;

use std::sync::Arc;

#[doc(hidden)]
pub use self::around::{ActivityResult, ActivityRun, AroundAttempts};
pub use self::cancellation::CancelReason;
pub use self::context::ActivityContext;
pub use self::info::ActivityInfo;
pub(crate) use self::registry::RegisteredActivity;
pub use self::registry::{ActivityRegistry, ActivitySet};
pub use self::token::TaskToken;
use crate::definition::{Activity, ActivityFuture};

/// An activity that this program can run: its definition and its body.
///
/// `#[activity]` writes it.
pub trait ActivityImpl: Activity {
    /// The `self` of a method, `()` for a free function.
    type Receiver: Send + Sync + 'static;

    /// Whether the body blocks, so that it must run on a thread of its own.
    const BLOCKING: bool = false;

    /// Calls the body.
    fn call(
        receiver: Arc<Self::Receiver>,
        context: ActivityContext,
        args: Self::Args,
    ) -> ActivityFuture<'static, Self>;
}
