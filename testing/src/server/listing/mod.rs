//! Lists of workflows: which runs a query finds, in which order, page by page.
//!
//! What a run is now is what queries see of it; only ids, which never change, have an index. A real
//! server takes up to a second to get there.

pub(super) mod index;
mod info;
mod legacy;
mod pages;
mod record;
mod requests;

use super::Engine;
use super::errors::Result;
use super::execution::RunKey;
use super::visibility::{Query, Value};

use self::record::RunRecord;

impl Engine {
    /// The runs that a query finds, in the order of lists: open ones first, then those that closed
    /// last, and among them the ones that started last.
    ///
    /// # Errors
    /// The namespace is unknown, or the query makes no sense.
    pub(super) fn find_runs(&self, namespace: &str, query: &str) -> Result<Vec<RunKey>> {
        self.check_namespace(namespace)?;
        let attributes = self.world.namespaces.search_attributes(namespace);
        let query = Query::parse(query, attributes)?;
        Ok(self.find_matches(namespace, &query))
    }

    /// The same for a query that has been read.
    fn find_matches(&self, namespace: &str, query: &Query) -> Vec<RunKey> {
        let passes = |run: &RunRecord<'_>| {
            // A query that does not say which division of the namespace it is about sees none.
            query.matches(run) && (query.names_division() || !run.is_in_division())
        };
        match query.workflow_id() {
            Some(id) => {
                let runs = self.run_index.of_workflow(namespace, id);
                self.select(namespace, runs, passes)
            }
            None => self.select_all(namespace, passes),
        }
    }

    /// The runs of a namespace that pass a test, in the order of lists.
    fn select_all(
        &self,
        namespace: &str,
        passes: impl FnMut(&RunRecord<'_>) -> bool,
    ) -> Vec<RunKey> {
        self.select(namespace, self.run_index.of_namespace(namespace), passes)
    }

    /// The same of some runs of the namespace.
    fn select(
        &self,
        namespace: &str,
        runs: impl Iterator<Item = RunKey>,
        mut passes: impl FnMut(&RunRecord<'_>) -> bool,
    ) -> Vec<RunKey> {
        let attributes = self.world.namespaces.search_attributes(namespace);
        let mut found: Vec<RunKey> = runs
            .filter(|key| {
                let run = &self.runs[key];
                passes(&RunRecord { run, attributes })
            })
            .collect();
        found.sort_by_cached_key(|key| std::cmp::Reverse(pages::rank(&self.runs[key])));
        found
    }
}

/// How a group is called that has no value.
fn group_name(value: Option<&Value>) -> String {
    match value {
        Some(Value::Keyword(name)) => name.clone(),
        _ => String::new(),
    }
}
