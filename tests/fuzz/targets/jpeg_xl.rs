//! JPEG XL.

#![no_main]

use rapidicom_core::codec::JpegXl;

libfuzzer_sys::fuzz_target!(
    // A panic of the crate that decodes is caught, and the frame an error. Only one that is not
    // caught ends the process.
    init: std::panic::set_hook(Box::new(|_| {})),
    |bytes: &[u8]| rapidicom_fuzz::frame::decode(&JpegXl, bytes)
);
