//! RLE Lossless frames: runs, samples out of bytes, and headers and segments that are damaged.

use super::*;
use crate::codec::{DecodeOptions, RowSink};
use crate::error::{Error, FrameFault};
use crate::image_description::PixelElement;

#[derive(Default)]
struct Kept {
    coded: Option<CodedImage>,
    samples: Vec<i64>,
    /// Samples of each call.
    pieces: Vec<usize>,
}

impl RowSink for Kept {
    fn begin(&mut self, coded: &CodedImage) -> Result<()> {
        self.coded = Some(*coded);
        Ok(())
    }

    fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
        self.pieces.push(samples.count());
        match samples {
            Samples::U8(samples) => self.samples.extend(samples.iter().copied().map(i64::from)),
            Samples::U16(samples) => self.samples.extend(samples.iter().copied().map(i64::from)),
            Samples::I32(samples) => self.samples.extend(samples.iter().copied().map(i64::from)),
        }
        Ok(())
    }
}

fn image(rows: usize, columns: usize, samples_per_pixel: usize, bits: u32) -> ImageDescription {
    ImageDescription {
        rows,
        columns,
        samples_per_pixel,
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated: bits,
        bits_stored: bits,
        high_bit: bits - 1,
        is_signed: false,
        is_planar: Some(false),
        photometric_interpretation: String::new(),
    }
}

/// A frame of these segments.
fn frame(segments: &[&[u8]]) -> Vec<u8> {
    let mut header = [0u8; HEADER_LENGTH];
    let mut start = HEADER_LENGTH;
    let (words, _) = header.as_chunks_mut::<4>();
    words[0] = (segments.len() as u32).to_le_bytes();
    for (word, segment) in words[1..].iter_mut().zip(segments) {
        *word = (start as u32).to_le_bytes();
        start += segment.len();
    }
    [&header, &segments.concat()[..]].concat()
}

fn decode(frame: &[u8], image: &ImageDescription) -> Result<(Vec<i64>, Decoded)> {
    let mut kept = Kept::default();
    let decoded =
        RleLossless.decode(frame, &mut Target::new(image, DecodeOptions::default(), &mut kept))?;
    Ok((kept.samples, decoded))
}

fn whole(frame: &[u8], image: &ImageDescription) -> Vec<i64> {
    let (samples, decoded) = decode(frame, image).unwrap();
    assert!(matches!(decoded, Decoded::Whole), "{decoded:?}");
    samples
}

/// The fault, and where.
fn fault(error: &Error) -> (String, Option<u64>) {
    match error.kind() {
        ErrorKind::InvalidFrame {
            codec: "RLE Lossless",
            offset,
            fault: FrameFault::Rle(fault),
        } => (format!("{fault:?}"), *offset),
        other => panic!("{other:?}"),
    }
}

#[test]
fn runs_are_literal_repeated_or_nothing() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], &[i64]); 6] = [
        ("one literal byte", &[0, 9], &[9]),
        ("three literal bytes", &[2, 7, 8, 9], &[7, 8, 9]),
        ("two of the same", &[255, 9], &[9, 9]),
        ("three of the same", &[254, 9], &[9, 9, 9]),
        ("nothing, then a literal", &[128, 0, 9], &[9]),
        ("both", &[255, 5, 1, 6, 7], &[5, 5, 6, 7]),
    ];
    for (name, segment, expected) in table {
        assert_eq!(whole(&frame(&[segment]), &image(1, expected.len(), 1, 8)), expected, "{name}");
    }
}

#[test]
fn the_longest_runs_are_128_bytes() {
    let literal: Vec<u8> = [127].into_iter().chain(0..128).collect();
    assert_eq!(whole(&frame(&[&literal]), &image(1, 128, 1, 8)), (0..128).collect::<Vec<_>>());
    assert_eq!(whole(&frame(&[&[129, 9]]), &image(1, 128, 1, 8)), vec![9; 128]);
    // Several in one segment take the quick way.
    let both: Vec<u8> = [&literal[..], &[129, 9], &literal, &[0, 1]].concat();
    let expected: Vec<i64> = (0..128).chain([9; 128]).chain(0..128).chain([1]).collect();
    assert_eq!(whole(&frame(&[&both]), &image(5, 77, 1, 8)), expected);
}

