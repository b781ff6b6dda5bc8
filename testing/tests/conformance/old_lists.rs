//! The lists from before there were queries, and the scan, which is a list by another name.

use outlast_proto::temporal::api::enums::v1::WorkflowExecutionStatus as Status;
use outlast_proto::temporal::api::filter::v1::{
    StartTimeFilter, StatusFilter, WorkflowExecutionFilter, WorkflowTypeFilter,
};
use outlast_proto::temporal::api::workflow::v1::WorkflowExecutionInfo;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::{
    list_closed_workflow_executions_request::Filters as Closed,
    list_open_workflow_executions_request::Filters as Open,
};
use prost_types::Timestamp;
use tonic::Code;

use crate::{Peer, conform};

impl Peer {
    /// A type that no other scenario has.
    fn own_type(&self) -> String {
        format!("Order-{}", self.uuid)
    }

    /// Starts workflows of the type of this scenario, waits until they are listed, and closes
    /// those whose names say so.
    async fn start_typed(&self, names: &[&str]) {
        for name in names {
            let mut request = self.start_of(name, &[]);
            request.workflow_type.as_mut().unwrap().name = self.own_type();
            self.start_with(request).await.unwrap();
        }
        let latest_first = names.iter().rev().copied();
        let (mut closed, open): (Vec<&str>, Vec<&str>) =
            latest_first.partition(|name| name.starts_with("closed"));
        closed.reverse();
        self.terminate_all(&closed).await;
        closed.reverse();
        self.finds("CloseTime is null", &open).await;
        self.finds("CloseTime is not null", &closed).await;
    }

    async fn open(
        &self,
        request: api::ListOpenWorkflowExecutionsRequest,
    ) -> api::ListOpenWorkflowExecutionsResponse {
        let listed = self.client().list_open_workflow_executions(request).await;
        listed.unwrap().into_inner()
    }

    async fn closed(
        &self,
        request: api::ListClosedWorkflowExecutionsRequest,
    ) -> api::ListClosedWorkflowExecutionsResponse {
        let listed = self.client().list_closed_workflow_executions(request).await;
        listed.unwrap().into_inner()
    }

    /// What a list says about a workflow.
    async fn listed(&self, name: &str) -> WorkflowExecutionInfo {
        let query = format!("WorkflowId = '{}-{name}'", self.workflow_id);
        let page = self.page(&query, 0, Vec::new()).await;
        page.unwrap().executions.remove(0)
    }
}

fn open_by(filters: Option<Open>) -> api::ListOpenWorkflowExecutionsRequest {
    api::ListOpenWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        filters,
        ..Default::default()
    }
}

fn closed_by(filters: Option<Closed>) -> api::ListClosedWorkflowExecutionsRequest {
    api::ListClosedWorkflowExecutionsRequest {
        namespace: "default".to_owned(),
        filters,
        ..Default::default()
    }
}

fn just(time: Option<Timestamp>) -> Option<StartTimeFilter> {
    Some(StartTimeFilter {
        earliest_time: time,
        latest_time: time,
    })
}

