//! Native pixels of any layout and byte order: nothing panics, and frames one by one are the frames
//! of the whole.

use std::sync::Arc;

use proptest::prelude::*;
use rapidicom_core::pixel::{NativePixels, ValueField, read_frames, read_overlay_bits};
use rapidicom_core::{ByteOrder, FileBytes, ImageDescription, PixelElement, Source, Vr};

/// A layout, and random bytes that may be too few for it.
fn images() -> impl Strategy<Value = (ImageDescription, ValueField, Vec<u8>)> {
    let sizes = (1usize..6, 1usize..10, prop::sample::select(vec![1usize, 3]), 1u64..6);
    let bits = prop::sample::select(vec![1u32, 8, 12, 16, 32, 64]);
    let bits = (bits, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>());
    let colours = (any::<bool>(), prop::sample::select(vec!["RGB", "YBR_FULL", "YBR_FULL_422"]));
    let field = (any::<bool>(), prop::sample::select(vec![Vr::OB, Vr::OW]), 0u64..9);
    let bytes = prop::collection::vec(any::<u8>(), 0..4000);
    (sizes, bits, colours, field, bytes).prop_map(|(sizes, bits, colours, field, bytes)| {
        let (rows, columns, samples_per_pixel, frame_count) = sizes;
        let bits_stored = 1 + bits.1.index(bits.0 as usize) as u32;
        let description = ImageDescription {
            rows,
            columns,
            samples_per_pixel,
            frame_count,
            pixel_element: PixelElement::PixelData,
            bits_allocated: bits.0,
            bits_stored,
            high_bit: bits_stored - 1 + bits.2.index((bits.0 - bits_stored + 1) as usize) as u32,
            is_signed: bits.3,
            is_planar: Some(colours.0 && samples_per_pixel > 1),
            photometric_interpretation: if samples_per_pixel == 1 {
                "MONOCHROME2"
            } else {
                colours.1
            }
            .to_owned(),
        };
        let order = if field.0 { ByteOrder::Big } else { ByteOrder::Little };
        let offset = field.2.min(bytes.len() as u64);
        let field = ValueField { offset, length: bytes.len() as u64 - offset, vr: field.1, order };
        (description, field, bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn frames_one_by_one_are_those_of_the_whole(
        (description, field, bytes) in images(),
        raw in any::<bool>(),
    ) {
        let Ok(mut pixels) = NativePixels::new(description, field) else { return Ok(()) };
        pixels.description.frame_count = pixels.whole_frame_count();
        let bytes = FileBytes::new(Source::Memory(Arc::new(bytes)), Vec::new());
        let (length, count) = (pixels.description.frame_length(), pixels.description.frame_count);
        let mut whole = vec![0; length * count as usize];
        let raw = raw || pixels.description.check_colour().is_err();
        read_frames(&pixels, &bytes, 0, count, raw, &mut whole).unwrap();
        for (index, expected) in whole.chunks(length).enumerate() {
            let mut frame = vec![7; length];
            read_frames(&pixels, &bytes, index as u64, 1, raw, &mut frame).unwrap();
            prop_assert_eq!(&frame[..], expected);
        }
        prop_assert!(read_frames(&pixels, &bytes, count, 1, raw, &mut vec![0; length]).is_err());
        let bits = 0..pixels.description.bits_allocated + 1;
        for bit in bits {
            let mut out = vec![0; pixels.description.rows * pixels.description.columns];
            read_overlay_bits(&pixels, &bytes, 0, 1, bit, &mut out).ok();
            prop_assert!(out.iter().all(|bit| *bit < 2));
        }
    }
}
