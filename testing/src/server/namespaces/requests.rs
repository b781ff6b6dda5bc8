//! Registering, describing, changing and listing namespaces.

use bytes::Bytes;
use outlast_proto::temporal::api::enums::v1::{NamespaceState, ReplicationState};
use outlast_proto::temporal::api::replication::v1::{
    ClusterReplicationConfig, NamespaceReplicationConfig,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::Namespace;
use super::cluster::CLUSTER_NAME;
use super::settings::{check_registration, update};
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::ids::is_uuid;

impl Engine {
    /// Registers a namespace.
    ///
    /// # Errors
    /// The name is taken, or a setting is refused.
    pub fn register_namespace(
        &mut self,
        request: api::RegisterNamespaceRequest,
    ) -> Result<api::RegisterNamespaceResponse> {
        check_registration(&request)?;
        if self.world.namespaces.get(&request.namespace).is_ok() {
            return Err(Error::namespace_exists(&request.namespace));
        }
        let namespace = self.world.namespaces.add(&request.namespace);
        namespace.replication = ReplicationState::Normal;
        namespace.info.description = request.description;
        namespace.info.owner_email = request.owner_email;
        namespace.info.data = request.data;
        namespace.config.workflow_execution_retention_ttl =
            request.workflow_execution_retention_period;
        Ok(api::RegisterNamespaceResponse {})
    }

    /// Describes a namespace, named by its name or its id.
    ///
    /// # Errors
    /// The namespace does not exist.
    pub fn describe_namespace(
        &mut self,
        request: &api::DescribeNamespaceRequest,
    ) -> Result<api::DescribeNamespaceResponse> {
        let api::DescribeNamespaceRequest { namespace, id, .. } = request;
        let found = match (namespace.is_empty(), id.is_empty()) {
            (true, true) => return Err(Error::invalid("Namespace not set on request.")),
            (false, false) => {
                return Err(Error::invalid(
                    "GetNamespace operation failed.  Both ID and Name specified in request.",
                ));
            }
            (false, true) if self.world.namespaces.registers_unknown => {
                self.world.namespaces.add(namespace)
            }
            (false, true) => self.world.namespaces.get(namespace)?,
            (true, false) if !is_uuid(id) => return Err(Error::bad_uuid(id)),
            (true, false) => {
                let found = self.world.namespaces.with_id(id);
                found.ok_or_else(|| Error::namespace_not_found(id))?
            }
        };
        Ok(found.describe())
    }

    /// Changes a namespace.
    ///
    /// # Errors
    /// The namespace does not exist, or a setting is refused.
    pub fn update_namespace(
        &mut self,
        request: &api::UpdateNamespaceRequest,
    ) -> Result<api::UpdateNamespaceResponse> {
        let namespace = self.named_namespace(&request.namespace)?;
        update(namespace, request)?;
        let described = namespace.describe();
        Ok(api::UpdateNamespaceResponse {
            namespace_info: described.namespace_info,
            config: described.config,
            replication_config: described.replication_config,
            failover_version: described.failover_version,
            is_global_namespace: described.is_global_namespace,
        })
    }

    /// Gives a namespace up: nothing more is started in it.
    ///
    /// # Errors
    /// The namespace does not exist.
    pub fn deprecate_namespace(
        &mut self,
        request: &api::DeprecateNamespaceRequest,
    ) -> Result<api::DeprecateNamespaceResponse> {
        let namespace = self.named_namespace(&request.namespace)?;
        namespace.info.state = NamespaceState::Deprecated as i32;
        Ok(api::DeprecateNamespaceResponse {})
    }

    /// Describes all namespaces, in pages. Any token names a place among them.
    ///
    /// # Errors
    /// Never.
    pub fn list_namespaces(
        &self,
        request: &api::ListNamespacesRequest,
    ) -> Result<api::ListNamespacesResponse> {
        let after = &request.next_page_token[..];
        let size = match usize::try_from(request.page_size) {
            Ok(0) | Err(_) => PAGE_SIZE,
            Ok(size) => size,
        };
        let mut all = self.world.namespaces.by_name.iter();
        let all = all.by_ref().filter(|(name, _)| name.as_bytes() > after);
        let page: Vec<_> = all.take(size + 1).collect();
        let next_page_token = match page.get(size) {
            Some(_) => Bytes::from(page[size - 1].0.clone()),
            None => Bytes::new(),
        };
        let described = page.iter().take(size).map(|(_, n)| n.describe());
        Ok(api::ListNamespacesResponse {
            namespaces: described.collect(),
            next_page_token,
        })
    }

    fn named_namespace(&mut self, name: &str) -> Result<&mut Namespace> {
        if name.is_empty() {
            return Err(Error::invalid("Namespace not set on request."));
        }
        self.world.namespaces.get_mut(name)
    }
}

impl Namespace {
    fn describe(&self) -> api::DescribeNamespaceResponse {
        let active = ClusterReplicationConfig {
            cluster_name: CLUSTER_NAME.to_owned(),
            ..Default::default()
        };
        api::DescribeNamespaceResponse {
            namespace_info: Some(self.info.clone()),
            config: Some(self.config.clone()),
            replication_config: Some(NamespaceReplicationConfig {
                active_cluster_name: CLUSTER_NAME.to_owned(),
                clusters: vec![active],
                state: self.replication as i32,
            }),
            ..Default::default()
        }
    }
}

/// How many namespaces a page has if the caller does not say.
const PAGE_SIZE: usize = 100;
