//! Headers of JPEG-LS frames: what they say of the samples, and what they must not say.

use super::*;
use crate::codec::fault_of;
use crate::error::{Family, FrameFault};

/// A segment with its marker and length.
fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&[0xFF, marker], &length[..], body].concat()
}

#[rustfmt::skip]
const FRAME_HEADER: [u8; 12] = [
    12, // precision
    0, 5, // lines
    1, 2, // samples of a line
    2, // components:
    7, 0x11, 0, // identifier, sampling factors, no table
    8, 0x11, 0,
];
#[rustfmt::skip]
const SCAN_HEADER: [u8; 8] = [
    2, // components:
    8, 0, // identifier, mapping table
    7, 0,
    3, // NEAR
    2, // ILV: by sample
    0, // no point transform
];

/// `bytes` with another value at `index`.
fn with<const N: usize>(mut bytes: [u8; N], index: usize, value: u8) -> Vec<u8> {
    bytes[index] = value;
    bytes.to_vec()
}

fn frame(segments: &[Vec<u8>]) -> Vec<u8> {
    [&[0xFF, marker::SOI], &segments.concat()[..]].concat()
}

#[test]
fn headers_are_read() {
    #[rustfmt::skip]
    let preset = [
        1, // the type: parameters
        0x0F, 0xFF, // MAXVAL
        0, 3, 0, 7, 1, 0, // T1, T2, T3
        0, 64, // RESET
    ];
    let bytes = frame(&[
        segment(marker::LSE, &preset),
        segment(marker::DRI, &[1, 2]),
        segment(marker::APP8, b"mrfx\x02"),
        segment(marker::SOF55, &FRAME_HEADER),
        segment(marker::SOS, &SCAN_HEADER),
        vec![9, 9],
    ]);
    let mut headers = Headers::new(&bytes).unwrap();
    let (header, scan) = headers.next_scan().unwrap();
    assert_eq!((header.precision, header.rows, header.columns), (12, 5, 258));
    assert_eq!(header.component_count(), 2);
    assert_eq!((scan.components, scan.near), (vec![1, 0], 3));
    assert_eq!(scan.interleave, Interleave::Sample);
    let expected = Preset { max_value: 4095, thresholds: [3, 7, 256], reset: 64 };
    assert_eq!(headers.preset, expected);
    assert_eq!((headers.restart_interval, headers.transform), (258, ColourTransform::Hp2));
    assert_eq!((scan.offset, headers.position()), (bytes.len() - 14, bytes.len() - 2));
    assert_eq!(headers.rest(), [9, 9]);
    headers.skip(1);
    assert_eq!(headers.rest(), [9]);
    headers.skip(9);
    assert_eq!(headers.rest(), []);
}

#[test]
fn sizes_may_stand_elsewhere() {
    let none = [&[12, 0, 0, 0, 0][..], &FRAME_HEADER[5..]].concat();
    let of = |segments: &[Vec<u8>]| {
        Headers::new(&frame(segments))
            .unwrap()
            .next_scan()
            .map(|(header, _)| (header.rows, header.columns))
    };
    let (sof, sos) = (segment(marker::SOF55, &none), segment(marker::SOS, &SCAN_HEADER));
    // In LSE of type 4, of 2 to 4 bytes each.
    let wide = segment(marker::LSE, &[4, 3, 1, 0, 2, 0, 1, 3]);
    assert_eq!(of(&[sof.clone(), wide.clone(), sos.clone()]).unwrap(), (0x1_0002, 0x103));
    // The lines in DNL, after the first scan and its restarts.
    let data = vec![1, 0xFF, 0x7F, 0xFF, 0xD0, 2];
    let dnl = segment(marker::DNL, &[0, 9]);
    let (found, _) = of(&[sof.clone(), sos.clone(), data.clone(), dnl]).unwrap();
    assert_eq!(found, 9);
    let fault = |segments: &[Vec<u8>]| fault_of(&of(segments).unwrap_err());
    let missing = (Some(2 + 16), FrameFault::from(JpegLsFault::NoLineCount));
    assert_eq!(fault(&[sof.clone(), sos.clone(), data.clone()]), missing);
    let other = segment(marker::DRI, &[0, 9]);
    assert_eq!(fault(&[sof, sos.clone(), data, other]), missing);
    let early = (Some(2), JpegLsFault::SizeBeforeFrameHeader.into());
    assert_eq!(fault(&[wide, sos]), early);
}

