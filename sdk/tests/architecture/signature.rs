//! What of a file is seen from outside its crate.

use std::collections::BTreeSet;

use crate::source::{is_name, item_len};

/// The names in all public items, as far as they are seen from outside.
pub(crate) fn public(tokens: &[String]) -> BTreeSet<&str> {
    let after = |word: &'static str| {
        let places = tokens.iter().enumerate();
        places
            .filter(move |(_, token)| *token == word)
            .map(|(at, _)| at + 1)
    };
    let items = after("pub").flat_map(|at| item(&tokens[at..]));
    let types: BTreeSet<&str> = after("pub")
        .filter_map(|at| type_name(&tokens[at..]))
        .collect();
    let impls = after("impl").filter(|at| begins_item(&tokens[..at - 1]));
    let associated = impls.flat_map(|at| associated_types(&tokens[at..], &types));
    items.chain(associated).map(String::as_str).collect()
}

/// The tokens of the item or field behind a `pub`.
fn item(rest: &[String]) -> Vec<&String> {
    match rest.first().map(String::as_str) {
        Some("async" | "const" | "fn" | "static" | "type") => until(rest, &["{", ";"]),
        // The fields are public one by one.
        Some("struct") => until(rest, &["{", "(", ";"]),
        Some("enum") => rest[..item_len(rest)].iter().collect(),
        Some("trait") => without_bodies(&rest[..item_len(rest)]),
        Some("(" | "mod" | "use") | None => Vec::new(),
        Some(_) => field(rest),
    }
}

fn until<'a>(rest: &'a [String], ends: &[&str]) -> Vec<&'a String> {
    let is_before_end = |token: &&String| !ends.contains(&token.as_str());
    rest.iter().take_while(is_before_end).collect()
}

/// A field, or one of a tuple: it ends at a comma that is not within brackets.
fn field(rest: &[String]) -> Vec<&String> {
    let mut depth = 0;
    let mut is_arrow = false;
    let mut is_inside = |token: &&String| {
        match token.as_str() {
            "<" | "(" | "[" | "{" => depth += 1,
            ">" if !is_arrow => depth -= 1,
            ")" | "]" | "}" => depth -= 1,
            "," | ";" if depth == 0 => return false,
            _ => {}
        }
        is_arrow = *token == "-";
        depth >= 0
    };
    rest.iter().take_while(|token| is_inside(token)).collect()
}

/// The heads of a trait's functions, its types and its constants.
fn without_bodies(item: &[String]) -> Vec<&String> {
    let mut depth = 0;
    let is_head = |token: &&String| {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        depth <= 1
    };
    item.iter().filter(is_head).collect()
}

fn type_name(rest: &[String]) -> Option<&str> {
    let is_type = matches!(rest.first().map(String::as_str), Some("enum" | "struct"));
    is_type.then(|| rest[1].as_str())
}

/// Whether an `impl` behind these tokens is an item, and not a type.
fn begins_item(before: &[String]) -> bool {
    let last = before.last().map(String::as_str);
    matches!(last, None | Some("}" | ";" | "]" | "{" | "unsafe"))
}

/// What an implementation of a trait for a public type says that its types are.
fn associated_types<'a>(rest: &'a [String], public: &BTreeSet<&str>) -> Vec<&'a String> {
    let item = &rest[..item_len(rest)];
    let head = until(item, &["{"]);
    let implementor = head.iter().rposition(|token| *token == "for");
    let implementor = implementor.and_then(|at| head[at..].iter().skip(1).find(|t| is_name(t)));
    if !implementor.is_some_and(|name| public.contains(name.as_str())) {
        return Vec::new();
    }
    let body = without_bodies(item);
    let starts = body
        .iter()
        .enumerate()
        .filter(|(_, token)| **token == "type");
    let aliases = starts.flat_map(|(at, _)| body[at..].iter().take_while(|token| **token != ";"));
    aliases.copied().collect()
}
