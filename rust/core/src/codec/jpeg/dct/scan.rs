//! The blocks of one scan, in their order, by whatever decodes one of them (T.81 §E.2.4, §F.2.1,
//! §G.2).

use super::super::bits::{BitReader, Interval};
use super::super::headers::{Headers, ScanHeader};
use super::super::huffman::HuffmanSpecification;
use super::super::markers::Markers;
use super::super::parts::Part;
use super::idct::{Block, PLACES};
use super::layout::{Layout, ScanLayout};
use super::table::{CoefficientTable, Next};
use crate::codec::invalid;
use crate::error::{JpegFault, Result};
use crate::memory::reserve;

/// Decodes what a scan has of a block.
pub(super) trait BlockDecoder {
    /// Takes the bits of the next block; `component_index` counts the scan's. `None` if they are no
    /// codes.
    fn decode(
        &mut self,
        bits: &mut BitReader<'_>,
        component_index: usize,
        block: &mut Block,
    ) -> Option<()>;

    /// Starts anew, as at each restart.
    fn restart(&mut self);

    /// What is wrong with the blocks that came, though their bits are codes.
    fn fault(&self) -> Option<JpegFault> {
        None
    }
}

/// Quantized coefficients: of all rows of MCUs, or of one that is used over and over.
pub(super) struct Coefficients {
    /// By component, row and column.
    pub components: Vec<Vec<Block>>,
}

impl Coefficients {
    /// Zeros for so many rows of MCUs.
    ///
    /// # Errors
    ///
    /// If there is no memory for them.
    pub(crate) fn new(layout: &Layout, mcu_rows: usize) -> Result<Coefficients> {
        let count = |mcu_rows: usize, across: usize, down: usize| mcu_rows * across * down;
        let zeros = layout.components.iter().map(|component| {
            let mut blocks = Vec::new();
            let count = count(mcu_rows, component.blocks_across, component.vertical);
            reserve(&mut blocks, count)?;
            blocks.resize(count, [0; 64]);
            Ok(blocks)
        });
        Ok(Coefficients { components: zeros.collect::<Result<_>>()? })
    }

    /// Zeros everywhere.
    pub(crate) fn clear(&mut self) {
        self.components.iter_mut().for_each(|blocks| blocks.as_flattened_mut().fill(0));
    }
}

/// Decodes part of a scan. It calls `row_done` after each row of MCUs, which returns where the next
/// one goes in the coefficients: the number of a row of MCUs.
///
/// Returns where the entropy-coded bytes end, and whether all of their intervals end in padding.
///
/// # Errors
///
/// If the bits are no codes or end early, or `row_done` fails.
pub(super) fn decode_scan(
    markers: &Markers<'_>,
    restart_interval: usize,
    scan: &ScanLayout,
    part: &Part,
    decoder: &mut impl BlockDecoder,
    coefficients: &mut Coefficients,
    mut row_done: impl FnMut(usize, &mut Coefficients) -> Result<usize>,
) -> Result<(usize, bool)> {
    let mut interval = Interval::default();
    interval.read(markers.frame(), part.position)?;
    let mut bits = interval.reader();
    let (mut until_restart, mut restarts) = (restart_interval, part.restarts);
    let (mut place, mut is_padded) = (0, true);
    decoder.restart();
    for row in part.rows.clone() {
        for column in 0..scan.mcus_across {
            if restart_interval != 0 {
                if until_restart == 0 {
                    check_used(markers, &interval, &bits)?;
                    is_padded &= bits.is_padded();
                    interval.restart(markers, restarts)?;
                    bits = interval.reader();
                    decoder.restart();
                    (until_restart, restarts) = (restart_interval, restarts + 1);
                }
                until_restart -= 1;
            }
            if decode_mcu(&mut bits, scan, decoder, coefficients, place, column).is_none() {
                check_end(markers, &interval, &bits)?;
                let offset = interval.offset(&bits);
                return Err(invalid(markers.codec(), offset, JpegFault::NoCode));
            }
        }
        check_end(markers, &interval, &bits)?;
        if let Some(fault) = decoder.fault() {
            return Err(invalid(markers.codec(), interval.offset(&bits), fault));
        }
        place = row_done(row, coefficients)?;
    }
    check_used(markers, &interval, &bits)?;
    Ok((interval.end(), is_padded & bits.is_padded()))
}

/// Checks that no more bits were taken than there are.
fn check_end(markers: &Markers<'_>, interval: &Interval, bits: &BitReader<'_>) -> Result<()> {
    match bits.is_past_end() {
        false => Ok(()),
        true => Err(invalid(markers.codec(), interval.end(), JpegFault::EndsEarly)),
    }
}

/// Checks that the blocks of an interval took its bytes.
fn check_used(markers: &Markers<'_>, interval: &Interval, bits: &BitReader<'_>) -> Result<()> {
    check_end(markers, interval, bits)?;
    interval.check_rest(markers, bits.bits_used())
}

