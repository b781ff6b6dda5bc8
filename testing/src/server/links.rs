//! Links that requests bring along, and what they have to say.

use outlast_proto::temporal::api::common::v1::Link;
use outlast_proto::temporal::api::common::v1::link::workflow_event::Reference;
use outlast_proto::temporal::api::common::v1::link::{Variant, WorkflowEvent};
use outlast_proto::temporal::api::enums::v1::EventType;
use prost::Message;

use super::errors::{Error, Result};

/// Refuses links that lead nowhere, large ones, and many of them.
pub(super) fn check_links(links: &[Link]) -> Result<()> {
    if links.len() > LINK_COUNT_LIMIT {
        return Err(Error::invalid(format!(
            "cannot attach more than {LINK_COUNT_LIMIT} links per request, got {}",
            links.len()
        )));
    }
    links.iter().try_for_each(check_link)
}

fn check_link(link: &Link) -> Result<()> {
    let size = link.encoded_len();
    if size > LINK_SIZE_LIMIT {
        return Err(Error::invalid(format!(
            "link exceeds allowed size of {LINK_SIZE_LIMIT}, got {size}"
        )));
    }
    let flaw = match &link.variant {
        Some(Variant::WorkflowEvent(event)) => event_flaw(event),
        Some(Variant::BatchJob(job)) if job.job_id.is_empty() => {
            Some("batch job link must not have an empty job ID")
        }
        Some(Variant::BatchJob(_)) => None,
        Some(
            Variant::Activity(_)
            | Variant::Callback(_)
            | Variant::NexusOperation(_)
            | Variant::Workflow(_),
        )
        | None => Some("unsupported link variant"),
    };
    match flaw {
        Some(flaw) => Err(Error::invalid(flaw)),
        None => Ok(()),
    }
}

fn event_flaw(event: &WorkflowEvent) -> Option<&'static str> {
    if event.namespace.is_empty() {
        return Some("workflow event link must not have an empty namespace field");
    }
    if event.workflow_id.is_empty() {
        return Some("workflow event link must not have an empty workflow ID field");
    }
    if event.run_id.is_empty() {
        return Some("workflow event link must not have an empty run ID field");
    }
    match &event.reference {
        Some(Reference::EventRef(reference))
            if reference.event_id != 0 && reference.event_type() == EventType::Unspecified =>
        {
            Some(
                "workflow event link ref cannot have an unspecified event type and a non-zero \
                 event ID",
            )
        }
        Some(Reference::EventRef(_) | Reference::RequestIdRef(_)) | None => None,
    }
}

const LINK_COUNT_LIMIT: usize = 10;
const LINK_SIZE_LIMIT: usize = 4000;
