//! What the marker segments say about how samples are coded (T.81 §B.2), from the frame header to
//! each scan.

use super::huffman::HuffmanSpecification;
use super::markers::{
    APP0, APP14, DHP, DHT, DNL, DQT, DRI, EXP, Markers, SOS, Segment, is_start_of_frame,
};
use crate::codec::invalid;
use crate::error::{ErrorKind, JpegFault, Result};

/// The frame header (T.81 §B.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// The marker: the process.
    pub sof: u8,
    /// Where the marker is: bytes from the start of the frame.
    pub offset: usize,
    /// Bits of a sample.
    pub precision: u32,
    /// Lines, at least 1.
    pub rows: usize,
    /// Samples of a line, at least 1.
    pub columns: usize,
    /// One to four.
    pub components: Vec<Component>,
}

/// A component of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Component {
    /// How scans name it.
    pub id: u8,
    /// Horizontal sampling factor, 1 to 4.
    pub horizontal: usize,
    /// Vertical sampling factor, 1 to 4.
    pub vertical: usize,
    /// Quantization table, 0 to 3.
    pub quantization_table: usize,
}

/// The scan header (T.81 §B.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScanHeader {
    /// Where its marker is: bytes from the start of the frame.
    pub offset: usize,
    /// One to four, all different.
    pub components: Vec<ScanComponent>,
    /// Start of spectral selection; in the lossless process the predictor.
    pub spectral_start: u8,
    /// End of spectral selection.
    pub spectral_end: u8,
    /// Successive approximation, high bit position.
    pub approximation_high: u8,
    /// Successive approximation, low bit position; in the lossless process the point transform.
    pub approximation_low: u8,
}

/// A component of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanComponent {
    /// Which of the frame's components.
    pub index: usize,
    /// Its table for DC, or for differences, 0 to 3.
    pub dc_table: usize,
    /// Its table for AC, 0 to 3.
    pub ac_table: usize,
}

/// What holds for the scans that follow until it is defined anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// Huffman tables for DC, or for differences, by destination.
    pub dc: [Option<HuffmanSpecification>; 4],
    /// Huffman tables for AC, by destination.
    pub ac: [Option<HuffmanSpecification>; 4],
    /// Quantization tables, by destination, in zig-zag order.
    pub quantization: [Option<[u16; 64]>; 4],
    /// MCUs of a restart interval; 0 where there are no restarts.
    pub restart_interval: usize,
    /// Whether a JFIF segment was there.
    pub is_jfif: bool,
    /// The transform of an Adobe segment: 0 none, 1 YCbCr, 2 YCCK.
    pub adobe_transform: Option<u8>,
}

/// The headers of a frame, read as they come.
#[derive(Clone, Debug)]
pub(crate) struct Headers<'a> {
    /// Where the next segment is; after a scan header, where its entropy-coded bytes start.
    pub markers: Markers<'a>,
    /// The frame header.
    pub frame: FrameHeader,
    /// What was defined so far.
    pub tables: Tables,
}

impl<'a> Headers<'a> {
    /// Reads to the frame header. A number of lines that only follows the first scan is looked for
    /// there.
    ///
    /// # Errors
    ///
    /// If the bytes are no JPEG frame, or one whose header contradicts itself.
    pub(crate) fn read(codec: &'static str, frame: &'a [u8]) -> Result<Headers<'a>> {
        let mut markers = Markers::new(codec, frame)?;
        let mut tables = Tables::default();
        while let Some(segment) = markers.next()? {
            if is_start_of_frame(segment.marker) {
                let frame = frame_header(&markers, &segment)?;
                return Ok(Headers { markers, frame, tables });
            }
            tables.define(codec, &segment)?;
        }
        Err(invalid(codec, markers.position(), JpegFault::NoFrameHeader))
    }

    /// Reads to the next scan header; its entropy-coded bytes start at the position of `markers`,
    /// which whoever decodes them moves past them. `None` at the end of the image, or of the
    /// bytes.
    ///
    /// # Errors
    ///
    /// If a segment on the way contradicts itself or the frame header.
    pub(crate) fn next_scan(&mut self) -> Result<Option<ScanHeader>> {
        let codec = self.markers.codec();
        while let Some(segment) = self.markers.next()? {
            match segment.marker {
                SOS => return scan_header(codec, &self.frame, &segment).map(Some),
                DNL => {
                    let rows = number_of_lines(codec, &segment)?;
                    if rows != self.frame.rows {
                        let fault = JpegFault::LineCount { lines: rows, header: self.frame.rows };
                        return Err(invalid(codec, segment.offset, fault));
                    }
                }
                sof if is_start_of_frame(sof) => {
                    return Err(invalid(codec, segment.offset, JpegFault::SecondFrameHeader));
                }
                _ => self.tables.define(codec, &segment)?,
            }
        }
        Ok(None)
    }
}

