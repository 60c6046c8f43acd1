//! The grammar of registry hosts and its error.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    num::NonZeroU16,
    sync::Arc,
};

use super::RegistryHost;
use crate::text::{Shown, char_at, text_error};

text_error! {
    /// Text that is not a registry host: what is wrong, and at which byte.
    pub struct InvalidRegistryHost(InvalidRegistryHostKind) = "invalid registry host";
}

/// What is wrong with the text of a registry host.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRegistryHostKind {
    /// A character that no host has.
    #[error("{} is not allowed in a host, only letters, digits, `.` and `-`; write international names as `xn--…`", Shown(*.0))]
    Character(char),
    /// The host is empty.
    #[error("the host is empty")]
    Empty,
    /// Nothing stands before, between or after dots.
    #[error("a part between dots is empty; remove the extra `.`")]
    EmptyLabel,
    /// A `-` at the start or the end of a part between dots.
    #[error("a part between dots cannot start or end with `-`")]
    Hyphen,
    /// A name that ends in a number is read as an address by many resolvers, but is not one.
    #[error("a host that ends in a number must be an IPv4 address of four decimal parts, such as `192.0.2.1`")]
    Ipv4,
    /// What stands in brackets is not an IPv6 address, or has a zone.
    #[error("brackets must hold an IPv6 address without a zone, such as `[2001:db8::1]`")]
    Ipv6,
    /// A part between dots is longer than 63 bytes.
    #[error("a part between dots may have at most {MAX_LABEL} characters")]
    LabelTooLong,
    /// The port is not a decimal number from 1 to 65535, without zeros in front.
    #[error("a port is a number from 1 to 65535")]
    Port,
    /// The host is longer than [`RegistryHost::MAX_LEN`].
    #[error("a host and its port may have at most {} characters", RegistryHost::MAX_LEN)]
    TooLong,
    /// An IPv6 address without brackets.
    #[error("an IPv6 address needs brackets, such as `[2001:db8::1]`")]
    UnbracketedIpv6,
    /// A single word, which could be a repository as well.
    #[error("a host of one word needs a port, such as `:443`, unless it is `localhost`")]
    Unqualified,
}

pub(super) fn host(text: &str) -> Result<RegistryHost, InvalidRegistryHost> {
    if text.len() > RegistryHost::MAX_LEN {
        return Err(InvalidRegistryHostKind::TooLong.at(RegistryHost::MAX_LEN));
    }
    if text.starts_with('[') {
        return bracketed(text);
    }
    name_or_ipv4(text).map_err(|error| match text.parse::<Ipv6Addr>() {
        Ok(_) => InvalidRegistryHostKind::UnbracketedIpv6.at(0),
        Err(_) => error,
    })
}

fn bracketed(text: &str) -> Result<RegistryHost, InvalidRegistryHost> {
    let invalid = || InvalidRegistryHostKind::Ipv6.at(0);
    let (inside, after) = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .ok_or_else(invalid)?;
    let address: Ipv6Addr = inside.parse().map_err(|_| invalid())?;
    let offset = text.len() - after.len();
    if after.is_empty() {
        return Ok(RegistryHost {
            text: format!("[{address}]").into(),
            port: None,
        });
    }
    let digits = after
        .strip_prefix(':')
        .ok_or(InvalidRegistryHostKind::Port.at(offset))?;
    let port = port(digits, offset + 1)?;
    Ok(RegistryHost {
        text: format!("[{address}]:{port}").into(),
        port: Some(port),
    })
}

fn name_or_ipv4(text: &str) -> Result<RegistryHost, InvalidRegistryHost> {
    if text.is_empty() || text.starts_with(':') {
        return Err(InvalidRegistryHostKind::Empty.at(0));
    }
    let labels = Labels::scan(text)?;
    let (name, after) = text.split_at(labels.end);
    let digits = after.strip_prefix(':');
    let port = digits.map(|digits| port(digits, labels.end + 1)).transpose()?;
    if is_number(name.split_at(labels.start).1) {
        name.parse::<Ipv4Addr>()
            .map_err(|_| InvalidRegistryHostKind::Ipv4.at(0))?;
    } else if port.is_none() && labels.start == 0 && !name.eq_ignore_ascii_case(LOCALHOST) {
        return Err(InvalidRegistryHostKind::Unqualified.at(name.len()));
    }
    Ok(RegistryHost {
        text: lower_case(text),
        port,
    })
}

/// A scan of `[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?` joined by dots, up to a `:` or the end.
struct Labels {
    /// Where the last label starts.
    start: usize,
    /// Where the scan stands.
    end: usize,
}

impl Labels {
    fn scan(text: &str) -> Result<Self, InvalidRegistryHost> {
        let mut labels = Self { start: 0, end: 0 };
        let mut last = b'.';
        for byte in text.bytes() {
            match byte {
                b':' => break,
                b'.' => {
                    labels.check_end(last)?;
                    labels.start = labels.end + 1;
                }
                b'-' if last == b'.' => {
                    return Err(InvalidRegistryHostKind::Hyphen.at(labels.end));
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => {}
                _ => return Err(invalid_character(text, labels.end)),
            }
            last = byte;
            labels.end += 1;
        }
        labels.check_end(last)?;
        Ok(labels)
    }

    /// Checks the label that ends here, after the byte `last`.
    const fn check_end(&self, last: u8) -> Result<(), InvalidRegistryHost> {
        match last {
            b'.' => Err(InvalidRegistryHostKind::EmptyLabel.at(self.end)),
            b'-' => Err(InvalidRegistryHostKind::Hyphen.at(self.end - 1)),
            _ if self.end - self.start > MAX_LABEL => {
                Err(InvalidRegistryHostKind::LabelTooLong.at(self.start + MAX_LABEL))
            }
            _ => Ok(()),
        }
    }
}

fn invalid_character(text: &str, position: usize) -> InvalidRegistryHost {
    let char = char_at(text, position).expect("all before was ASCII, so a character starts here");
    InvalidRegistryHostKind::Character(char).at(position)
}

fn port(digits: &str, offset: usize) -> Result<NonZeroU16, InvalidRegistryHost> {
    let canonical = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits
        .parse()
        .ok()
        .filter(|_| canonical)
        .ok_or(InvalidRegistryHostKind::Port.at(offset))
}

/// Whether resolvers and URL parsers take a name for an IPv4 address, in whatever notation, because
/// of its last label: WHATWG URL, "ends in a number".
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn lower_case(text: &str) -> Arc<str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

pub(crate) const LOCALHOST: &str = "localhost";
const MAX_LABEL: usize = 63;
