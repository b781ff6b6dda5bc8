//! Namespaces, and what the server says about itself.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::NamespaceState;
use outlast_proto::temporal::api::namespace::v1::namespace_info::{Capabilities, Limits};
use outlast_proto::temporal::api::namespace::v1::{NamespaceConfig, NamespaceInfo};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::get_system_info_response;

use super::Engine;
use super::errors::{Error, Result};
use super::wire::wire_duration;

impl Engine {
    /// Refuses requests for namespaces that do not exist.
    pub(super) fn check_namespace(&self, namespace: &str) -> Result<()> {
        if namespace.is_empty() {
            return Err(Error::invalid("Namespace is empty."));
        }
        match self
            .world
            .options
            .namespaces
            .iter()
            .any(|name| name == namespace)
        {
            true => Ok(()),
            false => Err(Error::namespace_not_found(namespace)),
        }
    }

    /// What this server can do, which SDKs adapt to.
    pub fn get_system_info(&self) -> api::GetSystemInfoResponse {
        api::GetSystemInfoResponse {
            server_version: SERVER_VERSION.to_owned(),
            capabilities: Some(get_system_info_response::Capabilities {
                signal_and_query_header: true,
                internal_error_differentiation: true,
                activity_failure_include_heartbeat: true,
                encoded_failure_attributes: true,
                upsert_memo: true,
                sdk_metadata: true,
                ..Default::default()
            }),
        }
    }

    /// Names and numbers of this server.
    pub fn get_cluster_info(&self) -> api::GetClusterInfoResponse {
        api::GetClusterInfoResponse {
            server_version: SERVER_VERSION.to_owned(),
            cluster_id: namespace_id("outlast"),
            cluster_name: "outlast".to_owned(),
            history_shard_count: 1,
            persistence_store: "memory".to_owned(),
            visibility_store: "memory".to_owned(),
            ..Default::default()
        }
    }

    /// Describes a namespace, named by its name or its id.
    ///
    /// # Errors
    /// The namespace does not exist.
    pub fn describe_namespace(
        &self,
        request: &api::DescribeNamespaceRequest,
    ) -> Result<api::DescribeNamespaceResponse> {
        let names = &self.world.options.namespaces;
        if request.namespace.is_empty()
            && let Some(name) = names.iter().find(|name| namespace_id(name) == request.id)
        {
            return Ok(description(name));
        }
        self.check_namespace(&request.namespace)?;
        Ok(description(&request.namespace))
    }

    /// Describes all namespaces.
    pub fn list_namespaces(&self) -> api::ListNamespacesResponse {
        let names = self.world.options.namespaces.iter();
        api::ListNamespacesResponse {
            namespaces: names.map(|name| description(name)).collect(),
            ..Default::default()
        }
    }
}

fn description(name: &str) -> api::DescribeNamespaceResponse {
    api::DescribeNamespaceResponse {
        namespace_info: Some(NamespaceInfo {
            name: name.to_owned(),
            state: NamespaceState::Registered as i32,
            id: namespace_id(name),
            capabilities: Some(Capabilities {
                sync_update: true,
                async_update: true,
                worker_heartbeats: true,
                worker_poll_complete_on_shutdown: true,
                poller_autoscaling: true,
                ..Default::default()
            }),
            limits: Some(Limits {
                blob_size_limit_error: 2 << 20,
                memo_size_limit_error: 2 << 20,
                workflow_task_completion_size_limit_error: 40 << 20,
            }),
            ..Default::default()
        }),
        config: Some(NamespaceConfig {
            workflow_execution_retention_ttl: wire_duration(Duration::from_hours(24)),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// An id that depends on the name alone.
pub(super) fn namespace_id(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let low = hash & 0xffff_ffff_ffff;
    format!(
        "{:08x}-{:04x}-4000-8000-{low:012x}",
        hash >> 32,
        hash >> 16 & 0xffff
    )
}

const SERVER_VERSION: &str = "1.32.0";
