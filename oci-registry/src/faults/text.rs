//! Rules as text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::{Method, StatusCode};
use thiserror::Error;

use super::fault::{Direction, Fault, RetryAfter};
use super::occurrence::Occurrence;
use super::rule::{FaultRule, RouteKind};

/// A text that is no rule.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{what}, not {text:?}")]
pub struct InvalidFaultRule {
    text: String,
    what: &'static str,
}

impl InvalidFaultRule {
    /// `what` is what should be where `text` is.
    pub(super) fn new(what: &'static str, text: &str) -> Self {
        let text = text.to_owned();
        Self { text, what }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = word(self);
        match self {
            Self::Corrupt { at: number, .. }
            | Self::Cut { after: number, .. }
            | Self::Reset { after: number, .. }
            | Self::Stall { after: number }
            | Self::Truncate { after: number }
            | Self::TruncateChunked { after: number } => write!(formatter, "{word}={number}"),
            Self::Delay(duration) => write!(formatter, "{word}={}ms", duration.as_millis()),
            Self::Duplicate { at, length } => write!(formatter, "{word}={at}+{length}"),
            Self::EarlySuccess(status)
            | Self::NoReferrers(status)
            | Self::Redirect(status)
            | Self::Status(status)
            | Self::Success(status) => write!(formatter, "{word}={}", status.as_u16()),
            Self::TooManyRequests(RetryAfter::Date(wait)) => write!(formatter, "{word}=date+{}ms", wait.as_millis()),
            Self::TooManyRequests(RetryAfter::Seconds(wait)) => write!(formatter, "{word}={}ms", wait.as_millis()),
            _ => formatter.write_str(word),
        }
    }
}

const fn word(fault: &Fault) -> &'static str {
    match fault {
        Fault::AbsoluteLocation => "absolute-location",
        Fault::Corrupt { direction, .. } => match direction {
            Direction::Request => "corrupt-request",
            Direction::Response => "corrupt-response",
        },
        Fault::Cut { direction, .. } => match direction {
            Direction::Request => "cut-request",
            Direction::Response => "cut-response",
        },
        Fault::Delay(_) => "delay",
        Fault::Duplicate { .. } => "duplicate",
        Fault::EarlySuccess(_) => "early",
        Fault::ForeignLocation => "foreign-location",
        Fault::IgnoreRange => "ignore-range",
        Fault::LinkLoop => "link-loop",
        Fault::LostAnswer => "lost-answer",
        Fault::LostRequest => "lost-request",
        Fault::MissingDigest => "missing-digest",
        Fault::MissingLink => "missing-link",
        Fault::MissingLocation => "missing-location",
        Fault::NoReferrers(_) => "no-referrers",
        Fault::Page => "page",
        Fault::PageOfOne => "page-of-one",
        Fault::Redirect(_) => "redirect",
        Fault::RelativeLocation => "relative-location",
        Fault::Reset { direction, .. } => match direction {
            Direction::Request => "reset-request",
            Direction::Response => "reset-response",
        },
        Fault::Silence => "silence",
        Fault::Stall { .. } => "stall",
        Fault::Status(_) => "status",
        Fault::Success(_) => "success",
        Fault::TooManyRequests(_) => "too-many-requests",
        Fault::Truncate { .. } => "truncate",
        Fault::TruncateChunked { .. } => "truncate-chunked",
        Fault::Unauthorized => "unauthorized",
        Fault::WrongContentRange => "wrong-content-range",
        Fault::WrongDigest => "wrong-digest",
        Fault::ZeroRange => "zero-range",
    }
}

impl FromStr for Fault {
    type Err = InvalidFaultRule;

    /// Reads a fault as [`Fault`] lists them.
    ///
    /// # Errors
    /// For another word, or an argument that it does not take.
    fn from_str(text: &str) -> Result<Self, InvalidFaultRule> {
        let fault = match text.split_once('=') {
            None => plain(text),
            Some((word, argument)) => with_argument(word, argument),
        };
        fault.ok_or_else(|| InvalidFaultRule::new("a fault is a word of the list and what it takes", text))
    }
}

fn plain(word: &str) -> Option<Fault> {
    Some(match word {
        "absolute-location" => Fault::AbsoluteLocation,
        "foreign-location" => Fault::ForeignLocation,
        "ignore-range" => Fault::IgnoreRange,
        "link-loop" => Fault::LinkLoop,
        "lost-answer" => Fault::LostAnswer,
        "lost-request" => Fault::LostRequest,
        "missing-digest" => Fault::MissingDigest,
        "missing-link" => Fault::MissingLink,
        "missing-location" => Fault::MissingLocation,
        "page" => Fault::Page,
        "page-of-one" => Fault::PageOfOne,
        "relative-location" => Fault::RelativeLocation,
        "silence" => Fault::Silence,
        "too-many-requests" => Fault::TooManyRequests(RetryAfter::Never),
        "unauthorized" => Fault::Unauthorized,
        "wrong-content-range" => Fault::WrongContentRange,
        "wrong-digest" => Fault::WrongDigest,
        "zero-range" => Fault::ZeroRange,
        _ => return None,
    })
}

