//! Numbers that look random and are the same for the same seed.

/// One number of a seed's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Gives the number at a place of a seed's sequence (SplitMix64).
    pub(crate) fn of(seed: u64, place: u64) -> Self {
        let mut number = seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(number ^ (number >> 31))
    }

    /// Says whether the number, read as one from 0 to 1, is below a limit.
    pub(crate) fn is_below(self, limit: f64) -> bool {
        // 32 bits of it are enough, and fit without loss.
        let share = f64::from(u32::try_from(self.0 >> 32).unwrap_or(u32::MAX)) / 4_294_967_296.0;
        share < limit
    }

    /// Gives the number cut to fewer than `limit` values.
    pub(crate) fn below(self, limit: u64) -> u64 {
        (self.0 >> 11) % limit.max(1)
    }
}
