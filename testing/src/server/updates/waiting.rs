//! Who waits for updates: callers are answered when theirs has come as far as they want.

use outlast_proto::temporal::api::common::v1::Link;
use outlast_proto::temporal::api::enums::v1::{
    EventType, UpdateWorkflowExecutionLifecycleStage as Stage,
};
use outlast_proto::temporal::api::update::v1::{Outcome, Request, UpdateRef, outcome};
use outlast_proto::temporal::api::workflowservice::v1::UpdateWorkflowExecutionResponse;

use super::{State, Update, Waiter};
use crate::server::errors::{Error, Result};
use crate::server::execution::Execution;
use crate::server::queues::long_polls::{Answer, CallId, Place};
use crate::server::wire::workflow_execution;
use crate::server::world::World;

impl Execution {
    /// Parks a caller until the update has reached `stage`.
    pub(in crate::server) fn wait_for_update(
        &mut self,
        update_id: &str,
        call: CallId,
        stage: Stage,
        world: &mut World,
    ) -> Result<()> {
        let key = self.key;
        let update = self
            .updates
            .get_mut(update_id)
            .ok_or_else(|| Error::update_not_found(update_id))?;
        update.waiters.push(Waiter { call, stage });
        match stage {
            Stage::Completed => world.calls.park_for_time(call, Place::Update(key)),
            Stage::Unspecified | Stage::Admitted | Stage::Accepted => {
                world.calls.park(call, Place::Update(key));
            }
        }
        Ok(())
    }

    /// Answers a caller whose update is completed already; there is no link then.
    pub(in crate::server) fn answer_with_outcome(
        &mut self,
        call: CallId,
        request: &Request,
        world: &mut World,
    ) -> bool {
        let id = request.meta.as_ref().map(|meta| meta.update_id.as_str());
        let found = self
            .updates
            .list
            .iter()
            .find(|update| Some(update.id.as_str()) == id);
        let Some(update) = found.filter(|update| update.stage() == Stage::Completed) else {
            return false;
        };
        let response = UpdateWorkflowExecutionResponse {
            link: None,
            ..self.update_response(update)
        };
        answer(response, call, world);
        true
    }

    /// Answers the callers whose update has come as far as they wanted.
    pub(in crate::server) fn answer_updates(&mut self, world: &mut World) {
        for at in 0..self.updates.list.len() {
            let reached = self.updates.list[at].stage();
            let waiters = std::mem::take(&mut self.updates.list[at].waiters);
            for waiter in waiters {
                if waiter.stage <= reached && reached != Stage::Admitted {
                    answer(
                        self.update_response(&self.updates.list[at]),
                        waiter.call,
                        world,
                    );
                } else {
                    self.updates.list[at].waiters.push(waiter);
                }
            }
        }
    }

    /// The stage that an update has reached, for a caller that does not wait.
    pub(in crate::server) fn update_stage(
        &self,
        update_id: &str,
    ) -> Result<UpdateWorkflowExecutionResponse> {
        let found = self
            .updates
            .list
            .iter()
            .find(|update| update.id == update_id);
        let update = found.ok_or_else(|| Error::update_not_found(update_id))?;
        Ok(self.update_response(update))
    }

    /// Answers a caller that has waited for long enough with the stage reached so far.
    pub(in crate::server) fn expire_update(&mut self, call: CallId, world: &mut World) {
        if let Some(at) = self.drop_update_waiter(call) {
            answer(self.update_response(&self.updates.list[at]), call, world);
        }
    }

    /// Answers a caller whose deadline has come.
    pub(in crate::server) fn time_out_update(&mut self, call: CallId, world: &mut World) {
        self.drop_update_waiter(call);
        let error = Err(Error::deadline_exceeded());
        world.calls.answer(call, Answer::Update(Box::new(error)));
    }

    /// Forgets a caller; returns the index of the update it waited for.
    pub(in crate::server) fn drop_update_waiter(&mut self, call: CallId) -> Option<usize> {
        let at = self
            .updates
            .list
            .iter()
            .position(|update| update.waiters.iter().any(|waiter| waiter.call == call))?;
        self.updates.list[at]
            .waiters
            .retain(|waiter| waiter.call != call);
        Some(at)
    }

    pub(super) fn update_response(&self, update: &Update) -> UpdateWorkflowExecutionResponse {
        let outcome = match &update.state {
            State::Completed(outcome) => Some((**outcome).clone()),
            State::Admitted | State::Recorded | State::Sent { .. } | State::Accepted { .. } => None,
        };
        UpdateWorkflowExecutionResponse {
            update_ref: Some(UpdateRef {
                workflow_execution: Some(workflow_execution(&self.workflow_id, &self.run_id)),
                update_id: update.id.clone(),
            }),
            outcome,
            stage: update.stage() as i32,
            link: self.update_link(update),
        }
    }

    fn update_link(&self, update: &Update) -> Option<Link> {
        let failed = |outcome: &Outcome| matches!(outcome.value, Some(outcome::Value::Failure(_)));
        match &update.state {
            State::Admitted | State::Recorded | State::Sent { .. } => None,
            State::Completed(outcome) if failed(outcome) => {
                Some(self.link_to_run("Update rejected"))
            }
            State::Accepted { .. } | State::Completed(_) => Some(self.link_to_request(
                &update.request.request_id,
                EventType::WorkflowExecutionUpdateAccepted,
            )),
        }
    }
}

pub(super) fn answer(response: UpdateWorkflowExecutionResponse, call: CallId, world: &mut World) {
    world
        .calls
        .answer(call, Answer::Update(Box::new(Ok(response))));
}
