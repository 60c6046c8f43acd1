#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oci_fuzz::session::session_inputs(data));
