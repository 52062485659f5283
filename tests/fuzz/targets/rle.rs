//! RLE Lossless.

#![no_main]

mod frame;

use rapidicom_core::codec::RleLossless;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame::decode(&RleLossless, bytes));
