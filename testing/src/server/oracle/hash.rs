//! Numbers that depend on names, and on nothing else.

use std::time::Duration;

use super::{Site, Subject};

/// The number of one question.
pub(super) fn question(seed: u64, site: Site, subject: Subject<'_>) -> u64 {
    let mut hash = text(mixed(seed), site.name());
    hash = text(hash, subject.namespace);
    hash = text(hash, subject.name);
    hash = draw(hash, subject.run);
    draw(hash, subject.number)
}

/// A number that depends on these two alone, whatever else is drawn before or after.
pub(in crate::server) fn draw(seed: u64, number: u64) -> u64 {
    mixed(seed.wrapping_add(number.wrapping_add(1).wrapping_mul(GAMMA)))
}

/// The share of a duration that a drawn number means; never all of it. In milliseconds, as servers
/// count.
pub(in crate::server) fn share(whole: Duration, drawn: u64) -> Duration {
    let share = (u128::from(drawn) * whole.as_millis()) >> 64;
    Duration::from_millis(share as u64)
}

/// Takes in eight bytes at a time, and the length, so that one text never looks like two.
fn text(hash: u64, text: &str) -> u64 {
    let chunks = text.as_bytes().chunks(8);
    let hash = chunks.fold(hash, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        draw(hash, u64::from_le_bytes(word))
    });
    draw(hash, text.len() as u64)
}

/// The finish of SplitMix64: a few multiplications, and any seed will do.
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
