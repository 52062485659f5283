//! JPEG 2000 and HTJ2K against frames of other encoders (`tests/data/codecs/README.md`), whose
//! samples are calculated here again.

use rapidicom_core::codec::Jpeg2000;
use rapidicom_core::codec::{
    Codec, CodedColour, CodedImage, DecodeOptions, Decoded, RowSink, Samples, Target,
};
use rapidicom_core::{Family, Result};

use super::{Kept, decode, image};

const ROWS: usize = 40;
const COLUMNS: usize = 33;

/// The image that every frame was made of.
fn expected(samples_per_pixel: usize, bits: u32, is_signed: bool, is_ramp: bool) -> Vec<i64> {
    let mut samples = Vec::new();
    for row in 0..ROWS as i64 {
        for column in 0..COLUMNS as i64 {
            for sample in 0..samples_per_pixel as i64 {
                let noise = (row * row * 7 + column * 13 * (row + 1) + sample * 5) % 11;
                let smooth = (row * 3 + column * 2 + sample * 17) << bits.saturating_sub(8);
                let value = (smooth + if is_ramp { 0 } else { noise }) & ((1 << bits) - 1);
                samples.push(if is_signed { value - (1 << (bits - 1)) } else { value });
            }
        }
    }
    samples
}

macro_rules! frame {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../data/codecs/jpeg_2000_", $name)).as_slice())
    };
}

type Frame = (&'static str, &'static [u8]);

/// Frames without loss: samples a pixel, bits, and whether they are signed.
const LOSSLESS: [(Frame, usize, u32, bool); 14] = [
    (frame!("gray_1.j2k"), 1, 1, false),
    (frame!("gray_8.j2k"), 1, 8, false),
    (frame!("signed_12.j2k"), 1, 12, true),
    (frame!("signed_16.j2k"), 1, 16, true),
    (frame!("unsigned_16.j2k"), 1, 16, false),
    (frame!("rgb_rct.j2k"), 3, 8, false),
    (frame!("tiles.j2k"), 1, 12, true),
    (frame!("file.jp2"), 3, 8, false),
    (frame!("styles.j2k"), 3, 12, false),
    (frame!("bypass.j2k"), 1, 16, true),
    (frame!("region.j2k"), 1, 8, false),
    (frame!("ht_signed_16.j2k"), 1, 16, true),
    (frame!("ht_rgb.j2k"), 3, 8, false),
    (frame!("ht_tiles.j2k"), 1, 16, false),
];

const LOSSY: [(Frame, usize); 2] = [(frame!("rgb_ict.j2k"), 3), (frame!("ht_lossy.j2k"), 1)];

fn bits_allocated(bits: u32) -> u32 {
    if bits > 8 { 16 } else { 8 }
}

#[test]
fn frames_without_loss_are_exact() {
    for ((name, frame), samples_per_pixel, bits, is_signed) in LOSSLESS {
        let image = image(ROWS, COLUMNS, samples_per_pixel, bits_allocated(bits));
        let (samples, is_whole) = decode(&Jpeg2000, frame, &image).unwrap();
        assert!(is_whole, "{name}");
        assert!(samples == expected(samples_per_pixel, bits, is_signed, false), "{name}");
    }
}

#[test]
fn frames_with_loss_are_near() {
    for ((name, frame), samples_per_pixel) in LOSSY {
        let (samples, is_whole) =
            decode(&Jpeg2000, frame, &image(ROWS, COLUMNS, samples_per_pixel, 8)).unwrap();
        assert!(is_whole, "{name}");
        let expected = expected(samples_per_pixel, 8, false, true);
        let pairs = samples.iter().zip(&expected);
        assert!(pairs.clone().all(|(found, expected)| (found - expected).abs() <= 3), "{name}");
        assert_eq!(samples.len(), expected.len(), "{name}");
    }
}

/// Keeps what the codestream says.
#[derive(Default)]
struct Said(Option<CodedImage>, Kept);

impl RowSink for Said {
    fn begin(&mut self, coded: &CodedImage) -> Result<()> {
        self.0 = Some(*coded);
        Ok(())
    }

    fn rows(&mut self, samples: Samples<'_>) -> Result<()> {
        self.1.rows(samples)
    }
}

