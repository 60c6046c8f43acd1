//! Blobs that a registry has wrongly said to be there.

use super::*;

#[test]
fn what_seems_to_be_there_is_sent_regardless_and_teaches_nothing_of_mounts() {
    let stage = &mut Stage::new();
    let regardless = |size| Actor::new(Upload::new("a/b".parse().unwrap(), hello_digest(), size).regardless());
    for size in [5, 65 * MIB] {
        let put = format!("PUT /u/1?digest=D <- blob 0..{size}");
        let rows = [
            (start(), OPEN_PLAIN),
            (session_at("/u/1"), &*put),
            (head(201, &[]), "done Stored"),
        ];
        regardless(size).rows(stage, rows);
    }
    upload(65 * MIB).rows(stage, [(start(), OPEN)]);
    // No look either where a host is known not to mount, nor when the session is lost in the end.
    upload(65 * MIB).rows(
        stage,
        [
            (start(), OPEN),
            (session_at("/u/1"), "HEAD /v2/a/b/blobs/D"),
            (head(200, &[]), "DELETE /u/1"),
            (head(204, &[]), "done Present"),
        ],
    );
    let put = "PUT /u/1?digest=D <- blob 0..68157440";
    regardless(65 * MIB).rows(
        stage,
        [
            (start(), OPEN_PLAIN),
            (session_at("/u/1"), put),
            (refused(404), OPEN_PLAIN),
            (session_at("/u/1"), put),
        ],
    );
}
