//! What the marker segments say about how samples are coded (T.81 §B.2), from the frame header to
//! each scan.

use super::huffman::HuffmanSpecification;
use super::markers::{
    APP0, APP14, DHP, DHT, DNL, DQT, DRI, EXP, Markers, SOS, Segment, is_start_of_frame,
};
use crate::codec::invalid;
use crate::error::{ErrorKind, Result};

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

impl FrameHeader {
    /// Whether the names of the components are the letters of red, green and blue, as some encoders
    /// write them.
    pub fn names_rgb(&self) -> bool {
        self.components.iter().map(|component| component.id.to_ascii_uppercase()).eq(*b"RGB")
    }
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
    /// Where the next segment is; behind a scan header, where its entropy-coded bytes start.
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
    pub fn read(codec: &'static str, frame: &'a [u8]) -> Result<Headers<'a>> {
        let mut markers = Markers::new(codec, frame)?;
        let mut tables = Tables::default();
        while let Some(segment) = markers.next()? {
            if is_start_of_frame(segment.marker) {
                let frame = frame_header(&markers, &segment)?;
                return Ok(Headers { markers, frame, tables });
            }
            tables.define(codec, &segment)?;
        }
        Err(invalid(codec, markers.position(), "it ends before its frame header"))
    }

    /// Reads to the next scan header; its entropy-coded bytes start at the position of `markers`,
    /// which whoever decodes them moves behind them. `None` at the end of the image, or of the
    /// bytes.
    ///
    /// # Errors
    ///
    /// If a segment on the way contradicts itself or the frame header.
    pub fn next_scan(&mut self) -> Result<Option<ScanHeader>> {
        let codec = self.markers.codec();
        while let Some(segment) = self.markers.next()? {
            match segment.marker {
                SOS => return scan_header(codec, &self.frame, &segment).map(Some),
                DNL => {
                    let rows = number_of_lines(codec, &segment)?;
                    if rows != self.frame.rows {
                        let why = format!(
                            "it has {rows} lines, but its frame header says {}",
                            self.frame.rows
                        );
                        return Err(invalid(codec, segment.offset, why));
                    }
                }
                sof if is_start_of_frame(sof) => {
                    return Err(invalid(codec, segment.offset, "it has a second frame header"));
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
        let wrong = |why| invalid(codec, segment.offset, why);
        match segment.marker {
            DHT => self.define_huffman(segment.body).map_err(wrong),
            DQT => self.define_quantization(segment.body).map_err(wrong),
            DRI => match segment.body {
                [high, low] => {
                    self.restart_interval = usize::from(u16::from_be_bytes([*high, *low]));
                    Ok(())
                }
                _ => Err(wrong("the restart interval has the wrong length")),
            },
            SOS => Err(wrong("a scan comes before the frame header")),
            DNL => Err(wrong("a number of lines comes before the first scan")),
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
    fn define_huffman(&mut self, mut body: &[u8]) -> Result<(), &'static str> {
        while let Some((selector, rest)) = body.split_first() {
            body = rest;
            let tables = match selector >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err("the Huffman table is of no class"),
            };
            let place = tables
                .get_mut(usize::from(selector & 15))
                .ok_or("the Huffman table has no destination")?;
            *place = Some(HuffmanSpecification::split_off(&mut body)?);
        }
        Ok(())
    }

    /// T.81 §B.2.4.1.
    fn define_quantization(&mut self, mut body: &[u8]) -> Result<(), &'static str> {
        const CUT_SHORT: &str = "the quantization table is cut short";
        while let Some((selector, rest)) = body.split_first() {
            let mut table = [0u16; 64];
            body = match selector >> 4 {
                0 => {
                    let (values, rest) = rest.split_first_chunk::<64>().ok_or(CUT_SHORT)?;
                    table = values.map(u16::from);
                    rest
                }
                1 => {
                    let (values, rest) = rest.split_first_chunk::<128>().ok_or(CUT_SHORT)?;
                    let (values, _) = values.as_chunks::<2>();
                    table
                        .iter_mut()
                        .zip(values)
                        .for_each(|(to, from)| *to = u16::from_be_bytes(*from));
                    rest
                }
                _ => return Err("the quantization table has no precision"),
            };
            let place = self.quantization.get_mut(usize::from(selector & 15));
            *place.ok_or("the quantization table has no destination")? = Some(table);
        }
        Ok(())
    }
}

/// Reads the frame header whose segment `markers` has just passed.
fn frame_header(markers: &Markers<'_>, segment: &Segment<'_>) -> Result<FrameHeader> {
    let codec = markers.codec();
    let wrong = |why: &str| invalid(codec, segment.offset, why);
    let [precision, y1, y0, x1, x0, count, components @ ..] = segment.body else {
        return Err(wrong("the frame header is cut short"));
    };
    let (components, rest) = components.as_chunks::<3>();
    if components.len() != usize::from(*count) || !rest.is_empty() {
        return Err(wrong("the frame header has not as many components as it says"));
    }
    if !(1..=4).contains(&components.len()) {
        return Err(invalid(
            codec,
            segment.offset,
            format!("it has {count} components, not 1 to 4"),
        ));
    }
    let components = components.iter().map(|[id, factors, table]| {
        let (horizontal, vertical) = (usize::from(factors >> 4), usize::from(factors & 15));
        if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) {
            return Err(invalid(
                codec,
                segment.offset,
                format!("sampling factors {horizontal} and {vertical}"),
            ));
        }
        Ok(Component { id: *id, horizontal, vertical, quantization_table: usize::from(*table) })
    });
    let components = components.collect::<Result<Vec<_>>>()?;
    let mut ids = components.iter().map(|component| component.id);
    while let Some(id) = ids.next() {
        if ids.clone().any(|other| other == id) {
            return Err(wrong("two components have the same identifier"));
        }
    }
    let mut rows = usize::from(u16::from_be_bytes([*y1, *y0]));
    let columns = usize::from(u16::from_be_bytes([*x1, *x0]));
    if columns == 0 {
        return Err(wrong("its lines have no samples"));
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
                _ => Err(invalid(
                    codec,
                    offset,
                    "neither its frame header nor its first scan says how many lines it has",
                )),
            };
        }
    }
    Err(invalid(codec, markers.position(), "it ends before its first scan"))
}