/// What the codestream says, the samples of a frame, and whether all were coded.
fn decode_reduced(
    frame: &[u8],
    samples_per_pixel: usize,
    bits: u32,
    reduce: u32,
) -> Result<(CodedImage, Vec<i64>, bool)> {
    let (image, mut said) =
        (image(ROWS, COLUMNS, samples_per_pixel, bits_allocated(bits)), Said::default());
    let mut target = Target::new(&image, DecodeOptions { reduce, area: None }, &mut said);
    let decoded = Jpeg2000.decode(frame, &mut target)?;
    assert!(target.is_full());
    Ok((said.0.unwrap(), said.1.0, matches!(decoded, Decoded::Whole)))
}

#[test]
fn sign_precision_and_colour_are_those_of_the_codestream() {
    for ((name, frame), samples_per_pixel, bits, is_signed) in LOSSLESS {
        let (coded, _, _) = decode_reduced(frame, samples_per_pixel, bits, 0).unwrap();
        assert_eq!((coded.precision, coded.is_signed), (bits, is_signed), "{name}");
        let is_transformed = ["rgb_rct.j2k", "file.jp2", "ht_rgb.j2k"].contains(&name);
        assert_eq!(coded.colour == CodedColour::Rgb, is_transformed, "{name}");
    }
}

#[test]
fn a_reduced_frame_has_every_second_sample_or_fourth() {
    for ((name, frame), samples_per_pixel) in LOSSY {
        let whole = expected(samples_per_pixel, 8, false, true);
        for reduce in [1, 2] {
            let (_, samples, is_whole) =
                decode_reduced(frame, samples_per_pixel, 8, reduce).unwrap();
            assert!(is_whole, "{name}");
            let step = 1 << reduce;
            let mut samples = samples.iter();
            for row in (0..ROWS).step_by(step) {
                for column in (0..COLUMNS).step_by(step) {
                    for sample in 0..samples_per_pixel {
                        let near = whole[(row * COLUMNS + column) * samples_per_pixel + sample];
                        let found = samples.next().unwrap();
                        assert!(
                            (found - near).abs() <= 9,
                            "{name} {row} {column}: {found}, not {near}"
                        );
                    }
                }
            }
            assert_eq!(samples.next(), None, "{name}");
        }
    }
    for ((name, frame), samples_per_pixel, bits, _) in LOSSLESS {
        let error = decode_reduced(frame, samples_per_pixel, bits, 40).unwrap_err();
        assert_eq!(error.family(), Family::Argument, "{name}: {error}");
    }
    let error = decode_reduced(LOSSLESS[1].0.1, 1, 8, 6).unwrap_err();
    assert!(error.to_string().contains("reduce=6, but the frame is coded in 5 levels"), "{error}");
}

#[test]
fn a_frame_may_lack_its_end_marker_and_have_padding() {
    for ((name, frame), samples_per_pixel, bits, is_signed) in LOSSLESS {
        let image = image(ROWS, COLUMNS, samples_per_pixel, bits_allocated(bits));
        let expected = expected(samples_per_pixel, bits, is_signed, false);
        for (changed, how) in
            [(frame[..frame.len() - 2].to_vec(), "cut"), ([frame, &[0, 0]].concat(), "padded")]
        {
            let (samples, is_whole) = decode(&Jpeg2000, &changed, &image).unwrap();
            assert!(is_whole && samples == expected, "{name}, {how}");
        }
    }
}

#[test]
fn a_frame_that_is_cut_short_is_never_whole() {
    for ((name, frame), samples_per_pixel, bits, is_signed) in LOSSLESS {
        let image = image(ROWS, COLUMNS, samples_per_pixel, bits_allocated(bits));
        let expected = expected(samples_per_pixel, bits, is_signed, false);
        let mut partial_count = 0;
        // The last bytes one by one: among them are those that are not missed.
        let lengths =
            (0..frame.len()).filter(|length| length % 11 == 0 || length + 24 > frame.len());
        for length in lengths {
            match decode(&Jpeg2000, &frame[..length], &image) {
                Ok((samples, true)) => {
                    assert!(samples == expected, "{name}, {length} bytes of {}", frame.len())
                }
                Ok((_, false)) => partial_count += 1,
                Err(_) => {}
            }
        }
        assert!(partial_count > 10, "{name}");
    }
}

#[test]
fn damage_is_an_error_or_gives_all_rows() {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    for ((name, frame), samples_per_pixel, bits, _) in LOSSLESS {
        let image = image(ROWS, COLUMNS, samples_per_pixel, bits_allocated(bits));
        for number in 0..100 {
            let mut changed = frame.to_vec();
            // Headers are hit as often as all else.
            let range = if number % 2 == 0 { changed.len() } else { 140.min(changed.len()) };
            for _ in 0..1 + random() % 3 {
                changed[random() % range] ^= 1 << (random() % 8);
            }
            if let Ok((samples, true)) = decode(&Jpeg2000, &changed, &image) {
                assert_eq!(samples.len(), ROWS * COLUMNS * samples_per_pixel, "{name}");
            }
        }
    }
}

