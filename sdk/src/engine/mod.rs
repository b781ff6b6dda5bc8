//! The replay engine.

mod core;
mod program;

pub use self::core::CoreHandle;
pub use self::program::{Coroutine, Dispatch, HandlerList, Instance, Program};
