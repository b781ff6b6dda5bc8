//! [`Flags`]: the command line after the command.

use std::collections::BTreeMap;

use super::Res;

/// `--key value` pairs. Those that a command does not know are of no effect, so that one script
/// can drive this program and others like it.
pub(crate) struct Flags(BTreeMap<String, String>);

impl Flags {
    pub(crate) fn parse(arguments: &[String]) -> Res<Self> {
        let mut flags = BTreeMap::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let key = argument
                .strip_prefix("--")
                .ok_or_else(|| format!("`{argument}` is where a --flag belongs"))?;
            let value = arguments
                .next()
                .ok_or_else(|| format!("--{key} needs a value"))?;
            flags.insert(key.to_owned(), value.clone());
        }
        Ok(Self(flags))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(crate) fn needed(&self, key: &str) -> Res<&str> {
        Ok(self
            .get(key)
            .ok_or_else(|| format!("--{key} is needed; its value comes after it"))?)
    }

    pub(crate) fn text<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        self.get(key).unwrap_or(default)
    }

    pub(crate) fn number(&self, key: &str, default: usize) -> Res<usize> {
        match self.get(key) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|error| format!("--{key} {text}: {error}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Res<Flags> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Flags::parse(&arguments)
    }

    #[test]
    fn flags_have_values_and_defaults() {
        let flags = parse("--count 3 --id x").unwrap();
        assert_eq!(flags.number("count", 1).unwrap(), 3);
        assert_eq!(flags.number("slots", 100).unwrap(), 100);
        assert_eq!(flags.text("id", "y"), "x");
        assert!(flags.number("id", 1).is_err());
        assert!(flags.needed("file").is_err());
    }

    #[test]
    fn what_is_no_flag_or_lacks_a_value_is_refused() {
        for line in ["count 3", "--count"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