fn seconds(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

fn by_status(status: i32) -> Option<Closed> {
    Some(Closed::StatusFilter(StatusFilter { status }))
}

#[tokio::test]
async fn workflows_are_listed_by_their_ids() {
    conform("lists-by-id", async |peer| {
        peer.start_typed(&["open", "closed"]).await;
        for name in ["open", "closed"] {
            let filter = WorkflowExecutionFilter {
                workflow_id: format!("{}-{name}", peer.workflow_id),
                run_id: "ignored".to_owned(),
            };
            let filters = Some(Open::ExecutionFilter(filter.clone()));
            let listed = peer.open(open_by(filters)).await;
            assert_eq!(listed.executions.is_empty(), name == "closed");
            let filters = Some(Closed::ExecutionFilter(filter));
            let listed = peer.closed(closed_by(filters)).await;
            assert_eq!(listed.executions.is_empty(), name == "open");
        }
        peer.terminate_all(&["open"]).await;
    })
    .await;
}

#[tokio::test]
async fn workflows_are_listed_by_their_types_page_by_page() {
    conform("lists-by-type", async |peer| {
        peer.start_typed(&["open-1", "open-2", "closed-1", "closed-2"])
            .await;
        let filter = WorkflowTypeFilter {
            name: peer.own_type(),
        };
        let mut request = open_by(Some(Open::TypeFilter(filter.clone())));
        request.maximum_page_size = 1;
        let mut names = Vec::new();
        loop {
            let page = peer.open(request.clone()).await;
            names.extend(peer.names(page.executions));
            if page.next_page_token.is_empty() {
                break;
            }
            request.next_page_token = page.next_page_token;
        }
        assert_eq!(names, ["open-2", "open-1"]);
        let mut request = closed_by(Some(Closed::TypeFilter(filter)));
        request.maximum_page_size = 1;
        let first = peer.closed(request.clone()).await;
        assert_eq!(peer.names(first.executions), ["closed-2"]);
        request.next_page_token = first.next_page_token;
        let second = peer.closed(request).await;
        assert_eq!(peer.names(second.executions), ["closed-1"]);
        peer.terminate_all(&["open-1", "open-2"]).await;
    })
    .await;
}

#[tokio::test]
async fn open_workflows_are_listed_by_their_start_and_closed_ones_by_their_end() {
    conform("lists-by-status", async |peer| {
        peer.start_typed(&["open", "closed"]).await;
        let start_time_filter = just(peer.listed("closed").await.close_time);
        let statuses = [Status::Terminated, Status::Completed, Status::Canceled];
        for status in statuses {
            let listed = peer.closed(api::ListClosedWorkflowExecutionsRequest {
                start_time_filter,
                ..closed_by(by_status(status as i32))
            });
            let names = peer.names(listed.await.executions);
            assert_eq!(names.is_empty(), status != Status::Terminated);
        }
        let start_time_filter = just(peer.listed("open").await.start_time);
        let listed = peer.open(api::ListOpenWorkflowExecutionsRequest {
            start_time_filter,
            ..open_by(None)
        });
        assert_eq!(peer.names(listed.await.executions), ["open"]);
        peer.terminate_all(&["open"]).await;
    })
    .await;
}

#[tokio::test]
async fn lists_by_impossible_times_and_statuses_are_refused() {
    conform("lists-refused", async |peer| {
        let backwards = Some(StartTimeFilter {
            earliest_time: seconds(2),
            latest_time: seconds(1),
        });
        let mut open = vec![open_by(None); 2];
        open[0].start_time_filter = backwards;
        open[1].namespace = String::new();
        for request in open {
            let refused = peer.client().list_open_workflow_executions(request).await;
            assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
        }
        let mut closed = vec![closed_by(None); 2];
        closed[0].start_time_filter = backwards;
        closed[1].namespace = String::new();
        closed.extend([0, 1, 99].map(|status| closed_by(by_status(status))));
        for request in closed {
            let refused = peer.client().list_closed_workflow_executions(request).await;
            assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
        }
    })
    .await;
}

#[tokio::test]
async fn a_scan_finds_what_a_list_finds() {
    conform("scans", async |peer| {
        peer.start_typed(&["open", "closed"]).await;
        let mut request = api::ScanWorkflowExecutionsRequest {
            namespace: "default".to_owned(),
            query: format!("WorkflowType = '{}'", peer.own_type()),
            page_size: 1,
            ..Default::default()
        };
        let mut found: Vec<WorkflowExecutionInfo> = Vec::new();
        loop {
            let mut client = peer.client();
            let page = client.scan_workflow_executions(request.clone()).await;
            let page = page.unwrap().into_inner();
            found.extend(page.executions);
            if page.next_page_token.is_empty() {
                break;
            }
            request.next_page_token = page.next_page_token;
        }
        assert_eq!(peer.names(found), ["open", "closed"]);
        request.query = "a b".to_owned();
        let refused = peer.client().scan_workflow_executions(request).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
        peer.terminate_all(&["open"]).await;
    })
    .await;
}

#[tokio::test]
async fn there_is_no_archive() {
    conform("lists-archived", async |peer| {
        let request = api::ListArchivedWorkflowExecutionsRequest {
            namespace: "default".to_owned(),
            ..Default::default()
        };
        let mut client = peer.client();
        let refused = client.list_archived_workflow_executions(request).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    })
    .await;
}
