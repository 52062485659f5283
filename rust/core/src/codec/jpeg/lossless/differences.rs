//! Differences of the lossless process: a category's Huffman code, and the bits after it (T.81
//! §H.1.2.2, §H.2.2).

use super::super::bits::{BitReader, extend};
use super::super::huffman::{HuffmanSpecification, HuffmanTable};
use crate::error::JpegFault;

/// The category of one difference only, after whose code there are no bits (T.81 §H.1.2.2, Table
/// H.2).
const HIGHEST_CATEGORY: u8 = 16;
/// That difference: 32768, which modulo 65536 is its own negative.
const HIGHEST_DIFFERENCE: u16 = 1 << 15;

/// Finds differences, all but rare ones without a branch.
///
/// The table has codes and not the differences themselves: those would need 14 bits to look at,
/// hence more than the first-level cache, and decoding would be 0.7 times as fast.
pub(super) struct DifferenceTable {
    /// By the next [`DifferenceTable::LOOKUP_BITS`] bits, which are a code and the bit after it.
    lookup: Box<[Entry; 1 << DifferenceTable::LOOKUP_BITS]>,
    categories: HuffmanTable,
}

/// What a code and the bit after it say of a difference. That bit is its sign (T.81 Table H.2): it
/// is looked at with the code, because a branch on it would be foretold wrong every other time.
#[derive(Clone, Copy, Default)]
#[repr(align(8))]
struct Entry {
    /// How many bits code the difference, 1 to 24; 0 where a longer code starts so, or that of the
    /// highest category, or none.
    length: u16,
    /// Ones for those bits that are still to be seen.
    ones: u16,
    /// What is added to them, modulo 65536.
    base: u16,
}

impl Entry {
    /// What the code of a category and the bit after it say.
    fn new(code_length: u32, category: u8, is_positive: bool) -> Entry {
        let category = u32::from(category);
        // After the code of category 0 there are no bits: the next one belongs to another code.
        let sign = if category > 0 && is_positive { 1 << (category - 1) } else { 0 };
        let ones = ((1u32 << category) - 1) >> 1;
        let base = extend(sign, category) as u16;
        Entry { length: (code_length + category) as u16, ones: ones as u16, base }
    }
}

impl DifferenceTable {
    /// One more than the longest code that is found by one look.
    const LOOKUP_BITS: u32 = 10;
    /// Differences that can be decoded after a refill.
    pub(crate) const PER_REFILL: usize =
        (BitReader::REFILLED / (Self::LOOKUP_BITS + HIGHEST_CATEGORY as u32 - 2)) as usize;

    /// Builds the tables that find differences fast.
    ///
    /// # Errors
    ///
    /// If a code stands for something that is no category.
    pub(crate) fn new(specification: &HuffmanSpecification) -> Result<DifferenceTable, JpegFault> {
        if let Some(category) = specification.highest_symbol()
            && category > HIGHEST_CATEGORY
        {
            return Err(JpegFault::HuffmanCategory { category });
        }
        let mut lookup = Box::new([Entry::default(); 1 << Self::LOOKUP_BITS]);
        for code in specification.codes().filter(|code| code.symbol < HIGHEST_CATEGORY) {
            let Some(spare) = (Self::LOOKUP_BITS - 1).checked_sub(code.length) else { break };
            let first = (code.bits as usize) << (spare + 1);
            let entries = lookup.get_mut(first..).unwrap_or_default().chunks_exact_mut(1 << spare);
            for (entries, is_positive) in entries.zip([false, true]) {
                entries.fill(Entry::new(code.length, code.symbol, is_positive));
            }
        }
        Ok(DifferenceTable { lookup, categories: HuffmanTable::new(specification) })
    }

    /// The next difference, modulo 65536. Up to [`DifferenceTable::PER_REFILL`] may be decoded
    /// after a refill.
    #[inline(always)]
    pub(crate) fn decode(&self, bits: &mut BitReader<'_>) -> u16 {
        let entry =
            self.lookup.get(bits.peek(Self::LOOKUP_BITS) as usize).copied().unwrap_or_default();
        if entry.length == 0 {
            let (difference, after) = self.decode_long(*bits);
            *bits = after;
            return difference;
        }
        let seen = bits.consume_and_see(u32::from(entry.length));
        (seen as u16 & entry.ones).wrapping_add(entry.base)
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
