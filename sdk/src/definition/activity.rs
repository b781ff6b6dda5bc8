//! [`Activity`]: the key of an activity, and how a function leads to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::convert::{Args, FromPayload, ToPayload};
use crate::error::ActivityError;
use crate::options::ActivityOptions;

/// The definition of an activity: its name and its types.
///
/// `#[activity]` writes it. Implement it by hand only for an activity that a worker in another
/// language runs; then any unit type can be the key.
pub trait Activity: Sized + 'static {
    /// The name on the wire.
    const NAME: &'static str;

    /// The argument types, as a tuple.
    type Args: Args;

    /// What the function returns.
    type Return: ActivityReturn;

    /// [`TimeoutSet`] if the definition has a default timeout, else [`MissingTimeout`].
    type Timeout;

    /// The options of a call that sets none.
    #[must_use]
    fn options() -> ActivityOptions {
        ActivityOptions::new()
    }
}

/// The value type of the activity `K`.
pub type OutputOf<K> = <<K as Activity>::Return as ActivityReturn>::Output;

/// What an activity may return: a `Result` of something serializable.
#[diagnostic::on_unimplemented(
    message = "an activity returns `Result<T, E>`, not `{Self}`",
    note = "return `Result<T, ActivityError>` to use `?` on any error"
)]
pub trait ActivityReturn: Send + 'static {
    /// The value of a success.
    type Output: ToPayload + FromPayload + Send + 'static;

    /// The value or the error.
    ///
    /// # Errors
    /// When the activity failed.
    fn into_result(self) -> Result<Self::Output, ActivityError>;
}

impl<T, E> ActivityReturn for Result<T, E>
where
    T: ToPayload + FromPayload + Send + 'static,
    E: Into<ActivityError> + Send + 'static,
{
    type Output = T;

    fn into_result(self) -> Result<T, ActivityError> {
        self.map_err(Into::into)
    }
}

/// The call has a timeout, so it can be awaited.
#[derive(Debug)]
pub struct TimeoutSet(());

/// The call needs `.start_to_close_timeout(..)` (or `.schedule_to_close_timeout(..)`), or its
/// definition `#[activity(start_to_close_timeout = "30s")]`.
#[derive(Debug)]
pub struct MissingTimeout(());

/// The future of one direct call of an activity function; its type names the activity.
#[must_use = "futures do nothing unless awaited"]
pub struct ActivityFuture<'a, K: Activity>(Pin<Box<dyn Future<Output = K::Return> + Send + 'a>>);

impl<'a, K: Activity> ActivityFuture<'a, K> {
    /// Wraps the body. Called by generated code.
    #[doc(hidden)]
    pub fn new(body: impl Future<Output = K::Return> + Send + 'a) -> Self {
        Self(Box::pin(body))
    }
}

impl<K: Activity> Future for ActivityFuture<'_, K> {
    type Output = K::Return;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<K::Return> {
        self.0.as_mut().poll(cx)
    }
}

impl<K: Activity> fmt::Debug for ActivityFuture<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActivityFuture({})", K::NAME)
    }
}

/// A function or method annotated with `#[activity]`.
///
/// `M` is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an activity",
    note = "annotate the function with `#[activity]`"
)]
pub trait ActivityFn<M> {
    /// The function's key.
    type Activity: Activity;
}

macro_rules! activity_fn {
    ($($arg:ident)*) => {
        impl<'a, Function, Key, $($arg),*> ActivityFn<(&'a (), $($arg,)*)> for Function
        where
            Function: Fn($($arg),*) -> ActivityFuture<'a, Key>,
            Key: Activity,
        {
            type Activity = Key;
        }
    };
}

// A receiver and a context come on top of twelve arguments.
activity_fn!();
activity_fn!(A);
activity_fn!(A B);
activity_fn!(A B C);
activity_fn!(A B C D);
activity_fn!(A B C D E);
activity_fn!(A B C D E F);
activity_fn!(A B C D E F G);
activity_fn!(A B C D E F G H);
activity_fn!(A B C D E F G H I);
activity_fn!(A B C D E F G H I J);
activity_fn!(A B C D E F G H I J K);
activity_fn!(A B C D E F G H I J K L);
activity_fn!(A B C D E F G H I J K L M);
activity_fn!(A B C D E F G H I J K L M N);
