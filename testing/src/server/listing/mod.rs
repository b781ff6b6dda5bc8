//! Lists of workflows: which runs a query finds, in which order, page by page.
//!
//! There is no index beside the runs: what a run is now is what queries see of it. A real server
//! takes up to a second to get there.

mod info;
mod legacy;
mod pages;
mod record;
mod requests;

use super::Engine;
use super::errors::Result;
use super::execution::{Execution, RunKey};
use super::visibility::{Query, Record, Value};

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
        Ok(self.select(namespace, |run| {
            query.matches(run) && is_visible(&query, run)
        }))
    }

    /// The runs of a namespace that pass a test, in the order of lists.
    fn select(
        &self,
        namespace: &str,
        mut passes: impl FnMut(&RunRecord<'_>) -> bool,
    ) -> Vec<RunKey> {
        let attributes = self.world.namespaces.search_attributes(namespace);
        let of_namespace = self.runs.values().filter(|run| run.namespace == namespace);
        let mut found: Vec<&Execution> = of_namespace
            .filter(|run| passes(&RunRecord { run, attributes }))
            .collect();
        found.sort_by_key(|run| std::cmp::Reverse(pages::rank(run)));
        found.iter().map(|run| run.key).collect()
    }
}

/// A query that does not say which division of the namespace it is about sees none of them.
fn is_visible(query: &Query, run: &RunRecord<'_>) -> bool {
    query.names_division() || run.attribute(DIVISION).is_none()
}

/// How a group is called that has no value.
fn group_name(value: Option<&Value>) -> String {
    match value {
        Some(Value::Keyword(name)) => name.clone(),
        _ => String::new(),
    }
}

const DIVISION: &str = "TemporalNamespaceDivision";
