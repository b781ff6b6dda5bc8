//! What clients ask of a workflow: signals, cancellation, termination, updates, queries, reads.

use outlast_proto::temporal::api::common::v1::{Link, Payloads, WorkflowExecution};
use outlast_proto::temporal::api::enums::v1::{
    EventType, UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowExecutionStatus,
};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::history::v1::{History as WireHistory, HistoryEvent};
use outlast_proto::temporal::api::workflowservice::v1 as api;

use crate::server::Engine;
use crate::server::errors::{Error, Result};
use crate::server::execution::{Execution, RunKey};
use crate::server::history::Draft;
use crate::server::history::reads::{HistoryRead, PAGE_BATCHES};
use crate::server::ids::is_uuid;
use crate::server::limits::check_length;
use crate::server::links::check_links;
use crate::server::queues::long_polls::{Answer, CallId};
use crate::server::tokens::PageToken;
use crate::server::world::World;

impl Engine {
    /// Records a signal; one with a known request id is not recorded again.
    ///
    /// # Errors
    /// The workflow is unknown or closed, or the signal has no name.
    pub fn signal_workflow_execution(
        &mut self,
        request: api::SignalWorkflowExecutionRequest,
    ) -> Result<api::SignalWorkflowExecutionResponse> {
        self.check_namespace(&request.namespace)?;
        if request.signal_name.is_empty() {
            return Err(Error::invalid("SignalName is not set on request."));
        }
        check_length("SignalName", &request.signal_name)?;
        check_length("RequestId", &request.request_id)?;
        check_links(&request.links)?;
        self.world
            .options
            .limits
            .check_blob(request.input.as_ref())?;
        let key = self.find_open(&request.namespace, request.workflow_execution.as_ref())?;
        let now = self.world.now;
        let run = &self.runs[&key];
        let link = run.link_to_request(&request.request_id, EventType::WorkflowExecutionSignaled);
        self.in_run(key, |run, world| {
            run.check_not_closing()?;
            if !request.request_id.is_empty() && !run.request_ids.insert(request.request_id.clone())
            {
                return Ok(());
            }
            run.check_room_for_event(world)?;
            let attributes = events::WorkflowExecutionSignaledEventAttributes {
                signal_name: request.signal_name,
                input: request.input,
                identity: request.identity,
                header: request.header,
                request_id: request.request_id,
                ..Default::default()
            };
            run.record(Draft::new(now, attributes).with_links(request.links));
            Ok(())
        })?;
        Ok(api::SignalWorkflowExecutionResponse { link: Some(link) })
    }

    /// Asks a workflow to cancel itself. Of a closed workflow, or for a second time, it does
    /// nothing.
    ///
    /// # Errors
    /// The workflow is unknown, or belongs to another chain than the caller thinks.
    pub fn request_cancel_workflow_execution(
        &mut self,
        request: api::RequestCancelWorkflowExecutionRequest,
    ) -> Result<api::RequestCancelWorkflowExecutionResponse> {
        self.check_namespace(&request.namespace)?;
        check_links(&request.links)?;
        let key = self.find(&request.namespace, request.workflow_execution.as_ref())?;
        self.check_chain(key, &request.first_execution_run_id)?;
        let attributes = events::WorkflowExecutionCancelRequestedEventAttributes {
            cause: request.reason,
            identity: request.identity,
            ..Default::default()
        };
        self.in_run(key, |run, world| {
            if run.is_open() {
                run.check_room_for_event(world)?;
            }
            run.request_cancel(attributes, request.links, world);
            Ok(())
        })?;
        Ok(api::RequestCancelWorkflowExecutionResponse::default())
    }

    /// Ends a workflow at once.
    ///
    /// # Errors
    /// The workflow is unknown or closed, or belongs to another chain than the caller thinks.
    pub fn terminate_workflow_execution(
        &mut self,
        request: api::TerminateWorkflowExecutionRequest,
    ) -> Result<api::TerminateWorkflowExecutionResponse> {
        self.check_namespace(&request.namespace)?;
        check_links(&request.links)?;
        let key = self.find_open(&request.namespace, request.workflow_execution.as_ref())?;
        self.check_chain(key, &request.first_execution_run_id)?;
        let or = |text: String, default: &str| {
            if text.is_empty() {
                default.to_owned()
            } else {
                text
            }
        };
        let attributes = events::WorkflowExecutionTerminatedEventAttributes {
            reason: or(request.reason, "terminated by user via frontend"),
            details: request.details,
            identity: or(request.identity, "frontend-service"),
        };
        self.in_run(key, |run, world| {
            run.terminate_with(attributes, request.links, world);
        });
        Ok(api::TerminateWorkflowExecutionResponse::default())
    }

