use super::*;

#[test]
fn a_record_keeps_what_it_was_made_of() {
    for subject in [None, Some(Digest::sha256(b"subject"))] {
        let content = b"{\n\"a\": 1 }\n";
        let record = [header(&MediaType::IMAGE_INDEX, subject.as_ref()).as_bytes(), content].concat();
        let (manifest, found) = parse(record.into()).unwrap();
        assert_eq!(manifest.media_type(), &MediaType::IMAGE_INDEX);
        assert_eq!(&manifest.content()[..], content);
        assert_eq!(found, subject);
    }
    for damaged in [&b""[..], b"application/json", b"\n{}", b"application/json nonsense\n{}"] {
        assert!(parse(Bytes::from_static(damaged)).is_err());
    }
}
