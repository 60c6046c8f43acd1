use futures_util::FutureExt;

use super::*;

fn one_shot(pieces: &[&'static [u8]]) -> OneShot {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
    OneShot::new(Box::pin(stream::iter(pieces))).unwrap()
}

fn read(content: &OneShot, span: Span) -> Vec<u8> {
    let chunks = content.open(span).now_or_never().unwrap().unwrap();
    let pieces: Vec<_> = chunks.collect().now_or_never().unwrap();
    pieces.into_iter().flat_map(Result::unwrap).collect()
}

#[test]
fn what_is_held_can_be_read_again_from_any_place() {
    let content = one_shot(&[b"abc", b"de", b"fghi"]);
    assert_eq!(read(&content, Span::new(0, 4)), b"abcd");
    assert_eq!(content.digest(), None);
    for start in 0..5 {
        assert_eq!(read(&content, Span::new(start, 2)), b"abcdefghi"[start as usize..][..2]);
    }
    assert_eq!(read(&content, Span::from(4)), b"efghi");
    assert_eq!(content.digest(), Some(Digest::sha256(b"abcdefghi")));
    assert_eq!(read(&content, Span::from(8)), b"i");
    assert_eq!(read(&content, Span::from(9)), b"");
}

/// Small pieces, and parts of large buffers, take no more memory than what they hold.
#[test]
fn many_small_pieces_are_held_as_few() {
    let whole: Vec<u8> = (0..=250).cycle().take(300_000).collect();
    let sizes = [1, 2, 3, 70_000, 1, 1000, 64 << 10, 5];
    let (mut pieces, mut start) = (Vec::new(), 0);
    for size in sizes.iter().cycle() {
        let end = whole.len().min(start + size);
        pieces.push(Ok(Bytes::copy_from_slice(&whole[start..end])));
        if end == whole.len() {
            break;
        }
        start = end;
    }
    let content = OneShot::new(Box::pin(stream::iter(pieces))).unwrap();
    assert_eq!(read(&content, Span::from(0)), whole);
    for start in [0, 1, 5, 6, 70_005, 70_006, 70_007, 136_500, 299_990, 300_000] {
        assert_eq!(read(&content, Span::from(start as u64)), whole[start..], "{start}");
    }
    assert_eq!(content.digest(), Some(Digest::sha256(&whole)));
    let bytes = (0..1_000_000).map(|byte| Ok(Bytes::from(vec![byte as u8])));
    let content = OneShot::new(Box::pin(stream::iter(bytes))).unwrap();
    assert_eq!(read(&content, Span::from(0)).len(), 1_000_000);
    assert!(
        lock(&content.state).held.len() <= 16,
        "{} pieces",
        lock(&content.state).held.len()
    );
    assert_eq!(read(&content, Span::from(999_998)), [62, 63]);
}

#[test]
fn p29_what_is_no_longer_held_is_an_error() {
    const PIECE: &[u8] = &[7; 1 << 20];
    let content = one_shot(&[PIECE; 20]);
    assert_eq!(read(&content, Span::from(0)).len(), 20 << 20);
    let held = lock(&content.state).held.iter().map(Bytes::len).sum::<usize>();
    assert_eq!(held as u64, OneShot::WINDOW);
    assert_eq!(read(&content, Span::from(4 << 20)).len(), 16 << 20);
    let gone = content.open(Span::from((4 << 20) - 1)).now_or_never().unwrap();
    assert_eq!(gone.err().unwrap().kind(), ErrorKind::Store);
}

/// However large the pieces are that a stream comes in, a part of it is held from its first byte.
#[test]
fn a_part_is_held_before_it_is_read() {
    const PIECE: &[u8] = &[7; 40 << 20];
    let content = one_shot(&[&PIECE[..1 << 20], PIECE, b"end"]);
    let gather = |start, len| content.gather(Span::new(start, len)).now_or_never().unwrap();
    for part in 0..3 {
        let start = part * OneShot::WINDOW;
        let there = (41 << 20) + 3 - start;
        let short = (there < OneShot::WINDOW).then_some(there);
        for _ in 0..2 {
            assert_eq!(gather(start, OneShot::WINDOW).unwrap(), short);
        }
        assert_eq!(content.digest().is_some(), short.is_some());
        let held = lock(&content.state).held.iter().map(Bytes::len).sum::<usize>() as u64;
        assert!(held < 2 * OneShot::WINDOW, "{held}");
        let len = short.unwrap_or(OneShot::WINDOW);
        assert_eq!(read(&content, Span::new(start, OneShot::WINDOW)).len() as u64, len);
    }
    assert_eq!(
        content.digest(),
        Some(Digest::sha256(&[&PIECE[..1 << 20], PIECE, b"end"].concat()))
    );
    assert_eq!(content.gather(Span::from(0)).now_or_never().unwrap().unwrap(), None);
}
