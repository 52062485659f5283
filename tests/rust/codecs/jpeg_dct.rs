//! JPEG with the discrete cosine transform: samples are those of the transform in floating point,
//! however the coefficients are spread over scans.

use std::f64::consts::PI;

use proptest::prelude::*;
use rapidicom_core::codec::{Codec, CodedColour, DecodeOptions, JpegDct, Target};
use rapidicom_core::{ErrorKind, Result};

use super::jpeg_dct_encoder::{Frame, Scan, segment};
use super::{Colour, decode, image};

/// Horizontal and vertical frequency by index in zig-zag order (T.81 Figure A.6).
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A generator of numbers that look random: xorshift.
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// A frame of coefficients as photographs have them: fewer and smaller ones at high frequencies.
pub(super) fn frame(
    precision: u32,
    rows: usize,
    columns: usize,
    factors: &[(usize, usize)],
    seed: u64,
) -> Frame {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut quantization = [0; 64];
    quantization.fill_with(|| 1 + random.below(12) as u16);
    let mut frame = Frame {
        precision,
        rows,
        columns,
        factors: factors.to_vec(),
        quantization,
        restart_interval: 0,
        coefficients: Vec::new(),
    };
    let range = 1i64 << (precision + 1);
    for component in 0..factors.len() {
        let (across, down) = frame.blocks(component);
        let block = || {
            let mut block = [0; 64];
            let count = random.below(65) as usize;
            for ((index, coefficient), step) in
                block.iter_mut().enumerate().zip(quantization).take(count)
            {
                let most = range / (1 + index as i64) / i64::from(step);
                *coefficient = (random.below(2 * most as u64 + 1) as i64 - most) as i16;
            }
            block
        };
        frame.coefficients.push(std::iter::repeat_with(block).take(across * down).collect());
    }
    frame
}

/// Samples of a block before they are rounded, by the formula of T.81 §A.3.3.
fn transformed(block: &[i16; 64], quantization: &[u16; 64], precision: u32) -> [[f64; 8]; 8] {
    let scale = |frequency: usize| if frequency == 0 { (0.5f64).sqrt() } else { 1.0 };
    let cosine = |place: usize, frequency: usize| {
        ((2 * place + 1) as f64 * frequency as f64 * PI / 16.0).cos()
    };
    let level = f64::from(1u32 << (precision - 1));
    let mut samples = [[level; 8]; 8];
    for ((coefficient, step), place) in block.iter().zip(quantization).zip(ZIGZAG) {
        let (v, u) = (usize::from(place) / 8, usize::from(place) % 8);
        let value = f64::from(*coefficient) * f64::from(*step) * scale(u) * scale(v) / 4.0;
        for (y, row) in samples.iter_mut().enumerate().filter(|_| value != 0.0) {
            for (x, sample) in row.iter_mut().enumerate() {
                *sample += value * cosine(x, u) * cosine(y, v);
            }
        }
    }
    samples.map(|row| row.map(|sample| sample.clamp(0.0, 2.0 * level - 1.0)))
}

/// Samples of a component.
fn component(frame: &Frame, component: usize) -> Vec<Vec<f64>> {
    let (across, _) = frame.blocks(component);
    let (columns, rows) = frame.size(component);
    let mut samples = vec![vec![0.0; columns]; rows];
    for (index, block) in frame.coefficients[component].iter().enumerate() {
        let (x, y) = (index % across * 8, index / across * 8);
        for (row, values) in
            transformed(block, &frame.quantization, frame.precision).iter().enumerate()
        {
            for (column, value) in values.iter().enumerate() {
                if y + row < rows && x + column < columns {
                    samples[y + row][x + column] = *value;
                }
            }
        }
    }
    samples
}

/// The two samples that one lies between when they are twice as many, and their weights.
fn neighbours(place: usize, count: usize) -> [(usize, f64); 2] {
    let near = place / 2;
    let far =
        if place.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(count - 1) };
    [(near, 0.75), (far, 0.25)]
}

