//! Frames of a segmentation (PS3.3 §C.8.20) at any places of an array, held against one pixel after
//! the other.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rapidicom_core::labels::{
    FramePlace, Meaning, SegmentationFrames, SegmentationPixels, UNKNOWN, Voxels, place_frames,
};
use rapidicom_core::pixel::{NativePixels, ValueField};
use rapidicom_core::{DicomFile, ImageDescription, ParseOptions, PixelElement, Workers};
use rapidicom_fuzz::{Choices, EXPLICIT, Elements, IMPLICIT, Written};

const FRAMES: usize = 5;
const ROWS: usize = 3;
const COLUMNS: usize = 5;
/// Planes of the array, and voxels of each.
const PLANES: usize = 3;
const PLANE: usize = 35;

/// The pixels of a segmentation, and what its frames say.
struct Segmentation {
    bits: u16,
    bytes: Vec<u8>,
    groups: Vec<Elements>,
    written: Written,
}

impl Segmentation {
    fn pixel(&self, frame: usize, row: usize, column: usize) -> u16 {
        let index = (frame * ROWS + row) * COLUMNS + column;
        match self.bits {
            1 => u16::from(self.bytes[index / 8] >> (index % 8) & 1),
            8 => self.bytes[index].into(),
            _ => u16::from_le_bytes([self.bytes[2 * index], self.bytes[2 * index + 1]]),
        }
    }

