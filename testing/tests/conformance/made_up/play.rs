//! One workflow whose client and worker do what comes to their minds.

use outlast_proto::temporal::api::command::v1::Command;
use outlast_proto::temporal::api::enums::v1::{
    CommandType, PendingActivityState, PendingWorkflowTaskState,
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowExecutionStatus,
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy,
};
use outlast_proto::temporal::api::workflowservice::v1 as api;
use outlast_proto::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;

use crate::Peer;
use crate::support::builders::*;
use crate::support::dice::Dice;
use crate::support::peer::{ActivityTask, WorkflowTask};

pub(super) struct Play<'a> {
    peer: &'a Peer,
    /// Sees what the peer sees, outside of the comparison: lists of what is pending have no order.
    onlooker: Peer,
    dice: Dice,
    /// The workflow tasks that were polled and not answered; some of them are out of date.
    tasks: Vec<WorkflowTask>,
    activities: Vec<ActivityTask>,
    /// The ids of what was scheduled, to be canceled or used again.
    names: usize,
    steps: usize,
}

/// What the workflow waits for, as its description tells.
#[derive(Debug)]
struct Situation {
    is_open: bool,
    task_waits: bool,
    task_runs: bool,
    activity_waits: bool,
}

impl<'a> Play<'a> {
    pub(super) fn new(peer: &'a Peer, seed: u64) -> Self {
        let transport = peer.transport.paused();
        Self {
            peer,
            onlooker: Peer {
                client: WorkflowServiceClient::new(transport.clone()),
                transport,
                ..peer.clone()
            },
            dice: Dice::new(seed),
            tasks: Vec::new(),
            activities: Vec::new(),
            names: 0,
            steps: 0,
        }
    }

    pub(super) fn steps_taken(&self) -> usize {
        self.steps
    }

    pub(super) async fn step(&mut self) {
        self.steps += 1;
        if self.steps == 1 {
            self.peer.start().await;
            return;
        }
        let now = self.situation().await;
        if now.task_waits && self.dice.percent(60) {
            self.tasks.push(self.peer.poll().await);
        } else if now.activity_waits && self.dice.percent(50) {
            self.activities.push(self.peer.poll_activity().await);
        } else if !self.tasks.is_empty() && self.dice.percent(60) {
            self.answer_task(now.activity_waits).await;
        } else if !self.activities.is_empty() && self.dice.percent(40) {
            self.answer_activity().await;
        } else if !now.is_open && self.dice.percent(50) {
            self.start().await;
        } else if now.is_open && !now.task_waits && !now.task_runs && self.dice.percent(40) {
            self.update().await;
        } else {
            self.ask().await;
        }
    }

    async fn situation(&self) -> Situation {
        let described = self.onlooker.describe("").await;
        let info = described.workflow_execution_info.unwrap_or_default();
        let task = described.pending_workflow_task.map(|task| task.state());
        let mut activities = described.pending_activities.iter();
        let is_open = info.status() == WorkflowExecutionStatus::Running;
        Situation {
            is_open,
            task_waits: is_open && task == Some(PendingWorkflowTaskState::Scheduled),
            task_runs: task == Some(PendingWorkflowTaskState::Started),
            activity_waits: is_open
                && activities.any(|a| a.state() == PendingActivityState::Scheduled),
        }
    }

    async fn start(&mut self) {
        let mut request = self.peer.start_request();
        let reuse = [
            WorkflowIdReusePolicy::AllowDuplicate,
            WorkflowIdReusePolicy::AllowDuplicateFailedOnly,
            WorkflowIdReusePolicy::RejectDuplicate,
        ];
        let conflict = [
            WorkflowIdConflictPolicy::Unspecified,
            WorkflowIdConflictPolicy::Fail,
            WorkflowIdConflictPolicy::UseExisting,
            WorkflowIdConflictPolicy::TerminateExisting,
        ];
        request.workflow_id_reuse_policy = *self.dice.pick(&reuse) as i32;
        request.workflow_id_conflict_policy = *self.dice.pick(&conflict) as i32;
        // A refusal is a thing to be compared, as an answer is.
        let _ = self.peer.start_with(request).await;
    }

