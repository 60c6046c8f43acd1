use std::time::Duration;

use crate::proto::machine::Now;

/// When the registry may be asked again, and the jitter of the pauses between tries.
#[derive(Debug)]
pub(crate) struct Pacing {
    not_before: Duration,
    jitter: u64,
}

impl Pacing {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            not_before: Duration::ZERO,
            jitter: seed,
        }
    }

    /// The server asked for `wait` without requests: that binds everybody who talks to it.
    pub(crate) fn hold(&mut self, now: Now, wait: Duration) {
        self.not_before = self.not_before.max(now.monotonic.saturating_add(wait));
    }

    pub(crate) fn left(&self, now: Now) -> Option<Duration> {
        self.not_before
            .checked_sub(now.monotonic)
            .filter(|left| !left.is_zero())
    }

    /// Between half of `pause` and the whole of it.
    pub(crate) fn jittered(&mut self, pause: Duration) -> Duration {
        let half = pause / 2;
        let spread = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
        let extra = self.random().checked_rem(spread.saturating_add(1)).unwrap_or_default();
        half.saturating_add(Duration::from_nanos(extra))
    }

    /// SplitMix64: enough to keep clients apart, and repeatable from its seed.
    fn random(&mut self) -> u64 {
        self.jitter = self.jitter.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.jitter;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
