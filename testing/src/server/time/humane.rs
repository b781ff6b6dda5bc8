//! Moments and durations, for people.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use crate::server::wire::since_epoch;

/// A moment, and how far it is from now.
pub(super) fn moment(at: SystemTime, now: SystemTime) -> String {
    let distance = match at.duration_since(now) {
        Ok(Duration::ZERO) => "now".to_owned(),
        Ok(ahead) => format!("in {}", duration(ahead)),
        Err(past) => format!("{} ago", duration(past.duration())),
    };
    format!("{} ({distance})", date(at))
}

/// A moment as RFC 3339; what is beyond all calendars, by its second.
pub(super) fn date(at: SystemTime) -> String {
    match Timestamp::try_from(at) {
        Ok(timestamp) => timestamp.to_string(),
        Err(_) => format!("second {}", since_epoch(at).as_secs()),
    }
}

/// A duration as people write it: `1h 30m`.
pub(super) fn duration(duration: Duration) -> String {
    match SignedDuration::try_from(duration) {
        Ok(signed) => format!("{signed:#}"),
        Err(_) => format!("{duration:?}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn moments_are_dates_with_their_distance() {
        let now = UNIX_EPOCH + Duration::from_secs(1_893_456_000);
        let hours = Duration::from_secs(5400);
        for (at, want) in [
            (now, "2030-01-01T00:00:00Z (now)"),
            (now + hours, "2030-01-01T01:30:00Z (in 1h 30m)"),
            (now - hours, "2029-12-31T22:30:00Z (1h 30m ago)"),
        ] {
            assert_eq!(moment(at, now), want);
        }
    }

    #[test]
    fn what_no_calendar_has_is_told_in_seconds() {
        let far = UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(date(far), "second 1099511627776");
    }
}
