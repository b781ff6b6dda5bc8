//! The rules, each as a function from sources to the sentences that say what breaks it.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{code, table};
use crate::manifest::{crate_name, dependencies as dependencies_of};
use crate::source::{NamePath, Source};

/// What breaks a rule, for people.
pub(crate) type Violation = String;

/// Which module of a crate may import which.
#[derive(Debug)]
pub(crate) struct Layers {
    /// The modules from the top down. Those of one row may import each other.
    rows: Vec<(Vec<String>, Vec<String>)>,
}

impl Layers {
    pub(crate) fn read(document: &str) -> Self {
        let names = |cell| code(cell).into_iter().map(ToOwned::to_owned).collect();
        let rows = table(document, "Who may import whom");
        let rows = rows.iter().map(|row| (names(row[0]), names(row[1])));
        Self {
            rows: rows.collect(),
        }
    }

    pub(crate) fn violations(&self, sources: &[Source]) -> Vec<Violation> {
        let root = Root::of(sources);
        let mut violations = self.order();
        for source in sources {
            // The root imports everything, to offer it.
            let Some(module) = source.module.first() else {
                continue;
            };
            let Some((row, allowed)) = self.rows.iter().find(|(row, _)| row.contains(module))
            else {
                violations.push(format!("`{module}` is in no row of the table"));
                continue;
            };
            for mention in source.mentions() {
                let Some(target) = root.module_of(&mention.path) else {
                    continue;
                };
                if target != module && !row.contains(target) && !allowed.contains(target) {
                    let path = mention.path.join("::");
                    violations.push(format!("{}: `{module}` imports `{path}`", source.file));
                }
            }
        }
        violations.sort();
        violations.dedup();
        violations
    }

    /// Imports go down the table, so that there are no cycles.
    fn order(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (at, (row, allowed)) in self.rows.iter().enumerate() {
            let below: Vec<_> = self.rows[at + 1..]
                .iter()
                .flat_map(|(row, _)| row)
                .collect();
            let up = allowed.iter().filter(|name| !below.contains(name));
            violations.extend(up.map(|name| format!("`{name}` is not below {row:?}")));
        }
        violations
    }
}

/// What the root of a crate offers under names of its own.
#[derive(Debug, Default)]
struct Root {
    modules: BTreeSet<String>,
    /// The modules of re-exported items and of exported macros.
    items: BTreeMap<String, String>,
}

impl Root {
    fn of(sources: &[Source]) -> Self {
        let mut root = Self::default();
        for source in sources {
            match source.module.first() {
                Some(module) => {
                    root.modules.insert(module.clone());
                    for name in source.exported_macros() {
                        root.items.insert(name, module.clone());
                    }
                }
                None => {
                    for mention in source.mentions() {
                        root.items.insert(mention.name, mention.path[0].clone());
                    }
                }
            }
        }
        root
    }

    /// The module that a path leads to, if it stays in the crate.
    fn module_of<'a>(&'a self, path: &'a NamePath) -> Option<&'a String> {
        // The crate also calls itself by its name, as generated code does.
        let ("crate" | "outlast", Some(first)) = (path[0].as_str(), path.get(1)) else {
            return None;
        };
        let module = self.modules.get(first);
        module.or_else(|| {
            self.items
                .get(first)
                .filter(|name| self.modules.contains(*name))
        })
    }
}

/// Every dependency has a row with a reason, is used, and is named only where its row says.
pub(crate) fn dependencies(
    folder: &str,
    manifest: &str,
    rows: &[Vec<&str>],
    sources: &[Source],
) -> Vec<Violation> {
    let mut violations = Vec::new();
    let used: Vec<_> = sources
        .iter()
        .flat_map(|source| source.mentions().into_iter().map(move |m| (source, m)))
        .collect();
    let all = dependencies_of(manifest);
    let mut listed = Vec::new();
    for row in rows {
        let &[names, places, why] = row.as_slice() else {
            panic!("{row:?}");
        };
        let places = code(places);
        for name in code(names) {
            listed.push(name.to_owned());
            if why.len() < 10 {
                violations.push(format!("{folder}: `{name}` has no reason"));
            }
            let in_code = crate_name(name);
            let users = used.iter().filter(|(_, m)| m.path[0] == in_code);
            let strays = users.filter(|(source, _)| {
                let module = source.module.join("::");
                !places.is_empty() && !places.iter().any(|place| is_within(&module, place))
            });
            violations.extend(strays.map(|(source, mention)| {
                let path = mention.path.join("::");
                format!(
                    "{folder}/src/{}: `{path}` is not for this module",
                    source.file
                )
            }));
        }
    }
    let unlisted = all.iter().filter(|name| !listed.contains(name));
    violations.extend(unlisted.map(|name| format!("{folder}: `{name}` has no row")));
    let gone = listed.iter().filter(|name| !all.contains(name));
    violations.extend(gone.map(|name| format!("{folder}: `{name}` is no dependency")));
    violations
}

