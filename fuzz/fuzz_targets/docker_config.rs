#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| oci_fuzz::credentials::docker_config(data));
