use super::*;
use crate::hosts::Endpoint;
use crate::proto::HostProfile;

const NEVER: fn(usize) -> bool = |_| false;

/// A registry with mirrors that have these capabilities.
fn config(mirrors: &[HostCapabilities]) -> HostConfig {
    let registry = HostConfig::new(HostProfile::new("registry.test".parse().unwrap()));
    mirrors
        .iter()
        .enumerate()
        .fold(registry, |config, (number, capabilities)| {
            let mirror = Endpoint::mirror(format!("m{number}.test").parse().unwrap());
            config.with_mirror(mirror.with_capabilities(*capabilities))
        })
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, format!("{kind:?}"))
}

/// Lets every endpoint fail, and gives the order in which they were asked and the error.
fn run(mut failover: Failover, kinds: &[ErrorKind]) -> (Vec<usize>, Error) {
    let mut asked = vec![failover.current()];
    for kind in kinds {
        match failover.failed(error(*kind)) {
            Outcome::Next(next) => asked.push(next),
            Outcome::Failed(error) => return (asked, error),
        }
    }
    panic!("there were more endpoints than failures: {asked:?}");
}

#[test]
fn p28_capabilities_decide_who_is_asked() {
    use HostCapabilities as Can;
    let config = config(&[Can::PULL, Can::RESOLVE, Can::NONE, Can::PULL.and(Can::RESOLVE)]);
    for (need, expected) in [
        (Can::PULL, vec![0, 3, 4]),
        (Can::RESOLVE, vec![1, 3, 4]),
        (Can::REFERRERS, vec![4]),
    ] {
        let (asked, _) = run(Failover::new(&config, need, NEVER).unwrap(), &[ErrorKind::Server; 5]);
        assert_eq!(asked, expected, "{need}");
    }
    assert_eq!(Failover::for_writing(&config).unwrap().current(), 4);
    assert_eq!(Failover::without_mirrors(&config).unwrap().current(), 4);
}

#[test]
fn p28_p19_where_lists_of_referrers_are_written_they_are_read_at_last_whatever_is_configured() {
    use HostCapabilities as Can;
    const LISTS: Can = Can::REFERRERS;
    let own = |mirrors: &[Can], registry: Can| {
        let own = Endpoint::new(HostProfile::new("registry.test".parse().unwrap())).with_capabilities(registry);
        let with = config(mirrors);
        let without = HostConfig::of("registry.test".parse().unwrap(), own);
        with.mirrors().iter().cloned().fold(without, HostConfig::with_mirror)
    };
    for (mirrors, registry, expected) in [
        (vec![], Can::ALL, vec![0]),
        (vec![Can::PULL, Can::RESOLVE], Can::ALL, vec![2]),
        (vec![LISTS, Can::PULL, LISTS], Can::ALL, vec![0, 2, 3]),
        (vec![LISTS], Can::PULL, vec![0, 1]),
        (vec![Can::PULL], Can::PULL, vec![1]),
        // Where a mirror takes what is stored, the lists are written there.
        (vec![Can::PUSH, LISTS], Can::ALL, vec![1, 2, 0]),
        (vec![Can::ALL, LISTS], Can::ALL, vec![0, 1, 2]),
        (vec![Can::PUSH], Can::PULL, vec![0]),
    ] {
        let config = own(&mirrors, registry);
        let failover = Failover::for_referrers(&config, NEVER).unwrap();
        let (asked, _) = run(failover, &[ErrorKind::NotFound; 5]);
        assert_eq!(asked, expected, "{mirrors:?} {registry:?}");
    }
    // One that failed a short while ago is passed over, except where the lists are.
    let config = own(&[Can::ALL, LISTS], Can::ALL);
    let failover = Failover::for_referrers(&config, |_| true).unwrap();
    assert_eq!(run(failover, &[ErrorKind::NotFound; 2]).0, [2, 0]);
    let blocked = config.blocked("somebody");
    let error = Failover::for_referrers(&blocked, NEVER).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}

#[test]
fn what_is_stored_goes_to_the_first_that_takes_it_and_nowhere_else() {
    let config = config(&[HostCapabilities::PULL, HostCapabilities::ALL]);
    let (asked, error) = run(Failover::for_writing(&config).unwrap(), &[ErrorKind::Server]);
    assert_eq!((asked, error.kind()), (vec![1], ErrorKind::Server));
}

#[test]
fn every_failure_of_an_endpoint_leads_to_the_next_and_local_ones_do_not() {
    for kind in ALL_KINDS {
        let config = config(&[HostCapabilities::ALL]);
        let mut failover = Failover::new(&config, HostCapabilities::PULL, NEVER).unwrap();
        let local = [ErrorKind::Invalid, ErrorKind::Misuse, ErrorKind::Store].contains(&kind);
        let outcome = failover.failed(error(kind));
        assert_eq!(matches!(outcome, Outcome::Failed(_)), local, "{kind:?}");
        assert_eq!(failover.current(), usize::from(!local));
    }
}

