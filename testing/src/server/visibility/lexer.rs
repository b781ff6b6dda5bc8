//! Words, literals and signs of a query.
//!
//! The real server reads queries with a parser of MySQL, so this lexer follows MySQL: comments,
//! escapes in strings, identifiers in backticks, and the words that cannot name an attribute.

/// A word, literal or sign, and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// How many bytes of the query are read when this token has been read.
    pub(super) end: usize,
    /// How the token is called in a syntax error; signs and the end have no name.
    pub(super) name: Option<String>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A placeholder of a prepared statement, which nobody ever fills.
    Argument(String),
    End,
    Float(String),
    /// An integer, or a hexadecimal or binary literal.
    Integer(String),
    /// Something that is no token at all.
    Junk,
    /// A reserved word, in lower case.
    Keyword(&'static str),
    Sign(&'static str),
    Text(String),
    /// An identifier, with or without backticks.
    Word(String),
}

/// Reads tokens off the front of a query.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    query: &'a str,
    at: usize,
    arguments: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(query: &'a str) -> Self {
        Self {
            query,
            at: 0,
            arguments: 0,
        }
    }

    /// The next token; [`Kind::End`] again and again at the end.
    pub(super) fn next_token(&mut self) -> Token {
        loop {
            self.take_while(|byte| b" \n\r\t".contains(&byte));
            let rest = self.rest();
            if rest.starts_with("--") || rest.starts_with("//") || rest.starts_with('#') {
                self.take_while(|byte| byte != b'\n');
            } else if let Some(comment) = rest.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(length) => self.at += length + 4,
                    None => {
                        let name = rest.to_owned();
                        self.at = self.query.len();
                        return self.token(Kind::Junk, Some(name));
                    }
                }
            } else {
                return self.scan();
            }
        }
    }

    fn scan(&mut self) -> Token {
        let Some(first) = self.peek(0) else {
            return self.token(Kind::End, None);
        };
        match first {
            b'x' | b'X' | b'b' | b'B' if self.peek(1) == Some(b'\'') => self.radix_literal(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'@' => self.word(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) => self.number(),
            b'\'' | b'"' => self.text(first),
            b'`' => self.quoted_word(),
            b':' => self.named_argument(),
            b'?' => {
                self.at += 1;
                self.arguments += 1;
                let name = format!(":v{}", self.arguments);
                self.token(Kind::Argument(name.clone()), Some(name))
            }
            _ => self.sign(),
        }
    }

    fn word(&mut self) -> Token {
        let word = self
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"_@".contains(&byte))
            .to_owned();
        let lower = word.to_ascii_lowercase();
        match KEYWORDS.iter().find(|keyword| **keyword == lower) {
            Some(keyword) => self.token(Kind::Keyword(keyword), Some(lower)),
            None => self.token(Kind::Word(word.clone()), Some(word)),
        }
    }

    fn quoted_word(&mut self) -> Token {
        match self.delimited(b'`') {
            Ok(word) if word.is_empty() => self.token(Kind::Junk, None),
            Ok(word) => self.token(Kind::Word(word.clone()), Some(word)),
            Err(rest) => self.token(Kind::Junk, Some(rest)),
        }
    }

    fn text(&mut self, delimiter: u8) -> Token {
        match self.delimited(delimiter) {
            Ok(text) => self.token(Kind::Text(text.clone()), Some(text)),
            Err(rest) => self.token(Kind::Junk, Some(rest)),
        }
    }

    /// What stands between two delimiters; all that is left if the second one is missing.
    fn delimited(&mut self, delimiter: u8) -> Result<String, String> {
        self.at += 1;
        let mut text = Vec::new();
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            if byte == delimiter {
                if self.peek(0) != Some(delimiter) {
                    return Ok(lossy(&text));
                }
                self.at += 1;
                text.push(delimiter);
            } else if byte == b'\\' && delimiter != b'`' {
                let Some(escaped) = self.peek(0) else { break };
                self.at += 1;
                text.push(unescaped(escaped));
            } else {
                text.push(byte);
            }
        }
        Err(lossy(&text))
    }

    /// `x'41'` or `b'01'`; the server takes the digits for a decimal number.
    fn radix_literal(&mut self) -> Token {
        self.at += 2;
        let digits = self.take_while(|byte| byte.is_ascii_hexdigit()).to_owned();
        if self.peek(0) != Some(b'\'') {
            return self.token(Kind::Junk, Some(digits));
        }
        self.at += 1;
        self.token(Kind::Integer(digits.clone()), Some(digits))
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        let mut is_float = false;
        if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.at += 2;
            self.take_while(|byte| byte.is_ascii_hexdigit());
        } else {
            self.take_while(|byte| byte.is_ascii_digit());
            if self.peek(0) == Some(b'.') {
                is_float = true;
                self.at += 1;
                self.take_while(|byte| byte.is_ascii_digit());
            }
            if self.peek(0).is_some_and(|byte| b"eE".contains(&byte)) {
                is_float = true;
                self.at += 1;
                if self.peek(0).is_some_and(|byte| b"+-".contains(&byte)) {
                    self.at += 1;
                }
                self.take_while(|byte| byte.is_ascii_digit());
            }
        }
        let text = self.query[start..self.at].to_owned();
        let runs_on = self
            .peek(0)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || b"_@".contains(&byte));
        let kind = match (runs_on, is_float) {
            (true, _) => Kind::Junk,
            (false, true) => Kind::Float(text.clone()),
            (false, false) => Kind::Integer(text.clone()),
        };
        self.token(kind, Some(text))
    }

    /// `:name`, or `::name` for a list.
    fn named_argument(&mut self) -> Token {
        let start = self.at;
        self.take_while(|byte| byte == b':');
        let colons = self.at - start;
        let name = self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let text = self.query[start..self.at].to_owned();
        match colons <= 2 && is_named {
            true => self.token(Kind::Argument(text.clone()), Some(text)),
            false => {
                self.at = start + colons;
                self.token(Kind::Junk, Some(":".repeat(colons)))
            }
        }
    }

    fn sign(&mut self) -> Token {
        let rest = self.rest();
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return match *sign {
                "&&" => self.token(Kind::Keyword("and"), None),
                "||" => self.token(Kind::Keyword("or"), None),
                sign => self.token(Kind::Sign(sign), None),
            };
        }
        let junk = rest.chars().next().filter(char::is_ascii);
        let name = junk.unwrap_or(char::REPLACEMENT_CHARACTER).to_string();
        // The real server reads bytes, so it stumbles over the first byte of a letter.
        let mut token = self.token(Kind::Junk, Some(name));
        token.end += 1;
        self.at += rest.chars().next().map_or(0, char::len_utf8);
        token
    }

    fn token(&self, kind: Kind, name: Option<String>) -> Token {
        Token {
            kind,
            end: self.at,
            name,
        }
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek(0).is_some_and(&belongs) {
            self.at += 1;
        }
        // Only ASCII ever ends a run of bytes here, so this cuts no letter in two.
        self.query.get(start..self.at).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.query.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a str {
        self.query.get(self.at..).unwrap_or_default()
    }
}

