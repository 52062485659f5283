//! JPEG-LS against an encoder that follows the standard, over what it can be coded with.

use proptest::prelude::*;
use rapidicom_core::codec::JpegLs;
use rapidicom_core::{ErrorKind, Family};

use super::jpeg_ls_encoder::{Interleave, Settings, encode};
use super::{decode, image};

/// Numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: i32) -> i32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as i32
    }
}

/// Samples up to `max_value`, of the kinds that take different ways: 0 is noise over all values, 1
/// a slope with some noise, 2 areas of one value, 3 the least and the largest value, 4 one value.
fn samples(settings: &Settings, kind: u32, seed: u64, max_value: i32) -> Vec<i32> {
    let mut chance = Chance(seed);
    let mut last = chance.below(max_value + 1);
    let count = settings.component_count;
    let mut all = Vec::new();
    for row in 0..settings.rows as i32 {
        for column in 0..settings.columns as i32 {
            for component in 0..count as i32 {
                let value = match kind {
                    0 => chance.below(max_value + 1),
                    1 => {
                        (row * 3 + column * 5 + component * 9 + chance.below(1 + max_value / 20))
                            % (max_value + 1)
                    }
                    2 if chance.below(12 * count as i32) == 0 => {
                        last = chance.below(max_value + 1);
                        last
                    }
                    3 => chance.below(2) * max_value,
                    _ => last,
                };
                all.push(value.clamp(0, max_value));
            }
        }
    }
    all
}

fn check(settings: &Settings, kind: u32, seed: u64) {
    let largest = settings.preset.map_or(0, |preset| preset[0]);
    let largest = if largest == 0 { (1 << settings.precision) - 1 } else { largest };
    let samples = samples(settings, kind, seed, largest);
    let (frame, coded) = encode(settings, &samples);
    for (sample, coded) in samples.iter().zip(&coded) {
        assert!(
            (i64::from(*sample) - coded).abs() <= i64::from(settings.near),
            "the encoder is as near as it says"
        );
    }
    let bits_allocated = if settings.precision <= 8 { 8 } else { 16 };
    let image = image(settings.rows, settings.columns, settings.component_count, bits_allocated);
    let (decoded, is_whole) = decode(&JpegLs, &frame, &image).unwrap();
    assert!(is_whole);
    assert!(decoded == coded, "{settings:?}, kind {kind}, seed {seed}");
}

