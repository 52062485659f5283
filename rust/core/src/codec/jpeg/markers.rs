//! Markers and the segments after them (T.81 §B.1.1).

use crate::codec::invalid;
use crate::error::{JpegFault, Result};

/// Start of image.
pub(crate) const SOI: u8 = 0xD8;
/// End of image.
pub(crate) const EOI: u8 = 0xD9;
/// Start of scan.
pub(crate) const SOS: u8 = 0xDA;
/// Define Huffman tables.
pub(crate) const DHT: u8 = 0xC4;
/// Define arithmetic coding conditioning.
pub(crate) const DAC: u8 = 0xCC;
/// Define quantization tables.
pub(crate) const DQT: u8 = 0xDB;
/// Define number of lines.
pub(crate) const DNL: u8 = 0xDC;
/// Define restart interval.
pub(crate) const DRI: u8 = 0xDD;
/// Define hierarchical progression.
pub(crate) const DHP: u8 = 0xDE;
/// Expand reference components.
pub(crate) const EXP: u8 = 0xDF;
/// The first of eight restart markers.
pub(crate) const RST0: u8 = 0xD0;
/// The last of eight restart markers.
pub(crate) const RST7: u8 = 0xD7;
/// Application segment 0: JFIF.
pub(crate) const APP0: u8 = 0xE0;
/// Application segment 14: Adobe.
pub(crate) const APP14: u8 = 0xEE;
/// Temporary private use in arithmetic coding.
const TEM: u8 = 0x01;
/// The last of the reserved markers that start at 2.
const LAST_RESERVED: u8 = 0xBF;

/// Start of frame: baseline sequential DCT.
pub(crate) const SOF0: u8 = 0xC0;
/// Start of frame: extended sequential DCT.
pub(crate) const SOF1: u8 = 0xC1;
/// Start of frame: progressive DCT.
pub(crate) const SOF2: u8 = 0xC2;
/// Start of frame: lossless.
pub(crate) const SOF3: u8 = 0xC3;
/// Start of frame of JPEG-LS (ISO/IEC 14495-1 §C.1.1), which has its markers from T.81.
pub(crate) const SOF55: u8 = 0xF7;

/// What a start of frame says, in words.
pub(crate) fn process_name(sof: u8) -> &'static str {
    match sof {
        SOF0 => "baseline sequential DCT",
        SOF1 => "extended sequential DCT",
        SOF2 => "progressive DCT",
        SOF3 => "lossless",
        0xC5 => "hierarchical, sequential DCT",
        0xC6 => "hierarchical, progressive DCT",
        0xC7 => "hierarchical, lossless",
        0xC9 => "sequential DCT, arithmetic coding",
        0xCA => "progressive DCT, arithmetic coding",
        0xCB => "lossless, arithmetic coding",
        0xCD => "hierarchical, sequential DCT, arithmetic coding",
        0xCE => "hierarchical, progressive DCT, arithmetic coding",
        0xCF => "hierarchical, lossless, arithmetic coding",
        SOF55 => "JPEG-LS",
        _ => "no process",
    }
}

/// Whether a marker is a start of frame, JPEG-LS's too.
pub(crate) fn is_start_of_frame(marker: u8) -> bool {
    matches!(marker, SOF0..=0xCF if !matches!(marker, DHT | DAC | 0xC8)) || marker == SOF55
}

/// The marker that starts the frame header, hence the process; `None` where there is none, as in
/// what is no JPEG.
pub(crate) fn process(frame: &[u8]) -> Option<u8> {
    let mut markers = Markers::new("JPEG", frame).ok()?;
    loop {
        let segment = markers.next().ok()??;
        if is_start_of_frame(segment.marker) {
            return Some(segment.marker);
        }
        if segment.marker == SOS {
            return None;
        }
    }
}

/// A marker and what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    /// The second byte of the marker; the first is 0xFF.
    pub marker: u8,
    /// Where the marker starts: bytes from the start of the frame.
    pub offset: usize,
    /// The parameters after the length; empty where a marker stands alone.
    pub body: &'a [u8],
}

/// Walks the marker segments of a frame.
#[derive(Clone, Debug)]
pub(crate) struct Markers<'a> {
    codec: &'static str,
    frame: &'a [u8],
    position: usize,
}

