//! Durations as text: `"500ms"`, `"30s"`, `"1h30m"`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, LitStr, Result};

/// The units from the longest to the shortest, each with its milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads a duration that is longer than zero.
pub(crate) fn parse(literal: &LitStr) -> Result<Duration> {
    let refuse = |message| Err(Error::new(literal.span(), message));
    match parse_text(&literal.value()) {
        Some(Duration::ZERO) => refuse("a duration of zero: leave the option out instead"),
        Some(duration) => Ok(duration),
        None => refuse(
            "expected a duration such as \"30s\": whole numbers of `d`, `h`, `m`, `s` and `ms`, \
             the longest unit first, as in \"1h30m\"",
        ),
    }
}

/// The expression that makes the duration.
pub(crate) fn quote(duration: Duration) -> TokenStream {
    let seconds = duration.as_secs();
    match duration.subsec_millis() {
        0 => quote!(::core::time::Duration::from_secs(#seconds)),
        millis => {
            let nanos = millis * 1_000_000;
            quote!(::core::time::Duration::new(#seconds, #nanos))
        }
    }
}

fn parse_text(text: &str) -> Option<Duration> {
    let mut total = 0u64;
    let mut rest = text;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit());
        let (unit, after) = split_where(after, |c| c.is_ascii_digit());
        // Taken from the iterator, so that no unit comes twice or after a shorter one.
        let (_, millis) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*millis)?)?;
        rest = after;
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_and_their_combinations_are_read() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("0s", 0),
        ] {
            assert_eq!(
                parse_text(text),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "30",
            "s",
            "5 s",
            "1.5s",
            "-1s",
            "5 parsecs",
            "30m1h",
            "1s1s",
            "1us",
            "s5",
            "99999999999999999999s",
            "18446744073709551615s",
            "١s",
        ] {
            assert_eq!(parse_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_of_zero_is_a_mistake() {
        let error = parse(&syn::parse_quote!("0s")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a duration of zero: leave the option out instead"
        );
    }

    #[test]
    fn whole_seconds_are_written_as_such() {
        let written = |millis| {
            quote(Duration::from_millis(millis))
                .to_string()
                .replace(' ', "")
        };
        assert_eq!(written(2_000), "::core::time::Duration::from_secs(2u64)");
        assert_eq!(
            written(1_500),
            "::core::time::Duration::new(1u64,500000000u32)"
        );
    }
}
