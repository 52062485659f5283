//! The codec: from a frame's headers to its rows.

use super::super::bits::Interval;
use super::super::colour::{colour, remark_on_colour};
use super::super::headers::{FrameHeader, Headers, ScanHeader};
use super::super::markers::SOF3;
use super::super::parts::Part;
use super::scan::{ScanDecoder, lines_in_cache};
use crate::codec::{Codec, CodedColour, CodedImage, Decoded, Samples, Target, invalid};
use crate::error::{Error, ErrorKind, JpegFault, Result};
use crate::memory::{filled, reserve};
use crate::workers::in_order;

pub(super) const NAME: &str = "JPEG Lossless";

/// JPEG Lossless with Huffman coding: predictors 1 to 7 (Transfer Syntaxes .57 and .70).
#[derive(Clone, Copy, Debug, Default)]
pub struct JpegLossless;

impl Codec for JpegLossless {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        let mut headers = Headers::read(NAME, frame)?;
        let mut coded = coded_image(&headers.frame)?;
        // Segments that say which colours there are may stand in front of the first scan.
        let first_scan = next_scan(&mut headers)?;
        coded.colour = colour(&headers)?;
        target.begin(NAME, &coded)?;
        remark_on_colour(NAME, &headers, coded.colour, target);
        let bits_stored = target.image().bits_stored;
        let mut output = Output {
            row_length: coded.columns * coded.samples_per_pixel,
            is_narrow: coded.precision <= 8,
            bytes: Vec::new(),
            row_count: 0,
            target,
        };
        let fault = if first_scan
            .components
            .iter()
            .map(|component| component.index)
            .eq(0..coded.samples_per_pixel)
        {
            decode_scan(&ScanDecoder::new(&headers, &first_scan, bits_stored)?, &mut output)?
        } else {
            decode_separate_scans(&mut headers, first_scan, bits_stored, &mut output)?
        };
        match fault {
            None => Ok(Decoded::Whole),
            Some(fault) if output.row_count == 0 => Err(fault),
            Some(fault) => Ok(Decoded::Partial(fault)),
        }
    }
}

/// What the frame header says, if this codec reads such frames.
fn coded_image(frame: &FrameHeader) -> Result<CodedImage> {
    if frame.sof != SOF3 {
        let fault = JpegFault::NotLossless { marker: frame.sof };
        return Err(invalid(NAME, frame.offset, fault));
    }
    if !(2..=16).contains(&frame.precision) {
        let fault = JpegFault::Precision { bits: frame.precision, expected: "2 to 16" };
        return Err(invalid(NAME, frame.offset, fault));
    }
    // The factors of an only component mean nothing (T.81 §A.2.2).
    let is_sampled = frame
        .components
        .iter()
        .any(|component| (component.horizontal, component.vertical) != (1, 1));
    if is_sampled && frame.components.len() > 1 {
        let what = "JPEG Lossless with sampling factors other than 1";
        return Err(ErrorKind::Unsupported { what, coded: String::new() }.into());
    }
    Ok(CodedImage {
        rows: frame.rows,
        columns: frame.columns,
        samples_per_pixel: frame.components.len(),
        precision: frame.precision,
        is_signed: false,
        colour: CodedColour::AsDescribed,
        has_unused_bits: true,
    })
}

/// The next scan, which there must be.
fn next_scan(headers: &mut Headers<'_>) -> Result<ScanHeader> {
    let scan = headers.next_scan()?;
    scan.ok_or_else(|| invalid(NAME, headers.markers.position(), JpegFault::MissingComponents))
}

/// Hands rows on to the target.
struct Output<'o, 't> {
    target: &'o mut Target<'t>,
    /// Samples of a row.
    row_length: usize,
    /// Whether samples are given as bytes.
    is_narrow: bool,
    bytes: Vec<u8>,
    /// Rows that were given.
    row_count: usize,
}

impl Output<'_, '_> {
    /// Remarks on bits after the last code that no encoder puts there.
    fn remark_on_padding(&mut self, is_padded: bool, end: usize) {
        if !is_padded {
            self.target.remark(invalid(NAME, end, JpegFault::NoPadding));
        }
    }

    /// Gives whole rows, as many at a time as stay in the cache.
    fn give_in_groups(&mut self, rows: &[u16]) -> Result<()> {
        let length = self.row_length;
        rows.chunks(lines_in_cache(length) * length).try_for_each(|rows| self.give(rows))
    }

    /// Gives whole rows.
    fn give(&mut self, rows: &[u16]) -> Result<()> {
        self.row_count += rows.len() / self.row_length;
        if !self.is_narrow {
            return self.target.rows(Samples::U16(rows));
        }
        self.bytes.clear();
        self.bytes.extend(rows.iter().map(|sample| *sample as u8));
        self.target.rows(Samples::U8(&self.bytes))
    }
}

