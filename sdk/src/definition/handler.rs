//! Signal, query and update handlers as keys.
//!
//! The return type of a handler is the user's own, so it cannot carry a key as an activity's
//! does. The type checker compares a handler's shape (state type, arguments, result) through
//! [`SignalFn`], [`QueryFn`] and [`UpdateFn`]; its name is found by the function's own type in
//! [`HandlerNames`]. The impls for handlers that take a context are where the context is.

use std::any::{TypeId, type_name};

use thiserror::Error;

use crate::convert::{Args, FromPayload, ToPayload};
use crate::error::WorkflowError;

/// The handlers of one workflow type with their names on the wire.
#[derive(Debug, Default)]
pub struct HandlerNames(Vec<(TypeId, &'static str)>);

impl HandlerNames {
    /// Adds a handler. Called by generated code.
    #[doc(hidden)]
    pub fn add<F: 'static>(&mut self, _handler: F, name: &'static str) {
        self.0.push((TypeId::of::<F>(), name));
    }

    /// The wire name of the handler `F` of the workflow `K`.
    pub(crate) fn name_of<K: super::Workflow, F: 'static>() -> Result<&'static str, NotAHandler> {
        let mut names = Self::default();
        K::handler_names(&mut names);
        let found = names.0.iter().find(|(id, _)| *id == TypeId::of::<F>());
        found.map(|(_, name)| *name).ok_or_else(|| NotAHandler {
            function: type_name::<F>(),
            workflow: K::NAME,
        })
    }
}

/// A function that has the shape of a handler and is not annotated as one.
///
/// The compiler sees the shape only; the name on the wire is what the annotation gives.
#[derive(Clone, Copy, Debug, Error)]
#[error(
    "`{function}` is not a handler of workflow `{workflow}`: annotate it with `#[signal]`, \
     `#[query]` or `#[update]`"
)]
pub struct NotAHandler {
    function: &'static str,
    workflow: &'static str,
}

/// A signal handler of the workflow state `W`. `M` is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a signal handler of `{W}`",
    note = "a signal takes `&mut self`, or is async and takes `ctx: WorkflowContext<Self>`"
)]
pub trait SignalFn<W, M>: 'static {
    /// The argument types, as a tuple.
    type Args: Args;
}

/// A query handler of the workflow state `W`. `M` is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a query handler of `{W}`",
    note = "a query takes `&self`"
)]
pub trait QueryFn<W, M>: 'static {
    /// The argument types, as a tuple.
    type Args: Args;
    /// The value type.
    type Output: QueryReturn;
}

/// An update handler of the workflow state `W`. `M` is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an update handler of `{W}`",
    note = "an update takes `&mut self`, or is async and takes `ctx: WorkflowContext<Self>`"
)]
pub trait UpdateFn<W, M>: 'static {
    /// The argument types, as a tuple.
    type Args: Args;
    /// The value type of a success.
    type Output: ToPayload + FromPayload + Send + 'static;
}

/// What a query may return: any value that can travel.
#[diagnostic::on_unimplemented(
    message = "a query cannot return `{Self}`",
    note = "return an owned value that serde can serialize and deserialize"
)]
pub trait QueryReturn: ToPayload + FromPayload + Send + 'static {}

impl<T: ToPayload + FromPayload + Send + 'static> QueryReturn for T {}

/// What a signal handler may return: nothing, or a `Result` of nothing.
#[diagnostic::on_unimplemented(
    message = "a signal handler returns nothing or `WorkflowResult<()>`, not `{Self}`"
)]
pub trait SignalReturn: 'static {
    /// Nothing, or why the workflow fails.
    ///
    /// # Errors
    /// When the handler failed; that fails the workflow.
    fn into_result(self) -> Result<(), WorkflowError>;
}

impl SignalReturn for () {
    fn into_result(self) -> Result<(), WorkflowError> {
        Ok(())
    }
}

impl<E: Into<WorkflowError> + 'static> SignalReturn for Result<(), E> {
    fn into_result(self) -> Result<(), WorkflowError> {
        self.map_err(Into::into)
    }
}

/// What an update handler may return: nothing, or a `Result` of something serializable.
#[diagnostic::on_unimplemented(
    message = "an update returns nothing or `Result<T, E>`, not `{Self}`",
    note = "return `Result<T, WorkflowError>` to use `?` on any error"
)]
pub trait UpdateReturn: 'static {
    /// The value of a success.
    type Output: ToPayload + FromPayload + Send + 'static;

    /// The value, or why the update failed; the workflow goes on either way.
    ///
    /// # Errors
    /// When the update failed.
    fn into_result(self) -> Result<Self::Output, WorkflowError>;
}

impl UpdateReturn for () {
    type Output = ();

    fn into_result(self) -> Result<(), WorkflowError> {
        Ok(())
    }
}

impl<T, E> UpdateReturn for Result<T, E>
where
    T: ToPayload + FromPayload + Send + 'static,
    E: Into<WorkflowError> + 'static,
{
    type Output = T;

    fn into_result(self) -> Result<T, WorkflowError> {
        self.map_err(Into::into)
    }
}

/// Marks the impls for handlers that borrow the state, so that they do not overlap with those
/// for handlers that take a context.
#[derive(Debug)]
pub struct Borrowing<M>(std::marker::PhantomData<M>);

macro_rules! sync_handlers {
    ($($arg:ident)*) => {
        impl<Function, W, R, $($arg),*> SignalFn<W, Borrowing<(R, $($arg,)*)>> for Function
        where
            Function: for<'w> Fn(&'w mut W, $($arg),*) -> R + 'static,
            W: 'static,
            R: SignalReturn,
            ($($arg,)*): Args,
        {
            type Args = ($($arg,)*);
        }

        impl<Function, W, R, $($arg),*> QueryFn<W, Borrowing<(R, $($arg,)*)>> for Function
        where
            Function: for<'w> Fn(&'w W, $($arg),*) -> R + 'static,
            W: 'static,
            R: QueryReturn,
            ($($arg,)*): Args,
        {
            type Args = ($($arg,)*);
            type Output = R;
        }

        impl<Function, W, R, $($arg),*> UpdateFn<W, Borrowing<(R, $($arg,)*)>> for Function
        where
            Function: for<'w> Fn(&'w mut W, $($arg),*) -> R + 'static,
            W: 'static,
            R: UpdateReturn,
            ($($arg,)*): Args,
        {
            type Args = ($($arg,)*);
            type Output = R::Output;
        }
    };
}

sync_handlers!();
sync_handlers!(A);
sync_handlers!(A B);
sync_handlers!(A B C);
sync_handlers!(A B C D);
sync_handlers!(A B C D E);
sync_handlers!(A B C D E F);
sync_handlers!(A B C D E F G);
sync_handlers!(A B C D E F G H);
sync_handlers!(A B C D E F G H I);
sync_handlers!(A B C D E F G H I J);
sync_handlers!(A B C D E F G H I J K);
sync_handlers!(A B C D E F G H I J K L);
