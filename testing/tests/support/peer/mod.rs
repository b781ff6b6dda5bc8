//! One workflow's client and worker, against whatever server is behind the address.

mod activity_worker;
mod client;
mod events;
mod reader;
mod worker;

use std::time::Duration;

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::TaskQueueKind;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use outlast_testing::InProcessServer;
use tonic::Request;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as HttpBody, Bytes, StdError};
use tonic::transport::Channel;

pub(crate) use self::activity_worker::ActivityTask;
pub(crate) use self::events::{detail, events_of, failed_cause, task_failure, types};
pub(crate) use self::worker::{WorkflowTask, completion};

pub(crate) type InProcessPeer = Peer<InProcessServer>;

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
pub(crate) struct Peer<T = Channel> {
    pub(crate) client: WorkflowServiceClient<T>,
    pub(crate) workflow_id: String,
    pub(crate) queue: String,
}

impl Peer {
    pub(crate) async fn connect(address: String, name: &str) -> Self {
        let client = WorkflowServiceClient::connect(format!("http://{address}"))
            .await
            .unwrap();
        Self::new(client, name)
    }
}

impl InProcessPeer {
    pub(crate) fn in_process(server: InProcessServer) -> Self {
        Self::new(WorkflowServiceClient::new(server), "in-process")
    }
}

impl<T: Transport> Peer<T> {
    fn new(client: WorkflowServiceClient<T>, name: &str) -> Self {
        let workflow_id = format!("conformance-{name}-{}", uuid());
        Self {
            client,
            queue: format!("{workflow_id}-queue"),
            workflow_id,
        }
    }

    pub(crate) fn execution(&self) -> Option<WorkflowExecution> {
        Some(WorkflowExecution {
            workflow_id: self.workflow_id.clone(),
            run_id: String::new(),
        })
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

    /// The same queue, seen by the client of another workflow.
    pub(crate) fn of(&self, workflow_id: &str) -> Self {
        Self {
            workflow_id: workflow_id.to_owned(),
            ..self.clone()
        }
    }
}

pub(crate) fn with_timeout<T>(message: T, seconds: f64) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs_f64(seconds));
    request
}

/// A random UUID, from the randomness that the standard library seeds its hash maps with.
pub(crate) fn uuid() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let high = RandomState::new().build_hasher().finish();
    let low = RandomState::new().build_hasher().finish();
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff,
    )
}
