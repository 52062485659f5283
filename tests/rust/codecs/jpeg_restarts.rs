//! JPEG frames whose restart intervals are decoded on several threads: samples, errors and what is
//! kept of damaged frames are those of one thread.

use rapidicom_core::ImageDescription;
use rapidicom_core::codec::{Codec, DecodeOptions, Jpeg, Target};

use super::jpeg_dct::{FACTORS, Random, frame};
use super::jpeg_dct_encoder::{Frame, Scan};
use super::jpeg_lossless_encoder::Encoding;
use super::{Kept, image};

/// How many places are damaged in each of some frames.
const CASES: [usize; 4] = [2, 1, 1, 1];

/// What a frame gives on so many threads: its samples, and what is said of it.
fn on_threads(frame: &[u8], image: &ImageDescription, threads: usize) -> (Vec<i64>, String) {
    let mut kept = Kept::default();
    let mut target = Target::new(image, DecodeOptions::default(), &mut kept).with_threads(threads);
    let said = format!("{:?}", Jpeg.decode(frame, &mut target));
    (kept.0, said)
}

/// Checks a frame, and copies with every kind of damage, in so many places.
fn check(name: &str, frame: &[u8], image: &ImageDescription, cases: usize) {
    let same = |frame: &[u8], what: &str| {
        let (one, found) = (on_threads(frame, image, 1), on_threads(frame, image, 3));
        assert_eq!(found.1, one.1, "{name}, {what}");
        assert!(found.0 == one.0, "{name}, {what}: other samples");
        one
    };
    let (samples, said) = same(frame, "whole");
    let count = image.rows * image.columns * image.samples_per_pixel;
    assert!(said.contains("Whole") && samples.len() == count, "{name}: {said}");

    let restarts: Vec<usize> = (0..frame.len() - 1)
        .filter(|index| frame[*index] == 0xFF && (0xD0..0xD8).contains(&frame[index + 1]))
        .collect();
    assert!(restarts.len() > 2, "{name}");
    // The first intervals are in the first part.
    for place in [restarts[0], restarts[restarts.len() - 2]].into_iter().take(cases) {
        let (before, after) = (&frame[..place], &frame[place + 2..]);
        let other = [before, &[0xFF, frame[place + 1] ^ 3], after].concat();
        let end = [before, &[0xFF, 0xD9], after].concat();
        let filled = [before, &[0xFF; 5], &frame[place..]].concat();
        let twice = [before, &frame[place..place + 2], &frame[place..]].concat();
        let (short, long) =
            ([&frame[..place - 9], &frame[place..]], [before, &[0x55; 9], &frame[place..]]);
        for (what, changed) in [
            ("another restart", other),
            ("no restart", [before, after].concat()),
            ("the end", end),
            ("fill bytes", filled),
            ("a restart twice", twice),
            ("bytes that are missing", short.concat()),
            ("bytes too many", long.concat()),
            ("cut at a restart", before.to_vec()),
            ("cut after a restart", frame[..place + 2].to_vec()),
        ] {
            same(&changed, what);
        }
    }
    let mut random = Random(7);
    for case in 0..cases * 4 {
        let mut changed = frame.to_vec();
        let place = random.below(frame.len() as u64) as usize;
        match case % 4 {
            0 => changed.truncate(place),
            1 => changed.iter_mut().skip(place).take(512).for_each(|byte| *byte = 0),
            2 => changed.iter_mut().skip(place).for_each(|byte| *byte = 0),
            _ => changed[place] ^= 1 << random.below(8),
        }
        same(&changed, &format!("case {case}"));
    }
}

#[test]
fn intervals_of_coefficients_are_decoded_beside_each_other() {
    for (index, (name, precision, factors, restart_interval)) in [
        ("across rows", 8, FACTORS[0], 42),
        ("12 bits, thirds of a row", 12, FACTORS[0], 21),
        ("4:2:0, eight intervals in five rows", 8, &[(2, 2), (1, 1), (1, 1)][..], 20),
        ("4:2:2, two rows", 8, &[(2, 1), (1, 1), (1, 1)], 64),
    ]
    .into_iter()
    .enumerate()
    {
        let size = (301, 499);
        let frame = Frame { restart_interval, ..frame(precision, size.0, size.1, factors, 5) };
        let all: Vec<usize> = (0..factors.len()).collect();
        let sof = if precision == 8 { 0xC0 } else { 0xC1 };
        let bytes = frame.encode(sof, &[Scan::sequential(&all)]);
        let allocated = if precision == 8 { 8 } else { 16 };
        check(name, &bytes, &image(size.0, size.1, factors.len(), allocated), CASES[index]);
    }
}

#[test]
fn intervals_of_lines_are_decoded_beside_each_other() {
    let mut random = Random(3);
    for (index, (name, components, predictor, restart_lines)) in [
        ("a line", 1, 1, 1),
        ("seven lines", 1, 6, 7),
        ("colours", 3, 7, 2),
        ("a hundred lines, of which a part has three", 1, 4, 100),
    ]
    .into_iter()
    .enumerate()
    {
        let (rows, columns) = (310, 601);
        let scans = vec![(0..components).collect()];
        let encoding = Encoding {
            components,
            predictor,
            restart_lines,
            scans,
            ..Encoding::plain(rows, columns)
        };
        let mut before = 0u16;
        let samples: Vec<u16> = (0..rows * columns * components)
            .map(|_| {
                before = before.wrapping_add(random.below(40) as u16).wrapping_sub(20);
                before
            })
            .collect();
        check(
            name,
            &encoding.encode(&samples),
            &image(rows, columns, components, 16),
            CASES[index],
        );
    }
}
