//! JPEG with the discrete cosine transform: baseline and extended sequential, and progressive, of 8
//! and of 12 bits (T.81 Annexes F and G; PS3.5 §8.2.1).
//!
//! A scan gives quantized coefficients ([`scan`], [`progressive`]), by codes that [`table`] finds.
//! Where one scan has all components, they are kept for one row of MCUs, else for the frame. Row by
//! row they are transformed ([`idct`]), brought to the size of the frame ([`upsample`]) and given
//! to the target ([`rows`]).

mod idct;
#[cfg(target_arch = "x86_64")]
mod idct_avx2;
mod layout;
mod parallel;
mod progressive;
mod rows;
mod sample;
mod scan;
mod table;
mod upsample;

use self::layout::{ComponentLayout, Layout, ScanLayout};
use self::parallel::PartDecoder;
use self::progressive::{AcFirst, AcRefinement, Accuracy, DcFirst, DcRefinement};
use self::rows::Rows;
use self::sample::Sample;
use self::scan::{Coefficients, Sequential, decode_scan};
use super::colour::{colour, remark_on_colour};
use super::headers::{Headers, ScanHeader};
use super::markers::{self, EOI, SOF0, SOF1, SOF2};
use super::parts::{Part, Size, parts};
use crate::codec::{Codec, CodedImage, Decoded, Target, invalid};
use crate::error::{Error, ErrorKind, JpegFault, Result};

/// What messages call it.
const NAME: &str = "JPEG";

/// JPEG with the discrete cosine transform and Huffman coding.
#[derive(Clone, Copy, Debug, Default)]
pub struct JpegDct;

impl Codec for JpegDct {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        let mut headers = Headers::read(NAME, frame)?;
        let (sof, precision) = (headers.frame.sof, headers.frame.precision);
        if !matches!(sof, SOF0 | SOF1 | SOF2) {
            let coded = markers::process_name(sof).to_owned();
            return Err(ErrorKind::Unsupported { what: "JPEG process", coded }.into());
        }
        if !matches!(precision, 8 | 12) {
            let fault = JpegFault::Precision { bits: precision, expected: "8 or 12" };
            return Err(invalid(NAME, headers.frame.offset, fault));
        }
        let layout = Layout::new(&headers.frame)?;
        // Segments that say which colours there are may stand in front of the first scan.
        let first = headers.next_scan()?;
        let Some(first) = first else {
            return Err(invalid(NAME, headers.markers.position(), JpegFault::NoScan));
        };
        let coded = CodedImage {
            rows: layout.rows,
            columns: layout.columns,
            samples_per_pixel: layout.components.len(),
            precision,
            is_signed: false,
            colour: colour(&headers)?,
            has_unused_bits: false,
        };
        target.begin(NAME, &coded)?;
        remark_on_colour(NAME, &headers, coded.colour, target);
        match precision {
            8 => decode_samples::<u8>(headers, &layout, first, target),
            _ => decode_samples::<u16>(headers, &layout, first, target),
        }
    }
}

/// The tables that the components are dequantized with. One holds for a component from its first
/// scan on (T.81 §B.2.4.1).
struct Quantization(Vec<Option<[u16; 64]>>);

impl Quantization {
    /// Takes the tables of the components of a scan.
    fn begin_scan(&mut self, headers: &Headers<'_>, scan: &ScanHeader) -> Result<()> {
        for component in &scan.components {
            let Some(own) = headers.frame.components.get(component.index) else { continue };
            if let Some(latched @ None) = self.0.get_mut(component.index) {
                let table = own.quantization_table;
                let missing =
                    || invalid(NAME, scan.offset, JpegFault::MissingQuantizationTable { table });
                let defined = headers.tables.quantization.get(table).and_then(Option::as_ref);
                *latched = Some(idct::in_places(defined.ok_or_else(missing)?));
            }
        }
        Ok(())
    }

    fn tables(&self) -> Vec<[u16; 64]> {
        self.0.iter().map(|table| table.unwrap_or([0; 64])).collect()
    }
}

