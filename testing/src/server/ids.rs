//! The shape of identifiers.

use std::time::SystemTime;

use super::oracle::draw;
use super::wire::since_epoch;

/// An id made of a number that was drawn for it.
///
/// It looks like a version 7 UUID, with the virtual time in front, so that ids sort by age as
/// production's do.
pub(super) fn uuid(drawn: u64, now: SystemTime) -> String {
    let millis = since_epoch(now).as_millis() as u64 & 0xffff_ffff_ffff;
    let low = draw(drawn, 0);
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        millis >> 16,
        millis & 0xffff,
        drawn & 0xfff,
        0x8000 | (drawn >> 16 & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

/// Tells whether `text` has the shape of a UUID, which the server demands of run ids.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}