/// All samples of a frame, interleaved, before they are rounded.
fn samples(frame: &Frame) -> Vec<f64> {
    let (high_x, high_y) = frame.highest_factors();
    let mut samples = vec![0.0; frame.rows * frame.columns * frame.factors.len()];
    for index in 0..frame.factors.len() {
        let own = component(frame, index);
        let ((columns, rows), (x, y)) = (frame.size(index), frame.factors_of(index));
        let (repeat_x, repeat_y) = (high_x / x, high_y / y);
        let is_smooth = matches!((repeat_x, repeat_y), (1, 2))
            || (repeat_x == 2 && repeat_y <= 2 && columns > 2);
        let weights = |place: usize, repeat: usize, count: usize| match repeat {
            2 if is_smooth => neighbours(place, count),
            _ => [(place / repeat, 1.0), (0, 0.0)],
        };
        for place in 0..frame.rows * frame.columns {
            let (row, column) = (place / frame.columns, place % frame.columns);
            for (from_row, by_row) in weights(row, repeat_y, rows) {
                for (from_column, by_column) in weights(column, repeat_x, columns) {
                    samples[place * frame.factors.len() + index] +=
                        by_row * by_column * own[from_row][from_column];
                }
            }
        }
    }
    samples
}

fn decoded(frame: &Frame, bytes: &[u8]) -> Result<(Vec<i64>, bool)> {
    let bits = if frame.precision > 8 { 16 } else { 8 };
    decode(&JpegDct, bytes, &image(frame.rows, frame.columns, frame.factors.len(), bits))
}

/// A row of scans that spreads coefficients widely: bands, and bits one by one.
fn progressive_scans(components: usize, bits: u8) -> Vec<Scan> {
    let all: Vec<usize> = (0..components).collect();
    let mut scans = vec![Scan::new(&all, (0, 0), (0, bits))];
    for low in (0..bits).rev() {
        scans.push(Scan::new(&all, (0, 0), (low + 1, low)));
    }
    for component in 0..components {
        for band in [(1, 5), (6, 63)] {
            scans.push(Scan::new(&[component], band, (0, bits)));
            for low in (0..bits).rev() {
                scans.push(Scan::new(&[component], band, (low + 1, low)));
            }
        }
    }
    scans
}

pub(super) const FACTORS: [&[(usize, usize)]; 14] = [
    &[(1, 1)],
    &[(2, 2)],
    &[(1, 1), (1, 1)],
    &[(1, 1), (1, 1), (1, 1)],
    &[(2, 1), (1, 1), (1, 1)],
    &[(1, 2), (1, 1), (1, 1)],
    &[(2, 2), (1, 1), (1, 1)],
    &[(2, 2), (2, 1), (1, 2)],
    &[(4, 1), (1, 1), (2, 1)],
    &[(1, 4), (1, 1), (1, 2)],
    &[(1, 1), (2, 2), (2, 1)],
    &[(3, 1), (1, 1), (1, 1)],
    &[(2, 2), (2, 2), (2, 2)],
    &[(1, 1), (1, 1), (1, 1), (1, 1)],
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn samples_are_those_of_the_transform(
        is_12_bits: bool,
        rows in 1usize..40,
        columns in 1usize..40,
        factors in prop::sample::select(&FACTORS[..]),
        restart_interval in 0usize..5,
        bits in 0u8..4,
        seed: u64,
    ) {
        let frame = frame(if is_12_bits { 12 } else { 8 }, rows, columns, factors, seed);
        let all: Vec<usize> = (0..factors.len()).collect();
        let interleaved = frame.encode(0xC1, &[Scan::sequential(&all)]);
        let (interleaved, whole) = decoded(&frame, &interleaved).unwrap();
        prop_assert!(whole);
        let expected = samples(&frame);
        prop_assert_eq!(interleaved.len(), expected.len());
        for (index, (sample, expected)) in interleaved.iter().zip(expected).enumerate() {
            // Half a level for each rounding: after the transform, and between two samples; and
            // what the transform's own constants are rounded by, which shows at 12 bits.
            let difference = (*sample as f64 - expected).abs();
            prop_assert!(difference < 1.25, "{} is {}, not {}", index, sample, expected);
        }

        // The same samples come whichever way the coefficients do.
        let frame = Frame { restart_interval, ..frame };
        let scan_of = |component: &usize| Scan::sequential(&[*component]);
        let one_by_one: Vec<_> = all.iter().rev().map(scan_of).collect();
        for (sof, scans) in [
            (0xC1, vec![Scan::sequential(&all)]),
            (0xC0, one_by_one),
            (0xC2, progressive_scans(factors.len(), bits)),
        ] {
            let (samples, whole) = decoded(&frame, &frame.encode(sof, &scans)).unwrap();
            prop_assert!(whole && samples == interleaved, "SOF{}", sof - 0xC0);
        }
    }
}

