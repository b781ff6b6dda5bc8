//! Which runs a namespace and a workflow have, so that lists look no further than they have to.

use std::collections::BTreeSet;

use crate::server::execution::{Execution, RunKey};

/// The runs by their namespaces and workflow ids.
#[derive(Debug, Default)]
pub(in crate::server) struct RunIndex(BTreeSet<(String, String, RunKey)>);

impl RunIndex {
    pub(in crate::server) fn add(&mut self, run: &Execution) {
        self.0.insert(entry(run));
    }

    pub(in crate::server) fn remove(&mut self, run: &Execution) {
        self.0.remove(&entry(run));
    }

    pub(in crate::server) fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = RunKey> {
        let from = (namespace.to_owned(), String::new(), FIRST);
        let entries = self.0.range(from..);
        let entries = entries.take_while(move |(of, ..)| of == namespace);
        entries.map(|(.., key)| *key)
    }

    pub(super) fn of_workflow(
        &self,
        namespace: &str,
        workflow_id: &str,
    ) -> impl Iterator<Item = RunKey> {
        let name = |key| (namespace.to_owned(), workflow_id.to_owned(), key);
        let entries = self.0.range(name(FIRST)..=name(LAST));
        entries.map(|(.., key)| *key)
    }
}

fn entry(run: &Execution) -> (String, String, RunKey) {
    (run.namespace.clone(), run.workflow_id.clone(), run.key)
}

const FIRST: RunKey = RunKey(0);
const LAST: RunKey = RunKey(u64::MAX);
