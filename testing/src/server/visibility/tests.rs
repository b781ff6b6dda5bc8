//! The language of queries. Every text and every match here was seen on the real server.

use std::collections::BTreeMap;

use outlast_proto::temporal::api::enums::v1::IndexedValueType as Type;
use proptest::prelude::*;

use super::parser::parse;
use super::{Attributes, Query, Record, Value, parse_datetime};

struct Types;

impl Attributes for Types {
    fn resolve(&self, name: &str) -> Option<(String, Type)> {
        let value_type = match name {
            "Day" => Type::Datetime,
            "ExecutionDuration" | "Count" => Type::Int,
            "ExecutionStatus" | "Name" | "RunId" | "a b" => Type::Keyword,
            "Flag" => Type::Bool,
            "Note" => Type::Text,
            "Ratio" => Type::Double,
            "Tags" => Type::KeywordList,
            _ => return None,
        };
        Some((name.to_owned(), value_type))
    }
}

struct Fields(BTreeMap<&'static str, Value>);

impl Record for Fields {
    fn attribute(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

fn parsed(query: &str) -> Result<Query, String> {
    Query::parse(query, &Types).map_err(|error| {
        let message = error.message.strip_prefix("invalid query: ");
        message.expect("all refusals begin alike").to_owned()
    })
}

fn sample() -> Fields {
    Fields(BTreeMap::from([
        ("Count", Value::Int(5)),
        (
            "Day",
            Value::Datetime(parse_datetime("2030-01-02T03:04:05.678Z").unwrap()),
        ),
        ("ExecutionStatus", Value::Int(1)),
        ("Flag", Value::Bool(true)),
        ("Name", Value::Keyword("kw".to_owned())),
        ("Note", Value::Text("Hello big World".to_owned())),
        ("Ratio", Value::Double(1.5)),
        (
            "Tags",
            Value::KeywordList(vec!["a".to_owned(), "b c".to_owned()]),
        ),
    ]))
}

#[test]
fn queries_match_what_the_real_server_matches() {
    let cases = [
        ("", true),
        ("Count = 5", true),
        ("Count=5", true),
        ("`Count` = 5", true),
        ("Count = 5.0", true),
        ("Count = 05", true),
        ("Count = 5.5", false),
        ("Count > -4.5", true),
        ("Count = +5", true),
        ("Count = - -5", true),
        ("Count != 5", false),
        ("Count <> 4", true),
        ("Count IN (5.0, 6)", true),
        ("Count not in (5)", false),
        ("Count in(5)", true),
        ("Count between 4 and 5", true),
        ("Count NOT BETWEEN 4 AND 5", false),
        ("Count = 99999999999999999999", false),
        ("Ratio = 1.5 and Ratio > 1", true),
        ("Flag = TRUE", true),
        ("Flag > false", true),
        ("Flag in (true, false)", true),
        ("Day = '2030-01-02T03:04:05.678Z'", true),
        ("Day = '2030-01-02T03:04:05.6780001Z'", true),
        ("Day = '2030-01-02T05:04:05,678+02:00'", true),
        ("Day = 1893553445678000000", true),
        ("Day > '2031-01-01T00:00:00Z'", false),
        ("Name = 'kw'", true),
        ("Name = \"kw\"", true),
        ("Name = 'KW'", false),
        ("Name STARTS_WITH 'K'", true),
        ("Name starts_with ''", true),
        ("Name NOT STARTS_WITH 'k'", false),
        ("Name BETWEEN 'j' AND 'kw'", true),
        ("Name IN ('a', 'kw')", true),
        ("RunId IS NULL", true),
        ("RunId IS NOT NULL", false),
        ("RunId = 'x'", false),
        ("RunId != 'x'", false),
        ("NOT RunId = 'x'", false),
        ("Tags = 'a'", true),
        ("Tags = 'B C'", true),
        ("Tags = 'b'", false),
        ("Tags = ''", false),
        ("Tags != 'a'", false),
        ("Tags != 'z'", true),
        ("Tags in ('z', 'a')", true),
        ("Note = 'HELLO'", true),
        ("Note = 'big nope'", true),
        ("Note = 'hel'", false),
        ("Note != 'nope'", true),
        ("ExecutionStatus = 'Running'", true),
        (
            "ExecutionStatus = 'WORKFLOW_EXECUTION_STATUS_RUNNING'",
            true,
        ),
        ("ExecutionStatus = 1", true),
        ("ExecutionStatus in ('Failed', 1)", true),
        ("ExecutionStatus > 'Completed'", false),
        ("ExecutionStatus BETWEEN 'Running' AND 'Failed'", true),
        ("NOT (Count = 5 OR Count = 6)", false),
        ("not not Count = 5", true),
        ("Name = 'x' or Count = 5 and Flag = true", true),
        ("Name = 'x' && Count = 5 || Flag = true", true),
        ("Count = 5 and(Flag=true)", true),
        ("Count = 5;", true),
        ("Count = 5 -- so", true),
        ("Count /* so */ = 5 # or so", true),
        ("Count = 5 group by ExecutionStatus", true),
    ];
    for (query, want) in cases {
        let query_read = parsed(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(query_read.matches(&sample()), want, "{query}");
    }
}

#[test]
fn missing_values_are_found_only_by_asking_for_them() {
    let empty = Fields(BTreeMap::new());
    let cases = [
        ("Count != 5", false),
        ("not Count = 5", false),
        ("Count is null", true),
        ("not Count is not null", true),
        ("Count = 5 or Name is null", true),
        ("Tags != 'a'", true),
        ("not Tags = 'a'", true),
        ("Note != 'a'", true),
    ];
    for (query, want) in cases {
        assert_eq!(parsed(query).unwrap().matches(&empty), want, "{query}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_the_words_of_the_real_server() {
    let cases = [
        ("Name", "invalid expression: incomplete expression"),
        ("(Name)", "invalid expression: incomplete expression"),
        ("Nope = 1", "invalid search attribute: Nope"),
        ("name = 'x'", "invalid search attribute: name"),
        ("a.Name = 'x'", "invalid search attribute: a.Name"),
        ("Nope = 1 order by x", "invalid search attribute: Nope"),
        (
            "Nope = 1 limit 1",
            "operation is not supported: 'LIMIT' clause",
        ),
        (
            "ORDER BY Name",
            "operation is not supported: 'ORDER BY' clause",
        ),
        (
            "group by Name",
            "operation is not supported: 'GROUP BY' clause is not supported for search attribute Name",
        ),
        (
            "group by Name, Count",
            "operation is not supported: 'GROUP BY' clause supports only a single field",
        ),
        (
            "group by 1",
            "invalid expression: must be a column name but was *sqlparser.SQLVal",
        ),
        (
            "Count = '5'",
            "invalid expression: invalid value type for search attribute Count of type Int: \"5\" (type: string)",
        ),
        (
            "Name = 1.5",
            "invalid expression: invalid value type for search attribute Name of type Keyword: 1.5 (type: float64)",
        ),
        (
            "Flag = 1",
            "invalid expression: invalid value type for search attribute Flag of type Bool: 1 (type: int64)",
        ),
        (
            "Name = x'41'",
            "invalid expression: invalid value type for search attribute Name of type Keyword: 41 (type: int64)",
        ),
        (
            "Name = null",
            "invalid expression: unexpected value type *sqlparser.NullVal",
        ),
        (
            "Name = ('x')",
            "invalid expression: unexpected value type *sqlparser.ParenExpr",
        ),
        (
            "Name = a-b",
            "invalid expression: unexpected value type *sqlparser.BinaryExpr",
        ),
        (
            "Name in ::list",
            "invalid expression: unexpected value type sqlparser.ListArg",
        ),
        (
            "Name in (select 1 from a)",
            "invalid expression: unexpected value type *sqlparser.Subquery",
        ),
        (
            "Name = ?",
            "invalid expression: unable to parse value \":v1\"",
        ),
        (
            "Count = 0x41",
            "invalid expression: unable to parse value \"0x41\"",
        ),
        (
            "Count = 5e",
            "invalid expression: unable to parse value \"5e\"",
        ),
        (
            "Name = RunId",
            "operation is not supported: column name on the right side of comparison expression (did you forget to quote \"RunId\"?)",
        ),
        (
            "Name = `5`",
            "operation is not supported: column name on the right side of comparison expression (did you forget to quote \"`5`\"?)",
        ),
        ("Name = now()", "operation is not supported: nested func"),
        ("now()", "operation is not supported: function expression"),
        (
            "'x' = Name",
            "invalid expression: must be a column name but was *sqlparser.SQLVal",
        ),
        (
            "Name + 1 = 2",
            "invalid expression: must be a column name but was *sqlparser.BinaryExpr",
        ),
        (
            "!Name = 'x'",
            "invalid expression: must be a column name but was *sqlparser.UnaryExpr",
        ),
        (
            "not Name = 'x' is null",
            "invalid expression: must be a column name but was *sqlparser.ComparisonExpr",
        ),
        (
            "(1, 2) = 1",
            "invalid expression: must be a column name but was sqlparser.ValTuple",
        ),
        (
            "exists (select 1)",
            "operation is not supported: expression of type *sqlparser.ExistsExpr",
        ),
        (
            "true",
            "operation is not supported: expression of type sqlparser.BoolVal",
        ),
        (
            "Flag is true",
            "invalid expression: 'IS' operator can only be used as 'IS NULL' or 'IS NOT NULL'",
        ),
        (
            "Count = ~5",
            "operation is not supported: unary operator \"~\"",
        ),
        (
            "Count = -'5'",
            "invalid expression: unary operator not supported in \"-'5'\"",
        ),
        (
            "Count = -(5)",
            "invalid expression: unary operator not supported in \"-(5)\"",
        ),
        (
            "Name like 'x%'",
            "operation is not supported: operator 'LIKE' not supported for Keyword type search attribute 'Name'",
        ),
        (
            "Name like 1",
            "invalid expression: invalid value type for search attribute Name of type Keyword: 1 (type: int64)",
        ),
        (
            "Name NOT REGEXP 'x'",
            "operation is not supported: operator 'NOT REGEXP' not supported for Keyword type search attribute 'Name'",
        ),
        (
            "Count <=> 5",
            "operation is not supported: operator '<=>' not supported for Int type search attribute 'Count'",
        ),
        (
            "Tags > 'a'",
            "operation is not supported: operator '>' not supported for KeywordList type search attribute 'Tags'",
        ),
        (
            "Tags STARTS_WITH 'a'",
            "operation is not supported: operator 'STARTS_WITH' not supported for KeywordList type search attribute 'Tags'",
        ),
        (
            "Note in ('a')",
            "operation is not supported: operator 'IN' not supported for Text type search attribute 'Note'",
        ),
        (
            "Note = ' '",
            "invalid expression: no tokens found filtering on Text type search attribute Note",
        ),
        (
            "Flag between true and false",
            "invalid expression: cannot do range condition on search attribute 'Flag' of type Bool",
        ),
        (
            "Name starts_with ('a', 'b')",
            "invalid expression: right-hand side of \"starts_with\" operator must be a literal string (got: [a b])",
        ),
        (
            "ExecutionStatus starts_with 'Running'",
            "invalid expression: right-hand side of \"starts_with\" operator must be a literal string (got: Running)",
        ),
        (
            "Day = '2030-01-02'",
            "invalid expression: unable to parse datetime '2030-01-02'",
        ),
        (
            "ExecutionStatus = 'Nope'",
            "invalid expression: invalid ExecutionStatus value 'Nope'",
        ),
        (
            "ExecutionStatus = 99",
            "invalid expression: invalid ExecutionStatus value 99",
        ),
        (
            "ExecutionStatus = -1",
            "invalid expression: invalid ExecutionStatus value -1",
        ),
        (
            "ExecutionStatus = 1.5",
            "invalid expression: unexpected value type float64 for search attribute ExecutionStatus",
        ),
        (
            "ExecutionStatus = true",
            "invalid expression: invalid value type for search attribute ExecutionStatus of type Keyword: true (type: bool)",
        ),
        (
            "ExecutionDuration > 'x'",
            "invalid expression: invalid duration value for search attribute ExecutionDuration: x",
        ),
        (
            "ExecutionDuration > 1.5",
            "invalid expression: unexpected value type float64 for search attribute ExecutionDuration",
        ),
    ];
    for (query, want) in cases {
        assert_eq!(parsed(query).unwrap_err(), want, "{query}");
    }
}

#[test]
fn syntax_errors_say_where_and_at_what() {
    let cases = [
        ("Name == 'x'", "35"),
        ("Name =", "34"),
        ("= 'a'", "29"),
        ("Name = 'a' and", "42"),
        ("and", "31 near 'and'"),
        ("AND", "31 near 'and'"),
        ("foo bar", "35 near 'bar'"),
        ("MyInt in ()", "39"),
        ("WorkflowId IN 'a'", "45 near 'a'"),
        ("WorkflowId = 'a", "43 near 'a'"),
        ("MyInt = `a", "38 near 'a'"),
        ("`` = 1", "30"),
        ("MyInt = 5 /* unclosed", "49 near '/* unclosed'"),
        ("MyInt = $x", "37 near '$'"),
        ("MyInt = 5%", "38"),
        ("MyInt = 0xzz", "38 near '0x'"),
        ("MyInt = 1.2.3", "41 near '.3'"),
        ("MyInt = 5abc", "37 near '5'"),
        ("MyInt = --4", "39"),
        ("MyInt = 5;;", "39"),
        ("é = 1", "29 near '\u{fffd}'"),
        ("MyInt := 5", "35 near ':'"),
        ("group = 1", "33 near 'group'"),
        ("key = 1", "31 near 'key'"),
        ("MyInt not null", "42 near 'null'"),
        ("MyInt is not", "40"),
        ("MyInt between 1 or 2", "46 near 'or'"),
        ("WorkflowId IS UNKNOWN", "49 near 'UNKNOWN'"),
        ("starts_with = 'a'", "39 near 'starts_with'"),
        ("MyInt = 5 = 5", "39"),
        ("limit 1", "33 near 'limit'"),
        ("WorkflowId = 'a' xor MyInt = 1", "48 near 'xor'"),
    ];
    for (query, want) in cases {
        let want = format!("malformed SQL query: syntax error at position {want}");
        assert_eq!(parsed(query).unwrap_err(), want, "{query}");
    }
}

#[test]
fn depth_is_limited() {
    let query = format!("{}Count = 5{}", "(".repeat(5_000), ")".repeat(5_000));
    let error = parsed(&query).unwrap_err();
    assert!(error.contains("max nesting level reached"), "{error}");
}

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
