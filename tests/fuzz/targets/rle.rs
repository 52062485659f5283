//! RLE Lossless.

#![no_main]

use rapidicom_core::codec::RleLossless;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rapidicom_fuzz::frame::decode(&RleLossless, bytes));
