//! [`Programs`]: the workflow types of a worker.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::engine::Program;

/// The workflow types that a worker can run, by name.
#[derive(Default)]
pub(super) struct Programs {
    programs: BTreeMap<&'static str, Arc<dyn Program>>,
    /// Names that came twice, which makes the worker's builder fail.
    duplicates: Vec<&'static str>,
}

impl Programs {
    pub(super) fn add(&mut self, program: Arc<dyn Program>) {
        let name = program.name();
        if self.programs.insert(name, program).is_some() {
            self.duplicates.push(name);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<dyn Program>> {
        self.programs.get(name)
    }

    /// The names of the types, in order.
    pub(super) fn types(&self) -> impl Iterator<Item = &'static str> {
        self.programs.keys().copied()
    }

    /// The names of the types and of their handlers, each with what it names.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<'_> {
        self.programs.values().flat_map(|program| {
            let handlers = program.handlers();
            let named = |what, names: &[&'static str]| {
                names.iter().map(|name| (what, *name)).collect::<Vec<_>>()
            };
            let mut names = named("a signal", handlers.signals);
            names.extend(named("a query", handlers.queries));
            names.extend(named("an update", handlers.updates));
            names.push(("a workflow", program.name()));
            names
        })
    }

    pub(super) fn duplicates(&self) -> &[&'static str] {
        &self.duplicates
    }

    pub(super) fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.programs.keys()).finish()
    }
}

/// Names for a message: `` `a`, `b` ``, or that there are none.
pub(super) fn listed(names: impl Iterator<Item = &'static str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() {
        return "none".to_owned();
    }
    quoted.join(", ")
}
