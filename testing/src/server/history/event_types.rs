//! The events that this server writes.

use outlast_proto::temporal::api::enums::v1::EventType;
use outlast_proto::temporal::api::history::v1 as events;
use outlast_proto::temporal::api::history::v1::history_event::Attributes;

/// The attributes of one type of event.
pub(in crate::server) trait EventAttributes {
    /// The attributes as an event carries them.
    fn into_attributes(self) -> Attributes;
}

macro_rules! event_types {
    ($($event_type:ident: $attributes:ident,)+) => {
        $(
            impl EventAttributes for events::$attributes {
                fn into_attributes(self) -> Attributes {
                    Attributes::$attributes(Box::new(self))
                }
            }
        )+

        /// The type of an event with these attributes.
        pub(in crate::server) fn event_type(attributes: &Attributes) -> EventType {
            match attributes {
                $(Attributes::$attributes(_) => EventType::$event_type,)+
                _ => unreachable!("this server writes no such event"),
            }
        }
    };
}

event_types! {
    WorkflowExecutionStarted: WorkflowExecutionStartedEventAttributes,
    WorkflowExecutionCompleted: WorkflowExecutionCompletedEventAttributes,
    WorkflowExecutionFailed: WorkflowExecutionFailedEventAttributes,
    WorkflowExecutionTimedOut: WorkflowExecutionTimedOutEventAttributes,
    WorkflowExecutionCanceled: WorkflowExecutionCanceledEventAttributes,
    WorkflowExecutionTerminated: WorkflowExecutionTerminatedEventAttributes,
    WorkflowExecutionContinuedAsNew: WorkflowExecutionContinuedAsNewEventAttributes,
    WorkflowExecutionSignaled: WorkflowExecutionSignaledEventAttributes,
    WorkflowExecutionCancelRequested: WorkflowExecutionCancelRequestedEventAttributes,
    WorkflowExecutionUpdateAdmitted: WorkflowExecutionUpdateAdmittedEventAttributes,
    WorkflowExecutionUpdateAccepted: WorkflowExecutionUpdateAcceptedEventAttributes,
    WorkflowExecutionUpdateCompleted: WorkflowExecutionUpdateCompletedEventAttributes,
    WorkflowExecutionOptionsUpdated: WorkflowExecutionOptionsUpdatedEventAttributes,
    WorkflowTaskScheduled: WorkflowTaskScheduledEventAttributes,
    WorkflowTaskStarted: WorkflowTaskStartedEventAttributes,
    WorkflowTaskCompleted: WorkflowTaskCompletedEventAttributes,
    WorkflowTaskFailed: WorkflowTaskFailedEventAttributes,
    WorkflowTaskTimedOut: WorkflowTaskTimedOutEventAttributes,
    ActivityTaskScheduled: ActivityTaskScheduledEventAttributes,
    ActivityTaskStarted: ActivityTaskStartedEventAttributes,
    ActivityTaskCompleted: ActivityTaskCompletedEventAttributes,
    ActivityTaskFailed: ActivityTaskFailedEventAttributes,
    ActivityTaskTimedOut: ActivityTaskTimedOutEventAttributes,
    ActivityTaskCancelRequested: ActivityTaskCancelRequestedEventAttributes,
    ActivityTaskCanceled: ActivityTaskCanceledEventAttributes,
    StartChildWorkflowExecutionInitiated: StartChildWorkflowExecutionInitiatedEventAttributes,
    StartChildWorkflowExecutionFailed: StartChildWorkflowExecutionFailedEventAttributes,
    ChildWorkflowExecutionStarted: ChildWorkflowExecutionStartedEventAttributes,
    ChildWorkflowExecutionCompleted: ChildWorkflowExecutionCompletedEventAttributes,
    ChildWorkflowExecutionFailed: ChildWorkflowExecutionFailedEventAttributes,
    ChildWorkflowExecutionCanceled: ChildWorkflowExecutionCanceledEventAttributes,
    ChildWorkflowExecutionTimedOut: ChildWorkflowExecutionTimedOutEventAttributes,
    ChildWorkflowExecutionTerminated: ChildWorkflowExecutionTerminatedEventAttributes,
    SignalExternalWorkflowExecutionInitiated: SignalExternalWorkflowExecutionInitiatedEventAttributes,
    SignalExternalWorkflowExecutionFailed: SignalExternalWorkflowExecutionFailedEventAttributes,
    ExternalWorkflowExecutionSignaled: ExternalWorkflowExecutionSignaledEventAttributes,
    RequestCancelExternalWorkflowExecutionInitiated: RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
    RequestCancelExternalWorkflowExecutionFailed: RequestCancelExternalWorkflowExecutionFailedEventAttributes,
    ExternalWorkflowExecutionCancelRequested: ExternalWorkflowExecutionCancelRequestedEventAttributes,
    TimerStarted: TimerStartedEventAttributes,
    TimerFired: TimerFiredEventAttributes,
    TimerCanceled: TimerCanceledEventAttributes,
    MarkerRecorded: MarkerRecordedEventAttributes,
    UpsertWorkflowSearchAttributes: UpsertWorkflowSearchAttributesEventAttributes,
    WorkflowPropertiesModified: WorkflowPropertiesModifiedEventAttributes,
    NexusOperationScheduled: NexusOperationScheduledEventAttributes,
    NexusOperationStarted: NexusOperationStartedEventAttributes,
    NexusOperationCompleted: NexusOperationCompletedEventAttributes,
    NexusOperationFailed: NexusOperationFailedEventAttributes,
    NexusOperationCanceled: NexusOperationCanceledEventAttributes,
    NexusOperationTimedOut: NexusOperationTimedOutEventAttributes,
    NexusOperationCancelRequested: NexusOperationCancelRequestedEventAttributes,
    NexusOperationCancelRequestCompleted: NexusOperationCancelRequestCompletedEventAttributes,
    NexusOperationCancelRequestFailed: NexusOperationCancelRequestFailedEventAttributes,
}
