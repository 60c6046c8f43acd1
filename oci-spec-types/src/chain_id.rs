//! Chain IDs: the name of a stack of layers.

use std::iter;

use crate::Digest;

/// The chain ID of a stack of layers, by their DiffIDs from the base up; `None` for no layers.
///
/// Of one layer it is its DiffID; of more, the sha256 of the chain ID of all below the top, a space and the DiffID of the top.
///
/// ```
/// use oci_spec_types::{Digest, chain_id};
///
/// let (base, top) = (Digest::sha256(b"base"), Digest::sha256(b"top"));
/// assert_eq!(chain_id([&base]), Some(base.clone()));
/// assert_eq!(chain_id([&base, &top]), Some(Digest::sha256(format!("{base} {top}").as_bytes())));
/// ```
///
/// Spec: [image-spec, config.md, Layer ChainID].
///
/// [image-spec, config.md, Layer ChainID]: https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
#[must_use]
pub fn chain_id<'a>(diff_ids: impl IntoIterator<Item = &'a Digest>) -> Option<Digest> {
    chain_ids(diff_ids).last()
}

/// The chain IDs of all stacks that start at the base: of the first layer, of the first two, and so on.
pub fn chain_ids<'a>(diff_ids: impl IntoIterator<Item = &'a Digest>) -> impl Iterator<Item = Digest> {
    let mut diff_ids = diff_ids.into_iter();
    let first = diff_ids.next().cloned();
    iter::successors(first, move |below| {
        let top = diff_ids.next()?;
        Some(Digest::sha256(format!("{below} {top}").as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::{chain_id, chain_ids};
    use crate::Digest;

    #[test]
    fn follows_the_definition() {
        let layers = ["a", "b", "c"].map(|layer| Digest::sha256(layer.as_bytes()));
        let [first, second, third] = &layers;
        let two = Digest::sha256(format!("{first} {second}").as_bytes());
        let three = Digest::sha256(format!("{two} {third}").as_bytes());
        assert_eq!(
            chain_ids(&layers).collect::<Vec<_>>(),
            [first.clone(), two, three.clone()]
        );
        assert_eq!(chain_id(&layers), Some(three));
        assert_eq!(chain_id([]), None);
    }

    #[test]
    fn known_values() {
        let layers = ["layer 1", "layer 2", "layer 3"].map(|layer| Digest::sha256(layer.as_bytes()));
        let chain: Vec<String> = chain_ids(&layers).map(|id| id.to_string()).collect();
        // By `printf '%s %s' "$below" "$top" | sha256sum`.
        assert_eq!(
            chain,
            [
                "sha256:54db133a109fd7f0d6eb72da16df1af078f2bf86e917ae3c780a13d811d6aa6f",
                "sha256:331cf69a5e42a61e3645ccd6f7963c333d64ca1f850f6190d98a6ad75c7606de",
                "sha256:e98ce6bf1cf401b5454f040d3c54010716976289963493c43fc37108ab19d384",
            ]
        );
    }
}
