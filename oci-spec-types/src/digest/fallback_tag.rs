//! The referrers tag schema: the tag that lists a digest's referrers where a registry has no
//! referrers API.

use super::Digest;
use crate::name::Tag;

impl Digest {
    /// The tag under which the referrers of this digest are listed in a registry without the
    /// referrers API.
    ///
    /// At most 32 bytes of the algorithm, `-`, and at most 64 bytes of the encoded part, with `-`
    /// for every character that a tag cannot have. Two digests can therefore share a tag: check the
    /// `subject` of what is found under it.
    ///
    /// ```
    /// # use oci_spec_types::Digest;
    /// let digest = Digest::from_sha256([0xaa; 32]);
    /// assert_eq!(digest.fallback_tag().as_str(), format!("sha256-{}", "aa".repeat(32)));
    /// ```
    ///
    /// Spec: [distribution-spec, Referrers Tag Schema].
    ///
    /// [distribution-spec, Referrers Tag Schema]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
    #[must_use]
    pub fn fallback_tag(&self) -> Tag {
        let algorithm = self.algorithm();
        let encoded = self.encoded();
        let text: String = (algorithm.as_str().chars().take(MAX_ALGORITHM))
            .chain(['-'])
            .chain(encoded.as_ref().chars().take(MAX_ENCODED))
            .map(|char| if Tag::allows(char) { char } else { '-' })
            .collect();
        text.parse().expect(
            "an algorithm starts with a letter or digit, 97 characters are at most 128, and others were replaced",
        )
    }
}

const MAX_ALGORITHM: usize = 32;
const MAX_ENCODED: usize = 64;
