use oci_client_core::runtime::block_on;

use super::*;

#[test]
fn every_range_of_a_chunked_content() {
    let whole = b"abcdefghij";
    let mut content = Content::default();
    for chunk in [&b"abc"[..], b"", b"d", b"efghij"] {
        content.append(Bytes::copy_from_slice(chunk));
    }
    assert_eq!(content.size(), 10);
    for start in 0..=10_usize {
        for end in start..=10 {
            let body = content.read(start as u64..end as u64);
            assert_eq!(
                block_on(body.collect(100)).unwrap(),
                whole[start..end],
                "{start}..{end}"
            );
        }
    }
}

#[test]
fn responses_come_in_pieces() {
    let mut content = Content::default();
    content.append(Bytes::from(vec![7; PIECE * 2 + 1]));
    let mut body = content.read(0..content.size());
    let mut sizes = Vec::new();
    while let Some(chunk) = block_on(body.chunk()) {
        sizes.push(chunk.unwrap().len());
    }
    assert_eq!(sizes, [PIECE, PIECE, 1]);
}
