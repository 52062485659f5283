//! Scans of the progressive process: parts of the spectrum, and bit by bit (T.81 Annex G).

use super::super::bits::BitReader;
use super::super::headers::{ScanHeader, Tables};
use super::super::huffman::{HuffmanSpecification, HuffmanTable};
use super::super::markers::Markers;
use super::idct::{Block, PLACES};
use super::scan::BlockDecoder;
use crate::codec::invalid;
use crate::error::{JpegFault, Result};

/// The last coefficient, in zig-zag order.
const LAST: u8 = 63;

/// How exactly the coefficients of a component are known: by index in zig-zag order, the lowest bit
/// that came.
#[derive(Clone, Copy)]
pub(super) struct Accuracy([Option<u8>; 64]);

impl Accuracy {
    pub(crate) const NONE: Accuracy = Accuracy([None; 64]);

    /// Whether all bits of all coefficients are there.
    pub(crate) fn is_full(&self) -> bool {
        self.0.iter().all(|low| *low == Some(0))
    }

    /// Takes a scan in. False if it does not follow from those before: it starts elsewhere than at
    /// the highest bits, or refines others than the last ones that came.
    fn advance(&mut self, scan: &ScanHeader) -> bool {
        let (start, end) = (usize::from(scan.spectral_start), usize::from(scan.spectral_end));
        let (high, low) = (scan.approximation_high, scan.approximation_low);
        let before = if high == 0 { None } else { Some(high) };
        let Some(band) = self.0.get_mut(start..=end) else { return false };
        let follows = band.iter().all(|known| *known == before);
        band.fill(Some(low));
        follows
    }
}

/// Checks the parameters of a scan (T.81 §G.1.1.1), and that it follows from those before.
///
/// # Errors
///
/// If it does not.
pub(super) fn check_scan(
    markers: &Markers<'_>,
    scan: &ScanHeader,
    accuracy: &mut [Accuracy],
) -> Result<()> {
    let (start, end) = (scan.spectral_start, scan.spectral_end);
    let (high, low) = (scan.approximation_high, scan.approximation_low);
    // DC comes in scans of its own; others have one component. Bits come one by one after the first
    // time.
    let is_band = if start == 0 {
        end == 0
    } else {
        start <= end && end <= LAST && scan.components.len() == 1
    };
    let is_step = low <= 13 && (high == 0 || high == low + 1);
    if !is_band || !is_step {
        let fault = JpegFault::ProgressiveScan { start, end, high, low };
        return Err(invalid(markers.codec(), scan.offset, fault));
    }
    for component in &scan.components {
        if !accuracy.get_mut(component.index).is_some_and(|accuracy| accuracy.advance(scan)) {
            let fault = JpegFault::ScanOrder { component: component.index };
            return Err(invalid(markers.codec(), scan.offset, fault));
        }
    }
    Ok(())
}

fn huffman_table(
    markers: &Markers<'_>,
    scan: &ScanHeader,
    tables: &[Option<HuffmanSpecification>; 4],
    table: usize,
) -> Result<HuffmanTable> {
    match tables.get(table) {
        Some(Some(specification)) => Ok(HuffmanTable::new(specification)),
        _ => Err(invalid(markers.codec(), scan.offset, JpegFault::MissingHuffmanTable { table })),
    }
}

/// DC for the first time (T.81 §G.1.2.1).
pub(super) struct DcFirst {
    /// By component: its table, and the DC of the block before.
    components: Vec<(HuffmanTable, i32)>,
    low: u8,
}

impl DcFirst {
    /// # Errors
    ///
    /// If a table was not defined.
    pub(crate) fn new(
        markers: &Markers<'_>,
        tables: &Tables,
        scan: &ScanHeader,
    ) -> Result<DcFirst> {
        let components = scan.components.iter().map(|component| {
            Ok((huffman_table(markers, scan, &tables.dc, component.dc_table)?, 0))
        });
        Ok(DcFirst { components: components.collect::<Result<_>>()?, low: scan.approximation_low })
    }
}

impl BlockDecoder for DcFirst {
    #[inline(always)]
    fn decode(
        &mut self,
        bits: &mut BitReader<'_>,
        component_index: usize,
        block: &mut Block,
    ) -> Option<()> {
        let (table, prediction) = self.components.get_mut(component_index)?;
        bits.refill();
        let size = table.decode(bits).filter(|size| *size <= 15)?;
        *prediction = prediction.wrapping_add(bits.receive_extend(u32::from(size)));
        block[0] = (*prediction << self.low) as i16;
        Some(())
    }

    fn restart(&mut self) {
        self.components.iter_mut().for_each(|(_, prediction)| *prediction = 0);
    }
}

/// One bit more of DC.
pub(super) struct DcRefinement {
    pub low: u8,
}

impl BlockDecoder for DcRefinement {
    #[inline(always)]
    fn decode(&mut self, bits: &mut BitReader<'_>, _: usize, block: &mut Block) -> Option<()> {
        bits.refill();
        block[0] |= (bits.receive(1) as i16) << self.low;
        Some(())
    }

    fn restart(&mut self) {}
}

