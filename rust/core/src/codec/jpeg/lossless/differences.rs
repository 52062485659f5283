//! Differences of the lossless process: a category's Huffman code, and the bits behind it (T.81 §H.1.2.2, §H.2.2).

use super::super::bits::{BitReader, extend};
use super::super::huffman::{HuffmanSpecification, HuffmanTable};

/// The category of one difference only, behind whose code there are no bits (T.81 §H.1.2.2, Table H.2).
const HIGHEST_CATEGORY: u8 = 16;
/// That difference: 32768, which modulo 65536 is its own negative.
const HIGHEST_DIFFERENCE: u16 = 1 << 15;

/// Finds a code and the bits behind it together, by one look into a table: next to no difference of a medical image
/// takes more bits than are looked at.
pub(crate) struct DifferenceTable {
    /// By the next [`DifferenceTable::LOOKUP_BITS`] bits: the difference, and below it in 16 bits how many bits code
    /// it; 0 where they are more.
    lookup: Box<[u32; 1 << DifferenceTable::LOOKUP_BITS]>,
    categories: HuffmanTable,
}

impl DifferenceTable {
    /// Bits that are looked at: four differences of as many fit a refill.
    const LOOKUP_BITS: u32 = 14;
    /// Differences that can be decoded after a refill.
    pub const PER_REFILL: usize = (BitReader::REFILLED / Self::LOOKUP_BITS) as usize;

    /// Builds the tables that find differences fast.
    ///
    /// # Errors
    ///
    /// If a code stands for something that is no category.
    pub fn new(specification: &HuffmanSpecification) -> Result<DifferenceTable, &'static str> {
        if specification.highest_symbol() > Some(HIGHEST_CATEGORY) {
            return Err("the Huffman table has a category above 16");
        }
        let mut lookup: Box<[u32; 1 << Self::LOOKUP_BITS]> = Box::new([0; _]);
        for code in specification.codes() {
            // No bits follow the code of the highest category.
            let extra = if code.symbol == HIGHEST_CATEGORY { 0 } else { u32::from(code.symbol) };
            let length = code.length + extra;
            let Some(spare) = Self::LOOKUP_BITS.checked_sub(length) else { continue };
            let first = (code.bits as usize) << (Self::LOOKUP_BITS - code.length);
            let entries = lookup.get_mut(first..).unwrap_or_default().chunks_mut(1 << spare);
            for (bits, entries) in (0..1 << extra).zip(entries) {
                let is_highest = code.symbol == HIGHEST_CATEGORY;
                let difference = if is_highest { HIGHEST_DIFFERENCE } else { extend(bits, extra) as u16 };
                entries.fill(u32::from(difference) << 16 | length);
            }
        }
        Ok(DifferenceTable { lookup, categories: HuffmanTable::new(specification) })
    }

    /// The next difference, modulo 65536. Up to [`DifferenceTable::PER_REFILL`] may be decoded after a refill. `None`
    /// if no code starts like this.
    #[inline(always)]
    pub fn decode(&self, bits: &mut BitReader<'_>) -> Option<u16> {
        let entry = self.lookup.get(bits.peek(Self::LOOKUP_BITS) as usize).copied().unwrap_or(0);
        if entry == 0 {
            let (difference, after) = self.decode_long(*bits);
            *bits = after;
            return difference;
        }
        bits.consume(entry & 0xFFFF);
        Some((entry >> 16) as u16)
    }

    #[cold]
    #[inline(never)]
    fn decode_long<'a>(&self, mut bits: BitReader<'a>) -> (Option<u16>, BitReader<'a>) {
        bits.refill();
        let difference = self.categories.decode(&mut bits).map(|category| match category {
            HIGHEST_CATEGORY => HIGHEST_DIFFERENCE,
            _ => bits.receive_extend(u32::from(category)) as u16,
        });
        bits.refill();
        (difference, bits)
    }
}
