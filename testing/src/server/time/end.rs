//! The end of virtual time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The beginning of the year 9999. Calendars and the wire's timestamps go hardly further.
///
/// This moment never comes: the clock stops just before it, so what is due then, or would be even
/// later, does not happen. Otherwise something that comes again and again would never end there.
pub(in crate::server) fn end_of_time() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(253_370_764_800)
}

/// Whether a moment comes before time ends.
pub(crate) fn comes(moment: SystemTime) -> bool {
    moment < end_of_time()
}

/// The last moment that comes.
pub(in crate::server) fn last_moment() -> SystemTime {
    end_of_time() - Duration::from_nanos(1)
}

/// The moment that is so much later, or the end of time.
pub(crate) fn later(time: SystemTime, by: Duration) -> SystemTime {
    let end = end_of_time();
    time.checked_add(by).map_or(end, |later| later.min(end))
}
