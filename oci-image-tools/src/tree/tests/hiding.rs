//! Layers that hide the same again and again.

use std::time::Duration;

use oci_client_core::runtime::block_on;

use super::{runtime, store, v1};
use crate::ImageLimits;
use crate::hostile::{archive, file, hiding};
use crate::tree::Tree;

/// U16: what a whiteout costs does not grow with what the layer itself has put there. Otherwise this takes minutes.
#[test]
fn u16_what_was_hidden_is_not_gone_through_again() {
    let below = archive(&[file("d/below", b""), file("d/sub/below", b"")]);
    for whiteout in ["d/.wh..wh..opq", ".wh.d"] {
        let layers = [below.clone(), hiding(whiteout, COUNT)];
        let limits = ImageLimits::new().with_time(Duration::from_secs(30));
        let store = store(&layers);
        let tree = block_on(Tree::read(&*store, &v1(), None, runtime(), limits)).unwrap();
        // The directory, and what the last layer has.
        assert_eq!(tree.files().count(), 1 + COUNT);
        assert!(tree.find(b"d/below").is_none() && tree.find(b"d/sub/below").is_none());
    }
}

const COUNT: usize = 20_000;
