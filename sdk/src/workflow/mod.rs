//! What the author of a workflow touches.
//!
//! # Waiting for several things
//! A workflow polls in the same order whenever it is replayed. [`outlast::join!`](crate::join),
//! [`outlast::select!`](crate::select) and [`join_all`] do, in the order of declaration; those of
//! tokio and futures start at random. Clippy finds them with these lines in the `clippy.toml` of
//! a crate that holds workflows:
//!
//! ```toml
//! disallowed-macros = [
//!     { path = "tokio::join", reason = "use `outlast::join!`" },
//!     { path = "tokio::try_join", reason = "use `outlast::join!`" },
//!     { path = "tokio::select", reason = "use `outlast::select!`" },
//!     { path = "futures::join", allow-invalid = true, reason = "use `outlast::join!`" },
//!     { path = "futures::try_join", allow-invalid = true, reason = "use `outlast::join!`" },
//!     { path = "futures::select", allow-invalid = true, reason = "use `outlast::select!`" },
//! ]
//! ```

mod activity;
mod cancel;
mod condition;
mod context;
mod continue_as_new;
mod handlers;
mod info;
mod join;
mod program;
mod state;
mod timer;

pub use self::activity::{ActivityCall, ActivityHandle};
pub use self::cancel::{Canceled, Shield};
pub use self::condition::{Condition, TimedCondition, WaitUntil, WaitUntilTimeout};
pub use self::context::WorkflowContext;
pub use self::continue_as_new::ContinueAsNewCall;
pub use self::handlers::{Handlers, Waiting};
pub use self::info::{HistoryInfo, WorkflowInfo};
pub use self::join::{JoinAll, join_all};
pub use self::program::{program, program_with};
pub use self::state::State;
pub use self::timer::{SleepCall, TimerHandle};

use crate::convert::{DecodeError, Payload};
use crate::definition::{Workflow, WorkflowFuture};

/// A workflow that this program can run: its definition and its code.
///
/// `#[workflow]` writes it.
pub trait WorkflowImpl: Workflow {
    /// Makes the state before anything else happens, from the arguments of `run`.
    ///
    /// # Errors
    /// When the arguments cannot be decoded.
    fn init(input: &[Payload]) -> Result<Self::State, DecodeError>;

    /// Calls `run`.
    fn start(ctx: WorkflowContext<Self::State>, args: Self::Args) -> WorkflowFuture<Self>;

    /// Registers the handlers.
    fn handlers(handlers: &mut Handlers<Self::State>) {
        let _ = handlers;
    }
}
