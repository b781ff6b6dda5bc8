//! How a [`Client`] reaches the wire; the worker takes the same way.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use outlast_proto::temporal::api::workflowservice::v1::GetSystemInfoRequest;
use outlast_proto::temporal::api::workflowservice::v1::get_system_info_response;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use tokio::sync::OnceCell;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request, Response, Status};

use super::metadata::Metadata;
use super::retry::{self, Patience};
use super::transport::Transport;
use super::{Client, Inner};

/// The generated client over a [`Client`]'s transport.
pub(crate) type Service = WorkflowServiceClient<Transport>;

/// What the server can do.
pub(crate) type Capabilities = get_system_info_response::Capabilities;

/// The largest response that is read.
const MAX_RESPONSE_BYTES: usize = 128 * 1024 * 1024;

impl Client {
    pub(crate) fn from_service<S>(service: S, namespace: String, identity: String) -> Self
    where
        S: tower_service::Service<http::Request<Body>, Response = http::Response<Body>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send,
    {
        let mut metadata = Metadata::new();
        assert!(
            metadata.set_namespace(&namespace),
            "`{namespace}` is not the name of a namespace: no header can hold it"
        );
        Self::over(Transport::new(service, metadata), namespace, identity, None)
    }

    pub(super) fn over(
        transport: Transport,
        namespace: String,
        identity: String,
        compression: Option<CompressionEncoding>,
    ) -> Self {
        Self(Arc::new(Inner {
            transport,
            namespace,
            identity,
            capabilities: OnceCell::new(),
            compression,
        }))
    }

    /// The generated client over the same transport, which adds the metadata.
    pub(crate) fn service(&self) -> Service {
        let service = Service::new(self.0.transport.clone())
            .max_decoding_message_size(MAX_RESPONSE_BYTES)
            .accept_compressed(CompressionEncoding::Gzip);
        match self.0.compression {
            Some(encoding) => service.send_compressed(encoding),
            None => service,
        }
    }

    /// A request that tells the server how long its answer is awaited.
    #[allow(clippy::unused_self, reason = "the client may come to add to requests")]
    pub(crate) fn request<T>(&self, message: T, timeout: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(timeout);
        request
    }

    /// Sends a message as often as `patience` allows.
    pub(crate) async fn call<M, T, F>(
        &self,
        patience: Patience,
        message: &M,
        method: impl Fn(Service, Request<M>) -> F,
    ) -> Result<T, Status>
    where
        M: Clone,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        retry::call(patience, || {
            let request = self.request(message.clone(), patience.deadline());
            method(self.service(), request)
        })
        .await
    }

    /// What the server can do; asked once. A server that does not know the question can do
    /// nothing beyond the basics.
    pub(crate) async fn capabilities(&self) -> Result<&Capabilities, Status> {
        self.0
            .capabilities
            .get_or_try_init(|| async {
                let answer = self
                    .call(Patience::Unary, &GetSystemInfoRequest {}, |mut service, request| async move {
                        service.get_system_info(request).await
                    })
                    .await;
                match answer {
                    Ok(info) => Ok(info.capabilities.unwrap_or_default()),
                    Err(status) if status.code() == Code::Unimplemented => {
                        Ok(Capabilities::default())
                    }
                    Err(status) => Err(status),
                }
            })
            .await
    }
}
