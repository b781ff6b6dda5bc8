//! Links between the histories of callers and handlers, as URLs.

use std::fmt::Write;

use outlast_proto::temporal::api::common::v1::Link;
use outlast_proto::temporal::api::common::v1::link::workflow_event::{
    EventReference, Reference, RequestIdReference,
};
use outlast_proto::temporal::api::common::v1::link::{Variant, WorkflowEvent};
use outlast_proto::temporal::api::enums::v1::EventType;
use outlast_proto::temporal::api::nexus::v1 as nexus;

/// The links that a handler has answered with, as far as they lead to events.
pub(super) fn from_nexus(links: &[nexus::Link]) -> Vec<Link> {
    let links = links.iter().filter(|link| link.r#type == LINK_TYPE);
    let events = links.filter_map(|link| parse(&link.url));
    events
        .map(|event| Link {
            variant: Some(Variant::WorkflowEvent(event)),
        })
        .collect()
}

/// The URL of a link to an event; empty for other links.
pub(super) fn to_url(link: &Link) -> String {
    let Some(Variant::WorkflowEvent(event)) = &link.variant else {
        return String::new();
    };
    let mut url = format!(
        "temporal:///namespaces/{}/workflows/{}/{}/history?",
        escaped(&event.namespace),
        escaped(&event.workflow_id),
        escaped(&event.run_id),
    );
    let name = |event_type| camel_case(EventType::try_from(event_type).unwrap_or_default());
    match &event.reference {
        Some(Reference::EventRef(of)) => {
            if of.event_id > 0 {
                let _ = write!(url, "eventID={}&", of.event_id);
            }
            let event_type = name(of.event_type);
            let _ = write!(url, "eventType={event_type}&referenceType=EventReference");
        }
        Some(Reference::RequestIdRef(of)) => {
            let event_type = name(of.event_type);
            let _ = write!(
                url,
                "eventType={event_type}&referenceType=RequestIdReference&requestID={}",
                escaped(&of.request_id)
            );
        }
        None => {}
    }
    url
}

fn parse(url: &str) -> Option<WorkflowEvent> {
    let (path, query) = url.strip_prefix("temporal:///")?.split_once('?')?;
    let path: Vec<&str> = path.split('/').collect();
    let &[
        "namespaces",
        namespace,
        "workflows",
        workflow_id,
        run_id,
        "history",
    ] = path.as_slice()
    else {
        return None;
    };
    let value = |key: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
    };
    let event_type = event_type(value("eventType")?)? as i32;
    let reference = match value("referenceType")? {
        "EventReference" => Reference::EventRef(EventReference {
            event_id: value("eventID").unwrap_or("0").parse().ok()?,
            event_type,
        }),
        "RequestIdReference" => Reference::RequestIdRef(RequestIdReference {
            request_id: unescaped(value("requestID")?)?,
            event_type,
        }),
        _ => return None,
    };
    Some(WorkflowEvent {
        namespace: unescaped(namespace)?,
        workflow_id: unescaped(workflow_id)?,
        run_id: unescaped(run_id)?,
        reference: Some(reference),
    })
}

/// `NexusOperationScheduled`, not `EVENT_TYPE_NEXUS_OPERATION_SCHEDULED`.
fn camel_case(event_type: EventType) -> String {
    let name = event_type.as_str_name().trim_start_matches(TYPE_PREFIX);
    let words = name.split('_').filter_map(|word| word.split_at_checked(1));
    words
        .map(|(first, rest)| format!("{first}{}", rest.to_ascii_lowercase()))
        .collect()
}

fn event_type(name: &str) -> Option<EventType> {
    let mut shouting = TYPE_PREFIX.trim_end_matches('_').to_owned();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            shouting.push('_');
        }
        shouting.push(letter.to_ascii_uppercase());
    }
    EventType::from_str_name(&shouting)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        let (digits, after) = after.split_at_checked(2)?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).ok()
}

/// What the links are that lead to events.
pub(super) const LINK_TYPE: &str = "temporal.api.common.v1.Link.WorkflowEvent";
const TYPE_PREFIX: &str = "EVENT_TYPE_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_being_a_url() {
        let references = [
            Reference::EventRef(EventReference {
                event_id: 5,
                event_type: EventType::NexusOperationScheduled as i32,
            }),
            Reference::RequestIdRef(RequestIdReference {
                request_id: "r&1".to_owned(),
                event_type: EventType::WorkflowExecutionOptionsUpdated as i32,
            }),
        ];
        for reference in references {
            let event = WorkflowEvent {
                namespace: "default".to_owned(),
                workflow_id: "order/1 é".to_owned(),
                run_id: "run".to_owned(),
                reference: Some(reference),
            };
            let link = Link {
                variant: Some(Variant::WorkflowEvent(event)),
            };
            let url = to_url(&link);
            let wire = nexus::Link {
                url: url.clone(),
                r#type: LINK_TYPE.to_owned(),
            };
            assert_eq!(from_nexus(&[wire]), [link], "{url}");
        }
    }

    #[test]
    fn links_that_make_no_sense_are_passed_over() {
        for url in [
            "http://example.com",
            "temporal:///namespaces/default",
            "temporal:///namespaces/n/workflows/w/r/history?eventType=1&referenceType=EventReference",
            "temporal:///namespaces/n/workflows/%zz/r/history?eventType=TimerFired&referenceType=EventReference",
        ] {
            let wire = nexus::Link {
                url: url.to_owned(),
                r#type: LINK_TYPE.to_owned(),
            };
            assert_eq!(from_nexus(&[wire]), [], "{url}");
        }
    }
}
