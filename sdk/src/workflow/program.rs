//! A workflow type as the engine runs it.

use std::marker::PhantomData;
use std::sync::Arc;

use super::WorkflowImpl;
use super::context::WorkflowContext;
use super::handlers::{Handler, Handlers};
use crate::convert::{Args, DecodeError, Payload, ToPayload};
use crate::definition::WorkflowReturn;
use crate::engine::{CoreHandle, Coroutine, Dispatch, HandlerList, Instance, Program};
use crate::error::WorkflowError;
use crate::failure::Failure;
use crate::options::WorkflowOptions;

/// The workflow `K` in the form that the engine runs.
pub fn program<K: WorkflowImpl>() -> Arc<dyn Program> {
    program_with::<K>(WorkflowOptions::default())
}

/// The same, for runs that are to fail otherwise when they go wrong.
pub fn program_with<K: WorkflowImpl>(options: WorkflowOptions) -> Arc<dyn Program> {
    let mut handlers = Handlers::default();
    K::handlers(&mut handlers);
    Arc::new(TypedProgram::<K> {
        signals: names(&handlers.signals),
        queries: names(&handlers.queries),
        updates: names(&handlers.updates),
        handlers: Arc::new(handlers),
        options,
        key: PhantomData,
    })
}

fn names<B>(handlers: &[Handler<B>]) -> Vec<&'static str> {
    let mut names: Vec<_> = handlers.iter().map(|handler| handler.name).collect();
    names.sort_unstable();
    names
}

struct TypedProgram<K: WorkflowImpl> {
    signals: Vec<&'static str>,
    queries: Vec<&'static str>,
    updates: Vec<&'static str>,
    handlers: Arc<Handlers<K::State>>,
    options: WorkflowOptions,
    key: PhantomData<fn() -> K>,
}

impl<K: WorkflowImpl> Program for TypedProgram<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn options(&self) -> WorkflowOptions {
        self.options
    }

    fn handlers(&self) -> HandlerList<'_> {
        HandlerList {
            signals: &self.signals,
            queries: &self.queries,
            updates: &self.updates,
        }
    }

    fn instantiate(
        &self,
        core: &CoreHandle,
        input: &[Payload],
    ) -> Result<Box<dyn Instance>, DecodeError> {
        let context = WorkflowContext::new(core.clone(), K::init(input)?);
        let handlers = Arc::clone(&self.handlers);
        Ok(Box::new(TypedInstance::<K> {
            context,
            handlers,
            key: PhantomData,
        }))
    }
}

struct TypedInstance<K: WorkflowImpl> {
    context: WorkflowContext<K::State>,
    handlers: Arc<Handlers<K::State>>,
    key: PhantomData<fn() -> K>,
}

impl<K: WorkflowImpl> Instance for TypedInstance<K> {
    fn main(&mut self, input: &[Payload]) -> Result<Coroutine, DecodeError> {
        let run = K::start(self.context.clone(), K::Args::decode(input)?);
        Ok(Box::pin(async move {
            let value = run.await.into_result()?;
            // A result that cannot be written is a bug to mend, not an outcome: the panic fails
            // the task and leaves the execution open.
            let payload = value.to_payload();
            Ok(payload.unwrap_or_else(|error| panic!("the result of `{}`: {error}", K::NAME)))
        }))
    }

    fn signal(&mut self, name: &str, input: &[Payload]) -> Dispatch<Result<(), WorkflowError>> {
        match find(&self.handlers.signals, name) {
            Some(body) => body(&self.context, input),
            None => Dispatch::Unknown,
        }
    }

    fn query(&self, name: &str, input: &[Payload]) -> Dispatch<Result<Payload, Failure>> {
        match find(&self.handlers.queries, name) {
            Some(body) => body(&self.context.state(), input),
            None => Dispatch::Unknown,
        }
    }

    fn validate(&self, name: &str, input: &[Payload]) -> Dispatch<Result<(), Failure>> {
        if let Some(body) = find(&self.handlers.validators, name) {
            return body(&self.context.state(), input);
        }
        match find(&self.handlers.readers, name).map(|body| body(input)) {
            Some(Ok(())) => Dispatch::Done(Ok(())),
            Some(Err(error)) => Dispatch::Undecodable(error),
            None => Dispatch::Unknown,
        }
    }

    fn update(
        &mut self,
        name: &str,
        input: &[Payload],
    ) -> Dispatch<Result<Payload, WorkflowError>> {
        match find(&self.handlers.updates, name) {
            Some(body) => body(&self.context, input),
            None => Dispatch::Unknown,
        }
    }
}

fn find<'a, B>(handlers: &'a [Handler<B>], name: &str) -> Option<&'a B> {
    handlers
        .iter()
        .find(|handler| handler.name == name)
        .map(|handler| &handler.body)
}
