//! Moments and durations as queries and search attributes write them.

use std::str::FromStr;

use prost_types::Timestamp;

/// A moment of RFC 3339, in microseconds since 1970.
pub(in crate::server) fn parse_datetime(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (date, rest) = bytes.split_at_checked("2030-01-02T03:04:05".len())?;
    let shape = date.iter().map(|byte| match byte {
        b'0'..=b'9' => b'0',
        other => *other,
    });
    if !shape.eq(*b"0000-00-00T00:00:00") {
        return None;
    }
    let fraction = match rest.first() {
        Some(b'.' | b',') => 1 + rest[1..].iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = &rest[fraction..];
    let zone_is_well_formed = match zone {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    };
    if fraction == 1 || !zone_is_well_formed {
        return None;
    }
    // Digits beyond nanoseconds are dropped, and a comma is as good as a point.
    let seconds = text.get(..date.len())?;
    let digits = text
        .get(date.len()..date.len() + fraction.min(10))?
        .replace(',', ".");
    let zone = text.get(date.len() + fraction..)?;
    let timestamp = Timestamp::from_str(&format!("{seconds}{digits}{zone}")).ok()?;
    Some(micros(&timestamp))
}

/// A timestamp in microseconds since 1970.
pub(in crate::server) fn micros(timestamp: &Timestamp) -> i64 {
    timestamp.seconds * 1_000_000 + i64::from(timestamp.nanos) / 1_000
}

/// A duration in nanoseconds: a number of them, numbers with units (`1h30m`, also days), or
/// hours, minutes and seconds (`01:30:00`).
pub(super) fn parse_duration(text: &str) -> Option<i64> {
    if let Ok(nanos) = text.parse() {
        return Some(nanos);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let nanos = match digits.contains(':') {
        true => clock_nanos(digits),
        false => unit_nanos(digits),
    }?;
    (nanos <= i64::MAX as f64).then_some((sign * nanos) as i64)
}

fn clock_nanos(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else {
        return None;
    };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| is_number)
    };
    let (hours, minutes, seconds) = (number(hours)?, number(minutes)?, number(seconds)?);
    let is_clock = minutes < 60 && seconds < 60;
    let seconds = f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + f64::from(seconds);
    is_clock.then_some(seconds * 1e9)
}

fn unit_nanos(mut text: &str) -> Option<f64> {
    if text.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at(digits);
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, rest) = rest.split_at(unit.unwrap_or(rest.len()));
        let nanos = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            "d" => 86_400e9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * nanos;
        text = rest;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339_and_nothing_else() {
        let base = 1_893_553_445_000_000;
        let cases = [
            ("2030-01-02T03:04:05Z", Some(base)),
            ("2030-01-02T03:04:05.678Z", Some(base + 678_000)),
            ("2030-01-02T03:04:05,678Z", Some(base + 678_000)),
            ("2030-01-02T03:04:05.678+00:00", Some(base + 678_000)),
            ("2030-01-02T05:04:05+02:00", Some(base)),
            ("2030-01-02T03:04:05.123456789123Z", Some(base + 123_456)),
            ("1969-12-31T23:59:59Z", Some(-1_000_000)),
            ("2030-01-02T03:04:05.Z", None),
            ("2030-01-02t03:04:05z", None),
            ("2030-01-02 03:04:05Z", None),
            ("2030-01-02T24:00:00Z", None),
            ("2030-02-30T03:04:05Z", None),
            ("2030-01-02", None),
            ("2030-01-02T03:04:05", None),
            ("2030-01-02T03:04:0é", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_datetime(text), want, "{text:?}");
        }
    }

    #[test]
    fn durations_have_three_forms() {
        let second = 1_000_000_000;
        let cases = [
            ("1000000000", Some(second)),
            ("1s", Some(second)),
            ("-1s", Some(-second)),
            (".5s", Some(second / 2)),
            ("1h1m1.5s1ms", Some(3_661_501_000_000)),
            ("2h1d", Some(93_600 * second)),
            ("1µs", Some(1_000)),
            ("0:0:1", Some(second)),
            ("100:00:00", Some(360_000 * second)),
            ("00:99:00", None),
            ("1:1", None),
            ("1w", None),
            ("1 s", None),
            ("x", None),
            ("-", None),
            ("", None),
            ("99999999999999999999s", None),
        ];
        for (text, want) in cases {
            assert_eq!(parse_duration(text), want, "{text:?}");
        }
    }
}
