//! Lists of deployments.

use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::list_worker_deployments_response::WorkerDeploymentSummary;
use tonic::Code;

use crate::{Peer, conform};

impl Peer {
    /// This scenario's entry in the list, without a record: others have deployments, too.
    async fn listed_deployment(&self) -> WorkerDeploymentSummary {
        let mut request = api::ListWorkerDeploymentsRequest {
            namespace: "default".to_owned(),
            page_size: 10,
            ..Default::default()
        };
        let mut client = self.unrecorded().client;
        loop {
            let page = client.list_worker_deployments(request.clone()).await;
            let page = page.unwrap().into_inner();
            let mut deployments = page.worker_deployments.into_iter();
            if let Some(found) = deployments.find(|listed| listed.name == self.deployment()) {
                return found;
            }
            // A real server's index lags behind.
            request.next_page_token = page.next_page_token;
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn deployments_are_listed_by_name() {
    conform("deployment-listed", async |peer| {
        peer.announce("1").await;
        let listed = peer.listed_deployment().await;
        assert!(listed.create_time.is_some());
        let mut client = peer.client();
        for (namespace, code) in [("", Code::InvalidArgument), ("nowhere", Code::NotFound)] {
            let request = api::ListWorkerDeploymentsRequest {
                namespace: namespace.to_owned(),
                ..Default::default()
            };
            let refused = client.list_worker_deployments(request).await;
            assert_eq!(refused.unwrap_err().code(), code, "{namespace}");
        }
    })
    .await;
}
