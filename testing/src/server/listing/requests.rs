//! Listing, scanning and counting workflows by a query.

use std::collections::BTreeMap;

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::Payload;
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::count_workflow_executions_response::AggregationGroup;

use super::group_name;
use super::pages::{Page, rank};
use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::RunKey;
use crate::server::listing::record::RunRecord;
use crate::server::visibility::{Query, Record, status_name};

impl Engine {
    /// Lists the workflows that a query finds.
    ///
    /// # Errors
    /// The namespace is unknown, or the query makes no sense.
    pub fn list_workflow_executions(
        &self,
        request: &api::ListWorkflowExecutionsRequest,
    ) -> Result<api::ListWorkflowExecutionsResponse> {
        let runs = self.find_runs(&request.namespace, &request.query)?;
        let (executions, next_page_token) =
            self.page_of(&runs, request.page_size, &request.next_page_token)?;
        Ok(api::ListWorkflowExecutionsResponse {
            executions,
            next_page_token,
        })
    }

    /// Lists the workflows that a query finds, as [`Self::list_workflow_executions`] does.
    ///
    /// # Errors
    /// The same.
    pub fn scan_workflow_executions(
        &self,
        request: &api::ScanWorkflowExecutionsRequest,
    ) -> Result<api::ScanWorkflowExecutionsResponse> {
        let runs = self.find_runs(&request.namespace, &request.query)?;
        let (executions, next_page_token) =
            self.page_of(&runs, request.page_size, &request.next_page_token)?;
        Ok(api::ScanWorkflowExecutionsResponse {
            executions,
            next_page_token,
        })
    }

    /// Counts the workflows that a query finds, by group if it says so.
    ///
    /// # Errors
    /// The namespace is unknown, or the query makes no sense.
    pub fn count_workflow_executions(
        &self,
        request: &api::CountWorkflowExecutionsRequest,
    ) -> Result<api::CountWorkflowExecutionsResponse> {
        let namespace = &request.namespace;
        self.check_namespace(namespace)?;
        let attributes = self.world.namespaces.search_attributes(namespace);
        let query = Query::parse(&request.query, attributes)?;
        let runs = self.find_matches(namespace, &query);
        let mut groups: BTreeMap<String, i64> = BTreeMap::new();
        if let Some(attribute) = query.group_by() {
            for key in &runs {
                let run = &self.runs[key];
                let name = match attribute {
                    "ExecutionStatus" => status_name(run.status).to_owned(),
                    name => group_name(RunRecord { run, attributes }.attribute(name).as_ref()),
                };
                *groups.entry(name).or_default() += 1;
            }
        }
        Ok(api::CountWorkflowExecutionsResponse {
            count: runs.len() as i64,
            groups: groups.into_iter().map(group).collect(),
        })
    }

    /// Refuses to list archived workflows: like the real server as it comes, this one has no archive.
    ///
    /// # Errors
    /// Always.
    pub fn list_archived_workflow_executions(
        &self,
        request: &api::ListArchivedWorkflowExecutionsRequest,
    ) -> Result<api::ListArchivedWorkflowExecutionsResponse> {
        self.check_namespace(&request.namespace)?;
        Err(Error::invalid(
            "Cluster is not configured for visibility archival.",
        ))
    }

    /// A page of a list of runs, and the token of the next one.
    pub(super) fn page_of(
        &self,
        runs: &[RunKey],
        size: i32,
        token: &Bytes,
    ) -> Result<(Vec<WorkflowExecutionInfo>, Bytes)> {
        let page = Page::new(size, token)?;
        let (runs, token) = page.cut(runs, |key| rank(&self.runs[&key]));
        let infos = runs.iter().map(|key| self.runs[key].list_info());
        Ok((infos.collect(), token))
    }
}

fn group((name, count): (String, i64)) -> AggregationGroup {
    let metadata = [("encoding", "json/plain"), ("type", "Keyword")];
    let metadata =
        metadata.map(|(key, value)| (key.to_owned(), Bytes::from_static(value.as_bytes())));
    let value = Payload {
        metadata: metadata.into(),
        data: format!("{name:?}").into(),
        ..Default::default()
    };
    AggregationGroup {
        group_values: vec![value],
        count,
    }
}
