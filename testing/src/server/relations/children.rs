//! Child workflows, as their parent sees them.

use outlast_proto::temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes;
use outlast_proto::temporal::api::enums::v1::{
    ParentClosePolicy, StartChildWorkflowExecutionFailedCause, WorkflowIdReusePolicy,
};
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;
use outlast_proto::temporal::api::sdk::v1::UserMetadata;
use outlast_proto::temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;

use crate::server::execution::{Execution, RunKey, retry};
use crate::server::history::Draft;
use crate::server::namespaces::namespace_id;
use crate::server::relations::deliveries::Delivery;
use crate::server::start::run_timeouts;
use crate::server::wire::{
    capped, filled_attributes, filled_memo, normal_queue, set_duration, wire_duration,
    workflow_execution,
};
use crate::server::world::World;

type Initiated = events::StartChildWorkflowExecutionInitiatedEventAttributes;

/// A child that has not closed.
#[derive(Debug)]
pub(in crate::server) struct Child {
    pub(in crate::server) initiated: Box<Initiated>,
    pub(in crate::server) user_metadata: Option<UserMetadata>,
    pub(in crate::server) key: Option<RunKey>,
    pub(in crate::server) run_id: String,
}

impl Execution {
    /// Records that a child is wanted; it is started right after this transaction.
    pub(in crate::server) fn initiate_child(
        &mut self,
        mut a: StartChildWorkflowExecutionCommandAttributes,
        user_metadata: Option<UserMetadata>,
        completed: i64,
        world: &mut World,
    ) {
        let reuse = match a.workflow_id_reuse_policy() {
            WorkflowIdReusePolicy::Unspecified => WorkflowIdReusePolicy::AllowDuplicate,
            policy => policy,
        };
        let namespace = self.namespace_or_own(&a.namespace).to_owned();
        if let Some(attributes) = &mut a.search_attributes {
            let known = world.namespaces.search_attributes_mut(&namespace);
            known.adopt(attributes);
        }
        let queue = self.queue_or_own(a.task_queue.as_ref());
        let policy = match ParentClosePolicy::try_from(a.parent_close_policy).unwrap_or_default() {
            ParentClosePolicy::Unspecified => ParentClosePolicy::Terminate,
            policy => policy,
        };
        let (run_timeout, task_timeout) = run_timeouts(
            set_duration(a.workflow_execution_timeout.as_ref()),
            set_duration(a.workflow_run_timeout.as_ref()),
            set_duration(a.workflow_task_timeout.as_ref()),
        );
        let initiated = Initiated {
            namespace_id: namespace_id(&namespace),
            namespace,
            workflow_id: a.workflow_id,
            workflow_type: a.workflow_type,
            task_queue: Some(normal_queue(queue)),
            input: a.input,
            workflow_execution_timeout: a.workflow_execution_timeout.map(capped),
            workflow_run_timeout: wire_duration(run_timeout.unwrap_or_default()),
            workflow_task_timeout: wire_duration(task_timeout),
            parent_close_policy: policy as i32,
            control: a.control,
            workflow_task_completed_event_id: completed,
            workflow_id_reuse_policy: reuse as i32,
            retry_policy: a.retry_policy.as_ref().map(retry::with_defaults),
            cron_schedule: a.cron_schedule,
            header: a.header,
            memo: filled_memo(a.memo),
            search_attributes: filled_attributes(a.search_attributes),
            inherit_build_id: a.inherit_build_id,
            priority: a.priority,
            ..Default::default()
        };
        let draft = Draft::new(world.now, initiated.clone());
        let initiated_event_id = self.history.append(draft);
        let child = Child {
            initiated: Box::new(initiated),
            user_metadata,
            key: None,
            run_id: String::new(),
        };
        self.children.insert(initiated_event_id, child);
        let delivery = Delivery::ChildStart {
            parent: self.key,
            initiated_event_id,
        };
        world.deliveries.push_back(delivery);
    }

