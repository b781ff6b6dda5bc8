//! Which workflows a query finds.

use std::collections::BTreeMap;

use super::{Fields, parsed, sample};

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
