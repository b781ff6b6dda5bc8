//! [`Namespace`]: what a worker has to know of its namespace.

use outlast_proto::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use prost::Message;
use tonic::Status;

use super::Server;
use super::sizes::{SizeLimits, TooLarge};
use crate::client::retry::Patience;

/// What a worker has to know of its namespace.
#[derive(Clone, Copy, Debug)]
pub(in crate::worker) struct Namespace {
    /// Whether the server ends open polls when it is told that the worker stops.
    pub(in crate::worker) ends_polls: bool,
    pub(super) limits: SizeLimits,
}

impl Server {
    /// Looks at the namespace, once.
    pub(in crate::worker) async fn namespace(&self) -> Result<Namespace, Status> {
        let found = self.namespace.get_or_try_init(|| self.describe_namespace());
        found.await.copied()
    }

    /// The namespace, if it has been looked at.
    pub(in crate::worker) fn known_namespace(&self) -> Option<Namespace> {
        self.namespace.get().copied()
    }

    async fn describe_namespace(&self) -> Result<Namespace, Status> {
        let request = DescribeNamespaceRequest {
            namespace: self.settings.namespace.clone(),
            weak_consistency: true,
            ..DescribeNamespaceRequest::default()
        };
        let response = self
            .client
            .call(
                Patience::Unary,
                &request,
                |mut service, request| async move { service.describe_namespace(request).await },
            )
            .await?;
        let info = response.namespace_info.unwrap_or_default();
        Ok(Namespace {
            ends_polls: info
                .capabilities
                .is_some_and(|can| can.worker_poll_complete_on_shutdown),
            limits: SizeLimits::new(info.limits.unwrap_or_default()),
        })
    }

    /// Looks whether the namespace takes a value of that size.
    pub(super) async fn check_size(
        &self,
        value: &Option<impl Message>,
        what: &'static str,
    ) -> Result<(), TooLarge> {
        if SizeLimits::SMALL.check(value, || what.to_owned()).is_ok() {
            return Ok(());
        }
        self.size_limits().await.check(value, || what.to_owned())
    }

    /// What the namespace takes. If it cannot be found out, the server has to look.
    pub(super) async fn size_limits(&self) -> SizeLimits {
        let namespace = self.namespace().await;
        namespace.map_or_else(|_| SizeLimits::default(), |known| known.limits)
    }
}
