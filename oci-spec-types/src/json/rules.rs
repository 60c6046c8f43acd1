//! What is checked besides the grammar.

use super::{Limits, reader::StringToken};

/// What is checked besides the grammar.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub(crate) limits: &'a Limits,
    /// Whether the document is a manifest or an index, so that it must not have the fields of both.
    pub(crate) manifest: bool,
}

impl Rules<'_> {
    /// How many elements the array under `name` of the outermost object may have. Case does not count, as in [`TellingNames`].
    pub(super) fn max_items(self, name: StringToken, text: &str) -> usize {
        if name.is_folded("layers", text) {
            self.limits.layers()
        } else if name.is_folded("manifests", text) {
            self.limits.index_entries()
        } else if name.is_folded("history", text) {
            self.limits.layers().saturating_mul(HISTORY_PER_LAYER)
        } else {
            usize::MAX
        }
    }
}

/// Which of the telling names the outermost object has.
#[derive(Debug, Default)]
pub(super) struct TellingNames {
    config_or_layers: bool,
    manifests: bool,
}

impl TellingNames {
    /// Takes note of a name. Says whether it is the first that makes the document ambiguous.
    ///
    /// Case does not count: some readers take `Manifests` for `manifests`, and would see an index where others see a manifest.
    pub(super) fn note(&mut self, name: StringToken, text: &str) -> bool {
        let was_ambiguous = self.config_or_layers && self.manifests;
        self.manifests |= name.is_folded("manifests", text);
        self.config_or_layers |= name.is_folded("layers", text) || name.is_folded("config", text);
        !was_ambiguous && self.config_or_layers && self.manifests
    }
}

/// The first of `names` that was there before. May reorder them.
pub(super) fn duplicate(names: &mut [StringToken], text: &str) -> Option<StringToken> {
    if names.len() > MAX_PAIRWISE {
        return duplicate_sorted(names, text);
    }
    let mut rest: &[StringToken] = names;
    let mut found: Option<StringToken> = None;
    while let Some((first, others)) = rest.split_first() {
        let twin = others.iter().copied().find(|other| first.equals(*other, text));
        found = earlier(found, twin);
        rest = others;
    }
    found
}

fn duplicate_sorted(names: &mut [StringToken], text: &str) -> Option<StringToken> {
    names.sort_unstable_by(|left, right| left.compare(*right, text).then(left.start.cmp(&right.start)));
    let pairs = names.iter().zip(names.iter().skip(1));
    let twins = pairs
        .filter(|(left, right)| left.equals(**right, text))
        .map(|(_, twin)| *twin);
    twins.min_by_key(|twin| twin.start)
}

fn earlier(left: Option<StringToken>, right: Option<StringToken>) -> Option<StringToken> {
    match (left, right) {
        (Some(left), Some(right)) => Some(if right.start < left.start { right } else { left }),
        (left, right) => left.or(right),
    }
}

/// Up to this many names are compared each with each, which is faster than sorting a few.
const MAX_PAIRWISE: usize = 8;

/// How many entries a history may have for each layer that there may be: builders write some for what makes no layer.
const HISTORY_PER_LAYER: usize = 4;
