//! Images of many layers that nobody would think of: whatever they do, one layer does the same.

use oci_client_core::runtime::block_on;

use super::{described, exported, image, runtime, tree, tree_of};
use crate::hostile::{archive, directory, file, link};
use crate::layer::{Compression, LayerOptions};

/// A sequence of numbers that is the same each time (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn path(&mut self) -> String {
        let parts = 1 + self.below(3);
        let parts: Vec<&str> = (0..parts).map(|_| ["a", "b", "c"][self.below(3)]).collect();
        parts.join("/")
    }

    fn entry(&mut self) -> Vec<u8> {
        let path = self.path();
        let (above, name) = path
            .rsplit_once('/')
            .map_or(("", path.as_str()), |(above, name)| (above, name));
        let sibling = |name: String| match above {
            "" => name,
            above => format!("{above}/{name}"),
        };
        match self.below(12) {
            0..=3 => file(&path, &[b'0' + u8::try_from(self.below(10)).unwrap()]),
            4 | 5 => directory(&format!("{path}/")),
            6 => link(&path, b'2', &self.path()),
            7 => link(&path, b'2', &format!("/{}", self.path())),
            8 => link(&path, b'1', &self.path()),
            9 | 10 => file(&sibling(format!(".wh.{name}")), b""),
            _ => file(&sibling(".wh..wh..opq".to_owned()), b""),
        }
    }
}

#[test]
fn any_layers_can_be_made_one() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut images, mut tried) = (0, 0);
    while images < IMAGES {
        tried += 1;
        let layers = 2 + numbers.below(3);
        let mut made: Vec<Vec<u8>> = Vec::new();
        while made.len() < layers {
            let parts: Vec<_> = (0..1 + numbers.below(4)).map(|_| numbers.entry()).collect();
            made.push(archive(&parts));
            // What cannot be unpacked is not asked about.
            if tree(&made).is_err() {
                made.pop();
            }
        }
        images += 1;
        let (image, expected) = (image(&made), described(&tree(&made).unwrap()));
        assert_eq!(
            described(&tree(&[exported(&made).unwrap()]).unwrap()),
            expected,
            "{tried}"
        );
        let options = LayerOptions::new()
            .with_compression(Compression::None)
            .with_one_thread();
        for last in 2..=made.len() {
            let squashed = block_on(image.clone().squash(last, &options, &runtime())).unwrap();
            assert_eq!(
                described(&tree_of(&squashed)),
                expected,
                "image {tried}, the last {last} layers"
            );
        }
    }
}

const IMAGES: usize = 150;