/// Decodes a frame of one scan. Returns what is wrong with the rows that are missing.
fn decode_scan(decoder: &ScanDecoder<'_>, output: &mut Output<'_, '_>) -> Result<Option<Error>> {
    let threads = output.target.threads();
    let parts = if threads < 2 { Vec::new() } else { decoder.parts()? };
    if !parts.is_empty() {
        return decode_parts(decoder, &parts, threads, output);
    }
    let mut interval = Interval::default();
    let outcome =
        decoder.decode(&decoder.whole(), &mut interval, &mut |lines| output.give(lines))?;
    output.remark_on_padding(outcome.is_padded, interval.end());
    Ok(outcome.fault)
}

/// The same, of a scan whose restart intervals are decoded on several threads.
fn decode_parts(
    decoder: &ScanDecoder<'_>,
    parts: &[Part],
    threads: usize,
    output: &mut Output<'_, '_>,
) -> Result<Option<Error>> {
    let decode = |number: usize| {
        let part = parts.get(number).ok_or(ErrorKind::Cancelled)?;
        let (mut interval, mut samples) = (Interval::default(), Vec::new());
        let outcome = decoder.decode(part, &mut interval, &mut |lines: &[u16]| {
            reserve(&mut samples, lines.len())?;
            samples.extend_from_slice(lines);
            Ok(())
        })?;
        Ok((samples, outcome, interval.end()))
    };
    let (mut found, mut is_padded, mut scan_end) = (None, true, 0);
    let done = in_order(parts.len(), threads, decode, |(samples, outcome, end)| {
        output.give_in_groups(&samples)?;
        (is_padded, scan_end) = (is_padded & outcome.is_padded, end);
        match outcome.fault {
            None => Ok(()),
            Some(fault) => {
                found = Some(fault);
                // Nothing after it is wanted.
                Err(ErrorKind::Cancelled.into())
            }
        }
    });
    if found.is_none() {
        done?;
    }
    output.remark_on_padding(is_padded, scan_end);
    Ok(found)
}

/// Decodes a frame whose components come in several scans: they are kept until all are there.
/// Returns what is wrong with the rows that are missing.
fn decode_separate_scans(
    headers: &mut Headers<'_>,
    mut scan: ScanHeader,
    bits_stored: u32,
    output: &mut Output<'_, '_>,
) -> Result<Option<Error>> {
    let component_count = headers.frame.components.len();
    let mut interval = Interval::default();
    // The size is that of the image: the target has checked it.
    let mut samples: Vec<u16> = filled(headers.frame.rows * output.row_length)?;
    // Of each component the rows that are good, once it was decoded.
    let mut good_rows = vec![None; component_count];
    let mut fault = None;
    let row_count = loop {
        let indices: Vec<usize> = scan.components.iter().map(|component| component.index).collect();
        let scan_length = headers.frame.columns * indices.len();
        let mut scan_rows = 0;
        let mut keep = |lines: &[u16]| {
            let rows = samples.chunks_exact_mut(output.row_length).skip(scan_rows);
            for (row, line) in rows.zip(lines.chunks_exact(scan_length)) {
                interleave(row, component_count, line, &indices);
            }
            scan_rows += lines.len() / scan_length;
            Ok(())
        };
        let decoder = ScanDecoder::new(headers, &scan, bits_stored)?;
        let outcome = decoder.decode(&decoder.whole(), &mut interval, &mut keep)?;
        output.remark_on_padding(outcome.is_padded, interval.end());
        fault = fault.or(outcome.fault);
        for (index, rows) in good_rows.iter_mut().enumerate() {
            if indices.contains(&index) && rows.replace(scan_rows).is_some() {
                return Err(invalid(
                    NAME,
                    scan.offset,
                    JpegFault::RepeatedScan { component: index },
                ));
            }
        }
        if let Some(fewest) = good_rows.iter().copied().min().flatten() {
            break fewest;
        }
        headers.markers.continue_at(interval.end());
        headers.markers.skip_entropy_coded();
        scan = match next_scan(headers) {
            Ok(scan) => scan,
            // Without one of its components no row is good.
            Err(error) => return Err(fault.unwrap_or(error)),
        };
    };
    samples.truncate(row_count * output.row_length);
    output.give_in_groups(&samples)?;
    Ok(fault)
}

/// Puts the samples of some components to their places in a row of all components.
fn interleave(row: &mut [u16], component_count: usize, line: &[u16], indices: &[usize]) {
    for (place, index) in indices.iter().enumerate() {
        let to = row.iter_mut().skip(*index).step_by(component_count);
        let from = line.iter().skip(place).step_by(indices.len());
        to.zip(from).for_each(|(to, from)| *to = *from);
    }
}
