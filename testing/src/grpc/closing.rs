//! The end of a door: calls that wait are sent away, because some would wait for a minute.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::watch;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower_service::Service;

use super::service::InProcessServer;

/// The server as one door shows it, until that door is closed.
#[derive(Clone, Debug)]
pub(super) struct UntilClosed {
    server: InProcessServer,
    closed: watch::Receiver<bool>,
}

impl UntilClosed {
    /// Closed by sending true, or by dropping the sender.
    pub(super) fn new(server: InProcessServer, closed: watch::Receiver<bool>) -> Self {
        Self { server, closed }
    }
}

impl Service<Request<Body>> for UntilClosed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.server.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.server.call(request);
        let mut closed = self.closed.clone();
        Box::pin(async move {
            tokio::select! {
                biased;
                answer = answer => answer,
                _ = closed.wait_for(|closed| *closed) => {
                    Ok(Status::unavailable("the server is shutting down").into_http())
                }
            }
        })
    }
}
