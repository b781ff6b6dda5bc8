//! Reports about activities that are too large. They end the activity, because further attempts
//! would report as much.

use outlast_proto::temporal::api::failure::v1::failure::FailureInfo;
use outlast_proto::temporal::api::failure::v1::{Failure, ServerFailureInfo};
use outlast_proto::temporal::api::workflowservice::v1::RespondActivityTaskFailedRequest;

use crate::server::errors::Result;
use crate::server::execution::Execution;
use crate::server::tokens::TaskToken;
use crate::server::world::World;

impl Execution {
    /// Fails an activity because of the size of what its worker reported.
    pub(super) fn fail_oversize(
        &mut self,
        token: &TaskToken,
        message: &str,
        identity: &str,
        world: &mut World,
    ) -> Result<()> {
        let request = RespondActivityTaskFailedRequest {
            failure: Some(oversize(message)),
            identity: identity.to_owned(),
            ..Default::default()
        };
        self.fail_activity(token, request, world)?;
        Ok(())
    }
}

/// The failure in place of what was too large.
pub(super) fn oversize(message: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        failure_info: Some(FailureInfo::ServerFailureInfo(ServerFailureInfo {
            non_retryable: true,
        })),
        ..Default::default()
    }
}

pub(super) const HEARTBEAT_TOO_LARGE: &str = "Heartbeat details exceed size limit.";
pub(super) const RESULT_TOO_LARGE: &str = "Complete result exceeds size limit.";
pub(super) const CANCEL_DETAILS_TOO_LARGE: &str = "Cancel details exceed size limit.";
