//! Marker segments (T.87 §C.2, T.81 §B.1, §B.2): the frame header, scan headers, and what they take
//! for granted.

use super::colour::ColourTransform;
use super::parameters::Preset;
use super::scan::Interleave;
use crate::codec::invalid;
use crate::error::{Error, ErrorKind, JpegLsFault, Result};

/// What messages call this codec.
pub(super) const NAME: &str = "JPEG-LS";

/// Markers, without the 0xFF that stands before each.
mod marker {
    pub(super) const SOI: u8 = 0xD8;
    pub(super) const EOI: u8 = 0xD9;
    pub(super) const SOS: u8 = 0xDA;
    pub(super) const DNL: u8 = 0xDC;
    pub(super) const DRI: u8 = 0xDD;
    pub(super) const APP8: u8 = 0xE8;
    /// SOF55: the frame header of JPEG-LS.
    pub(super) const SOF55: u8 = 0xF7;
    pub(super) const LSE: u8 = 0xF8;
    /// SOF57: the frame header of the extensions of JPEG-LS (T.870).
    pub(super) const SOF57: u8 = 0xF9;

    /// Whether no length follows.
    pub(super) fn is_alone(code: u8) -> bool {
        matches!(code, 0x01 | 0xD0..=0xD9)
    }

    /// Whether it starts the frame header of a process of T.81: neither DHT, JPG nor DAC.
    pub(super) fn is_other_frame(code: u8) -> bool {
        matches!(code, 0xC0..=0xCF) && !matches!(code, 0xC4 | 0xC8 | 0xCC)
    }
}

/// The frame is coded in a way that is not read.
pub(super) fn unsupported(what: &'static str, coded: u32) -> Error {
    ErrorKind::Unsupported { what, coded: coded.to_string() }.into()
}

/// The marker of the frame header, without its 0xFF.
pub(super) fn frame_marker(frame: &[u8]) -> Option<u8> {
    let mut position = 0;
    while let Ok(Some(segment)) = Segment::next(frame, &mut position) {
        match segment.code {
            marker::SOF55 | marker::SOF57 => return Some(segment.code),
            code if marker::is_other_frame(code) => return Some(code),
            marker::SOS | marker::EOI => return None,
            _ => {}
        }
    }
    None
}

/// A marker, and what belongs to it.
#[derive(Clone, Copy, Debug)]
struct Segment<'a> {
    /// The marker's second byte.
    code: u8,
    /// Where the marker stands.
    offset: usize,
    /// What follows its length.
    body: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The segment at `position`, which becomes the one after it; `None` at the end of the frame.
    fn next(frame: &'a [u8], position: &mut usize) -> Result<Option<Segment<'a>>> {
        let offset = *position;
        let rest = frame.get(offset..).unwrap_or(&[]);
        if rest.is_empty() {
            return Ok(None);
        }
        // A marker may have more than one 0xFF before it.
        let fill = rest.iter().take_while(|byte| **byte == 0xFF).count();
        let Some(code) = rest.get(fill) else { return Ok(None) };
        if fill == 0 || *code == 0 {
            return Err(invalid(NAME, offset, JpegLsFault::MarkerExpected { found: *code }));
        }
        let mut segment = Segment { code: *code, offset, body: &[] };
        *position = offset + fill + 1;
        if marker::is_alone(*code) {
            return Ok(Some(segment));
        }
        // The length counts itself.
        let rest = frame.get(*position..).unwrap_or_default();
        let length =
            rest.first_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        segment.body = rest.get(2..length).ok_or_else(|| {
            let available = rest.len();
            segment.invalid(JpegLsFault::SegmentCutShort { marker: *code, length, available })
        })?;
        *position += 2 + segment.body.len();
        Ok(Some(segment))
    }

    /// The error of this segment.
    fn invalid(&self, fault: JpegLsFault) -> Error {
        invalid(NAME, self.offset, fault)
    }

    fn wrong_length(&self) -> Error {
        self.invalid(JpegLsFault::SegmentLength { marker: self.code, length: self.body.len() + 2 })
    }
}

/// What the frame header says (T.87 §C.2.2).
#[derive(Clone, Debug)]
pub(super) struct FrameHeader {
    /// Bits of a sample, 2 to 16.
    pub precision: u32,
    /// 0 if another segment gives it.
    pub rows: usize,
    /// 0 if another segment gives it.
    pub columns: usize,
    /// The identifiers of the components.
    component_ids: Vec<u8>,
}