/// Whether an identifier can be written without backticks.
pub(super) fn is_plain(word: &str) -> bool {
    let mut bytes = word.bytes();
    let starts_well = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || b"_@".contains(&byte));
    let goes_on_well = bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_@".contains(&byte));
    let lower = word.to_ascii_lowercase();
    starts_well && goes_on_well && !KEYWORDS.contains(&lower.as_str())
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'0' => 0,
        b'b' => 8,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'Z' => 26,
        other => other,
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Longer signs first.
const SIGNS: [&str; 27] = [
    "<=>", "<<", "<=", "<>", ">>", ">=", "!=", "&&", "||", "<", ">", "=", "(", ")", ",", ";", ".",
    "+", "-", "*", "/", "%", "^", "~", "!", "&", "|",
];

/// Words that name no attribute unless they stand in backticks.
const KEYWORDS: [&str; 74] = [
    "and",
    "as",
    "asc",
    "between",
    "binary",
    "by",
    "case",
    "collate",
    "convert",
    "create",
    "cross",
    "default",
    "delete",
    "desc",
    "describe",
    "distinct",
    "div",
    "drop",
    "else",
    "end",
    "escape",
    "exists",
    "explain",
    "false",
    "for",
    "force",
    "from",
    "group",
    "having",
    "if",
    "ignore",
    "in",
    "index",
    "inner",
    "insert",
    "interval",
    "into",
    "is",
    "join",
    "key",
    "left",
    "like",
    "limit",
    "lock",
    "match",
    "mod",
    "natural",
    "next",
    "not",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "regexp",
    "right",
    "rlike",
    "schema",
    "select",
    "set",
    "show",
    "starts_with",
    "table",
    "then",
    "to",
    "true",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
    "xor",
];
