//! Two clients change one list, in every order of their steps.

use super::*;
use crate::proto::Payload;

/// A registry with one tag.
struct Tag {
    content: Option<Bytes>,
    /// Whether it honours conditions.
    honours: bool,
}

impl Tag {
    fn etag(&self) -> Option<String> {
        self.content
            .as_ref()
            .map(|content| format!("\"{}\"", Digest::sha256(content)))
    }

    fn allows(&self, request: &http::Request<Payload>) -> bool {
        let field = |name: HeaderName| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let matches = field(IF_MATCH).is_none_or(|tag| Some(tag) == self.etag());
        let absent = field(IF_NONE_MATCH).is_none_or(|_| self.content.is_none());
        !self.honours || (matches && absent)
    }

    fn entries(&self) -> Vec<Digest> {
        let Some(content) = &self.content else {
            return Vec::new();
        };
        let document = Document::<ImageIndex>::parse(&**content, MediaType::IMAGE_INDEX).unwrap();
        let entries = document.into_value().manifests;
        entries.into_iter().map(|entry| entry.digest).collect()
    }
}

/// A client: its next step, which a turn of its performs together with all that needs no server.
struct Client {
    actor: Actor<UpdateReferrers>,
    result: Option<Result<UpdatedReferrers, ErrorKind>>,
    stage: Stage,
    step: Option<Step<UpdatedReferrers>>,
    /// What it has asked for, and at which turn.
    turns: Vec<(usize, http::Method)>,
}

impl Client {
    fn new(content: &str) -> Self {
        let (mut actor, mut stage) = (add(content), Stage::new());
        let step = Some(actor.tell(&mut stage, start()));
        let (result, turns) = (None, Vec::new());
        Self {
            actor,
            result,
            stage,
            step,
            turns,
        }
    }

    /// One request, answered; what follows up to the next request.
    fn turn(&mut self, tag: &mut Tag, number: usize) {
        let Some(Step::Send(request)) = self.step.take() else {
            panic!("it has ended");
        };
        self.turns.push((number, request.method().clone()));
        let (actor, stage) = (&mut self.actor, &mut self.stage);
        let mut step = match (request.method().as_str(), &tag.content) {
            ("GET", None) => actor.tell(stage, refused(404)),
            ("GET", Some(content)) => {
                let text = String::from_utf8(content.to_vec()).unwrap();
                give(actor, stage, tag.etag().as_deref(), &text)
            }
            _ if !tag.allows(&request) => actor.tell(stage, refused(412)),
            _ => {
                let Payload::Bytes(bytes) = request.into_body() else {
                    panic!("it has no content");
                };
                tag.content = Some(bytes);
                actor.tell(stage, head(201, &[]))
            }
        };
        while let Step::Sleep(_) = step {
            step = actor.tell(stage, woken());
        }
        match step {
            Step::Done(result) => self.result = Some(result.map_err(|error| error.kind())),
            step => self.step = Some(step),
        }
    }

    /// Whether this one has read before the other wrote, and written after the other had read for the last time.
    fn has_overwritten(&self, other: &Self) -> bool {
        let own = self.turns.windows(2);
        let mut written = own.filter(|turns| turns[0].1 == "GET" && turns[1].1 == "PUT");
        let confirmed = other
            .turns
            .windows(3)
            .rfind(|turns| turns[0].1 == "PUT" && turns[1].1 == "GET" && turns[2].1 == "GET");
        let Some([(put, _), _, (check, _)]) = confirmed else {
            return false;
        };
        written.any(|turns| turns[0].0 < *put && turns[1].0 > *check)
    }
}

/// Lets two clients take turns as the bits of `order` say, from a list with these entries.
fn run(order: u32, honours: bool, before: &[Descriptor]) -> ([Client; 2], Tag) {
    let content = (!before.is_empty()).then(|| Bytes::from(list(before)));
    let mut tag = Tag { content, honours };
    let mut clients = [Client::new("one"), Client::new("two")];
    for number in 0.. {
        let running = clients.each_ref().map(|client| client.result.is_none());
        let second = order.checked_shr(number).unwrap_or_default() & 1 == 1;
        let who = match running {
            [true, true] => usize::from(second),
            [true, false] => 0,
            [false, true] => 1,
            [false, false] => break,
        };
        clients[who].turn(&mut tag, number as usize);
    }
    (clients, tag)
}

#[test]
fn cr3_p21_where_conditions_are_honoured_no_entry_is_lost_in_any_order() {
    for before in [vec![], vec![referrer("old")]] {
        for order in 0..1 << 10 {
            let (clients, tag) = run(order, true, &before);
            assert_eq!(tag.entries().len(), before.len() + 2, "{order:b}");
            assert!(
                clients
                    .iter()
                    .all(|client| client.result == Some(Ok(UpdatedReferrers::Written)))
            );
        }
    }
}

#[test]
fn cr3_p21_where_they_are_ignored_one_order_alone_loses_an_entry() {
    let (mut lost, mut kept) = (0, 0);
    for before in [vec![], vec![referrer("old")]] {
        for order in 0..1 << 10 {
            let (clients, tag) = run(order, false, &before);
            let [one, two] = &clients;
            assert!(
                clients
                    .iter()
                    .all(|client| client.result == Some(Ok(UpdatedReferrers::Written)))
            );
            let all_there = tag.entries().len() == before.len() + 2;
            let overtaken = one.has_overwritten(two) || two.has_overwritten(one);
            assert_eq!(all_there, !overtaken, "{order:b}: {:?} {:?}", one.turns, two.turns);
            if all_there { kept += 1 } else { lost += 1 }
        }
    }
    assert!(lost > 0 && kept > lost, "{lost} lost, {kept} kept");
}
