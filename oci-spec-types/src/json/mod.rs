//! Reading JSON that someone else wrote: what is refused, where, and why.
//!
//! A document is read by [`read`], a `serde` deserializer that makes one pass over the text and refuses, without a word, what
//! a typed value could not show any more: duplicate names, depth, counts, a document that is manifest and index at once. What
//! it refuses is gone over again to say why: by [`check`], the strict pass over the text, and then by
//! [`diagnose`](crate::validate::shape::diagnose), which holds it against the fields of its type.

mod deserialize;
mod error;
mod fold;
mod limits;
mod object;
mod path;
mod reader;
mod rules;
mod scan;
mod text;

pub(crate) use self::{
    deserialize::{Refused, read, with_value},
    fold::folded_name,
    object::{Key, NonBlank, read_unknown, wire_object},
    path::{Path, Segment},
    rules::Rules,
    scan::{check, check_all, locate},
    text::{check_len, offset_of, utf8},
};
pub use self::{
    error::{ParseError, ParseErrorKind},
    limits::Limits,
};
