//! From a query's text to its tree, by the grammar of MySQL's conditions.

use super::ast::{Clauses, Comparison, Expr, IsTest, RangeTest};
use super::lexer::{Kind, Lexer, Token};

/// Where and at what the parser stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    message: &'static str,
    position: usize,
    near: Option<String>,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at position {}", self.message, self.position)?;
        match &self.near {
            Some(near) => write!(f, " near '{near}'"),
            None => Ok(()),
        }
    }
}

type Parsed<T> = Result<T, SyntaxError>;

/// Reads a whole query.
pub(super) fn parse(query: &str) -> Parsed<Clauses> {
    let query = query.trim();
    let lower = query.to_ascii_lowercase();
    let has_condition = !["order by", "group by"]
        .iter()
        .any(|c| lower.starts_with(c));
    let lead = match has_condition {
        true => "select * from table1 where ",
        false => "select * from table1 ",
    };
    let mut parser = Parser::new(query, lead.len());
    let mut clauses = Clauses::default();
    if has_condition && !query.is_empty() {
        clauses.condition = Some(parser.expression()?);
    }
    if parser.takes_keyword("group") {
        parser.expect_keyword("by")?;
        clauses.group_by = parser.list()?;
    }
    if parser.takes_keyword("order") {
        parser.expect_keyword("by")?;
        parser.order_list()?;
        clauses.order_by = true;
    }
    if parser.takes_keyword("limit") {
        parser.list()?;
        clauses.limit = true;
    }
    parser.takes_sign(";");
    match parser.token.kind {
        Kind::End => Ok(clauses),
        _ => Err(parser.error()),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    /// How much text the real server puts before the query; it counts in positions.
    lead: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(query: &'a str, lead: usize) -> Self {
        let mut lexer = Lexer::new(query);
        let token = lexer.next_token();
        Self {
            lexer,
            token,
            lead,
            depth: 0,
        }
    }

    fn expression(&mut self) -> Parsed<Expr> {
        let mut left = self.conjunction()?;
        while self.takes_keyword("or") {
            left = Expr::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let mut left = self.negation()?;
        while self.takes_keyword("and") {
            left = Expr::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Parsed<Expr> {
        if self.takes_keyword("not") {
            let of = self.nested(Self::negation)?;
            return Ok(Expr::Not(Box::new(of)));
        }
        let mut of = self.condition()?;
        while self.takes_keyword("is") {
            of = Expr::Is(Box::new(of), self.is_test()?);
        }
        Ok(of)
    }

    fn is_test(&mut self) -> Parsed<IsTest> {
        let negated = self.takes_keyword("not");
        if self.takes_keyword("null") {
            return Ok(if negated {
                IsTest::NotNull
            } else {
                IsTest::Null
            });
        }
        let truth = self.takes_keyword("true");
        if !truth {
            self.expect_keyword("false")?;
        }
        Ok(IsTest::Truth(match (negated, truth) {
            (false, true) => "true",
            (true, true) => "not true",
            (false, false) => "false",
            (true, false) => "not false",
        }))
    }

    fn condition(&mut self) -> Parsed<Expr> {
        if self.takes_keyword("exists") {
            self.expect_sign("(")?;
            self.skip_subquery()?;
            return Ok(Expr::Exists);
        }
        let left = self.value(0)?;
        let operator = match self.token.kind {
            Kind::Sign("=") => Comparison::Equal,
            Kind::Sign("!=" | "<>") => Comparison::NotEqual,
            Kind::Sign("<") => Comparison::Less,
            Kind::Sign("<=") => Comparison::LessEqual,
            Kind::Sign(">") => Comparison::Greater,
            Kind::Sign(">=") => Comparison::GreaterEqual,
            Kind::Sign("<=>") => Comparison::NullSafeEqual,
            Kind::Keyword("in" | "like" | "regexp" | "rlike" | "starts_with" | "between") => {
                return self.word_operator(left, false);
            }
            Kind::Keyword("not") => {
                self.advance();
                return self.word_operator(left, true);
            }
            _ => return Ok(left),
        };
        self.advance();
        let right = self.value(0)?;
        Ok(Expr::Compare(Box::new(left), operator, Box::new(right)))
    }

    fn word_operator(&mut self, left: Expr, negated: bool) -> Parsed<Expr> {
        let operator = match (&self.token.kind, negated) {
            (Kind::Keyword("between"), _) => return self.range(left, negated),
            (Kind::Keyword("in"), false) => Comparison::In,
            (Kind::Keyword("in"), true) => Comparison::NotIn,
            (Kind::Keyword("like"), false) => Comparison::Like,
            (Kind::Keyword("like"), true) => Comparison::NotLike,
            (Kind::Keyword("regexp" | "rlike"), false) => Comparison::Regexp,
            (Kind::Keyword("regexp" | "rlike"), true) => Comparison::NotRegexp,
            (Kind::Keyword("starts_with"), false) => Comparison::StartsWith,
            (Kind::Keyword("starts_with"), true) => Comparison::NotStartsWith,
            _ => return Err(self.error()),
        };
        self.advance();
        let right = match operator {
            Comparison::In | Comparison::NotIn => self.members()?,
            _ => self.value(0)?,
        };
        Ok(Expr::Compare(Box::new(left), operator, Box::new(right)))
    }

    fn range(&mut self, of: Expr, negated: bool) -> Parsed<Expr> {
        self.advance();
        let from = self.value(0)?;
        self.expect_keyword("and")?;
        let to = self.value(0)?;
        Ok(Expr::Range(Box::new(RangeTest {
            of,
            negated,
            from,
            to,
        })))
    }

    /// What stands behind `IN`.
    fn members(&mut self) -> Parsed<Expr> {
        if let Kind::Argument(name) = &self.token.kind
            && name.starts_with("::")
        {
            let name = name.clone();
            self.advance();
            return Ok(Expr::Argument(name));
        }
        self.expect_sign("(")?;
        if self.token.kind == Kind::Keyword("select") {
            self.skip_subquery()?;
            return Ok(Expr::Subquery);
        }
        let members = self.nested(Self::list)?;
        self.expect_sign(")")?;
        Ok(Expr::Tuple(members))
    }

    /// A value of operators that bind at least as strongly as `strength`.
    fn value(&mut self, strength: usize) -> Parsed<Expr> {
        let mut left = self.operand()?;
        loop {
            if self.takes_keyword("collate") {
                let (Kind::Word(charset) | Kind::Text(charset)) = self.token.kind.clone() else {
                    return Err(self.error());
                };
                self.advance();
                left = Expr::Collate(Box::new(left), charset);
                continue;
            }
            let Some((operator, binds)) = self.arithmetic().filter(|(_, b)| *b >= strength) else {
                return Ok(left);
            };
            self.advance();
            let right = self.nested(|parser| parser.value(binds + 1))?;
            left = Expr::Binary(Box::new(left), operator, Box::new(right));
        }
    }

    /// The operator at hand and how strongly it binds.
    fn arithmetic(&self) -> Option<(&'static str, usize)> {
        let (Kind::Sign(sign) | Kind::Keyword(sign)) = self.token.kind else {
            return None;
        };
        let binds = match sign {
            "|" => 0,
            "&" => 1,
            "<<" | ">>" => 2,
            "+" | "-" => 3,
            "*" | "/" | "div" | "%" | "mod" => 4,
            "^" => 5,
            _ => return None,
        };
        Some((sign, binds))
    }

    fn operand(&mut self) -> Parsed<Expr> {
        let token = self.token.clone();
        match token.kind {
            Kind::Sign("(") => return self.nested(Self::parenthesis),
            Kind::Sign(sign @ ("-" | "+" | "~" | "!")) => {
                self.advance();
                let value = self.nested(Self::operand)?;
                return Ok(signed(sign, value));
            }
            Kind::Word(word) => return self.column_or_call(word),
            Kind::Argument(name) if name.starts_with("::") => return Err(self.error()),
            _ => {}
        }
        let value = match token.kind {
            Kind::Argument(name) => Expr::Argument(name),
            Kind::Float(text) => Expr::Float(text),
            Kind::Integer(text) => Expr::Integer(text),
            Kind::Keyword("false") => Expr::Bool(false),
            Kind::Keyword("null") => Expr::Null,
            Kind::Keyword("true") => Expr::Bool(true),
            Kind::Text(text) => Expr::Text(text),
            Kind::End | Kind::Junk | Kind::Keyword(_) | Kind::Sign(_) | Kind::Word(_) => {
                return Err(self.error());
            }
        };
        self.advance();
        Ok(value)
    }

    fn parenthesis(&mut self) -> Parsed<Expr> {
        self.advance();
        if self.token.kind == Kind::Keyword("select") {
            self.skip_subquery()?;
            return Ok(Expr::Subquery);
        }
        let mut members = self.list()?;
        self.expect_sign(")")?;
        Ok(match members.len() {
            1 => Expr::Paren(Box::new(members.remove(0))),
            _ => Expr::Tuple(members),
        })
    }

    fn column_or_call(&mut self, word: String) -> Parsed<Expr> {
        self.advance();
        if self.takes_sign("(") {
            if self.takes_sign(")") {
                return Ok(Expr::Call(word, Vec::new()));
            }
            let arguments = self.nested(Self::list)?;
            self.expect_sign(")")?;
            return Ok(Expr::Call(word, arguments));
        }
        let mut path = vec![word];
        while path.len() < 3 && self.takes_sign(".") {
            path.push(match &self.token.kind {
                Kind::Word(word) => word.clone(),
                Kind::Keyword(word) => (*word).to_owned(),
                _ => return Err(self.error()),
            });
            self.advance();
        }
        Ok(Expr::Column(path))
    }

    /// Skips over a query inside of parentheses, up to and including the closing one.
    fn skip_subquery(&mut self) -> Parsed<()> {
        if self.token.kind != Kind::Keyword("select") {
            return Err(self.error());
        }
        let mut open = 1;
        while open > 0 {
            match self.token.kind {
                Kind::Sign("(") => open += 1,
                Kind::Sign(")") => open -= 1,
                Kind::End | Kind::Junk => return Err(self.error()),
                _ => {}
            }
            self.advance();
        }
        Ok(())
    }

    fn list(&mut self) -> Parsed<Vec<Expr>> {
        let mut list = vec![self.expression()?];
        while self.takes_sign(",") {
            list.push(self.expression()?);
        }
        Ok(list)
    }

    fn order_list(&mut self) -> Parsed<()> {
        loop {
            self.expression()?;
            let _ = self.takes_keyword("asc") || self.takes_keyword("desc");
            if !self.takes_sign(",") {
                return Ok(());
            }
        }
    }

    /// Goes one level deeper, but not so deep that the stack ends.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAX_DEPTH {
            return Err(SyntaxError {
                message: "max nesting level reached",
                ..self.error()
            });
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn takes_keyword(&mut self, keyword: &'static str) -> bool {
        let takes = self.token.kind == Kind::Keyword(keyword);
        if takes {
            self.advance();
        }
        takes
    }

    fn takes_sign(&mut self, sign: &'static str) -> bool {
        let takes = self.token.kind == Kind::Sign(sign);
        if takes {
            self.advance();
        }
        takes
    }

    fn expect_keyword(&mut self, keyword: &'static str) -> Parsed<()> {
        match self.takes_keyword(keyword) {
            true => Ok(()),
            false => Err(self.error()),
        }
    }

    fn expect_sign(&mut self, sign: &'static str) -> Parsed<()> {
        match self.takes_sign(sign) {
            true => Ok(()),
            false => Err(self.error()),
        }
    }

    fn advance(&mut self) {
        self.token = self.lexer.next_token();
    }

    fn error(&self) -> SyntaxError {
        SyntaxError {
            message: "syntax error",
            position: self.lead + self.token.end + 1,
            near: self.token.name.clone(),
        }
    }
}

/// A value with a sign; integers take it in.
fn signed(sign: &'static str, value: Expr) -> Expr {
    match (sign, value) {
        ("+", value @ Expr::Integer(_)) => value,
        ("-", Expr::Integer(number)) => Expr::Integer(match number.strip_prefix('-') {
            Some(positive) => positive.to_owned(),
            None => format!("-{number}"),
        }),
        (_, value) => Expr::Unary(sign, Box::new(value)),
    }
}

/// How deeply expressions may be nested.
const MAX_DEPTH: usize = 200;
