//! What the author of a workflow touches.

mod context;
mod handlers;
mod program;
mod state;

pub use self::context::WorkflowContext;
pub use self::handlers::Handlers;
pub use self::program::program;
pub use self::state::State;

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
