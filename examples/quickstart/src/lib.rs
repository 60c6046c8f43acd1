//! Holds the example `quickstart`, which is in `examples/`.