prop_compose! {
    fn any_settings()(
        precision in 2u32..=16,
        component_count in 1usize..=4,
        rows in 1usize..20,
        columns in prop_oneof![1usize..8, 20usize..70],
        interleave in prop_oneof![
            Just(Interleave::None),
            Just(Interleave::Line),
            Just(Interleave::Sample),
        ],
        near in prop_oneof![3 => Just(0), 2 => 0..256],
        max_value in prop_oneof![Just(0), 1..65536],
        has_preset in any::<bool>(),
        has_thresholds in any::<bool>(),
        mut thresholds in prop::array::uniform3(1..65536),
        reset in prop_oneof![Just(0), 3..256],
        restart_interval in prop_oneof![Just(0usize), 1usize..6],
        is_oversize in any::<bool>(),
        has_dnl in any::<bool>(),
    ) -> Settings {
        let all = (1 << precision) - 1;
        let max_value = if has_preset && max_value != 0 { 1 + max_value % all } else { 0 };
        let largest = if max_value == 0 { all } else { max_value };
        let near = near.min(largest / 2);
        thresholds = thresholds.map(|threshold| match has_thresholds {
            true => near + 1 + threshold % (largest - near),
            false => 0,
        });
        thresholds.sort_unstable();
        let [t1, t2, t3] = thresholds;
        Settings {
            near,
            interleave: if component_count == 1 { Interleave::None } else { interleave },
            preset: has_preset.then_some([max_value, t1, t2, t3, reset]),
            restart_interval,
            is_oversize,
            has_dnl: has_dnl && !is_oversize,
            ..Settings::new(rows, columns, component_count, precision)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn what_is_encoded_is_decoded(
        settings in any_settings(),
        kind in 0u32..5,
        seed in any::<u64>(),
    ) {
        check(&settings, kind, seed);
    }
}

#[test]
fn long_lines_and_many_rows_are_decoded() {
    // Runs of the longest pieces, statistics that are halved, and more than one group of rows.
    for (rows, columns, component_count, precision, kind) in [
        (3, 70_000 / 4, 4, 8, 4),
        (2, 65_535, 1, 16, 2),
        (300, 100, 1, 12, 1),
        (120, 90, 3, 8, 1),
        (60, 60, 1, 2, 0),
    ] {
        for near in [0, 1] {
            check(
                &Settings { near, ..Settings::new(rows, columns, component_count, precision) },
                kind,
                7,
            );
        }
    }
}

#[test]
fn the_example_of_the_standard_is_decoded() {
    // T.87 §H.3.
    let frame = [
        0xFF, 0xD8, 0xFF, 0xF7, 0x00, 0x0B, 0x08, 0x00, 0x04, 0x00, 0x04, 0x01, 0x01, 0x11, 0x00,
        0xFF, 0xDA, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x6C, 0x80,
        0x20, 0x8E, 0x01, 0xC0, 0x00, 0x00, 0x57, 0x40, 0x00, 0x00, 0x6E, 0xE6, 0x00, 0x00, 0x01,
        0xBC, 0x18, 0x00, 0x00, 0x05, 0xD8, 0x00, 0x00, 0x91, 0x60, 0xFF, 0xD9,
    ];
    let expected = vec![0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145];
    assert_eq!(decode(&JpegLs, &frame, &image(4, 4, 1, 8)).unwrap(), (expected.clone(), true));
    let samples: Vec<i32> = expected.iter().map(|sample| *sample as i32).collect();
    assert_eq!(encode(&Settings::new(4, 4, 1, 8), &samples), (frame.to_vec(), expected));
}

#[test]
fn colour_transforms_are_undone() {
    let settings = Settings::new(9, 8, 3, 8);
    let colours = samples(&settings, 0, 3, 255);
    for code in 0..=3u8 {
        let mut transformed = Vec::new();
        for pixel in colours.chunks(3) {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]];
            let three = match code {
                0 => [r, g, b],
                1 => [r - g + 128, g, b - g + 128],
                2 => [r - g + 128, g, b - ((r + g) >> 1) + 128],
                _ => {
                    let (v2, v3) = ((b - g + 128) & 255, (r - g + 128) & 255);
                    [g + ((v2 + v3) >> 2) - 64, v2, v3]
                }
            };
            transformed.extend(three.map(|value| value & 255));
        }
        let other_segments = vec![0xFF, 0xE8, 0, 7, b'm', b'r', b'f', b'x', code];
        let (frame, _) = encode(&Settings { other_segments, ..settings.clone() }, &transformed);
        let (decoded, _) = decode(&JpegLs, &frame, &image(9, 8, 3, 8)).unwrap();
        assert!(
            decoded.iter().zip(&colours).all(|(decoded, colour)| *decoded == i64::from(*colour)),
            "HP{code}"
        );
    }
}

