//! The server as a tower service: each request goes to the generated service that its path names.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use outlast_proto::grpc::health::v1::health_server::HealthServer;
use outlast_proto::temporal::api::operatorservice::v1::operator_service_server::OperatorServiceServer;
use outlast_proto::temporal::api::testservice::v1::test_service_server::TestServiceServer;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_server::WorkflowServiceServer;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};
use tower_service::Service;

use super::Server;
use super::panics::caught;

/// A server that can be called without a socket.
///
/// It implements the service trait that generated clients ask of their transport.
///
/// # Examples
/// ```
/// # use std::time::Duration;
/// # use outlast_testing::{Server, ServerOptions};
/// use outlast::raw::client_from_service;
///
/// let server = Server::new(ServerOptions::default());
/// let client = client_from_service(server.service(), "default", "the test");
/// assert_eq!(client.identity(), "the test");
/// ```
#[derive(Clone, Debug)]
pub struct InProcessServer {
    workflow: WorkflowServiceServer<Server>,
    operator: OperatorServiceServer<Server>,
    test: TestServiceServer<Server>,
    health: HealthServer<Server>,
}

impl InProcessServer {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            workflow: WorkflowServiceServer::new(server.clone())
                .accept_compressed(CompressionEncoding::Gzip),
            operator: OperatorServiceServer::new(server.clone())
                .accept_compressed(CompressionEncoding::Gzip),
            test: TestServiceServer::new(server.clone())
                .accept_compressed(CompressionEncoding::Gzip),
            health: HealthServer::new(server.clone()).accept_compressed(CompressionEncoding::Gzip),
        }
    }
}

impl Service<Request<Body>> for InProcessServer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let answer = match path.split('/').nth(1) {
            Some("temporal.api.workflowservice.v1.WorkflowService") => self.workflow.call(request),
            Some("temporal.api.operatorservice.v1.OperatorService") => self.operator.call(request),
            Some("temporal.api.testservice.v1.TestService") => self.test.call(request),
            Some("grpc.health.v1.Health") => self.health.call(request),
            _ => return Box::pin(async move { Ok(unimplemented(&path)) }),
        };
        Box::pin(async move {
            let response = match caught(answer).await {
                Ok(response) => response?,
                Err(status) => return Ok(status.into_http()),
            };
            match Status::from_header_map(response.headers()) {
                Some(status) if is_stub(&status) => Ok(unimplemented(&path)),
                Some(status) if is_oversize(&status) => Ok(oversize(&status)),
                _ => Ok(response),
            }
        })
    }
}

/// Whether this is the answer of a generated method that nobody has overridden, or of a generated
/// service to a method that it does not know.
fn is_stub(status: &Status) -> bool {
    status.code() == Code::Unimplemented && ["Not yet implemented", ""].contains(&status.message())
}

/// Whether the request was too large to be read, be it compressed or not.
fn is_oversize(status: &Status) -> bool {
    let message = status.message();
    status.code() == Code::OutOfRange && message.contains("message length too large")
        || status.code() == Code::ResourceExhausted && message.contains("while decompressing")
}

/// The real server's words, by which SDKs recognise this. The original says the sizes, too.
fn oversize(original: &Status) -> Response<Body> {
    let words = original.message().split(' ');
    let numbers: Vec<&str> = words.filter(|word| word.parse::<u64>().is_ok()).collect();
    let message = match numbers.as_slice() {
        [limit] => {
            format!("grpc: received message after decompression larger than max {limit}")
        }
        sizes => format!(
            "grpc: received message larger than max ({})",
            sizes.join(" vs. ")
        ),
    };
    Status::resource_exhausted(message).into_http()
}

fn unimplemented(path: &str) -> Response<Body> {
    let method = path.rsplit('/').next().unwrap_or(path);
    Status::unimplemented(format!(
        "{method} is not supported by this server; docs/test-server.md lists the calls that are"
    ))
    .into_http()
}
