use crate::proto::auth::{DELETE, Scopes};

/// What a token is to allow, as the registry's refusals teach it.
#[derive(Debug)]
pub(super) struct Wanted {
    /// What the operation would ask for by itself.
    own: Scopes,
    /// What is asked for instead, once the registry has named something.
    taught: Option<Scopes>,
}

impl Wanted {
    pub(super) const fn new(own: Scopes) -> Self {
        Self { own, taught: None }
    }

    pub(super) fn scopes(&self) -> &Scopes {
        self.taught.as_ref().unwrap_or(&self.own)
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
