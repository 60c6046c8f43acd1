use std::fmt;
use std::str::FromStr;

use super::random;
use super::rule::FaultRule;
use super::text::InvalidFaultRule;

/// The rules by which faults happen, and the seed of what is left to chance.
///
/// A plan is written as a line with its seed and one for each rule, and reads back what it has written. So a test that fails prints its plan, and who wants to see it fail
/// again parses that. The same plan does the same to the same requests in the same order.
///
/// ```
/// use oci_registry::faults::FaultPlan;
///
/// let plan: FaultPlan = "seed=7\nGET blob chance=20%: cut-response=4096\nlink-loop".parse()?;
/// assert_eq!(plan.to_string(), "seed=7\nGET blob chance=20%: cut-response=4096\nevery: link-loop\n");
/// assert_eq!(plan.to_string().parse::<FaultPlan>()?, plan);
/// # Ok::<(), oci_registry::faults::InvalidFaultRule>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FaultPlan {
    pub(super) rules: Vec<FaultRule>,
    pub(super) seed: u64,
}

impl FaultPlan {
    /// A plan without rules: nothing goes wrong.
    pub const fn new(seed: u64) -> Self {
        Self {
            rules: Vec::new(),
            seed,
        }
    }

    /// A plan whose rules come from the seed too: two to six kinds of faults, each with what places and lengths it needs.
    ///
    /// `intensity` is to how many of a hundred exchanges a fault happens, at most and on average: each kind has an equal share, and one percent at least. 100 is the most,
    /// and with 0 the plan has no rules. Two thirds of the plans
    /// also have a trait that the registry shows in all exchanges, such as ignoring ranges, and some a burst of errors, whatever the intensity.
    ///
    /// No such fault tells a lie that a client has no means to find out: content comes with wrong bytes only where there is a digest to compare it with, and no write is
    /// called done that is not. So with any plan a client ends with the right content or an error.
    pub fn random(seed: u64, intensity: u8) -> Self {
        Self {
            rules: random::rules(seed, intensity),
            seed,
        }
    }

    /// Adds a rule after the others.
    #[must_use]
    pub fn with_rule(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[FaultRule] {
        &self.rules
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{SEED}{}", self.seed)?;
        self.rules.iter().try_for_each(|rule| writeln!(formatter, "{rule}"))
    }
}

impl FromStr for FaultPlan {
    type Err = InvalidFaultRule;

    /// Reads the lines of a plan. Empty ones are skipped; without a seed it is 0.
    ///
    /// # Errors
    /// For a line that is neither a seed nor a rule.
    fn from_str(text: &str) -> Result<Self, InvalidFaultRule> {
        let mut plan = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix(SEED) {
                Some(seed) => {
                    plan.seed = seed
                        .parse()
                        .map_err(|_| InvalidFaultRule::new("the seed is a number from 0 to 2^64 - 1", seed))?;
                }
                None => plan.rules.push(line.parse()?),
            }
        }
        Ok(plan)
    }
}

const SEED: &str = "seed=";
