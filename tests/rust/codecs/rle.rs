//! RLE Lossless: every width, every way to write a run, and frames that break the rules.

use proptest::prelude::*;
use rapidicom_core::ErrorKind;
use rapidicom_core::codec::{Codec, DecodeOptions, Decoded, RleLossless, Target};

use super::rle_encoder::{Chance, Runs, encode, frame_of, segment_of, segments_of};
use super::{Kept, decode, image};

/// What is left of a sample in a field of so many bits, with the sign that the widest ones are
/// given.
fn stored(value: i64, bits: u32) -> i64 {
    if bits == 32 { i64::from(value as i32) } else { value & ((1 << bits) - 1) }
}

/// Samples that change seldom, often, or always.
fn samples(count: usize, bits: u32, seed: u64, change: u64) -> Vec<i64> {
    let (mut chance, mut value) = (Chance(seed), 0);
    (0..count)
        .map(|_| {
            if chance.below(change) == 0 {
                value = (chance.below(1 << 31) << 1 | chance.below(2)) as i64;
            }
            stored(value, bits)
        })
        .collect()
}

fn error_of(
    frame: &[u8],
    rows: usize,
    columns: usize,
    samples_per_pixel: usize,
    bits: u32,
) -> (Option<u64>, String) {
    let error =
        decode(&RleLossless, frame, &image(rows, columns, samples_per_pixel, bits)).unwrap_err();
    match error.kind() {
        ErrorKind::InvalidFrame { codec: "RLE Lossless", offset, fault } => {
            (*offset, fault.to_string())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn the_most_significant_byte_of_each_sample_comes_first() {
    let mut frame = Vec::new();
    for word in [2u32, 64, 70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] {
        frame.extend(word.to_le_bytes());
    }
    frame.extend([2, 0x01, 0x02, 0x03]); // three bytes as they are
    frame.extend([254, 0x04]); // three times the same
    frame.extend([251, 0xFF]); // six times, across the rows
    let expected = vec![0x01FF, 0x02FF, 0x03FF, 0x04FF, 0x04FF, 0x04FF];
    assert_eq!(decode(&RleLossless, &frame, &image(3, 2, 1, 16)).unwrap(), (expected, true));
}

#[test]
fn the_first_pixel_of_eight_is_the_lowest_bit() {
    let frame = frame_of(&[vec![1, 0b0000_1101, 0b0000_0010]]);
    let expected = vec![1, 0, 1, 1, 0, 0, 0, 0, 0, 1];
    assert_eq!(decode(&RleLossless, &frame, &image(2, 5, 1, 1)).unwrap(), (expected, true));
}

#[test]
fn the_highest_bit_of_32_is_kept() {
    let values = vec![0, 0x7FFF_FFFF, -1, i64::from(i32::MIN)];
    let frame = encode(&values, 1, 32, Runs::LONG);
    assert_eq!(decode(&RleLossless, &frame, &image(2, 2, 1, 32)).unwrap(), (values, true));
}

#[test]
fn planes_are_put_together_whatever_is_said_of_them() {
    let values = samples(6 * 3, 16, 5, 1);
    let frame = encode(&values, 3, 16, Runs::LONG);
    for is_planar in [None, Some(false), Some(true)] {
        let mut image = image(3, 2, 3, 16);
        image.is_planar = is_planar;
        assert_eq!(decode(&RleLossless, &frame, &image).unwrap(), (values.clone(), true));
    }
}

#[test]
fn behind_the_last_row_there_is_padding_or_the_frame_is_another() {
    let values = vec![7; 6];
    for (segment, is_whole) in [
        (vec![251, 7, 0], true),
        (vec![251, 7, 0, 0, 0, 128], true),
        (vec![128, 251, 7, 128], true),
        (vec![5, 7, 7, 7, 7, 7, 7, 200], true),
        (vec![250, 7], true),
        (vec![129, 7], false),
        (vec![251, 7, 3, 1, 2, 3, 4], false),
    ] {
        let frame = frame_of(std::slice::from_ref(&segment));
        let expected = (values.clone(), is_whole);
        assert_eq!(
            decode(&RleLossless, &frame, &image(3, 2, 1, 8)).unwrap(),
            expected,
            "{segment:?}"
        );
    }
}

#[test]
fn unused_offsets_are_not_looked_at() {
    let mut frame = frame_of(&[vec![251, 7]]);
    frame[8..64].fill(0xFF);
    assert_eq!(decode(&RleLossless, &frame, &image(3, 2, 1, 8)).unwrap(), (vec![7; 6], true));
}

#[test]
fn segments_need_not_begin_where_the_header_ends() {
    let mut frame = frame_of(&[vec![9, 9], vec![251, 7]]);
    frame[0] = 1;
    frame[4] = 66;
    assert_eq!(decode(&RleLossless, &frame, &image(3, 2, 1, 8)).unwrap(), (vec![7; 6], true));
}

#[test]
fn headers_that_cannot_be() {
    let segments = || vec![vec![251u8, 7], vec![251, 7], vec![251, 7]];
    let with = |index: usize, word: u32| {
        let mut frame = frame_of(&segments());
        frame[index * 4..][..4].copy_from_slice(&word.to_le_bytes());
        frame
    };
    let whole = frame_of(&segments());
    let with_none = || {
        let mut frame = with(0, 0);
        frame[4] = 0;
        frame
    };
    #[rustfmt::skip]
    let cases = [
        ("nothing", vec![], (3, 8), 0, "its header has 64 bytes, but there are 0"),
        ("cut in the header", whole[..63].to_vec(), (3, 8), 0,
            "its header has 64 bytes, but there are 63"),
        ("too few", whole.clone(), (4, 8), 0,
            "it has 3 segments, but 4 samples a pixel of 1 bytes need 4"),
        ("too many", whole.clone(), (1, 8), 0,
            "it has 3 segments, but 1 samples a pixel of 1 bytes need 1"),
        ("of another width", whole.clone(), (3, 16), 0,
            "it has 3 segments, but 3 samples a pixel of 2 bytes need 6"),
        ("none, and a gap", with_none(), (3, 8), 0, "it has 0 segments, but 3 samples"),
        ("more than fit a header", with(0, 16), (4, 32), 0,
            "a header has room for 15 segments, but 4 samples"),
        ("in the header", with(1, 60), (3, 8), 4, "segment 1 of 3 has the bytes 60 to 66 of 70"),
        ("backwards", with(2, 69), (3, 8), 8, "segment 2 of 3 has the bytes 69 to 68 of 70"),
        ("past the end", with(3, 71), (3, 8), 8, "segment 2 of 3 has the bytes 66 to 71 of 70"),
        ("far past the end", with(3, u32::MAX), (3, 8), 8,
            "segment 2 of 3 has the bytes 66 to 4294967295 of 70"),
    ];
    for (name, frame, (samples_per_pixel, bits), offset, expected) in cases {
        let (found, why) = error_of(&frame, 3, 2, samples_per_pixel, bits);
        assert!(why.starts_with(expected), "{name}: {why}");
        assert_eq!(found, Some(offset), "{name}");
    }
}

#[test]
fn a_segment_that_ends_early_leaves_the_rows_before() {
    let values = samples(5 * 4, 16, 3, 1);
    let mut segments = segments_of(&values, 1, 16, Runs::LONG);
    // Of the last run, whatever it is, the bytes of four and a half rows.
    segments[1] =
        [&[19], &values.iter().map(|value| *value as u8).collect::<Vec<_>>()[..18]].concat();
    let frame = frame_of(&segments);
    let (image, mut kept) = (image(5, 4, 1, 16), Kept::default());
    let decoded = RleLossless
        .decode(&frame, &mut Target::new(&image, DecodeOptions::default(), &mut kept))
        .unwrap();
    assert_eq!(kept.0, values[..16]);
    let Decoded::Partial(error) = decoded else { panic!("not whole") };
    let ErrorKind::InvalidFrame { offset, fault, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(
        (*offset, fault.to_string().as_str()),
        (Some(frame.len() as u64), "segment 2 ends after 4 of 5 rows")
    );
}

#[test]
fn a_segment_without_a_whole_row_is_an_error() {
    for segment in [vec![], vec![128; 9], vec![2, 1], vec![254], vec![0, 1]] {
        let (offset, why) = error_of(&frame_of(&[vec![251, 7], segment.clone()]), 3, 2, 1, 16);
        assert_eq!(why, "segment 2 ends after 0 of 3 rows", "{segment:?}");
        assert_eq!(offset, Some(66 + segment.len() as u64));
    }
}

#[test]
fn widths_that_are_not_read() {
    for (samples_per_pixel, bits) in [(1, 12), (1, 64), (3, 1)] {
        let error =
            decode(&RleLossless, &frame_of(&[vec![]]), &image(3, 2, samples_per_pixel, bits))
                .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error}");
    }
}

#[test]
fn rows_wider_than_a_piece_and_many_pieces() {
    for (rows, columns) in [(3, 9000), (2000, 5), (41, 513), (1, 1)] {
        for (samples_per_pixel, bits) in [(1, 1), (1, 8), (1, 16), (3, 8), (4, 16), (1, 32)] {
            for change in [1, 3, 40, 4000] {
                let values = samples(rows * columns * samples_per_pixel, bits, 9, change);
                let frame = encode(
                    &values,
                    samples_per_pixel,
                    bits,
                    Runs { seed: change, longest: 128, idle: 50 },
                );
                let decoded =
                    decode(&RleLossless, &frame, &image(rows, columns, samples_per_pixel, bits))
                        .unwrap();
                assert!(
                    decoded == (values, true),
                    "{rows} x {columns}, {samples_per_pixel} of {bits} bits, {change}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn what_was_encoded_comes_out(
        (rows, columns) in (1usize..40, 1usize..40),
        (samples_per_pixel, bits) in prop_oneof![
            Just((1, 1)), (1usize..=4, Just(8)), (1usize..=4, Just(16)), (1usize..=3, Just(32))
        ],
        (seed, change, longest, idle) in (any::<u64>(), 1u64..60, 1usize..=128, 0u64..6),
    ) {
        let values = samples(rows * columns * samples_per_pixel, bits, seed, change);
        let frame = encode(&values, samples_per_pixel, bits, Runs { seed, longest, idle });
        let image = image(rows, columns, samples_per_pixel, bits);
        prop_assert_eq!(decode(&RleLossless, &frame, &image).unwrap(), (values, true));
    }

    #[test]
    fn a_prefix_has_the_first_rows_or_is_an_error(
        (rows, columns) in (1usize..30, 1usize..30),
        (seed, change, cut) in (any::<u64>(), 1u64..60, 1usize..200),
    ) {
        let values = samples(rows * columns, 8, seed, change);
        let bytes: Vec<u8> = values.iter().map(|value| *value as u8).collect();
        let mut frame = frame_of(&[segment_of(&bytes, Runs::LONG)]);
        frame.truncate(frame.len().saturating_sub(cut).max(64));
        if let Ok((decoded, is_whole)) = decode(&RleLossless, &frame, &image(rows, columns, 1, 8)) {
            prop_assert_eq!(is_whole, decoded.len() == values.len());
            prop_assert_eq!(decoded.len() % columns, 0);
            prop_assert_eq!(&decoded, &values[..decoded.len()]);
        }
    }
}

#[test]
fn damage_is_an_error_or_a_frame_with_all_rows() {
    let mut chance = Chance(4);
    for (samples_per_pixel, bits) in [(1, 1), (1, 8), (3, 8), (1, 16), (1, 32)] {
        let (image, values) =
            (image(13, 11, samples_per_pixel, bits), samples(143 * samples_per_pixel, bits, 8, 4));
        let whole =
            encode(&values, samples_per_pixel, bits, Runs { seed: 2, longest: 128, idle: 20 });
        let look = |frame: &[u8]| {
            if let Ok((decoded, is_whole)) = decode(&RleLossless, frame, &image) {
                assert!(decoded.len() == values.len() || !is_whole);
            }
        };
        (0..whole.len()).for_each(|length| look(&whole[..length]));
        for _ in 0..4000 {
            let mut frame = whole.clone();
            for _ in 0..=chance.below(3) {
                // Every other time in the header.
                let length = if chance.below(2) == 0 { 64 } else { frame.len() as u64 };
                frame[chance.below(length) as usize] = chance.below(256) as u8;
            }
            look(&frame);
        }
    }
}
