//! Worker deployments: which versions of workers there are, and which of them gets what.
//!
//! A worker that polls as a version makes it known, together with its deployment. Somebody then says
//! which version is current. What a run knows of versions is in `run`.

mod deployed;
mod deployment;
mod describe;
mod dispatch;
mod inherit;
mod lifecycle;
mod names;
pub(super) mod overrides;
mod registration;
mod requests;
mod routes;
mod routing;
mod run;
mod search_attributes;
mod version;

use std::collections::BTreeMap;
use std::time::SystemTime;

use self::deployment::Deployment;
pub(super) use self::inherit::Heir;
pub(super) use self::routing::QueueRouting;
pub(super) use self::run::RunVersioning;
pub(super) use self::version::Version;
use super::queues::matching::QueueKey;

/// All deployments, by namespace and name.
#[derive(Debug, Default)]
pub(super) struct Deployments {
    all: BTreeMap<(String, String), Deployment>,
    /// Tasks may wait where they do not belong any more.
    are_rerouted: bool,
}

impl Deployments {
    /// Takes in that something has changed that decides which version gets which tasks.
    pub(super) fn note_rerouting(&mut self) {
        self.are_rerouted = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether workers of a version have polled a queue.
    pub(super) fn serves(&self, version: &Version, queue: &QueueKey) -> bool {
        let deployment = self.get(&queue.namespace, &version.deployment);
        deployment.is_some_and(|deployment| deployment.serves(version, queue))
    }

    /// How often the deployment of a version has been routed.
    pub(super) fn revision(&self, namespace: &str, version: &Version) -> i64 {
        let deployment = self.get(namespace, &version.deployment);
        deployment.map_or(0, Deployment::revision)
    }

    /// Takes in that a run was pinned to a version.
    pub(super) fn note_pinned(&mut self, namespace: &str, version: &Version, now: SystemTime) {
        let deployment = self.get_mut(namespace, &version.deployment);
        let found = deployment.and_then(|deployment| deployment.version_mut(&version.build_id));
        if let Some(version) = found {
            version.note_pinned(now);
        }
    }

    /// Forgets the deployments of a namespace.
    pub(super) fn forget_namespace(&mut self, namespace: &str) {
        self.all.retain(|(each, _), _| each != namespace);
    }

    fn add(&mut self, namespace: &str, deployment: Deployment) {
        let key = (namespace.to_owned(), deployment.name.clone());
        self.all.insert(key, deployment);
    }

    fn remove(&mut self, namespace: &str, name: &str) {
        self.all.remove(&(namespace.to_owned(), name.to_owned()));
    }

    fn get_mut(&mut self, namespace: &str, name: &str) -> Option<&mut Deployment> {
        self.all.get_mut(&(namespace.to_owned(), name.to_owned()))
    }

    /// The deployments of a namespace, by name.
    fn of(&self, namespace: &str) -> impl Iterator<Item = &Deployment> {
        let first = (namespace.to_owned(), String::new());
        let from_first = self.all.range(first..);
        let of_namespace = from_first.take_while(move |((each, _), _)| each == namespace);
        of_namespace.map(|(_, deployment)| deployment)
    }

    fn get(&self, namespace: &str, name: &str) -> Option<&Deployment> {
        self.all.get(&(namespace.to_owned(), name.to_owned()))
    }
}
