//! Calls, values and times as people read them.

use std::time::Duration;

use outlast::convert::DecodeError;
use outlast::{Failure, Payload};

/// The arguments of a call: `("pen", 39)`.
pub(super) fn input(input: &[Payload]) -> String {
    let values: Vec<String> = input.iter().map(value).collect();
    format!("({})", values.join(", "))
}

/// Why a mock cannot answer a call.
pub(super) fn undecodable(name: &str, arguments: &[Payload], error: &DecodeError) -> String {
    format!(
        "`{name}` was called with {}, which its definition does not take: {error}; the caller and \
         the definition have to agree",
        input(arguments)
    )
}

/// JSON as it is, and everything else by its size.
pub(super) fn value(payload: &Payload) -> String {
    let encoding = payload.encoding().unwrap_or("unknown encoding");
    let shown = std::str::from_utf8(payload.data())
        .ok()
        .filter(|_| encoding.starts_with("json/"));
    match shown {
        Some(json) if json.len() > LONG => {
            let end = json.floor_char_boundary(LONG);
            format!("{}…", &json[..end])
        }
        Some(json) => json.to_owned(),
        None if encoding == "binary/null" => "null".to_owned(),
        None => format!("<{} bytes, {encoding}>", payload.data().len()),
    }
}

/// `failed with Declined: no funds`.
pub(super) fn failure(failure: &Failure) -> String {
    match failure.application_kind() {
        Some(kind) => format!("failed with {kind}: {}", failure.message()),
        None => format!("failed: {}", failure.message()),
    }
}

/// `1d 2h 30m`, and fractions of a second where there are any.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "m"),
    ];
    let mut text: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    let rest = Duration::new(seconds % 60, duration.subsec_nanos());
    if !rest.is_zero() || text.is_empty() {
        text.push(format!("{}s", rest.as_secs_f64()));
    }
    text.join(" ")
}

/// `once`, `3 times`.
pub(super) fn times(count: u32) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// What is longer is cut.
const LONG: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_by_their_parts() {
        let cases = [
            (Duration::ZERO, "0s"),
            (Duration::from_millis(1500), "1.5s"),
            (Duration::from_secs(86_400 + 7200 + 60), "1d 2h 1m"),
            (Duration::from_secs(3601), "1h 1s"),
        ];
        for (length, want) in cases {
            assert_eq!(duration(length), want);
        }
    }

    #[test]
    fn long_values_are_cut_and_binary_ones_counted() {
        let long = Payload::new("json/plain", "é".repeat(150));
        assert!(value(&long).ends_with('…'));
        assert_eq!(
            value(&Payload::new("binary/plain", vec![1, 2])),
            "<2 bytes, binary/plain>"
        );
        let arguments = [
            Payload::new("json/plain", "\"pen\""),
            Payload::new("binary/null", ""),
        ];
        assert_eq!(input(&arguments), "(\"pen\", null)");
    }
}