#[test]
fn blocks_that_end_together_are_counted_over_long_runs() {
    // 17 x 2000 blocks, of DC alone but for the first and last ones: more than one symbol can end.
    let few = frame(8, 8, 32, &[(1, 1)], 7);
    let [first, second, third, fourth] = few.coefficients[0][..] else { panic!("four blocks") };
    let mut blocks = vec![[0; 64]; 17 * 2000];
    (blocks[0], blocks[1], blocks[33_000], blocks[33_999]) = (first, second, third, fourth);
    let frame = Frame { rows: 136, columns: 16000, coefficients: vec![blocks], ..few };
    let (expected, _) = decoded(&frame, &frame.encode(0xC1, &[Scan::sequential(&[0])])).unwrap();
    let bands = [((0, 0), (0, 0)), ((1, 63), (0, 1)), ((1, 63), (1, 0))];
    let scans = bands.map(|(band, bits)| Scan::new(&[0], band, bits));
    let (samples, whole) = decoded(&frame, &frame.encode(0xC2, &scans)).unwrap();
    assert!(whole && samples == expected);
}

#[test]
fn what_stands_behind_the_samples_does_not_matter() {
    let frame = frame(8, 20, 20, &[(2, 2), (1, 1), (1, 1)], 3);
    for (sof, scans) in
        [(0xC0, vec![Scan::sequential(&[0, 1, 2])]), (0xC2, progressive_scans(3, 1))]
    {
        let bytes = frame.encode(sof, &scans);
        let expected = decoded(&frame, &bytes).unwrap();
        assert!(expected.1);
        let without_end = &bytes[..bytes.len() - 2];
        assert_eq!(decoded(&frame, without_end).unwrap(), expected, "no EOI");
        assert_eq!(
            decoded(&frame, &[&bytes[..], &[0, 0, 0x12]].concat()).unwrap(),
            expected,
            "bytes behind EOI"
        );
    }
}

#[test]
fn the_number_of_lines_may_come_behind_the_first_scan() {
    let frame = frame(8, 20, 12, &[(1, 1)], 4);
    let expected = decoded(&frame, &frame.encode(0xC0, &[Scan::sequential(&[0])])).unwrap();
    let mut bytes = Frame { rows: 0, ..frame.clone() }.headers(0xC0, &[]);
    bytes.extend(frame.scan(0xC0, &Scan::sequential(&[0])));
    bytes.extend(segment(0xDC, &[0, 20]));
    bytes.extend([0xFF, 0xD9]);
    assert_eq!(decoded(&frame, &bytes).unwrap(), expected);
}

#[test]
fn wide_quantization_tables_are_read() {
    let mut frame = frame(12, 16, 16, &[(1, 1)], 5);
    frame.quantization[63] = 300;
    frame.coefficients[0].iter_mut().for_each(|block| block[63] = 2);
    let (samples, _) = decoded(&frame, &frame.encode(0xC1, &[Scan::sequential(&[0])])).unwrap();
    for (sample, expected) in samples.iter().zip(super::jpeg_dct::samples(&frame)) {
        assert!((*sample as f64 - expected).abs() < 0.6);
    }
}

#[test]
fn scans_that_do_not_come_leave_coefficients_zero_or_the_frame_partial() {
    let mut frame = frame(8, 24, 24, &[(1, 1)], 6);
    let scans = progressive_scans(1, 0);
    let bytes = frame.encode(0xC2, &scans[..1]);
    let (samples, whole) = decoded(&frame, &bytes).unwrap();
    assert!(whole, "EOI says that nothing else is meant to come");
    assert_eq!(
        decoded(&frame, &bytes[..bytes.len() - 2]).unwrap(),
        (samples.clone(), false),
        "without EOI"
    );
    frame.coefficients[0].iter_mut().for_each(|block| block[1..].fill(0));
    assert_eq!(decoded(&frame, &frame.encode(0xC0, &[Scan::sequential(&[0])])).unwrap().0, samples);
}

