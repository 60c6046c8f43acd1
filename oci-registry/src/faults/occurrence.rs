use super::rng::Rng;

/// To which of the exchanges that a rule is about its fault happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Occurrence {
    /// `chance=5%`: to each with a chance of so many in a hundred, drawn from the plan's seed.
    Chance(u8),
    /// `every`: to each.
    Every,
    /// `every=3`: to the third, the sixth and so on. `every=0` is never.
    EveryNth(u64),
    /// `first=3`, `nth=2`, `nth=2-4`: to those from one number to another, both included. The first exchange has number 1.
    Times {
        /// The number of the first.
        from: u64,
        /// The number of the last.
        to: u64,
    },
}

impl Occurrence {
    /// To the first `count`.
    pub const fn first(count: u64) -> Self {
        Self::Times { from: 1, to: count }
    }

    /// To the one with this number, where the first has 1.
    pub const fn nth(number: u64) -> Self {
        Self::Times {
            from: number,
            to: number,
        }
    }

    /// Whether the exchange with this number, counted from 1, is among them. The same seed draws the same for the same number.
    pub(super) fn includes(self, number: u64, seed: u64) -> bool {
        match self {
            Self::Chance(percent) => {
                let mut rng = Rng::new(seed.wrapping_add(number.rotate_left(32)));
                rng.below(100) < u64::from(percent)
            }
            Self::Every => true,
            Self::EveryNth(step) => number.checked_rem(step) == Some(0),
            Self::Times { from, to } => (from..=to).contains(&number),
        }
    }
}
