//! Tests of the core as a whole: its layers, and properties that hold for any bytes.

mod bytes;
mod files;
mod layers;
mod properties;
