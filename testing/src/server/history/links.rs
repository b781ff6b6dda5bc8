//! Links: where in a history the effect of a request is found.

use outlast_proto::temporal::api::common::v1::Link;
use outlast_proto::temporal::api::common::v1::link::workflow_event::{
    EventReference, Reference, RequestIdReference,
};
use outlast_proto::temporal::api::common::v1::link::{Variant, Workflow, WorkflowEvent};
use outlast_proto::temporal::api::enums::v1::EventType;

use crate::server::execution::Execution;

impl Execution {
    /// Leads to the first event.
    pub(in crate::server) fn link_to_start(&self) -> Link {
        self.link_to_event(1, EventType::WorkflowExecutionStarted)
    }

    pub(in crate::server) fn link_to_event(&self, event_id: i64, event_type: EventType) -> Link {
        self.link_to(Reference::EventRef(EventReference {
            event_id,
            event_type: event_type as i32,
        }))
    }

    /// Leads to the event that a request brought about, whose id may not be known yet.
    pub(in crate::server) fn link_to_request(
        &self,
        request_id: &str,
        event_type: EventType,
    ) -> Link {
        self.link_to(Reference::RequestIdRef(RequestIdReference {
            request_id: request_id.to_owned(),
            event_type: event_type as i32,
        }))
    }

    /// Leads to the run as a whole, for what left no event.
    pub(in crate::server) fn link_to_run(&self, reason: &str) -> Link {
        Link {
            variant: Some(Variant::Workflow(Workflow {
                namespace: self.namespace.clone(),
                workflow_id: self.workflow_id.clone(),
                run_id: self.run_id.clone(),
                reason: reason.to_owned(),
            })),
        }
    }

    fn link_to(&self, reference: Reference) -> Link {
        Link {
            variant: Some(Variant::WorkflowEvent(WorkflowEvent {
                namespace: self.namespace.clone(),
                workflow_id: self.workflow_id.clone(),
                run_id: self.run_id.clone(),
                reference: Some(reference),
            })),
        }
    }
}
