use std::time::Duration;

use url::Origin;

use crate::proto::machine::Now;

/// When the registry, and where it leads to, may be asked again, and the jitter of the pauses between tries.
#[derive(Debug)]
pub(crate) struct Pacing {
    /// The same for other origins.
    elsewhere: Vec<(Origin, Duration)>,
    jitter: u64,
    not_before: Duration,
}

impl Pacing {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            elsewhere: Vec::new(),
            jitter: seed,
            not_before: Duration::ZERO,
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

    /// The same for an origin that the registry has led to. It binds nobody who has nothing to fetch from there.
    pub(crate) fn hold_elsewhere(&mut self, origin: Origin, now: Now, wait: Duration) {
        let until = now.monotonic.saturating_add(wait);
        self.elsewhere.retain(|(_, until)| *until > now.monotonic);
        if let Some((_, held)) = self.elsewhere.iter_mut().find(|(held, _)| *held == origin) {
            *held = until.max(*held);
        } else if self.elsewhere.len() < MAX_ELSEWHERE {
            self.elsewhere.push((origin, until));
        }
    }

    pub(crate) fn left_elsewhere(&self, origin: &Origin, now: Now) -> Option<Duration> {
        let (_, until) = self.elsewhere.iter().find(|(held, _)| held == origin)?;
        until.checked_sub(now.monotonic).filter(|left| !left.is_zero())
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

/// So many other origins are held at once; whoever finds no place among them waits for itself alone.
const MAX_ELSEWHERE: usize = 32;

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn p08_a_registry_that_leads_to_origins_without_end_is_not_remembered_without_end() {
        let mut pacing = Pacing::new(0);
        let origin = |number: u64| Url::parse(&format!("https://cdn{number}.test/")).unwrap().origin();
        let at = |seconds| Now::new(Duration::from_secs(seconds), Duration::ZERO);
        for number in 0..100 {
            pacing.hold_elsewhere(origin(number), at(number), Duration::from_secs(1_000));
        }
        assert_eq!(pacing.elsewhere.len(), MAX_ELSEWHERE);
        let left = pacing.left_elsewhere(&origin(3), at(100));
        assert_eq!(left, Some(Duration::from_secs(903)));
        assert_eq!(
            (pacing.left_elsewhere(&origin(99), at(100)), pacing.left(at(100))),
            (None, None)
        );
        // Those whose time is over make room.
        pacing.hold_elsewhere(origin(99), at(1_010), Duration::from_secs(5));
        assert_eq!(
            pacing.left_elsewhere(&origin(99), at(1_011)),
            Some(Duration::from_secs(4))
        );
        assert_eq!(pacing.left_elsewhere(&origin(3), at(1_011)), None);
        // A shorter pause does not cut a longer one short.
        pacing.hold_elsewhere(origin(99), at(1_011), Duration::from_secs(1));
        assert_eq!(
            pacing.left_elsewhere(&origin(99), at(1_011)),
            Some(Duration::from_secs(4))
        );
    }
}