#[test]
fn samples_are_joined_from_their_bytes_the_highest_first() {
    let literal = |bytes: [u8; 2]| [1, bytes[0], bytes[1]];
    let [a, b, c, d] = [[1, 2], [3, 4], [5, 6], [7, 8]].map(literal);
    assert_eq!(whole(&frame(&[&a]), &image(1, 2, 1, 8)), [1, 2]);
    assert_eq!(whole(&frame(&[&a, &b]), &image(1, 2, 1, 16)), [0x0103, 0x0204]);
    assert_eq!(whole(&frame(&[&a, &b, &c, &d]), &image(1, 2, 1, 32)), [0x0103_0507, 0x0204_0608]);
    assert_eq!(whole(&frame(&[&a, &b, &c]), &image(1, 2, 3, 8)), [1, 3, 5, 2, 4, 6]);
    assert_eq!(whole(&frame(&[&a, &b]), &image(1, 2, 2, 8)), [1, 3, 2, 4]);
    assert_eq!(whole(&frame(&[&a, &b, &c, &d]), &image(1, 2, 2, 16)), [0x103, 0x507, 0x204, 0x608]);
    assert_eq!(whole(&frame(&[&[0, 0b10]]), &image(1, 3, 1, 1)), [0, 1, 0]);
}

#[test]
fn the_codestream_is_the_image_with_its_unused_bits() {
    let (image, mut kept) = (image(1, 2, 1, 16), Kept::default());
    let mut target = Target::new(&image, DecodeOptions::default(), &mut kept);
    RleLossless.decode(&frame(&[&[255, 1], &[255, 2]]), &mut target).unwrap();
    let expected = CodedImage {
        rows: 1,
        columns: 2,
        samples_per_pixel: 1,
        precision: 16,
        is_signed: false,
        colour: CodedColour::AsDescribed,
        has_unused_bits: true,
    };
    assert_eq!(kept.coded, Some(expected));
    assert_eq!(RleLossless.name(), "RLE Lossless");
}

#[test]
fn pieces_have_whole_rows_that_fit_a_cache() {
    for (rows, columns, bits, expected) in [
        (3, PIECE_LENGTH, 8, vec![PIECE_LENGTH; 3]),
        (3, PIECE_LENGTH + 1, 8, vec![PIECE_LENGTH + 1; 3]),
        (5, PIECE_LENGTH / 2, 8, vec![PIECE_LENGTH, PIECE_LENGTH, PIECE_LENGTH / 2]),
        // Eight rows of bits at least.
        (9, PIECE_LENGTH, 1, vec![8 * PIECE_LENGTH, PIECE_LENGTH]),
    ] {
        let image = image(rows, columns, 1, bits);
        let mut kept = Kept::default();
        let mut target = Target::new(&image, DecodeOptions::default(), &mut kept);
        let segment = [129, 0].repeat(rows * columns / 128 + 1);
        RleLossless.decode(&frame(&[&segment]), &mut target).unwrap();
        assert_eq!(kept.pieces, expected, "{rows} rows of {columns}, {bits} bits");
    }
}

#[test]
fn headers_that_do_not_fit_are_refused() {
    let two = frame(&[&[255, 1], &[255, 2]]);
    let with = |index: usize, word: u32| {
        let mut frame = two.clone();
        frame[4 * index..][..4].copy_from_slice(&word.to_le_bytes());
        frame
    };
    let place = |segment: usize, start: u64, end: u64| {
        format!(
            "SegmentPlace {{ segment: {segment}, count: 2, start: {start}, end: {end}, \
             length: 68 }}"
        )
    };
    for (name, frame, samples, bits, expected, offset) in [
        (
            "no header",
            two[..63].to_vec(),
            1,
            16,
            "HeaderLength { needed: 64, found: 63 }".into(),
            0,
        ),
        (
            "another count",
            two.clone(),
            3,
            8,
            "SegmentCount { found: 2, needed: 3, samples: 3, bytes: 1 }".to_owned(),
            0,
        ),
        (
            "no room for so many",
            with(0, 16),
            4,
            32,
            "TooManySegments { most: 15, needed: 16, samples: 4, bytes: 4 }".to_owned(),
            0,
        ),
        ("in the header", with(1, 63), 1, 16, place(1, 63, 66), 4),
        ("backwards", with(2, 63), 1, 16, place(1, 64, 63), 4),
        ("past the end", with(2, 69), 1, 16, place(1, 64, 69), 4),
    ] {
        let error = decode(&frame, &image(1, 2, samples, bits)).unwrap_err();
        assert_eq!(fault(&error), (expected, Some(offset)), "{name}");
    }
}

