//! Queries that do not even read.

use super::parsed;

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
