use super::*;

#[test]
fn many_small_blobs_or_a_few_large_ones_are_on_their_way() {
    const MIB: u64 = 1 << 20;
    let (default, two) = (CopyOptions::new(), CopyOptions::new().with_jobs(2));
    for (options, running, bytes, size, admitted) in [
        (&default, 0, 0, u64::MAX, true),
        (&default, 3, 1000 * MIB, 1000 * MIB, true),
        (&default, 4, 1000 * MIB, 1, false),
        (&default, 4, 63 * MIB, MIB, true),
        (&default, 4, 63 * MIB, MIB + 1, false),
        (&default, 15, 0, MIB, true),
        (&default, 16, 0, 0, false),
        (&two, 1, 1000 * MIB, 1000 * MIB, true),
        (&two, 2, 0, 0, false),
    ] {
        assert_eq!(
            options.admits(running, bytes, size),
            admitted,
            "{running} with {bytes}, then {size}"
        );
    }
}
