//! The wire, for programs that need what the SDK does not offer.
//!
//! The messages are generated from Temporal's protocol and change with it, so nothing in here is
//! covered by the promises that the rest of the crate makes about versions.
//!
//! A [`WorkflowHistory`](crate::WorkflowHistory) is made from the message of the same meaning,
//! [`History`](proto::temporal::api::history::v1::History), and turned into it, by `From`.

use std::error::Error;

use tonic::body::Body;
use tower_service::Service;

pub use outlast_proto as proto;

pub use crate::client::transport::Transport;

use crate::client::Client;
use proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;

/// The generated client of the service behind a [`Client`], over the same connection.
///
/// The metadata is added; deadlines and retries are the caller's.
///
/// # Examples
/// ```no_run
/// use outlast::raw::proto::temporal::api::workflowservice::v1::GetClusterInfoRequest;
///
/// # async fn example(client: outlast::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut service = outlast::raw::service(&client);
/// let cluster = service.get_cluster_info(GetClusterInfoRequest {}).await?.into_inner();
/// println!("{}", cluster.server_version);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn service(client: &Client) -> WorkflowServiceClient<Transport> {
    client.service()
}

/// A client of a server in the same process, or behind a transport of the caller's own.
///
/// # Panics
/// When a header cannot hold the name of the namespace.
#[must_use]
pub fn client_from_service<S>(
    service: S,
    namespace: impl Into<String>,
    identity: impl Into<String>,
) -> Client
where
    S: Service<http::Request<Body>, Response = http::Response<Body>>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send,
{
    Client::from_service(service, namespace.into(), identity.into())
}
