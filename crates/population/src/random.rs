//! SplitMix64 (Steele, Lea and Flood 2014): a stream for what is made in order, and draws by place for what is made alone.

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Every bit of the result hangs on every bit that goes in.
pub(crate) fn mix(word: u64) -> u64 {
    let mut z = word.wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A key of its own for each pair.
pub(crate) fn key(of: u64, place: u64) -> u64 {
    mix(mix(of) ^ place.wrapping_mul(STEP))
}

/// What a stream that begins with this key gives at that place.
pub(crate) fn nth(key: u64, place: u64) -> u64 {
    mix(key.wrapping_add(place.wrapping_mul(STEP)))
}

/// Even from 0 up to but without `n`, which is below 2^32.
pub(crate) fn below(word: u64, n: u64) -> u64 {
    ((word >> 32) * n) >> 32
}

pub(crate) struct Stream(u64);

impl Stream {
    pub(crate) fn new(key: u64) -> Stream {
        Stream(key)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        below(mix(self.0), n)
    }

    /// A place in a list of that length; 0 of an empty one.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap_or(0))).unwrap_or(0)
    }

    pub(crate) fn permille(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }
}
