//! From a query's tree to a filter: which attributes exist, and what may be asked of each.

use outlast_proto::temporal::api::enums::v1::{IndexedValueType as Type, WorkflowExecutionStatus};

use super::ast::{Clauses, Comparison, Expr, IsTest, RangeTest};
use super::filter::{Filter, Order, Test};
use super::literals::{INVALID, UNSUPPORTED, value_of};
use super::value::Value;
use super::{Attribute, Attributes, status_name, type_name};

/// What is left of a query once it has been checked.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    pub(super) filter: Option<Filter>,
    pub(super) group_by: Option<String>,
    /// The query names the attribute that divides a namespace.
    pub(super) names_division: bool,
}

/// Checks a query.
///
/// # Errors
/// It asks for what is not there, or for what no query can.
pub(super) fn compile(clauses: &Clauses, attributes: &dyn Attributes) -> Result<Compiled, String> {
    if clauses.limit {
        return Err(format!("{UNSUPPORTED}: 'LIMIT' clause"));
    }
    let mut compiler = Compiler {
        attributes,
        names_division: false,
    };
    let condition = clauses.condition.as_ref();
    let filter = condition.map(|expr| compiler.filter(expr)).transpose()?;
    let group_by = compiler.group_by(&clauses.group_by)?;
    if clauses.order_by {
        return Err(format!("{UNSUPPORTED}: 'ORDER BY' clause"));
    }
    Ok(Compiled {
        filter,
        group_by,
        names_division: compiler.names_division,
    })
}

struct Compiler<'a> {
    attributes: &'a dyn Attributes,
    names_division: bool,
}

impl Compiler<'_> {
    fn filter(&mut self, expr: &Expr) -> Result<Filter, String> {
        match expr {
            Expr::And(left, right) => Ok(Filter::And(
                Box::new(self.filter(left)?),
                Box::new(self.filter(right)?),
            )),
            Expr::Or(left, right) => Ok(Filter::Or(
                Box::new(self.filter(left)?),
                Box::new(self.filter(right)?),
            )),
            Expr::Not(of) => Ok(self.filter(of)?.negated()),
            Expr::Paren(inner) => self.filter(inner),
            Expr::Compare(left, operator, right) => self.comparison(left, *operator, right),
            Expr::Range(range) => self.range(range),
            Expr::Is(of, test) => self.is(of, *test),
            Expr::Call(..) => Err(format!("{UNSUPPORTED}: function expression")),
            Expr::Column(_) => Err(format!("{INVALID}: incomplete expression")),
            Expr::Argument(_)
            | Expr::Binary(..)
            | Expr::Bool(_)
            | Expr::Collate(..)
            | Expr::Exists
            | Expr::Float(_)
            | Expr::Integer(_)
            | Expr::Null
            | Expr::Subquery
            | Expr::Text(_)
            | Expr::Tuple(_)
            | Expr::Unary(..) => Err(format!("{UNSUPPORTED}: expression of type {}", expr.kind())),
        }
    }

    fn comparison(
        &mut self,
        left: &Expr,
        operator: Comparison,
        right: &Expr,
    ) -> Result<Filter, String> {
        let attribute = self.attribute(left)?;
        let (values, is_tuple) = match right {
            Expr::Tuple(members) => {
                let values = members.iter().map(|member| value_of(member, &attribute));
                (values.collect::<Result<Vec<_>, _>>()?, true)
            }
            value => (vec![value_of(value, &attribute)?], false),
        };
        if !is_supported(operator, attribute.value_type) {
            return Err(format!(
                "{UNSUPPORTED}: operator '{}' not supported for {} type search attribute '{}'",
                operator.as_str().to_uppercase(),
                type_name(attribute.value_type),
                attribute.name
            ));
        }
        let (test, negated) = test(&attribute, operator, values, is_tuple)?;
        let filter = attribute.test(test);
        Ok(if negated { filter.negated() } else { filter })
    }

    fn range(&mut self, range: &RangeTest) -> Result<Filter, String> {
        let attribute = self.attribute(&range.of)?;
        match attribute.value_type {
            Type::Datetime | Type::Double | Type::Int | Type::Keyword => {}
            Type::Bool | Type::KeywordList | Type::Text | Type::Unspecified => {
                return Err(format!(
                    "{INVALID}: cannot do range condition on search attribute '{}' of type {}",
                    attribute.name,
                    type_name(attribute.value_type)
                ));
            }
        }
        let from = value_of(&range.from, &attribute)?;
        let to = value_of(&range.to, &attribute)?;
        let filter = attribute.test(Test::Between(from, to));
        Ok(if range.negated {
            filter.negated()
        } else {
            filter
        })
    }

    fn is(&mut self, of: &Expr, test: IsTest) -> Result<Filter, String> {
        let filter = self.attribute(of)?.test(Test::Null);
        match test {
            IsTest::Null => Ok(filter),
            IsTest::NotNull => Ok(filter.negated()),
            IsTest::Truth(_) => Err(format!(
                "{INVALID}: 'IS' operator can only be used as 'IS NULL' or 'IS NOT NULL'"
            )),
        }
    }

    fn group_by(&mut self, columns: &[Expr]) -> Result<Option<String>, String> {
        let [column] = columns else {
            return match columns {
                [] => Ok(None),
                _ => Err(format!(
                    "{UNSUPPORTED}: 'GROUP BY' clause supports only a single field"
                )),
            };
        };
        let attribute = self.attribute(column)?;
        match attribute.field.as_str() {
            "ExecutionStatus" | DIVISION => Ok(Some(attribute.field)),
            _ => Err(format!(
                "{UNSUPPORTED}: 'GROUP BY' clause is not supported for search attribute {}",
                attribute.name
            )),
        }
    }

    fn attribute(&mut self, expr: &Expr) -> Result<Attribute, String> {
        let Expr::Column(path) = expr else {
            let kind = expr.kind();
            return Err(format!("{INVALID}: must be a column name but was {kind}"));
        };
        let name = path.join(".");
        let Some((field, value_type)) = self.attributes.resolve(&name) else {
            return Err(format!("invalid search attribute: {name}"));
        };
        self.names_division |= field == DIVISION;
        Ok(Attribute {
            name,
            field,
            value_type,
        })
    }
}

