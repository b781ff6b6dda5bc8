//! Queries as trees, and trees as text.

use std::fmt;

use super::lexer::is_plain;

/// A whole query: a condition, what results are counted by, and clauses that no query may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Clauses {
    pub(super) condition: Option<Expr>,
    pub(super) group_by: Vec<Expr>,
    pub(super) order_by: bool,
    pub(super) limit: bool,
}

/// An expression; most of them are syntax of MySQL that means nothing in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    And(Box<Self>, Box<Self>),
    Argument(String),
    /// Arithmetic, with its operator.
    Binary(Box<Self>, &'static str, Box<Self>),
    Bool(bool),
    Call(String, Vec<Self>),
    Collate(Box<Self>, String),
    Column(Vec<String>),
    Compare(Box<Self>, Comparison, Box<Self>),
    /// Whether a subquery finds anything.
    Exists,
    Float(String),
    Integer(String),
    Is(Box<Self>, IsTest),
    Not(Box<Self>),
    Null,
    Or(Box<Self>, Box<Self>),
    Paren(Box<Self>),
    Range(Box<RangeTest>),
    /// A query in parentheses; what it says never matters.
    Subquery,
    Text(String),
    Tuple(Vec<Self>),
    /// A sign before a value.
    Unary(&'static str, Box<Self>),
}

/// `of [NOT] BETWEEN from AND to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RangeTest {
    pub(super) of: Expr,
    pub(super) negated: bool,
    pub(super) from: Expr,
    pub(super) to: Expr,
}

/// What `IS` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IsTest {
    NotNull,
    Null,
    /// Is true, is not false and the like, spelled out.
    Truth(&'static str),
}

/// An operator between an attribute and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Greater,
    GreaterEqual,
    In,
    Less,
    LessEqual,
    Like,
    NotEqual,
    NotIn,
    NotLike,
    NotRegexp,
    NotStartsWith,
    NullSafeEqual,
    Regexp,
    StartsWith,
}

impl Comparison {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Like => "like",
            Self::NotEqual => "!=",
            Self::NotIn => "not in",
            Self::NotLike => "not like",
            Self::NotRegexp => "not regexp",
            Self::NotStartsWith => "not starts_with",
            Self::NullSafeEqual => "<=>",
            Self::Regexp => "regexp",
            Self::StartsWith => "starts_with",
        }
    }
}

impl Expr {
    /// The name that the real server's parser has for this kind of expression; error texts show it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::And(..) => "*sqlparser.AndExpr",
            Self::Argument(_) if self.is_list_argument() => "sqlparser.ListArg",
            Self::Binary(..) => "*sqlparser.BinaryExpr",
            Self::Bool(_) => "sqlparser.BoolVal",
            Self::Call(..) => "*sqlparser.FuncExpr",
            Self::Collate(..) => "*sqlparser.CollateExpr",
            Self::Column(_) => "*sqlparser.ColName",
            Self::Compare(..) => "*sqlparser.ComparisonExpr",
            Self::Exists => "*sqlparser.ExistsExpr",
            Self::Argument(_) | Self::Float(_) | Self::Integer(_) | Self::Text(_) => {
                "*sqlparser.SQLVal"
            }
            Self::Is(..) => "*sqlparser.IsExpr",
            Self::Not(_) => "*sqlparser.NotExpr",
            Self::Null => "*sqlparser.NullVal",
            Self::Or(..) => "*sqlparser.OrExpr",
            Self::Paren(_) => "*sqlparser.ParenExpr",
            Self::Range(_) => "*sqlparser.RangeCond",
            Self::Subquery => "*sqlparser.Subquery",
            Self::Tuple(_) => "sqlparser.ValTuple",
            Self::Unary(..) => "*sqlparser.UnaryExpr",
        }
    }

    pub(super) fn is_list_argument(&self) -> bool {
        matches!(self, Self::Argument(name) if name.starts_with("::"))
    }
}

impl fmt::Display for Clauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(condition) = &self.condition {
            write!(f, "{condition}")?;
        }
        if !self.group_by.is_empty() {
            write!(f, " group by {}", List(&self.group_by))?;
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => write!(f, "{left} and {right}"),
            Self::Argument(text) | Self::Float(text) | Self::Integer(text) => f.write_str(text),
            Self::Binary(left, operator, right) => write!(f, "{left} {operator} {right}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Call(name, arguments) => write!(f, "{name}({})", List(arguments)),
            Self::Collate(value, charset) => {
                write!(f, "{value} collate {}", quoted_word(charset))
            }
            Self::Column(path) => {
                let words: Vec<String> = path.iter().map(|word| quoted_word(word)).collect();
                f.write_str(&words.join("."))
            }
            Self::Compare(left, operator, right) => {
                write!(f, "{left} {} {right}", operator.as_str())
            }
            Self::Exists => f.write_str("exists (select ...)"),
            Self::Is(of, test) => write!(f, "{of} is {}", test.as_str()),
            Self::Not(of) => write!(f, "not {of}"),
            Self::Null => f.write_str("null"),
            Self::Or(left, right) => write!(f, "{left} or {right}"),
            Self::Paren(inner) => write!(f, "({inner})"),
            Self::Range(range) => {
                let not = if range.negated { "not " } else { "" };
                let RangeTest { of, from, to, .. } = &**range;
                write!(f, "{of} {not}between {from} and {to}")
            }
            Self::Subquery => f.write_str("(select ...)"),
            Self::Text(text) => f.write_str(&quoted_text(text)),
            Self::Tuple(values) => write!(f, "({})", List(values)),
            // The server's printer keeps a sign and the sign after it apart, or they were a comment.
            Self::Unary(sign, value) if matches!(**value, Self::Unary(..)) => {
                write!(f, "{sign} {value}")
            }
            Self::Unary(sign, value) => write!(f, "{sign}{value}"),
        }
    }
}

impl IsTest {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotNull => "not null",
            Self::Null => "null",
            Self::Truth(text) => text,
        }
    }
}

/// Expressions with commas between them.
struct List<'a>(&'a [Expr]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, expr) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{expr}")?;
        }
        Ok(())
    }
}

fn quoted_word(word: &str) -> String {
    match is_plain(word) {
        true => word.to_owned(),
        false => format!("`{}`", word.replace('`', "``")),
    }
}

fn quoted_text(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\0' => quoted.push_str("\\0"),
            '\x08' => quoted.push_str("\\b"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x1a' => quoted.push_str("\\Z"),
            '\'' | '"' | '\\' => quoted.extend(['\\', c]),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}
