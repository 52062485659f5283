//! JPEG Lossless: images come back as they were coded, and an image is whole only with all its
//! rows. (What is coded has no checksum: a changed bit behind a code is another image.)

use proptest::prelude::*;
use rapidicom_core::codec::{Codec, Jpeg, JpegLossless};
use rapidicom_core::{Error, Family};

use super::jpeg_lossless_encoder::{Codes, Encoding, segment};
use super::{decode, image};

/// What a frame is decoded to, and whether that is all of it.
fn decoded(frame: &[u8], encoding: &Encoding) -> Result<(Vec<i64>, bool), Error> {
    let allocated = if encoding.precision > 8 { 16 } else { 8 };
    let mut image = image(encoding.rows, encoding.columns, encoding.components, allocated);
    image.bits_stored = encoding.precision;
    decode(&JpegLossless, frame, &image)
}

fn expected(samples: &[u16]) -> Vec<i64> {
    samples.iter().map(|sample| i64::from(*sample)).collect()
}

fn assert_whole(frame: &[u8], encoding: &Encoding, samples: &[u16], case: &str) {
    let (found, is_whole) =
        decoded(frame, encoding).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(is_whole && found == expected(samples), "{case}: {found:?}, not {samples:?}");
}

/// Asserts that just the first `rows` rows are good.
fn assert_partial(frame: &[u8], encoding: &Encoding, samples: &[u16], rows: usize, case: &str) {
    let (found, is_whole) =
        decoded(frame, encoding).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(!is_whole, "{case}");
    assert_eq!(
        found,
        expected(&samples[..rows * encoding.columns * encoding.components]),
        "{case}"
    );
}

/// Asserts what the error says.
fn assert_error(frame: &[u8], encoding: &Encoding, family: Family, why: &str) {
    let error = decoded(frame, encoding).map(|(_, is_whole)| is_whole).unwrap_err();
    assert!(error.family() == family && error.to_string().contains(why), "{error}, not {why}");
}

/// Smooth with some noise, so that most categories are there.
fn some_samples(count: usize, precision: u32) -> Vec<u16> {
    let mut state = 12_345u32;
    let mut sample = 0u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        sample = sample.wrapping_add((state >> 16) >> (state >> 28));
        (sample & ((1 << precision) - 1)) as u16
    };
    (0..count).map(next).collect()
}

/// All ways to code small images.
fn encodings() -> impl Strategy<Value = Encoding> {
    let scans = prop_oneof![
        Just(vec![vec![0]]),
        Just(vec![vec![0, 1]]),
        Just(vec![vec![0, 1, 2]]),
        Just(vec![vec![0, 1, 2, 3]]),
        Just(vec![vec![0], vec![1], vec![2]]),
        Just(vec![vec![1, 0, 2]]),
        Just(vec![vec![2], vec![0], vec![1]]),
        Just(vec![vec![2, 3], vec![0, 1]]),
    ];
    let codes = prop_oneof![Just(Codes::Fixed), Just(Codes::ByFrequency)];
    let size = (1usize..9, 1usize..20);
    (size, scans, 2u32..=16, 1u8..=7, 0u32..16, 0usize..4, codes, any::<bool>()).prop_map(
        |(
            (rows, columns),
            scans,
            precision,
            predictor,
            point_transform,
            restart_lines,
            codes,
            has_lines_behind,
        )| {
            Encoding {
                rows,
                columns,
                components: scans.iter().flatten().max().unwrap() + 1,
                precision,
                predictor,
                point_transform: point_transform % precision,
                restart_lines,
                scans,
                codes,
                has_lines_behind,
                wraps: false,
            }
        },
    )
}