#[test]
fn impossible_headers_are_refused() {
    let length = |marker, length| JpegLsFault::SegmentLength { marker, length };
    let cut_short =
        |length, available| JpegLsFault::SegmentCutShort { marker: marker::DRI, length, available };
    for (segments, fault) in [
        (vec![vec![7]], JpegLsFault::MarkerExpected { found: 7 }),
        (vec![vec![0xFF, 0]], JpegLsFault::MarkerExpected { found: 0 }),
        (vec![vec![0xFF, marker::DRI, 0]], cut_short(0, 1)),
        (vec![vec![0xFF, marker::DRI, 0, 1]], cut_short(1, 2)),
        (vec![vec![0xFF, marker::DRI, 0, 4, 0]], cut_short(4, 3)),
        (vec![segment(marker::DRI, &[1])], length(marker::DRI, 3)),
        (vec![segment(marker::DRI, &[1, 2, 3, 4, 5])], length(marker::DRI, 7)),
        (vec![segment(marker::LSE, &[1, 0, 0])], length(marker::LSE, 5)),
        (vec![segment(marker::LSE, &[])], length(marker::LSE, 2)),
        (vec![segment(marker::LSE, &[4, 5, 0, 0])], length(marker::LSE, 6)),
        (vec![segment(marker::LSE, &[0, 5])], length(marker::LSE, 4)),
        (vec![segment(0xC3, &[])], JpegLsFault::OtherProcess { marker: 0xC3 }),
        (vec![segment(marker::SOS, &SCAN_HEADER)], JpegLsFault::NoFrameHeader),
        (vec![vec![0xFF, marker::EOI]], JpegLsFault::MissingComponents),
        (vec![], JpegLsFault::MissingComponents),
        (vec![segment(marker::SOF55, &FRAME_HEADER[..5])], length(marker::SOF55, 7)),
        (vec![segment(marker::SOF55, &FRAME_HEADER[..11])], length(marker::SOF55, 13)),
        (vec![segment(marker::SOF55, &with(FRAME_HEADER, 5, 3))], length(marker::SOF55, 14)),
        (vec![segment(marker::SOF55, &[8, 0, 1, 0, 1, 0])], length(marker::SOF55, 8)),
        (
            vec![segment(marker::SOF55, &with(FRAME_HEADER, 0, 1))],
            JpegLsFault::Precision { bits: 1 },
        ),
        (
            vec![segment(marker::SOF55, &with(FRAME_HEADER, 0, 17))],
            JpegLsFault::Precision { bits: 17 },
        ),
    ] {
        let bytes = frame(&segments);
        let error = Headers::new(&bytes).unwrap().next_scan().unwrap_err();
        assert_eq!(fault_of(&error), (Some(2), fault.into()), "{segments:X?}");
    }
    for bytes in [&[][..], &[0xFF], &[0xFF, 0xD9]] {
        let error = Headers::new(bytes).unwrap_err();
        assert_eq!(fault_of(&error), (Some(0), JpegLsFault::NoStartOfImage.into()));
    }
}

#[test]
fn scans_that_contradict_the_frame_are_refused() {
    let length = |length| JpegLsFault::SegmentLength { marker: marker::SOS, length };
    let scan = |body: &[u8]| segment(marker::SOS, body);
    let mode = |mode, components| JpegLsFault::Interleave { mode, components };
    let start = 2 + 4 + FRAME_HEADER.len() as u64;
    for (second, fault) in [
        (segment(marker::SOF55, &FRAME_HEADER), JpegLsFault::SecondFrameHeader),
        (scan(&SCAN_HEADER[..3]), length(5)),
        (scan(&SCAN_HEADER[..7]), length(9)),
        (scan(&with(SCAN_HEADER, 0, 3)), length(10)),
        (scan(&[0, 0, 0, 0]), length(6)),
        (scan(&[&[5][..], &[7, 0].repeat(5), &[0; 3]].concat()), length(16)),
        (scan(&with(SCAN_HEADER, 1, 9)), JpegLsFault::UnknownComponent { id: 9 }),
        (scan(&with(SCAN_HEADER, 3, 8)), JpegLsFault::UnknownComponent { id: 8 }),
        (scan(&with(SCAN_HEADER, 6, 0)), mode(0, 2)),
        (scan(&with(SCAN_HEADER, 6, 3)), mode(3, 2)),
        (scan(&[1, 7, 0, 0, 3, 0]), mode(3, 1)),
    ] {
        let bytes = frame(&[segment(marker::SOF55, &FRAME_HEADER), second]);
        let error = Headers::new(&bytes).unwrap().next_scan().unwrap_err();
        assert_eq!(fault_of(&error), (Some(start), fault.into()));
    }
}

#[test]
fn what_is_not_read_is_unsupported() {
    let after = |second: Vec<u8>| frame(&[segment(marker::SOF55, &FRAME_HEADER), second]);
    for bytes in [
        frame(&[segment(marker::SOF57, &[])]),
        frame(&[segment(marker::SOF55, &with(FRAME_HEADER, 10, 0x22))]),
        frame(&[segment(marker::LSE, &[5])]),
        frame(&[segment(marker::APP8, b"mrfx\x04")]),
        after(segment(marker::SOS, &with(SCAN_HEADER, 2, 1))),
        after(segment(marker::SOS, &with(SCAN_HEADER, 7, 0x01))),
    ] {
        let error = Headers::new(&bytes).unwrap().next_scan().unwrap_err();
        assert_eq!(error.family(), Family::Unsupported, "{bytes:X?}");
    }
    // Bits above the point transform, other segments, and other interleave modes of one component.
    for second in [
        segment(marker::SOS, &with(SCAN_HEADER, 7, 0x10)),
        [segment(marker::LSE, &[2]), segment(marker::SOS, &SCAN_HEADER)].concat(),
        [segment(marker::APP8, b"other"), segment(marker::SOS, &SCAN_HEADER)].concat(),
        segment(marker::SOS, &[1, 7, 0, 0, 2, 0]),
        segment(marker::SOS, &with(SCAN_HEADER, 6, 1)),
    ] {
        assert!(Headers::new(&after(second)).unwrap().next_scan().is_ok());
    }
}
