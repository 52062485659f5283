//! JPEG 2000 and HTJ2K.

#![no_main]

use rapidicom_core::codec::Jpeg2000;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rapidicom_fuzz::frame::decode(&Jpeg2000, bytes));
