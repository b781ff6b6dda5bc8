//! The clock over gRPC, as Temporal's test server offers it.

use std::time::{Duration, SystemTime};

use outlast_proto::temporal::api::testservice::v1 as api;
use outlast_proto::temporal::api::testservice::v1::test_service_server::TestService;
use prost_types::Timestamp;
use tonic::{Request, Response, Status, async_trait};

use super::Server;
use super::calls::Waiting;
use super::status::status;
use crate::server::{CallId, Engine, Result};

#[async_trait]
impl TestService for Server {
    async fn lock_time_skipping(
        &self,
        _: Request<api::LockTimeSkippingRequest>,
    ) -> std::result::Result<Response<api::LockTimeSkippingResponse>, Status> {
        self.shared.call(Engine::lock_time_skipping);
        Ok(Response::new(api::LockTimeSkippingResponse {}))
    }

    async fn unlock_time_skipping(
        &self,
        _: Request<api::UnlockTimeSkippingRequest>,
    ) -> std::result::Result<Response<api::UnlockTimeSkippingResponse>, Status> {
        self.shared
            .call(Engine::unlock_time_skipping)
            .map_err(status)?;
        Ok(Response::new(api::UnlockTimeSkippingResponse {}))
    }

    async fn sleep(
        &self,
        request: Request<api::SleepRequest>,
    ) -> std::result::Result<Response<api::SleepResponse>, Status> {
        let duration = duration(request.get_ref())?;
        self.sleep_in(|engine| Ok(engine.sleep(duration))).await
    }

    async fn sleep_until(
        &self,
        request: Request<api::SleepUntilRequest>,
    ) -> std::result::Result<Response<api::SleepResponse>, Status> {
        let until = request.into_inner().timestamp.unwrap_or_default();
        let until = Some(until)
            .filter(|until| until.seconds <= LATEST_MOMENT)
            .and_then(|until| SystemTime::try_from(until).ok())
            .ok_or_else(|| Status::invalid_argument("timestamp is out of range"))?;
        self.sleep_in(|engine| Ok(engine.sleep_until(until))).await
    }

    async fn unlock_time_skipping_with_sleep(
        &self,
        request: Request<api::SleepRequest>,
    ) -> std::result::Result<Response<api::SleepResponse>, Status> {
        let duration = duration(request.get_ref())?;
        self.sleep_in(|engine| engine.sleep_unlocked(duration))
            .await
    }

    async fn get_current_time(
        &self,
        _: Request<()>,
    ) -> std::result::Result<Response<api::GetCurrentTimeResponse>, Status> {
        let time = Some(Timestamp::from(self.now()));
        Ok(Response::new(api::GetCurrentTimeResponse { time }))
    }
}

impl Server {
    async fn sleep_in(
        &self,
        start: impl FnOnce(&mut Engine) -> Result<CallId>,
    ) -> std::result::Result<Response<api::SleepResponse>, Status> {
        let mut waiting = Waiting::begin(&self.shared, start).map_err(status)?;
        waiting.answer().await;
        Ok(Response::new(api::SleepResponse {}))
    }
}

/// How long to sleep; no time at all if that is negative.
fn duration(request: &api::SleepRequest) -> std::result::Result<Duration, Status> {
    let duration = request.duration.unwrap_or_default();
    if duration.seconds > LONGEST_DURATION {
        return Err(Status::invalid_argument("duration is out of range"));
    }
    Ok(Duration::try_from(duration).unwrap_or_default())
}

/// The last second of a timestamp in protobuf, at the end of the year 9999.
const LATEST_MOMENT: i64 = 253_402_300_799;

/// The most seconds of a duration in protobuf, ten thousand years.
const LONGEST_DURATION: i64 = 315_576_000_000;
