//! Rules from a seed.

use std::time::Duration;

use http::{Method, StatusCode};

use super::fault::{Direction, Fault, RetryAfter};
use super::occurrence::Occurrence;
use super::rng::Rng;
use super::rule::{FaultRule, RouteKind};

/// The rules of [`FaultPlan::random`](super::FaultPlan::random).
pub(super) fn rules(seed: u64, intensity: u8) -> Vec<FaultRule> {
    if intensity == 0 {
        return Vec::new();
    }
    let mut rng = Rng::new(seed);
    let count = rng.below(5).saturating_add(2);
    let share = u64::from(intensity.min(100)).checked_div(count).unwrap_or_default();
    let chance = Occurrence::Chance(u8::try_from(share.max(1)).unwrap_or(100));
    let mut rules: Vec<FaultRule> = Vec::new();
    if rng.below(3) == 0 {
        rules.push(burst(&mut rng));
    }
    for _ in 0..count {
        rules.push(accident(&mut rng).with_occurrence(chance));
    }
    // Last, as what comes after a rule for all exchanges has none left.
    if rng.below(3) > 0 {
        rules.push(habit(&mut rng));
    }
    rules
}

/// Several refusals one after the other.
fn burst(rng: &mut Rng) -> FaultRule {
    let from = rng.below(20).saturating_add(1);
    let to = from.saturating_add(rng.below(3));
    FaultRule::new(unavailable(rng)).with_occurrence(Occurrence::Times { from, to })
}

/// What may happen to any exchange.
fn accident(rng: &mut Rng) -> FaultRule {
    let place = rng.below(FARTHEST);
    let direction = rng.one_of(Direction::Request, &[Direction::Response]);
    match rng.below(18) {
        0 => content(rng, Fault::Corrupt { at: place, direction }, direction),
        1 | 2 => FaultRule::new(Fault::Cut {
            after: place,
            direction,
        }),
        3 => FaultRule::new(Fault::Delay(Duration::from_millis(rng.below(20_000)))),
        4 => {
            let length = rng.below(FARTHEST).saturating_add(1);
            content(rng, Fault::Duplicate { at: place, length }, Direction::Response)
        }
        5 => FaultRule::new(Fault::LostAnswer),
        6 => FaultRule::new(Fault::LostRequest),
        7 => FaultRule::new(Fault::Page)
            .with_method(Method::GET)
            .with_route(rng.one_of(RouteKind::Blob, &[RouteKind::Manifest])),
        8 | 9 => FaultRule::new(Fault::Reset {
            after: place,
            direction,
        }),
        10 => FaultRule::new(Fault::Silence),
        11 => FaultRule::new(Fault::Stall { after: place }),
        12 => FaultRule::new(unavailable(rng)),
        13 => FaultRule::new(Fault::TooManyRequests(pause(rng))),
        14 => content(rng, Fault::Truncate { after: place }, Direction::Response),
        15 => content(rng, Fault::TruncateChunked { after: place }, Direction::Response),
        16 => FaultRule::new(Fault::WrongContentRange),
        _ => FaultRule::new(Fault::WrongDigest).with_method(Method::GET),
    }
}

/// What a registry may be like.
fn habit(rng: &mut Rng) -> FaultRule {
    let unlisted = [StatusCode::NOT_FOUND, StatusCode::OK];
    let fault = match rng.below(10) {
        0 => Fault::AbsoluteLocation,
        1 => Fault::IgnoreRange,
        2 => Fault::MissingDigest,
        3 => return FaultRule::new(Fault::MissingLocation).with_route(RouteKind::Manifest),
        4 => Fault::NoReferrers(rng.one_of(StatusCode::BAD_REQUEST, &unlisted)),
        5 => Fault::PageOfOne,
        6 | 7 => Fault::Redirect(rng.one_of(StatusCode::TEMPORARY_REDIRECT, &[StatusCode::FOUND])),
        8 => Fault::RelativeLocation,
        _ => Fault::ZeroRange,
    };
    FaultRule::new(fault)
}

/// `fault`, only where a digest shows what it does.
fn content(rng: &mut Rng, fault: Fault, direction: Direction) -> FaultRule {
    let rule = FaultRule::new(fault);
    match direction {
        Direction::Request => rule.with_route(rng.one_of(RouteKind::Upload, &[RouteKind::UploadStart])),
        Direction::Response => rule
            .with_method(Method::GET)
            .with_route(rng.one_of(RouteKind::Blob, &[RouteKind::Blob, RouteKind::Manifest])),
    }
}

fn unavailable(rng: &mut Rng) -> Fault {
    let others = [
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    Fault::Status(rng.one_of(StatusCode::INTERNAL_SERVER_ERROR, &others))
}

fn pause(rng: &mut Rng) -> RetryAfter {
    let wait = Duration::from_secs(rng.below(10));
    match rng.below(3) {
        0 => RetryAfter::Date(wait),
        1 => RetryAfter::Never,
        _ => RetryAfter::Seconds(wait),
    }
}

/// How far into a body things happen. In a shorter one they happen all the same, as offsets wrap around.
const FARTHEST: u64 = 1 << 20;
