//! What holds for any bytes: nothing panics, nothing is found outside the data.

use std::sync::Arc;

use proptest::prelude::*;
use rapidicom_core::pixel::{NativePixels, ValueField, read_frames};
use rapidicom_core::{
    Dataset, DicomFile, ImageDescription, Leniencies, Limits, ParseOptions, PixelElement, Prefix,
    ReadAt, Rules, Stop, Vr, value,
};

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
    for leniencies in [Leniencies::NONE, Leniencies::DEFAULT, Leniencies::ALL] {
        let rules = Rules { leniencies, ..Rules::default() };
        let options = ParseOptions { stop, prefix: Prefix::Ignored, rules };
        if let Ok(found) = DicomFile::from_memory(Arc::new(bytes.clone()), &options) {
            look_at_everything(&found.meta, length, 0);
            look_at_everything(&found.dataset, length, 0);
        }
    }
}

#[test]
fn every_prefix_of_a_file_is_an_error_or_a_data_set() {
    let whole = file(&rich_dataset());
    for length in 0..=whole.len() {
        read(whole[..length].to_vec(), Stop::AtEnd);
    }
}

/// Bytes that are read like a file.
struct Slow(Vec<u8>);

impl ReadAt for Slow {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> rapidicom_core::Result<usize> {
        let rest = &self.0[(offset as usize).min(self.0.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn flipped_bytes_never_panic(
        flips in prop::collection::vec((132usize..600, any::<u8>()), 1..6),
    ) {
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
    fn a_file_is_the_same_from_every_source(
        flips in prop::collection::vec((132usize..600, any::<u8>()), 0..6),
        is_forced in any::<bool>(),
    ) {
        let mut bytes = file(&rich_dataset());
        let length = bytes.len();
        for (at, value) in flips {
            bytes[at % length] = value;
        }
        let leniencies = if is_forced { Leniencies::ALL } else { Leniencies::DEFAULT };
        let rules = Rules { leniencies, ..Rules::default() };
        let options = ParseOptions { rules, ..ParseOptions::default() };
        let show = |found: rapidicom_core::Result<DicomFile>| match found {
            Ok(found) => {
                let dataset = &found.dataset;
                let value = |element| dataset.value(element).unwrap().into_owned();
                let values: Vec<_> = dataset.elements().iter().map(value).collect();
                Ok((dataset.elements().to_vec(), values, dataset.deviations().clone()))
            }
            Err(error) => Err((error.what(), error.offset())),
        };
        let reader = Slow(bytes.clone());
        let streamed = show(DicomFile::from_reader(&reader, &options, None));
        prop_assert_eq!(show(DicomFile::from_memory(Arc::new(bytes), &options)), streamed);
    }

    #[test]
    fn a_reader_keeps_what_is_wanted_of_it(wanted in 0usize..40) {
        let bytes = file(&rich_dataset());
        let options = ParseOptions {
            rules: Rules { deferred_above: 0, ..Rules::default() }, ..ParseOptions::default()
        };
        let all = DicomFile::from_memory(Arc::new(bytes.clone()), &options).unwrap().dataset;
        let element = all.elements()[wanted % all.elements().len()];
        let some = DicomFile::from_reader(&Slow(bytes), &options, Some(&[element.tag])).unwrap();
        prop_assert_eq!(some.dataset.elements(), all.elements());
        prop_assert_eq!(some.dataset.value(&element).unwrap(), all.value(&element).unwrap());
    }
}