impl Tables {
    /// Takes in what a segment defines. Others are passed over.
    fn define(&mut self, codec: &'static str, segment: &Segment<'_>) -> Result<()> {
        let wrong = |fault| invalid(codec, segment.offset, fault);
        match segment.marker {
            DHT => self.define_huffman(segment.body).map_err(wrong),
            DQT => self.define_quantization(segment.body).map_err(wrong),
            DRI => match segment.body {
                [high, low] => {
                    self.restart_interval = usize::from(u16::from_be_bytes([*high, *low]));
                    Ok(())
                }
                body => Err(wrong(JpegFault::RestartIntervalLength { length: body.len() })),
            },
            SOS => Err(wrong(JpegFault::ScanBeforeFrameHeader)),
            DNL => Err(wrong(JpegFault::LinesBeforeScan)),
            DHP | EXP => {
                Err(ErrorKind::Unsupported { what: "hierarchical JPEG", coded: String::new() }
                    .into())
            }
            APP0 => {
                self.is_jfif |= segment.body.starts_with(b"JFIF\0");
                Ok(())
            }
            APP14 => {
                // "Adobe", a version and two sets of flags, of 2 bytes each, and the transform.
                if let (b"Adobe", Some(transform)) =
                    (segment.body.get(..5).unwrap_or_default(), segment.body.get(11))
                {
                    self.adobe_transform = Some(*transform);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// T.81 §B.2.4.2.
    fn define_huffman(&mut self, mut body: &[u8]) -> Result<(), JpegFault> {
        while let Some((selector, rest)) = body.split_first() {
            body = rest;
            let tables = match selector >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                class => return Err(JpegFault::HuffmanClass { class }),
            };
            let destination = selector & 15;
            let place = tables
                .get_mut(usize::from(destination))
                .ok_or(JpegFault::HuffmanDestination { destination })?;
            *place = Some(HuffmanSpecification::split_off(&mut body)?);
        }
        Ok(())
    }

    /// T.81 §B.2.4.1.
    fn define_quantization(&mut self, mut body: &[u8]) -> Result<(), JpegFault> {
        while let Some((selector, rest)) = body.split_first() {
            let cut_short =
                |needed| move || JpegFault::QuantizationCutShort { needed, available: rest.len() };
            let mut table = [0u16; 64];
            body = match selector >> 4 {
                0 => {
                    let (values, rest) =
                        rest.split_first_chunk::<64>().ok_or_else(cut_short(64))?;
                    table = values.map(u16::from);
                    rest
                }
                1 => {
                    let (values, rest) =
                        rest.split_first_chunk::<128>().ok_or_else(cut_short(128))?;
                    let (values, _) = values.as_chunks::<2>();
                    table
                        .iter_mut()
                        .zip(values)
                        .for_each(|(to, from)| *to = u16::from_be_bytes(*from));
                    rest
                }
                code => return Err(JpegFault::QuantizationPrecision { code }),
            };
            let destination = selector & 15;
            let place = self.quantization.get_mut(usize::from(destination));
            *place.ok_or(JpegFault::QuantizationDestination { destination })? = Some(table);
        }
        Ok(())
    }
}

/// Reads the frame header whose segment `markers` has just passed.
fn frame_header(markers: &Markers<'_>, segment: &Segment<'_>) -> Result<FrameHeader> {
    let codec = markers.codec();
    let wrong = |fault| invalid(codec, segment.offset, fault);
    let [precision, y1, y0, x1, x0, count, components @ ..] = segment.body else {
        let length = segment.body.len();
        return Err(wrong(JpegFault::FrameHeaderLength { length, components: 0 }));
    };
    let (components, rest) = components.as_chunks::<3>();
    if components.len() != usize::from(*count) || !rest.is_empty() {
        let length = segment.body.len();
        return Err(wrong(JpegFault::FrameHeaderLength { length, components: *count }));
    }
    if !(1..=4).contains(&components.len()) {
        return Err(wrong(JpegFault::ComponentCount { count: components.len() }));
    }
    let components = components.iter().map(|[id, factors, table]| {
        let (horizontal, vertical) = (usize::from(factors >> 4), usize::from(factors & 15));
        if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) {
            return Err(wrong(JpegFault::SamplingFactors { horizontal, vertical }));
        }
        Ok(Component { id: *id, horizontal, vertical, quantization_table: usize::from(*table) })
    });
    let components = components.collect::<Result<Vec<_>>>()?;
    let mut ids = components.iter().map(|component| component.id);
    while let Some(id) = ids.next() {
        if ids.clone().any(|other| other == id) {
            return Err(wrong(JpegFault::RepeatedIdentifier { id }));
        }
    }
    let mut rows = usize::from(u16::from_be_bytes([*y1, *y0]));
    let columns = usize::from(u16::from_be_bytes([*x1, *x0]));
    if columns == 0 {
        return Err(wrong(JpegFault::NoColumns));
    }
    if rows == 0 {
        rows = lines_behind_first_scan(markers.clone())?;
    }
    let precision = u32::from(*precision);
    Ok(FrameHeader {
        sof: segment.marker,
        offset: segment.offset,
        precision,
        rows,
        columns,
        components,
    })
}

/// The number of lines that follows the first scan, where the frame header has none (T.81 §B.2.5).
fn lines_behind_first_scan(mut markers: Markers<'_>) -> Result<usize> {
    let codec = markers.codec();
    while let Some(segment) = markers.next()? {
        if segment.marker == SOS {
            markers.skip_entropy_coded();
            let offset = markers.position();
            return match markers.next()? {
                Some(segment) if segment.marker == DNL => number_of_lines(codec, &segment),
                _ => Err(invalid(codec, offset, JpegFault::NoLineCount)),
            };
        }
    }
    Err(invalid(codec, markers.position(), JpegFault::NoScan))
}

/// T.81 §B.2.5.
fn number_of_lines(codec: &'static str, segment: &Segment<'_>) -> Result<usize> {
    match segment.body {
        [0, 0] => Err(invalid(codec, segment.offset, JpegFault::NoLines)),
        [high, low] => Ok(usize::from(u16::from_be_bytes([*high, *low]))),
        body => {
            let fault = JpegFault::LineCountLength { length: body.len() };
            Err(invalid(codec, segment.offset, fault))
        }
    }
}

/// Reads a scan header.
fn scan_header(
    codec: &'static str,
    frame: &FrameHeader,
    segment: &Segment<'_>,
) -> Result<ScanHeader> {
    let wrong = |fault| invalid(codec, segment.offset, fault);
    let length = segment.body.len();
    let count = segment.body.first().copied().unwrap_or(0);
    let wrong_length = || wrong(JpegFault::ScanHeaderLength { length, components: count });
    let [_, selectors @ .., spectral_start, spectral_end, approximation] = segment.body else {
        return Err(wrong_length());
    };
    let (selectors, []) = selectors.as_chunks::<2>() else { return Err(wrong_length()) };
    if selectors.len() != usize::from(count) {
        return Err(wrong_length());
    }
    if selectors.is_empty() {
        return Err(wrong(JpegFault::ComponentCount { count: 0 }));
    }
    let mut components: Vec<ScanComponent> = Vec::with_capacity(selectors.len());
    for [id, tables] in selectors {
        let index = frame.components.iter().position(|component| component.id == *id);
        let index = index.ok_or_else(|| wrong(JpegFault::UnknownComponent { id: *id }))?;
        let (dc_table, ac_table) = (usize::from(tables >> 4), usize::from(tables & 15));
        if components.iter().any(|other| other.index == index) {
            return Err(wrong(JpegFault::RepeatedComponent { id: *id }));
        }
        if dc_table > 3 || ac_table > 3 {
            return Err(wrong(JpegFault::HuffmanTable { table: dc_table.max(ac_table) }));
        }
        components.push(ScanComponent { index, dc_table, ac_table });
    }
    Ok(ScanHeader {
        offset: segment.offset,
        components,
        spectral_start: *spectral_start,
        spectral_end: *spectral_end,
        approximation_high: approximation >> 4,
        approximation_low: approximation & 15,
    })
}

#[cfg(test)]
mod tests;
