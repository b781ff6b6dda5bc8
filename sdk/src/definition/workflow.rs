//! [`Workflow`]: the key of a workflow, and how a function leads to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::handler::HandlerNames;
use crate::convert::{Args, FromPayload, ToPayload};
use crate::error::WorkflowError;

/// The definition of a workflow: its name, its types and its handlers' names.
///
/// `#[workflow]` writes it. Implement it by hand only for a workflow that a worker in another
/// language runs; then any unit type can be the key.
pub trait Workflow: Sized + 'static {
    /// The name on the wire.
    const NAME: &'static str;

    /// What handlers read and change; `()` for a workflow that is a function.
    type State: Send + 'static;

    /// The argument types of `run`, as a tuple.
    type Args: Args;

    /// What `run` returns.
    type Return: WorkflowReturn;

    /// Lists the handlers with their names on the wire.
    fn handler_names(names: &mut HandlerNames) {
        let _ = names;
    }
}

/// The value type of the workflow `K`.
pub type ResultOf<K> = <<K as Workflow>::Return as WorkflowReturn>::Output;

/// What a workflow may return: a `Result` of something serializable.
#[diagnostic::on_unimplemented(
    message = "a workflow returns `WorkflowResult<T>`, not `{Self}`",
    note = "return `WorkflowResult<T>` to use `?` on any error"
)]
pub trait WorkflowReturn: Send + 'static {
    /// The value of a success.
    type Output: ToPayload + FromPayload + Send + 'static;

    /// The value or the error.
    ///
    /// # Errors
    /// When the workflow failed or continues as new.
    fn into_result(self) -> Result<Self::Output, WorkflowError>;
}

impl<T, E> WorkflowReturn for Result<T, E>
where
    T: ToPayload + FromPayload + Send + 'static,
    E: Into<WorkflowError> + Send + 'static,
{
    type Output = T;

    fn into_result(self) -> Result<T, WorkflowError> {
        self.map_err(Into::into)
    }
}

/// The future of a workflow's `run`; its type names the workflow.
#[must_use = "futures do nothing unless awaited"]
pub struct WorkflowFuture<K: Workflow>(Pin<Box<dyn Future<Output = K::Return> + Send>>);

impl<K: Workflow> WorkflowFuture<K> {
    /// Wraps the body. Called by generated code.
    #[doc(hidden)]
    pub fn new(body: impl Future<Output = K::Return> + Send + 'static) -> Self {
        Self(Box::pin(body))
    }
}

impl<K: Workflow> Future for WorkflowFuture<K> {
    type Output = K::Return;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<K::Return> {
        self.0.as_mut().poll(cx)
    }
}

impl<K: Workflow> fmt::Debug for WorkflowFuture<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkflowFuture({})", K::NAME)
    }
}

/// A function annotated with `#[workflow]`, or the `#[run]` method of an annotated `impl`.
///
/// `M` is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workflow",
    note = "annotate the function, or the `impl` with a `#[run]` method, with `#[workflow]`"
)]
pub trait WorkflowFn<M> {
    /// The function's key.
    type Workflow: Workflow;
}

macro_rules! workflow_fn {
    ($($arg:ident)*) => {
        impl<Function, Key, $($arg),*> WorkflowFn<($($arg,)*)> for Function
        where
            Function: Fn($($arg),*) -> WorkflowFuture<Key>,
            Key: Workflow,
        {
            type Workflow = Key;
        }
    };
}

// The context comes on top of twelve arguments.
workflow_fn!(A);
workflow_fn!(A B);
workflow_fn!(A B C);
workflow_fn!(A B C D);
workflow_fn!(A B C D E);
workflow_fn!(A B C D E F);
workflow_fn!(A B C D E F G);
workflow_fn!(A B C D E F G H);
workflow_fn!(A B C D E F G H I);
workflow_fn!(A B C D E F G H I J);
workflow_fn!(A B C D E F G H I J K);
workflow_fn!(A B C D E F G H I J K L);
workflow_fn!(A B C D E F G H I J K L M);
