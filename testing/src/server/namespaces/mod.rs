//! Namespaces: which exist, and what each of them has for itself.

mod cluster;
mod deletion;
mod requests;
mod settings;

use std::collections::BTreeMap;
use std::time::Duration;

use outlast_proto::temporal::api::enums::v1::{ArchivalState, NamespaceState, ReplicationState};
use outlast_proto::temporal::api::namespace::v1::namespace_info::{
    Capabilities, Limits as NamespaceLimits,
};
use outlast_proto::temporal::api::namespace::v1::{BadBinaries, NamespaceConfig, NamespaceInfo};

use super::Engine;
use super::errors::{Error, Result};
use super::limits::Limits;
use super::options::ServerOptions;
use super::search_attributes::SearchAttributeMap;
use super::wire::{set_duration, wire_duration};

/// All namespaces of a server, by name.
#[derive(Debug)]
pub(super) struct Namespaces {
    by_name: BTreeMap<String, Namespace>,
    /// What a new namespace begins with.
    search_attributes: SearchAttributeMap,
    limits: Limits,
    /// Names that nobody has registered are registered when somebody uses them.
    registers_unknown: bool,
}

/// A namespace.
#[derive(Debug)]
pub(super) struct Namespace {
    info: NamespaceInfo,
    config: NamespaceConfig,
    /// A namespace that the server did not begin with says that its replication is normal.
    replication: ReplicationState,
    pub(super) search_attributes: SearchAttributeMap,
}

impl Namespaces {
    pub(super) fn new(options: &ServerOptions) -> Self {
        let mut namespaces = Self {
            by_name: BTreeMap::new(),
            search_attributes: SearchAttributeMap::new(&options.search_attributes),
            limits: options.limits,
            registers_unknown: !options.strict_namespaces,
        };
        for name in &options.namespaces {
            namespaces.add(name);
        }
        namespaces
    }

    /// The namespace of this name; if there is none yet, a new one.
    fn add(&mut self, name: &str) -> &mut Namespace {
        let (search_attributes, limits) = (&self.search_attributes, &self.limits);
        let entry = self.by_name.entry(name.to_owned());
        entry.or_insert_with(|| Namespace::new(name, search_attributes.clone(), limits))
    }

    /// The namespace of this name.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn get(&self, name: &str) -> Result<&Namespace> {
        self.by_name
            .get(name)
            .ok_or_else(|| Error::namespace_not_found(name))
    }

    /// The namespace of this name, to be changed.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn get_mut(&mut self, name: &str) -> Result<&mut Namespace> {
        self.by_name
            .get_mut(name)
            .ok_or_else(|| Error::namespace_not_found(name))
    }

    /// Refuses names of namespaces that neither exist nor are registered by use.
    pub(super) fn check(&self, namespace: &str) -> Result<()> {
        match self.registers_unknown {
            true => Ok(()),
            false => self.get(namespace).map(drop),
        }
    }

    /// What workflows of a namespace can be found by.
    pub(super) fn search_attributes(&self, namespace: &str) -> &SearchAttributeMap {
        match self.by_name.get(namespace) {
            Some(namespace) => &namespace.search_attributes,
            None => &self.search_attributes,
        }
    }

    /// The same, to be changed; a namespace that is used only now is registered by it.
    pub(super) fn search_attributes_mut(&mut self, namespace: &str) -> &mut SearchAttributeMap {
        &mut self.add(namespace).search_attributes
    }

    /// How long closed runs are kept.
    pub(super) fn retention(&self, namespace: &str) -> Duration {
        let namespace = self.by_name.get(namespace);
        let retention = namespace.and_then(|namespace| {
            set_duration(namespace.config.workflow_execution_retention_ttl.as_ref())
        });
        retention.unwrap_or(RETENTION)
    }

    fn with_id(&self, id: &str) -> Option<&Namespace> {
        let mut all = self.by_name.values();
        all.find(|namespace| namespace.info.id == id)
    }
}

impl Namespace {
    /// A namespace with the settings of the one that every server begins with.
    fn new(name: &str, search_attributes: SearchAttributeMap, limits: &Limits) -> Self {
        let info = NamespaceInfo {
            name: name.to_owned(),
            state: NamespaceState::Registered as i32,
            id: namespace_id(name),
            capabilities: Some(capabilities()),
            limits: Some(advertised(limits)),
            supports_schedules: true,
            ..Default::default()
        };
        let config = NamespaceConfig {
            workflow_execution_retention_ttl: wire_duration(RETENTION),
            bad_binaries: Some(BadBinaries::default()),
            history_archival_state: ArchivalState::Disabled as i32,
            visibility_archival_state: ArchivalState::Disabled as i32,
            ..Default::default()
        };
        Self {
            info,
            config,
            replication: ReplicationState::Unspecified,
            search_attributes,
        }
    }

    fn state(&self) -> NamespaceState {
        self.info.state()
    }
}

impl Engine {
    /// Refuses requests for namespaces that do not exist.
    pub(super) fn check_namespace(&self, namespace: &str) -> Result<()> {
        if namespace.is_empty() {
            return Err(Error::invalid("Namespace is empty."));
        }
        self.world.namespaces.check(namespace)
    }

    /// Refuses to start anything in a namespace that has been given up, and registers one that need
    /// not be registered before.
    pub(super) fn open_namespace(&mut self, namespace: &str) -> Result<()> {
        self.check_namespace(namespace)?;
        let namespace = self.world.namespaces.add(namespace);
        match namespace.state() {
            NamespaceState::Registered => Ok(()),
            NamespaceState::Deleted | NamespaceState::Deprecated | NamespaceState::Unspecified => {
                Err(Error::namespace_state(
                    &namespace.info.name,
                    namespace.state(),
                ))
            }
        }
    }
}

/// How long the closed runs of a namespace are kept if nobody says otherwise.
const RETENTION: Duration = Duration::from_hours(24);

/// What SDKs may rely on in a namespace of this server.
fn capabilities() -> Capabilities {
    Capabilities {
        eager_workflow_start: true,
        sync_update: true,
        async_update: true,
        worker_heartbeats: true,
        worker_poll_complete_on_shutdown: true,
        poller_autoscaling: true,
        reported_problems_search_attribute: true,
        ..Default::default()
    }
}

fn advertised(limits: &Limits) -> NamespaceLimits {
    NamespaceLimits {
        blob_size_limit_error: limits.blob_bytes as i64,
        memo_size_limit_error: limits.memo_bytes as i64,
        workflow_task_completion_size_limit_error: 40 << 20,
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