    /// Reads a history, or waits for its next event. The answer is an [`Answer::History`].
    ///
    /// # Errors
    /// The workflow is unknown, or the page token is none of this server's.
    pub fn get_workflow_execution_history(
        &mut self,
        request: &api::GetWorkflowExecutionHistoryRequest,
    ) -> Result<CallId> {
        let (key, token) = self.find_page(
            &request.namespace,
            request.execution.as_ref(),
            &request.next_page_token,
        )?;
        let call = self.world.calls.next_id();
        let read = HistoryRead::new(call, request, token.as_ref());
        self.in_run(key, |run, world| run.read_history(read, world));
        Ok(call)
    }

    /// Reads a history from its end.
    ///
    /// # Errors
    /// The workflow is unknown, or the page token is none of this server's.
    pub fn get_workflow_execution_history_reverse(
        &mut self,
        request: &api::GetWorkflowExecutionHistoryReverseRequest,
    ) -> Result<api::GetWorkflowExecutionHistoryReverseResponse> {
        let (key, token) = self.find_page(
            &request.namespace,
            request.execution.as_ref(),
            &request.next_page_token,
        )?;
        let history = &self.runs[&key].history;
        let last_id = match token {
            Some(token) => token.next_event_id,
            None => history.last_id(),
        };
        let size = match request.maximum_page_size {
            size if size > 0 => size as usize,
            _ => PAGE_BATCHES,
        };
        let (events, next_id) = history.page_back(last_id, size);
        let page: Vec<HistoryEvent> = events.iter().rev().cloned().collect();
        let next_page_token = match next_id {
            0 => bytes::Bytes::new(),
            next_id => PageToken::new(key.0, next_id, false).to_bytes(),
        };
        Ok(api::GetWorkflowExecutionHistoryReverseResponse {
            history: Some(WireHistory { events: page }),
            next_page_token,
        })
    }

    /// Queries a workflow. The answer is an [`Answer::Query`].
    ///
    /// # Errors
    /// The workflow is unknown, or cannot answer queries in its state.
    pub fn query_workflow(&mut self, request: api::QueryWorkflowRequest) -> Result<CallId> {
        let query = request
            .query
            .ok_or_else(|| Error::invalid("WorkflowQuery is not set on request."))?;
        if query.query_type.is_empty() {
            return Err(Error::invalid("QueryType is not set on request."));
        }
        self.world
            .options
            .limits
            .check_blob(query.query_args.as_ref())?;
        let key = self.find(&request.namespace, request.execution.as_ref())?;
        let call = self.world.calls.next_id();
        let reject = request.query_reject_condition;
        self.in_run(key, |run, world| run.query(call, query, reject, world))?;
        Ok(call)
    }

    /// Sends an update to a workflow. The answer is an [`Answer::Update`].
    ///
    /// # Errors
    /// The workflow is unknown or closed, or has too many updates under way.
    pub fn update_workflow_execution(
        &mut self,
        request: &api::UpdateWorkflowExecutionRequest,
    ) -> Result<CallId> {
        let key = self.find(&request.namespace, request.workflow_execution.as_ref())?;
        self.check_chain(key, &request.first_execution_run_id)?;
        let (update, stage) = self.checked_update(request)?;
        let call = self.world.calls.next_id();
        self.in_run(key, |run, world| run.update(call, update, stage, world))?;
        Ok(call)
    }

    /// Waits for an update to reach a stage. The answer is an [`Answer::Update`].
    ///
    /// # Errors
    /// The workflow or the update is unknown.
    pub fn poll_workflow_execution_update(
        &mut self,
        request: api::PollWorkflowExecutionUpdateRequest,
    ) -> Result<CallId> {
        self.check_namespace(&request.namespace)?;
        let reference = request.update_ref.unwrap_or_default();
        let execution = reference.workflow_execution.unwrap_or_default();
        if execution.workflow_id.is_empty() {
            let text = "Can't load workflow execution.  WorkflowId not set.";
            return Err(Error::invalid(text));
        }
        check_run_id(&execution.run_id)?;
        let key = self.find(&request.namespace, Some(&execution))?;
        let stage = request.wait_policy.unwrap_or_default().lifecycle_stage();
        let call = self.world.calls.next_id();
        let id = reference.update_id;
        self.in_run(key, |run, world| match stage {
            Stage::Unspecified | Stage::Admitted => {
                let answer = run.update_stage(&id)?;
                world
                    .calls
                    .answer(call, Answer::Update(Box::new(Ok(answer))));
                Ok(())
            }
            Stage::Accepted | Stage::Completed => run.wait_for_update(&id, call, stage, world),
        })?;
        Ok(call)
    }

