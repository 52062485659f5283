//! JPEG-LS.

#![no_main]

use rapidicom_core::codec::JpegLs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rapidicom_fuzz::frame::decode(&JpegLs, bytes));
