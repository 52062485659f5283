//! Frames through their codecs: arrays, damage, colours, and what is refused before it is read.

use super::*;
use crate::dataset::FileBytes;
use crate::encapsulation::Fragment;
use crate::image_description::SampleType;
use crate::pixel::read::Wanted;
use crate::pixel::rescale::Rescale;
use crate::pixel::synthetic::{self, in_memory};
use crate::transfer_syntax;

/// An RLE Lossless frame of two pixels of 8 bits: one segment, a literal run.
fn rle(pixels: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 64];
    (frame[0], frame[4]) = (1, 64);
    frame.push(pixels.len() as u8 - 1);
    frame.extend(pixels);
    frame
}

/// A deflated frame of these bytes, as they are (RFC 1951 §3.2.4).
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u16;
    [&[1], &length.to_le_bytes()[..], &(!length).to_le_bytes(), bytes].concat()
}

fn image(frame_count: u64) -> ImageDescription {
    ImageDescription { frame_count, ..synthetic::description(8, 8, false) }
}

/// An image whose items these are, in memory.
fn pixels(
    frame_count: u64,
    coding: Coding,
    fragments: &[&[u8]],
) -> (EncapsulatedPixels, FileBytes) {
    let item = |value: &&[u8]| {
        let length = (value.len() as u32).to_le_bytes();
        [&[0xFE, 0xFF, 0x00, 0xE0], &length[..], value].concat()
    };
    let empty: &[u8] = &[];
    let file: Vec<u8> = [empty].iter().chain(fragments).flat_map(item).collect();
    let syntax = transfer_syntax::ALL.iter().find(|syntax| syntax.coding == coding).unwrap();
    let field =
        ValueField { offset: 0, length: file.len() as u64, vr: Vr::OB, order: ByteOrder::Little };
    let pixels =
        EncapsulatedPixels { field, ..EncapsulatedPixels::of_frame(image(frame_count), syntax) };
    (pixels, in_memory(&file))
}