#[test]
fn what_stands_around_a_frame_does_not_matter() {
    let settings = Settings::new(6, 5, 1, 12);
    let (frame, coded) = encode(&settings, &samples(&settings, 1, 1, 4095));
    let end = frame.len() - 2;
    let spiff = [0xFF, 0xE8, 0, 8, 0, 0, 0, 1, 0xFF, 0xD8];
    for (name, frame) in [
        ("no EOI", frame[..end].to_vec()),
        ("bytes behind EOI", [&frame[..], &[0, 0, 0]].concat()),
        ("bytes before EOI", [&frame[..end], &[0, 0, 0], &frame[end..]].concat()),
        (
            "application data",
            [&frame[..2], &spiff, &[0xFF, 0xFF, 0xFE, 0, 3, 9], &frame[2..]].concat(),
        ),
        (
            "mapping table that no scan names",
            [&frame[..2], &[0xFF, 0xF8, 0, 6, 2, 1, 1, 0], &frame[2..]].concat(),
        ),
    ] {
        assert_eq!(
            decode(&JpegLs, &frame, &image(6, 5, 1, 16)).unwrap(),
            (coded.clone(), true),
            "{name}"
        );
    }
}

#[test]
fn rows_are_kept_up_to_where_the_data_end() {
    for interleave in [Interleave::None, Interleave::Line, Interleave::Sample] {
        let settings = Settings { interleave, ..Settings::new(40, 30, 3, 8) };
        let (frame, coded) = encode(&settings, &samples(&settings, 1, 5, 255));
        let (rows, is_whole) =
            decode(&JpegLs, &frame[..frame.len() - 60], &image(40, 30, 3, 8)).unwrap();
        assert!(
            !is_whole && rows.len() < coded.len() && rows.len() > 35 * 90,
            "{} samples",
            rows.len()
        );
        assert_eq!(rows, coded[..rows.len()], "{interleave:?}");
        assert!(decode(&JpegLs, &frame[..70], &image(40, 30, 3, 8)).is_err(), "not even one row");
    }
    let settings = Settings { restart_interval: 5, ..Settings::new(20, 30, 1, 8) };
    let (mut frame, coded) = encode(&settings, &samples(&settings, 1, 5, 255));
    let third = frame.windows(2).position(|pair| pair == [0xFF, 0xD1]).unwrap();
    frame[third + 1] = 0xD2;
    assert_eq!(
        decode(&JpegLs, &frame, &image(20, 30, 1, 8)).unwrap(),
        (coded[..10 * 30].to_vec(), false)
    );
}

#[test]
fn what_is_no_frame_is_refused_with_a_reason() {
    let settings = Settings::new(4, 4, 1, 8);
    let (frame, _) = encode(&settings, &samples(&settings, 0, 1, 255));
    // SOI, then SOF55 at 2 (its precision at 6), then SOS at 15 (its table at 21, NEAR at 22, ILV
    // at 23, Al at 24).
    let with = |index: usize, byte: u8| {
        let mut frame = frame.clone();
        frame[index] = byte;
        frame
    };
    let behind_soi = |bytes: &[u8]| [&frame[..2], bytes, &frame[2..]].concat();
    for (frame, family, why) in [
        (vec![], Family::Invalid, "byte 0 of the frame: no marker SOI"),
        (frame[..2].to_vec(), Family::Invalid, "the frame ends before all its components"),
        (
            frame[..10].to_vec(),
            Family::Invalid,
            "byte 2 of the frame: marker 0xFFF7 has a segment of 11 bytes, but 6 follow",
        ),
        (
            with(3, 0xC3),
            Family::Invalid,
            "byte 2 of the frame: no JPEG-LS: the frame header has marker 0xFFC3 (SOF3)",
        ),
        (with(3, 0xF9), Family::Unsupported, "extensions"),
        (with(3, 0xFE), Family::Invalid, "byte 15 of the frame: a scan before the frame header"),
        (with(6, 1), Family::Invalid, "samples of 1 bits, expected 2 to 16"),
        (with(6, 9), Family::Invalid, "its samples have 9 bits, but the data set allocates 8"),
        (with(8, 5), Family::Invalid, "it has 5 rows"),
        (with(8, 0), Family::Invalid, "neither the frame header nor the first scan"),
        (with(11, 2), Family::Invalid, "marker 0xFFF7 cannot have a segment of 11 bytes"),
        (with(15, 0), Family::Invalid, "byte 15 of the frame: expected a marker, found 0x00"),
        (with(20, 9), Family::Invalid, "identifier 9, which the frame lacks"),
        (with(21, 1), Family::Unsupported, "mapping table"),
        (with(22, 128), Family::Invalid, "NEAR is 128"),
        (with(23, 3), Family::Invalid, "interleave mode 3"),
        (with(24, 1), Family::Unsupported, "point transform"),
        (
            behind_soi(&[0xFF, 0xF8, 0, 4, 1, 0]),
            Family::Invalid,
            "marker 0xFFF8 cannot have a segment of 4 bytes",
        ),
        (behind_soi(&[0xFF, 0xF8, 0, 3, 5]), Family::Unsupported, "type (5)"),
        (behind_soi(&[0xFF, 0xDD, 0, 3, 5]), Family::Invalid, "marker 0xFFDD"),
        (
            behind_soi(&[0xFF, 0xE8, 0, 7, b'm', b'r', b'f', b'x', 1]),
            Family::Unsupported,
            "colour transform",
        ),
        (behind_soi(&frame[2..15]), Family::Invalid, "second frame header"),
    ] {
        let error = decode(&JpegLs, &frame, &image(4, 4, 1, 8)).unwrap_err();
        assert_eq!(
            (error.family(), error.to_string().contains(why)),
            (family, true),
            "{error}; expected: {why}"
        );
        if let ErrorKind::InvalidFrame { offset: Some(offset), .. } = error.kind() {
            assert!(*offset <= frame.len() as u64);
        }
    }
}

