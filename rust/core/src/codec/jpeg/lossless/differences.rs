//! Differences of the lossless process: a category's Huffman code, and the bits behind it (T.81 §H.1.2.2, §H.2.2).

use super::super::bits::BitReader;
use super::super::huffman::{HuffmanSpecification, HuffmanTable, fill_lookup};

/// The category of one difference only, behind whose code there are no bits (T.81 §H.1.2.2, Table H.2).
const HIGHEST_CATEGORY: u8 = 16;
/// That difference: 32768, which modulo 65536 is its own negative.
const HIGHEST_DIFFERENCE: u16 = 1 << 15;

/// Finds differences, all but rare ones without a branch.
///
/// The table has codes and not the differences themselves: those would need 14 bits to look at, hence more than the
/// first-level cache, and decoding would be 0.7 times as fast.
pub(super) struct DifferenceTable {
    /// By the next [`DifferenceTable::LOOKUP_BITS`] bits: ones for the bits behind the code, and below them in 16 bits
    /// how many bits code the difference; 0 where a longer code starts so, or that of the highest category, or none.
    lookup: Box<[u32; 1 << DifferenceTable::LOOKUP_BITS]>,
    categories: HuffmanTable,
}

impl DifferenceTable {
    /// Longest code that is found by one look.
    const LOOKUP_BITS: u32 = 11;
    /// Differences that can be decoded after a refill.
    pub const PER_REFILL: usize = (BitReader::REFILLED / (Self::LOOKUP_BITS + HIGHEST_CATEGORY as u32 - 1)) as usize;

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
        fill_lookup(&mut lookup[..], Self::LOOKUP_BITS, specification, |code| match code.symbol {
            HIGHEST_CATEGORY => 0,
            category => ((1 << category) - 1) << 16 | (code.length + u32::from(category)),
        });
        Ok(DifferenceTable { lookup, categories: HuffmanTable::new(specification) })
    }

    /// The next difference, modulo 65536. Up to [`DifferenceTable::PER_REFILL`] may be decoded after a refill.
    #[inline(always)]
    pub fn decode(&self, bits: &mut BitReader<'_>) -> u16 {
        let entry = self.lookup.get(bits.peek(Self::LOOKUP_BITS) as usize).copied().unwrap_or(0);
        if entry == 0 {
            let (difference, after) = self.decode_long(*bits);
            *bits = after;
            return difference;
        }
        let ones = entry >> 16;
        let low = bits.consume_and_see(entry & 0xFFFF) as u32 & ones;
        // EXTEND, as in `bits`: those whose highest bit is 0 are negative. The odds are even, so that a branch would be
        // foretold wrong every other time; the sign as a mask is 1.6 times as fast with predictors 6 and 7.
        let is_negative = ((low * 2) as i32 - (ones as i32 + 1)) >> 31;
        low.wrapping_sub(ones & is_negative as u32) as u16
    }

    /// What takes more than a look. By value, as all that stays in registers where it is called.
    #[cold]
    #[inline(never)]
    fn decode_long<'a>(&self, mut bits: BitReader<'a>) -> (u16, BitReader<'a>) {
        bits.refill();
        let difference = match self.categories.decode(&mut bits) {
            Some(HIGHEST_CATEGORY) => HIGHEST_DIFFERENCE,
            Some(category) => bits.receive_extend(u32::from(category)) as u16,
            None => {
                bits.spoil();
                0
            }
        };
        bits.refill();
        (difference, bits)
    }
}
