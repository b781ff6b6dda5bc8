//! What can be set about a namespace, and which values are refused.

use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::{NamespaceState, ReplicationState};
use outlast_proto::temporal::api::namespace::v1::NamespaceConfig;
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::Namespace;
use super::cluster::CLUSTER_NAME;
use crate::server::errors::{Error, Result};
use crate::server::wire::set_duration;

/// Refuses settings that no namespace of this server can have.
pub(super) fn check_registration(request: &api::RegisterNamespaceRequest) -> Result<()> {
    if request.namespace.is_empty() {
        return Err(Error::invalid("Namespace not set on request."));
    }
    if request.namespace.len() > NAME_LIMIT {
        return Err(Error::invalid("Namespace length exceeds limit."));
    }
    check_retention(request.workflow_execution_retention_period.as_ref())?;
    if request.is_global_namespace {
        return Err(Error::invalid(
            "Cannot register global namespace when not enabled",
        ));
    }
    let clusters = request.clusters.iter().map(|c| c.cluster_name.as_str());
    check_clusters(clusters.chain([request.active_cluster_name.as_str()]))
}

/// Refuses clusters other than the only one.
fn check_clusters<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<()> {
    match names.find(|name| !["", CLUSTER_NAME].contains(name)) {
        Some(name) => Err(Error::invalid(format!("Invalid cluster name: {name}"))),
        None => Ok(()),
    }
}

/// Changes what the request sets.
///
/// # Errors
/// A setting is refused; nothing has changed.
pub(super) fn update(
    namespace: &mut Namespace,
    request: &api::UpdateNamespaceRequest,
) -> Result<()> {
    let (mut info, mut config) = (namespace.info.clone(), namespace.config.clone());
    if request.promote_namespace {
        return Err(Error::invalid(format!(
            "global namespace is not enabled on this cluster, cannot update global namespace or \
             promote local namespace: {}",
            info.name
        )));
    }
    if let Some(replication) = &request.replication_config {
        let clusters = replication.clusters.iter().map(|c| c.cluster_name.as_str());
        check_clusters(clusters.chain([replication.active_cluster_name.as_str()]))?;
        if replication.state() == ReplicationState::Handover {
            return Err(Error::invalid(
                "Handover can only be set for global namespace",
            ));
        }
    }
    if let Some(update) = &request.update_info {
        if !update.description.is_empty() {
            info.description.clone_from(&update.description);
        }
        if !update.owner_email.is_empty() {
            info.owner_email.clone_from(&update.owner_email);
        }
        info.data.extend(update.data.clone());
        let (old, new) = (namespace.state(), update.state());
        match (old, new) {
            (_, NamespaceState::Unspecified) => {}
            (old, new) if old == new => {}
            (NamespaceState::Registered, new) => info.state = new as i32,
            (NamespaceState::Deprecated, NamespaceState::Deleted) => info.state = new as i32,
            _ => return Err(Error::invalid("Invalid namespace state update.")),
        }
    }
    if let Some(update) = &request.config {
        update_config(&mut config, update)?;
    }
    if !request.delete_bad_binary.is_empty() {
        let checksum = &request.delete_bad_binary;
        let binaries = &mut config.bad_binaries.get_or_insert_default().binaries;
        if binaries.remove(checksum).is_none() {
            return Err(Error::invalid(format!(
                "Bad binary checksum {checksum} doesn't exists."
            )));
        }
    }
    namespace.info = info;
    namespace.config = config;
    Ok(())
}

fn update_config(config: &mut NamespaceConfig, update: &NamespaceConfig) -> Result<()> {
    if update.workflow_execution_retention_ttl.is_some() {
        check_retention(update.workflow_execution_retention_ttl.as_ref())?;
        config.workflow_execution_retention_ttl = update.workflow_execution_retention_ttl;
    }
    if let Some(added) = &update.bad_binaries {
        let binaries = &mut config.bad_binaries.get_or_insert_default().binaries;
        binaries.extend(added.binaries.clone());
    }
    Ok(())
}

fn check_retention(retention: Option<&prost_types::Duration>) -> Result<()> {
    match set_duration(retention) {
        Some(retention) if retention >= Duration::from_hours(1) => Ok(()),
        _ => Err(Error::invalid(
            "A valid retention period is not set on request.",
        )),
    }
}

/// How many bytes a name may have.
const NAME_LIMIT: usize = 1000;
