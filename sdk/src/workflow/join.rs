//! Waiting for several things, in an order that replays.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Waits for all of several futures at once and gives their outputs as a tuple.
///
/// They are polled in the order in which they are written, on every replay, where
/// `tokio::join!` starts with another one each time.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// # #[activity(start_to_close_timeout = "5s")]
/// # async fn price(item: u32) -> Result<u64, ActivityError> { Ok(1) }
/// #[workflow]
/// async fn total(ctx: WorkflowContext) -> WorkflowResult<u64> {
///     let (pen, ink) = outlast::join!(ctx.activity(price, 1), ctx.activity(price, 2));
///     Ok(pen? + ink?)
/// }
/// ```
#[macro_export]
macro_rules! join {
    (@bind [$(($future:ident $output:ident))*]) => {{
        ::std::future::poll_fn(|context| {
            let mut is_done = true;
            $(
                if $output.is_none() {
                    match ::std::future::Future::poll($future.as_mut(), context) {
                        ::std::task::Poll::Ready(value) => {
                            $output = ::std::option::Option::Some(value);
                        }
                        ::std::task::Poll::Pending => is_done = false,
                    }
                }
            )*
            if is_done { ::std::task::Poll::Ready(()) } else { ::std::task::Poll::Pending }
        })
        .await;
        ($($output.expect("every output is there when all are done"),)*)
    }};
    (@bind [$($bound:tt)*] $next:expr, $($rest:tt)*) => {{
        let mut future = ::std::pin::pin!(::std::future::IntoFuture::into_future($next));
        let mut output = ::std::option::Option::None;
        $crate::join!(@bind [$($bound)* (future output)] $($rest)*)
    }};
    ($($future:expr),+ $(,)?) => {
        $crate::join!(@bind [] $($future,)+)
    };
}

/// Waits for the first of several futures, drops the others and runs the branch.
///
/// They are polled in the order in which they are written, on every replay, where
/// `tokio::select!` starts with another one each time. Dropping an activity or a timer that is
/// not done cancels it; select over `&mut handle` to keep it.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// # #[activity(start_to_close_timeout = "5s")]
/// # async fn price(item: u32) -> Result<u64, ActivityError> { Ok(1) }
/// #[workflow]
/// async fn quick_price(ctx: WorkflowContext) -> WorkflowResult<Option<u64>> {
///     outlast::select! {
///         price = ctx.activity(price, 1) => Ok(Some(price?)),
///         late = ctx.sleep(Duration::from_secs(2)) => {
///             late?;
///             Ok(None)
///         }
///     }
/// }
/// ```
#[macro_export]
macro_rules! select {
    (@future [$($future:ident)*]) => {
        ::std::future::poll_fn(|context| $crate::select!(@poll context $($future)*)).await
    };
    (@future [$($bound:ident)*] ($next:expr) $($rest:tt)*) => {{
        let mut future = ::std::pin::pin!(::std::future::IntoFuture::into_future($next));
        $crate::select!(@future [$($bound)* future] $($rest)*)
    }};
    (@poll $context:ident) => {
        ::std::task::Poll::<::std::convert::Infallible>::Pending
    };
    (@poll $context:ident $first:ident $($rest:ident)*) => {
        match ::std::future::Future::poll($first.as_mut(), $context) {
            ::std::task::Poll::Ready(value) => {
                ::std::task::Poll::Ready(::std::result::Result::Ok(value))
            }
            ::std::task::Poll::Pending => {
                $crate::select!(@poll $context $($rest)*).map(::std::result::Result::Err)
            }
        }
    };
    (@branch $selected:expr,) => {
        match $selected {}
    };
    (@branch $selected:expr, ($pattern:pat, $body:expr) $($rest:tt)*) => {
        match $selected {
            ::std::result::Result::Ok($pattern) => $body,
            ::std::result::Result::Err(other) => $crate::select!(@branch other, $($rest)*),
        }
    };
    (@parse [$(($pattern:pat, $future:expr, $body:expr))*]) => {{
        let selected = $crate::select!(@future [] $(($future))*);
        $crate::select!(@branch selected, $(($pattern, $body))*)
    }};
    (@parse [$($done:tt)*] $pattern:pat = $future:expr => $body:block, $($rest:tt)*) => {
        $crate::select!(@parse [$($done)* ($pattern, $future, $body)] $($rest)*)
    };
    (@parse [$($done:tt)*] $pattern:pat = $future:expr => $body:block $($rest:tt)*) => {
        $crate::select!(@parse [$($done)* ($pattern, $future, $body)] $($rest)*)
    };
    (@parse [$($done:tt)*] $pattern:pat = $future:expr => $body:expr, $($rest:tt)*) => {
        $crate::select!(@parse [$($done)* ($pattern, $future, $body)] $($rest)*)
    };
    (@parse [$($done:tt)*] $pattern:pat = $future:expr => $body:expr) => {
        $crate::select!(@parse [$($done)* ($pattern, $future, $body)])
    };
    ($pattern:pat = $($rest:tt)+) => {
        $crate::select!(@parse [] $pattern = $($rest)+)
    };
}

