//! Native pixels of any width, their Modality LUT or slope, and overlays in their unused bits
//! (PS3.5 §8.1.1; PS3.3 §C.11.1, §C.9.2), against the standard's rules applied to one sample at a
//! time. Palettes share the rules of tables.

#![no_main]

use std::borrow::Cow;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rapidicom_core::pixel::{
    ImagePixels, LutDescriptor, LutEntries, lut_words, read_frames, read_overlay_bits,
};
use rapidicom_core::series::{ImageState, ReadOptions, Tolerances, Values, find_series};
use rapidicom_core::{
    ByteOrder, DicomFile, ImageDescription, ParseOptions, PixelElement, Prefix, SampleType, Vr,
    Workers, list_files,
};
use rapidicom_fuzz::{Choices, EXPLICIT, Elements, Written, put};

const SAMPLES: usize = 6;

/// An image of 2 rows and 3 columns.
struct Image {
    allocated: u32,
    stored: u32,
    high: u32,
    is_signed: bool,
    bytes: Vec<u8>,
    slope: f64,
    intercept: f64,
    lut: Option<Lut>,
}

struct Lut {
    numbers: [u16; 3],
    is_signed: bool,
    data: Vec<u8>,
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    check_tables(&mut choices.clone());
    let allocated = choices.pick(&[16, 8, 32]);
    let stored = choices.below(allocated as usize) as u32 + 1;
    let high = stored - 1 + choices.below((allocated - stored + 1) as usize) as u32;
    let is_signed = choices.is_one_of(2);
    let (slope, intercept) = (choices.byte(), choices.byte());
    let lut = choices.is_one_of(2).then(|| Lut {
        numbers: [
            choices.byte().into(),
            u16::from_le_bytes([choices.byte(), choices.byte()]),
            choices.pick(&[16, 8, 12, 9, 17, 0, 1]),
        ],
        is_signed: choices.is_one_of(2),
        data: choices.bytes(200).to_vec(),
    });
    let mut bytes = choices.rest().to_vec();
    bytes.resize(SAMPLES * allocated as usize / 8, 0xA5);
    let image = Image {
        allocated,
        stored,
        high,
        is_signed,
        bytes,
        slope: f64::from(slope) / 4.0 + 0.25,
        intercept: f64::from(intercept) - 100.0,
        lut,
    };
    check_stored(&image);
    check_modality(&image);
});

/// A descriptor describes a table of its size, out of no more bytes than there are.
fn check_tables(choices: &mut Choices<'_>) {
    let mut number = || i64::from(i16::from_le_bytes([choices.byte(), choices.byte()]));
    let numbers = [number(), number(), number() % 70];
    let order = if choices.is_one_of(2) { ByteOrder::Big } else { ByteOrder::Little };
    let vr = choices.pick(&[Vr::OW, Vr::US, Vr::OB, Vr::UN]);
    let data = choices.rest();
    let words = lut_words(Cow::Borrowed(data), vr, order);
    assert_eq!(words.len(), data.len().next_multiple_of(2));
    if order == ByteOrder::Little {
        assert_eq!(&words[..data.len()], data);
    }
    let Ok(descriptor) = LutDescriptor::new(numbers) else {
        let is_count = (0..=65_536).contains(&numbers[0]);
        assert!(!is_count || !(0..=64).contains(&numbers[2]), "{numbers:?}");
        return;
    };
    assert!((1..=65_536).contains(&descriptor.entry_count));
    let size = |entries: &LutEntries| match entries {
        LutEntries::Bytes(bytes) => bytes.len(),
        LutEntries::Words(words) => 2 * words.len(),
    };
    if let Ok(entries) = descriptor.entries(&words) {
        assert_eq!(entries.count(), descriptor.entry_count);
        assert!(size(&entries) <= words.len());
    }
    let entries = descriptor.palette_entries(&words);
    assert!(entries.count() <= descriptor.entry_count && size(&entries) <= words.len());
}

impl Image {
    /// The bits of a sample as they are in the file.
    fn cell(&self, index: usize) -> u64 {
        let size = self.allocated as usize / 8;
        let bytes = &self.bytes[index * size..][..size];
        bytes.iter().rev().fold(0, |cell, byte| cell << 8 | u64::from(*byte))
    }

    /// The stored value of a sample: Bits Stored bits, the highest of them at High Bit.
    fn value(&self, index: usize) -> i64 {
        let bits = self.cell(index) >> (self.high + 1 - self.stored) & ((1 << self.stored) - 1);
        let is_negative = self.is_signed && bits >> (self.stored - 1) == 1;
        bits as i64 - if is_negative { 1 << self.stored } else { 0 }
    }