#[test]
fn rows_in_front_of_damage_are_kept() {
    for (factors, sof) in [(FACTORS[0], 0xC0), (FACTORS[6], 0xC0), (FACTORS[6], 0xC2)] {
        let frame = frame(8, 64, 24, factors, 8);
        let all: Vec<usize> = (0..factors.len()).collect();
        let scans = match sof {
            0xC2 => vec![Scan::new(&all, (0, 0), (0, 0))],
            _ => vec![Scan::sequential(&all)],
        };
        let bytes = frame.encode(sof, &scans);
        let (whole, _) = decoded(&frame, &bytes).unwrap();
        let start = bytes.len() - frame.scan(sof, &scans[0]).len();
        let half = start + (bytes.len() - start) * 2 / 3;
        let (samples, is_whole) = decoded(&frame, &bytes[..half]).unwrap();
        assert!(
            !is_whole && !samples.is_empty() && samples.len() < whole.len(),
            "{sof:X} {}",
            samples.len()
        );
        assert_eq!(samples, whole[..samples.len()]);
    }
}

#[test]
fn bytes_that_are_left_over_in_front_of_a_marker_are_damage() {
    let frame = frame(8, 16, 16, &[(1, 1)], 13);
    let bytes = frame.encode(0xC0, &[Scan::sequential(&[0])]);
    let (samples, _) = decoded(&frame, &bytes).unwrap();
    let (coded, end) = bytes.split_at(bytes.len() - 2);
    for (count, is_whole) in [(1, true), (40, false)] {
        let longer = [coded, &vec![0x55; count], end].concat();
        assert_eq!(decoded(&frame, &longer).unwrap(), (samples.clone(), is_whole), "{count} bytes");
    }
}

#[test]
fn colours_are_those_that_the_codestream_names() {
    fn colour(frame: &Frame, bytes: &[u8]) -> Result<CodedColour> {
        let (image, mut kept) = (image(8, 8, frame.factors.len(), 8), Colour::default());
        JpegDct.decode(bytes, &mut Target::new(&image, DecodeOptions::default(), &mut kept))?;
        Ok(kept.0)
    }
    let jfif = segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
    let adobe =
        |transform: u8| segment(0xEE, &[&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat());
    for (components, before, ids, expected) in [
        (3, vec![], [1, 2, 3, 4], Some(CodedColour::AsDescribed)),
        (3, jfif.clone(), [1, 2, 3, 4], Some(CodedColour::YbrFull)),
        (3, adobe(0), [1, 2, 3, 4], Some(CodedColour::Rgb)),
        (3, adobe(1), [1, 2, 3, 4], Some(CodedColour::YbrFull)),
        (3, adobe(9), [1, 2, 3, 4], Some(CodedColour::AsDescribed)),
        (3, adobe(1), *b"RGBA", Some(CodedColour::YbrFull)),
        (3, adobe(0), *b"RGBA", Some(CodedColour::Rgb)),
        (3, [jfif.clone(), adobe(0)].concat(), [1, 2, 3, 4], Some(CodedColour::YbrFull)),
        (3, vec![], *b"RGBA", Some(CodedColour::Rgb)),
        (3, vec![], *b"rgba", Some(CodedColour::Rgb)),
        (3, jfif.clone(), *b"RGBA", Some(CodedColour::Rgb)),
        (1, jfif, [1, 2, 3, 4], Some(CodedColour::AsDescribed)),
        (4, vec![], [1, 2, 3, 4], Some(CodedColour::AsDescribed)),
        (4, adobe(0), [1, 2, 3, 4], None),
        (4, adobe(2), [1, 2, 3, 4], None),
    ] {
        let frame = frame(8, 8, 8, &vec![(1, 1); components], 9);
        let mut bytes = frame.headers(0xC0, &before);
        bytes.extend(frame.scan(0xC0, &Scan::sequential(&(0..components).collect::<Vec<_>>())));
        // The last segments of the header are the frame header and what the scan begins with.
        let header = bytes.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
        let scan = bytes.windows(2).rposition(|marker| marker == [0xFF, 0xDA]).unwrap();
        for (index, id) in ids.iter().take(components).enumerate() {
            bytes[header + 10 + 3 * index] = *id;
            bytes[scan + 5 + 2 * index] = *id;
        }
        match expected {
            Some(expected) => assert_eq!(colour(&frame, &bytes).unwrap(), expected),
            None => {
                let error = colour(&frame, &bytes).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error}");
            }
        }
    }
}

