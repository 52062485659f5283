//! The lines of one scan, over all its restart intervals.

use super::super::bits::{BitReader, Interval};
use super::super::headers::{Headers, ScanHeader};
use super::super::parts::{Part, Size, parts, rows_of_a_part};
use super::differences::DifferenceTable;
use super::frame::NAME;
use super::prediction::line_decoder;
use crate::codec::invalid;
use crate::error::{Error, JpegFault, Result};

/// Bytes of the lines that are decoded before they are handed on: they fit the cache next to the
/// tables.
const LINES_LENGTH: usize = 16 * 1024;

/// How many lines of so many samples are handed on together.
pub(super) fn lines_in_cache(line_length: usize) -> usize {
    (LINES_LENGTH / size_of::<u16>() / line_length.max(1)).max(1)
}

/// Takes decoded lines.
pub(super) type Give<'g> = &'g mut dyn FnMut(&[u16]) -> Result<()>;

/// What decodes a scan.
pub(super) struct ScanDecoder<'a> {
    headers: &'a Headers<'a>,
    scan: &'a ScanHeader,
    /// By destination, those that the scan names.
    tables: [Option<DifferenceTable>; 4],
    /// Predictor, 1 to 7.
    selection: u8,
    /// How many low bits of the samples were left out.
    point_transform: u32,
    /// Bits that the image stores.
    bits_stored: u32,
    /// Lines of a restart interval; 0 where there are no restarts.
    interval_lines: usize,
}

/// What came of a scan, or of a part of it, beside its lines.
pub(super) struct Outcome {
    /// What is wrong with lines that were not given.
    pub fault: Option<Error>,
    /// Whether all intervals that were decoded ended in padding.
    pub is_padded: bool,
}

