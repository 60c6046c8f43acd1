use super::*;

fn query(name: &str) -> CredentialQuery {
    CredentialQuery::new("r.test".parse().unwrap(), Some(name.parse().unwrap()))
}

const fn at(seconds: u64) -> Now {
    Now::new(Duration::from_secs(seconds), Duration::ZERO)
}

#[test]
fn answers_are_bounded_in_time_and_number_and_are_not_shown() {
    let mut credentials = Credentials::default();
    let hunter = Credential::password("u", "hunter2".to_owned());
    let first = credentials.keep(query("a"), Some(hunter.clone()), at(0));
    let second = credentials.keep(query("b"), None, at(0));
    let known = |credential, number| Some(Known { credential, number });
    assert_eq!(credentials.answer(&query("a"), at(299)), known(Some(hunter), first));
    assert_eq!(credentials.answer(&query("b"), at(299)), known(None, second));
    assert!(!format!("{credentials:?}").contains("hunter2"));
    assert_eq!(credentials.answer(&query("a"), at(300)), None);
    for number in 0..2 * MAX_ANSWERS {
        credentials.keep(query(&format!("r{number}")), None, at(0));
    }
    assert_eq!(credentials.answers.len(), MAX_ANSWERS);
}

#[test]
fn an_answer_that_came_after_the_refused_one_is_not_forgotten() {
    let mut credentials = Credentials::default();
    let first = credentials.keep(query("a"), None, at(0));
    let second = credentials.keep(query("a"), None, at(0));
    assert!(first < second);
    credentials.forget(&query("a"), first);
    credentials.forget(&query("b"), second);
    assert!(credentials.answer(&query("a"), at(0)).is_some());
    credentials.forget(&query("a"), second);
    assert_eq!(credentials.answer(&query("a"), at(0)), None);
}

#[test]
fn one_at_a_time_asks_about_a_repository() {
    let (mut credentials, mut calls) = (Credentials::default(), Calls::default());
    let lease = credentials.lead(&query("a"), at(0), &mut calls).unwrap();
    let ticket = credentials.lead(&query("a"), at(0), &mut calls).unwrap_err();
    let other = credentials.lead(&query("b"), at(0), &mut calls).unwrap();
    assert!(calls.take().is_empty());
    credentials.settle(lease, &mut calls);
    assert_eq!(calls.take(), [ticket]);
    // Whoever asks for too long does not keep the others from it.
    let again = credentials.lead(&query("a"), at(0), &mut calls).unwrap();
    let ticket = credentials.lead(&query("a"), at(59), &mut calls).unwrap_err();
    let taken = credentials.lead(&query("a"), at(60), &mut calls).unwrap();
    assert_eq!(calls.take().len(), 2);
    drop((again, other, taken));
    credentials.sweep(&mut calls);
    assert!(!calls.take().contains(&ticket));
}
