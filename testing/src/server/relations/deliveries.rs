//! What runs do to each other, delivered between transactions and before time moves.

use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::{
    CancelExternalWorkflowExecutionFailedCause as CancelFailure, ParentClosePolicy,
    SignalExternalWorkflowExecutionFailedCause as SignalFailure,
    StartChildWorkflowExecutionFailedCause as StartFailure, WorkflowIdConflictPolicy as Conflict,
};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::sdk::v1::UserMetadata;

use crate::server::Engine;
use crate::server::deployments::Heir;
use crate::server::execution::{NewRun, RunKey};
use crate::server::namespaces::namespace_id;
use crate::server::nexus::OperationEnd;
use crate::server::priority::inherited;
use crate::server::relations::children::start_request;
use crate::server::relations::externals::{CancelInitiated, SignalInitiated};
use crate::server::relations::gate::ChildStart;
use crate::server::start::id_policies::{Verdict, policies};
use crate::server::wire::workflow_execution;

type ChildInitiated = events::StartChildWorkflowExecutionInitiatedEventAttributes;

/// Something that one run does to another.
#[derive(Debug)]
pub(in crate::server) enum Delivery {
    /// A run that has closed has somebody to tell.
    Callback {
        from: RunKey,
        at: usize,
        end: Box<OperationEnd>,
    },
    /// A workflow asks another to cancel itself, unless it has closed meanwhile.
    Cancel {
        from: RunKey,
        initiated_event_id: i64,
        initiated: Box<CancelInitiated>,
    },
    /// A chain of runs that somebody waits for closed for good.
    ChainEnded {
        first_run_id: String,
        closed: Box<Attributes>,
    },
    /// A child closed for good.
    ChildClosed {
        parent_run_id: String,
        initiated_event_id: i64,
        run_id: String,
        closed: Box<Attributes>,
    },
    /// A parent wants a child.
    ChildStart {
        parent: RunKey,
        initiated_event_id: i64,
    },
    /// A parent that has closed meanwhile wanted a child that outlives it.
    OrphanStart {
        parent: RunKey,
        initiated: Box<ChildInitiated>,
        user_metadata: Option<UserMetadata>,
    },
    /// A parent closed before its child.
    ParentClosed {
        parent: WorkflowExecution,
        child: RunKey,
        run_id: String,
        policy: ParentClosePolicy,
    },
    /// A workflow signals another, unless it has closed meanwhile.
    Signal {
        from: RunKey,
        initiated_event_id: i64,
        initiated: Box<SignalInitiated>,
    },
}

