//! Programs without an executor; see `examples/`.
