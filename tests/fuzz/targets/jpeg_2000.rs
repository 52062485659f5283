//! JPEG 2000 and HTJ2K.

#![no_main]

mod frame;

use rapidicom_core::codec::Jpeg2000;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame::decode(&Jpeg2000, bytes));
