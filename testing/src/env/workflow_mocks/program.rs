//! [`AroundRuns`]: stands around every run of a workflow, so that mocks can take its place.

use std::future::ready;
use std::sync::Arc;

use outlast::convert::DecodeError;
use outlast::engine::{CoreHandle, Coroutine, Dispatch, HandlerList, Instance, Program};
use outlast::worker::AroundPrograms;
use outlast::{Failure, Payload, WorkflowContext, WorkflowError, WorkflowOptions};

use super::reply::{End, Reply};
use super::runs::{Life, WorkflowMocks, unexpected};

/// The workflow types of an environment, as a worker asks for them.
pub(in crate::env) struct AroundRuns(pub(in crate::env) Arc<WorkflowMocks>);

impl AroundPrograms for AroundRuns {
    fn program(
        &self,
        workflow_type: &str,
        registered: Option<&Arc<dyn Program>>,
    ) -> Result<Arc<dyn Program>, String> {
        let name = match registered {
            Some(real) => Some(real.name()),
            None => self.0.mocked_name(workflow_type),
        };
        let name = name.ok_or_else(|| {
            format!(
                "workflow type `{workflow_type}` is not registered with this environment: mock it \
                 with `TestEnv::on_workflow`, or run the real one with `TestEnv::workflow`"
            )
        })?;
        Ok(Arc::new(Mockable {
            name,
            real: registered.cloned(),
            mocks: Arc::clone(&self.0),
        }))
    }
}

/// A workflow type that is real, mocked, or both.
struct Mockable {
    name: &'static str,
    real: Option<Arc<dyn Program>>,
    mocks: Arc<WorkflowMocks>,
}

impl Program for Mockable {
    fn name(&self) -> &'static str {
        self.name
    }

    fn options(&self) -> WorkflowOptions {
        let real = self.real.as_ref();
        real.map(|real| real.options()).unwrap_or_default()
    }

    fn handlers(&self) -> HandlerList<'_> {
        match &self.real {
            Some(real) => real.handlers(),
            None => HandlerList {
                signals: &[],
                queries: &[],
                updates: &[],
            },
        }
    }

    fn instantiate(
        &self,
        core: &CoreHandle,
        input: &[Payload],
    ) -> Result<Box<dyn Instance>, DecodeError> {
        let context = WorkflowContext::of_run(core);
        let life = self.mocks.life_of(&context.info(), input);
        let is_real = match &life {
            Life::Mocked(reply) => matches!(reply.end, End::Real),
            Life::Real => true,
            Life::Refused(_) => false,
        };
        let real = self.real.as_ref().filter(|_| is_real);
        let real = real.map(|real| real.instantiate(core, input)).transpose()?;
        Ok(Box::new(MockableRun {
            context,
            life,
            real,
            mocks: Arc::clone(&self.mocks),
        }))
    }
}

/// A run. One that is mocked takes every signal, and answers no queries.
struct MockableRun {
    context: WorkflowContext,
    life: Life,
    real: Option<Box<dyn Instance>>,
    mocks: Arc<WorkflowMocks>,
}

impl MockableRun {
    fn run(&self, input: &[Payload], real: Option<Coroutine>) -> Coroutine {
        let reply = match &self.life {
            Life::Mocked(reply) => reply.clone(),
            Life::Real => Reply::real(),
            Life::Refused(report) => return Box::pin(ready(Err(unexpected(report)))),
        };
        let (mocks, context) = (Arc::clone(&self.mocks), self.context.clone());
        Box::pin(reply.play(mocks, context, input.to_vec(), real))
    }
}

impl Instance for MockableRun {
    fn main(&mut self, input: &[Payload]) -> Result<Coroutine, DecodeError> {
        let real = self
            .real
            .as_mut()
            .map(|real| real.main(input))
            .transpose()?;
        let run = self.run(input, real);
        let mocks = Arc::clone(&self.mocks);
        let run_id = self.context.info().run_id().clone();
        Ok(Box::pin(async move {
            let result = run.await;
            mocks.end(&run_id, &result);
            result
        }))
    }

    fn signal(&mut self, name: &str, input: &[Payload]) -> Dispatch<Result<(), WorkflowError>> {
        match &mut self.real {
            Some(real) => real.signal(name, input),
            None => Dispatch::Done(Ok(())),
        }
    }

    fn query(&self, name: &str, input: &[Payload]) -> Dispatch<Result<Payload, Failure>> {
        match &self.real {
            Some(real) => real.query(name, input),
            None => Dispatch::Unknown,
        }
    }

    fn validate(&self, name: &str, input: &[Payload]) -> Dispatch<Result<(), Failure>> {
        match &self.real {
            Some(real) => real.validate(name, input),
            None => Dispatch::Unknown,
        }
    }

    fn update(
        &mut self,
        name: &str,
        input: &[Payload],
    ) -> Dispatch<Result<Payload, WorkflowError>> {
        match &mut self.real {
            Some(real) => real.update(name, input),
            None => Dispatch::Unknown,
        }
    }
}
