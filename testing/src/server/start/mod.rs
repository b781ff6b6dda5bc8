//! Starting workflows: validation, id policies, and the first event.

pub(super) mod check;
pub(super) mod eager;
pub(super) mod id_policies;
pub(super) mod multi_operation;

use outlast_proto::temporal::api::enums::v1::{
    ContinueAsNewInitiator, EventType, WorkflowIdConflictPolicy as Conflict,
};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::workflowservice::v1 as api;
use std::time::Duration;

use self::id_policies::{Joined, Verdict, policies};
use super::Engine;
use super::cron;
use super::deployments::{Version, overrides};
use super::errors::{Error, Result};
use super::execution::retry;
use super::execution::{NewRun, RunKey};
use super::history::Draft;
use super::limits::check_name;
use super::links::check_links;
use super::nexus::CompletionCallback;
use super::oracle::{Site, Subject};
use super::wire::{normal_queue, set_duration, text_payloads, timestamp, wire_duration};

impl Engine {
    /// Starts a workflow, or finds the run that the policies say to use.
    ///
    /// # Errors
    /// The request is malformed, or the workflow id is taken and the policies forbid sharing it.
    pub fn start_workflow_execution(
        &mut self,
        request: api::StartWorkflowExecutionRequest,
    ) -> Result<api::StartWorkflowExecutionResponse> {
        let (eager, identity) = (request.request_eager_execution, request.identity.clone());
        let worker = Version::of_worker(request.eager_worker_deployment_options.as_ref())?;
        let (request_id, attach) = (
            request.request_id.clone(),
            request
                .on_conflict_options
                .is_some_and(|options| options.attach_request_id),
        );
        let (key, started) = self.start_run(request)?;
        let mut response = self.start_response(key, started);
        if !started && attach {
            let joined = EventType::WorkflowExecutionOptionsUpdated;
            response.link = Some(self.runs[&key].link_to_request(&request_id, joined));
        }
        if eager && started {
            response.eager_workflow_task = self.eager_task(key, &identity, worker.as_ref());
        }
        self.settle();
        Ok(response)
    }

    /// Opens a run, or finds the one to use; tells whether the request is what started it.
    pub(super) fn start_run(
        &mut self,
        request: api::StartWorkflowExecutionRequest,
    ) -> Result<(RunKey, bool)> {
        self.check_start(&request)?;
        let (reuse, conflict) = policies(
            request.workflow_id_reuse_policy,
            request.workflow_id_conflict_policy,
            Conflict::Fail,
        )?;
        Ok(match self.judge_start(&request, reuse, conflict)? {
            Verdict::Existing(key, Joined::Retried) => (key, true),
            Verdict::Existing(key, Joined::UsedExisting) => {
                self.attach_request(key, &request);
                (key, false)
            }
            Verdict::New { terminate } => (self.replace(terminate, request, None), true),
        })
    }

    /// Signals the open run of a workflow, or starts one with the signal behind its first event.
    ///
    /// # Errors
    /// As for a start; a conflict policy that fails on running workflows makes no sense here.
    pub fn signal_with_start_workflow_execution(
        &mut self,
        request: api::SignalWithStartWorkflowExecutionRequest,
    ) -> Result<api::SignalWithStartWorkflowExecutionResponse> {
        let request_id = request.request_id.clone();
        check_links(&request.links)?;
        let (start, signal) = split(request);
        if signal.signal_name.is_empty() {
            return Err(Error::invalid("signal not set"));
        }
        if start
            .workflow_type
            .as_ref()
            .is_none_or(|t| t.name.is_empty())
        {
            return Err(Error::invalid("workflow type not set"));
        }
        check_name("signal name", &signal.signal_name)?;
        check_name("Request ID", &start.request_id)?;
        let workflow_type = start.workflow_type.as_ref().map(|t| t.name.as_str());
        check_name("workflow type name", workflow_type.unwrap_or_default())?;
        self.check_start(&start)?;
        self.world
            .options
            .limits
            .check_blob(signal.input.as_ref())?;
        if start.workflow_id_conflict_policy() == Conflict::Fail {
            return Err(Error::invalid(
                "Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not \
                 supported for this operation.",
            ));
        }
        let (reuse, conflict) = policies(
            start.workflow_id_reuse_policy,
            start.workflow_id_conflict_policy,
            Conflict::UseExisting,
        )?;
        let now = self.world.now;
        let signal = Draft::new(now, signal).with_links(start.links.clone());
        let (key, started) = match self.judge_start(&start, reuse, conflict)? {
            Verdict::Existing(key, Joined::Retried) => (key, true),
            Verdict::Existing(key, Joined::UsedExisting) => {
                self.in_run(key, |run, _| {
                    run.check_not_closing()?;
                    if start.request_id.is_empty() || run.request_ids.insert(start.request_id) {
                        run.record(signal);
                    }
                    Ok(())
                })?;
                (key, false)
            }
            Verdict::New { terminate } => (self.replace(terminate, start, Some(signal)), true),
        };
        let run = &self.runs[&key];
        let response = api::SignalWithStartWorkflowExecutionResponse {
            run_id: run.run_id.clone(),
            first_execution_run_id: run.started.first_execution_run_id.clone(),
            started,
            signal_link: Some(
                run.link_to_request(&request_id, EventType::WorkflowExecutionSignaled),
            ),
        };
        self.settle();
        Ok(response)
    }

