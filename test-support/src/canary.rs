use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::Rng;

/// A secret that nothing else looks like, to be searched for where it must not be.
///
/// It is found as it is, in any letter case, and in Base64 whatever stands before it.
///
/// ```
/// use test_support::Canary;
///
/// let canary = Canary::new();
/// canary.assert_absent_from("the log", [b"GET /v2/ -> 401".as_slice()]);
/// assert!(canary.is_in(format!("user:{}", canary.text()).as_bytes()));
/// ```
#[derive(Clone, Debug)]
pub struct Canary {
    needles: Vec<String>,
    text: String,
}

impl Canary {
    /// A secret of its own.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = Rng::new(COUNT.fetch_add(1, Ordering::Relaxed)).number();
        let text = format!("Canary{number:016x}Secret");
        let coded = (0..3).flat_map(|offset| [encoded(&STANDARD, &text, offset), encoded(&URL_SAFE, &text, offset)]);
        let needles = coded.chain([text.to_ascii_lowercase()]).collect();
        Self { needles, text }
    }

    /// The secret.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the secret is in `text` in some form.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let lower = String::from_utf8_lossy(text).to_ascii_lowercase();
        self.needles.iter().any(|needle| lower.contains(needle))
    }

    /// Checks that the secret is in none of `texts`; `place` says what they are.
    ///
    /// # Panics
    /// If it is in one.
    pub fn assert_absent_from<'t>(&self, place: &str, texts: impl IntoIterator<Item = &'t [u8]>) {
        for text in texts {
            assert!(
                !self.is_in(text),
                "a secret is in {place}: {}",
                String::from_utf8_lossy(text)
            );
        }
    }

    /// Checks that an error does not show the secret, nor does any of its causes.
    ///
    /// # Panics
    /// If one does.
    pub fn assert_absent_from_error(&self, error: &(dyn StdError + 'static)) {
        let mut cause = Some(error);
        while let Some(error) = cause {
            let texts = [error.to_string(), format!("{error:?}"), format!("{error:#?}")];
            self.assert_absent_from("an error", texts.iter().map(String::as_bytes));
            cause = error.source();
        }
    }
}

impl Default for Canary {
    fn default() -> Self {
        Self::new()
    }
}

/// What is certain to be in the Base64 form of any text that has `text` at an offset of `offset` modulo 3, in lower case.
fn encoded(engine: &impl base64::Engine, text: &str, offset: usize) -> String {
    let padded = format!("{}{text}", "?".repeat(offset));
    let mut coded = engine.encode(padded).to_ascii_lowercase();
    // The first group mixes with what stands before the text, the last one with what follows.
    coded.truncate(coded.len().saturating_sub(4));
    coded.split_off(if offset == 0 { 0 } else { 4 })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn a_canary_is_found_in_base64_whatever_surrounds_it() {
        let canary = Canary::new();
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "!", "!!", "!!!"] {
                let text = format!("{before}{}{after}", canary.text());
                assert!(canary.is_in(text.to_uppercase().as_bytes()));
                assert!(canary.is_in(STANDARD.encode(&text).as_bytes()), "{text}");
                assert!(canary.is_in(URL_SAFE.encode(&text).as_bytes()), "{text}");
            }
        }
        assert!(!canary.is_in(Canary::new().text().as_bytes()));
    }
}