fn decode_samples<S: Sample>(
    headers: Headers<'_>,
    layout: &Layout,
    first: ScanHeader,
    target: &mut Target<'_>,
) -> Result<Decoded> {
    let has_all = first.components.len() == layout.components.len();
    if has_all && headers.frame.sof != SOF2 {
        return decode_single_scan::<S>(&headers, layout, &first, target);
    }
    decode_scans::<S>(headers, layout, first, target)
}

/// Decodes a frame whose only scan has all its samples, one row of MCUs after the other.
fn decode_single_scan<S: Sample>(
    headers: &Headers<'_>,
    layout: &Layout,
    scan: &ScanHeader,
    target: &mut Target<'_>,
) -> Result<Decoded> {
    let mut quantization = Quantization(vec![None; layout.components.len()]);
    quantization.begin_scan(headers, scan)?;
    let tables = quantization.tables();
    let mut decoder = Sequential::new(headers, scan)?;
    let blocks = ScanLayout::new(layout, scan);
    let parts = parts_of(headers, layout, &blocks, target)?;
    if !parts.is_empty() {
        let decoder = PartDecoder { headers, layout, scan: blocks, decoder, tables };
        let (decoded, unpadded) = decoder.decode::<S>(&parts, target)?;
        if let Some(end) = unpadded {
            remark_on_padding(false, end, target);
        }
        return Ok(decoded);
    }
    let mut coefficients = Coefficients::new(layout, 1)?;
    let mut rows = Rows::<S>::new(layout);
    let mut given = 0;
    let mut failed = false;
    let decoded = decode_scan(
        &headers.markers,
        headers.tables.restart_interval,
        &blocks,
        &Part::whole(&headers.markers, blocks.mcus_down),
        &mut decoder,
        &mut coefficients,
        |_, coefficients| {
            rows.take(coefficients, 0, &tables, target).inspect_err(|_| failed = true)?;
            coefficients.clear();
            given += 1;
            Ok(0)
        },
    );
    match decoded {
        Ok((end, is_padded)) => {
            remark_on_padding(is_padded, end, target);
            Ok(Decoded::Whole)
        }
        // What follows the decoder refuses the rows: no damage of the frame.
        Err(error) if failed || given == 0 => Err(error),
        Err(error) => Ok(Decoded::Partial(error)),
    }
}

/// The parts of a scan, if there are threads for them.
fn parts_of(
    headers: &Headers<'_>,
    layout: &Layout,
    blocks: &ScanLayout,
    target: &Target<'_>,
) -> Result<Vec<Part>> {
    if target.threads() < 2 {
        return Ok(Vec::new());
    }
    let row_samples = layout.components.iter().map(ComponentLayout::samples_of_mcu_row).sum();
    let (across, down) = (blocks.mcus_across, blocks.mcus_down);
    let size = Size { across, down, row_samples };
    parts(&headers.markers, headers.tables.restart_interval, &size)
}

/// Decodes a frame whose samples are spread over several scans: all of them, then the rows.
fn decode_scans<S: Sample>(
    mut headers: Headers<'_>,
    layout: &Layout,
    first: ScanHeader,
    target: &mut Target<'_>,
) -> Result<Decoded> {
    // Each block takes a bit at least. Memory is thereby asked for only by frames that have bytes
    // to fill it.
    let (length, blocks) = (headers.markers.frame().len(), layout.block_count());
    if blocks / 8 > length {
        return Err(invalid(NAME, length, JpegFault::TooFewBytes { length, blocks }));
    }
    let mut scans = Scans {
        layout,
        coefficients: Coefficients::new(layout, layout.mcus_down)?,
        quantization: Quantization(vec![None; layout.components.len()]),
        accuracy: vec![Accuracy::NONE; layout.components.len()],
        complete_rows: vec![0; layout.components.len()],
        is_padded: true,
    };
    let mut next = Ok(Some(first));
    let damage = loop {
        let scan = match next {
            Ok(Some(scan)) => scan,
            Ok(None) => break scans.missing(&headers),
            Err(error) => break Some(error),
        };
        match scans.decode(&headers, &scan) {
            Ok(end) => headers.markers.continue_at(end),
            Err(error) => break Some(error),
        }
        next = headers.next_scan();
    };

    remark_on_padding(scans.is_padded, headers.markers.position(), target);
    let tables = scans.quantization.tables();
    let complete = scans.complete_rows.iter().copied().min().unwrap_or(0);
    let mut rows = Rows::<S>::new(layout);
    for row in 0..complete {
        rows.take(&scans.coefficients, row, &tables, target)?;
    }
    match damage {
        None => Ok(Decoded::Whole),
        Some(error) if complete == 0 => Err(error),
        Some(error) => Ok(Decoded::Partial(error)),
    }
}

