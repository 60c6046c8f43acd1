//! The rules that every transport keeps.
use oci_client_core::transport_testing::check;
use oci_transport_reqwest::ReqwestTransport;

#[test]
fn reqwest_is_a_plain_pipe() {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let transport = ReqwestTransport::builder().no_proxy().build().unwrap();
    let report = check(&transport, &|future| tokio.block_on(future));
    assert!(report.checks() > 20);
    report.assert_passed();
}
