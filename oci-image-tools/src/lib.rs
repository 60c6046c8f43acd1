//! Container images and artifacts, on top of the stores and the client of [`oci_client_core`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