/// Remarks on bits after the last code that no encoder puts there.
fn remark_on_padding(is_padded: bool, end: usize, target: &mut Target<'_>) {
    if !is_padded {
        target.remark(invalid(NAME, end, JpegFault::NoPadding));
    }
}

/// What came of a frame of several scans.
struct Scans<'a> {
    layout: &'a Layout,
    coefficients: Coefficients,
    quantization: Quantization,
    accuracy: Vec<Accuracy>,
    /// By component: rows of MCUs all of whose blocks have DC at least.
    complete_rows: Vec<usize>,
    /// Whether all intervals ended in padding.
    is_padded: bool,
}

impl Scans<'_> {
    /// Decodes a scan; returns where it ends.
    fn decode(&mut self, headers: &Headers<'_>, scan: &ScanHeader) -> Result<usize> {
        let (markers, tables) = (&headers.markers, &headers.tables);
        self.quantization.begin_scan(headers, scan)?;
        if headers.frame.sof != SOF2 {
            let is_complete =
                |index: &usize| self.complete_rows.get(*index).is_some_and(|rows| *rows > 0);
            let mut indices = scan.components.iter().map(|component| component.index);
            if let Some(component) = indices.find(is_complete) {
                return Err(invalid(NAME, scan.offset, JpegFault::RepeatedScan { component }));
            }
            return self.run(headers, scan, Sequential::new(headers, scan)?);
        }
        progressive::check_scan(markers, scan, &mut self.accuracy)?;
        match (scan.spectral_start, scan.approximation_high) {
            (0, 0) => self.run(headers, scan, DcFirst::new(markers, tables, scan)?),
            (0, _) => self.run(headers, scan, DcRefinement { low: scan.approximation_low }),
            (_, 0) => self.run(headers, scan, AcFirst::new(markers, tables, scan)?),
            (_, _) => self.run(headers, scan, AcRefinement::new(markers, tables, scan)?),
        }
    }

    fn run(
        &mut self,
        headers: &Headers<'_>,
        scan: &ScanHeader,
        mut decoder: impl scan::BlockDecoder,
    ) -> Result<usize> {
        let blocks = ScanLayout::new(self.layout, scan);
        let complete_rows = &mut self.complete_rows;
        let has_dc = scan.spectral_start == 0 && scan.approximation_high == 0;
        let (end, is_padded) = decode_scan(
            &headers.markers,
            headers.tables.restart_interval,
            &blocks,
            &Part::whole(&headers.markers, blocks.mcus_down),
            &mut decoder,
            &mut self.coefficients,
            |row, _| {
                for component in blocks.components.iter().filter(|_| has_dc) {
                    // Rows of a scan that is not interleaved are rows of blocks: as many MCUs high
                    // as there are then.
                    let all =
                        self.layout.components.get(component.index).map_or(1, |own| own.vertical);
                    if let Some(complete) = complete_rows.get_mut(component.index) {
                        *complete = match row + 1 == blocks.mcus_down {
                            true => self.layout.mcus_down,
                            false => (row + 1) * component.vertical / all,
                        };
                    }
                }
                Ok(row + 1)
            },
        )?;
        self.is_padded &= is_padded;
        Ok(end)
    }

    /// Why not all of the frame came, though its scans went well.
    fn missing(&self, headers: &Headers<'_>) -> Option<Error> {
        let (frame, position) = (headers.markers.frame(), headers.markers.position());
        if self.complete_rows.contains(&0) {
            return Some(invalid(NAME, position, JpegFault::MissingComponents));
        }
        // Before an end of image, coefficients that did not come are meant to be zero.
        let has_end =
            markers::next_marker(frame, position).is_some_and(|(_, marker)| marker == EOI);
        if headers.frame.sof != SOF2 || has_end || self.accuracy.iter().all(Accuracy::is_full) {
            return None;
        }
        Some(invalid(NAME, position, JpegFault::MissingScans))
    }
}
