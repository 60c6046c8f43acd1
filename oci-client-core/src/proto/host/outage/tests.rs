use super::*;
use crate::proto::HostProfile;

fn at(seconds: u64) -> Now {
    Now::new(Duration::from_secs(seconds), Duration::ZERO)
}

fn memory() -> HostMemory {
    HostMemory::new(HostProfile::new("mirror.test".parse().unwrap()), 0)
}

#[test]
fn p08_an_endpoint_that_failed_is_out_for_a_while() {
    let mut memory = memory();
    assert!(!memory.is_out(at(0)));
    memory.note_failure(at(100), &Error::new(ErrorKind::Timeout, ""));
    assert!(memory.is_out(at(129)));
    assert!(!memory.is_out(at(130)));
}

#[test]
fn p08_what_a_server_asks_for_is_honoured_within_bounds() {
    for (asked, lasts) in [(1, 30), (90, 90), (86_400, 600)] {
        let mut memory = memory();
        let error = Error::new(ErrorKind::RateLimited, "").with_retry_after(Some(Duration::from_secs(asked)));
        memory.note_failure(at(0), &error);
        assert!(memory.is_out(at(lasts - 1)), "{asked}");
        assert!(!memory.is_out(at(lasts)), "{asked}");
    }
}

#[test]
fn a_success_ends_an_outage_and_an_answer_is_none() {
    let mut memory = memory();
    memory.note_failure(at(0), &Error::new(ErrorKind::Server, ""));
    memory.note_success();
    assert!(!memory.is_out(at(1)));
    for kind in [ErrorKind::NotFound, ErrorKind::Denied, ErrorKind::Unauthorized] {
        memory.note_failure(at(0), &Error::new(kind, ""));
        assert!(!memory.is_out(at(1)), "{kind:?}");
    }
}
