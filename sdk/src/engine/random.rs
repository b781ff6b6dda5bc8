//! Randomness that replays: seeded by the run, and frozen.
//!
//! Both algorithms are a promise to histories that exist: a change here breaks runs that may be
//! months old. The tests pin them.

/// A stream of random numbers that a replay repeats.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The stream of the run whose original run id this is.
    #[must_use]
    pub(crate) fn of_run(run_id: &str) -> Self {
        Self {
            state: seed(run_id),
        }
    }

    /// The next number (SplitMix64).
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next sixteen bytes.
    pub(crate) fn next_bytes(&mut self) -> [u8; 16] {
        let (high, low) = (self.next_u64(), self.next_u64());
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }
}

/// SipHash-1-3 without a key over the text and a closing 0xff byte.
fn seed(text: &str) -> u64 {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0xff);
    let mut hash = SipHash::new();
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        hash.word(u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    last[7] = bytes.len().to_le_bytes()[0];
    hash.word(u64::from_le_bytes(last));
    hash.finish()
}

struct SipHash {
    v: [u64; 4],
}

impl SipHash {
    fn new() -> Self {
        let v = [
            0x736f_6d65_7073_6575,
            0x646f_7261_6e64_6f6d,
            0x6c79_6765_6e65_7261,
            0x7465_6462_7974_6573,
        ];
        Self { v }
    }

    fn word(&mut self, word: u64) {
        self.v[3] ^= word;
        self.round();
        self.v[0] ^= word;
    }

    fn finish(mut self) -> u64 {
        self.v[2] ^= 0xff;
        for _ in 0..3 {
            self.round();
        }
        self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3]
    }

    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.v = [a, b, c, d];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_the_one_that_core_based_sdks_use() {
        assert_eq!(
            seed("01a20222-51e3-7a4b-a642-d1a5adf47f7f"),
            11_097_792_587_560_505_555
        );
    }

    #[test]
    fn the_stream_is_frozen() {
        let mut random = Random { state: 0 };
        let first = [random.next_u64(), random.next_u64(), random.next_u64()];
        let frozen = [
            0xe220_a839_7b1d_cdaf,
            0x6e78_9e6a_a1b9_65f4,
            0x06c4_5d18_8009_454f,
        ];
        assert_eq!(first, frozen);
    }
}
