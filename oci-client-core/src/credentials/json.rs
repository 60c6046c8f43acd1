//! JSON objects as their owners wrote them: members in order, each value as its text, and edits that leave everything else as it is.
//!
//! No message quotes a value: it may be a password.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::fault::Fault;

/// A name and the text of its value, a part of the text that was read.
pub(super) struct Member<'t> {
    pub(super) name: String,
    pub(super) value: &'t str,
}

/// The members of the object that `text` is, in order, repeated names included. An empty text counts as an empty object.
pub(super) fn members(text: &str) -> Result<Vec<Member<'_>>, Fault> {
    if text.trim_matches(is_space).is_empty() {
        return Ok(Vec::new());
    }
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "this is no JSON object",
            _ => "this is no JSON",
        };
        Fault::invalid(format!("{what} (line {}, column {})", error.line(), error.column()))
    })?;
    Ok(members.0)
}

/// The value of `name`, if it is there and not `null`.
///
/// # Errors
/// If it is there twice: readers would not agree on which one counts.
pub(super) fn member<'t>(members: &[Member<'t>], name: &str) -> Result<Option<&'t str>, Fault> {
    let mut found = members.iter().filter(|member| member.name == name);
    let first = found.next().map(|member| member.value);
    if found.next().is_some() {
        return Err(Fault::invalid(format!("`{name}` is there twice")));
    }
    Ok(first.filter(|value| *value != "null"))
}

/// The string that the member `name` is; an empty one counts as none.
pub(super) fn string(members: &[Member<'_>], name: &str) -> Result<Option<Zeroizing<String>>, Fault> {
    let Some(value) = member(members, name)? else {
        return Ok(None);
    };
    let text: String = serde_json::from_str(value).map_err(|_| Fault::invalid(format!("`{name}` is no string")))?;
    Ok(Some(Zeroizing::new(text)).filter(|text| !text.is_empty()))
}

/// `text` as a JSON string.
pub(super) fn quoted(text: &str) -> Zeroizing<String> {
    Zeroizing::new(serde_json::Value::from(text).to_string())
}

/// `object` with `name` set to the JSON text `value`; a new member comes last, indented like the first.
pub(super) fn with_member(object: &str, name: &str, value: &str, depth: usize) -> Result<Zeroizing<String>, Fault> {
    let members = members(object)?;
    if let Some(known) = members.iter().find(|member| member.name == name) {
        let start = offset(object, known.value);
        let end = start.saturating_add(known.value.len());
        return Ok(concat(&[
            part(object, 0, start),
            value,
            part(object, end, object.len()),
        ]));
    }
    let added = quoted(name);
    let Some(last) = members.last() else {
        let (inner, outer) = ("\t".repeat(depth.saturating_add(1)), "\t".repeat(depth));
        return Ok(concat(&["{\n", &inner, &added, ": ", value, "\n", &outer, "}"]));
    };
    let end = offset(object, last.value).saturating_add(last.value.len());
    let body = part(object, opening(object), object.len());
    let space = part(
        body,
        0,
        body.len().saturating_sub(body.trim_start_matches(is_space).len()),
    );
    let (head, tail) = (part(object, 0, end), part(object, end, object.len()));
    Ok(concat(&[head, ",", space, &added, ": ", value, tail]))
}

/// `object` without the members whose names `removed` picks; everything else stays byte for byte.
pub(super) fn without_members(object: &str, removed: impl Fn(&str) -> bool) -> Result<Zeroizing<String>, Fault> {
    let members = members(object)?;
    let mut at = opening(object);
    let mut parts = vec![part(object, 0, at)];
    for member in &members {
        let end = offset(object, member.value).saturating_add(member.value.len());
        let piece = part(object, at, end);
        at = end;
        if removed(&member.name) {
            continue;
        }
        // The first one that stays has no comma before it.
        let bare = piece.trim_start_matches(is_space).strip_prefix(',');
        parts.push(bare.filter(|_| parts.len() == 1).unwrap_or(piece));
    }
    parts.push(part(object, at, object.len()));
    Ok(concat(&parts))
}

struct Members<'t>(Vec<Member<'t>>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'t> Visitor<'t> for MembersVisitor {
    type Value = Members<'t>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Members<'t>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'t RawValue>()? {
            let value = value.get();
            members.push(Member { name, value });
        }
        Ok(Members(members))
    }
}

/// Where `part`, which is a part of `whole`, begins in it.
fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr())
}

/// The place after the brace that opens `object`.
fn opening(object: &str) -> usize {
    object.find('{').map_or(0, |at| at.saturating_add(1))
}

fn part(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

/// The parts in a row, in memory that does not move while it is written: copies left behind would not be wiped.
fn concat(parts: &[&str]) -> Zeroizing<String> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    parts.iter().for_each(|part| text.push_str(part));
    text
}

const fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests;
