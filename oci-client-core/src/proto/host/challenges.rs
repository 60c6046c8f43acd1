use std::collections::VecDeque;

use oci_spec_types::RepositoryName;

use crate::proto::auth::Scheme;

/// How a registry wants to be addressed, as its challenges said: most registries say the same for all repositories, some do not.
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    latest: Option<Scheme>,
    by_repository: VecDeque<(RepositoryName, Scheme)>,
}

impl Challenges {
    /// What a request about `repository` is to be prepared for: what was learned there, else what was learned last.
    pub(crate) fn scheme(&self, repository: Option<&RepositoryName>) -> Option<&Scheme> {
        let own = self.by_repository.iter().find(|(name, _)| Some(name) == repository);
        own.map(|(_, scheme)| scheme).or(self.latest.as_ref())
    }

    pub(crate) fn learn(&mut self, repository: Option<&RepositoryName>, scheme: Scheme) {
        if let Some(repository) = repository {
            self.by_repository.retain(|(name, _)| name != repository);
            if self.by_repository.len() >= MAX_REPOSITORIES {
                self.by_repository.pop_front();
            }
            self.by_repository.push_back((repository.clone(), scheme.clone()));
        }
        self.latest = Some(scheme);
    }
}

/// The most repositories whose challenge is kept; the one learned first goes first.
const MAX_REPOSITORIES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a24_what_one_repository_asks_for_is_not_forgotten_over_another() {
        let bearer = |realm: &str| Scheme::Bearer {
            realm: realm.parse().unwrap(),
            service: None,
        };
        let name = |text: &str| text.parse::<RepositoryName>().unwrap();
        let mut challenges = Challenges::default();
        assert_eq!(challenges.scheme(Some(&name("a"))), None);
        challenges.learn(Some(&name("a")), bearer("https://one.test/"));
        challenges.learn(Some(&name("b")), Scheme::Basic);
        assert_eq!(challenges.scheme(Some(&name("a"))), Some(&bearer("https://one.test/")));
        assert_eq!(challenges.scheme(Some(&name("b"))), Some(&Scheme::Basic));
        assert_eq!(challenges.scheme(Some(&name("c"))), Some(&Scheme::Basic));
        assert_eq!(challenges.scheme(None), Some(&Scheme::Basic));
        for number in 0..2 * MAX_REPOSITORIES {
            challenges.learn(Some(&name(&format!("r{number}"))), Scheme::Basic);
        }
        assert_eq!(challenges.by_repository.len(), MAX_REPOSITORIES);
        assert_eq!(challenges.scheme(Some(&name("a"))), Some(&Scheme::Basic));
    }
}