#[test]
fn frames_that_are_not_read_are_refused() {
    let frame = frame(8, 16, 16, &[(1, 1), (1, 1), (1, 1)], 10);
    let good = frame.encode(0xC0, &[Scan::sequential(&[0, 1, 2])]);
    let header = good.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    let scan = good.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap();
    for (offset, byte, is_supported, why) in [
        (header + 1, 0xC9, false, "arithmetic"),
        (header + 1, 0xC5, false, "hierarchical"),
        (header + 1, 0xC3, false, "lossless"),
        (header + 4, 10, true, "10 bits"),
        (header + 4, 12, true, "12 bits"),
        (header + 6, 17, true, "17 rows"),
        (header + 11, 0x31, true, "quantization table"),
        (header + 12, 1, true, "quantization table"),
        (scan + 6, 0x10, true, "Huffman table"),
        (scan + 6, 0x01, true, "Huffman table"),
    ] {
        let mut bytes = good.clone();
        bytes[offset] = byte;
        if offset == header + 11 {
            bytes[header + 14] = 0x21;
            let error = decoded(&frame, &bytes).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::Unsupported { .. }),
                "factors 3 and 2: {error}"
            );
            continue;
        }
        let error = decoded(&frame, &bytes).unwrap_err();
        let is_invalid = matches!(error.kind(), ErrorKind::InvalidFrame { .. });
        assert!(is_invalid == is_supported && error.to_string().contains(why), "{why}: {error}");
    }
    let two = frame.encode(0xC0, &[Scan::sequential(&[0]), Scan::sequential(&[1])]);
    assert!(decoded(&frame, &two).unwrap_err().to_string().contains("before all its components"));
    let twice = frame.encode(0xC0, &[0, 1, 2, 0].map(|component| Scan::sequential(&[component])));
    assert!(!decoded(&frame, &twice).unwrap().1, "a component that comes twice");
    let scan = |start, end, high, low| vec![Scan::new(&[0, 1, 2], (start, end), (high, low))];
    for (scans, why) in [
        (scan(0, 5, 0, 0), "coefficients 0 to 5"),
        (scan(1, 5, 0, 0), "coefficients 1 to 5"),
        (scan(0, 0, 3, 0), "bits 3 to 0"),
        (scan(0, 0, 1, 0), "does not continue"),
    ] {
        let mut bytes = frame.headers(0xC2, &[]);
        bytes.extend(frame.scan(0xC2, &scan(0, 0, 0, 0)[0]));
        let place = bytes.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap() + 11;
        bytes[place..place + 3].copy_from_slice(&[
            scans[0].start,
            scans[0].end,
            scans[0].high << 4 | scans[0].low,
        ]);
        let error = decoded(&frame, &bytes).unwrap_err();
        assert!(error.to_string().contains(why), "{why}: {error}");
    }
}

#[test]
fn damage_gives_an_error_or_rows() {
    let mut random = Random(11);
    for (precision, factors, sof) in [
        (8, FACTORS[0], 0xC0),
        (8, FACTORS[6], 0xC0),
        (12, FACTORS[0], 0xC1),
        (8, FACTORS[6], 0xC2),
    ] {
        let frame = Frame { restart_interval: 3, ..frame(precision, 17, 12, factors, 12) };
        let all: Vec<usize> = (0..factors.len()).collect();
        let scans = match sof {
            0xC2 => progressive_scans(factors.len(), 1),
            _ => vec![Scan::sequential(&all)],
        };
        let good = frame.encode(sof, &scans);
        let count = frame.rows * frame.columns * factors.len();
        let check = |bytes: &[u8]| {
            if let Ok((samples, is_whole)) = decoded(&frame, bytes) {
                assert!(samples.len() == count || !is_whole);
            }
        };
        (0..good.len()).for_each(|length| check(&good[..length]));
        for _ in 0..500 {
            let mut bytes = good.clone();
            for _ in 0..=random.below(3) {
                let place = random.below(good.len() as u64) as usize;
                bytes[place] ^= 1 << random.below(8);
            }
            check(&bytes);
        }
    }
}