    /// Records that a child has started.
    pub(in crate::server) fn child_started(
        &mut self,
        initiated_event_id: i64,
        key: RunKey,
        run_id: &str,
        world: &World,
    ) {
        let Some(child) = self.children.get_mut(&initiated_event_id) else {
            return;
        };
        child.key = Some(key);
        child.run_id = run_id.to_owned();
        let initiated = &child.initiated;
        let attributes = events::ChildWorkflowExecutionStartedEventAttributes {
            namespace: initiated.namespace.clone(),
            namespace_id: initiated.namespace_id.clone(),
            initiated_event_id,
            workflow_execution: Some(workflow_execution(&initiated.workflow_id, run_id)),
            workflow_type: initiated.workflow_type.clone(),
            header: initiated.header.clone(),
        };
        self.record(Draft::new(world.now, attributes));
    }

    /// Records that a child could not be started.
    pub(in crate::server) fn child_refused(
        &mut self,
        initiated_event_id: i64,
        cause: StartChildWorkflowExecutionFailedCause,
        world: &World,
    ) {
        let Some(child) = self.children.remove(&initiated_event_id) else {
            return;
        };
        let initiated = child.initiated;
        let attributes = events::StartChildWorkflowExecutionFailedEventAttributes {
            namespace: initiated.namespace,
            namespace_id: initiated.namespace_id,
            workflow_id: initiated.workflow_id,
            workflow_type: initiated.workflow_type,
            cause: cause as i32,
            control: initiated.control,
            initiated_event_id,
            ..Default::default()
        };
        self.record(Draft::new(world.now, attributes));
    }

    /// Records how a child closed.
    pub(in crate::server) fn child_closed(
        &mut self,
        initiated_event_id: i64,
        run_id: &str,
        closed: Attributes,
        world: &World,
    ) {
        let Some(child) = self.children.remove(&initiated_event_id) else {
            return;
        };
        let draft = ChildEnd {
            initiated: *child.initiated,
            initiated_event_id,
            started_event_id: self.child_started_event_id(initiated_event_id),
            run_id,
        }
        .draft(closed, world);
        if let Some(draft) = draft {
            self.record(draft);
        }
    }

    /// The event that says that the child started; zero while it is buffered.
    fn child_started_event_id(&self, initiated_event_id: i64) -> i64 {
        let starts = |attributes: &Attributes| {
            matches!(attributes,
                Attributes::ChildWorkflowExecutionStartedEventAttributes(a)
                    if a.initiated_event_id == initiated_event_id)
        };
        let mut events = self.history.events().iter().rev();
        let started = events.find(|event| event.attributes.as_ref().is_some_and(starts));
        started.map(|event| event.event_id).unwrap_or_default()
    }

    /// Tells the children of a closing run, and its parent, that it is closing.
    pub(in crate::server) fn announce_close(&mut self, closed: &Attributes, world: &mut World) {
        for child in std::mem::take(&mut self.children).into_values() {
            if !self.reset_run_id.is_empty() {
                // The run that goes on from an earlier point keeps them.
            } else if let Some(key) = child.key {
                let policy = child.initiated.parent_close_policy();
                world.deliveries.push_back(Delivery::ParentClosed {
                    parent: workflow_execution(&self.workflow_id, &self.run_id),
                    child: key,
                    run_id: child.run_id,
                    policy,
                });
            } else if child.initiated.parent_close_policy() == ParentClosePolicy::Abandon {
                world.deliveries.push_back(Delivery::OrphanStart {
                    parent: self.key,
                    initiated: child.initiated,
                    user_metadata: child.user_metadata,
                });
            }
        }
        if goes_on(closed) || !self.reset_run_id.is_empty() {
            return;
        }
        self.send_callbacks(closed, world);
        let first_run_id = &self.started.first_execution_run_id;
        if world.awaited_chains.remove(first_run_id) {
            world.deliveries.push_back(Delivery::ChainEnded {
                first_run_id: first_run_id.clone(),
                closed: Box::new(closed.clone()),
            });
        }
        if let Some(parent) = self.started.parent_workflow_execution.clone() {
            world.deliveries.push_back(Delivery::ChildClosed {
                parent_run_id: parent.run_id,
                initiated_event_id: self.started.parent_initiated_event_id,
                run_id: self.run_id.clone(),
                closed: Box::new(closed.clone()),
            });
        }
    }

