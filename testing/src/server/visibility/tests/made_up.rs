//! Queries that nobody would write.

use proptest::prelude::*;

use super::parsed;
use crate::server::visibility::parser::parse;

/// Words, signs and literals, in no good order.
fn token() -> impl Strategy<Value = String> {
    let words = [
        "Name",
        "Count",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "between",
        "starts_with",
        "like",
        "group by",
        "order by",
        "limit",
        "exists",
        "select",
        "collate",
        "true",
        "binary",
        "now",
    ];
    let signs = [
        "=", "!=", "<=>", "<", ">=", "(", ")", ",", ".", ";", "+", "-", "~", "&&", "||", "::x",
        "?", "--", "/*", "*/", "'", "`", "\"",
    ];
    prop_oneof![
        proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(signs.to_vec()).prop_map(str::to_owned),
        "'[a-z\\\\ \"]{0,4}'",
        "[0-9.xe]{1,4}",
        "`[a-z ]{1,3}`",
    ]
}

/// A condition that the grammar allows.
fn condition() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "-?[0-9]{1,3}(\\.[0-9])?",
        "'[a-z ]{0,3}(''|\\\\n|\\\\')?x'",
        Just("Name".to_owned()),
        Just("(1, -2.5, 'x')".to_owned()),
        Just("now(1)".to_owned()),
    ];
    let operator = proptest::sample::select(vec![
        "=",
        "!=",
        "<",
        ">=",
        "like",
        "not like",
        "starts_with",
        "not starts_with",
        "+ 1 =",
    ]);
    let leaf = (operator, value.clone(), value).prop_flat_map(|(operator, a, b)| {
        proptest::sample::select(vec![
            format!("Name {operator} {a}"),
            format!("`a b` in ({a}, {b})"),
            format!("Count not between {a} and {b}"),
            "Name is not null".to_owned(),
        ])
    });
    leaf.prop_recursive(4, 16, 2, |inner| {
        (inner.clone(), inner, 0..4_u8).prop_map(|(a, b, how)| match how {
            0 => format!("{a} and {b}"),
            1 => format!("{a} or {b}"),
            2 => format!("not {a}"),
            _ => format!("({a}) and not ({b})"),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(tokens in proptest::collection::vec(token(), 0..24), any in ".*") {
        let _ = parsed(&tokens.join(" "));
        let _ = parsed(&tokens.concat());
        let _ = parsed(&any);
    }

    #[test]
    fn a_printed_query_reads_the_same(text in condition()) {
        let tree = parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        let printed = tree.to_string();
        prop_assert_eq!(parse(&printed), Ok(tree), "{}", printed);
    }

    #[test]
    fn whatever_reads_can_be_printed_and_read_again(tokens in proptest::collection::vec(token(), 0..8)) {
        if let Ok(mut tree) = parse(&tokens.join(" ")) {
            (tree.order_by, tree.limit) = (false, false);
            let printed = tree.to_string();
            prop_assert_eq!(parse(&printed), Ok(tree), "{}", printed);
        }
    }
}
