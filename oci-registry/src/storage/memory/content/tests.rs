use oci_client_core::runtime::block_on;

use super::*;

#[test]
fn every_range_of_a_chunked_content() {
    let whole = b"abcdefghij";
    let mut content = Content::default();
    for chunk in [&b"abc"[..], b"d", b"efghij"] {
        // Not joined, as larger ones are not.
        let end = content.size() + chunk.len() as u64;
        let bytes = Bytes::from_static(chunk);
        content.chunks.push(Chunk { bytes, end });
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

/// S10: an upload that comes byte by byte takes no more than some times its room.
#[test]
fn s10_small_chunks_are_joined() {
    let mut content = Content::default();
    for number in 0..10_000_u32 {
        content.append(vec![u8::try_from(number % 251).unwrap()].into());
    }
    assert_eq!((content.size(), content.chunks.len()), (10_000, 3));
    let found = block_on(content.read(4000..4200).collect(1000)).unwrap();
    let expected: Vec<u8> = (4000..4200_u32)
        .map(|number| u8::try_from(number % 251).unwrap())
        .collect();
    assert_eq!(found, expected);
}
