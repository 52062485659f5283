//! JPEG of the processes with Huffman coding.

#![no_main]

use rapidicom_core::codec::Jpeg;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rapidicom_fuzz::frame::decode(&Jpeg, bytes));
