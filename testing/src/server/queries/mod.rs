//! Queries: attached to a workflow task, or sent to a worker on their own.

mod waiting;

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::{
    QueryRejectCondition, QueryResultType, WorkflowExecutionStatus,
};
use outlast_proto::temporal::api::history::v1::History as WireHistory;
use outlast_proto::temporal::api::query::v1::{QueryRejected, WorkflowQuery, WorkflowQueryResult};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use super::errors::{Error, Result};
use super::execution::Execution;
use super::history::reads::PAGE_BATCHES;
use super::oracle::Site;
use super::queues::long_polls::{Answer, CallId, Place};
use super::queues::matching::{QueueKey, QueuedTask};
use super::time::timers::TimerKey;
use super::tokens::{PageToken, TaskToken};
use super::wire::{normal_queue, workflow_execution};
use super::world::World;

/// A query without an answer.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) call: CallId,
    /// Its key among the queries that ride on a task.
    id: String,
    /// What the token of its own task carries.
    stamp: u64,
    query: WorkflowQuery,
    state: QueryState,
    /// When a sticky worker has had it for long enough.
    timer: Option<TimerKey>,
}

#[derive(Debug, PartialEq, Eq)]
enum QueryState {
    /// Waits for the next start of a workflow task.
    Waiting,
    /// Rides on the started workflow task.
    Attached,
    /// Waits in a queue as a task of its own.
    Queued(QueueKey),
    /// In a worker's hands as a task of its own.
    Started(QueueKey),
}

impl Execution {
    /// Takes in a query, or refuses it.
    pub(super) fn query(
        &mut self,
        call: CallId,
        query: WorkflowQuery,
        reject: i32,
        world: &mut World,
    ) -> Result<()> {
        if let Some(status) = self.rejects_query(reject) {
            let rejected = QueryRejected {
                status: status as i32,
            };
            let response = api::QueryWorkflowResponse {
                query_rejected: Some(rejected),
                ..Default::default()
            };
            world
                .calls
                .answer(call, Answer::Query(Box::new(Ok(response))));
            return Ok(());
        }
        if !self.is_open() && !self.has_completed_task() {
            return Err(Error::workflow_not_ready(NEVER_STARTED));
        }
        if self.tasks_fail() {
            let text = "Unable to query workflow due to Workflow Task in failed state.";
            return Err(Error::workflow_not_ready(text));
        }
        if self
            .queries
            .iter()
            .any(|query| query.state == QueryState::Waiting)
        {
            return Err(Error::too_many_queries());
        }
        let (id, stamp) = (self.draw_id(Site::Query, world), self.stamps.next());
        self.queries.push(Query {
            id,
            call,
            stamp,
            query,
            state: QueryState::Waiting,
            timer: None,
        });
        world.calls.park(call, Place::Query(self.key));
        Ok(())
    }

    fn rejects_query(&self, condition: i32) -> Option<WorkflowExecutionStatus> {
        use WorkflowExecutionStatus as Status;
        let rejects = match QueryRejectCondition::try_from(condition).unwrap_or_default() {
            QueryRejectCondition::Unspecified | QueryRejectCondition::None => false,
            QueryRejectCondition::NotOpen => !self.is_open(),
            QueryRejectCondition::NotCompletedCleanly => !matches!(
                self.status,
                Status::Running | Status::Completed | Status::ContinuedAsNew
            ),
        };
        rejects.then_some(self.status)
    }

    /// Answers all queries of a run that is about to be forgotten.
    pub(super) fn abandon_queries(&mut self, world: &mut World) {
        for query in std::mem::take(&mut self.queries) {
            let error = Err(Error::workflow_not_found(&self.workflow_id));
            world
                .calls
                .answer(query.call, Answer::Query(Box::new(error)));
        }
    }

