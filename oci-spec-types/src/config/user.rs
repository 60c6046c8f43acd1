//! The user that an image asks to run as.

use std::str::FromStr;

/// The user that an image asks to run as, by name or number, with a group if one is named.
///
/// Numbers go up to 2^31-1, so that none can wrap around to the superuser where it is held in 32 bits.
///
/// ```
/// use oci_spec_types::{Group, User};
///
/// assert_eq!("1000:staff".parse(), Ok(User::Id { uid: 1000, group: Some(Group::Name("staff".into())) }));
/// assert!("4294967296".parse::<User>().is_err());
/// ```
///
/// Spec: [image-spec, config.md, Properties](https://github.com/opencontainers/image-spec/blob/main/config.md#properties).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum User {
    /// A user by number.
    Id {
        /// The number, from 0 to 2^31-1.
        uid: u32,
        /// The group, where one is named.
        group: Option<Group>,
    },
    /// A user by name, or of Windows, an account.
    Name {
        /// The name, without control characters.
        name: String,
        /// The group, where one is named.
        group: Option<Group>,
    },
}

/// A group, by name or number.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Group {
    /// A group by number, from 0 to 2^31-1.
    Id(u32),
    /// A group by name, without control characters.
    Name(String),
}

/// Text that names no user and group to run as.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUser {
    /// A control character, `:` or `/` stands in a name.
    #[error("a user or group name has a character that no name can have")]
    Character,
    /// The user or the group is empty.
    #[error("the user or the group after `:` is empty")]
    Empty,
    /// A number is too large.
    #[error("a user or group number is over 2147483647")]
    Range,
}

impl FromStr for User {
    type Err = InvalidUser;

    /// Parses `user`, `uid`, `user:group`, `uid:gid`, `uid:group` or `user:gid`.
    ///
    /// # Errors
    ///
    /// If a part is empty, a number too large, or a name has a control character, `:` or `/`.
    fn from_str(text: &str) -> Result<Self, InvalidUser> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let group = group.map(part).transpose()?.map(|group| match group {
            Part::Id(id) => Group::Id(id),
            Part::Name(name) => Group::Name(name),
        });
        Ok(match part(user)? {
            Part::Id(uid) => Self::Id { uid, group },
            Part::Name(name) => Self::Name { name, group },
        })
    }
}

enum Part {
    Id(u32),
    Name(String),
}

fn part(text: &str) -> Result<Part, InvalidUser> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if text.is_empty() {
        Err(InvalidUser::Empty)
    } else if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // With a sign, some runtimes read a number and others a name.
        let id = text.parse().ok().filter(|id| digits == text && *id <= MAX_ID);
        id.map(Part::Id).ok_or(InvalidUser::Range)
    } else if text.contains(|character: char| character.is_control() || matches!(character, ':' | '/')) {
        Err(InvalidUser::Character)
    } else {
        Ok(Part::Name(text.to_owned()))
    }
}

/// 2^31-1: what fits a signed number of 32 bits.
const MAX_ID: u32 = i32::MAX.unsigned_abs();

#[cfg(test)]
mod tests {
    use super::{Group, InvalidUser, User};

    #[test]
    fn c25_numbers_are_bounded() {
        let id = |uid, group| Ok(User::Id { uid, group });
        let name = |name: &str, group| {
            Ok(User::Name {
                name: name.to_owned(),
                group,
            })
        };
        for (text, expected) in [
            ("0", id(0, None)),
            ("1000:1000", id(1000, Some(Group::Id(1000)))),
            ("2147483647", id(2_147_483_647, None)),
            ("nobody", name("nobody", None)),
            ("nobody:0", name("nobody", Some(Group::Id(0)))),
            (r"NT AUTHORITY\SYSTEM", name(r"NT AUTHORITY\SYSTEM", None)),
            ("1e3", name("1e3", None)),
            ("2147483648", Err(InvalidUser::Range)),
            ("4294967296", Err(InvalidUser::Range)),
            ("18446744073709551616", Err(InvalidUser::Range)),
            ("-1", Err(InvalidUser::Range)),
            ("+0", Err(InvalidUser::Range)),
            ("1000:-1", Err(InvalidUser::Range)),
            ("", Err(InvalidUser::Empty)),
            (":0", Err(InvalidUser::Empty)),
            ("root:", Err(InvalidUser::Empty)),
            ("a:b:c", Err(InvalidUser::Character)),
            ("root\n0", Err(InvalidUser::Character)),
            ("../root", Err(InvalidUser::Character)),
        ] {
            assert_eq!(text.parse::<User>(), expected, "{text:?}");
        }
    }
}