#[test]
fn segments_that_end_early_give_the_rows_before() {
    for (name, segment, rows_done, samples) in [
        ("after a row", &[1, 1, 2][..], 1, vec![1, 2]),
        ("within a row", &[2, 1, 2, 3], 1, vec![1, 2]),
        ("within a run", &[1, 1, 2, 9, 3], 1, vec![1, 2]),
        ("before a repeated byte", &[1, 1, 2, 255], 1, vec![1, 2]),
    ] {
        let frame = frame(&[segment]);
        let (found, decoded) = decode(&frame, &image(3, 2, 1, 8)).unwrap();
        assert_eq!(found, samples, "{name}");
        let Decoded::Partial(error) = decoded else { panic!("{name}") };
        let expected = format!("SegmentEnd {{ segment: 1, rows_done: {rows_done}, rows: 3 }}");
        assert_eq!(fault(&error), (expected, Some(frame.len() as u64)), "{name}");
    }
    let error = decode(&frame(&[&[0, 1]]), &image(3, 2, 1, 8)).unwrap_err();
    let expected = "SegmentEnd { segment: 1, rows_done: 0, rows: 3 }".to_owned();
    assert_eq!(fault(&error), (expected, Some(66)));
}

/// What is said of a frame whose pixels are all there.
fn oddity(frame: &[u8], image: &ImageDescription) -> (Vec<i64>, Option<String>, Decoded) {
    let mut kept = Kept::default();
    let mut target = Target::new(image, DecodeOptions::default(), &mut kept);
    let decoded = RleLossless.decode(frame, &mut target).unwrap();
    let oddity = target.take_oddity().map(|error| fault(&error).0);
    (kept.samples, oddity, decoded)
}

#[test]
fn a_row_too_much_is_not_padding() {
    let padding = |bytes| Some(format!("SegmentPadding {{ segment: 1, bytes: {bytes} }}"));
    let rows = || Some("SegmentSurplus { segment: 1 }".to_owned());
    for (name, segment, odd, damage) in [
        ("a byte", &[255, 7, 9][..], None, None),
        ("zeros and no runs", &[255, 7, 0, 0, 128, 0], None, None),
        ("a sample too much in the last run", &[254, 7], None, None),
        ("a literal sample", &[255, 7, 0, 9], padding(1), None),
        ("many equal ones", &[255, 7, 129, 9, 0], padding(128), None),
        ("two samples too much in the last run", &[253, 7], None, rows()),
        ("a literal row", &[255, 7, 1, 9, 9], None, rows()),
        ("a run, and a literal sample", &[255, 7, 129, 9, 0, 1], None, rows()),
    ] {
        let (samples, oddity, decoded) = oddity(&frame(&[segment]), &image(1, 2, 1, 8));
        assert_eq!((samples, oddity), (vec![7, 7], odd), "{name}");
        let found = match decoded {
            Decoded::Whole => None,
            Decoded::Partial(error) => Some(fault(&error).0),
        };
        assert_eq!(found, damage, "{name}");
    }
}

#[test]
fn good_offsets_count_for_more_than_their_number() {
    let two = frame(&[&[0, 1], &[0, 2]]);
    let with = |word: usize, value: u32| {
        let mut frame = two.clone();
        frame[word * 4..word * 4 + 4].copy_from_slice(&value.to_le_bytes());
        frame
    };
    for count in [0, 1, 3, 15, 16, u32::MAX] {
        let (samples, oddity, _) = oddity(&with(0, count), &image(1, 1, 1, 16));
        let expected =
            format!("SegmentCount {{ found: {count}, needed: 2, samples: 1, bytes: 2 }}");
        assert_eq!((samples, oddity), (vec![0x0102], Some(expected)));
    }
    // Neither is right.
    let mut three = with(0, 3);
    three[12..16].copy_from_slice(&67u32.to_le_bytes());
    for frame in [three, frame(&[&[0, 1]])] {
        assert!(decode(&frame, &image(1, 1, 1, 16)).is_err());
    }
}

#[test]
fn headers_are_told_from_other_bytes() {
    let two = frame(&[&[0, 1], &[0, 2]]);
    assert!(is_rle_header(&two));
    for (name, word, value) in [
        ("no segments", 0, 0),
        ("too many", 0, 16),
        ("a count that is not theirs", 0, 1),
        ("a gap after the header", 1, 65),
        ("backwards", 2, 64),
        ("past the end", 2, 68),
    ] {
        let mut frame = two.clone();
        frame[word * 4] = value;
        assert!(!is_rle_header(&frame), "{name}");
    }
    assert!(!is_rle_header(&two[..63]));
}

#[test]
fn other_widths_are_not_read() {
    for (samples_per_pixel, bits, is_read) in
        [(1, 1, true), (3, 1, false), (1, 12, false), (1, 32, true), (1, 64, false)]
    {
        let found = Width::of(&image(1, 1, samples_per_pixel, bits));
        assert_eq!(found.is_ok(), is_read, "{samples_per_pixel} samples of {bits} bits");
    }
}