impl FrameHeader {
    fn parse(segment: &Segment<'_>) -> Result<FrameHeader> {
        let &[precision, y1, y0, x1, x0, count, ref components @ ..] = segment.body else {
            return Err(segment.wrong_length());
        };
        let (components, []) = components.as_chunks::<3>() else {
            return Err(segment.wrong_length());
        };
        if components.len() != usize::from(count) || count == 0 {
            return Err(segment.wrong_length());
        }
        if !(2..=16).contains(&precision) {
            return Err(segment.invalid(JpegLsFault::Precision { bits: precision }));
        }
        let factors = components.first().map_or(0, |[_, factors, _]| *factors);
        if components.iter().any(|[_, other, _]| *other != factors) {
            return Err(unsupported("JPEG-LS with subsampled components", factors.into()));
        }
        Ok(FrameHeader {
            precision: precision.into(),
            rows: u16::from_be_bytes([y1, y0]).into(),
            columns: u16::from_be_bytes([x1, x0]).into(),
            component_ids: components.iter().map(|[id, ..]| *id).collect(),
        })
    }

    /// Components of the frame.
    pub(super) fn component_count(&self) -> usize {
        self.component_ids.len()
    }
}

/// What a scan header says (T.87 §C.2.3).
#[derive(Clone, Debug)]
pub(super) struct ScanHeader {
    /// Where its marker stands.
    pub offset: usize,
    /// Which components of the frame it has, 1 to 4.
    pub components: Vec<usize>,
    /// NEAR.
    pub near: u32,
    /// ILV.
    pub interleave: Interleave,
}

impl ScanHeader {
    fn parse(segment: &Segment<'_>, frame: &FrameHeader) -> Result<ScanHeader> {
        let &[count, ref components @ .., near, interleave, transform] = segment.body else {
            return Err(segment.wrong_length());
        };
        let (selectors, []) = components.as_chunks::<2>() else {
            return Err(segment.wrong_length());
        };
        if selectors.len() != usize::from(count) || !(1..=4).contains(&count) {
            return Err(segment.wrong_length());
        }
        let mut components = Vec::with_capacity(selectors.len());
        for [id, table] in selectors {
            // Components that have the same identifier are told apart by their order.
            let mut found =
                frame.component_ids.iter().enumerate().filter(|(_, other)| *other == id);
            let Some((index, _)) = found.find(|(index, _)| !components.contains(index)) else {
                return Err(segment.invalid(JpegLsFault::UnknownComponent { id: *id }));
            };
            if *table != 0 {
                return Err(unsupported("JPEG-LS with a mapping table", (*table).into()));
            }
            components.push(index);
        }
        let interleave = match (interleave, count) {
            // One component has none to take turns with.
            (0..=2, 1) | (1, _) => Interleave::Line,
            (2, _) => Interleave::Sample,
            _ => {
                return Err(segment
                    .invalid(JpegLsFault::Interleave { mode: interleave, components: count }));
            }
        };
        if transform & 0x0F != 0 {
            return Err(unsupported("JPEG-LS with a point transform", (transform & 0x0F).into()));
        }
        Ok(ScanHeader { offset: segment.offset, components, near: near.into(), interleave })
    }
}

/// Walks over the marker segments of a frame.
#[derive(Debug)]
pub(super) struct Headers<'a> {
    frame: &'a [u8],
    /// Where the walk goes on.
    position: usize,
    header: Option<FrameHeader>,
    /// What holds for the scans that follow.
    pub preset: Preset,
    /// Lines of a restart interval; 0 if there are no such intervals.
    pub restart_interval: usize,
    /// What was done to the colours.
    pub transform: ColourTransform,
}

