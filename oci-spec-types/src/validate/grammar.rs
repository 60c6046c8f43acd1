//! Small grammars that values of documents have to fit.

/// Whether `text` is an RFC 3339 date and time, such as `2026-02-28T23:59:60Z`.
pub(super) fn is_date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((head, rest)) = bytes.split_at_checked(19) else {
        return false;
    };
    let separators = [(4, b"-"), (7, b"-"), (10, b"T"), (13, b":"), (16, b":")];
    let separated = separators.iter().all(|(at, wanted)| {
        head.get(*at..*at + 1)
            .is_some_and(|found| found.eq_ignore_ascii_case(wanted.as_slice()))
    });
    let number = |from, to| head.get(from..to).and_then(digits);
    let in_range = |from, to, low, high| number(from, to).is_some_and(|value| (low..=high).contains(&value));
    separated
        && in_range(5, 7, 1, 12)
        && in_range(11, 13, 0, 23)
        && in_range(14, 16, 0, 59)
        // A leap second is the sixty-first.
        && in_range(17, 19, 0, 60)
        && number(0, 4).zip(number(5, 7)).is_some_and(|(year, month)| in_range(8, 10, 1, days_of(year, month)))
        && is_fraction_and_offset(rest)
}

/// Whether `text` is an absolute URI by the characters of RFC 3986.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(byte);
    let escaped = rest.split('%').skip(1).all(|after| {
        after
            .as_bytes()
            .get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && rest.as_bytes().iter().all(fits)
        && escaped
}

/// Whether `text` fits the grammar of the annotation `org.opencontainers.image.ref.name`.
pub(super) fn is_ref_name(text: &str) -> bool {
    let is_alphanumeric = |character: char| character.is_ascii_alphanumeric();
    text.split('/').all(|component| {
        let mut separators = component.split(is_alphanumeric).filter(|run| !run.is_empty());
        component.starts_with(is_alphanumeric)
            && component.ends_with(is_alphanumeric)
            && separators.all(|run| run == "--" || run.len() == 1 && "-._:@+".contains(run))
    })
}

/// What the name of a port is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Port {
    /// One that the spec names.
    Defined,
    /// One that only Docker has: a range, or SCTP.
    Docker,
    Invalid,
}

/// Reads `port`, `port/tcp` or `port/udp`.
pub(super) fn port(text: &str) -> Port {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = number.split_once('-').unwrap_or((number, number));
    let number_of = |text: &str| {
        text.parse::<u16>()
            .ok()
            .filter(|port| *port > 0 && !text.starts_with(['+', '0']))
    };
    match (number_of(first).zip(number_of(last)), protocol) {
        (Some((first, last)), "tcp" | "udp" | "sctp") if first <= last => {
            if protocol == "sctp" || number.contains('-') {
                Port::Docker
            } else {
                Port::Defined
            }
        }
        _ => Port::Invalid,
    }
}

/// Whether `text` is `NAME=value` with a name.
pub(super) fn is_env(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| !name.is_empty())
}

/// Whether `text` is the name of a signal, such as `SIGTERM` or `SIGRTMIN+3`.
pub(super) fn is_signal(text: &str) -> bool {
    let Some(name) = text.strip_prefix("SIG") else {
        return false;
    };
    let (name, offset) = name.split_once(['+', '-']).unwrap_or((name, "0"));
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    !name.is_empty() && is_name && digits(offset.as_bytes()).is_some()
}

fn is_fraction_and_offset(text: &[u8]) -> bool {
    let offset = match text.strip_prefix(b".") {
        None => text,
        Some(fraction) => {
            let len = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            match fraction.split_at_checked(len) {
                Some((digits, rest)) if !digits.is_empty() => rest,
                _ => return false,
            }
        }
    };
    match offset {
        b"Z" | b"z" => true,
        [b'+' | b'-', hour @ .., b':', tens, ones] => {
            hour.len() == 2
                && digits(hour).is_some_and(|hour| hour < 24)
                && digits(&[*tens, *ones]).is_some_and(|minute| minute < 60)
        }
        _ => false,
    }
}

fn days_of(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The value of one to nine digits.
fn digits(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 9 {
        return None;
    }
    bytes.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_times() {
        for valid in [
            "2015-10-31T22:22:56.015925234Z",
            "2026-02-28T00:00:00Z",
            "2024-02-29t23:59:60z",
            "2000-02-29T12:00:00+14:00",
            "1970-01-01T00:00:00-00:00",
            "0001-01-01T00:00:00Z",
        ] {
            assert!(is_date_time(valid), "{valid}");
        }
        for invalid in [
            "",
            "2026-02-28",
            "2026-02-28T00:00:00",
            "2026-02-28 00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.5",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00Zulu",
            "2026-1-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "yesterday",
            "２026-01-01T00:00:00Z",
        ] {
            assert!(!is_date_time(invalid), "{invalid}");
        }
    }

    #[test]
    fn uris() {
        for valid in [
            "https://example.com/a?b=%20#c",
            "http://[::1]:5000/",
            "urn:isbn:0451450523",
            "ftp://x",
        ] {
            assert!(is_uri(valid), "{valid}");
        }
        for invalid in [
            "",
            "value",
            "/path",
            "https:",
            "://x",
            "1http://x",
            "https://a b",
            "https://x/%2",
            "https://ü",
        ] {
            assert!(!is_uri(invalid), "{invalid}");
        }
    }

    #[test]
    fn ref_names() {
        for valid in [
            "v1.0",
            "latest",
            "stable-release",
            "example.com/app:1.0",
            "a--b",
            "a@sha256:b+c",
            "a/b/c",
        ] {
            assert!(is_ref_name(valid), "{valid}");
        }
        for invalid in ["", "/", "a/", "a//b", "-a", "a-", "a..b", "a---b", "a-.b", "a b", "ü"] {
            assert!(!is_ref_name(invalid), "{invalid}");
        }
    }

    #[test]
    fn ports() {
        for (text, expected) in [
            ("80", Port::Defined),
            ("80/tcp", Port::Defined),
            ("65535/udp", Port::Defined),
            ("80/sctp", Port::Docker),
            ("8000-8010/tcp", Port::Docker),
            ("8010-8000", Port::Invalid),
            ("0/tcp", Port::Invalid),
            ("65536", Port::Invalid),
            ("port-bad/tcp", Port::Invalid),
            ("80/TCP", Port::Invalid),
            ("80/", Port::Invalid),
            ("+80", Port::Invalid),
            ("", Port::Invalid),
        ] {
            assert_eq!(port(text), expected, "{text}");
        }
    }

    #[test]
    fn environment_and_signals() {
        for (text, expected) in [
            ("A=b", true),
            ("A=", true),
            ("A=b\nc", true),
            ("A=b=c", true),
            ("=b", false),
            ("A", false),
        ] {
            assert_eq!(is_env(text), expected, "{text:?}");
        }
        for (text, expected) in [
            ("SIGTERM", true),
            ("SIGRTMIN+3", true),
            ("SIGUSR1", true),
            ("SIG", false),
            ("TERM", false),
            ("9", false),
            ("SIGRTMIN+", false),
            ("sigterm", false),
        ] {
            assert_eq!(is_signal(text), expected, "{text}");
        }
    }
}