fn decode(
    pixels: &EncapsulatedPixels,
    bytes: &FileBytes,
    range: Range<u64>,
    options: &FrameOptions,
    length: usize,
) -> Result<(Vec<u8>, Vec<String>)> {
    let open = OpenBytes::new(bytes)?;
    let frames = pixels.frames(&open)?;
    let mut out = vec![7; length];
    let workers = Workers::for_computing(Some(2));
    let remarks =
        pixels.decode_frames(&frames, range, &open, options, &mut out, workers, &mut |_| true)?;
    let sentence = |remark: Remark| match remark {
        Remark::Damaged(error) => error.what(),
        Remark::Odd(error) => format!("odd: {}", error.what()),
    };
    Ok((out, remarks.into_iter().map(sentence).collect()))
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> String {
    format!("{:?}", result.unwrap_err().kind())
}

#[test]
fn frames_are_decoded_one_behind_the_other() {
    let stored = FrameOptions::default();
    let (frames, bytes) = pixels(3, Coding::Rle, &[&rle(&[1, 2]), &rle(&[3, 4]), &rle(&[5, 6])]);
    let decoded = |range, length| decode(&frames, &bytes, range, &stored, length).unwrap();
    assert_eq!(decoded(0..3, 6), (vec![1, 2, 3, 4, 5, 6], vec![]));
    assert_eq!(decoded(1..2, 2), (vec![3, 4], vec![]));
    assert_eq!(decoded(3..3, 0), (vec![], vec![]));

    let rescale = Rescale { slope: 3.0, intercept: 1.0 };
    let wanted = Wanted { rescale, sample_type: SampleType::U16 };
    let options = FrameOptions { wanted: Some(wanted), ..stored };
    let found = decode(&frames, &bytes, 1..3, &options, 8).unwrap();
    let expected: Vec<u8> =
        [10u16, 13, 16, 19].iter().flat_map(|word| word.to_ne_bytes()).collect();
    assert_eq!(found, (expected, vec![]));
}

#[test]
fn frames_and_arrays_that_are_not_there_are_refused() {
    let options = FrameOptions::default();
    let (frames, bytes) = pixels(2, Coding::Rle, &[&rle(&[1, 2]), &rle(&[3, 4])]);
    let refused = |range, length| kind(decode(&frames, &bytes, range, &options, length));
    assert_eq!(refused(1..3, 4), "FrameIndex { index: 2, count: 2 }");
    assert_eq!(refused(5..6, 2), "FrameIndex { index: 5, count: 2 }");
    assert_eq!(refused(0..2, 1), "Request(ArrayFrames { length: 1, frame_count: 2 })");
    assert_eq!(
        refused(0..1, 3),
        "Request(ArrayLength { length: 3, frame_count: 1, frame_length: 2 })"
    );
    // Number of Frames says 3.
    let jpeg_starts: &[u8] = &[0xFF, 0xD8, 0xFF, 0];
    let (frames, bytes) = pixels(3, Coding::Jpeg, &[jpeg_starts, jpeg_starts]);
    let error = decode(&frames, &bytes, 0..3, &options, 6).unwrap_err();
    assert_eq!(
        (format!("{:?}", error.kind()).as_str(), error.frame_index()),
        ("Image(FramesMissing { expected: 3, found: 2 })", Some(2))
    );
}

#[test]
fn damage_is_an_error_or_told_with_what_there_is() {
    let options = FrameOptions::default();
    let mut short = rle(&[5, 6]);
    short.extend([9, 9, 9]);
    let (mut frames, bytes) = pixels(3, Coding::Rle, &[&rle(&[1, 2]), &short, &rle(&[3, 4])]);
    let error = decode(&frames, &bytes, 0..3, &options, 6).unwrap_err();
    let place = (error.frame_index(), error.tag(), error.offset());
    // The second fragment: after the table, the first one of 67 bytes and its header, and its own.
    assert_eq!(place, (Some(1), Some(crate::tag::Tag::PIXEL_DATA), Some(8 + 8 + 67 + 8)));

    frames.is_damage_allowed = true;
    let (out, damage) = decode(&frames, &bytes, 0..3, &options, 6).unwrap();
    assert_eq!(out, [1, 2, 5, 6, 3, 4]);
    assert_eq!(damage.len(), 1);
    assert!(damage[0].contains("frame 1") && damage[0].contains("segment 1 goes on"), "{damage:?}");
}

#[test]
fn frames_that_the_file_cuts_short_are_damaged() {
    let options = FrameOptions::default();
    let (mut frames, bytes) = pixels(1, Coding::Uncompressed, &[&[1, 2]]);
    frames.field.length -= 1;
    assert_eq!(
        kind(decode(&frames, &bytes, 0..1, &options, 2)),
        "ValueCutShort { needed: 2, available: 1 }"
    );
    frames.is_damage_allowed = true;
    let (out, damage) = decode(&frames, &bytes, 0..1, &options, 2).unwrap();
    assert_eq!((out, damage.len()), (vec![1, 0], 1));
    assert!(damage[0].contains("need 2 bytes, but there are 1"), "{damage:?}");
}

#[test]
fn frames_that_are_not_coded_have_the_bytes_of_native_ones() {
    let bytes = |coding, frame: &[u8]| {
        let syntax = transfer_syntax::ALL.iter().find(|syntax| syntax.coding == coding).unwrap();
        let frames = EncapsulatedPixels::of_frame(image(1), syntax);
        let mut out = vec![7; 2];
        let (options, mut scratch) = (FrameOptions::default(), FrameScratch::default());
        frames.decode_bytes(frame, &options, &mut scratch, &mut out).map(|()| out)
    };
    let plain = |frame: &[u8]| bytes(Coding::Uncompressed, frame);
    let inflated = |frame: &[u8]| bytes(Coding::Deflated, &deflated(frame));
    assert_eq!(plain(&[1, 2]).unwrap(), [1, 2]);
    assert_eq!(plain(&[1, 2, 0]).unwrap(), [1, 2], "padding");
    assert_eq!(kind(plain(&[1, 2, 0, 0])), "Image(FrameLength { found: 4, expected: 2 })");
    assert_eq!(kind(plain(&[1])), "PixelsCutShort { needed: 2, available: 1 }");
    assert_eq!(inflated(&[1, 2]).unwrap(), [1, 2]);
    assert_eq!(kind(inflated(&[1])), "PixelsCutShort { needed: 2, available: 1 }");
    let mut cut = deflated(&[1, 2]);
    cut[0] = 0; // not the last block, but no other follows
    assert_eq!(kind(bytes(Coding::Deflated, &cut)), "DeflatedCutShort");
}

#[test]
fn colours_that_cannot_become_rgb_are_refused() {
    let syntax = transfer_syntax::find("1.2.840.10008.1.2.1.98").unwrap();
    let four = ImageDescription { samples_per_pixel: 4, ..synthetic::colour("YBR_FULL", false) };
    let frames = EncapsulatedPixels::of_frame(four, syntax);
    let decode = |is_raw| {
        let (options, mut scratch) =
            (FrameOptions { is_raw, ..FrameOptions::default() }, FrameScratch::default());
        frames.decode_bytes(&[1; 8], &options, &mut scratch, &mut [0; 8])
    };
    assert!(decode(true).is_ok());
    assert!(matches!(decode(false).unwrap_err().kind(), ErrorKind::Unsupported { .. }));
}

#[test]
fn codings_without_a_codec_are_not_readable() {
    for (coding, expected) in [
        (Coding::Rle, None),
        (Coding::Jpeg, None),
        (Coding::Deflated, None),
        (Coding::Uncompressed, None),
        // Their fragments have to say how they are written.
        (Coding::Native, None),
        (Coding::Referenced, None),
        (Coding::NoPixels, None),
        (Coding::RetiredJpeg, Some("1.2.840.10008.1.2.4.52")),
        (Coding::Video, Some("1.2.840.10008.1.2.4.100")),
    ] {
        let (frames, _) = pixels(1, coding, &[]);
        let error = frames.check_readable().err();
        let coded = error.as_ref().and_then(|error| match error.kind() {
            ErrorKind::Unsupported { coded, .. } => Some(coded.as_str()),
            _ => None,
        });
        assert_eq!(coded, expected, "{coding:?}");
    }
}

#[test]
fn fragments_under_a_native_transfer_syntax_say_themselves_what_they_are() {
    let options = FrameOptions::default();
    let (frames, bytes) = pixels(1, Coding::Native, &[&[0xFF, 0x4F, 0xFF, 0x51]]);
    let error = decode(&frames, &bytes, 0..1, &options, 2).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidFrame { codec: "JPEG 2000", .. }), "{error}");
    let (frames, bytes) = pixels(1, Coding::Native, &[&[1, 2]]);
    let error = decode(&frames, &bytes, 0..1, &options, 2).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error}");
}

