//! The laws of the machines, for bytes of every kind. `fuzz/` has the same laws for a fuzzer's bytes.

#![expect(
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "the laws are shared with the fuzz targets, and are to panic"
)]

#[path = "../../fuzz/src/session/mod.rs"]
mod session;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn machines_keep_their_laws(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        session::session_inputs(&bytes);
    }

    /// Few different bytes make few different answers, over and over.
    #[test]
    fn machines_keep_their_laws_with_a_monotonous_server(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
        session::session_inputs(&bytes);
    }
}
