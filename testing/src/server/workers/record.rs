//! A worker as queries see it.

use outlast_proto::temporal::api::enums::v1::{IndexedValueType, WorkerStatus};
use outlast_proto::temporal::api::worker::v1::WorkerHeartbeat;

use crate::server::visibility::{Attributes, Record, Value, micros};

/// The attributes that workers have.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkerAttributes;

impl Attributes for WorkerAttributes {
    fn resolve(&self, name: &str) -> Option<(String, IndexedValueType)> {
        let value_type = match name {
            "BuildId" | "DeploymentName" | "HostName" | "SdkName" | "SdkVersion" | "Status"
            | "TaskQueue" | "WorkerIdentity" | "WorkerInstanceKey" | "WorkerStatus" => {
                IndexedValueType::Keyword
            }
            "HeartbeatTime" | "StartTime" => IndexedValueType::Datetime,
            _ => return None,
        };
        Some((name.to_owned(), value_type))
    }
}

/// A worker's last heartbeat.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkerRecord<'a>(pub(super) &'a WorkerHeartbeat);

impl Record for WorkerRecord<'_> {
    fn attribute(&self, name: &str) -> Option<Value> {
        let Self(worker) = self;
        let version = worker.deployment_version.as_ref();
        let text = match name {
            "BuildId" => &version?.build_id,
            "DeploymentName" => &version?.deployment_name,
            "HeartbeatTime" => return worker.heartbeat_time.as_ref().map(datetime),
            "HostName" => &worker.host_info.as_ref()?.host_name,
            "SdkName" => &worker.sdk_name,
            "SdkVersion" => &worker.sdk_version,
            "StartTime" => return worker.start_time.as_ref().map(datetime),
            "Status" | "WorkerStatus" => status_name(worker.status()),
            "TaskQueue" => &worker.task_queue,
            "WorkerIdentity" => &worker.worker_identity,
            "WorkerInstanceKey" => &worker.worker_instance_key,
            _ => return None,
        };
        Some(Value::Keyword(text.to_owned()))
    }
}

fn datetime(time: &prost_types::Timestamp) -> Value {
    Value::Datetime(micros(time))
}

/// The status as queries have it: `ShuttingDown`, not `WORKER_STATUS_SHUTTING_DOWN`.
fn status_name(status: WorkerStatus) -> &'static str {
    match status {
        WorkerStatus::Running => "Running",
        WorkerStatus::Shutdown => "Shutdown",
        WorkerStatus::ShuttingDown => "ShuttingDown",
        WorkerStatus::Unspecified => "Unspecified",
    }
}
