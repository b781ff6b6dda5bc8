//! Ids that a server or a scenario made up, by the order in which they appear.

use std::collections::{BTreeMap, HashMap};

/// `run-1` for the first run id, `request-2` for the second request id, and so on.
pub(super) struct Names {
    known: HashMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Names {
    /// Knows the scenario's own id from the start.
    pub(super) fn new(own: &str) -> Self {
        Self {
            known: [(own.to_owned(), "own".to_owned())].into(),
            counts: BTreeMap::new(),
        }
    }

    /// The text of a field, with every UUID in it replaced.
    pub(super) fn replace(&mut self, field: &str, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = (0..rest.len()).find(|at| is_uuid(rest, *at)) {
            let (before, uuid) = rest.split_at(at);
            let (uuid, after) = uuid.split_at(UUID.len());
            out.push_str(before);
            out.push_str(self.name(field, uuid));
            rest = after;
        }
        out + rest
    }

    fn name(&mut self, field: &str, uuid: &str) -> &str {
        let counts = &mut self.counts;
        self.known.entry(uuid.to_owned()).or_insert_with(|| {
            let kind = kind(field);
            if kind == "namespace" {
                return kind.to_owned();
            }
            let count = counts.entry(kind).or_default();
            *count += 1;
            format!("{kind}-{count}")
        })
    }
}

fn kind(field: &str) -> &'static str {
    if field.ends_with("run_id") {
        "run"
    } else if field.ends_with("request_id") {
        "request"
    } else if field.ends_with("namespace_id") {
        "namespace"
    } else {
        "id"
    }
}

const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

fn is_uuid(text: &str, at: usize) -> bool {
    let Some(part) = text.as_bytes().get(at..at + UUID.len()) else {
        return false;
    };
    let mut pairs = part.iter().zip(UUID.bytes());
    pairs.all(|(byte, wanted)| match wanted {
        b'-' => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
