//! [`Transport`]: the way requests take, without its type.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::{Status, TimeoutExpired};
use tower_service::Service;

use super::metadata::Metadata;

type Request = http::Request<Body>;
type Response = http::Response<Body>;
type BoxError = Box<dyn Error + Send + Sync>;
type BoxFuture = Pin<Box<dyn Future<Output = Result<Response, BoxError>> + Send>>;

/// The way a client's requests take: a connection, or a server in the same process.
///
/// It adds the client's metadata to each request. Cloning it is cheap.
#[derive(Clone)]
pub struct Transport {
    service: Arc<dyn ErasedService>,
    metadata: Arc<Metadata>,
}

/// A service that makes a future for each request, each on a clone of its own.
trait ErasedService: Send + Sync {
    fn call(&self, request: Request) -> BoxFuture;
}

struct Cloned<S>(S);

impl<S> ErasedService for Cloned<S>
where
    S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn call(&self, request: Request) -> BoxFuture {
        let mut service = self.0.clone();
        Box::pin(async move {
            poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(outcome)?;
            service.call(request).await.map_err(outcome)
        })
    }
}

impl Transport {
    pub(super) fn new<S>(service: S, metadata: Metadata) -> Self
    where
        S: Service<Request, Response = Response> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
    {
        Self {
            service: Arc::new(Cloned(service)),
            metadata: Arc::new(metadata),
        }
    }
}

/// The error, except that a deadline which ran out here is told as the server would tell it.
fn outcome(error: impl Into<BoxError>) -> BoxError {
    let error = error.into();
    let mut causes = std::iter::successors(Some(&*error as &(dyn Error + 'static)), |&cause| {
        cause.source()
    });
    if causes.any(|cause| cause.is::<TimeoutExpired>()) {
        return Status::deadline_exceeded("the server did not answer in time").into();
    }
    error
}

impl Service<Request> for Transport {
    type Response = Response;
    type Error = BoxError;
    type Future = BoxFuture;

    /// Always ready: what there is to wait for is awaited by the call.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> BoxFuture {
        let (mut head, body) = request.into_parts();
        self.metadata.apply(head.uri.path(), &mut head.headers);
        self.service.call(Request::from_parts(head, body))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").finish_non_exhaustive()
    }
}