impl Attribute {
    fn test(&self, test: Test) -> Filter {
        Filter::Test {
            attribute: self.field.clone(),
            test,
        }
    }
}

fn is_supported(operator: Comparison, value_type: Type) -> bool {
    use Comparison as Op;
    match operator {
        Op::Equal | Op::NotEqual => true,
        Op::In | Op::NotIn => value_type != Type::Text,
        Op::Greater | Op::GreaterEqual | Op::Less | Op::LessEqual => {
            !matches!(value_type, Type::KeywordList | Type::Text)
        }
        Op::StartsWith | Op::NotStartsWith => value_type == Type::Keyword,
        Op::Like | Op::NotLike | Op::NotRegexp | Op::NullSafeEqual | Op::Regexp => false,
    }
}

/// What a supported operator asks, and whether the answer has to be turned round.
fn test(
    attribute: &Attribute,
    operator: Comparison,
    mut values: Vec<Value>,
    is_tuple: bool,
) -> Result<(Test, bool), String> {
    use Comparison as Op;
    let negated = matches!(operator, Op::NotEqual | Op::NotIn | Op::NotStartsWith);
    if matches!(operator, Op::In | Op::NotIn) {
        return Ok((membership(attribute, values), negated));
    }
    if matches!(operator, Op::StartsWith | Op::NotStartsWith) {
        return match (&values[..], is_tuple) {
            ([Value::Keyword(prefix)], false) => Ok((Test::StartsWith(prefix.clone()), negated)),
            _ => Err(format!(
                "{INVALID}: right-hand side of {:?} operator must be a literal string (got: {})",
                operator.as_str(),
                shown(&values, is_tuple)
            )),
        };
    }
    let Some(value) = values.pop().filter(|_| !is_tuple) else {
        return Err(format!("{INVALID}: a list stands where one value should"));
    };
    let order = match operator {
        Op::Greater => Order::Greater,
        Op::GreaterEqual => Order::GreaterEqual,
        Op::Less => Order::Less,
        Op::LessEqual => Order::LessEqual,
        _ => Order::Equal,
    };
    let test = match (attribute.value_type, value) {
        (Type::KeywordList, value) => membership(attribute, vec![value]),
        (_, Value::Text(words)) => Test::Words(words),
        (_, value) => Test::Order(order, value),
    };
    Ok((test, negated))
}

/// Values as the real server prints them.
fn shown(values: &[Value], is_tuple: bool) -> String {
    let each = values.iter().map(|value| match value {
        Value::Keyword(text) => text.clone(),
        Value::Int(number) => {
            let status = i32::try_from(*number).ok();
            let status = status.and_then(|n| WorkflowExecutionStatus::try_from(n).ok());
            status.map_or("", status_name).to_owned()
        }
        _ => String::new(),
    });
    let each = each.collect::<Vec<_>>().join(" ");
    if is_tuple { format!("[{each}]") } else { each }
}

fn membership(attribute: &Attribute, values: Vec<Value>) -> Test {
    if attribute.value_type != Type::KeywordList {
        return Test::OneOf(values);
    }
    let keywords = values.into_iter().filter_map(|value| match value {
        Value::Keyword(keyword) => Some(keyword),
        _ => None,
    });
    Test::Contains(keywords.collect())
}

/// The attribute that tells workflows of the server from those of its users.
pub(super) const DIVISION: &str = "TemporalNamespaceDivision";
