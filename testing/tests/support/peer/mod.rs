//! One workflow's client and worker, against whatever server is behind the address.

mod activity_worker;
mod client;
mod control;
mod events;
mod nexus;
mod reader;
mod schedules;
mod worker;

use std::time::Duration;

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::TaskQueueKind;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use tonic::Request;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as HttpBody, Bytes, StdError};

pub(crate) use self::activity_worker::ActivityTask;
pub(crate) use self::events::{detail, events_of, failed_cause, task_failure, types};
pub(crate) use self::nexus::*;
pub(crate) use self::schedules::{by_cron, every, info, second_of_2020};
pub(crate) use self::worker::{WorkflowTask, completion};

/// What generated clients ask of their transport.
pub(crate) trait Transport:
    GrpcService<
        Body,
        ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
    > + Clone
{
}

impl<T> Transport for T where
    T: GrpcService<
            Body,
            ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
        > + Clone
{
}

/// A client and worker with a workflow id and task queue of its own.
#[derive(Clone)]
pub(crate) struct Peer<T> {
    pub(crate) transport: T,
    pub(crate) client: WorkflowServiceClient<T>,
    /// A part of the workflow id and of the queue's name that nobody else has.
    pub(crate) uuid: String,
    pub(crate) workflow_id: String,
    pub(crate) queue: String,
}

impl<T: Transport> Peer<T> {
    pub(crate) fn new(transport: T, name: &str) -> Self {
        let uuid = uuid();
        let workflow_id = format!("{name}-{uuid}");
        Self {
            client: WorkflowServiceClient::new(transport.clone()),
            transport,
            queue: format!("{workflow_id}-queue"),
            uuid,
            workflow_id,
        }
    }

    /// The same queue, seen by the client of another workflow.
    pub(crate) fn of(&self, workflow_id: &str) -> Self {
        Self {
            workflow_id: workflow_id.to_owned(),
            ..self.clone()
        }
    }

    /// Another workflow, with a queue of its own.
    pub(crate) fn kin(&self, name: &str) -> Self {
        let workflow_id = format!("{}-{name}", self.workflow_id);
        Self {
            queue: format!("{workflow_id}-queue"),
            ..self.of(&workflow_id)
        }
    }

    /// The workflow service, for calls that have no short form here.
    pub(crate) fn client(&self) -> WorkflowServiceClient<T> {
        self.client.clone()
    }

    /// A run of the workflow, the current one if `run_id` is empty.
    pub(crate) fn run(&self, run_id: &str) -> Option<WorkflowExecution> {
        Some(WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: run_id.to_owned(),
        })
    }

    pub(crate) fn execution(&self) -> Option<WorkflowExecution> {
        self.run("")
    }

    pub(crate) fn normal_queue(&self) -> Option<TaskQueue> {
        Some(TaskQueue {
            name: self.queue.clone(),
            kind: 1,
            normal_name: String::new(),
        })
    }

    pub(crate) fn sticky_queue(&self) -> Option<TaskQueue> {
        Some(TaskQueue {
            name: format!("{}-sticky", self.queue),
            kind: TaskQueueKind::Sticky as i32,
            normal_name: self.queue.clone(),
        })
    }
}

pub(crate) fn with_timeout<T>(message: T, seconds: f64) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs_f64(seconds));
    request
}

/// An id that nobody else has.
pub(crate) fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}
