//! Tests of the core as a whole: its layers, and properties that hold for any bytes.

// clippy.toml allows these in test functions only, not in the functions that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bytes;
mod codecs;
mod files;
mod layers;
mod layout;
mod pixels;
mod properties;
mod scan;