/// An image of any samples, or of neighbours that differ by little, and how it is coded.
fn coded_images() -> impl Strategy<Value = (Encoding, Vec<u16>)> {
    (encodings(), any::<bool>()).prop_flat_map(|(encoding, is_smooth)| {
        let count = encoding.rows * encoding.columns * encoding.components;
        let most = u16::MAX >> (16 - encoding.precision);
        let kept = most << encoding.point_transform & most;
        let samples = prop::collection::vec(any::<u16>(), count).prop_map(move |mut samples| {
            let mut before = 0u16;
            for sample in &mut samples {
                if is_smooth {
                    before = before.wrapping_add(*sample & 7);
                    *sample = before;
                }
                *sample &= kept;
            }
            samples
        });
        (Just(encoding), samples)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn images_come_back_as_they_were((encoding, samples) in coded_images()) {
        let (found, is_whole) = decoded(&encoding.encode(&samples), &encoding).unwrap();
        prop_assert!(is_whole);
        prop_assert_eq!(found, expected(&samples));
    }
}

#[test]
fn long_lines_and_many_of_them_come_in_several_pieces() {
    let (one, three) = (vec![vec![0]], vec![vec![0, 1, 2]]);
    for (rows, columns, scans) in [
        (90, 301, one.clone()),
        (2, 9_000, one),
        (30, 130, three),
        (30, 130, vec![vec![0], vec![1, 2]]),
    ] {
        for predictor in 1..=7 {
            let components = scans.iter().flatten().count();
            let encoding = Encoding {
                components,
                scans: scans.clone(),
                predictor,
                precision: 14,
                ..Encoding::plain(rows, columns)
            };
            let samples = some_samples(rows * columns * components, 14);
            assert_whole(&encoding.encode(&samples), &encoding, &samples, &format!("{encoding:?}"));
        }
    }
}

#[test]
fn the_largest_difference_has_no_bits_behind_its_code() {
    let samples = [0, 32_768, 0, 65_535, 32_767, 65_535, 0, 32_768];
    for predictor in 1..=7 {
        let encoding = Encoding { predictor, ..Encoding::plain(2, 4) };
        assert_whole(&encoding.encode(&samples), &encoding, &samples, "differences of 32768");
    }
}

#[test]
fn differences_may_be_taken_modulo_the_range_of_samples() {
    let samples: Vec<u16> = some_samples(60, 8);
    for predictor in 1..=7 {
        let encoding = Encoding { predictor, precision: 8, wraps: true, ..Encoding::plain(6, 10) };
        let frame = encoding.encode(&samples);
        if predictor <= 4 {
            assert_whole(&frame, &encoding, &samples, "a prediction that is a sum");
        } else {
            assert!(
                decoded(&frame, &encoding).is_err(),
                "predictor {predictor} halves what is out of range"
            );
        }
    }
    // An image that stores more bits than are coded: what is out of range has no place to be put
    // right.
    let encoding = Encoding { precision: 8, wraps: true, ..Encoding::plain(6, 10) };
    let error = decode(&JpegLossless, &encoding.encode(&samples), &image(6, 10, 1, 16))
        .unwrap_err()
        .to_string();
    assert!(error.contains("more than 8 bits"), "{error}");
}

#[test]
fn what_follows_the_last_sample_is_no_matter() {
    let encoding = Encoding::plain(5, 7);
    let samples = some_samples(35, 16);
    let frame = encoding.encode(&samples);
    let end = frame.len() - 2;
    let entropy_coded = frame.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap();
    let filled = [&frame[..entropy_coded], &[0xFF; 5], &frame[entropy_coded..]].concat();
    for (changed, case) in [
        (frame[..end].to_vec(), "no EOI"),
        (frame[..end + 1].to_vec(), "half an EOI"),
        ([&frame[..end], &[0; 100]].concat(), "no EOI, and padding"),
        ([&frame[..], &[0; 100]].concat(), "padding"),
        ([&frame[..end], &[0, 0], &frame[end..]].concat(), "padding in front of EOI"),
        ([&frame[..end], &[0xFF, 0xFF], &frame[end..]].concat(), "fill bytes in front of EOI"),
        (filled, "fill bytes in front of SOS"),
    ] {
        assert_whole(&changed, &encoding, &samples, case);
    }
    let left_over = [&frame[..end], &[0; 100], &frame[end..]].concat();
    assert_partial(&left_over, &encoding, &samples, 5, "too much in front of EOI to be padding");
}

#[test]
fn rows_in_front_of_an_early_end_are_good() {
    for scans in [vec![vec![0, 1]], vec![vec![0], vec![1]]] {
        let encoding = Encoding { components: 2, scans, ..Encoding::plain(6, 12) };
        let samples = some_samples(144, 16);
        let frame = encoding.encode(&samples);
        let mut row_counts = Vec::new();
        for length in 0..frame.len() - 3 {
            let Ok((found, is_whole)) = decoded(&frame[..length], &encoding) else { continue };
            let is_spared = is_whole && length + 4 > frame.len();
            assert!(!is_whole || is_spared, "{length} of {} bytes", frame.len());
            assert_eq!(found[..], expected(&samples)[..found.len()]);
            row_counts.push(found.len() / 24);
        }
        assert!(row_counts.is_sorted());
        row_counts.dedup();
        assert_eq!(row_counts, [1, 2, 3, 4, 5]);
    }
}

#[test]
fn restarts_come_in_their_order() {
    let encoding = Encoding { restart_lines: 2, ..Encoding::plain(40, 9) };
    let samples = some_samples(360, 16);
    let frame = encoding.encode(&samples);
    assert_whole(&frame, &encoding, &samples, "restarts count to 7 and start again");
    let restarts: Vec<usize> = (0..frame.len() - 1)
        .filter(|index| frame[*index] == 0xFF && (0xD0..0xD8).contains(&frame[index + 1]))
        .collect();
    assert_eq!(restarts.len(), 19);
    let mut wrong = frame.clone();
    wrong[restarts[9] + 1] ^= 1;
    assert_partial(&wrong, &encoding, &samples, 20, "another restart than the next");
    let lost = [&frame[..restarts[3]], &frame[restarts[4]..]].concat();
    assert_partial(&lost, &encoding, &samples, 8, "an interval is not there");
    let without = [&frame[..restarts[3]], &frame[restarts[3] + 2..]].concat();
    assert!(!decoded(&without, &encoding).unwrap().1, "a restart is not there");
}

#[test]
fn what_contradicts_the_standard_or_the_image_is_refused() {
    use Family::{Invalid, Unsupported};

    let encoding = Encoding::plain(2, 3);
    let samples = [1, 2, 3, 4, 5, 6];
    let frame = encoding.encode(&samples);
    // SOI; SOF3 with its length, precision, lines, columns, components, and of the first its
    // factors.
    let (sof, precision, rows, factors) = (3, 6, 8, 13);
    let scan = frame.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap();
    // SOS with its length, components, identifier, table, predictor.
    let (identifier, table, predictor) = (scan + 5, scan + 6, scan + 7);
    for (index, value, family, why) in [
        (0, 0, Invalid, "SOI"),
        (sof, 0xC0, Invalid, "marker 0xFFC0, expected 0xFFC3 (lossless)"),
        (precision, 1, Invalid, "1 bits, expected 2 to 16"),
        (precision, 17, Invalid, "17 bits, expected 2 to 16"),
        (rows, 3, Invalid, "it has 3 rows"),
        (identifier, 2, Invalid, "identifier 2, which the frame lacks"),
        (table, 0x10, Invalid, "Huffman table 1, which no segment defines"),
        (predictor, 0, Invalid, "predictor 0, expected"),
        (predictor, 8, Invalid, "predictor 8, expected"),
    ] {
        let mut changed = frame.clone();
        changed[index] = value;
        assert_error(&changed, &encoding, family, why);
    }
    let mut sampled = frame.clone();
    sampled[factors] = 0x22;
    assert_whole(&sampled, &encoding, &samples, "the factors of an only component mean nothing");

    let colours = Encoding { components: 3, scans: vec![vec![0, 1, 2]], ..encoding.clone() };
    let mut sampled = colours.encode(&[0; 18]);
    sampled[factors] = 0x21;
    assert_error(&sampled, &colours, Unsupported, "sampling factors");

    let narrow = Encoding { precision: 4, ..encoding.clone() };
    let mut changed = narrow.encode(&samples);
    changed[scan + 9] = 4;
    assert_error(&changed, &narrow, Invalid, "by 4 bits, of samples of 4 bits");

    let long = [&frame[..2], &segment(0xDD, &[0, 7]), &frame[2..]].concat();
    assert_whole(&long, &encoding, &samples, "a restart interval longer than the image");
    let odd = [&frame[..2], &segment(0xDD, &[0, 4]), &frame[2..]].concat();
    assert_error(&odd, &encoding, Invalid, "interval of 4 pixels");

    let mut changed = frame.clone();
    changed[scan - 1] = 17;
    assert_error(&changed, &encoding, Invalid, "category 17, expected at most 16");

    let twice = Encoding { components: 2, scans: vec![vec![0], vec![0]], ..encoding };
    assert_error(&twice.encode(&[0; 12]), &twice, Invalid, "second scan of component 0");
}

#[test]
fn frames_of_other_processes_are_told_apart() {
    let encoding = Encoding::plain(2, 3);
    let samples = [1, 2, 3, 4, 5, 6];
    let frame = encoding.encode(&samples);
    let image = image(2, 3, 1, 16);
    assert_eq!(decode(&Jpeg, &frame, &image).unwrap(), (expected(&samples), true));
    for (sof, family, why) in [
        (0xC5, Family::Unsupported, "hierarchical"),
        (0xC9, Family::Unsupported, "arithmetic"),
        (0xF7, Family::Invalid, "JPEG-LS"),
        (0xDA, Family::Invalid, "before the frame header"),
    ] {
        let mut other = frame.clone();
        other[3] = sof;
        let error = decode(&Jpeg, &other, &image).unwrap_err();
        assert!(error.family() == family && error.to_string().contains(why), "{error}");
    }
    assert_eq!(Jpeg.name(), "JPEG");
}

/// Whatever is decoded, it is as many rows as are said to be good, and all of them where it is
/// whole.
fn look_at(frame: &[u8], encoding: &Encoding) {
    if let Ok((found, is_whole)) = decoded(frame, encoding) {
        let row = encoding.columns * encoding.components;
        assert!(found.len().is_multiple_of(row) && !found.is_empty());
        assert!(!is_whole || found.len() == row * encoding.rows);
    }
}

#[test]
fn damage_is_an_error_or_leaves_whole_rows() {
    let plain = Encoding {
        precision: 12,
        predictor: 5,
        codes: Codes::ByFrequency,
        ..Encoding::plain(9, 11)
    };
    let restarts = Encoding { precision: 8, restart_lines: 2, ..Encoding::plain(9, 11) };
    let colours = Encoding {
        components: 3,
        scans: vec![vec![0, 1, 2]],
        precision: 8,
        point_transform: 2,
        ..plain.clone()
    };
    let separate = Encoding {
        scans: vec![vec![0], vec![1], vec![2]],
        has_lines_behind: true,
        ..colours.clone()
    };
    for encoding in [plain, restarts, colours, separate] {
        let samples = some_samples(99 * encoding.components, encoding.precision);
        let frame = encoding.encode(&samples);
        for length in 0..frame.len() {
            look_at(&frame[..length], &encoding);
        }
        let mut state = 1u32;
        for _ in 0..700 {
            let mut changed = frame.clone();
            for _ in 0..1 + state % 3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                changed[(state >> 8) as usize % frame.len()] ^= 1 << (state >> 29);
            }
            look_at(&changed, &encoding);
        }
    }
}
