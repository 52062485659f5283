//! A file from its first byte on: header, values, items and native pixels.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rapidicom_core::pixel::{NativePixels, ValueField, read_frames};
use rapidicom_core::{
    Dataset, DicomFile, ImageDescription, Limits, ParseOptions, PixelElement, Prefix, value,
};

/// A frame of more bytes than this is not read: the fuzzer would spend its time on copying.
const LONGEST_FRAME: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let options = ParseOptions { prefix: Prefix::Ignored, ..ParseOptions::default() };
    let Ok(file) = DicomFile::from_memory(Arc::new(bytes.to_vec()), &options) else { return };
    look_at(&file.meta, 0);
    look_at(&file.dataset, 0);
    read_first_frame(&file.dataset);
});

/// Reads every value, and every item two levels down.
fn look_at(dataset: &Dataset, depth: u32) {
    for element in dataset.elements() {
        let vr = dataset.vr(element).vr;
        let Ok(bytes) = dataset.value(element) else { continue };
        let _ = value::text(&bytes, vr, dataset.character_set());
        dataset.numbers(element, vr).ok();
        if depth < 2 {
            let items = dataset.items(element, &Limits::DEFAULT).unwrap_or_default();
            items
                .iter()
                .filter_map(|item| item.parse(&Limits::DEFAULT).ok())
                .for_each(|item| look_at(&item, depth + 1));
        }
    }
}

fn read_first_frame(dataset: &Dataset) {
    for pixel_element in PixelElement::ALL {
        let Some(element) = dataset.find(pixel_element.tag()) else { continue };
        let Ok(description) = ImageDescription::new(dataset, pixel_element) else { continue };
        let length = description.frame_length();
        if let Ok(pixels) = NativePixels::new(description, ValueField::new(dataset, element))
            && length <= LONGEST_FRAME
        {
            read_frames(&pixels, dataset.bytes(), 0, 1, false, &mut vec![0; length]).ok();
        }
    }
}
