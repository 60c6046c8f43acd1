//! Holds the examples in `examples/`: Helm charts, wasm modules, signatures and small objects in registries.
