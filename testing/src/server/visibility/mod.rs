//! Finding things by what is known about them: the language of list queries.
//!
//! A query is text (`WorkflowType = 'Order' AND StartTime > '2030-01-01T00:00:00Z'`). The
//! [`lexer`] and the [`parser`] make a tree of it, by the same grammar as the real server, which
//! borrows MySQL's; [`compile`] checks the tree against the attributes that exist and makes a
//! [`Query`], which is then held against any [`Record`]: runs, schedules, workers.
//!
//! Every refusal has the words of the real server. Those of syntax errors count positions in an SQL
//! statement that the real server makes of the query, so ours do, too.

mod ast;
mod compile;
mod filter;
mod lexer;
mod literals;
mod moments;
mod parser;
mod text;
mod value;

#[cfg(test)]
mod tests;

use outlast_proto::temporal::api::enums::v1::{IndexedValueType, WorkflowExecutionStatus};

use super::errors::{Error, Result};

pub(super) use self::filter::Record;
pub(super) use self::moments::{micros, parse_datetime};
pub(super) use self::value::Value;

use self::compile::Compiled;

/// Which attributes a kind of record has.
pub(super) trait Attributes {
    /// The attribute that is meant by a name in a query: under which name records have it, and of
    /// which type it is.
    fn resolve(&self, name: &str) -> Option<(String, IndexedValueType)>;
}

/// A query that has been checked.
#[derive(Debug)]
pub(super) struct Query(Compiled);

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// The query is malformed, names an unknown attribute, or asks for what cannot be asked.
    pub(super) fn parse(text: &str, attributes: &dyn Attributes) -> Result<Self> {
        let compiled = parser::parse(text)
            .map_err(|error| format!("malformed SQL query: {error}"))
            .and_then(|clauses| compile::compile(&clauses, attributes));
        match compiled {
            Ok(compiled) => Ok(Self(compiled)),
            Err(message) => Err(Error::invalid(format!("invalid query: {message}"))),
        }
    }

    pub(super) fn matches(&self, record: &dyn Record) -> bool {
        match &self.0.filter {
            Some(filter) => filter.holds(record) == Some(true),
            None => true,
        }
    }

    /// The workflow that every match is a run of, if the query names one.
    pub(super) fn workflow_id(&self) -> Option<&str> {
        self.0.filter.as_ref()?.required("WorkflowId")
    }

    /// By which attribute matches are to be counted.
    pub(super) fn group_by(&self) -> Option<&str> {
        self.0.group_by.as_deref()
    }

    /// Whether the query says itself which division of the namespace it is about. One that does not
    /// is about workflows of users only.
    pub(super) fn names_division(&self) -> bool {
        self.0.names_division
    }
}

/// An attribute as a query names it.
#[derive(Debug)]
struct Attribute {
    name: String,
    /// The name that records know.
    field: String,
    value_type: IndexedValueType,
}

/// The type as texts and metadata have it: `KeywordList`, not `INDEXED_VALUE_TYPE_KEYWORD_LIST`.
pub(super) fn type_name(value_type: IndexedValueType) -> &'static str {
    match value_type {
        IndexedValueType::Bool => "Bool",
        IndexedValueType::Datetime => "Datetime",
        IndexedValueType::Double => "Double",
        IndexedValueType::Int => "Int",
        IndexedValueType::Keyword => "Keyword",
        IndexedValueType::KeywordList => "KeywordList",
        IndexedValueType::Text => "Text",
        IndexedValueType::Unspecified => "Unspecified",
    }
}

/// The status as queries have it: `Running`, not `WORKFLOW_EXECUTION_STATUS_RUNNING`.
pub(super) fn status_name(status: WorkflowExecutionStatus) -> &'static str {
    use WorkflowExecutionStatus as Status;
    match status {
        Status::Canceled => "Canceled",
        Status::Completed => "Completed",
        Status::ContinuedAsNew => "ContinuedAsNew",
        Status::Failed => "Failed",
        Status::Paused => "Paused",
        Status::Running => "Running",
        Status::Terminated => "Terminated",
        Status::TimedOut => "TimedOut",
        Status::Unspecified => "Unspecified",
    }
}