#[test]
fn the_frame_header_says_what_a_frame_is_coded_by() {
    for (frame, marker) in [
        (&[0xFF, 0xD8, 0xFF, 0xE0, 0, 3, 7, 0xFF, 0xF7, 0, 2][..], Some(0xF7)),
        (&[0xFF, 0xD8, 0xFF, 0xC4, 0, 2, 0xFF, 0xC3, 0, 2], Some(0xC3)),
        (&[0xFF, 0xD8, 0xFF, 0xD9], None),
        (&[0xFF, 0x4F, 0xFF, 0x51], None),
        (&[], None),
    ] {
        assert_eq!(JpegLs::frame_marker(frame), marker, "{frame:X?}");
    }
}

#[test]
fn damage_is_never_more_than_an_error() {
    let mut chance = Chance(1);
    for (component_count, interleave, precision, near, restart_interval) in [
        (1, Interleave::None, 8, 0, 0),
        (1, Interleave::None, 16, 3, 4),
        (3, Interleave::None, 8, 0, 0),
        (3, Interleave::Line, 12, 0, 3),
        (4, Interleave::Sample, 8, 2, 0),
    ] {
        let settings = Settings {
            interleave,
            near,
            restart_interval,
            ..Settings::new(12, 11, component_count, precision)
        };
        let bits_allocated = if precision <= 8 { 8 } else { 16 };
        let image = image(12, 11, component_count, bits_allocated);
        let try_frame = |frame: &[u8]| {
            if let Ok((rows, is_whole)) = decode(&JpegLs, frame, &image) {
                let expected = 12 * 11 * component_count;
                // Of a damaged frame all rows may have come, and bytes are left.
                assert!(if is_whole { rows.len() == expected } else { rows.len() <= expected });
                assert_eq!(rows.len() % (11 * component_count), 0);
            }
        };
        for kind in [1, 2] {
            let (frame, _) = encode(&settings, &samples(&settings, kind, 2, (1 << precision) - 1));
            (0..frame.len()).for_each(|length| try_frame(&frame[..length]));
            for _ in 0..300 {
                let mut frame = frame.clone();
                for _ in 0..=chance.below(3) {
                    let index = chance.below(frame.len() as i32) as usize;
                    frame[index] ^= 1 << chance.below(8);
                }
                try_frame(&frame);
            }
        }
    }
}
