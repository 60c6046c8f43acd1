//! The errors that a registry sends in the body of an answer.

use std::fmt::{self, Display};

use serde::Serialize;
use serde_json::Value;

use super::{ErrorCode, lenient};
use crate::{ParseError, Sanitized};

/// The body of an answer of a registry that reports errors.
///
/// ```
/// use oci_spec_types::distribution::{ErrorCode, ErrorList};
///
/// let list = ErrorList::parse(br#"{"errors":[{"code":"DENIED","message":"no\u001b[2J"},{"code":"VENDOR"}]}"#)?;
/// assert!(list.contains(&ErrorCode::DENIED));
/// assert_eq!(list.to_string(), r"DENIED: no\u{1b}[2J; VENDOR");
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
///
/// Spec: [distribution-spec, Error Codes].
///
/// [distribution-spec, Error Codes]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct ErrorList {
    errors: Vec<RegistryError>,
}

impl ErrorList {
    /// A body with these errors.
    #[must_use]
    pub const fn new(errors: Vec<RegistryError>) -> Self {
        Self { errors }
    }

    /// Reads the body of an answer, whatever its `Content-Type`.
    ///
    /// What is no object among `errors` is left out; an error without a code gets [`ErrorCode::UNKNOWN`].
    ///
    /// # Errors
    ///
    /// If it is not a JSON object with a field `errors`: then the body is not of the form that registries report errors in.
    /// Also if it has more JSON values than [`Limits::VALUES`](crate::Limits::VALUES).
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut object = lenient::object(bytes)?;
        if !object.contains_key("errors") {
            let message = "the answer has no list of errors";
            return Err(
                ParseError::new(crate::ParseErrorKind::MissingField, message).at_path_text("$.errors".to_owned())
            );
        }
        let errors = lenient::list(&mut object, "errors")
            .into_iter()
            .filter_map(RegistryError::read)
            .collect();
        Ok(Self { errors })
    }

    /// Whether an error with this code is in the list.
    #[must_use]
    pub fn contains(&self, code: &ErrorCode) -> bool {
        self.errors.iter().any(|error| error.code == *code)
    }

    /// The errors, in the order of the registry.
    #[must_use]
    pub fn errors(&self) -> &[RegistryError] {
        &self.errors
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }
}

/// Writes up to eight errors, separated by semicolons.
impl Display for ErrorList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().take(MAX_SHOWN).enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        match self.errors.len().saturating_sub(MAX_SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for ErrorList {}

impl From<RegistryError> for ErrorList {
    fn from(error: RegistryError) -> Self {
        Self::new(vec![error])
    }
}

/// One error that a registry reports.
///
/// `Display` writes code and message through [`Sanitized`]; the detail, which may be of any size and form, is left out.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RegistryError {
    code: ErrorCode,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Value>,
}

impl RegistryError {
    /// An error with this code and message.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: None,
        }
    }

    /// The same with a detail.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<Value>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> &ErrorCode {
        &self.code
    }

    /// What the registry says besides, in any form.
    #[must_use]
    pub const fn detail(&self) -> Option<&Value> {
        self.detail.as_ref()
    }

    /// The message, as it was sent; empty if there is none. To be shown through [`Sanitized`].
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    fn read(value: Value) -> Option<Self> {
        let Value::Object(mut object) = value else { return None };
        Some(Self {
            code: lenient::text(&mut object, "code").map_or(ErrorCode::UNKNOWN, ErrorCode::from),
            message: lenient::text(&mut object, "message").unwrap_or_default(),
            detail: object.remove("detail").filter(|detail| !detail.is_null()),
        })
    }
}

impl Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = Sanitized::new(self.code.as_str()).with_max_len(MAX_CODE);
        match self.message.as_str() {
            "" => write!(f, "{code}"),
            message => write!(f, "{code}: {}", Sanitized::new(message).with_max_len(MAX_MESSAGE)),
        }
    }
}

impl std::error::Error for RegistryError {}

/// The most bytes of a code that are shown.
const MAX_CODE: usize = 64;

/// The most bytes of a message that are shown, so that code and message together stay within [`Sanitized::MAX_LEN`].
const MAX_MESSAGE: usize = Sanitized::MAX_LEN - MAX_CODE - ": ".len();

/// The most errors that are shown.
const MAX_SHOWN: usize = 8;
