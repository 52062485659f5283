//! JPEG-LS.

#![no_main]

mod frame;

use rapidicom_core::codec::JpegLs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame::decode(&JpegLs, bytes));