#[test]
fn frames_that_would_be_too_large_are_refused_first() {
    let (mut frames, bytes) = pixels(1, Coding::Uncompressed, &[&[1, 2]]);
    let plain =
        |frames: &EncapsulatedPixels| decode(frames, &bytes, 0..1, &FrameOptions::default(), 2);
    frames.limits = Limits { decoded_bytes: 1, decoded_ratio: 1, ..Limits::DEFAULT };
    assert!(plain(&frames).is_ok());
    frames.limits.decoded_ratio = 0;
    assert_eq!(kind(plain(&frames)), "DecodedTooLong { limit: 1 }");
    let options = FrameOptions {
        decode: codec::DecodeOptions { reduce: 1, area: None },
        ..FrameOptions::default()
    };
    frames.limits = Limits::DEFAULT;
    let refused = decode(&frames, &bytes, 0..1, &options, 2);
    assert_eq!(kind(refused), "Request(Resolution { reduce: 1 })");
}

#[test]
fn damaged_items_are_told_with_their_element() {
    let (frames, bytes) = pixels(1, Coding::Rle, &[]);
    let error = frames.frames(&OpenBytes::new(&bytes).unwrap()).unwrap_err();
    assert_eq!((error.tag(), error.offset()), (Some(crate::tag::Tag::PIXEL_DATA), Some(0)));
    let fragment = Fragment { offset: 16, length: 2 };
    let (frames, bytes) = pixels(1, Coding::Rle, &[&[1, 2]]);
    let found = frames.frames(&OpenBytes::new(&bytes).unwrap()).unwrap();
    assert_eq!(found.fragments(0), [fragment]);
}
