use crate::proto::auth::{DELETE, Scopes};
use crate::proto::host::Sufficient;
use crate::proto::machine::Now;

/// What a token is to allow, as the registry's refusals teach it.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What the operation would ask for by itself.
    own: Scopes,
    source: Source,
    /// What is asked for instead, once the registry has named something.
    taught: Option<Scopes>,
}

/// Where [`Wanted::taught`] comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    /// From a challenge, or from nowhere yet.
    Challenge,
    /// From an operation before this one.
    Memory,
    /// From the refusal of a token for what the operation would ask for by itself, or for what had sufficed for that.
    Refusal,
}

impl Wanted {
    pub(super) const fn new(own: Scopes) -> Self {
        Self {
            own,
            source: Source::Challenge,
            taught: None,
        }
    }

    pub(super) fn scopes(&self) -> &Scopes {
        self.taught.as_ref().unwrap_or(&self.own)
    }

    /// Begins with what has sufficed before, if nothing has been learned since.
    pub(super) fn recall(&mut self, memory: &mut Sufficient, now: Now) {
        if self.taught.is_none() && self.source == Source::Challenge {
            self.taught = memory.recall(&self.own, now);
            if self.taught.is_some() {
                self.source = Source::Memory;
            }
        }
    }

    /// A token was refused; `fresh`: it was made a moment ago for all of [`scopes`](Self::scopes). What had sufficed before may do so no more, and counts as never
    /// learned: those who get nothing when they ask for too much would else ask for that and more.
    pub(super) fn refused(&mut self, memory: &mut Sufficient, fresh: bool) {
        if self.source == Source::Memory {
            memory.forget(&self.own);
            self.taught = None;
            self.source = Source::Refusal;
        } else if fresh && self.taught.is_none() {
            self.source = Source::Refusal;
        }
    }

    /// What is asked for now has sufficed. That is worth remembering where a token for what the operation needs was of no use.
    pub(super) fn sufficed(&mut self, memory: &mut Sufficient, now: Now) {
        if let (Source::Refusal, Some(taught)) = (self.source, &self.taught)
            && *taught != self.own
        {
            memory.learn(self.own.clone(), taught.clone(), now);
            self.source = Source::Challenge;
        }
    }

    /// Whether something is to be deleted.
    pub(super) fn deletes(&self) -> bool {
        self.own.asks_for(DELETE)
    }

    /// Takes up what a refusal names, and whether it was a `token` for all of [`scopes`](Self::scopes) that was refused; says whether that changes anything.
    ///
    /// The registry's own words come first: some token servers give nothing at all to those who ask for more. Only if those did not suffice is everything
    /// asked for, and for a deletion then every action.
    pub(super) fn widen(&mut self, named: Option<&str>, token: bool) -> bool {
        let mut words = Scopes::none();
        words.add_list(named.unwrap_or_default());
        let next = match &self.taught {
            Some(taught) => {
                taught.iter().chain(self.own.iter()).for_each(|scope| words.add(scope));
                (!taught.covers(&words)).then_some(words)
            }
            None if words == Scopes::none() || (token && self.own.covers(&words)) => None,
            None => {
                self.add_other_resources(&mut words);
                (words != self.own).then_some(words)
            }
        };
        let all = || Some(self.scopes().with_all_for_delete()).filter(|all| token && !self.scopes().covers(all));
        let next = next.or_else(all);
        let changed = next.is_some();
        self.taught = next.or(self.taught.take());
        changed
    }

    /// A challenge speaks of the repository that was asked for. What an operation needs of another, as a mount does, belongs into the same token.
    fn add_other_resources(&self, named: &mut Scopes) {
        let mut own = self.own.iter();
        if own.next().is_some_and(|first| named.mentions(&first)) {
            own.for_each(|scope| named.add(scope));
        }
    }
}
