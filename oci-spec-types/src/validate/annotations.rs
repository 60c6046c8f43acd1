//! The rules of annotations.

use super::{
    Report,
    grammar::{is_date_time, is_ref_name, is_uri},
};
use crate::{Annotations, Digest, json::Path};

/// Where annotations stand, which decides whether a target may be named there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    IndexEntry,
    Labels,
    Other,
}

pub(super) fn check(annotations: &Annotations, place: Place, path: &Path<'_>, report: &mut Report) {
    for (name, value) in annotations.iter() {
        let path = path.name(name);
        if name.starts_with(Annotations::RESERVED) {
            check_reserved(name, value, place, &path, report);
        } else if !name.contains('.') && place != Place::Labels {
            report.warning(
                &path,
                RULES,
                "the name should be in reverse domain notation, such as `com.example.name`",
            );
        }
    }
}

fn check_reserved(name: &str, value: &str, place: Place, path: &Path<'_>, report: &mut Report) {
    match name {
        Annotations::CREATED if !is_date_time(value) => {
            report.error(
                path,
                KEYS,
                "the value must be an RFC 3339 date and time, such as `2026-02-28T12:00:00Z`",
            );
        }
        Annotations::BASE_DIGEST if value.parse::<Digest>().is_err() => {
            report.error(path, KEYS, "the value must be a digest, such as `sha256:…`");
        }
        Annotations::DOCUMENTATION | Annotations::SOURCE | Annotations::URL if !is_uri(value) => {
            report.warning(
                path,
                KEYS,
                "the value should be the address of a page, such as `https://example.com/`",
            );
        }
        Annotations::REF_NAME if place == Place::Other => {
            report.warning(
                path,
                KEYS,
                "the name of a target counts only on the entries of an `index.json`",
            );
        }
        Annotations::REF_NAME if place == Place::IndexEntry && !is_ref_name(value) => {
            report.warning(
                path,
                KEYS,
                "the value should be letters and digits, with `-._:@+` or `/` between them",
            );
        }
        _ if !Annotations::DEFINED.contains(&name) => {
            report.warning(
                path,
                RULES,
                "names that start with `org.opencontainers.` are reserved, and this is not one of them",
            );
        }
        _ => {}
    }
}

const KEYS: &str = "image-spec/annotations.md#pre-defined-annotation-keys";

const RULES: &str = "image-spec/annotations.md#rules";
