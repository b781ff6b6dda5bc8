//! The standard health check: a server that answers is healthy.

use std::pin::Pin;
use std::task::{Context, Poll};

use outlast_proto::grpc::health::v1::health_check_response::ServingStatus;
use outlast_proto::grpc::health::v1::health_server::Health;
use outlast_proto::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
use tonic::codegen::BoxStream;
use tonic::codegen::tokio_stream::Stream;
use tonic::{Request, Response, Status, async_trait};

use super::Server;

#[async_trait]
impl Health for Server {
    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(serving()))
    }

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<BoxStream<HealthCheckResponse>>, Status> {
        Ok(Response::new(Box::pin(Watch(Some(serving())))))
    }
}

fn serving() -> HealthCheckResponse {
    HealthCheckResponse {
        status: ServingStatus::Serving as i32,
    }
}

/// Says once how things are, and stays open: nothing will change while the server is there.
struct Watch(Option<HealthCheckResponse>);

impl Stream for Watch {
    type Item = Result<HealthCheckResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.take() {
            Some(response) => Poll::Ready(Some(Ok(response))),
            None => Poll::Pending,
        }
    }
}