    /// Ends a child as its parent's close policy says.
    pub(in crate::server) fn close_with_parent(
        &mut self,
        parent: outlast_proto::temporal::api::common::v1::WorkflowExecution,
        policy: ParentClosePolicy,
        world: &mut World,
    ) {
        match policy {
            _ if !self.is_open() => {}
            ParentClosePolicy::Abandon => {}
            ParentClosePolicy::Terminate | ParentClosePolicy::Unspecified => {
                self.terminate("by parent close policy", None, "history-service", world);
            }
            ParentClosePolicy::RequestCancel => self.request_cancel(
                events::WorkflowExecutionCancelRequestedEventAttributes {
                    external_workflow_execution: Some(parent),
                    identity: "history-service".to_owned(),
                    ..Default::default()
                },
                Vec::new(),
                world,
            ),
        }
    }
}

/// What the event of a child's end is made of.
struct ChildEnd<'a> {
    initiated: Initiated,
    initiated_event_id: i64,
    started_event_id: i64,
    run_id: &'a str,
}

impl ChildEnd<'_> {
    fn draft(self, closed: Attributes, world: &World) -> Option<Draft> {
        let Initiated {
            namespace,
            namespace_id,
            workflow_id,
            workflow_type,
            ..
        } = self.initiated;
        let (initiated_event_id, started_event_id) =
            (self.initiated_event_id, self.started_event_id);
        let workflow_execution = Some(workflow_execution(&workflow_id, self.run_id));
        let now = world.now;
        Some(match closed {
            Attributes::WorkflowExecutionCompletedEventAttributes(a) => Draft::new(
                now,
                events::ChildWorkflowExecutionCompletedEventAttributes {
                    result: a.result,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                },
            ),
            Attributes::WorkflowExecutionFailedEventAttributes(a) => Draft::new(
                now,
                events::ChildWorkflowExecutionFailedEventAttributes {
                    failure: a.failure,
                    retry_state: a.retry_state,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                },
            ),
            Attributes::WorkflowExecutionCanceledEventAttributes(a) => Draft::new(
                now,
                events::ChildWorkflowExecutionCanceledEventAttributes {
                    details: a.details,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                },
            ),
            Attributes::WorkflowExecutionTimedOutEventAttributes(a) => Draft::new(
                now,
                events::ChildWorkflowExecutionTimedOutEventAttributes {
                    retry_state: a.retry_state,
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                },
            ),
            Attributes::WorkflowExecutionTerminatedEventAttributes(_) => Draft::new(
                now,
                events::ChildWorkflowExecutionTerminatedEventAttributes {
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                },
            ),
            _ => return None,
        })
    }
}

/// Whether another run continues what this event closes.
fn goes_on(closed: &Attributes) -> bool {
    match closed {
        Attributes::WorkflowExecutionContinuedAsNewEventAttributes(_) => true,
        Attributes::WorkflowExecutionCompletedEventAttributes(a) => {
            !a.new_execution_run_id.is_empty()
        }
        Attributes::WorkflowExecutionFailedEventAttributes(a) => !a.new_execution_run_id.is_empty(),
        Attributes::WorkflowExecutionTimedOutEventAttributes(a) => {
            !a.new_execution_run_id.is_empty()
        }
        _ => false,
    }
}

/// The start request that a child amounts to.
pub(in crate::server) fn start_request(initiated: &Initiated) -> StartWorkflowExecutionRequest {
    let initiated = initiated.clone();
    StartWorkflowExecutionRequest {
        namespace: initiated.namespace,
        workflow_id: initiated.workflow_id,
        workflow_type: initiated.workflow_type,
        task_queue: initiated.task_queue,
        input: initiated.input,
        workflow_execution_timeout: initiated.workflow_execution_timeout,
        workflow_run_timeout: initiated.workflow_run_timeout,
        workflow_task_timeout: initiated.workflow_task_timeout,
        workflow_id_reuse_policy: initiated.workflow_id_reuse_policy,
        retry_policy: initiated.retry_policy,
        cron_schedule: initiated.cron_schedule,
        memo: initiated.memo,
        search_attributes: initiated.search_attributes,
        header: initiated.header,
        priority: initiated.priority,
        ..Default::default()
    }
}
