//! Workers, as their heartbeats show them.

mod record;
mod requests;

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::WorkerStatus;
use outlast_proto::temporal::api::worker::v1::WorkerHeartbeat;

/// The last heartbeat of every worker, by namespace and the worker's instance key.
#[derive(Debug, Default)]
pub(super) struct Workers {
    heartbeats: BTreeMap<(String, String), WorkerHeartbeat>,
}

impl Workers {
    /// Takes in a heartbeat; with that of a worker that has shut down, the worker is forgotten.
    pub(super) fn note(&mut self, namespace: &str, heartbeat: WorkerHeartbeat) {
        let key = (namespace.to_owned(), heartbeat.worker_instance_key.clone());
        if heartbeat.status() == WorkerStatus::Shutdown {
            self.heartbeats.remove(&key);
        } else {
            self.heartbeats.insert(key, heartbeat);
        }
    }

    fn get(&self, namespace: &str, instance_key: &str) -> Option<&WorkerHeartbeat> {
        let key = (namespace.to_owned(), instance_key.to_owned());
        self.heartbeats.get(&key)
    }

    /// The workers of a namespace, by their instance keys.
    fn of(&self, namespace: &str) -> impl Iterator<Item = &WorkerHeartbeat> {
        let all = self.heartbeats.iter();
        let of_namespace = all.filter(move |((each, _), _)| each == namespace);
        of_namespace.map(|(_, heartbeat)| heartbeat)
    }
}
