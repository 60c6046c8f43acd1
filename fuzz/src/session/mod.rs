//! The laws of the machines, for any answers of a server and any mistakes of a driver.
//!
//! The bytes decide who is served by whom: a few sessions over one registry's memory, what the registry answers, how time passes, who leaves in the middle, and
//! now and then an input that nobody asked for. The bytes come round again, so that a server may go on for ever with whatever it does.

mod actor;
mod choices;
mod laws;
mod server;

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use oci_client_core::proto::{Credential, HostMemory, HostProfile, Input, Now, RetryPolicy, Sent, Step};
use oci_client_core::{Error, ErrorKind};
use url::Url;

use self::actor::Actor;
use self::choices::Choices;
use self::laws::{Laws, PASSWORD};

/// Runs the same bytes twice: the laws hold on the way, and the same inputs give the same steps.
pub fn session_inputs(data: &[u8]) {
    let first = Stage::new(data).run();
    let second = Stage::new(data).run();
    assert_eq!(first, second, "the same inputs give the same steps");
}

/// Everything that takes part in one run.
struct Stage<'a> {
    actors: Vec<Actor>,
    choices: Choices<'a>,
    host: HostMemory,
    laws: Laws,
    now: Now,
    steps: Vec<u64>,
}

impl<'a> Stage<'a> {
    fn new(data: &'a [u8]) -> Self {
        let mut choices = Choices::new(data);
        let profile = profile(&mut choices);
        let laws = Laws::new(&profile);
        let host = HostMemory::new(profile, 1);
        let actors = (0..=choices.below(3))
            .map(|_| Actor::new(&mut choices, &host))
            .collect();
        let now = Now::new(Duration::ZERO, Duration::from_secs(784_111_777));
        let steps = Vec::new();
        Self {
            actors,
            choices,
            host,
            laws,
            now,
            steps,
        }
    }

    /// Until all have ended.
    fn run(mut self) -> Vec<u64> {
        while self.actors.iter().any(|actor| !actor.ended()) {
            assert!(self.steps.len() < MAX_STEPS, "it does not end");
            let able = self.actors.iter().filter(|actor| actor.is_able()).count();
            assert!(able > 0, "all of them wait for each other");
            let chosen = self.choices.below(able);
            let mut numbers = (0..self.actors.len()).filter(|&number| self.actors[number].is_able());
            let number = numbers.nth(chosen).expect("there are as many");
            self.turn(number);
            for ticket in self.host.called() {
                self.actors.iter_mut().for_each(|actor| actor.call(ticket));
            }
        }
        self.steps
    }

    /// One input for one of them.
    fn turn(&mut self, number: usize) {
        if self.choices.one_in(64) {
            let seconds = self.choices.number(100_000);
            self.pass(Duration::from_secs(seconds));
        }
        let leaves = self.choices.one_in(64);
        let odd = self.choices.one_in(200);
        let actor = &mut self.actors[number];
        if leaves {
            if let Some(request) = actor.abandon(&self.host) {
                self.laws.request(&request, None);
                assert!(request.body().is_empty());
            }
            actor.leave();
            self.host.sweep();
            return;
        }
        let (last, wake) = (actor.take_last(), actor.wake());
        if let Some(Step::Sleep(_)) = last {
            self.pass(wake.saturating_sub(self.now.monotonic));
        }
        let input = if odd {
            self.odd_input()
        } else {
            self.answer(number, last.as_ref())
        };
        self.resume(number, last.as_ref(), input);
    }

    fn resume(&mut self, number: usize, last: Option<&Step<()>>, input: Input) {
        let shown = format!("{input:?}");
        let asked = laws::is_asked_for(last, &input);
        let actor = &mut self.actors[number];
        actor.read(last, &input);
        let step = actor.resume(&mut self.host, self.now, input);
        let refused = matches!(&step, Step::Done(Err(error)) if error.kind() == ErrorKind::Misuse);
        assert!(asked != refused, "{last:?} and then {shown} lead to {step:?}");
        self.laws.step(&step, actor.blob());
        laws::silence(&[format!("{:?}", self.host), actor.shown(), format!("{step:?}"), shown]);
        self.steps.push(laws::fingerprint(&step));
        actor.keep(step, self.now);
        if actor.ended() {
            self.host.sweep();
        }
    }

    /// What an obliging driver says to a step, with whatever the server makes of it.
    fn answer(&mut self, number: usize, last: Option<&Step<()>>) -> Input {
        let Self {
            actors, choices, steps, ..
        } = self;
        let (actor, serial) = (&actors[number], steps.len());
        match last {
            None => Input::Start,
            Some(Step::Ask(_)) => match choices.below(4) {
                0 | 1 => Input::Credential(Some(Credential::password("u", PASSWORD.to_owned()))),
                2 => Input::Credential(None),
                _ => failed(Error::new(ErrorKind::Store, "no helper")),
            },
            Some(Step::Buffer { limit }) => server::body(actor.request().expect("a request"), *limit, choices, serial),
            Some(Step::Receive { limit, .. }) => match choices.below(8) {
                0..4 => Input::Received { len: *limit },
                4 => Input::Received {
                    len: choices.number(limit + 1),
                },
                _ => {
                    let len = choices.number(*limit);
                    Input::Broken {
                        len,
                        error: server::failure(choices).into(),
                    }
                }
            },
            Some(Step::Send(request)) => server::head(request, actor.blob(), choices, serial),
            Some(Step::Sleep(_)) => Input::Woken,
            Some(Step::Wait(ticket)) => Input::Granted(*ticket),
            Some(Step::Done(_)) => unreachable!("it has ended"),
        }
    }

    /// Anything at all.
    fn odd_input(&mut self) -> Input {
        let len = self.choices.number(5);
        match self.choices.below(9) {
            0 => Input::Body(Bytes::from_static(b"{}")),
            1 => Input::Broken {
                len,
                error: Error::new(ErrorKind::Store, "odd"),
            },
            2 => Input::Credential(None),
            3 => failed(Error::new(ErrorKind::Store, "odd")),
            4 => {
                let (parts, ()) = Response::new(()).into_parts();
                let url = Url::parse("https://evil.test/").expect("a URL");
                Input::Head {
                    parts,
                    url,
                    sent: Sent::new(len),
                }
            }
            5 => Input::Interrupted { sent: Sent::new(len) },
            6 => Input::Received { len },
            7 => Input::Start,
            _ => Input::Woken,
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.unix += time;
    }
}

fn failed(error: Error) -> Input {
    let sent = Sent::default();
    Input::Failed { error, sent }
}

fn profile(choices: &mut Choices<'_>) -> HostProfile {
    let host = choices.pick(&["registry.test", "127.0.0.1:5000", "docker.io"]);
    let profile = HostProfile::new(host.parse().expect("a host"));
    match choices.below(6) {
        0 => profile,
        1 => profile.with_retry(RetryPolicy::new().with_retries(1)),
        2 => profile.with_trusted_realm("trusted.test".parse().expect("a host")),
        3 => profile.with_chunk(2).with_small_blob(0),
        4 => profile.with_largest_upload(4),
        _ => {
            let base = profile.base().join("below/a/path").expect("a URL");
            profile.with_base(base).expect("it is plain")
        }
    }
}

/// More than any of it takes, by far.
const MAX_STEPS: usize = 100_000;
