//! What the mocked Nexus handlers of a test environment ask of its server.

use bytes::Bytes;
use outlast::Failure;
use outlast_proto::temporal::api::nexus::v1 as nexus;
use outlast_proto::temporal::api::nexus::v1::endpoint_target::{Variant as Target, Worker};
use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::taskqueue::v1::TaskQueue;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::Server;
use super::calls::Waiting;
use crate::server::{Answer, Result};

impl Server {
    /// The queue that a Nexus endpoint's requests come to. The endpoint is registered if there is
    /// none of its name.
    ///
    /// # Errors
    /// The name does not fit an endpoint, or the endpoint leads elsewhere; in words.
    pub(crate) fn nexus_queue(
        &self,
        namespace: &str,
        endpoint: &str,
    ) -> std::result::Result<String, String> {
        self.shared.call(|engine| {
            let of_that_name = operator::ListNexusEndpointsRequest {
                name: endpoint.to_owned(),
                ..Default::default()
            };
            let known = engine.list_nexus_endpoints(&of_that_name);
            let known = known.map_err(|error| error.message)?.endpoints;
            if let Some(known) = known.into_iter().next() {
                let queue = queue_in(namespace, known);
                return queue.ok_or_else(|| "it is registered, and leads elsewhere".to_owned());
            }
            let queue = format!("nexus-{endpoint}");
            let spec = nexus::EndpointSpec {
                name: endpoint.to_owned(),
                target: Some(nexus::EndpointTarget {
                    variant: Some(Target::Worker(Worker {
                        namespace: namespace.to_owned(),
                        task_queue: queue.clone(),
                    })),
                }),
                ..Default::default()
            };
            let request = operator::CreateNexusEndpointRequest { spec: Some(spec) };
            match engine.create_nexus_endpoint(request) {
                Ok(_) => Ok(queue),
                Err(error) => Err(error.message),
            }
        })
    }

    /// Waits for a request to the Nexus handlers of a queue.
    ///
    /// # Errors
    /// The namespace is gone.
    pub(crate) async fn nexus_task(
        &self,
        namespace: &str,
        queue: &str,
    ) -> Result<api::PollNexusTaskQueueResponse> {
        let poll = api::PollNexusTaskQueueRequest {
            namespace: namespace.to_owned(),
            task_queue: Some(TaskQueue {
                name: queue.to_owned(),
                ..TaskQueue::default()
            }),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        };
        let mut waiting =
            Waiting::begin(&self.shared, |engine| engine.poll_nexus_task_queue(poll))?;
        match waiting.answer().await {
            Answer::NexusTask(task) => Ok(*task),
            other => unreachable!("a poll for Nexus tasks was answered by {other:?}"),
        }
    }

    /// Answers a request to a Nexus handler: what came of it, or why the handler refuses it.
    pub(crate) fn answer_nexus(
        &self,
        task_token: Bytes,
        answer: std::result::Result<nexus::Response, Failure>,
    ) {
        // Whoever asked may have gone, or have given up.
        let _ = self.shared.call(|engine| match answer {
            Ok(response) => engine
                .respond_nexus_task_completed(api::RespondNexusTaskCompletedRequest {
                    identity: IDENTITY.to_owned(),
                    task_token,
                    response: Some(response),
                    ..Default::default()
                })
                .map(drop),
            Err(failure) => engine
                .respond_nexus_task_failed(api::RespondNexusTaskFailedRequest {
                    identity: IDENTITY.to_owned(),
                    task_token,
                    failure: Some(failure.into()),
                    ..Default::default()
                })
                .map(drop),
        });
    }

    /// Starts a workflow by a request that no client of ours can make.
    ///
    /// # Errors
    /// The request is refused.
    pub(crate) fn start_workflow(&self, start: api::StartWorkflowExecutionRequest) -> Result<()> {
        let start = api::StartWorkflowExecutionRequest {
            identity: IDENTITY.to_owned(),
            ..start
        };
        let started = self
            .shared
            .call(|engine| engine.start_workflow_execution(start));
        started.map(drop)
    }
}

/// Where an endpoint's requests go, if that is a queue in the namespace.
fn queue_in(namespace: &str, endpoint: nexus::Endpoint) -> Option<String> {
    match endpoint.spec?.target?.variant? {
        Target::Worker(worker) if worker.namespace == namespace => Some(worker.task_queue),
        Target::Worker(_) | Target::External(_) => None,
    }
}

const IDENTITY: &str = "mocks";