#[test]
fn p28_the_registry_has_the_last_word_and_the_error_lists_all() {
    let config = config(&[HostCapabilities::ALL, HostCapabilities::ALL]);
    let failover = Failover::new(&config, HostCapabilities::PULL, NEVER).unwrap();
    let kinds = [ErrorKind::Unauthorized, ErrorKind::Timeout, ErrorKind::NotFound];
    let (asked, error) = run(failover, &kinds);
    assert_eq!((asked, error.kind()), (vec![0, 1, 2], ErrorKind::NotFound));
    let said: Vec<_> = error
        .mirrors()
        .iter()
        .map(|failure| (failure.host(), failure.error().kind()))
        .collect();
    assert_eq!(said, [("m0.test", kinds[0]), ("m1.test", kinds[1])]);
    let text = error.to_string();
    assert!(
        text.contains("m0.test: Unauthorized") && text.contains("m1.test: Timeout"),
        "{text}"
    );
}

#[test]
fn p28_without_the_registry_a_refusal_is_not_taken_for_not_found() {
    let registry = Endpoint::new(HostProfile::new("registry.test".parse().unwrap()));
    let config = HostConfig::of(
        "registry.test".parse().unwrap(),
        registry.with_capabilities(HostCapabilities::PUSH),
    )
    .with_mirror(Endpoint::mirror("m0.test".parse().unwrap()))
    .with_mirror(Endpoint::mirror("m1.test".parse().unwrap()));
    for (kinds, expected) in [
        ([ErrorKind::Denied, ErrorKind::NotFound], ErrorKind::Denied),
        ([ErrorKind::Unauthorized, ErrorKind::NotFound], ErrorKind::Unauthorized),
        ([ErrorKind::Timeout, ErrorKind::NotFound], ErrorKind::Timeout),
        ([ErrorKind::NotFound, ErrorKind::Server], ErrorKind::Server),
        ([ErrorKind::NotFound, ErrorKind::NotFound], ErrorKind::NotFound),
    ] {
        let failover = Failover::new(&config, HostCapabilities::PULL, NEVER).unwrap();
        let (_, error) = run(failover, &kinds);
        assert_eq!((error.kind(), error.mirrors().len()), (expected, 1), "{kinds:?}");
    }
}

#[test]
fn p08_who_failed_a_short_while_ago_is_passed_over_unless_nobody_else_is_left() {
    let both = config(&[HostCapabilities::ALL, HostCapabilities::ALL]);
    for (out, expected) in [(vec![0], vec![1, 2]), (vec![0, 1], vec![2]), (vec![0, 1, 2], vec![2])] {
        let failover = Failover::new(&both, HostCapabilities::PULL, |number| out.contains(&number)).unwrap();
        assert_eq!(run(failover, &[ErrorKind::Server; 3]).0, expected);
    }
    let registry = Endpoint::new(HostProfile::new("registry.test".parse().unwrap()));
    let mirrors_only = HostConfig::of(
        "registry.test".parse().unwrap(),
        registry.with_capabilities(HostCapabilities::NONE),
    )
    .with_mirror(Endpoint::mirror("m0.test".parse().unwrap()));
    let failover = Failover::new(&mirrors_only, HostCapabilities::PULL, |_| true).unwrap();
    assert_eq!(failover.current(), 0);
}

#[test]
fn p08_the_number_of_mirrors_is_bounded() {
    let config = config(&[HostCapabilities::ALL; 100]);
    let failover = Failover::new(&config, HostCapabilities::PULL, NEVER).unwrap();
    let (asked, _) = run(failover, &[ErrorKind::Server; 200]);
    assert_eq!(asked.len(), HostConfig::MAX_MIRRORS + 1);
}

#[test]
fn what_is_blocked_or_offers_nothing_is_an_error() {
    let blocked = config(&[HostCapabilities::ALL]).blocked("line 7 of registries.conf says so");
    for failover in [
        Failover::new(&blocked, HostCapabilities::PULL, NEVER),
        Failover::for_writing(&blocked),
        Failover::without_mirrors(&blocked),
    ] {
        let error = failover.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.to_string().contains("line 7"));
    }
    let nothing =
        Endpoint::new(HostProfile::new("registry.test".parse().unwrap())).with_capabilities(HostCapabilities::NONE);
    let nothing = HostConfig::of("registry.test".parse().unwrap(), nothing);
    let error = Failover::for_writing(&nothing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

const ALL_KINDS: [ErrorKind; 16] = [
    ErrorKind::Denied,
    ErrorKind::Invalid,
    ErrorKind::Mismatch,
    ErrorKind::Misuse,
    ErrorKind::NotFound,
    ErrorKind::Protocol,
    ErrorKind::RateLimited,
    ErrorKind::Refused,
    ErrorKind::Server,
    ErrorKind::Store,
    ErrorKind::Timeout,
    ErrorKind::TooLarge,
    ErrorKind::Transport,
    ErrorKind::Unauthorized,
    ErrorKind::UnsafeUrl,
    ErrorKind::Unsupported,
];