/// Decodes the blocks of an MCU.
#[inline(always)]
fn decode_mcu(
    bits: &mut BitReader<'_>,
    scan: &ScanLayout,
    decoder: &mut impl BlockDecoder,
    coefficients: &mut Coefficients,
    row: usize,
    column: usize,
) -> Option<()> {
    for (component_index, component) in scan.components.iter().enumerate() {
        let blocks = coefficients.components.get_mut(component.index)?;
        for y in 0..component.vertical {
            let first = (row * component.vertical + y) * component.blocks_across
                + column * component.horizontal;
            for block in blocks.get_mut(first..first + component.horizontal)? {
                decoder.decode(bits, component_index, block)?;
            }
        }
    }
    Some(())
}

/// How far from 0 the DC of a component can be: of samples that are all the same, with a quarter
/// more for encoders that compute by other means. Differences that are wrong add up to more.
fn most_dc(headers: &Headers<'_>, component_index: usize) -> u32 {
    let table = headers.frame.components.get(component_index).map_or(0, |it| it.quantization_table);
    let step = headers.tables.quantization.get(table).and_then(|table| table.as_ref());
    let step = step.map_or(1, |table| u32::from(table[0]).max(1));
    // Samples are half of their range from 0 at most, and the transform has a factor of 8.
    let most = 4u32 << headers.frame.precision.min(16);
    (most + most / 4) / step + 2
}

/// Whether all coefficients but the first are the same number.
fn is_even(block: &Block) -> bool {
    let (_, rest) = block.split_at(1);
    rest.iter().fold(true, |is_even, coefficient| is_even & (*coefficient == block[63]))
}

/// Decodes the blocks of sequential scans (T.81 §F.2.2).
#[derive(Clone)]
pub(super) struct Sequential {
    components: Vec<SequentialComponent>,
    /// Whether a block came that no encoder writes: with equal coefficients, or too large a DC.
    has_hole: bool,
    is_too_large: bool,
}

#[derive(Clone)]
struct SequentialComponent {
    dc: CoefficientTable,
    ac: CoefficientTable,
    /// DC of the block before.
    prediction: i32,
    /// How far from 0 it may be.
    most: u32,
}

impl Sequential {
    /// # Errors
    ///
    /// If a table was not defined.
    pub(crate) fn new(headers: &Headers<'_>, scan: &ScanHeader) -> Result<Sequential> {
        let Headers { markers, tables, .. } = headers;
        let components = scan.components.iter().map(|component| {
            let table = |tables: &[Option<HuffmanSpecification>; 4], table: usize| {
                let missing = JpegFault::MissingHuffmanTable { table };
                let defined = tables.get(table).and_then(Option::as_ref);
                defined
                    .map(CoefficientTable::new)
                    .ok_or_else(|| invalid(markers.codec(), scan.offset, missing))
            };
            Ok(SequentialComponent {
                dc: table(&tables.dc, component.dc_table)?,
                ac: table(&tables.ac, component.ac_table)?,
                prediction: 0,
                most: most_dc(headers, component.index),
            })
        });
        Ok(Sequential {
            components: components.collect::<Result<_>>()?,
            has_hole: false,
            is_too_large: false,
        })
    }
}

impl BlockDecoder for Sequential {
    #[inline(always)]
    fn decode(
        &mut self,
        bits: &mut BitReader<'_>,
        component_index: usize,
        block: &mut Block,
    ) -> Option<()> {
        let component = self.components.get_mut(component_index)?;
        bits.refill();
        component.prediction = component.prediction.wrapping_add(component.dc.difference(bits)?);
        self.is_too_large |= component.prediction.unsigned_abs() > component.most;
        block[0] = component.prediction as i16;
        let mut index = 0;
        'refill: while index < 63 {
            bits.refill();
            // Two short ones and a long one are there with one refill.
            for _ in 0..3 {
                let Next { step, value, is_short } = component.ac.next(bits);
                index += step;
                let Some(place) = PLACES.get(index) else {
                    return (step == Next::END_OF_BLOCK).then_some(());
                };
                // The mask shows the compiler that places are within a block.
                if let Some(coefficient) = block.get_mut(usize::from(place & 63)) {
                    *coefficient = value;
                }
                if !is_short || index == 63 {
                    continue 'refill;
                }
            }
        }
        // The bits of a hole that is zero are the same code over and over. Few sound blocks are
        // full, and none with one number.
        let is_hole = is_even(block);
        self.has_hole |= is_hole;
        Some(())
    }

    fn restart(&mut self) {
        self.components.iter_mut().for_each(|component| component.prediction = 0);
    }

    fn fault(&self) -> Option<JpegFault> {
        match self.has_hole {
            true => Some(JpegFault::EqualCoefficients),
            false => self.is_too_large.then_some(JpegFault::LargeCoefficient),
        }
    }
}
