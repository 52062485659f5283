//! JPEG of the processes with Huffman coding.

#![no_main]

mod frame;

use rapidicom_core::codec::Jpeg;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| frame::decode(&Jpeg, bytes));