    /// Answers a task; not with an activity while another one waits, because a real queue has no
    /// order.
    async fn answer_task(&mut self, activity_waits: bool) {
        let at = self.dice.below(self.tasks.len());
        let task = self.tasks.swap_remove(at);
        if self.dice.percent(15) {
            let _ = self.peer.fail(&task).await;
            return;
        }
        let commands = self.commands(activity_waits);
        let mut completion = crate::support::peer::completion(&task, commands);
        completion.force_create_new_workflow_task = self.dice.percent(15);
        if self.dice.percent(50) {
            // Nobody polls that queue, so the next task is passed on to the normal one.
            completion.sticky_attributes = Some(self.peer.sticky_attributes());
        }
        let _ = self.peer.complete_with(completion).await;
    }

    fn commands(&mut self, mut activity_waits: bool) -> Vec<Command> {
        let mut commands = Vec::new();
        for _ in 0..self.dice.below(4) {
            let command = self.command(activity_waits);
            activity_waits |= command.command_type() == CommandType::ScheduleActivityTask;
            commands.push(command);
        }
        if self.dice.percent(8) {
            commands.push(match self.dice.below(3) {
                0 => complete_workflow("done"),
                1 => fail_workflow("it went wrong"),
                _ => cancel_workflow(),
            });
        }
        commands
    }

    fn command(&mut self, activity_waits: bool) -> Command {
        self.names += 1;
        let (new, old) = (self.names, self.dice.below(self.names));
        match self.dice.below(8) {
            0..3 if !activity_waits => {
                let mut activity = self.peer.activity(&format!("a{new}"));
                activity.start_to_close_timeout = seconds(3_600.0);
                activity.retry_policy = at_most(1, 1.0);
                schedule_activity(activity)
            }
            0..6 => start_timer(&format!("t{new}"), 3_600.0),
            6 => cancel_timer(&format!("t{old}")),
            _ => cancel_activity(old as i64 + 4),
        }
    }

    async fn answer_activity(&mut self) {
        let at = self.dice.below(self.activities.len());
        if self.dice.percent(30) {
            let _ = self.peer.heartbeat(&self.activities[at], "half").await;
            return;
        }
        let task = self.activities.swap_remove(at);
        let _ = match self.dice.below(3) {
            0 => self.peer.complete_activity(&task).await,
            1 => self.peer.fail_activity(&task, "broken").await,
            _ => self.peer.cancel_activity(&task).await,
        };
    }

    /// Sends an update, and plays the worker that it waits for.
    async fn update(&mut self) {
        self.names += 1;
        let name = format!("u{}", self.names);
        let (accepts, completes) = (self.dice.percent(70), self.dice.percent(60));
        let worker = async {
            let task = self.peer.poll().await;
            let request = task.messages.first().expect("the update's task has it");
            let mut messages = vec![if accepts {
                accept(request)
            } else {
                reject(request)
            }];
            if accepts && completes {
                messages.push(complete_update(request, "changed"));
            }
            let commands = messages.iter().filter(|_| accepts).map(protocol_message);
            let commands = commands.collect();
            self.peer
                .complete_with_messages(&task, commands, messages)
                .await;
        };
        let (answer, ()) = tokio::join!(self.peer.update(&name, Stage::Accepted), worker);
        assert!(answer.is_ok(), "{answer:?}");
    }

    /// Does what needs no worker.
    async fn ask(&mut self) {
        let peer = self.peer;
        let _ = match self.dice.below(16) {
            0..7 => peer.signal("hello").await,
            7..9 => peer.cancel().await,
            9 => peer.terminate("enough").await,
            10..12 => {
                let request = peer.signal_with_start_request("hello");
                peer.signal_with_start(request).await.map(drop)
            }
            12..14 => peer.reset(4).await.map(drop),
            14 => {
                let request = api::ResetStickyTaskQueueRequest {
                    namespace: "default".to_owned(),
                    execution: peer.execution(),
                };
                peer.client()
                    .reset_sticky_task_queue(request)
                    .await
                    .map(drop)
            }
            _ => return self.start().await,
        };
    }
}
