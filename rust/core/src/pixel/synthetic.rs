//! Images for the tests of this module, one row of two pixels, and where their bytes are.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use super::native::{NativePixels, ValueField};
use crate::cursor::ByteOrder;
use crate::dataset::FileBytes;
use crate::image_description::{ImageDescription, PixelElement};
use crate::source::{OpenFile, Source};
use crate::vr::Vr;

pub(crate) fn description(
    bits_allocated: u32,
    bits_stored: u32,
    is_signed: bool,
) -> ImageDescription {
    ImageDescription {
        rows: 1,
        columns: 2,
        samples_per_pixel: 1,
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated,
        bits_stored,
        high_bit: bits_stored - 1,
        is_signed,
        is_planar: Some(false),
        photometric_interpretation: "MONOCHROME2".to_owned(),
    }
}

/// Eight frames from byte 50 on, in a value field that is longer than they are.
pub(crate) fn pixels(bits_allocated: u32, vr: Vr, order: ByteOrder) -> NativePixels {
    let description =
        ImageDescription { frame_count: 8, ..description(bits_allocated, bits_allocated, false) };
    NativePixels { description, field: ValueField { offset: 50, length: 1000, vr, order } }
}

/// Three samples of 8 bits a pixel.
pub(crate) fn colour(meaning: &str, is_planar: bool) -> ImageDescription {
    ImageDescription {
        samples_per_pixel: 3,
        is_planar: Some(is_planar),
        photometric_interpretation: meaning.to_owned(),
        ..description(8, 8, false)
    }
}

/// Bytes that are in memory.
pub(crate) fn in_memory(bytes: &[u8]) -> FileBytes {
    FileBytes::new(Source::Memory(Arc::new(bytes.to_vec())), Vec::new())
}

/// A file that is deleted at the end.
pub(crate) struct TemporaryFile(pub PathBuf);

impl TemporaryFile {
    pub(crate) fn new(bytes: &[u8]) -> TemporaryFile {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rapidicom-pixel-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        TemporaryFile(path)
    }

    /// Its bytes, none of which are kept.
    pub(crate) fn bytes(&self) -> FileBytes {
        let (_, source) = OpenFile::open(&self.0).unwrap();
        FileBytes::new(Source::File(Arc::new(source)), Vec::new())
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}