/// A frame with bytes replaced, and the message that it gives.
fn message(frame: &[u8], changes: &[(usize, &[u8])]) -> (Family, String) {
    let mut changed = frame.to_vec();
    for (at, bytes) in changes {
        changed[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    let error = decode(&Jpeg2000, &changed, &image(ROWS, COLUMNS, 1, 8)).unwrap_err();
    (error.family(), error.to_string())
}

#[test]
fn what_cannot_be_or_is_not_read_is_said() {
    let gray = LOSSLESS[1].0.1;
    type Change<'a> = (usize, &'a [u8]);
    let cases: [(&[Change<'_>], Family, &str); 7] = [
        (
            &[(0, b"nothing")],
            Family::Invalid,
            "byte 0 of the frame: neither a codestream nor a JP2 file",
        ),
        (&[(8, &34u32.to_be_bytes())], Family::Invalid, "but the data set says 40, 33 and 1"),
        (&[(24, &[0, 0, 0, 1, 0, 0, 0, 1])], Family::Invalid, "1320 tiles for 1320 pixels"),
        (&[(24, &[0, 0, 0, 0])], Family::Invalid, "tiles of 0 by 40 from column 0"),
        (&[(40, &[0, 2])], Family::Invalid, "needs 6 more bytes, but has 3"),
        (&[(42, &[20])], Family::Invalid, "its samples have 21 bits, but the data set allocates 8"),
        // Half of the columns: the width of the only component is that of the image.
        (&[(43, &[2])], Family::Invalid, "but the data set says 40, 33 and 1"),
    ];
    for (changes, family, why) in cases {
        let (found, message) = message(gray, changes);
        assert!(found == family && message.contains(why), "{message}");
    }
}

#[test]
fn a_delimiter_in_the_place_of_the_width_hides_nothing() {
    let gray = LOSSLESS[1].0.1;
    let mut changed = gray.to_vec();
    changed[6..10].copy_from_slice(&[0xFE, 0xFF, 0xDD, 0xE0]);
    let image = image(ROWS, COLUMNS, 1, 8);
    assert_eq!(
        decode(&Jpeg2000, &changed, &image).unwrap(),
        decode(&Jpeg2000, gray, &image).unwrap()
    );
}

#[test]
fn pieces_that_no_bytes_are_there_for_are_refused() {
    let size = 16_000u32.to_be_bytes();
    let zero = [0; 4];
    let mut frame = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
    for number in [size, size, zero, zero, size, size, zero, zero] {
        frame.extend(number);
    }
    // One component of 8 bits.
    frame.extend([0, 1, 7, 1, 1]);
    // No levels, code-blocks of 4 x 4, precincts of 8 x 8, the reversible wavelet.
    frame.extend([0xFF, 0x52, 0, 13, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0x33]);
    frame.extend([0xFF, 0x5C, 0, 4, 0x40, 0x40]);
    frame.extend([0xFF, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0x93]);
    frame.extend([0; 100]);
    let error = decode(&Jpeg2000, &frame, &image(16_000, 16_000, 1, 8)).unwrap_err();
    assert!(error.to_string().contains("more precincts or code-blocks"), "{error}");
}

#[test]
fn a_file_may_say_wrong_things_around_its_codestream() {
    let (_, file) = LOSSLESS[7].0;
    let expected = expected(3, 8, false, false);
    let start = file.windows(4).position(|bytes| bytes == b"jp2c").unwrap();
    let mut changed = file.to_vec();
    changed[start - 4..start].copy_from_slice(&9u32.to_be_bytes());
    let image = image(ROWS, COLUMNS, 3, 8);
    assert!(
        decode(&Jpeg2000, &changed, &image).is_err(),
        "a box that is too short for a codestream"
    );
    changed[start - 4..start].copy_from_slice(&0u32.to_be_bytes());
    assert_eq!(
        decode(&Jpeg2000, &changed, &image).unwrap(),
        (expected, true),
        "a box that ends with the file"
    );
    let colour = file.windows(4).position(|bytes| bytes == b"colr").unwrap();
    changed[colour..colour + 4].copy_from_slice(b"pclr");
    assert_eq!(
        decode(&Jpeg2000, &changed, &image).unwrap_err().family(),
        Family::Unsupported,
        "a palette"
    );
}
