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

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mixed(self.state)
    }
}

/// The seed of the choices that are made for one object, such as a schedule.
pub(super) fn seed_of(seed: u64, object: &str) -> u64 {
    object.bytes().fold(mixed(seed), |seed, byte| {
        mixed(seed.wrapping_add(GAMMA) ^ u64::from(byte))
    })
}

/// A number that depends on these two alone, whatever else is drawn before or after.
pub(super) fn draw(seed: u64, number: u64) -> u64 {
    mixed(seed.wrapping_add(number.wrapping_mul(GAMMA)))
}

/// SplitMix64: one multiplication chain per number, and any seed will do.
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Tells whether `text` has the shape of a UUID, which the server demands of run ids.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}
