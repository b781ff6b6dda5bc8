//! Signals and cancellations that one workflow sends to another.

use outlast_proto::temporal::api::command::v1 as commands;
use outlast_proto::temporal::api::common::v1::WorkflowExecution;
use outlast_proto::temporal::api::enums::v1::{
    CancelExternalWorkflowExecutionFailedCause as CancelFailure,
    SignalExternalWorkflowExecutionFailedCause as SignalFailure,
};
use outlast_proto::temporal::api::history::v1 as events;

use crate::server::execution::Execution;
use crate::server::history::Draft;
use crate::server::namespaces::namespace_id;
use crate::server::oracle::Site;
use crate::server::relations::deliveries::Delivery;
use crate::server::wire::workflow_execution;
use crate::server::world::World;

pub(in crate::server) type SignalInitiated =
    events::SignalExternalWorkflowExecutionInitiatedEventAttributes;
pub(in crate::server) type CancelInitiated =
    events::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes;

impl Execution {
    /// Records that a signal is to be sent; it is delivered right after this transaction.
    pub(in crate::server) fn initiate_signal(
        &mut self,
        a: commands::SignalExternalWorkflowExecutionCommandAttributes,
        completed: i64,
        world: &mut World,
    ) {
        let namespace = self.namespace_or_own(&a.namespace).to_owned();
        let initiated = SignalInitiated {
            workflow_task_completed_event_id: completed,
            namespace_id: namespace_id(&namespace),
            namespace,
            workflow_execution: a.execution,
            signal_name: a.signal_name,
            input: a.input,
            control: a.control,
            child_workflow_only: a.child_workflow_only,
            header: a.header,
        };
        // The event repeats the command, which may leave the namespace out.
        let written = SignalInitiated {
            namespace: a.namespace,
            ..initiated.clone()
        };
        let initiated_event_id = self.history.append(Draft::new(world.now, written));
        world.deliveries.push_back(Delivery::Signal {
            from: self.key,
            initiated_event_id,
            initiated: Box::new(initiated),
        });
    }

    /// Records that a cancellation is to be sent; it is delivered right after this transaction.
    pub(in crate::server) fn initiate_cancel(
        &mut self,
        a: commands::RequestCancelExternalWorkflowExecutionCommandAttributes,
        completed: i64,
        world: &mut World,
    ) {
        let namespace = self.namespace_or_own(&a.namespace).to_owned();
        let initiated = CancelInitiated {
            workflow_task_completed_event_id: completed,
            namespace_id: namespace_id(&namespace),
            namespace,
            workflow_execution: Some(workflow_execution(&a.workflow_id, &a.run_id)),
            control: a.control,
            child_workflow_only: a.child_workflow_only,
            reason: a.reason,
        };
        // The event repeats the command, which may leave the namespace out.
        let written = CancelInitiated {
            namespace: a.namespace,
            ..initiated.clone()
        };
        let initiated_event_id = self.history.append(Draft::new(world.now, written));
        world.deliveries.push_back(Delivery::Cancel {
            from: self.key,
            initiated_event_id,
            initiated: Box::new(initiated),
        });
    }

    /// Takes in a signal of another workflow.
    pub(in crate::server) fn receive_signal(
        &mut self,
        from: WorkflowExecution,
        signal: SignalInitiated,
        world: &mut World,
    ) {
        let attributes = events::WorkflowExecutionSignaledEventAttributes {
            signal_name: signal.signal_name,
            input: signal.input,
            identity: "history-service".to_owned(),
            header: signal.header,
            external_workflow_execution: Some(from),
            request_id: self.draw_id(Site::External, world),
            ..Default::default()
        };
        self.record(Draft::new(world.now, attributes));
    }

    /// Records what became of a signal to another workflow.
    pub(in crate::server) fn signal_delivered(
        &mut self,
        initiated_event_id: i64,
        signal: SignalInitiated,
        outcome: Result<(), SignalFailure>,
        world: &World,
    ) {
        let draft = match outcome {
            Ok(()) => Draft::new(
                world.now,
                events::ExternalWorkflowExecutionSignaledEventAttributes {
                    initiated_event_id,
                    namespace: signal.namespace,
                    namespace_id: signal.namespace_id,
                    workflow_execution: signal.workflow_execution,
                    control: signal.control,
                },
            ),
            Err(cause) => Draft::new(
                world.now,
                events::SignalExternalWorkflowExecutionFailedEventAttributes {
                    cause: cause as i32,
                    namespace: signal.namespace,
                    namespace_id: signal.namespace_id,
                    workflow_execution: signal.workflow_execution,
                    initiated_event_id,
                    control: signal.control,
                    ..Default::default()
                },
            ),
        };
        self.record(draft);
    }

    /// Records what became of a cancellation of another workflow.
    pub(in crate::server) fn cancel_delivered(
        &mut self,
        initiated_event_id: i64,
        cancel: CancelInitiated,
        outcome: Result<(), CancelFailure>,
        world: &World,
    ) {
        let draft = match outcome {
            Ok(()) => Draft::new(
                world.now,
                events::ExternalWorkflowExecutionCancelRequestedEventAttributes {
                    initiated_event_id,
                    namespace: cancel.namespace,
                    namespace_id: cancel.namespace_id,
                    workflow_execution: cancel.workflow_execution,
                },
            ),
            Err(cause) => Draft::new(
                world.now,
                events::RequestCancelExternalWorkflowExecutionFailedEventAttributes {
                    cause: cause as i32,
                    namespace: cancel.namespace,
                    namespace_id: cancel.namespace_id,
                    workflow_execution: cancel.workflow_execution,
                    initiated_event_id,
                    control: cancel.control,
                    ..Default::default()
                },
            ),
        };
        self.record(draft);
    }
}
