//! Headers of JPEG frames: what they say of the samples, and what they must not say.

use super::*;
use crate::codec::fault_of;

/// A segment with its marker and length.
fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&[0xFF, marker], &length[..], body].concat()
}

/// A frame of `segments`.
fn frame(segments: &[Vec<u8>]) -> Vec<u8> {
    [&[0xFF, 0xD8], &segments.concat()[..], &[0xFF, 0xD9]].concat()
}

const FRAME_HEADER: [u8; 9] = [
    12, // precision
    0, 5, // lines
    1, 2, // samples of a line
    1, // component:
    7, 0x21, 3, // its identifier, sampling factors and quantization table
];
const SCAN_HEADER: [u8; 6] = [
    1, // component:
    7, 0x12, // its identifier, tables for DC and AC
    6, 63, 0x21, // spectral selection, successive approximation
];

#[test]
fn headers_say_how_samples_are_coded() {
    let quantization = [&[0x12][..], &[1, 2].repeat(64), &[0x00], &[9; 64]].concat();
    let bytes = frame(&[
        segment(APP0, b"JFIF\0\x01\x02"),
        segment(APP14, b"Adobe\0\x64\0\0\0\0\x01"),
        segment(DQT, &quantization),
        segment(0xC1, &FRAME_HEADER),
        segment(DRI, &[1, 0]),
        segment(DHT, &[&[0x11, 1][..], &[0; 15], &[5]].concat()),
        segment(SOS, &SCAN_HEADER),
        vec![0x12, 0x34],
    ]);
    let mut headers = Headers::read("JPEG", &bytes).unwrap();
    let component = Component { id: 7, horizontal: 2, vertical: 1, quantization_table: 3 };
    assert_eq!(headers.frame.components, [component]);
    assert_eq!((headers.frame.sof, headers.frame.precision), (0xC1, 12));
    assert_eq!((headers.frame.rows, headers.frame.columns), (5, 258));
    let scan = headers.next_scan().unwrap().unwrap();
    assert_eq!(scan.components, [ScanComponent { index: 0, dc_table: 1, ac_table: 2 }]);
    assert_eq!((scan.spectral_start, scan.spectral_end), (6, 63));
    assert_eq!((scan.approximation_high, scan.approximation_low), (2, 1));
    let tables = &headers.tables;
    assert!(tables.is_jfif && tables.adobe_transform == Some(1));
    assert_eq!(
        (tables.quantization[0], tables.quantization[2]),
        (Some([9; 64]), Some([0x0102; 64]))
    );
    assert_eq!(tables.restart_interval, 256);
    assert_eq!(tables.ac[1].as_ref().unwrap().highest_symbol(), Some(5));
    assert_eq!(bytes[headers.markers.position()..], [0x12, 0x34, 0xFF, 0xD9]);
    headers.markers.skip_entropy_coded();
    assert_eq!(headers.next_scan().unwrap(), None);
}

#[test]
fn the_number_of_lines_may_follow_the_first_scan() {
    let mut header = FRAME_HEADER;
    header[1..3].fill(0);
    let scan = [segment(SOS, &SCAN_HEADER), vec![0x12, 0xFF, 0, 0xFF, 0xD0, 0x34]].concat();
    let bytes = frame(&[segment(0xC3, &header), scan.clone(), segment(DNL, &[0, 9])]);
    let mut headers = Headers::read("JPEG", &bytes).unwrap();
    assert_eq!(headers.frame.rows, 9);
    assert!(headers.next_scan().unwrap().is_some());
    headers.markers.skip_entropy_coded();
    assert_eq!(headers.next_scan().unwrap(), None);
    let (sof, scan_end) = (segment(0xC3, &header), 15 + scan.len() as u64);
    for (segments, offset, fault) in [
        (vec![sof.clone(), scan.clone()], scan_end, JpegFault::NoLineCount),
        (vec![sof.clone(), scan, segment(DRI, &[0, 9])], scan_end, JpegFault::NoLineCount),
        (vec![sof], 15, JpegFault::NoScan),
    ] {
        let error = Headers::read("JPEG", &frame(&segments)).unwrap_err();
        assert_eq!(fault_of(&error), (Some(offset), fault.into()));
    }
}

/// `bytes` with another value at `index`.
fn changed<const N: usize>(mut bytes: [u8; N], index: usize, value: u8) -> Vec<u8> {
    bytes[index] = value;
    bytes.to_vec()
}

