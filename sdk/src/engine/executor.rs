//! Polls the coroutines of one run: only those that were woken, always in the same order.
//!
//! Handlers come in the order in which they were started, then `run` itself, again and again
//! until a whole pass wakes nobody.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::message::UpdateIndex;
use super::panic::{Panicked, guard};
use super::program::Coroutine;
use super::wake::{CoroutineWake, Wakes};
use crate::convert::Payload;
use crate::error::WorkflowError;

/// The coroutines of one run.
#[derive(Default)]
pub(crate) struct Executor {
    wakes: Arc<Wakes>,
    main: Option<Task<Result<Payload, WorkflowError>>>,
    handlers: Vec<Option<Handler>>,
}

/// A handler that waits for something.
pub(crate) enum HandlerFuture {
    Signal(Pin<Box<dyn Future<Output = Result<(), WorkflowError>> + Send>>),
    Update(
        UpdateIndex,
        Pin<Box<dyn Future<Output = Result<Payload, WorkflowError>> + Send>>,
    ),
}

/// A coroutine that came to its end.
#[derive(Debug)]
pub(crate) enum Finished {
    Main(Result<Payload, WorkflowError>),
    Signal(Result<(), WorkflowError>),
    Update(UpdateIndex, Result<Payload, WorkflowError>),
}

struct Task<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    wake: Arc<CoroutineWake>,
    waker: Waker,
}

enum Handler {
    Signal(Task<Result<(), WorkflowError>>),
    Update(UpdateIndex, Task<Result<Payload, WorkflowError>>),
}

impl Executor {
    pub(crate) fn wakes(&self) -> &Arc<Wakes> {
        &self.wakes
    }

    pub(crate) fn start_main(&mut self, future: Coroutine) {
        self.main = Some(Task::new(future, &self.wakes));
    }

    pub(crate) fn start_handler(&mut self, future: HandlerFuture) {
        let handler = match future {
            HandlerFuture::Signal(future) => Handler::Signal(Task::new(future, &self.wakes)),
            HandlerFuture::Update(index, future) => {
                Handler::Update(index, Task::new(future, &self.wakes))
            }
        };
        self.handlers.push(Some(handler));
    }

    /// Drops `run`, as when a handler ended the workflow.
    pub(crate) fn stop_main(&mut self) -> Result<(), Panicked> {
        let main = self.main.take();
        guard(|| drop(main))
    }

    /// Polls each coroutine that was woken and reports those that came to their end. Says
    /// whether anybody was awake.
    pub(crate) fn poll_pass(
        &mut self,
        mut finished: impl FnMut(Finished),
    ) -> Result<bool, Panicked> {
        let mut polled_any = false;
        for slot in &mut self.handlers {
            let Some(handler) = slot else { continue };
            let outcome = match handler {
                Handler::Signal(task) => task.poll_woken(&mut polled_any)?.map(Finished::Signal),
                Handler::Update(index, task) => {
                    let outcome = task.poll_woken(&mut polled_any)?;
                    outcome.map(|outcome| Finished::Update(*index, outcome))
                }
            };
            if let Some(outcome) = outcome {
                *slot = None;
                finished(outcome);
            }
        }
        self.handlers.retain(Option::is_some);
        if let Some(main) = &mut self.main
            && let Some(outcome) = main.poll_woken(&mut polled_any)?
        {
            self.main = None;
            finished(Finished::Main(outcome));
        }
        Ok(polled_any)
    }

    /// Drops all coroutines. Panics of destructors stay here.
    pub(crate) fn clear(&mut self) {
        let entered = self.wakes.enter();
        let main = self.main.take();
        let handlers = std::mem::take(&mut self.handlers);
        let _ = guard(|| drop(handlers));
        let _ = guard(|| drop(main));
        drop(entered);
    }
}

impl<T> Task<T> {
    fn new(future: Pin<Box<dyn Future<Output = T> + Send>>, wakes: &Arc<Wakes>) -> Self {
        let wake = CoroutineWake::new(wakes);
        let waker = wake.waker();
        Self {
            future,
            wake,
            waker,
        }
    }

    fn poll_woken(&mut self, polled_any: &mut bool) -> Result<Option<T>, Panicked> {
        if !self.wake.take_ready() {
            return Ok(None);
        }
        *polled_any = true;
        let mut context = Context::from_waker(&self.waker);
        Ok(match guard(|| self.future.as_mut().poll(&mut context))? {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        })
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("main", &self.main.is_some())
            .field("handlers", &self.handlers.len())
            .finish_non_exhaustive()
    }
}
