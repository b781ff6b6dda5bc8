//! Holds the code against ARCHITECTURE.md.
//!
//! The rules stand in the document, as tables and lists that these tests read; what they look at
//! is the code without its tests.

#![allow(missing_docs, reason = "tests are named for what they claim")]

mod document;
mod manifest;
mod rules;
mod signature;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use document::{code, table};
use rules::{Layers, Violation};
use source::{Source, sources, with_tests};

const CRATES: [&str; 5] = ["examples", "macros", "proto", "sdk", "testing"];

#[test]
fn modules_import_what_the_table_allows() {
    let layers = Layers::read(&architecture());
    let violations = layers.violations(&sources(&path("sdk/src")));
    assert_none(&violations);
}

#[test]
fn dependencies_have_reasons_and_stay_where_they_belong() {
    let document = architecture();
    let mut violations = Vec::new();
    for name in CRATES {
        let manifest = read(&format!("{name}/Cargo.toml"));
        let rows = table(&document, &format!("Dependencies of `{name}/`"));
        let src = sources(&path(&format!("{name}/src")));
        violations.extend(rules::dependencies(name, &manifest, &rows, &src));
    }
    assert_none(&violations);
}

#[test]
fn public_signatures_show_no_types_of_the_wire() {
    let is_raw = |source: &Source| source.module == ["raw"];
    let sources = sources(&path("sdk/src"));
    let sources: Vec<_> = sources.into_iter().filter(|s| !is_raw(s)).collect();
    let hidden = ["outlast_proto", "prost", "prost_types", "tonic", "backoff"];
    assert_none(&rules::public_names(&sources, &hidden));
}

#[test]
fn code_has_none_of_what_is_banned() {
    let document = architecture();
    let mut violations = Vec::new();
    for row in table(&document, "What must not be there") {
        let [place, banned, _why] = row[..] else {
            panic!("{row:?}");
        };
        let place = code(place)[0];
        let sources = sources(&path(place));
        assert!(!sources.is_empty(), "there is nothing in {place}");
        violations.extend(rules::banned(&sources, &code(banned)));
    }
    assert_none(&violations);
}

#[test]
fn generated_code_names_only_outlast_and_the_standard_library() {
    let folder = path("macros/tests/expand");
    let snapshots: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert!(snapshots.len() >= 4, "the snapshots were not found");
    for file in snapshots {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.splitn(3, "---").nth(2).expect("a snapshot has a head");
        let strangers = rules::strangers(code);
        assert!(strangers.is_empty(), "{}: {strangers:?}", file.display());
    }
}

#[test]
fn all_tests_run_and_nothing_is_left_to_do() {
    let mut violations = Vec::new();
    for name in CRATES {
        for folder in ["src", "tests"].map(|folder| path(&format!("{name}/{folder}"))) {
            if folder.exists() && name != "proto" {
                let files = with_tests(&folder);
                let left = [
                    "#[ignore]",
                    "#[ignore = \"\"]",
                    "todo!",
                    "unimplemented!",
                    "dbg!",
                ];
                violations.extend(rules::banned(&files, &left));
            }
        }
    }
    assert_none(&violations);
}

#[test]
fn the_map_names_every_module() {
    let document = architecture();
    let mut named: Vec<String> = Vec::new();
    for row in table(&document, "Code map") {
        named.extend(code(row[0]).iter().map(|place| (*place).to_owned()));
    }
    let mut there = Vec::new();
    for folder in ["macros/src", "sdk/src", "testing/src"] {
        for entry in fs::read_dir(path(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !matches!(name.as_str(), "lib.rs" | "tests.rs" | "bin") {
                there.push(format!("{folder}/{name}"));
            }
        }
    }
    let missing: Vec<_> = there
        .iter()
        .filter(|place| !named.contains(place))
        .collect();
    assert!(
        missing.is_empty(),
        "ARCHITECTURE.md does not map {missing:?}"
    );
    let gone: Vec<_> = named.iter().filter(|place| !path(place).exists()).collect();
    assert!(
        gone.is_empty(),
        "ARCHITECTURE.md maps what is not there: {gone:?}"
    );
}

#[test]
fn both_readmes_are_the_same_file() {
    assert_eq!(read("README.md"), read("sdk/README.md"));
    assert!(
        path("README.md").is_symlink(),
        "the root's is a link to the crate's"
    );
}

#[test]
fn the_document_is_short() {
    let lines = architecture().lines().count();
    assert!(lines <= 300, "ARCHITECTURE.md has {lines} lines");
}

fn architecture() -> String {
    read("ARCHITECTURE.md")
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A path below the root of the repository.
fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(below)
}

fn assert_none(violations: &[Violation]) {
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}