#[test]
fn headers_that_contradict_themselves_are_refused() {
    let length = |length, components| JpegFault::FrameHeaderLength { length, components };
    let factors = |horizontal, vertical| JpegFault::SamplingFactors { horizontal, vertical };
    for (segments, fault) in [
        (vec![segment(0xC3, &FRAME_HEADER[..5])], length(5, 0)),
        (vec![segment(0xC3, &FRAME_HEADER[..8])], length(8, 1)),
        (vec![segment(0xC3, &changed(FRAME_HEADER, 5, 2))], length(9, 2)),
        (vec![segment(0xC3, &[8, 0, 1, 0, 1, 0])], JpegFault::ComponentCount { count: 0 }),
        (
            vec![segment(0xC3, &[&[8, 0, 1, 0, 1, 5][..], &[0; 15]].concat())],
            JpegFault::ComponentCount { count: 5 },
        ),
        (vec![segment(0xC3, &changed(FRAME_HEADER, 7, 0x05))], factors(0, 5)),
        (vec![segment(0xC3, &changed(FRAME_HEADER, 7, 0x50))], factors(5, 0)),
        (vec![segment(0xC3, &changed(FRAME_HEADER, 7, 0x10))], factors(1, 0)),
        (vec![segment(0xC3, &changed(FRAME_HEADER, 7, 0x51))], factors(5, 1)),
        (vec![segment(0xC3, &[8, 0, 1, 0, 0, 1, 1, 0x11, 0])], JpegFault::NoColumns),
        (
            vec![segment(0xC3, &[8, 0, 1, 0, 1, 2, 1, 0x11, 0, 1, 0x11, 0])],
            JpegFault::RepeatedIdentifier { id: 1 },
        ),
        (vec![segment(SOS, &SCAN_HEADER)], JpegFault::ScanBeforeFrameHeader),
        (vec![segment(DNL, &[0, 1])], JpegFault::LinesBeforeScan),
    ] {
        let error = Headers::read("JPEG", &frame(&segments)).unwrap_err();
        assert_eq!(fault_of(&error), (Some(2), fault.into()));
    }
    let error = Headers::read("JPEG", &frame(&[])).unwrap_err();
    assert_eq!(fault_of(&error), (Some(2), JpegFault::NoFrameHeader.into()));
}

#[test]
fn hierarchical_frames_are_not_supported() {
    for marker in [DHP, EXP] {
        let error = Headers::read("JPEG", &frame(&[segment(marker, &[])])).unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::Unsupported { what: "hierarchical JPEG", coded } if coded.is_empty()
        ));
    }
}

#[test]
fn segments_that_contradict_the_frame_header_are_refused() {
    let scan_length = |length, components| JpegFault::ScanHeaderLength { length, components };
    let cut_short = |needed, available| JpegFault::QuantizationCutShort { needed, available };
    let huffman = |table: &[u8]| segment(DHT, table);
    let good_end = 2 + 4 + FRAME_HEADER.len() as u64;
    for (second, fault) in [
        (segment(0xC3, &FRAME_HEADER), JpegFault::SecondFrameHeader),
        (segment(SOS, &[]), scan_length(0, 0)),
        (segment(SOS, &SCAN_HEADER[..3]), scan_length(3, 1)),
        (segment(SOS, &SCAN_HEADER[..5]), scan_length(5, 1)),
        (segment(SOS, &changed(SCAN_HEADER, 0, 2)), scan_length(6, 2)),
        (segment(SOS, &[0, 0, 0, 0]), JpegFault::ComponentCount { count: 0 }),
        (segment(SOS, &changed(SCAN_HEADER, 1, 8)), JpegFault::UnknownComponent { id: 8 }),
        (segment(SOS, &changed(SCAN_HEADER, 2, 0x40)), JpegFault::HuffmanTable { table: 4 }),
        (segment(SOS, &changed(SCAN_HEADER, 2, 0x35)), JpegFault::HuffmanTable { table: 5 }),
        (segment(SOS, &[2, 7, 0, 7, 0, 1, 0, 0]), JpegFault::RepeatedComponent { id: 7 }),
        (segment(DNL, &[0, 4]), JpegFault::LineCount { lines: 4, header: 5 }),
        (segment(DNL, &[0, 0]), JpegFault::NoLines),
        (segment(DNL, &[5]), JpegFault::LineCountLength { length: 1 }),
        (segment(DRI, &[1]), JpegFault::RestartIntervalLength { length: 1 }),
        (segment(DRI, &[1, 2, 3]), JpegFault::RestartIntervalLength { length: 3 }),
        (segment(DQT, &[0; 64]), cut_short(64, 63)),
        (segment(DQT, &[0x10; 128]), cut_short(128, 127)),
        (segment(DQT, &[0x20; 65]), JpegFault::QuantizationPrecision { code: 2 }),
        (segment(DQT, &[4; 65]), JpegFault::QuantizationDestination { destination: 4 }),
        (huffman(&[0x20; 17]), JpegFault::HuffmanClass { class: 2 }),
        (huffman(&[0x14; 17]), JpegFault::HuffmanDestination { destination: 4 }),
        (huffman(&[0; 16]), JpegFault::HuffmanCutShort { needed: 16, available: 15 }),
    ] {
        let bytes = frame(&[segment(0xC3, &FRAME_HEADER), second]);
        let mut headers = Headers::read("JPEG", &bytes).unwrap();
        let error = headers.next_scan().unwrap_err();
        assert_eq!(fault_of(&error), (Some(good_end), fault.into()));
    }
}
