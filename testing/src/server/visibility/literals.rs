//! Values in queries, held against the type of their attribute.

use outlast_proto::temporal::api::enums::v1::{IndexedValueType, WorkflowExecutionStatus};

use super::ast::Expr;
use super::moments::{parse_datetime, parse_duration};
use super::value::Value;
use super::{Attribute, type_name};

/// A value as it was written, without regard to what it is for.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Bool(bool),
    Float(f64),
    Int(i64),
    Text(String),
}

/// Reads the right side of a comparison with an attribute.
///
/// # Errors
/// It is no literal, or one of the wrong type.
pub(super) fn value_of(expr: &Expr, attribute: &Attribute) -> Result<Value, String> {
    match expr {
        Expr::Argument(_) if expr.is_list_argument() => Err(unexpected(expr)),
        Expr::Argument(text) | Expr::Float(text) | Expr::Integer(text) => {
            let number =
                number(text).ok_or_else(|| format!("{INVALID}: unable to parse value {text:?}"))?;
            typed(number, attribute)
        }
        Expr::Bool(value) => checked(Literal::Bool(*value), attribute),
        Expr::Call(..) => Err(format!("{UNSUPPORTED}: nested func")),
        Expr::Column(_) => Err(format!(
            "{UNSUPPORTED}: column name on the right side of comparison expression (did you forget \
             to quote {:?}?)",
            expr.to_string()
        )),
        Expr::Text(text) => typed(Literal::Text(text.clone()), attribute),
        Expr::Unary(sign, value) => signed_value(expr, sign, value, attribute),
        Expr::And(..)
        | Expr::Binary(..)
        | Expr::Collate(..)
        | Expr::Compare(..)
        | Expr::Exists
        | Expr::Is(..)
        | Expr::Not(_)
        | Expr::Null
        | Expr::Or(..)
        | Expr::Paren(_)
        | Expr::Range(_)
        | Expr::Subquery
        | Expr::Tuple(_) => Err(unexpected(expr)),
    }
}

fn signed_value(
    whole: &Expr,
    sign: &str,
    value: &Expr,
    attribute: &Attribute,
) -> Result<Value, String> {
    if sign != "-" && sign != "+" {
        return Err(format!("{UNSUPPORTED}: unary operator {sign:?}"));
    }
    if !matches!(value, Expr::Argument(_) | Expr::Float(_) | Expr::Integer(_)) {
        return Err(format!(
            "{INVALID}: unary operator not supported in {:?}",
            whole.to_string()
        ));
    }
    match value_of(value, attribute)? {
        Value::Int(number) if sign == "-" => Ok(Value::Int(-number)),
        Value::Double(number) if sign == "-" => Ok(Value::Double(-number)),
        value @ (Value::Int(_) | Value::Double(_)) => Ok(value),
        _ => Err(format!(
            "{INVALID}: unary expression {:?}",
            whole.to_string()
        )),
    }
}

/// Two attributes have values of their own kind.
fn typed(literal: Literal, attribute: &Attribute) -> Result<Value, String> {
    match attribute.field.as_str() {
        "ExecutionStatus" => status(&literal),
        "ExecutionDuration" => duration(&literal),
        _ => checked(literal, attribute),
    }
}

fn checked(literal: Literal, attribute: &Attribute) -> Result<Value, String> {
    use IndexedValueType as Type;
    let Attribute {
        name, value_type, ..
    } = attribute;
    match (value_type, literal) {
        (Type::Bool, Literal::Bool(value)) => Ok(Value::Bool(value)),
        (Type::Datetime, Literal::Int(nanos)) => Ok(Value::Datetime(nanos.div_euclid(1_000))),
        (Type::Datetime, Literal::Text(text)) => parse_datetime(&text)
            .map(Value::Datetime)
            .ok_or_else(|| format!("{INVALID}: unable to parse datetime '{text}'")),
        (Type::Double | Type::Int, Literal::Float(value)) => Ok(Value::Double(value)),
        (Type::Double | Type::Int, Literal::Int(value)) => Ok(Value::Int(value)),
        (Type::Keyword | Type::KeywordList, Literal::Text(text)) => Ok(Value::Keyword(text)),
        (Type::Text, Literal::Text(text)) if text.trim().is_empty() => Err(format!(
            "{INVALID}: no tokens found filtering on Text type search attribute {name}"
        )),
        (Type::Text, Literal::Text(text)) => Ok(Value::Text(text)),
        (_, literal) => Err(format!(
            "{INVALID}: invalid value type for search attribute {name} of type {}: {}",
            type_name(*value_type),
            described(&literal)
        )),
    }
}

/// Statuses compare as their numbers.
fn status(literal: &Literal) -> Result<Value, String> {
    let (known, shown) = match literal {
        Literal::Int(number) => {
            let status = i32::try_from(*number).ok();
            let known = status.and_then(|number| WorkflowExecutionStatus::try_from(number).ok());
            (known, number.to_string())
        }
        Literal::Text(name) => (status_by_name(name), format!("'{name}'")),
        Literal::Bool(_) | Literal::Float(_) => {
            return Err(wrong_type(literal, "ExecutionStatus"));
        }
    };
    known
        .map(|status| Value::Int(status as i64))
        .ok_or_else(|| format!("{INVALID}: invalid ExecutionStatus value {shown}"))
}

fn status_by_name(name: &str) -> Option<WorkflowExecutionStatus> {
    let statuses = (0..).map_while(|number| WorkflowExecutionStatus::try_from(number).ok());
    let mut named = statuses.filter(|status| {
        let long = status.as_str_name();
        name == long || name == super::status_name(*status)
    });
    named.next()
}

fn duration(literal: &Literal) -> Result<Value, String> {
    match literal {
        Literal::Int(nanos) => Ok(Value::Int(*nanos)),
        Literal::Text(text) => parse_duration(text).map(Value::Int).ok_or_else(|| {
            format!(
                "{INVALID}: invalid duration value for search attribute ExecutionDuration: {text}"
            )
        }),
        Literal::Bool(_) | Literal::Float(_) => Err(wrong_type(literal, "ExecutionDuration")),
    }
}

fn wrong_type(literal: &Literal, name: &str) -> String {
    format!(
        "{INVALID}: unexpected value type {} for search attribute {name}",
        literal.type_name()
    )
}

/// A number, or what else stands there without quotes.
fn number(text: &str) -> Option<Literal> {
    if let Ok(number) = text.parse() {
        return Some(Literal::Int(number));
    }
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    let float = text.parse().ok().filter(|_| is_number)?;
    Some(Literal::Float(float))
}

fn described(literal: &Literal) -> String {
    let shown = match literal {
        Literal::Bool(value) => value.to_string(),
        Literal::Float(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Text(text) => format!("{text:?}"),
    };
    format!("{shown} (type: {})", literal.type_name())
}

impl Literal {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Float(_) => "float64",
            Self::Int(_) => "int64",
            Self::Text(_) => "string",
        }
    }
}

fn unexpected(expr: &Expr) -> String {
    format!("{INVALID}: unexpected value type {}", expr.kind())
}

pub(super) const INVALID: &str = "invalid expression";
pub(super) const UNSUPPORTED: &str = "operation is not supported";