    fn file(&self) -> DicomFile {
        let mut image = Elements::default();
        image.set((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.66.4");
        image.set((0x0028, 0x0004), "CS", "MONOCHROME2");
        image.set((0x0028, 0x0008), "IS", FRAMES.to_string());
        let (rows, columns) = (ROWS as u16, COLUMNS as u16);
        for (element, word) in [
            (0x0002, 1),
            (0x0010, rows),
            (0x0011, columns),
            (0x0100, self.bits),
            (0x0101, self.bits),
            (0x0102, self.bits - 1),
            (0x0103, 0),
        ] {
            image.words((0x0028, element), &[word]);
        }
        image.sequence((0x5200, 0x9230), &self.groups, self.written);
        image.set((0x7FE0, 0x0010), "OW", self.bytes.clone());
        let syntax = if self.written.is_implicit { IMPLICIT } else { EXPLICIT };
        let bytes = Arc::new(image.file(syntax));
        DicomFile::from_memory(bytes, &ParseOptions::default()).expect("it is whole")
    }
}

/// What a frame says of itself.
fn groups(choices: &mut Choices<'_>, written: Written) -> Elements {
    let mut groups = Elements::default();
    let mut position = Elements::default();
    position.set((0x0020, 0x0032), "DS", choices.numbers_text(3));
    groups.sequence((0x0020, 0x9113), &[position], written);
    let mut segment = Elements::default();
    segment.words((0x0062, 0x000B), &[choices.byte().into()]);
    groups.sequence((0x0062, 0x000A), &[segment], written);
    let mut image = Elements::default();
    image.set((0x0008, 0x1155), "UI", choices.pick(&["1.2", "1.3", "", "x"]));
    let mut derivation = Elements::default();
    derivation.sequence((0x0008, 0x2112), &[image], written);
    groups.sequence((0x0008, 0x9124), &[derivation], written);
    groups
}

fn place(choices: &mut Choices<'_>) -> FramePlace {
    let steps = [[7, 1], [-7, -1], [1, 7], [7, -1], [0, 0], [1 << 40, -(1 << 40)]];
    let range = |choices: &mut Choices<'_>, count: usize| {
        let first = choices.below(count + 1);
        [first, (first + choices.below(count + 2)).min(count + usize::from(choices.is_one_of(32)))]
    };
    let far = [i64::MIN, i64::MAX, 1 << 40];
    FramePlace {
        frame: choices.below(FRAMES + 1) as u64,
        plane: choices.below(PLANES + 1),
        first: if choices.is_one_of(32) {
            choices.pick(&far)
        } else {
            i64::from(choices.byte() % 64) - 10
        },
        steps: choices.pick(&steps),
        rows: range(choices, ROWS),
        columns: range(choices, COLUMNS),
        value: choices.pick(&[1, 2, 255]),
    }
}

/// What is put into a voxel for a pixel; `None` for nothing.
fn value(pixel: u16, place: &FramePlace, meaning: &Meaning, voxels: Voxels) -> Option<f32> {
    let whole = match meaning {
        Meaning::Binary => (pixel != 0).then_some(place.value),
        Meaning::Fraction { most } if voxels == Voxels::Fractions => {
            return (pixel != 0).then(|| (f32::from(pixel) / f32::from(*most)).min(1.0));
        }
        Meaning::Fraction { most } => {
            (u32::from(pixel) * 2 >= u32::from(*most) && pixel != 0).then_some(place.value)
        }
        Meaning::Numbers { values } => values
            .get(usize::from(pixel))
            .filter(|value| **value != 0 && **value != UNKNOWN && pixel != 0)
            .map(|value| *value as u16),
    }?;
    Some(match voxels {
        Voxels::Masks | Voxels::Fractions => 1.0,
        Voxels::LabelMap8 => f32::from(whole as u8),
        Voxels::LabelMap16 => f32::from(whole),
    })
}

fn numbers(out: &[u8], voxels: Voxels) -> Vec<f32> {
    match voxels {
        Voxels::Masks | Voxels::LabelMap8 => out.iter().map(|byte| f32::from(*byte)).collect(),
        Voxels::LabelMap16 => {
            out.chunks(2).map(|two| f32::from(u16::from_ne_bytes([two[0], two[1]]))).collect()
        }
        Voxels::Fractions => out
            .chunks(4)
            .map(|four| f32::from_ne_bytes([four[0], four[1], four[2], four[3]]))
            .collect(),
    }
}

fn check(file: &DicomFile, source: &Segmentation, choices: &mut Choices<'_>) {
    let description =
        ImageDescription::new(&*file.dataset, PixelElement::PixelData).expect("it is whole");
    let element = file.dataset.find(PixelElement::PixelData.tag()).expect("it has pixels");
    let field = ValueField::new(&file.dataset, element);
    let pixels = NativePixels::new(description, field).expect("it is whole");
    let meaning = match choices.below(3) {
        0 => Meaning::Binary,
        1 => Meaning::Fraction { most: choices.pick(&[1, 100, 255, 65_535]) },
        _ => Meaning::Numbers { values: vec![0, 1, 2, UNKNOWN, 255, 0, 65_535] },
    };
    let all = [Voxels::Masks, Voxels::LabelMap8, Voxels::LabelMap16, Voxels::Fractions];
    let voxels = choices.pick(&all);
    let places: Vec<FramePlace> = (0..choices.below(6)).map(|_| place(choices)).collect();
    let mut out = vec![0; PLANES * PLANE * voxels.size()];
    let placed = place_frames(
        SegmentationPixels::Native(&pixels),
        file.dataset.bytes(),
        &places,
        &meaning,
        voxels,
        PLANE,
        &mut out,
        Workers::for_computing(Some(1)),
        &mut |_| true,
    );
    let Ok(found) = placed else { return };
    let mut expected = vec![0.0; PLANES * PLANE];
    for place in &places {
        if place.frame >= FRAMES as u64 {
            assert!(found.damaged.iter().any(|one| one.frame == place.frame));
            continue;
        }
        for row in place.rows[0]..place.rows[1] {
            for column in place.columns[0]..place.columns[1] {
                let pixel = source.pixel(place.frame as usize, row, column);
                let Some(value) = value(pixel, place, &meaning, voxels) else { continue };
                let voxel =
                    place.first + row as i64 * place.steps[0] + column as i64 * place.steps[1];
                expected[place.plane * PLANE + voxel as usize] = value;
            }
        }
    }
    assert_eq!(numbers(&out, voxels), expected, "{places:?} {meaning:?}");
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let kind = choices.byte();
    let written = Written { is_implicit: kind & 1 != 0, is_undefined: kind & 2 != 0 };
    let bits = choices.pick(&[1, 8, 16]);
    let count = FRAMES + choices.below(3) - 1;
    let groups: Vec<Elements> = (0..count).map(|_| groups(&mut choices, written)).collect();
    let mut own = choices.clone();
    let mut bytes = choices.bytes(200).to_vec();
    bytes.resize((FRAMES * ROWS * COLUMNS * usize::from(bits)).div_ceil(16) * 2, 0x5A);
    let source = Segmentation { bits, bytes, groups, written };
    let file = source.file();
    let workers = Workers::for_computing(Some(1));
    let read = SegmentationFrames::read(&file.dataset, FRAMES, workers, &mut |_| true);
    match read {
        Ok(frames) => {
            assert!(count >= FRAMES);
            assert_eq!(frames.positions.len(), FRAMES);
            assert!(frames.images.iter().flatten().all(|image| *image < frames.uids.len()));
        }
        Err(_) => assert!(count < FRAMES),
    }
    check(&file, &source, &mut own);
});