impl<'a> Markers<'a> {
    /// Starts after SOI. `codec` is what messages call it.
    ///
    /// # Errors
    ///
    /// If the frame does not start with SOI.
    pub(crate) fn new(codec: &'static str, frame: &'a [u8]) -> Result<Markers<'a>> {
        match frame {
            [0xFF, SOI, ..] => Ok(Markers { codec, frame, position: 2 }),
            _ => Err(invalid(codec, 0, JpegFault::NoStartOfImage)),
        }
    }

    /// What messages call the codec.
    pub(crate) fn codec(&self) -> &'static str {
        self.codec
    }

    /// All bytes of the frame.
    pub(crate) fn frame(&self) -> &'a [u8] {
        self.frame
    }

    /// Where the next segment is looked for: bytes from the start of the frame. After SOS it is
    /// where the entropy-coded bytes start.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Goes on at `position`, such as after entropy-coded bytes.
    pub(crate) fn continue_at(&mut self, position: usize) {
        self.position = position;
    }

    /// Goes on at the next marker that ends entropy-coded bytes: neither a stuffed byte nor a
    /// restart.
    pub(crate) fn skip_entropy_coded(&mut self) {
        while let Some((position, marker)) = next_marker(self.frame, self.position) {
            self.position = position;
            if !matches!(marker, RST0..=RST7) {
                return;
            }
            self.position += 2;
        }
        self.position = self.frame.len();
    }

    /// The next segment. `None` at EOI, and where the bytes end in front of a marker.
    ///
    /// # Errors
    ///
    /// If another byte stands in the place of a marker, or a segment reaches past the end.
    pub(crate) fn next(&mut self) -> Result<Option<Segment<'a>>> {
        let start = self.position;
        let rest = self.frame.get(start..).unwrap_or_default();
        // Any number of fill bytes may stand in front of a marker (T.81 §B.1.1.2).
        let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
        let Some((&marker, rest)) = rest.get(fill..).and_then(<[u8]>::split_first) else {
            return Ok(None);
        };
        if fill == 0 {
            let fault = JpegFault::MarkerExpected { found: marker };
            return Err(invalid(self.codec, start, fault));
        }
        let offset = start + fill - 1;
        let stands_alone = Segment { marker, offset, body: &[] };
        match marker {
            EOI => return Ok(None),
            RST0..=RST7 | TEM => {
                self.position = offset + 2;
                return Ok(Some(stands_alone));
            }
            0 | 2..=LAST_RESERVED | SOI | 0xFF => {
                return Err(invalid(self.codec, offset, JpegFault::MisplacedMarker { marker }));
            }
            _ => {}
        }
        // The length counts itself (T.81 §B.1.1.4).
        let length =
            rest.first_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        let Some(body) = rest.get(2..length) else {
            let fault = JpegFault::SegmentCutShort { marker, length, available: rest.len() };
            return Err(invalid(self.codec, offset, fault));
        };
        self.position = offset + 2 + length;
        Ok(Some(Segment { marker, offset, body }))
    }
}

/// Where the next marker starts, from `position` on, and which it is: neither a stuffed byte nor a
/// fill byte.
pub(crate) fn next_marker(frame: &[u8], mut position: usize) -> Option<(usize, u8)> {
    loop {
        position += frame.get(position..)?.iter().position(|byte| *byte == 0xFF)?;
        match frame.get(position + 1)? {
            0 => position += 2,
            0xFF => position += 1,
            marker => return Some((position, *marker)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::fault_of;

    #[test]
    fn segments_come_one_after_the_other() {
        let frame = [
            0xFF, SOI, // no parameters
            0xFF, 0xFF, 0xFF, 0xFE, 0x00, 0x03, b'x', // a comment after two fill bytes
            0xFF, DRI, 0x00, 0x04, 0x00, 0x10, //
            0xFF, EOI,
        ];
        let mut markers = Markers::new("JPEG", &frame).unwrap();
        assert_eq!(markers.next().unwrap(), Some(Segment { marker: 0xFE, offset: 4, body: b"x" }));
        assert_eq!(
            markers.next().unwrap(),
            Some(Segment { marker: DRI, offset: 9, body: &[0, 0x10] })
        );
        assert_eq!(markers.next().unwrap(), None);
    }

    #[test]
    fn what_is_no_segment_is_refused_where_it_is() {
        let cut_short =
            |length, available| JpegFault::SegmentCutShort { marker: DRI, length, available };
        for (bytes, offset, fault) in [
            (&[][..], 0, JpegFault::NoStartOfImage),
            (&[0xFF, 0xD9], 0, JpegFault::NoStartOfImage),
            (&[0xFF, SOI, 0x00], 2, JpegFault::MarkerExpected { found: 0 }),
            (&[0xFF, SOI, 0xFF, SOI], 2, JpegFault::MisplacedMarker { marker: SOI }),
            (&[0xFF, SOI, 0xFF, 0xFF, 0x00], 3, JpegFault::MisplacedMarker { marker: 0 }),
            (&[0xFF, SOI, 0xFF, 0x02], 2, JpegFault::MisplacedMarker { marker: 2 }),
            (&[0xFF, SOI, 0xFF, 0xBF], 2, JpegFault::MisplacedMarker { marker: 0xBF }),
            (&[0xFF, SOI, 0xFF, DRI, 0x00], 2, cut_short(0, 1)),
            (&[0xFF, SOI, 0xFF, DRI, 0x00, 0x01], 2, cut_short(1, 2)),
            (&[0xFF, SOI, 0xFF, DRI, 0x00, 0x04, 0x00], 2, cut_short(4, 3)),
        ] {
            let error =
                Markers::new("JPEG", bytes).and_then(|mut markers| markers.next()).unwrap_err();
            assert_eq!(fault_of(&error), (Some(offset), fault.into()), "{bytes:X?}");
        }
        assert_eq!(
            Markers::new("JPEG", &[0xFF, SOI, 0xFF]).unwrap().next().unwrap(),
            None,
            "the bytes end"
        );
    }

    #[test]
    fn entropy_coded_bytes_end_at_a_marker() {
        let bytes = [0x12, 0xFF, 0x00, 0xFF, RST0, 0x34, 0xFF, 0xFF, EOI];
        assert_eq!(next_marker(&bytes, 0), Some((3, RST0)));
        assert_eq!(next_marker(&bytes, 5), Some((7, EOI)));
        assert_eq!(next_marker(&bytes, 8), None);
        assert_eq!(next_marker(&bytes, 99), None);
    }

    #[test]
    fn the_process_is_that_of_the_frame_header() {
        for (marker, expected) in
            [(SOF3, Some(SOF3)), (SOF55, Some(SOF55)), (DHT, None), (SOS, None)]
        {
            let frame = [0xFF, SOI, 0xFF, 0xFE, 0x00, 0x02, 0xFF, marker, 0x00, 0x02];
            assert_eq!(process(&frame), expected, "0xFF{marker:02X}");
        }
        assert_eq!(process(b"no JPEG"), None);
    }
}
