use std::collections::VecDeque;
use std::time::Duration;

use crate::proto::auth::Scopes;
use crate::proto::machine::Now;

/// What to ask for in place of what an operation needs, where the registry has refused a token for that and accepted one for this.
///
/// Some token servers give nothing to those who ask for an action that they do not know, such as `delete`.
#[derive(Debug, Default)]
pub(crate) struct Sufficient {
    found: VecDeque<Found>,
}

impl Sufficient {
    /// What has sufficed for `needed`, if that was found out not long ago.
    pub(crate) fn recall(&mut self, needed: &Scopes, now: Now) -> Option<Scopes> {
        self.found.retain(|found| now.monotonic < found.until);
        let found = self.found.iter().find(|found| found.needed == *needed)?;
        Some(found.sufficed.clone())
    }

    pub(crate) fn learn(&mut self, needed: Scopes, sufficed: Scopes, now: Now) {
        self.forget(&needed);
        if self.found.len() >= MAX_FOUND {
            self.found.pop_front();
        }
        self.found.push_back(Found {
            needed,
            sufficed,
            until: now.monotonic.saturating_add(LIFETIME),
        });
    }

    pub(crate) fn forget(&mut self, needed: &Scopes) {
        self.found.retain(|found| found.needed != *needed);
    }
}

#[derive(Debug)]
struct Found {
    needed: Scopes,
    sufficed: Scopes,
    until: Duration,
}

/// How long it counts.
const LIFETIME: Duration = Duration::from_secs(600);

/// The most that are kept; the oldest goes first.
const MAX_FOUND: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_out_counts_for_ten_minutes_and_is_bounded() {
        let needed = |number: usize| Scopes::repository(&format!("r{number}").parse().unwrap(), &["delete", "pull"]);
        let sufficed = Scopes::repository(&"r".parse().unwrap(), &["pull", "push"]);
        let at = |seconds| Now::new(Duration::from_secs(seconds), Duration::ZERO);
        let mut all = Sufficient::default();
        for number in 0..=MAX_FOUND {
            all.learn(needed(number), sufficed.clone(), at(0));
        }
        assert_eq!(all.recall(&needed(0), at(0)), None);
        assert_eq!(all.recall(&needed(1), at(599)), Some(sufficed.clone()));
        all.forget(&needed(1));
        assert_eq!(all.recall(&needed(1), at(599)), None);
        assert_eq!(all.recall(&needed(2), at(600)), None);
    }
}
