//! The lists from before there were queries: open workflows, and closed ones.

use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus as Status;
use outlast_proto::temporal::api::filter::v1::StartTimeFilter;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::list_closed_workflow_executions_request::Filters as Closed;
use outlast_proto::temporal::api::workflowservice::v1::list_open_workflow_executions_request::Filters as Open;

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::{Execution, RunKey};
use crate::server::visibility::micros;
use crate::server::wire::since_epoch;

impl Engine {
    /// Lists open workflows, those that started last first.
    ///
    /// # Errors
    /// The namespace is unknown, or the times make no sense.
    pub fn list_open_workflow_executions(
        &self,
        request: &api::ListOpenWorkflowExecutionsRequest,
    ) -> Result<api::ListOpenWorkflowExecutionsResponse> {
        let times = request.start_time_filter.as_ref();
        let runs = self.find_plainly(&request.namespace, times, |run| {
            run.is_open()
                && match &request.filters {
                    Some(Open::ExecutionFilter(filter)) => run.workflow_id == filter.workflow_id,
                    Some(Open::TypeFilter(filter)) => has_type(run, &filter.name),
                    None => true,
                }
        })?;
        let (executions, next_page_token) =
            self.page_of(&runs, request.maximum_page_size, &request.next_page_token)?;
        Ok(api::ListOpenWorkflowExecutionsResponse {
            executions,
            next_page_token,
        })
    }

    /// Lists closed workflows, those that closed last first.
    ///
    /// # Errors
    /// The namespace is unknown, or the times or the status make no sense.
    pub fn list_closed_workflow_executions(
        &self,
        request: &api::ListClosedWorkflowExecutionsRequest,
    ) -> Result<api::ListClosedWorkflowExecutionsResponse> {
        self.check_namespace(&request.namespace)?;
        if let Some(Closed::StatusFilter(filter)) = &request.filters {
            check_status(filter.status)?;
        }
        let times = request.start_time_filter.as_ref();
        let runs = self.find_plainly(&request.namespace, times, |run| {
            !run.is_open()
                && match &request.filters {
                    Some(Closed::ExecutionFilter(filter)) => run.workflow_id == filter.workflow_id,
                    Some(Closed::StatusFilter(filter)) => run.status == filter.status(),
                    Some(Closed::TypeFilter(filter)) => has_type(run, &filter.name),
                    None => true,
                }
        })?;
        let (executions, next_page_token) =
            self.page_of(&runs, request.maximum_page_size, &request.next_page_token)?;
        Ok(api::ListClosedWorkflowExecutionsResponse {
            executions,
            next_page_token,
        })
    }

    fn find_plainly(
        &self,
        namespace: &str,
        times: Option<&StartTimeFilter>,
        passes: impl Fn(&Execution) -> bool,
    ) -> Result<Vec<RunKey>> {
        self.check_namespace(namespace)?;
        let limit = |time: Option<&prost_types::Timestamp>| time.map(micros);
        let earliest = limit(times.and_then(|t| t.earliest_time.as_ref()));
        let latest = limit(times.and_then(|t| t.latest_time.as_ref()));
        if let (Some(earliest), Some(latest)) = (earliest, latest)
            && earliest > latest
        {
            return Err(Error::invalid(
                "EarliestTime in StartTimeFilter should not be larger than LatestTime.",
            ));
        }
        Ok(self.select_all(namespace, |record| {
            // What the filter calls a start is the close of a workflow that has closed.
            let time = record.run.close_time.unwrap_or(record.run.start_time);
            let time = since_epoch(time).as_micros() as i64;
            earliest.is_none_or(|earliest| time >= earliest)
                && latest.is_none_or(|latest| time <= latest)
                && !record.is_in_division()
                && passes(record.run)
        }))
    }
}

fn has_type(run: &Execution, name: &str) -> bool {
    run.workflow_type().is_some_and(|t| t.name == name)
}

fn check_status(status: i32) -> Result<()> {
    match Status::try_from(status) {
        Ok(Status::Unspecified | Status::Running) => Err(Error::invalid(
            "StatusFilter must be specified and must be not Running.",
        )),
        Ok(_) => Ok(()),
        Err(_) => Err(Error::invalid(format!(
            "invalid query: invalid expression: invalid ExecutionStatus value '{status}'"
        ))),
    }
}
