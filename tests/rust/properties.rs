//! What holds for any bytes: nothing panics, nothing is found outside the data.

use std::sync::Arc;

use proptest::prelude::*;
use rapidicom_core::pixel::{NativePixels, ValueField, read_frames};
use rapidicom_core::{Dataset, DicomFile, ImageDescription, Limits, ParseOptions, PixelElement, Stop, Tag, Vr, value};

use crate::bytes::{file, rich_dataset};

/// Looks at everything that there is to see in a data set.
fn look_at_everything(dataset: &Dataset, length: u64, depth: u32) {
    for element in dataset.elements() {
        assert!(element.value_end() <= length, "{element:?} reaches past the end");
        let vr = dataset.vr(element).vr;
        let bytes = dataset.value(element).unwrap();
        assert_eq!(bytes.len() as u64, element.value_length);
        let _ = value::text(&bytes, vr, dataset.character_set());
        dataset.numbers(element, vr).ok();
        dataset.private_creator(element.tag);
        if vr == Vr::SQ && depth < 5 {
            for item in dataset.items(element, &Limits::DEFAULT).unwrap_or_default() {
                if let Ok(inner) = item.parse(&Limits::DEFAULT) {
                    look_at_everything(&inner, length, depth + 1);
                }
            }
        }
    }
    for pixel_element in PixelElement::ALL {
        let Ok(description) = ImageDescription::new(dataset, pixel_element) else { continue };
        let Some(element) = dataset.find(pixel_element.tag()) else { continue };
        if let Ok(native) = NativePixels::new(description, ValueField::new(dataset, element)) {
            let mut frame = vec![0; native.description.frame_length()];
            read_frames(&native, dataset.bytes(), 0, 1, true, &mut frame).unwrap();
        }
    }
}

fn read(bytes: Vec<u8>, stop: Stop) {
    let length = bytes.len() as u64;
    let options = ParseOptions { stop, force: true, ..ParseOptions::default() };
    if let Ok(found) = DicomFile::from_memory(Arc::new(bytes), &options) {
        look_at_everything(&found.meta, length, 0);
        look_at_everything(&found.dataset, length, 0);
    }
}

#[test]
fn every_prefix_of_a_file_is_an_error_or_a_data_set() {
    let whole = file(&rich_dataset());
    for length in 0..=whole.len() {
        read(whole[..length].to_vec(), Stop::AtEnd);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((132usize..600, any::<u8>()), 1..6)) {
        let mut bytes = file(&rich_dataset());
        let length = bytes.len();
        for (at, value) in flips {
            bytes[at % length] = value;
        }
        read(bytes, Stop::AtEnd);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read(bytes.clone(), Stop::AtEnd);
        read(file(&bytes), Stop::BeforePixels);
    }

    #[test]
    fn stopping_early_changes_nothing_before_the_stop(last in 0u32..0x7FE0_0011) {
        let bytes = file(&rich_dataset());
        let all = DicomFile::from_memory(Arc::new(bytes.clone()), &ParseOptions::default()).unwrap();
        let options = ParseOptions { stop: Stop::After(Tag(last)), ..ParseOptions::default() };
        let some = DicomFile::from_memory(Arc::new(bytes), &options).unwrap();
        let expected: Vec<_> = all.dataset.elements().iter().filter(|element| element.tag.0 <= last).copied().collect();
        prop_assert_eq!(some.dataset.elements(), &expected[..]);
    }
}
