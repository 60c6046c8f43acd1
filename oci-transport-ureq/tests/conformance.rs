//! The rules that every transport keeps.

use oci_client_core::transport_testing::check_blocking;
use oci_transport_ureq::UreqTransport;

#[test]
fn ureq_is_a_plain_pipe() {
    let transport = UreqTransport::builder()
        .no_proxy()
        .build()
        .expect("the settings are right");
    let report = check_blocking(&transport);
    assert!(report.checks() > 20);
    report.assert_passed();
}
