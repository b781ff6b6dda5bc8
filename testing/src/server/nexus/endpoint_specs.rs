//! What is wrong with an endpoint.

use outlast_proto::temporal::api::nexus::v1::endpoint_target::{External, Variant, Worker};
use outlast_proto::temporal::api::nexus::v1::{EndpointSpec, EndpointTarget};
use prost::Message;

/// Everything that is wrong, in the real server's words and order.
pub(super) fn flaws(spec: &EndpointSpec) -> Vec<String> {
    let target = match spec.target.as_ref() {
        Some(EndpointTarget {
            variant: Some(Variant::Worker(worker)),
        }) => worker_flaw(worker),
        Some(EndpointTarget {
            variant: Some(Variant::External(external)),
        }) => external_flaw(external),
        Some(EndpointTarget { variant: None }) | None => Some("empty target variant".to_owned()),
    };
    let description = spec.description.as_ref().map_or(0, Message::encoded_len);
    let description = (description > DESCRIPTION_LIMIT)
        .then(|| format!("description size exceeds limit of {DESCRIPTION_LIMIT}"));
    let flaws = [name_flaw(&spec.name), target, description];
    flaws.into_iter().flatten().collect()
}

fn name_flaw(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("endpoint name not set".to_owned());
    }
    if name.len() > NAME_LIMIT {
        return Some(format!(
            "endpoint name exceeds length limit of {NAME_LIMIT}"
        ));
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let fits = name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(inner);
    (!fits).then(|| {
        "endpoint name must match the regex: \"^[a-zA-Z][a-zA-Z0-9\\\\-]*[a-zA-Z0-9]$\"".to_owned()
    })
}

fn worker_flaw(worker: &Worker) -> Option<String> {
    if worker.namespace.is_empty() {
        return Some("target namespace not set".to_owned());
    }
    let flaw = if worker.task_queue.is_empty() {
        "taskQueue is not set"
    } else if worker.task_queue.starts_with("/_sys/") {
        "task queue name cannot start with reserved prefix /_sys/"
    } else {
        return None;
    };
    Some(format!("invalid target task queue: {flaw:?}"))
}

fn external_flaw(external: &External) -> Option<String> {
    let url = &external.url;
    if url.is_empty() {
        return Some("empty target URL".to_owned());
    }
    if url.len() > URL_LIMIT {
        return Some(format!("target URL length exceeds limit of {URL_LIMIT}"));
    }
    if url.starts_with(':') {
        return Some(format!(
            "invalid target URL: parse {url:?}: missing protocol scheme"
        ));
    }
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    (scheme != "http" && scheme != "https")
        .then(|| format!("invalid target URL scheme: {scheme:?}, expected http or https"))
}

const NAME_LIMIT: usize = 200;
const URL_LIMIT: usize = 4096;
const DESCRIPTION_LIMIT: usize = 20_000;
