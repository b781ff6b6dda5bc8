//! The server must share nothing with the SDK that it tests.

use std::fs;
use std::path::{Path, PathBuf};

/// What the state machine may import, besides itself.
const ALLOWED: [&str; 7] = [
    "std::",
    "bytes::",
    "outlast_proto::",
    "prost::",
    "prost_types::",
    "super::",
    "crate::server",
];

#[test]
fn the_state_machine_imports_only_the_wire_types() {
    let mut files = Vec::new();
    sources(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/server")),
        &mut files,
    );
    assert!(files.len() > 20, "the server's sources were not found");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let Some(path) = line.strip_prefix("use ") else {
                continue;
            };
            let own = path.starts_with("self::");
            let allowed = own || ALLOWED.iter().any(|prefix| path.starts_with(prefix));
            assert!(allowed, "{}: {line}", file.display());
        }
        for word in [
            "async fn",
            "async move",
            "tokio",
            "outlast::",
            "tonic",
            "SystemTime::now",
            "thread::",
        ] {
            assert!(!text.contains(word), "{} has {word:?}", file.display());
        }
    }
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