    /// The run that a request names; without a run id, the current one.
    pub(in crate::server) fn find(
        &self,
        namespace: &str,
        execution: Option<&WorkflowExecution>,
    ) -> Result<RunKey> {
        self.check_namespace(namespace)?;
        let execution =
            execution.ok_or_else(|| Error::invalid("Execution is not set on request."))?;
        let (workflow_id, run_id) = (&execution.workflow_id, &execution.run_id);
        if workflow_id.is_empty() {
            return Err(Error::invalid("WorkflowId is not set on request."));
        }
        if run_id.is_empty() {
            let id = (namespace.to_owned(), workflow_id.clone());
            let current = self.current.get(&id).copied();
            return current.ok_or_else(|| Error::workflow_not_found(workflow_id));
        }
        if !is_uuid(run_id) {
            return Err(Error::invalid("Invalid RunId."));
        }
        self.by_run_id
            .get(run_id)
            .copied()
            .filter(|key| {
                let run = &self.runs[key];
                run.workflow_id == *workflow_id && run.namespace == namespace
            })
            .ok_or_else(|| Error::run_not_found(workflow_id, run_id))
    }

    pub(in crate::server) fn find_open(
        &self,
        namespace: &str,
        execution: Option<&WorkflowExecution>,
    ) -> Result<RunKey> {
        let key = self.find(namespace, execution)?;
        if self.runs[&key].is_open() {
            Ok(key)
        } else {
            Err(Error::workflow_completed())
        }
    }

    /// Refuses a request that was meant for another chain of runs.
    fn check_chain(&self, key: RunKey, first_run_id: &str) -> Result<()> {
        let first = &self.runs[&key].started.first_execution_run_id;
        if first_run_id.is_empty() || first == first_run_id {
            Ok(())
        } else {
            Err(Error::foreign_chain())
        }
    }

    /// The run that a page is read from: a token stays with the run it was made for.
    fn find_page(
        &self,
        namespace: &str,
        execution: Option<&WorkflowExecution>,
        token: &bytes::Bytes,
    ) -> Result<(RunKey, Option<PageToken>)> {
        let key = self.find(namespace, execution)?;
        let token = PageToken::parse(token)?;
        let key = token
            .as_ref()
            .map(|token| RunKey(token.run))
            .filter(|key| self.runs.contains_key(key))
            .unwrap_or(key);
        Ok((key, token))
    }
}

/// Refuses a run id that can be none, as some requests word it.
pub(super) fn check_run_id(run_id: &str) -> Result<()> {
    if run_id.is_empty() || is_uuid(run_id) {
        Ok(())
    } else {
        Err(Error::invalid("RunId is not valid UUID."))
    }
}

impl Execution {
    /// Records something that the workflow need not see at once.
    pub(in crate::server) fn record_silently(&mut self, draft: Draft) {
        let needed = self.needs_task;
        self.record(draft);
        self.needs_task = needed;
    }

    /// Asks the workflow to cancel itself, unless it is closed or has been asked before.
    pub(in crate::server) fn request_cancel(
        &mut self,
        attributes: events::WorkflowExecutionCancelRequestedEventAttributes,
        links: Vec<Link>,
        world: &mut World,
    ) {
        if !self.is_open() || self.cancel_requested {
            return;
        }
        self.cancel_requested = true;
        self.record(Draft::new(world.now, attributes).with_links(links));
        if self.backoff.is_some() {
            self.end_backoff(world);
        }
    }

    pub(in crate::server) fn terminate(
        &mut self,
        reason: &str,
        details: Option<Payloads>,
        identity: &str,
        world: &mut World,
    ) {
        let attributes = events::WorkflowExecutionTerminatedEventAttributes {
            reason: reason.to_owned(),
            details,
            identity: identity.to_owned(),
        };
        self.terminate_with(attributes, Vec::new(), world);
    }

    fn terminate_with(
        &mut self,
        attributes: events::WorkflowExecutionTerminatedEventAttributes,
        links: Vec<Link>,
        world: &mut World,
    ) {
        let draft = Draft::new(world.now, attributes).with_links(links);
        self.force_close(WorkflowExecutionStatus::Terminated, draft, world);
    }
}