    /// Opens a new run, in place of an open one if there is one.
    pub(super) fn replace(
        &mut self,
        terminate: Option<RunKey>,
        request: api::StartWorkflowExecutionRequest,
        signal: Option<Draft>,
    ) -> RunKey {
        let name = self
            .world
            .name_run(&request.namespace, &request.workflow_id);
        if let Some(key) = terminate {
            self.make_room(key, &name.id);
        }
        let request_id = match request.request_id.is_empty() {
            true => {
                let subject = Subject::named(&request.namespace, &request.workflow_id);
                self.world
                    .uuid(Site::Start, subject.with_number(name.number))
            }
            false => request.request_id.clone(),
        };
        let namespace = request.namespace.clone();
        let (user_metadata, links) = (request.user_metadata.clone(), request.links.clone());
        let started = Box::new(self.first_event(&name.id, request));
        self.open_run(NewRun {
            namespace,
            name,
            request_id,
            started,
            user_metadata,
            links,
            signal,
        })
    }

    /// Ends a run whose workflow id a new run is to have.
    pub(super) fn make_room(&mut self, key: RunKey, new_run_id: &str) {
        let details = format!("terminated by new runID: {new_run_id}");
        self.transact(key, |run, world| {
            run.terminate(
                "TerminateIfRunning WorkflowIdReusePolicy",
                Some(text_payloads(&details)),
                "history-service",
                world,
            );
        });
    }

    pub(super) fn first_event(
        &self,
        run_id: &str,
        request: api::StartWorkflowExecutionRequest,
    ) -> events::WorkflowExecutionStartedEventAttributes {
        let schedule = cron::CronSchedule::parse(&request.cron_schedule);
        let (initiator, backoff) = match schedule {
            Some(schedule) => (
                ContinueAsNewInitiator::CronSchedule,
                schedule.backoff(self.world.now, self.world.now),
            ),
            None => (
                ContinueAsNewInitiator::Unspecified,
                set_duration(request.workflow_start_delay.as_ref()),
            ),
        };
        let execution = set_duration(request.workflow_execution_timeout.as_ref());
        let (run, task) = run_timeouts(
            execution,
            set_duration(request.workflow_run_timeout.as_ref()),
            set_duration(request.workflow_task_timeout.as_ref()),
        );
        let queue = request
            .task_queue
            .map(|queue| queue.name)
            .unwrap_or_default();
        events::WorkflowExecutionStartedEventAttributes {
            workflow_type: request.workflow_type,
            task_queue: Some(normal_queue(&queue)),
            input: request.input,
            workflow_execution_timeout: execution
                .map_or(request.workflow_execution_timeout, wire_duration),
            workflow_run_timeout: run.map_or(request.workflow_run_timeout, wire_duration),
            workflow_task_timeout: wire_duration(task),
            continued_failure: request.continued_failure,
            last_completion_result: request.last_completion_result,
            original_execution_run_id: run_id.to_owned(),
            identity: request.identity,
            first_execution_run_id: run_id.to_owned(),
            retry_policy: request.retry_policy.as_ref().map(retry::with_defaults),
            attempt: 1,
            workflow_execution_expiration_time: execution
                .and_then(|timeout| timestamp(self.world.after(timeout))),
            cron_schedule: request.cron_schedule,
            initiator: initiator as i32,
            eager_execution_accepted: request.request_eager_execution && backoff.is_none(),
            first_workflow_task_backoff: wire_duration(backoff.unwrap_or_default()),
            memo: request.memo,
            search_attributes: request.search_attributes,
            header: request.header,
            workflow_id: request.workflow_id,
            completion_callbacks: request.completion_callbacks,
            versioning_override: request.versioning_override.map(overrides::modern),
            priority: request.priority,
            ..Default::default()
        }
    }

