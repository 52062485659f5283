//! A frame of one scan whose restart intervals are decoded on several threads.

use super::super::headers::Headers;
use super::super::parts::Part;
use super::layout::{Layout, ScanLayout};
use super::rows::{Rows, transform};
use super::sample::Sample;
use super::scan::{Coefficients, Sequential, decode_scan};
use crate::codec::{Decoded, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{filled, push};
use crate::workers::in_order;

/// What all parts have in common.
pub(super) struct PartDecoder<'a> {
    pub headers: &'a Headers<'a>,
    pub layout: &'a Layout,
    pub scan: ScanLayout,
    /// As it is when the scan starts.
    pub decoder: Sequential,
    pub tables: Vec<[u16; 64]>,
}

/// What came of a part.
struct DecodedPart<S> {
    /// By component: rows of MCUs, one after the other.
    samples: Vec<Vec<S>>,
    /// Rows of MCUs that are good.
    row_count: usize,
    /// Where its entropy-coded bytes end, and whether all intervals end in padding; or what is
    /// wrong after the good rows.
    end: Result<(usize, bool)>,
}

impl PartDecoder<'_> {
    /// Decodes the parts, and gives their rows to `target` in their order. Returns what
    /// `decode_single_scan` does, and where the scan ends if bits are left that no encoder writes.
    ///
    /// # Errors
    ///
    /// If nothing of the frame is there, `target` fails, or there is no memory.
    pub(super) fn decode<S: Sample>(
        &self,
        parts: &[Part],
        target: &mut Target<'_>,
    ) -> Result<(Decoded, Option<usize>)> {
        let threads = target.threads();
        let mut rows = Rows::<S>::new(self.layout);
        let (mut given, mut is_all_padded, mut scan_end, mut fault) = (0, true, 0, None);
        let make = |number: usize| match parts.get(number) {
            Some(part) => self.part::<S>(part),
            None => Err(ErrorKind::Cancelled.into()),
        };
        let done = in_order(parts.len(), threads, make, |part: DecodedPart<S>| {
            for row in 0..part.row_count {
                let all = part.samples.iter().zip(&self.layout.components);
                rows.take_samples(
                    all.map(|(samples, layout)| {
                        let length = layout.samples_of_mcu_row();
                        let samples = samples.get(row * length..).unwrap_or_default();
                        move |out: &mut [S]| {
                            out.iter_mut().zip(samples).for_each(|(out, sample)| *out = *sample);
                        }
                    }),
                    target,
                )?;
                given += 1;
            }
            let (end, is_padded) = part.end.map_err(|error| stop(&mut fault, error))?;
            (scan_end, is_all_padded) = (end, is_all_padded & is_padded);
            Ok(())
        });
        match (done, fault) {
            (Ok(()), _) => Ok((Decoded::Whole, (!is_all_padded).then_some(scan_end))),
            (Err(_), Some(fault)) if given > 0 => Ok((Decoded::Partial(fault), None)),
            (Err(error), fault) => Err(fault.unwrap_or(error)),
        }
    }

    fn part<S: Sample>(&self, part: &Part) -> Result<DecodedPart<S>> {
        let mut coefficients = Coefficients::new(self.layout, 1)?;
        let mut samples: Vec<Vec<S>> = Vec::new();
        for component in &self.layout.components {
            push(&mut samples, filled(part.rows.len() * component.samples_of_mcu_row())?)?;
        }
        let mut row_count = 0;
        let end = decode_scan(
            &self.headers.markers,
            self.headers.tables.restart_interval,
            &self.scan,
            part,
            &mut self.decoder.clone(),
            &mut coefficients,
            |_, coefficients| {
                let blocks = coefficients.components.iter().zip(&self.tables);
                let all = samples.iter_mut().zip(&self.layout.components).zip(blocks);
                for ((samples, layout), (blocks, table)) in all {
                    let length = layout.samples_of_mcu_row();
                    let own = samples.get_mut(row_count * length..).unwrap_or_default();
                    transform(layout, blocks, 0, table, own.get_mut(..length).unwrap_or_default());
                }
                coefficients.clear();
                row_count += 1;
                Ok(0)
            },
        );
        Ok(DecodedPart { samples, row_count, end })
    }
}

/// Keeps the fault that ends a frame, and returns an error that ends the work on it.
fn stop(fault: &mut Option<Error>, error: Error) -> Error {
    *fault = Some(error);
    ErrorKind::Cancelled.into()
}
