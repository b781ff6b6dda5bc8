//! Queries that read well but make no sense.

use super::parsed;

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
