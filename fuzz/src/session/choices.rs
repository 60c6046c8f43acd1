//! What the bytes decide.

/// Decisions out of bytes, which come round again when they are used up. Nothing but zeros decides for the plain course of events.
pub(super) struct Choices<'a> {
    bytes: &'a [u8],
    used: usize,
}

impl<'a> Choices<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, used: 0 }
    }

    /// A number below `end`, of which zero is the plain choice.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()).checked_rem(end).unwrap_or_default()
    }

    /// True about once in so many times, and never for a zero.
    pub(super) fn one_in(&mut self, times: u8) -> bool {
        self.byte().checked_rem(times) == times.checked_sub(1)
    }

    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let place = self.below(from.len());
        *from.get(place).expect("there is something to pick")
    }

    /// A number up to `most`, at either end more often than between.
    pub(super) fn number(&mut self, most: u64) -> u64 {
        match self.byte() {
            0..64 => most,
            64..128 => 0,
            byte => u64::from(byte - 127).min(most),
        }
    }

    /// A few bytes as they are.
    pub(super) fn raw(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }

    fn byte(&mut self) -> u8 {
        let place = self.used.checked_rem(self.bytes.len());
        self.used = self.used.wrapping_add(1);
        place
            .and_then(|place| self.bytes.get(place))
            .copied()
            .unwrap_or_default()
    }
}