/// Waits for all of many futures at once and gives their outputs in their order.
///
/// Each is polled only when it was woken, in order, so that a thousand of them cost no more
/// than what happens to them.
///
/// # Examples
/// ```
/// # use outlast::prelude::*;
/// # #[activity(start_to_close_timeout = "5s")]
/// # async fn price(item: u32) -> Result<u64, ActivityError> { Ok(1) }
/// #[workflow]
/// async fn total(ctx: WorkflowContext, items: Vec<u32>) -> WorkflowResult<u64> {
///     let prices = outlast::join_all(items.into_iter().map(|item| ctx.activity(price, item)));
///     let mut total = 0;
///     for price in prices.await {
///         total += price?;
///     }
///     Ok(total)
/// }
/// ```
pub fn join_all<I>(futures: I) -> JoinAll<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let woken = Arc::new(Woken::default());
    let children = (0..).zip(futures).map(|(place, future)| {
        let wake = Arc::new(ChildWake {
            place,
            is_listed: AtomicBool::new(true),
            woken: Arc::clone(&woken),
        });
        Child::Running(Box::pin(future.into_future()), wake)
    });
    let children: Vec<_> = children.collect();
    woken.lock().places = (0..children.len()).collect();
    JoinAll {
        running: children.len(),
        children,
        woken,
    }
}

/// The future of [`join_all`].
#[must_use = "futures do nothing unless awaited"]
pub struct JoinAll<F: Future> {
    children: Vec<Child<F>>,
    /// How many of them are not done.
    running: usize,
    woken: Arc<Woken>,
}

enum Child<F: Future> {
    Running(Pin<Box<F>>, Arc<ChildWake>),
    Done(Option<F::Output>),
}

/// The children that are to be polled, and the waker of whoever waits for all.
#[derive(Debug, Default)]
struct Woken(Mutex<WokenList>);

#[derive(Debug, Default)]
struct WokenList {
    places: Vec<usize>,
    parent: Option<Waker>,
}

#[derive(Debug)]
struct ChildWake {
    place: usize,
    /// Whether the place is in the list.
    is_listed: AtomicBool,
    woken: Arc<Woken>,
}

impl Woken {
    fn lock(&self) -> MutexGuard<'_, WokenList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for ChildWake {
    fn wake(self: Arc<Self>) {
        if self.is_listed.swap(true, Ordering::AcqRel) {
            return;
        }
        let parent = {
            let mut woken = self.woken.lock();
            woken.places.push(self.place);
            woken.parent.take()
        };
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

impl<F: Future> Future for JoinAll<F>
where
    F::Output: Unpin,
{
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut places = {
            let mut woken = this.woken.lock();
            woken.parent = Some(cx.waker().clone());
            std::mem::take(&mut woken.places)
        };
        // In the order in which they were written, in whatever order they were woken.
        places.sort_unstable();
        for place in places {
            let child = &mut this.children[place];
            let Child::Running(future, wake) = child else {
                continue;
            };
            wake.is_listed.store(false, Ordering::Release);
            let waker = Waker::from(Arc::clone(wake));
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                *child = Child::Done(Some(output));
                this.running -= 1;
            }
        }
        if this.running > 0 {
            return Poll::Pending;
        }
        let outputs = this.children.drain(..).filter_map(|child| match child {
            Child::Done(output) => output,
            Child::Running(..) => None,
        });
        Poll::Ready(outputs.collect())
    }
}

impl<F: Future> fmt::Debug for JoinAll<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinAll")
            .field("futures", &self.children.len())
            .finish_non_exhaustive()
    }
}
