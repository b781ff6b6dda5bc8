//! What the server says about itself.

use outlast_proto::temporal::api::operatorservice::v1 as operator;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::get_system_info_response::Capabilities;

use super::namespace_id;
use crate::server::Engine;

impl Engine {
    /// What this server can do, which SDKs adapt to.
    pub fn get_system_info(&self) -> api::GetSystemInfoResponse {
        api::GetSystemInfoResponse {
            server_version: SERVER_VERSION.to_owned(),
            capabilities: Some(Capabilities {
                signal_and_query_header: true,
                internal_error_differentiation: true,
                activity_failure_include_heartbeat: true,
                encoded_failure_attributes: true,
                upsert_memo: true,
                sdk_metadata: true,
                build_id_based_versioning: true,
                eager_workflow_start: true,
                supports_schedules: true,
                nexus: true,
                count_group_by_execution_status: true,
                ..Default::default()
            }),
        }
    }

    /// Names and numbers of this server.
    pub fn get_cluster_info(&self) -> api::GetClusterInfoResponse {
        let clients = SUPPORTED_CLIENTS.map(|(name, range)| (name.to_owned(), range.to_owned()));
        api::GetClusterInfoResponse {
            supported_clients: clients.into(),
            server_version: SERVER_VERSION.to_owned(),
            cluster_id: namespace_id("outlast"),
            cluster_name: CLUSTER_NAME.to_owned(),
            history_shard_count: 1,
            persistence_store: "memory".to_owned(),
            visibility_store: "memory".to_owned(),
            initial_failover_version: 1,
            failover_version_increment: 10,
            ..Default::default()
        }
    }

    /// Describes all clusters: this server is the only one.
    pub fn list_clusters(&self) -> operator::ListClustersResponse {
        let cluster = operator::ClusterMetadata {
            cluster_name: CLUSTER_NAME.to_owned(),
            cluster_id: namespace_id("outlast"),
            initial_failover_version: 1,
            history_shard_count: 1,
            is_connection_enabled: true,
            ..Default::default()
        };
        operator::ListClustersResponse {
            clusters: vec![cluster],
            next_page_token: Default::default(),
        }
    }
}

const SERVER_VERSION: &str = "1.32.0";

pub(super) const CLUSTER_NAME: &str = "active";

/// Which versions of which clients the server takes, as the real one of this version says.
const SUPPORTED_CLIENTS: [(&str, &str); 8] = [
    ("Nexus-go-sdk", "<2.0.0"),
    ("temporal-cli", "<2.0.0"),
    ("temporal-go", "<2.0.0"),
    ("temporal-java", "<2.0.0"),
    ("temporal-php", "<2.0.0"),
    ("temporal-server", "<2.0.0"),
    ("temporal-typescript", "<2.0.0"),
    ("temporal-ui", "<3.0.0"),
];
