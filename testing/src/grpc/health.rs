//! The standard health check: a server that answers is healthy.

use outlast_proto::grpc::health::v1::health_check_response::ServingStatus;
use outlast_proto::grpc::health::v1::health_server::Health;
use outlast_proto::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
use tonic::{Request, Response, Status, async_trait};

use super::Server;

#[async_trait]
impl Health for Server {
    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse {
            status: ServingStatus::Serving as i32,
        }))
    }
}
