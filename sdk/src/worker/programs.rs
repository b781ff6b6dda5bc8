//! [`Programs`]: the workflow types of a worker.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::engine::Program;

/// Stands before a worker's workflow types, for test environments.
pub trait AroundPrograms: Send + Sync + 'static {
    /// What runs a workflow of this type: the registered program, something around it, or
    /// something in its place.
    ///
    /// # Errors
    /// When nothing does; the text says why, to people.
    fn program(
        &self,
        workflow_type: &str,
        registered: Option<&Arc<dyn Program>>,
    ) -> Result<Arc<dyn Program>, String>;
}

/// The workflow types that a worker can run, by name.
#[derive(Default)]
pub(super) struct Programs {
    programs: BTreeMap<&'static str, Arc<dyn Program>>,
    around: Option<Arc<dyn AroundPrograms>>,
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

    /// Has somebody stand before the types, who may know more of them.
    pub(super) fn around(&mut self, around: Arc<dyn AroundPrograms>) {
        self.around = Some(around);
    }

    /// What runs a type, or why nothing does.
    pub(super) fn get(&self, name: &str) -> Result<Arc<dyn Program>, String> {
        let registered = self.programs.get(name);
        if let Some(around) = &self.around {
            return around.program(name, registered);
        }
        registered.cloned().ok_or_else(|| {
            format!(
                "workflow type `{name}` is not registered with this worker; registered are {}",
                listed(self.programs.keys().copied()),
            )
        })
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

    /// Whether there is no workflow that could be run.
    pub(super) fn is_empty(&self) -> bool {
        self.programs.is_empty() && self.around.is_none()
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
