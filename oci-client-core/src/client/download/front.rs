use std::collections::BTreeMap;
use std::ops::Range;

use oci_spec_types::Verifier;

/// What of a blob has been written, in whatever order, and what has been checked of it.
pub(super) struct Front {
    /// What has been written beyond the prefix: start and end of each piece.
    ahead: BTreeMap<u64, u64>,
    /// Whether pieces may come before their turn.
    pub(super) has_gaps: bool,
    prefix: u64,
    /// Away while somebody hashes with it.
    verifier: Option<Verifier>,
}

impl Front {
    pub(super) const fn new(verifier: Verifier) -> Self {
        Self {
            ahead: BTreeMap::new(),
            has_gaps: false,
            prefix: 0,
            verifier: Some(verifier),
        }
    }

    /// So many bytes are there from the beginning on, without a gap.
    pub(super) const fn prefix(&self) -> u64 {
        self.prefix
    }

    /// Whether all that is there is from the beginning on, and nothing else is to come.
    pub(super) fn is_without_gaps(&self) -> bool {
        !self.has_gaps && self.ahead.is_empty()
    }

    /// Whether all that is there from the beginning on has been checked.
    pub(super) fn is_checked(&self) -> bool {
        let position = self.verifier.as_ref().map(Verifier::position);
        position.is_some_and(|position| position >= self.prefix)
    }

    /// The pieces that are there, in order.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Range<u64>> {
        let ahead = self.ahead.iter().map(|(start, end)| *start..*end);
        (self.prefix > 0).then_some(0..self.prefix).into_iter().chain(ahead)
    }

    /// Where the blob, which has `size` bytes, has gaps, in order.
    pub(super) fn gaps(&self, size: u64) -> Vec<Range<u64>> {
        let ends = std::iter::once(self.prefix).chain(self.ahead.values().copied());
        let starts = self.ahead.keys().copied().chain(std::iter::once(size));
        ends.zip(starts)
            .map(|(start, end)| start..end)
            .filter(|gap| !gap.is_empty())
            .collect()
    }

    /// Forgets all that is there beyond the prefix.
    pub(super) fn forget_ahead(&mut self) {
        self.ahead.clear();
        self.has_gaps = false;
    }

    /// The bytes `start..end` are there.
    pub(super) fn written(&mut self, start: u64, end: u64) {
        if start <= self.prefix {
            self.prefix = self.prefix.max(end);
        } else {
            match self.ahead.range_mut(..=start).next_back() {
                Some((_, reached)) if *reached >= start => *reached = end.max(*reached),
                _ => drop(self.ahead.insert(start, end)),
            }
        }
        while let Some(piece) = self.ahead.first_entry()
            && *piece.key() <= self.prefix
        {
            self.prefix = self.prefix.max(piece.remove());
        }
    }

    /// The verifier, unless somebody else has it. Give it back.
    pub(super) const fn take_verifier(&mut self) -> Option<Verifier> {
        self.verifier.take()
    }

    pub(super) fn give_back(&mut self, verifier: Verifier) {
        self.verifier = Some(verifier);
    }
}

#[cfg(test)]
mod tests {
    use oci_spec_types::Digest;

    use super::*;

    #[test]
    fn the_prefix_grows_over_pieces_that_came_before_their_turn() {
        let mut front = Front::new(Digest::sha256(b"").verifier(100).unwrap());
        for (start, end, prefix) in [
            (20, 30, 0),
            (30, 35, 0),
            (50, 60, 0),
            (0, 10, 10),
            (5, 8, 10),
            (40, 45, 10),
            (10, 20, 35),
            (35, 40, 45),
            (45, 48, 48),
            (52, 55, 48),
            (48, 50, 60),
            (60, 100, 100),
        ] {
            front.written(start, end);
            assert_eq!(front.prefix(), prefix, "{start}..{end}");
        }
        assert!(front.ahead.is_empty());
    }

    #[test]
    fn pieces_and_gaps_make_up_the_whole() {
        let mut front = Front::new(Digest::sha256(b"").verifier(100).unwrap());
        assert_eq!(front.pieces().count(), 0);
        assert_eq!(front.gaps(100), [Range { start: 0, end: 100 }]);
        for (start, end) in [(20, 30), (0, 10), (50, 60)] {
            front.written(start, end);
        }
        assert_eq!(front.pieces().collect::<Vec<_>>(), [0..10, 20..30, 50..60]);
        assert_eq!(front.gaps(100), [10..20, 30..50, 60..100]);
        front.written(60, 100);
        assert_eq!(front.gaps(100), [10..20, 30..50]);
        front.forget_ahead();
        assert_eq!(front.gaps(100), [Range { start: 10, end: 100 }]);
    }
}
