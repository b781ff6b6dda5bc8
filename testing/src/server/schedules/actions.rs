//! What happens when a schedule acts: workflows start, and may end others.

use bytes::Bytes;
use outlast_proto::temporal::api::common::v1::{Payload, SearchAttributes};
use outlast_proto::temporal::api::enums::v1::{
    ScheduleOverlapPolicy as Overlap, WorkflowExecutionStatus,
    WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse,
};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::schedule::v1::ScheduleActionResult;
use outlast_proto::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

use super::policies::plan;
use super::{Due, Running, Schedule, ScheduleKey, second_of};
use crate::server::Engine;
use crate::server::execution::RunKey;
use crate::server::start::id_policies::Verdict;
use crate::server::wire::{timestamp, workflow_execution};

impl Engine {
    /// Lets a schedule act whose moment has come.
    pub(in crate::server) fn wake_schedule(&mut self, key: ScheduleKey) {
        let now = self.world.now;
        let Some(schedule) = self.schedules.all.get_mut(&key) else {
            return;
        };
        if let Some(moment) = schedule.next.filter(|_| schedule.may_act()) {
            schedule.buffer.push(Due {
                moment,
                overlap: Overlap::Unspecified,
                manual: false,
            });
        }
        self.schedules.plan_next(key, now);
        self.run_buffer(key);
    }

    /// Does what can be done now about the actions that are due.
    pub(super) fn run_buffer(&mut self, key: ScheduleKey) {
        while self.run_buffer_once(key) {}
    }

    /// One pass; true if another may do more, because a workflow could not be started.
    fn run_buffer_once(&mut self, key: ScheduleKey) -> bool {
        let Some(schedule) = self.schedules.all.get_mut(&key) else {
            return false;
        };
        let due = std::mem::take(&mut schedule.buffer);
        let plan = plan(due, !schedule.running.is_empty(), schedule.overlap_policy());
        schedule.overlap_skipped += plan.skipped;
        schedule.buffer = plan.keep;
        for due in plan.beside {
            self.act(key, &due);
        }
        let stuck = plan.start.is_some_and(|due| match self.act(key, &due) {
            Some(running) => {
                self.await_end(key, running);
                false
            }
            None => true,
        });
        if plan.terminate_running {
            self.terminate_running(key);
        } else if plan.cancel_running {
            self.cancel_running(key);
        }
        stuck && !self.schedules.all[&key].buffer.is_empty()
    }

    /// Starts a workflow, unless its id is taken or the schedule may not act any more.
    fn act(&mut self, key: ScheduleKey, due: &Due) -> Option<Running> {
        let schedule = self.schedules.all.get_mut(&key)?;
        if !due.manual && schedule.state.limited_actions {
            if schedule.state.remaining_actions == 0 {
                return None;
            }
            schedule.state.remaining_actions -= 1;
            schedule.version += 1;
        }
        let request = schedule.start_request(due)?;
        let workflow_id = request.workflow_id.clone();
        let verdict = self.judge_start(&request, Reuse::AllowDuplicate, Conflict::Fail);
        let Ok(Verdict::New { terminate }) = verdict else {
            return None;
        };
        let run = self.replace(terminate, request, None);
        let run_id = self.runs[&run].run_id.clone();
        let schedule = self.schedules.all.get_mut(&key)?;
        schedule.action_count += 1;
        if schedule.recent.len() == RECENT_LIMIT {
            schedule.recent.pop_front();
        }
        schedule.recent.push_back(ScheduleActionResult {
            schedule_time: timestamp(due.moment.at),
            actual_time: timestamp(self.world.now),
            start_workflow_result: Some(workflow_execution(&workflow_id, &run_id)),
            start_workflow_status: WorkflowExecutionStatus::Running as i32,
        });
        Some(Running {
            workflow_id,
            run_id,
            key: run,
        })
    }

    fn await_end(&mut self, key: ScheduleKey, running: Running) {
        let first_run = running.run_id.clone();
        self.world.awaited_chains.insert(first_run.clone());
        self.schedules.awaiting.insert(first_run, key);
        if let Some(schedule) = self.schedules.all.get_mut(&key) {
            schedule.running.push(running);
        }
    }

    fn cancel_running(&mut self, key: ScheduleKey) {
        let identity = self.schedules.all[&key].identity();
        for run in self.running(key) {
            let attributes = events::WorkflowExecutionCancelRequestedEventAttributes {
                cause: "cancelled by schedule overlap policy".to_owned(),
                identity: identity.clone(),
                ..Default::default()
            };
            self.transact(run, |run, world| {
                run.request_cancel(attributes, Vec::new(), world);
            });
        }
    }

    fn terminate_running(&mut self, key: ScheduleKey) {
        let identity = self.schedules.all[&key].identity();
        for run in self.running(key) {
            self.transact(run, |run, world| {
                if run.is_open() {
                    let reason = "terminated by schedule overlap policy";
                    run.terminate(reason, None, &identity, world);
                }
            });
        }
    }

    /// The current runs of what the schedule waits for.
    fn running(&self, key: ScheduleKey) -> Vec<RunKey> {
        let running = self.schedules.all[&key].running.iter();
        running
            .filter_map(|running| self.latest_of_chain(running.key, &running.run_id))
            .collect()
    }
}

impl Schedule {
    /// The request that its action amounts to.
    fn start_request(&self, due: &Due) -> Option<StartWorkflowExecutionRequest> {
        let workflow = self.workflow()?.clone();
        let nominal = second_of(due.moment.nominal)?;
        let beside = due.overlap(self.overlap_policy()) == Overlap::AllowAll;
        let mut attributes = workflow
            .search_attributes
            .unwrap_or_default()
            .indexed_fields;
        attributes.extend([
            text_attribute("TemporalScheduledById", "Keyword", &self.id),
            text_attribute(
                "TemporalScheduledStartTime",
                "Datetime",
                &nominal.to_string(),
            ),
        ]);
        Some(StartWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_id: self.workflow_id(due.moment.nominal)?,
            workflow_type: workflow.workflow_type,
            task_queue: workflow.task_queue,
            input: workflow.input,
            workflow_execution_timeout: workflow.workflow_execution_timeout,
            workflow_run_timeout: workflow.workflow_run_timeout,
            workflow_task_timeout: workflow.workflow_task_timeout,
            identity: self.identity(),
            retry_policy: workflow.retry_policy,
            memo: workflow.memo,
            search_attributes: Some(SearchAttributes {
                indexed_fields: attributes,
            }),
            header: workflow.header,
            last_completion_result: self.last_result.clone().filter(|_| !beside),
            continued_failure: self.last_failure.clone().filter(|_| !beside),
            user_metadata: workflow.user_metadata,
            versioning_override: workflow.versioning_override,
            priority: workflow.priority,
            ..Default::default()
        })
    }
}

fn text_attribute(name: &str, value_type: &'static str, value: &str) -> (String, Payload) {
    let metadata = |key: &str, value| (key.to_owned(), Bytes::from_static(value));
    let payload = Payload {
        metadata: [
            metadata("encoding", b"json/plain"),
            metadata("type", value_type.as_bytes()),
        ]
        .into(),
        data: json_text(value).into(),
        ..Default::default()
    };
    (name.to_owned(), payload)
}

fn json_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// How many actions are remembered.
const RECENT_LIMIT: usize = 10;
