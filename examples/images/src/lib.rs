//! Holds the examples in `examples/`: one small program for each thing that people do with images.