    /// The value of the modality; `None` if a table is damaged.
    fn modality(&self, index: usize) -> Option<f64> {
        let stored = self.value(index);
        let Some(Lut { numbers: [count, first, bits], is_signed, data }) = &self.lut else {
            return Some(stored as f64 * self.slope + self.intercept);
        };
        let count = if *count == 0 { 65_536 } else { usize::from(*count) };
        let first = if *is_signed { i64::from(*first as i16) } else { i64::from(*first) };
        let mut data = data.clone();
        data.resize(data.len().next_multiple_of(2), 0);
        let is_narrow = *bits <= 8 && data.len() / 2 < count;
        let entries: Vec<u16> = match is_narrow {
            true => data.iter().copied().map(u16::from).collect(),
            false => data.chunks(2).map(|word| u16::from_le_bytes([word[0], word[1]])).collect(),
        };
        let entries = entries.get(..count)?;
        let is_wide = entries.iter().any(|entry| *entry > 255);
        if !(1..=16).contains(bits) || (*bits <= 8 && is_wide) {
            return None;
        }
        let last = count as i64 - 1;
        Some(entries[(stored - first).clamp(0, last) as usize].into())
    }

    fn elements(&self) -> Elements {
        let mut image = Elements::default();
        image.set((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.2");
        image.set((0x0008, 0x0060), "CS", "CT");
        image.set((0x0020, 0x000E), "UI", "1.3");
        image.set((0x0020, 0x0032), "DS", "1\\2\\3");
        image.set((0x0020, 0x0037), "DS", "1\\0\\0\\0\\1\\0");
        image.set((0x0028, 0x0030), "DS", "1\\1");
        image.set((0x0028, 0x0004), "CS", "MONOCHROME2");
        let (allocated, stored) = (self.allocated as u16, self.stored as u16);
        for (element, word) in [
            (0x0002, 1),
            (0x0010, 2),
            (0x0011, 3),
            (0x0100, allocated),
            (0x0101, stored),
            (0x0102, self.high as u16),
            (0x0103, self.is_signed.into()),
        ] {
            image.words((0x0028, element), &[word]);
        }
        match &self.lut {
            Some(lut) => {
                let mut item = Elements::default();
                let numbers: Vec<u8> = lut.numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
                item.set((0x0028, 0x3002), if lut.is_signed { "SS" } else { "US" }, numbers);
                item.set((0x0028, 0x3006), "OW", lut.data.clone());
                image.sequence((0x0028, 0x3000), &[item], Written::default());
            }
            None => {
                image.set((0x0028, 0x1052), "DS", self.intercept.to_string());
                image.set((0x0028, 0x1053), "DS", self.slope.to_string());
            }
        }
        image.set((0x7FE0, 0x0010), "OW", self.bytes.clone());
        image
    }
}

fn check_stored(image: &Image) {
    let bytes = Arc::new(image.elements().file(EXPLICIT));
    let file = DicomFile::from_memory(bytes, &ParseOptions::default()).expect("it is whole");
    let description =
        ImageDescription::new(&*file.dataset, PixelElement::PixelData).expect("it is whole");
    let element = file.dataset.find(PixelElement::PixelData.tag()).expect("it has pixels");
    let field = rapidicom_core::pixel::ValueField::new(&file.dataset, element);
    let pixels = rapidicom_core::pixel::NativePixels::new(description, field).expect("whole");
    let size = image.allocated as usize / 8;
    let mut out = vec![0; SAMPLES * size];
    read_frames(&pixels, file.dataset.bytes(), 0, 1, false, &mut out).expect("all is there");
    for (index, sample) in out.chunks(size).enumerate() {
        let value = image.value(index).to_le_bytes();
        assert_eq!(sample, &value[..size], "sample {index}");
    }
    for bit in 0..=image.allocated {
        let mut out = vec![7; SAMPLES];
        let read = read_overlay_bits(&pixels, file.dataset.bytes(), 0, 1, bit, &mut out);
        let is_value = (image.high + 1 - image.stored..=image.high).contains(&bit);
        assert_eq!(read.is_ok(), bit < image.allocated && !is_value, "bit {bit}");
        for (index, value) in out.iter().enumerate().filter(|_| read.is_ok()) {
            assert_eq!(u64::from(*value), image.cell(index) >> bit & 1, "bit {bit}");
        }
    }
}

fn check_modality(image: &Image) {
    let path = put(0, &image.elements().file(EXPLICIT));
    let files = list_files(&[path], false, 1, &mut |_| true).expect("it is there");
    let workers = Workers::for_headers(Some(1));
    let found = find_series(files, Prefix::Needed, workers, &Tolerances::DEFAULT, &mut |_| true);
    let found = found.expect("no file costs the others");
    let plan = &found.series[0];
    let state = &plan.set.files[0].image.state;
    assert!(matches!(state, ImageState::Readable(ImagePixels::Native(_))), "{state:?}");
    let values = Values::Modality;
    let options = ReadOptions {
        values,
        sample_type: SampleType::F64,
        fill: 0.0,
        part: None,
        keeps_damaged: false,
    };
    let mut out = vec![0; SAMPLES * 8];
    let workers = Workers::for_computing(Some(1));
    let read =
        rapidicom_core::series::read_slices(&plan.set, &options, &mut out, workers, &mut |_| true);
    let is_damaged = image.modality(0).is_none();
    assert_eq!(read.is_err(), is_damaged, "{read:?}");
    for (index, sample) in out.chunks(8).enumerate().filter(|_| !is_damaged) {
        let sample = f64::from_ne_bytes(sample.try_into().expect("8 bytes"));
        let expected = image.modality(index).expect("the table is whole");
        assert!((sample - expected).abs() <= 1e-9 * expected.abs(), "{sample}, not {expected}");
    }
}