/// T.81 §B.2.5.
fn number_of_lines(codec: &'static str, segment: &Segment<'_>) -> Result<usize> {
    match segment.body {
        [0, 0] => Err(invalid(codec, segment.offset, "it has no lines")),
        [high, low] => Ok(usize::from(u16::from_be_bytes([*high, *low]))),
        _ => Err(invalid(codec, segment.offset, "the number of lines has the wrong length")),
    }
}

/// Reads a scan header.
fn scan_header(
    codec: &'static str,
    frame: &FrameHeader,
    segment: &Segment<'_>,
) -> Result<ScanHeader> {
    let wrong = |why: &str| invalid(codec, segment.offset, why);
    let (Some((count, components)), Some(length)) =
        (segment.body.split_first(), segment.body.len().checked_sub(4))
    else {
        return Err(wrong("the scan header is cut short"));
    };
    let (selectors, last) = components.split_at_checked(length).unwrap_or_default();
    let ((selectors, []), [spectral_start, spectral_end, approximation]) =
        (selectors.as_chunks::<2>(), last)
    else {
        return Err(wrong("the scan header has the wrong length"));
    };
    if selectors.len() != usize::from(*count) || selectors.is_empty() {
        return Err(wrong("the scan header has not as many components as it says"));
    }
    let mut components: Vec<ScanComponent> = Vec::with_capacity(selectors.len());
    for [id, tables] in selectors {
        let index = frame.components.iter().position(|component| component.id == *id);
        let index = index.ok_or_else(|| wrong("a scan has a component that the frame has not"))?;
        let (dc_table, ac_table) = (usize::from(tables >> 4), usize::from(tables & 15));
        if components.iter().any(|other| other.index == index) {
            return Err(wrong("a scan has a component twice"));
        }
        if dc_table > 3 || ac_table > 3 {
            return Err(wrong("a scan names a Huffman table that cannot be"));
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
mod tests {
    use super::*;

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
        for wrong in [frame(&[segment(0xC3, &header), scan]), frame(&[segment(0xC3, &header)])] {
            assert!(Headers::read("JPEG", &wrong).is_err());
        }
    }

    #[test]
    fn headers_that_contradict_themselves_are_refused() {
        fn changed<const N: usize>(bytes: [u8; N], index: usize, value: u8) -> Vec<u8> {
            let mut bytes = bytes;
            bytes[index] = value;
            bytes.to_vec()
        }
        let good = || segment(0xC3, &FRAME_HEADER);
        for (segments, why) in [
            (vec![segment(0xC3, &FRAME_HEADER[..5])], "frame header is cut short"),
            (vec![segment(0xC3, &changed(FRAME_HEADER, 5, 2))], "not as many components"),
            (vec![segment(0xC3, &[8, 0, 1, 0, 1, 0])], "0 components"),
            (vec![segment(0xC3, &changed(FRAME_HEADER, 7, 0x05))], "sampling factors 0 and 5"),
            (vec![segment(0xC3, &[8, 0, 1, 0, 0, 1, 1, 0x11, 0])], "no samples"),
            (vec![segment(0xC3, &[8, 0, 1, 0, 1, 2, 1, 0x11, 0, 1, 0x11, 0])], "same identifier"),
            (vec![good(), good()], "second frame header"),
            (vec![segment(SOS, &SCAN_HEADER)], "before the frame header"),
            (vec![segment(DHP, &[])], "hierarchical"),
            (vec![], "ends before its frame header"),
            (vec![good(), segment(SOS, &SCAN_HEADER[..3])], "scan header is cut short"),
            (vec![good(), segment(SOS, &SCAN_HEADER[..5])], "wrong length"),
            (vec![good(), segment(SOS, &changed(SCAN_HEADER, 0, 2))], "not as many components"),
            (vec![good(), segment(SOS, &changed(SCAN_HEADER, 1, 8))], "that the frame has not"),
            (vec![good(), segment(SOS, &changed(SCAN_HEADER, 2, 0x40))], "cannot be"),
            (vec![good(), segment(SOS, &[2, 7, 0, 7, 0, 1, 0, 0])], "twice"),
            (vec![good(), segment(DRI, &[1])], "wrong length"),
            (vec![good(), segment(DQT, &[0; 64])], "cut short"),
            (vec![good(), segment(DQT, &[0x20; 65])], "no precision"),
            (vec![good(), segment(DQT, &[4; 65])], "no destination"),
            (vec![good(), segment(DHT, &[0x20; 17])], "no class"),
            (vec![good(), segment(DHT, &[0; 16])], "cut short"),
        ] {
            let bytes = frame(&segments);
            let error = Headers::read("JPEG", &bytes).and_then(|mut headers| headers.next_scan());
            let error = error.unwrap_err().to_string();
            assert!(error.contains(why), "{error}, not {why}");
        }
    }
}
