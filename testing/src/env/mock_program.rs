//! [`MockProgram`]: a workflow type with a closure for its code.

use std::fmt;
use std::sync::Arc;

use outlast::convert::DecodeError;
use outlast::engine::{CoreHandle, Coroutine, Dispatch, HandlerList, Instance, Program};
use outlast::{Failure, Payload, WorkflowContext, WorkflowError};

use super::shared::Shared;

/// A workflow type with a closure for its code. It takes every signal, and answers no queries.
#[derive(Clone)]
pub(super) struct MockProgram {
    name: &'static str,
    body: Arc<Body>,
}

type Body = dyn Fn(WorkflowContext, &[Payload]) -> Result<Coroutine, DecodeError> + Send + Sync;

impl Shared {
    /// The queue of a mocked workflow type, which is attended from now on.
    #[track_caller]
    pub(super) fn mock_queue(&self, name: &str) -> String {
        let queue = format!("{name}{}", self.workers().suffix);
        self.run_worker(&queue);
        queue
    }
}

impl MockProgram {
    pub(super) fn new(
        name: &'static str,
        body: impl Fn(WorkflowContext, &[Payload]) -> Result<Coroutine, DecodeError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            name,
            body: Arc::new(body),
        }
    }

    pub(super) fn type_name(&self) -> &'static str {
        self.name
    }
}

impl Program for MockProgram {
    fn name(&self) -> &'static str {
        self.name
    }

    fn handlers(&self) -> HandlerList<'_> {
        HandlerList {
            signals: &[],
            queries: &[],
            updates: &[],
        }
    }

    fn instantiate(
        &self,
        core: &CoreHandle,
        _input: &[Payload],
    ) -> Result<Box<dyn Instance>, DecodeError> {
        Ok(Box::new(MockInstance {
            context: WorkflowContext::of_run(core),
            body: Arc::clone(&self.body),
        }))
    }
}

struct MockInstance {
    context: WorkflowContext,
    body: Arc<Body>,
}

impl Instance for MockInstance {
    fn main(&mut self, input: &[Payload]) -> Result<Coroutine, DecodeError> {
        (self.body)(self.context.clone(), input)
    }

    fn signal(&mut self, _: &str, _: &[Payload]) -> Dispatch<Result<(), WorkflowError>> {
        Dispatch::Done(Ok(()))
    }

    fn query(&self, _: &str, _: &[Payload]) -> Dispatch<Result<Payload, Failure>> {
        Dispatch::Unknown
    }

    fn validate(&self, _: &str, _: &[Payload]) -> Dispatch<Result<(), Failure>> {
        Dispatch::Unknown
    }

    fn update(&mut self, _: &str, _: &[Payload]) -> Dispatch<Result<Payload, WorkflowError>> {
        Dispatch::Unknown
    }
}

impl fmt::Debug for MockProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MockProgram").field(&self.name).finish()
    }
}
