//! From the bytes of a frame to its rows.

use super::colour::ColourTransform;
use super::headers::{FrameHeader, Headers, NAME, ScanHeader, frame_marker, unsupported};
use super::line::Lines;
use super::parameters::Parameters;
use super::rows::Rows;
use super::scan::{Early, Shape, decode_scan};
use crate::codec::target::{CodedColour, CodedImage, Target};
use crate::codec::{Codec, Decoded, invalid};
use crate::error::{Error, JpegLsFault, Result};
use crate::memory::reserve_exact;

/// JPEG-LS, lossless and near-lossless (T.87).
#[derive(Clone, Copy, Debug)]
pub struct JpegLs;

impl JpegLs {
    /// The second byte of the marker that starts the frame header, such as 0xF7 for JPEG-LS and
    /// 0xC3 for JPEG Lossless: what a frame is coded by, whatever its Transfer Syntax says. `None`
    /// if there is no frame header.
    pub fn frame_marker(frame: &[u8]) -> Option<u8> {
        frame_marker(frame)
    }
}

impl Codec for JpegLs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        let mut headers = Headers::new(frame)?;
        let (header, scan) = headers.next_scan()?;
        let is_one_scan = scan.components.len() == header.component_count();
        let colour = match headers.transform {
            ColourTransform::None => CodedColour::AsDescribed,
            // No document says what it would mean for others.
            _ if header.component_count() == 3
                && is_one_scan
                && matches!(header.precision, 8 | 16) =>
            {
                CodedColour::Rgb
            }
            _ => {
                return Err(unsupported(
                    "JPEG-LS with a colour transform, of samples with bits",
                    header.precision,
                ));
            }
        };
        let coded = CodedImage {
            rows: header.rows,
            columns: header.columns,
            samples_per_pixel: header.component_count(),
            precision: header.precision,
            is_signed: false,
            colour,
            has_unused_bits: false,
        };
        target.begin(NAME, &coded)?;
        if scan.near > 0 {
            target.says_lossy();
        }

        let mut rows = Rows::new(header.component_count(), header.precision, headers.transform);
        let early = if is_one_scan {
            lines(&mut headers, &header, &scan, |lines| {
                rows.add(lines.iter().map(Lines::samples), target)
            })?
        } else {
            planes(&mut headers, &header, scan, &mut rows, target)?
        };
        rows.flush(target)?;
        match early {
            None => Ok(Decoded::Whole),
            Some(error) if rows.count == 0 => Err(error),
            Some(error) => Ok(Decoded::Partial(error)),
        }
    }
}

/// Decodes the scan that `headers` stands at, and goes past it. Says why there are fewer lines
/// than there should be.
fn lines(
    headers: &mut Headers<'_>,
    header: &FrameHeader,
    scan: &ScanHeader,
    mut take: impl FnMut(&[Lines]) -> Result<()>,
) -> Result<Option<Error>> {
    let parameters = Parameters::new(header.precision, scan.near, &headers.preset)
        .map_err(|fault| invalid(NAME, scan.offset, fault))?;
    let shape = Shape {
        columns: header.columns,
        rows: header.rows,
        component_count: scan.components.len(),
        interleave: scan.interleave,
        restart_interval: headers.restart_interval,
    };
    let mut line_count = 0;
    let end = decode_scan(parameters, &shape, headers.rest(), |lines| {
        line_count += 1;
        take(lines)
    })?;
    headers.skip(end.taken);
    Ok(end.early.map(|early| {
        let (lines, expected) = (line_count, header.rows);
        let fault = match early {
            Early::Exhausted if headers.rest().is_empty() => JpegLsFault::Ends { lines, expected },
            Early::Exhausted => JpegLsFault::ScanEnds { lines, expected },
            Early::Damaged => JpegLsFault::NoCode { lines, expected },
            Early::NotRestarted => JpegLsFault::NotRestarted { lines, expected },
            Early::Unused(count) => JpegLsFault::UnusedBytes { count, lines, expected },
        };
        invalid(NAME, headers.position(), fault)
    }))
}

/// Decodes a frame whose components are in different scans, of which `scan` is the first: all of
/// it, before the first row can go out. Says why there are fewer rows than there should be.
fn planes(
    headers: &mut Headers<'_>,
    header: &FrameHeader,
    scan: ScanHeader,
    rows: &mut Rows,
    target: &mut Target<'_>,
) -> Result<Option<Error>> {
    let mut planes: Vec<Vec<u16>> = vec![Vec::new(); header.component_count()];
    // Asked for at once: a plane that grows takes twice as much. The size is that of the image, as
    // the target has checked.
    planes.iter_mut().try_for_each(|plane| reserve_exact(plane, header.rows * header.columns))?;
    let mut scan = Ok(scan);
    let early = loop {
        let here = match scan {
            Ok(here) => here,
            Err(error) => break Some(error),
        };
        let is_decoded = |index: &&usize| planes.get(**index).is_none_or(|plane| !plane.is_empty());
        if let Some(component) = here.components.iter().find(is_decoded).copied() {
            break Some(invalid(NAME, here.offset, JpegLsFault::RepeatedScan { component }));
        }
        let early = lines(headers, header, &here, |lines| {
            for (index, lines) in here.components.iter().zip(lines) {
                if let Some(plane) = planes.get_mut(*index) {
                    plane.extend_from_slice(lines.samples());
                }
            }
            Ok(())
        });
        match early {
            Ok(None) if planes.iter().all(|plane| !plane.is_empty()) => break None,
            Ok(None) => scan = headers.next_scan().map(|(_, scan)| scan),
            Ok(early @ Some(_)) => break early,
            Err(error) => break Some(error),
        }
    };
    // Rows that lack a component are no good.
    let good_count =
        planes.iter().map(|plane| plane.len() / header.columns.max(1)).min().unwrap_or(0);
    for row in 0..good_count {
        let samples = row * header.columns..(row + 1) * header.columns;
        rows.add(planes.iter().map(|plane| plane.get(samples.clone()).unwrap_or(&[])), target)?;
    }
    Ok(early)
}
