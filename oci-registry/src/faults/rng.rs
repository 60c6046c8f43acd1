/// SplitMix64: numbers that look random and are the same for the same seed.
#[derive(Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(super) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound - 1`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.number().checked_rem(bound).unwrap_or_default()
    }

    /// One of `all`, which has some.
    pub(super) fn one_of<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        let place = self.below((others.len() as u64).saturating_add(1));
        let other = place.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        other.and_then(|place| others.get(place)).copied().unwrap_or(first)
    }
}