impl<'a> Headers<'a> {
    /// Starts after the first marker.
    ///
    /// # Errors
    ///
    /// If that is not SOI.
    pub(super) fn new(frame: &'a [u8]) -> Result<Headers<'a>> {
        if !frame.starts_with(&[0xFF, marker::SOI]) {
            return Err(invalid(NAME, 0, JpegLsFault::NoStartOfImage));
        }
        Ok(Headers {
            frame,
            position: 2,
            header: None,
            preset: Preset::default(),
            restart_interval: 0,
            transform: ColourTransform::None,
        })
    }

    /// Goes to the next scan: to its entropy-coded bytes.
    ///
    /// # Errors
    ///
    /// If there is none, or a segment before it contradicts itself.
    pub(super) fn next_scan(&mut self) -> Result<(FrameHeader, ScanHeader)> {
        while let Some(segment) = Segment::next(self.frame, &mut self.position)? {
            match segment.code {
                marker::SOF55 if self.header.is_some() => {
                    return Err(segment.invalid(JpegLsFault::SecondFrameHeader));
                }
                marker::SOF55 => self.header = Some(FrameHeader::parse(&segment)?),
                marker::SOF57 => return Err(unsupported("JPEG-LS with extensions, SOF", 57)),
                code if marker::is_other_frame(code) => {
                    return Err(segment.invalid(JpegLsFault::OtherProcess { marker: code }));
                }
                marker::LSE => self.preset_parameters(&segment)?,
                marker::DRI => {
                    if !(2..=4).contains(&segment.body.len()) {
                        return Err(segment.wrong_length());
                    }
                    self.restart_interval = number(segment.body);
                }
                marker::APP8 => {
                    if let [b'm', b'r', b'f', b'x', code] = segment.body {
                        self.transform = ColourTransform::from_code(*code).ok_or_else(|| {
                            unsupported("JPEG-LS with a colour transform", (*code).into())
                        })?;
                    }
                }
                marker::SOS => {
                    let Some(header) = &mut self.header else {
                        return Err(segment.invalid(JpegLsFault::NoFrameHeader));
                    };
                    let scan = ScanHeader::parse(&segment, header)?;
                    if header.rows == 0 {
                        header.rows = line_count(self.frame, self.position)
                            .ok_or_else(|| segment.invalid(JpegLsFault::NoLineCount))?;
                    }
                    return Ok((header.clone(), scan));
                }
                marker::EOI => {
                    return Err(segment.invalid(JpegLsFault::MissingComponents));
                }
                // Comments, applications' own and tables of other processes. What a lone marker
                // says is known.
                _ => {}
            }
        }
        Err(invalid(NAME, self.frame.len(), JpegLsFault::MissingComponents))
    }

    /// Where the walk goes on: after a scan header, at the scan's entropy-coded bytes.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// What stands there.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.frame.get(self.position..).unwrap_or(&[])
    }

    /// Goes on after so many entropy-coded bytes.
    pub(super) fn skip(&mut self, length: usize) {
        self.position = self.position.saturating_add(length);
    }

    /// LSE (T.87 §C.2.4.1).
    fn preset_parameters(&mut self, segment: &Segment<'_>) -> Result<()> {
        match *segment.body {
            [1, ref values @ ..] => {
                let ([max_value, t1, t2, t3, reset], []) = values.as_chunks::<2>() else {
                    return Err(segment.wrong_length());
                };
                let value = |bytes: &[u8; 2]| u32::from(u16::from_be_bytes(*bytes));
                let thresholds = [t1, t2, t3].map(value);
                self.preset =
                    Preset { max_value: value(max_value), thresholds, reset: value(reset) };
            }
            // Mapping tables and what is left of them: they matter where a scan names one.
            [2 | 3, ..] => {}
            // Sizes that the frame header has no room for.
            [4, width @ 2..=4, ref sizes @ ..] if sizes.len() == 2 * usize::from(width) => {
                let (rows, columns) = sizes.split_at(usize::from(width));
                let Some(header) = &mut self.header else {
                    return Err(segment.invalid(JpegLsFault::SizeBeforeFrameHeader));
                };
                (header.rows, header.columns) = (number(rows), number(columns));
            }
            [id @ 5..=255, ..] => {
                return Err(unsupported("JPEG-LS with preset parameters of type", id.into()));
            }
            _ => return Err(segment.wrong_length()),
        }
        Ok(())
    }
}

/// The number that up to four bytes are.
fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// The number of lines that stands after the first scan (DNL, T.81 §B.2.5). `position` is in that
/// scan.
fn line_count(frame: &[u8], mut position: usize) -> Option<usize> {
    loop {
        let rest = frame.get(position..)?;
        position += rest.windows(2).position(|pair| matches!(pair, [0xFF, 0x80..=0xFF]))?;
        let segment = Segment::next(frame, &mut position).ok()??;
        match segment.code {
            marker::DNL => return Some(number(segment.body)).filter(|_| segment.body.len() <= 4),
            0xD0..=0xD7 => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests;
