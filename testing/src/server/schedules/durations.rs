//! Durations as texts, such as `1h30m` or `2d`, with the complaints that the real server makes.

const SECOND: i128 = 1_000_000_000;

/// A duration in nanoseconds.
pub(super) fn parse_nanos(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(0);
    }
    let mut rest = unsigned;
    let mut total: i128 = 0;
    loop {
        let number = take(&mut rest, |c| c.is_ascii_digit() || c == '.');
        if !number.contains(|c: char| c.is_ascii_digit()) {
            return Err(invalid());
        }
        let unit = take(&mut rest, |c| !c.is_ascii_digit() && c != '.');
        let nanos = match unit {
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            "d" => 86_400 * SECOND,
            _ => {
                return Err(format!("time: unknown unit {unit:?} in duration {text:?}"));
            }
        };
        total += scaled(number, nanos).ok_or_else(invalid)?;
        if rest.is_empty() {
            break;
        }
    }
    let total = if text.starts_with('-') { -total } else { total };
    i64::try_from(total).map_err(|_| invalid())
}

/// Takes the longest start of a text whose characters all belong.
fn take<'a>(rest: &mut &'a str, belongs: impl Fn(char) -> bool) -> &'a str {
    let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}

fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // More digits than these cannot be whole nanoseconds of a possible duration.
    if whole.len() > 18 || fraction.contains('.') {
        return None;
    }
    let whole: i128 = match whole {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let mut nanos = whole * unit;
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        nanos += i128::from(digit - b'0') * place;
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        let cases = [
            ("90m", 5_400.0),
            ("1h30m10s", 5_410.0),
            ("1.5h", 5_400.0),
            ("1d2h", 93_600.0),
            ("-5m", -300.0),
            ("0", 0.0),
            ("1500ms", 1.5),
        ];
        for (text, want) in cases {
            assert_eq!(parse_nanos(text), Ok((want * 1e9) as i64), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_duration_is_said() {
        let cases = [
            ("x", "time: invalid duration \"x\""),
            ("-", "time: invalid duration \"-\""),
            ("", "time: invalid duration \"\""),
            ("1", "time: missing unit in duration \"1\""),
            ("1h30", "time: missing unit in duration \"1h30\""),
            ("1w", "time: unknown unit \"w\" in duration \"1w\""),
            ("1h 5m", "time: unknown unit \"h \" in duration \"1h 5m\""),
        ];
        for (text, want) in cases {
            assert_eq!(parse_nanos(text), Err(want.to_owned()), "{text}");
        }
    }
}
