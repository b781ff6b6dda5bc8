//! [`Handlers`]: the signals, queries and updates of a workflow type, by name.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::context::WorkflowContext;
use crate::convert::{Args, DecodeError, Payload, ToPayload};
use crate::definition::{QueryReturn, SignalFn, SignalReturn, UpdateFn, UpdateReturn};
use crate::engine::Dispatch;
use crate::error::WorkflowError;
use crate::failure::Failure;

/// The handlers of the workflow state `W`, filled by generated code.
pub struct Handlers<W> {
    pub(super) signals: Vec<Handler<SignalBody<W>>>,
    pub(super) queries: Vec<Handler<QueryBody<W>>>,
    pub(super) updates: Vec<Handler<UpdateBody<W>>>,
    pub(super) validators: Vec<Handler<ValidatorBody<W>>>,
    /// Says of an update whether its arguments can be read.
    pub(super) readers: Vec<Handler<fn(&[Payload]) -> Result<(), DecodeError>>>,
}

pub(super) struct Handler<B> {
    pub(super) name: &'static str,
    pub(super) body: B,
}

type Signaled = Result<(), WorkflowError>;
type Updated = Result<Payload, WorkflowError>;

/// Runs a handler, given how to borrow the state or to make a context.
pub(super) type SignalBody<W> =
    Box<dyn Fn(&WorkflowContext<W>, &[Payload]) -> Dispatch<Signaled> + Send + Sync>;
pub(super) type QueryBody<W> =
    Box<dyn Fn(&W, &[Payload]) -> Dispatch<Result<Payload, Failure>> + Send + Sync>;
pub(super) type UpdateBody<W> =
    Box<dyn Fn(&WorkflowContext<W>, &[Payload]) -> Dispatch<Updated> + Send + Sync>;
pub(super) type ValidatorBody<W> =
    Box<dyn Fn(&W, &[Payload]) -> Dispatch<Result<(), Failure>> + Send + Sync>;

impl<W: Send + 'static> Handlers<W> {
    /// Registers a signal handler that runs to its end at once.
    pub fn signal<A: Args, R: SignalReturn>(
        &mut self,
        name: &'static str,
        body: fn(&mut W, A) -> R,
    ) {
        let body: SignalBody<W> = Box::new(move |ctx, input| {
            decoded(input, |args| {
                Dispatch::Done(ctx.with_state(|w| body(w, args)).into_result())
            })
        });
        self.signals.push(Handler { name, body });
    }

    /// Registers a signal handler that waits for something.
    pub fn async_signal<A, F, R>(
        &mut self,
        name: &'static str,
        body: fn(WorkflowContext<W>, A) -> F,
    ) where
        A: Args,
        F: Future<Output = R> + Send + 'static,
        R: SignalReturn,
    {
        let body: SignalBody<W> = Box::new(move |ctx, input| {
            decoded(input, |args| {
                let run = body(ctx.clone(), args);
                Dispatch::Running(Box::pin(async move { run.await.into_result() }))
            })
        });
        self.signals.push(Handler { name, body });
    }

    /// Registers a query handler.
    pub fn query<A: Args, R: QueryReturn>(&mut self, name: &'static str, body: fn(&W, A) -> R) {
        let body: QueryBody<W> = Box::new(move |state, input| {
            decoded(input, |args| {
                let answer = body(state, args).to_payload();
                Dispatch::Done(answer.map_err(|error| WorkflowError::from(error).into_failure()))
            })
        });
        self.queries.push(Handler { name, body });
    }

    /// Registers an update handler that runs to its end at once.
    pub fn update<A: Args, R: UpdateReturn>(
        &mut self,
        name: &'static str,
        body: fn(&mut W, A) -> R,
    ) {
        let body: UpdateBody<W> = Box::new(move |ctx, input| {
            decoded(input, |args| {
                Dispatch::Done(outcome(ctx.with_state(|w| body(w, args))))
            })
        });
        self.updates.push(Handler { name, body });
        self.readers.push(Handler {
            name,
            body: can_be_read::<A>,
        });
    }

    /// Registers an update handler that waits for something.
    pub fn async_update<A, F, R>(
        &mut self,
        name: &'static str,
        body: fn(WorkflowContext<W>, A) -> F,
    ) where
        A: Args,
        F: Future<Output = R> + Send + 'static,
        R: UpdateReturn,
    {
        let body: UpdateBody<W> = Box::new(move |ctx, input| {
            decoded(input, |args| {
                let run = body(ctx.clone(), args);
                let run: Pin<Box<dyn Future<Output = Updated> + Send>> =
                    Box::pin(async move { outcome(run.await) });
                Dispatch::Running(run)
            })
        });
        self.updates.push(Handler { name, body });
        self.readers.push(Handler {
            name,
            body: can_be_read::<A>,
        });
    }

    /// Registers the validator of the update of the same name.
    pub fn validator<A, E>(&mut self, name: &'static str, body: fn(&W, A) -> Result<(), E>)
    where
        A: Args,
        E: Into<WorkflowError> + 'static,
    {
        let body: ValidatorBody<W> = Box::new(move |state, input| {
            decoded(input, |args| {
                let verdict = body(state, args);
                Dispatch::Done(verdict.map_err(|error| error.into().into_failure()))
            })
        });
        self.validators.push(Handler { name, body });
    }
}

fn decoded<A: Args, T>(input: &[Payload], run: impl FnOnce(A) -> Dispatch<T>) -> Dispatch<T> {
    match A::decode(input) {
        Ok(args) => run(args),
        Err(error) => Dispatch::Undecodable(error),
    }
}

fn can_be_read<A: Args>(input: &[Payload]) -> Result<(), DecodeError> {
    A::decode(input).map(drop)
}

fn outcome<R: UpdateReturn>(returned: R) -> Updated {
    Ok(returned.into_result()?.to_payload()?)
}

impl<W> Default for Handlers<W> {
    fn default() -> Self {
        Self {
            signals: vec![],
            queries: vec![],
            updates: vec![],
            validators: vec![],
            readers: vec![],
        }
    }
}

impl<W> fmt::Debug for Handlers<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("signals", &self.signals.len())
            .field("queries", &self.queries.len())
            .field("updates", &self.updates.len())
            .finish_non_exhaustive()
    }
}

/// Marks the impls for handlers that take a context.
#[derive(Debug)]
pub struct Waiting<M>(std::marker::PhantomData<M>);

macro_rules! async_handlers {
    ($($arg:ident)*) => {
        impl<Function, W, F, R, $($arg),*> SignalFn<W, Waiting<(F, R, $($arg,)*)>> for Function
        where
            Function: Fn(WorkflowContext<W>, $($arg),*) -> F + 'static,
            W: 'static,
            F: Future<Output = R>,
            R: SignalReturn,
            ($($arg,)*): Args,
        {
            type Args = ($($arg,)*);
        }

        impl<Function, W, F, R, $($arg),*> UpdateFn<W, Waiting<(F, R, $($arg,)*)>> for Function
        where
            Function: Fn(WorkflowContext<W>, $($arg),*) -> F + 'static,
            W: 'static,
            F: Future<Output = R>,
            R: UpdateReturn,
            ($($arg,)*): Args,
        {
            type Args = ($($arg,)*);
            type Output = R::Output;
        }
    };
}

async_handlers!();
async_handlers!(A);
async_handlers!(A B);
async_handlers!(A B C);
async_handlers!(A B C D);
async_handlers!(A B C D E);
async_handlers!(A B C D E G);
async_handlers!(A B C D E G H);
async_handlers!(A B C D E G H I);