    /// Hands a query to a worker as a task of its own, unless it has left the queue.
    pub(super) fn start_query(
        &mut self,
        call: CallId,
        queue: &QueueKey,
    ) -> Option<api::PollWorkflowTaskQueueResponse> {
        let query = self.queries.iter_mut().find(|query| query.call == call)?;
        if query.state != QueryState::Queued(queue.clone()) {
            return None;
        }
        let sticky = self
            .sticky
            .as_ref()
            .is_some_and(|sticky| sticky.queue.name == queue.name);
        query.state = QueryState::Started(queue.clone());
        query.stamp = self.stamps.next();
        let (token, wire_query) = (
            TaskToken::new(self.key.0, query.stamp, 0),
            query.query.clone(),
        );
        let (events, next_id) = match sticky {
            true => (Vec::new(), self.history.next_id()),
            false => {
                let (events, next_id) = self.history.page(1, PAGE_BATCHES);
                (events.to_vec(), next_id)
            }
        };
        let goes_on = next_id <= self.history.last_id();
        Some(api::PollWorkflowTaskQueueResponse {
            task_token: token.to_bytes(),
            workflow_execution: Some(workflow_execution(&self.workflow_id, &self.run_id)),
            workflow_type: self.workflow_type(),
            previous_started_event_id: self.previous_started_event_id,
            attempt: 1,
            history: Some(WireHistory { events }),
            next_page_token: match goes_on {
                true => PageToken::new(self.key.0, next_id, false).to_bytes(),
                false => bytes::Bytes::new(),
            },
            query: Some(wire_query),
            workflow_execution_task_queue: Some(normal_queue(self.normal_queue_name())),
            ..Default::default()
        })
    }

    /// Puts a query back whose task never left the server.
    pub(super) fn unstart_query(&mut self, stamp: u64, world: &mut World) -> bool {
        let Some(query) = self.queries.iter_mut().find(|query| query.stamp == stamp) else {
            return false;
        };
        let QueryState::Started(queue) = &query.state else {
            return false;
        };
        let queue = queue.clone();
        query.state = QueryState::Queued(queue.clone());
        world.queues.return_task(
            queue,
            QueuedTask::Query {
                run: self.key,
                call: query.call,
            },
        );
        true
    }

    /// Answers a query that was a task of its own.
    pub(super) fn complete_query(
        &mut self,
        stamp: u64,
        request: api::RespondQueryTaskCompletedRequest,
        world: &mut World,
    ) -> Result<()> {
        let call = self
            .queries
            .iter()
            .find(|q| q.stamp == stamp && matches!(q.state, QueryState::Started(_)))
            .map(|query| query.call)
            .ok_or_else(|| Error::not_found("query task not found, or already expired"))?;
        self.drop_query(call, world);
        let mut result = WorkflowQueryResult {
            result_type: request.completed_type,
            answer: request.query_result,
            error_message: request.error_message,
            failure: request.failure,
        };
        if !world.options.limits.fits_blob(result.answer.as_ref()) {
            result = WorkflowQueryResult {
                result_type: QueryResultType::Failed as i32,
                error_message: Error::blob_too_large().message,
                ..Default::default()
            };
        }
        answer_query(call, result, world);
        Ok(())
    }

    /// The queries that the task being started carries.
    pub(super) fn attach_queries(&mut self) -> BTreeMap<String, WorkflowQuery> {
        let waiting = self
            .queries
            .iter_mut()
            .filter(|q| q.state == QueryState::Waiting);
        waiting
            .map(|query| {
                query.state = QueryState::Attached;
                (query.id.clone(), query.query.clone())
            })
            .collect()
    }

    /// Lets attached queries wait for the next task, because theirs failed.
    pub(super) fn detach_queries(&mut self) {
        for query in &mut self.queries {
            if query.state == QueryState::Attached {
                query.state = QueryState::Waiting;
            }
        }
    }

    /// Answers the queries that rode on the completed task.
    pub(super) fn answer_attached_queries(
        &mut self,
        mut results: BTreeMap<String, WorkflowQueryResult>,
        world: &mut World,
    ) {
        for query in std::mem::take(&mut self.queries) {
            match results.remove(&query.id) {
                Some(result) if query.state == QueryState::Attached => {
                    answer_query(query.call, result, world);
                }
                _ => self.queries.push(query),
            }
        }
        self.detach_queries();
    }
}

fn answer_query(call: CallId, result: WorkflowQueryResult, world: &mut World) {
    let fits = world.options.limits.fits_blob(result.answer.as_ref());
    let answer = if !fits {
        Err(Error::blob_too_large())
    } else if result.result_type == QueryResultType::Answered as i32 {
        Ok(api::QueryWorkflowResponse {
            query_result: result.answer,
            ..Default::default()
        })
    } else {
        Err(Error::query_failed(&result.error_message, result.failure))
    };
    world.calls.answer(call, Answer::Query(Box::new(answer)));
}

const NEVER_STARTED: &str = "Workflow execution closed before WorkflowTaskStarted event";