impl<'a> ScanDecoder<'a> {
    /// Checks the parameters of a scan (T.81 §B.2.3, Table B.3).
    ///
    /// # Errors
    ///
    /// If one is out of range, or a table is not there.
    pub(crate) fn new(
        headers: &'a Headers<'a>,
        scan: &'a ScanHeader,
        bits_stored: u32,
    ) -> Result<ScanDecoder<'a>> {
        let wrong = |fault| invalid(NAME, scan.offset, fault);
        let selection = scan.spectral_start;
        if !(1..=7).contains(&selection) {
            return Err(wrong(JpegFault::Predictor { selection }));
        }
        let point_transform = u32::from(scan.approximation_low);
        if point_transform >= headers.frame.precision {
            let (shift, precision) = (point_transform, headers.frame.precision);
            return Err(wrong(JpegFault::PointTransform { shift, precision }));
        }
        // An MCU is a pixel. Prediction starts anew with a line only (T.81 §H.1.2.1).
        let (restart_interval, columns) = (headers.tables.restart_interval, headers.frame.columns);
        let has_restarts = restart_interval < headers.frame.rows * columns;
        if has_restarts && !restart_interval.is_multiple_of(columns) {
            let interval = restart_interval;
            return Err(wrong(JpegFault::RestartInLine { interval, columns }));
        }
        let mut tables = [const { None }; 4];
        for component in &scan.components {
            let table = component.dc_table;
            let defined = headers.tables.dc.get(table).and_then(Option::as_ref);
            let defined = defined.ok_or_else(|| wrong(JpegFault::MissingHuffmanTable { table }))?;
            if let Some(place @ None) = tables.get_mut(table) {
                *place = Some(DifferenceTable::new(defined).map_err(wrong)?);
            }
        }
        let interval_lines = restart_interval / columns;
        Ok(ScanDecoder {
            headers,
            scan,
            tables,
            selection,
            point_transform,
            bits_stored,
            interval_lines,
        })
    }

    /// The scan as one part.
    pub(crate) fn whole(&self) -> Part {
        Part::whole(&self.headers.markers, self.headers.frame.rows)
    }

    /// The parts that can be decoded beside each other, if there are any.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub(crate) fn parts(&self) -> Result<Vec<Part>> {
        parts(&self.headers.markers, self.restart_interval(), &self.size())
    }

    fn restart_interval(&self) -> usize {
        self.interval_lines * self.headers.frame.columns
    }

    fn size(&self) -> Size {
        let (across, down) = (self.headers.frame.columns, self.headers.frame.rows);
        Size { across, down, row_samples: across * self.scan.components.len() }
    }

    /// Decodes the lines of a part and gives them in groups, the samples of the scan's components
    /// together; `interval` is left at the last entropy-coded bytes.
    ///
    /// # Errors
    ///
    /// If whoever takes the lines has one.
    pub(crate) fn decode(
        &self,
        part: &Part,
        interval: &mut Interval,
        give: Give<'_>,
    ) -> Result<Outcome> {
        let tables = self
            .scan
            .components
            .iter()
            .filter_map(|component| self.tables.get(component.dc_table)?.as_ref());
        match tables.collect::<Vec<_>>()[..] {
            [a] => self.decode_lines::<1, 2>([a], part, interval, give),
            [a, b] => self.decode_lines::<2, 1>([a, b], part, interval, give),
            [a, b, c] => self.decode_lines::<3, 2>([a, b, c], part, interval, give),
            [a, b, c, d] => self.decode_lines::<4, 1>([a, b, c, d], part, interval, give),
            ref other => {
                let fault = JpegFault::ComponentCount { count: other.len() };
                Err(invalid(NAME, self.scan.offset, fault))
            }
        }
    }

    fn decode_lines<const N: usize, const GROUP: usize>(
        &self,
        tables: [&DifferenceTable; N],
        part: &Part,
        interval: &mut Interval,
        give: Give<'_>,
    ) -> Result<Outcome> {
        let (end, columns) = (part.rows.end, self.headers.frame.columns);
        let (decode_first, decode_next) =
            (line_decoder::<N, GROUP>(1), line_decoder::<N, GROUP>(self.selection));
        // What the first sample is predicted from (T.81 §H.1.2.1).
        let middle = [1u16 << (self.sample_bits() - 1); N];
        let group = lines_in_cache(columns * N).min(part.rows.len());
        // Groups end where parts end, also on one thread: the offset in `SamplesTooLarge` is where
        // a group ends, and must not depend on the number of threads.
        let part_lines = rows_of_a_part(self.restart_interval(), &self.size()).unwrap_or(end);
        // The line above the group, and the group.
        let mut lines = vec![[0u16; N]; (1 + group) * columns];
        interval.read(self.headers.markers.frame(), part.position)?;
        let mut bits = interval.reader();
        let (mut row, mut fault, mut is_padded) = (part.rows.start, None, true);
        while row < end && fault.is_none() {
            let mut good = 0;
            let until_part = part_lines - row % part_lines.max(1);
            while good < group.min(end - row).min(until_part) {
                let is_first = row + good == part.rows.start;
                let restart = self.restart_before(row + good).filter(|_| !is_first);
                if let Some(number) = restart {
                    is_padded &= bits.is_padded();
                    fault = self.next_interval(interval, bits.bits_used(), number).err();
                    bits = interval.reader();
                    if fault.is_some() {
                        break;
                    }
                }
                let (above, line) = lines.split_at_mut((good + 1) * columns);
                let (above, line) = (above.get(good * columns..), line.get_mut(..columns));
                let (above, line) = (above.unwrap_or_default(), line.unwrap_or_default());
                if is_first || restart.is_some() {
                    decode_first(&mut bits, &tables, middle, above, line);
                } else {
                    // The first sample of a line is predicted from the one above it.
                    let first = above.first().copied().unwrap_or(middle);
                    decode_next(&mut bits, &tables, first, above, line);
                }
                fault = self.fault_of_line(row + good, interval, &bits);
                if fault.is_some() {
                    break;
                }
                good += 1;
            }
            // Prediction needs the last line as it was decoded.
            lines.copy_within(good * columns..(good + 1) * columns, 0);
            let decoded =
                lines.get_mut(columns..(good + 1) * columns).unwrap_or_default().as_flattened_mut();
            let in_range = self.finish(decoded, columns * N);
            if in_range < good {
                let line = row + in_range + 1;
                let what = JpegFault::SamplesTooLarge { line, bits: self.sample_bits() };
                fault = Some(invalid(NAME, interval.offset(&bits), what));
            }
            let given = decoded.get(..in_range * columns * N).unwrap_or_default();
            if !given.is_empty() {
                give(given)?;
            }
            row += good;
        }
        let rest = || interval.check_rest(&self.headers.markers, bits.bits_used()).err();
        let fault = fault.or_else(rest);
        Ok(Outcome { fault, is_padded: is_padded & bits.is_padded() })
    }

    /// Bits of a sample as it is coded.
    fn sample_bits(&self) -> u32 {
        self.headers.frame.precision - self.point_transform
    }

    /// The number of the restart in front of a line, from 0; `None` if there is none.
    fn restart_before(&self, row: usize) -> Option<usize> {
        let intervals = row.checked_div(self.interval_lines)?;
        (row == intervals * self.interval_lines).then_some(intervals)?.checked_sub(1)
    }

    /// Goes over a restart marker, when all lines in front of it are decoded.
    fn next_interval(&self, interval: &mut Interval, bits_used: u64, number: usize) -> Result<()> {
        interval.check_rest(&self.headers.markers, bits_used)?;
        interval.restart(&self.headers.markers, number)
    }

    /// What is wrong with a line that was just decoded.
    fn fault_of_line(
        &self,
        row: usize,
        interval: &Interval,
        bits: &BitReader<'_>,
    ) -> Option<Error> {
        let (line, lines) = (row + 1, self.headers.frame.rows);
        if bits.is_spoilt() {
            let fault = JpegFault::NoCodeInLine { line, lines };
            Some(invalid(NAME, interval.offset(bits), fault))
        } else if bits.is_past_end() {
            Some(invalid(NAME, interval.end(), JpegFault::EndsInLine { line, lines }))
        } else {
            None
        }
    }

    /// Makes samples of what was decoded modulo 65536, and returns how many lines have none that is
    /// out of range.
    ///
    /// Some encoders write differences modulo the range of a sample, such as 256, so that sums
    /// leave it. Where a prediction is a sum of neighbours the low bits are right all the same, and
    /// they are all that the image stores.
    fn finish(&self, samples: &mut [u16], line_length: usize) -> usize {
        let in_range = u16::MAX >> (16 - self.sample_bits());
        let is_linear = self.selection <= 4;
        let all_bits = samples.iter().fold(0, |all, sample| all | sample);
        let mut good = samples.len() / line_length;
        if all_bits > in_range && !(is_linear && self.bits_stored <= self.headers.frame.precision) {
            let is_good = |line: &[u16]| line.iter().all(|sample| *sample <= in_range);
            good = samples.chunks_exact(line_length).take_while(|line| is_good(line)).count();
        }
        if all_bits > in_range || self.point_transform > 0 {
            samples
                .iter_mut()
                .for_each(|sample| *sample = (*sample & in_range) << self.point_transform);
        }
        good
    }
}