    /// Notes on an existing run that another start request uses it, if the caller wants that.
    fn attach_request(&mut self, key: RunKey, request: &api::StartWorkflowExecutionRequest) {
        let Some(options) = &request.on_conflict_options else {
            return;
        };
        let known = self.runs[&key].request_ids.contains(&request.request_id);
        if known && options.attach_request_id {
            return;
        }
        let attributes = events::WorkflowExecutionOptionsUpdatedEventAttributes {
            attached_request_id: match options.attach_request_id {
                true => request.request_id.clone(),
                false => String::new(),
            },
            attached_completion_callbacks: match options.attach_completion_callbacks {
                true => request.completion_callbacks.clone(),
                false => Vec::new(),
            },
            ..Default::default()
        };
        let links = if options.attach_links {
            request.links.clone()
        } else {
            Vec::new()
        };
        let callbacks = attributes.attached_completion_callbacks.clone();
        let draft = Draft::new(self.world.now, attributes).with_links(links);
        self.transact(key, |run, world| {
            let added = callbacks.into_iter();
            let added = added.map(|callback| CompletionCallback::new(callback, world.now));
            run.callbacks.extend(added);
            if options.attach_request_id {
                run.request_ids.insert(request.request_id.clone());
            }
            run.record_silently(draft);
        });
    }

    pub(super) fn start_response(
        &self,
        key: RunKey,
        started: bool,
    ) -> api::StartWorkflowExecutionResponse {
        let run = &self.runs[&key];
        api::StartWorkflowExecutionResponse {
            run_id: run.run_id.clone(),
            first_execution_run_id: run.started.first_execution_run_id.clone(),
            started,
            status: run.status as i32,
            eager_workflow_task: None,
            link: Some(run.link_to_start()),
        }
    }
}

/// The timeouts of a run and of its tasks: neither outlasts what it is a part of.
pub(super) fn run_timeouts(
    execution: Option<Duration>,
    run: Option<Duration>,
    task: Option<Duration>,
) -> (Option<Duration>, Duration) {
    let run = match (run, execution) {
        (Some(run), Some(execution)) => Some(run.min(execution)),
        (run, execution) => run.or(execution),
    };
    let task = task.unwrap_or(TASK_TIMEOUT).min(LONGEST_TASK_TIMEOUT);
    (run, run.map_or(task, |run| task.min(run)))
}

/// A signal-with-start as the start and the signal that it is made of.
fn split(
    request: api::SignalWithStartWorkflowExecutionRequest,
) -> (
    api::StartWorkflowExecutionRequest,
    events::WorkflowExecutionSignaledEventAttributes,
) {
    let signal = events::WorkflowExecutionSignaledEventAttributes {
        signal_name: request.signal_name,
        input: request.signal_input,
        identity: request.identity.clone(),
        header: request.header.clone(),
        request_id: request.request_id.clone(),
        ..Default::default()
    };
    let start = api::StartWorkflowExecutionRequest {
        namespace: request.namespace,
        workflow_id: request.workflow_id,
        workflow_type: request.workflow_type,
        task_queue: request.task_queue,
        input: request.input,
        workflow_execution_timeout: request.workflow_execution_timeout,
        workflow_run_timeout: request.workflow_run_timeout,
        workflow_task_timeout: request.workflow_task_timeout,
        identity: request.identity,
        request_id: request.request_id,
        workflow_id_reuse_policy: request.workflow_id_reuse_policy,
        workflow_id_conflict_policy: request.workflow_id_conflict_policy,
        retry_policy: request.retry_policy,
        cron_schedule: request.cron_schedule,
        memo: request.memo,
        search_attributes: request.search_attributes,
        header: request.header,
        workflow_start_delay: request.workflow_start_delay,
        user_metadata: request.user_metadata,
        links: request.links,
        versioning_override: request.versioning_override,
        priority: request.priority,
        ..Default::default()
    };
    (start, signal)
}

const TASK_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time that a workflow task may take.
const LONGEST_TASK_TIMEOUT: Duration = Duration::from_mins(2);
