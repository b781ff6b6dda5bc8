//! Identifiers from a seed: the same seed and the same calls give the same ids.

use std::time::SystemTime;

use super::wire::since_epoch;

/// A source of UUID-shaped identifiers.
///
/// The ids look like version 7 UUIDs, with the virtual time in front, so that they sort by age as
/// production's do.
#[derive(Debug)]
pub(super) struct Ids {
    state: u64,
}

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn uuid(&mut self, now: SystemTime) -> String {
        let millis = since_epoch(now).as_millis() as u64 & 0xffff_ffff_ffff;
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            millis >> 16,
            millis & 0xffff,
            high & 0xfff,
            0x8000 | (high >> 16 & 0x3fff),
            low & 0xffff_ffff_ffff,
        )
    }

    /// SplitMix64: one multiplication chain per number, and any seed will do.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Tells whether `text` has the shape of a UUID, which the server demands of run ids.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}
