//! Whether every call that the document lists as served is in a scenario that compares its answers.
//!
//! Read from the sources: a scenario makes a call itself, or by a helper that it names. What is said
//! to a server off the record does not count.

use std::path::Path;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");
const HELPERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/peer");
const DOCUMENT: &str = include_str!("../../../docs/test-server.md");

/// A real server has no such service; `tests/test_service.rs` calls ours.
const NOT_REAL: &str = "TestService";

/// What makes a peer whose calls nobody compares.
const OFF_THE_RECORD: [&str; 3] = ["unrecorded()", "paused()", "onlooker."];

/// A function of the sources, by its name and its text.
struct Function<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> Function<'a> {
    fn all(source: &'a str) -> impl Iterator<Item = Self> {
        source.split("fn ").skip(1).map(|text| Self {
            name: text.split(['(', '<']).next().unwrap_or_default(),
            text,
        })
    }

    fn calls(&self, method: &str) -> bool {
        self.text.contains(&format!(".{method}("))
    }
}

#[test]
fn every_call_that_is_served_is_in_a_scenario() {
    let (scenarios, helpers) = (on_record(&sources(SCENARIOS)), sources(HELPERS));
    let named: Vec<Function<'_>> = Function::all(&helpers)
        .filter(|helper| scenarios.contains(&format!("{}(", helper.name)))
        .collect();
    let missing: Vec<&str> = served()
        .filter(|call| {
            let method = snake_case(call);
            let is_called = scenarios.contains(&format!(".{method}("));
            !is_called && !named.iter().any(|helper| helper.calls(&method))
        })
        .collect();
    assert_eq!(missing, [""; 0], "these are in no scenario");
}

#[test]
fn what_is_off_the_record_does_not_count() {
    let source = "fn f() { let quiet = peer.unrecorded(); quiet.poll(); peer.start(); } \
                  fn g() { peer.unrecorded().stop(); quiet.reset(); }";
    let counted = on_record(source);
    let counts = |name: &str| counted.contains(name);
    assert!(counts("peer.start()") && counts("quiet.reset()"));
    assert!(!counts("poll()") && !counts("stop()"));
}

#[test]
fn a_call_s_name_is_that_of_its_method_in_pieces() {
    assert_eq!(snake_case("PollNexusTaskQueue"), "poll_nexus_task_queue");
}

/// The calls that the document lists as served, of the services that a real server has.
fn served() -> impl Iterator<Item = &'static str> {
    let lists = DOCUMENT.split("\n### ").filter_map(|section| {
        let (title, list) = section.split_once('\n')?;
        let service = title.strip_suffix(": served")?;
        (service != NOT_REAL).then_some(list)
    });
    lists
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`'))
}

/// All sources of a folder, one after another.
fn sources(folder: &str) -> String {
    let files = Path::new(folder).read_dir().unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let sources = paths.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    sources
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// The sources without the statements that are off the record, or use what a statement of the same
/// function has called so.
fn on_record(sources: &str) -> String {
    let functions = sources.split_inclusive("fn ");
    functions.map(on_record_in).collect()
}

fn on_record_in(function: &str) -> String {
    let ends = [';', '{', '}'];
    let is_off = |statement: &&str| OFF_THE_RECORD.iter().any(|off| statement.contains(off));
    let quiet = function.split(ends).filter(is_off).filter_map(|statement| {
        let (_, binding) = statement.split_once("let ")?;
        binding.trim_start_matches("mut ").split(' ').next()
    });
    let quiet: Vec<String> = quiet.map(|name| format!("{name}.")).collect();
    let names_quiet = |statement: &str| {
        let mut words = statement.split(|c: char| c.is_whitespace() || "(&!,".contains(c));
        words.any(|word| quiet.iter().any(|name| word.starts_with(name)))
    };
    function
        .split_inclusive(ends)
        .filter(|statement| !is_off(statement) && !names_quiet(statement))
        .collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