fn with_argument(word: &str, argument: &str) -> Option<Fault> {
    let status = |within: std::ops::Range<u16>| {
        let status = argument.parse().ok().filter(|status| within.contains(status))?;
        StatusCode::from_u16(status).ok()
    };
    let number = || argument.parse::<u64>().ok();
    let (request, response) = (Direction::Request, Direction::Response);
    Some(match word {
        "corrupt-request" => corrupt(number()?, request),
        "corrupt-response" => corrupt(number()?, response),
        "cut-request" => cut(number()?, request),
        "cut-response" => cut(number()?, response),
        "delay" => Fault::Delay(duration(argument)?),
        "duplicate" => {
            let (at, length) = argument.split_once('+')?;
            let (at, length) = (at.parse().ok()?, length.parse().ok()?);
            Fault::Duplicate { at, length }
        }
        "early" => Fault::EarlySuccess(status(200..300)?),
        "no-referrers" => Fault::NoReferrers(status(200..600)?),
        "redirect" => Fault::Redirect(status(300..400)?),
        "reset-request" => reset(number()?, request),
        "reset-response" => reset(number()?, response),
        "stall" => Fault::Stall { after: number()? },
        "status" => Fault::Status(status(400..600)?),
        "success" => Fault::Success(status(200..300)?),
        "too-many-requests" => Fault::TooManyRequests(match argument.strip_prefix("date+") {
            Some(wait) => RetryAfter::Date(duration(wait)?),
            None => RetryAfter::Seconds(duration(argument)?),
        }),
        "truncate" => Fault::Truncate { after: number()? },
        "truncate-chunked" => Fault::TruncateChunked { after: number()? },
        _ => return None,
    })
}

const fn corrupt(at: u64, direction: Direction) -> Fault {
    Fault::Corrupt { at, direction }
}

const fn cut(after: u64, direction: Direction) -> Fault {
    Fault::Cut { after, direction }
}

const fn reset(after: u64, direction: Direction) -> Fault {
    Fault::Reset { after, direction }
}

/// A number of milliseconds or seconds, with its unit.
fn duration(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => text.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}

impl fmt::Display for Occurrence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chance(percent) => write!(formatter, "chance={percent}%"),
            Self::Every => formatter.write_str("every"),
            Self::EveryNth(step) => write!(formatter, "every={step}"),
            Self::Times { from, to } if from == to => write!(formatter, "nth={from}"),
            Self::Times { from: 1, to } => write!(formatter, "first={to}"),
            Self::Times { from, to } => write!(formatter, "nth={from}-{to}"),
        }
    }
}

/// The occurrence that a word stands for.
fn occurrence(word: &str) -> Option<Occurrence> {
    if word == "every" {
        return Some(Occurrence::Every);
    }
    let (kind, argument) = word.split_once('=')?;
    match kind {
        "chance" => argument.strip_suffix('%')?.parse().ok().map(Occurrence::Chance),
        "every" => argument.parse().ok().map(Occurrence::EveryNth),
        "first" => argument.parse().ok().map(Occurrence::first),
        "nth" => match argument.split_once('-') {
            Some((from, to)) => {
                let (from, to) = (from.parse().ok()?, to.parse().ok()?);
                Some(Occurrence::Times { from, to })
            }
            None => argument.parse().ok().map(Occurrence::nth),
        },
        _ => None,
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            write!(formatter, "{method} ")?;
        }
        if let Some(kind) = self.route {
            let (word, _) = ROUTES.iter().find(|(_, route)| *route == kind).unwrap_or(&OTHER);
            write!(formatter, "{word} ")?;
        }
        if let Some(repository) = &self.repository {
            write!(formatter, "in={repository} ")?;
        }
        write!(formatter, "{}: {}", self.occurrence, self.fault)
    }
}

impl FromStr for FaultRule {
    type Err = InvalidFaultRule;

    /// Reads a rule such as `GET blob in=app first=2: cut-response=100`.
    ///
    /// # Errors
    /// For anything else.
    fn from_str(text: &str) -> Result<Self, InvalidFaultRule> {
        let (words, fault) = text.split_once(':').unwrap_or(("", text));
        let mut rule = Self::new(fault.trim().parse()?);
        for word in words.split_whitespace() {
            rule = with_word(rule, word).ok_or_else(|| InvalidFaultRule::new(WORDS, word))?;
        }
        Ok(rule)
    }
}

fn with_word(rule: FaultRule, word: &str) -> Option<FaultRule> {
    if let Some((_, route)) = ROUTES.iter().find(|(name, _)| *name == word) {
        return Some(rule.with_route(*route));
    }
    if let Some(repository) = word.strip_prefix("in=") {
        return Some(rule.with_repository(repository.parse().ok()?));
    }
    if word.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(rule.with_method(Method::from_bytes(word.as_bytes()).ok()?));
    }
    Some(rule.with_occurrence(occurrence(word)?))
}

const OTHER: (&str, RouteKind) = ("other", RouteKind::Other);
const ROUTES: &[(&str, RouteKind)] = &[
    ("base", RouteKind::Base),
    ("blob", RouteKind::Blob),
    ("catalog", RouteKind::Catalog),
    ("manifest", RouteKind::Manifest),
    OTHER,
    ("referrers", RouteKind::Referrers),
    ("tags", RouteKind::Tags),
    ("upload", RouteKind::Upload),
    ("upload-start", RouteKind::UploadStart),
];
const WORDS: &str = "a rule names a method, a kind of route, in=<repository> and when: every, every=N, first=N, nth=N, nth=N-M or chance=P%";