fn is_within(module: &str, place: &str) -> bool {
    let rest = module.strip_prefix(place);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Names that files import from these crates and show in public.
pub(crate) fn public_names(sources: &[Source], hidden: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        let mut foreign: BTreeSet<String> = hidden.iter().map(ToString::to_string).collect();
        for mention in source.mentions() {
            if mention.is_imported && hidden.contains(&mention.path[0].as_str()) {
                foreign.insert(mention.name);
            }
        }
        let shown = source.public_names();
        let both = shown.into_iter().filter(|name| foreign.contains(*name));
        violations.extend(both.map(|name| format!("{}: `{name}` is public", source.file)));
    }
    violations
}

/// Code that must not be there.
pub(crate) fn banned(sources: &[Source], banned: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        let found = banned.iter().filter(|code| source.has(code));
        violations.extend(found.map(|code| format!("{} has `{code}`", source.file)));
    }
    violations
}

/// Crates that generated code names by an absolute path, other than the expected ones.
pub(crate) fn strangers(code: &str) -> Vec<String> {
    let crates = Source::new("snapshot.rs", code).global_paths();
    let is_strange = |name: &String| !matches!(name.as_str(), "outlast" | "core" | "std");
    crates.into_iter().filter(is_strange).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "\
## Who may import whom

| module | may import |
|---|---|
| `worker` | `engine` |
| `engine` | `ids` |
| `ids` | |
";

    fn violations(file: &str, text: &str) -> Vec<Violation> {
        let root = Source::new("lib.rs", "pub use ids::RunId; pub use worker::Worker;");
        let rest = ["worker.rs", "engine/mod.rs", "ids.rs"].map(|file| Source::new(file, ""));
        let mut sources = Vec::from(rest);
        sources.extend([root, Source::new(file, text)]);
        Layers::read(DOCUMENT).violations(&sources)
    }

    #[test]
    fn an_import_up_the_table_is_found_however_it_is_written() {
        for text in [
            "use crate::worker::Worker;",
            "use crate::{ids, worker::{self, Worker as W}};",
            "fn f() { crate::worker::poll() }",
            "use crate::Worker;",
            "use super::super::worker;",
            "mod inner { use super::super::super::worker; }",
            "macro_rules! m { () => { $crate::worker::poll() } }",
            "impl outlast::worker::Poll for X {}",
            "#[cfg(feature = \"x\")] use crate::worker::Worker;",
        ] {
            assert!(!violations("engine/run.rs", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_allowed_or_only_for_tests_is_passed_over() {
        for text in [
            "use crate::ids::RunId; use super::chunk; use crate::RunId;",
            "//! [`crate::worker::Worker`]\nconst A: &str = \"crate::worker::X\";",
            "#[cfg(test)] mod tests { use crate::worker::Worker; }",
            "#[cfg(test)] use crate::worker::{Worker, Poll};",
            "mod inner { use super::super::chunk; }",
        ] {
            assert_eq!(violations("engine/run.rs", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_table_with_a_cycle_or_without_a_module_is_refused() {
        let cycle = DOCUMENT.replace("| `ids` | |", "| `ids` | `worker` |");
        assert_eq!(Layers::read(&cycle).order().len(), 1);
        assert_eq!(
            violations("new.rs", ""),
            ["`new` is in no row of the table"]
        );
    }

    #[test]
    fn a_dependency_needs_a_row_a_reason_and_its_place() {
        let manifest =
            "[dependencies]\nbackoff.workspace = true\nbytes = \"1\"\n[features]\nx = []";
        let stray = Source::new("worker.rs", "use backoff::Backoff;");
        let home = Source::new("client/retry.rs", "use backoff::Backoff;");
        let sources = [stray, home];
        let rows = |rows: &[&[&'static str]]| rows.iter().map(|r| r.to_vec()).collect::<Vec<_>>();
        let found =
            |table: &[&[&'static str]]| dependencies("sdk", manifest, &rows(table), &sources);
        let bytes: &[&str] = &["`bytes`", "", "buffers that are shared"];
        let everywhere: &[&str] = &["`backoff`", "", "waits between retries"];
        assert_eq!(found(&[bytes, everywhere]), [""; 0]);
        let confined: &[&str] = &["`backoff`", "`client::retry`", "waits between retries"];
        let stray = "sdk/src/worker.rs: `backoff::Backoff` is not for this module";
        assert_eq!(found(&[bytes, confined]), [stray]);
        assert_eq!(found(&[everywhere]), ["sdk: `bytes` has no row"]);
        let unreasoned: &[&str] = &["`bytes`", "", ""];
        assert_eq!(
            found(&[unreasoned, everywhere]),
            ["sdk: `bytes` has no reason"]
        );
        let gone: &[&str] = &["`chrono`", "", "was once for dates"];
        assert_eq!(
            found(&[bytes, everywhere, gone]),
            ["sdk: `chrono` is no dependency"]
        );
    }

    #[test]
    fn wire_types_are_found_in_public_signatures_only() {
        let imports = "use outlast_proto::common::v1::{Payload, Failure as Wire};";
        for (code, found) in [
            ("pub fn f(payload: Payload) {}", 1),
            ("pub async fn f() -> Result<Wire, ()> { g() }", 1),
            ("pub struct S { pub payload: Option<Payload>, }", 1),
            ("pub struct S(pub Payload);", 1),
            ("pub fn f() -> outlast_proto::common::v1::Header { g() }", 1),
            ("pub struct S { pub all: BTreeMap<String, Payload>, }", 1),
            (
                "pub struct S { pub f: fn(u8) -> u8, pub g: (u8, Payload) }",
                1,
            ),
            ("pub struct S(pub u8, pub Payload);", 1),
            ("pub struct S<T: Into<Payload>> { t: T }", 1),
            ("pub enum E { A, B(Payload) }", 1),
            ("pub enum E { A { payload: Payload } }", 1),
            ("pub trait T { fn f(&self, payload: Payload); }", 1),
            ("pub trait T { type A: Into<Payload>; }", 1),
            ("pub trait T: Into<Payload> {}", 1),
            (
                "pub struct S; impl Iterator for S { type Item = Payload; }",
                1,
            ),
            ("pub(crate) fn f(payload: Payload) {}", 0),
            (
                "pub struct S { all: BTreeMap<String, Payload>, pub b: u8 }",
                0,
            ),
            ("pub(crate) enum E { A(Payload) } enum F { B(Payload) }", 0),
            (
                "pub trait T { fn f(&self) { drop(Payload::default()) } }",
                0,
            ),
            ("trait T { fn f(&self, payload: Payload); }", 0),
            ("struct S; impl Iterator for S { type Item = Payload; }", 0),
            (
                "pub struct S; impl T for S { fn f() { type A = Payload; } }",
                0,
            ),
            (
                "pub fn f(it: impl Iterator<Item = u8>) { g::<Payload>() }",
                0,
            ),
            ("pub fn f() { let p: Payload; }", 0),
            ("pub struct S { payload: Payload }", 0),
            ("pub struct S(Payload);", 0),
        ] {
            let source = Source::new("x.rs", &format!("{imports} {code}"));
            let violations = public_names(&[source], &["outlast_proto"]);
            assert_eq!(violations.len(), found, "{code}: {violations:?}");
        }
    }

    #[test]
    fn banned_code_is_found_in_code_only() {
        let bans = ["async fn", "Instant", "SystemTime::now"];
        let found = |text: &str| banned(&[Source::new("x.rs", text)], &bans).len();
        assert_eq!(found("async fn f() { SystemTime::now(); }"), 2);
        assert_eq!(found("use std::time::{Duration, Instant};"), 1);
        assert_eq!(
            found("// Instant\nconst A: &str = \"async fn\"; fn f(now: SystemTime) {}"),
            0
        );
    }

    #[test]
    fn generated_code_that_names_another_crate_is_found() {
        let code =
            "impl ::outlast::Workflow for X { type A = ::core::option::Option<::serde::De>; }";
        assert_eq!(strangers(code), ["serde"]);
    }
}