impl Engine {
    pub(in crate::server) fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Callback { from, at, end } => self.deliver_callback(from, at, *end),
            Delivery::Cancel {
                from,
                initiated_event_id,
                initiated,
            } => {
                self.deliver_cancel(from, initiated_event_id, *initiated);
            }
            Delivery::ChainEnded {
                first_run_id,
                closed,
            } => {
                self.chain_ended(&first_run_id, *closed);
            }
            Delivery::ChildClosed {
                parent_run_id,
                initiated_event_id,
                run_id,
                closed,
            } => {
                let parent = self.latest_reset(&parent_run_id);
                if let Some(parent) = parent.filter(|key| self.runs[key].is_open()) {
                    self.transact(parent, |run, world| {
                        run.child_closed(initiated_event_id, &run_id, *closed, world);
                    });
                }
            }
            Delivery::ChildStart {
                parent,
                initiated_event_id,
            } => {
                self.deliver_child(parent, initiated_event_id);
            }
            Delivery::OrphanStart {
                parent,
                initiated,
                user_metadata,
            } => {
                // Nobody is left to hear of a failure.
                let _ = self.start_child(parent, 0, &initiated, user_metadata);
            }
            Delivery::ParentClosed {
                parent,
                child,
                run_id,
                policy,
            } => {
                if let Some(key) = self.latest_of_chain(child, &run_id) {
                    self.transact(key, |run, world| {
                        run.close_with_parent(parent, policy, world)
                    });
                }
            }
            Delivery::Signal {
                from,
                initiated_event_id,
                initiated,
            } => {
                self.deliver_signal(from, initiated_event_id, *initiated);
            }
        }
    }

    fn deliver_child(&mut self, parent: RunKey, initiated_event_id: i64) {
        let child = self.runs[&parent].children.get(&initiated_event_id);
        let Some(child) = child else {
            return;
        };
        let (initiated, metadata) = (child.initiated.clone(), child.user_metadata.clone());
        let started = self.start_child(parent, initiated_event_id, &initiated, metadata);
        if !self.runs[&parent].is_open() {
            // The child has taken its parent's place.
            return;
        }
        let run_id = started.map(|key| self.runs[&key].run_id.clone());
        self.transact(parent, |run, world| match (started, run_id) {
            (Ok(key), Ok(run_id)) => run.child_started(initiated_event_id, key, &run_id, world),
            (Err(cause), _) | (_, Err(cause)) => {
                run.child_refused(initiated_event_id, cause, world);
            }
        });
    }

    fn start_child(
        &mut self,
        parent: RunKey,
        initiated_event_id: i64,
        initiated: &ChildInitiated,
        user_metadata: Option<UserMetadata>,
    ) -> Result<RunKey, StartFailure> {
        let request = start_request(initiated);
        let verdict = policies(request.workflow_id_reuse_policy, 0, Conflict::Fail)
            .and_then(|(reuse, conflict)| self.judge_start(&request, reuse, conflict));
        let Ok(Verdict::New { terminate }) = verdict else {
            return Err(StartFailure::WorkflowAlreadyExists);
        };
        let name = self
            .world
            .name_run(&request.namespace, &request.workflow_id);
        let asks = &self.runs[&parent];
        let child = ChildStart {
            initiated,
            parent_workflow_id: &asks.workflow_id,
            parent_run_id: &asks.run_id,
            run_id: &name.id,
            now: self.world.now,
        };
        if !self.child_gate.admits(&child) {
            return Err(StartFailure::WorkflowAlreadyExists);
        }
        if let Some(key) = terminate {
            self.make_room(key, &name.id);
        }
        let mut started = self.first_event(&name.id, request);
        let parent = &self.runs[&parent];
        started.priority = inherited(started.priority.as_ref(), parent.started.priority.as_ref());
        let request_id = format!("{}:{initiated_event_id}:0", parent.run_id);
        let execution = workflow_execution(&parent.workflow_id, &parent.run_id);
        started.root_workflow_execution = parent
            .started
            .root_workflow_execution
            .clone()
            .or_else(|| Some(execution.clone()));
        if initiated.namespace == parent.namespace {
            parent.bequeath(Heir::Child, &mut started, &self.world.deployments);
        }
        // An abandoned child of a closed parent has nobody to report to.
        if initiated_event_id > 0 {
            started.parent_workflow_namespace = parent.namespace.clone();
            started.parent_workflow_namespace_id = namespace_id(&parent.namespace);
            started.parent_workflow_execution = Some(execution);
            started.parent_initiated_event_id = initiated_event_id;
        }
        let key = self.open_run(NewRun {
            namespace: initiated.namespace.clone(),
            name,
            request_id,
            started: Box::new(started),
            user_metadata,
            links: Vec::new(),
            signal: None,
        });
        if let Some(child) = self.runs.get_mut(&key) {
            // A real server schedules the first task when the parent knows of the child.
            child.state_transitions += 1;
        }
        Ok(key)
    }

    fn deliver_signal(&mut self, from: RunKey, initiated_event_id: i64, signal: SignalInitiated) {
        if !self.runs[&from].is_open() {
            return;
        }
        let target = signal.workflow_execution.as_ref();
        let target = self
            .find(&signal.namespace, target)
            .ok()
            .filter(|key| self.runs[key].is_open() && self.are_strangers(from, *key))
            .filter(|key| !signal.child_workflow_only || self.is_child(from, *key));
        let outcome = match target {
            Some(key) => {
                let source = self.execution_of(from);
                let sent = signal.clone();
                self.transact(key, |run, world| run.receive_signal(source, sent, world));
                Ok(())
            }
            None => Err(SignalFailure::ExternalWorkflowExecutionNotFound),
        };
        self.transact(from, |run, world| {
            run.signal_delivered(initiated_event_id, signal, outcome, world);
        });
    }

    fn deliver_cancel(&mut self, from: RunKey, initiated_event_id: i64, cancel: CancelInitiated) {
        if !self.runs[&from].is_open() {
            return;
        }
        let target = self
            .find(&cancel.namespace, cancel.workflow_execution.as_ref())
            .ok()
            .filter(|key| self.are_strangers(from, *key))
            .filter(|key| !cancel.child_workflow_only || self.is_child(from, *key));
        let outcome = match target {
            Some(key) => {
                let attributes = events::WorkflowExecutionCancelRequestedEventAttributes {
                    cause: cancel.reason.clone(),
                    external_initiated_event_id: initiated_event_id,
                    external_workflow_execution: Some(self.execution_of(from)),
                    identity: "history-service".to_owned(),
                };
                self.transact(key, |run, world| {
                    run.request_cancel(attributes, Vec::new(), world);
                });
                Ok(())
            }
            None => Err(CancelFailure::ExternalWorkflowExecutionNotFound),
        };
        self.transact(from, |run, world| {
            run.cancel_delivered(initiated_event_id, cancel, outcome, world);
        });
    }

    /// Whether two runs are of different workflows: no workflow reaches itself from outside.
    fn are_strangers(&self, from: RunKey, key: RunKey) -> bool {
        let (from, to) = (&self.runs[&from], &self.runs[&key]);
        from.workflow_id != to.workflow_id || from.namespace != to.namespace
    }

    /// Whether a run is, by its whole chain, a child of another.
    fn is_child(&self, parent: RunKey, key: RunKey) -> bool {
        let parent = &self.runs[&parent];
        let named = self.runs[&key].started.parent_workflow_execution.as_ref();
        named.is_some_and(|named| named.run_id == parent.run_id)
    }

    /// The run that is current in the chain which began with this child, unless it was deleted.
    pub(in crate::server) fn latest_of_chain(&self, child: RunKey, run_id: &str) -> Option<RunKey> {
        let run = self.runs.get(&child)?;
        let id = (run.namespace.clone(), run.workflow_id.clone());
        let latest = self.current.get(&id).copied();
        latest
            .filter(|key| self.runs[key].started.first_execution_run_id == run_id)
            .or(Some(child))
    }

    fn execution_of(&self, key: RunKey) -> WorkflowExecution {
        let run = &self.runs[&key];
        workflow_execution(&run.workflow_id, &run.run_id)
    }
}