/// A band of AC (T.81 §G.1.2.2, §G.1.2.3).
struct Band {
    table: HuffmanTable,
    start: usize,
    end: usize,
    low: u8,
    /// Blocks that follow of which no coefficient is new.
    ended_blocks: u32,
}

impl Band {
    fn new(markers: &Markers<'_>, tables: &Tables, scan: &ScanHeader) -> Result<Band> {
        let table_index = scan.components.first().map_or(0, |component| component.ac_table);
        Ok(Band {
            table: huffman_table(markers, scan, &tables.ac, table_index)?,
            start: usize::from(scan.spectral_start),
            end: usize::from(scan.spectral_end),
            low: scan.approximation_low,
            ended_blocks: 0,
        })
    }

    /// The run and the size of the next symbol.
    #[inline(always)]
    fn symbol(&self, bits: &mut BitReader<'_>) -> Option<(usize, u32)> {
        bits.refill();
        let symbol = self.table.decode(bits)?;
        Some((usize::from(symbol >> 4), u32::from(symbol & 15)))
    }

    /// How many blocks end here, this one among them, by a symbol of such a run.
    #[inline(always)]
    fn blocks_that_end(bits: &mut BitReader<'_>, run: usize) -> u32 {
        (1 << run) + bits.receive(run as u32)
    }
}

/// A coefficient by its index in zig-zag order.
#[inline(always)]
fn coefficient(block: &mut Block, index: usize) -> Option<&mut i16> {
    block.get_mut(usize::from(*PLACES.get(index)?))
}

/// A band of AC for the first time.
pub(super) struct AcFirst(Band);

impl AcFirst {
    /// # Errors
    ///
    /// If its table was not defined.
    pub(crate) fn new(
        markers: &Markers<'_>,
        tables: &Tables,
        scan: &ScanHeader,
    ) -> Result<AcFirst> {
        Band::new(markers, tables, scan).map(AcFirst)
    }
}

impl BlockDecoder for AcFirst {
    #[inline(always)]
    fn decode(&mut self, bits: &mut BitReader<'_>, _: usize, block: &mut Block) -> Option<()> {
        let band = &mut self.0;
        if band.ended_blocks > 0 {
            band.ended_blocks -= 1;
            return Some(());
        }
        let mut index = band.start;
        while index <= band.end {
            match band.symbol(bits)? {
                (15, 0) => index += 16,
                (run, 0) => {
                    band.ended_blocks = Band::blocks_that_end(bits, run) - 1;
                    break;
                }
                (run, size) => {
                    index += run;
                    if index > band.end {
                        return None;
                    }
                    *coefficient(block, index)? = (bits.receive_extend(size) << band.low) as i16;
                    index += 1;
                }
            }
        }
        Some(())
    }

    fn restart(&mut self) {
        self.0.ended_blocks = 0;
    }
}

/// One bit more of a band of AC.
pub(super) struct AcRefinement(Band);

impl AcRefinement {
    /// # Errors
    ///
    /// If its table was not defined.
    pub(crate) fn new(
        markers: &Markers<'_>,
        tables: &Tables,
        scan: &ScanHeader,
    ) -> Result<AcRefinement> {
        Band::new(markers, tables, scan).map(AcRefinement)
    }

    /// Takes the next bit of coefficients from `index` on that are not zero, past `zeros` others.
    /// Returns where it stops: at the zero after these, or past the end.
    #[inline(always)]
    fn refine(
        band: &Band,
        bits: &mut BitReader<'_>,
        block: &mut Block,
        mut index: usize,
        mut zeros: usize,
    ) -> Option<usize> {
        let bit = 1i16 << band.low;
        while index <= band.end {
            let value = coefficient(block, index)?;
            if *value != 0 {
                bits.refill();
                if bits.receive(1) == 1 {
                    *value = value.wrapping_add(if *value > 0 { bit } else { -bit });
                }
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            index += 1;
        }
        Some(index)
    }
}

impl BlockDecoder for AcRefinement {
    #[inline(always)]
    fn decode(&mut self, bits: &mut BitReader<'_>, _: usize, block: &mut Block) -> Option<()> {
        let band = &mut self.0;
        let mut index = band.start;
        while band.ended_blocks == 0 && index <= band.end {
            let (run, size) = band.symbol(bits)?;
            let value = match (run, size) {
                (15, 0) => 0,
                (run, 0) => {
                    band.ended_blocks = Band::blocks_that_end(bits, run);
                    break;
                }
                (_, 1) if bits.receive(1) == 1 => 1i16 << band.low,
                (_, 1) => -1i16 << band.low,
                _ => return None,
            };
            index = Self::refine(band, bits, block, index, run)?;
            if value != 0 {
                if index > band.end {
                    return None;
                }
                *coefficient(block, index)? = value;
            }
            index += 1;
        }
        if band.ended_blocks > 0 {
            Self::refine(band, bits, block, index, usize::MAX)?;
            band.ended_blocks -= 1;
        }
        Some(())
    }

    fn restart(&mut self) {
        self.0.ended_blocks = 0;
    }
}
