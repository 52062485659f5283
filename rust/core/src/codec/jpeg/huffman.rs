//! Huffman tables (T.81 §B.2.4.2, Annex C, §F.2.2.3).

use super::bits::BitReader;
use crate::error::JpegFault;

/// A table as a DHT segment has it: how many codes there are of each length, and what they stand
/// for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HuffmanSpecification {
    /// Of 1 to 16 bits (`BITS`).
    counts: [u8; 16],
    /// In the order of their codes (`HUFFVAL`), at most 256.
    symbols: Vec<u8>,
}

/// One code of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    /// Its bits, as a number.
    pub bits: u32,
    /// How many bits, 1 to 16.
    pub length: u32,
    /// What it stands for.
    pub symbol: u8,
}

impl HuffmanSpecification {
    /// Splits a specification off the start of `bytes`.
    ///
    /// # Errors
    ///
    /// If there are fewer bytes than it says, more than 256 codes, or more codes of a length than
    /// fit it.
    pub(crate) fn split_off<'a>(bytes: &mut &'a [u8]) -> Result<HuffmanSpecification, JpegFault> {
        let cut_short = |needed| JpegFault::HuffmanCutShort { needed, available: bytes.len() };
        let (counts, rest): (&[u8; 16], &'a [u8]) =
            bytes.split_first_chunk().ok_or_else(|| cut_short(16))?;
        let count = counts.iter().map(|count| usize::from(*count)).sum();
        if count > 256 {
            return Err(JpegFault::HuffmanCodes { count });
        }
        let (symbols, rest) = rest.split_at_checked(count).ok_or_else(|| cut_short(16 + count))?;
        *bytes = rest;
        // Places for codes of a length that shorter codes leave free.
        let mut free = 1i32;
        for (length, count) in (1..).zip(counts) {
            free = 2 * free - i32::from(*count);
            if free < 0 {
                return Err(JpegFault::HuffmanLengths { length });
            }
        }
        Ok(HuffmanSpecification { counts: *counts, symbols: symbols.to_vec() })
    }

    /// Its codes, in order (T.81 §C.2). The code of ones alone, which the standard keeps free, is
    /// let pass.
    pub(crate) fn codes(&self) -> impl Iterator<Item = Code> {
        let lengths =
            (1u32..).zip(self.counts).flat_map(|(length, count)| (0..count).map(move |_| length));
        let mut next = 0u32;
        let mut last_length = 0;
        lengths.zip(&self.symbols).map(move |(length, symbol)| {
            next <<= length - last_length;
            last_length = length;
            let bits = next;
            next += 1;
            Code { bits, length, symbol: *symbol }
        })
    }

    /// The highest symbol; `None` where there are no codes.
    pub(crate) fn highest_symbol(&self) -> Option<u8> {
        self.symbols.iter().max().copied()
    }
}

/// Finds the symbol of a code: short ones by one look into a table, longer ones length by length.
#[derive(Clone, Debug)]
pub(crate) struct HuffmanTable {
    /// By the next [`HuffmanTable::LOOKUP_BITS`] bits: the symbol, and below it the code's length
    /// in 8 bits; 0 where a longer code starts so, or none.
    lookup: Box<[u16; 1 << HuffmanTable::LOOKUP_BITS]>,
    /// By length - 1: the first number, of 16 bits, at which the codes of this length and all
    /// shorter ones end.
    ends: [u32; 16],
    /// By length - 1: what to add to a code of this length for its place among `symbols`, wrapping.
    places: [u32; 16],
    symbols: Vec<u8>,
}

impl HuffmanTable {
    /// Longest code that is found by one look.
    pub(crate) const LOOKUP_BITS: u32 = 9;

    /// Builds the tables that find symbols fast.
    pub(crate) fn new(specification: &HuffmanSpecification) -> HuffmanTable {
        let mut lookup = Box::new([0; 1 << Self::LOOKUP_BITS]);
        fill_lookup(&mut lookup[..], Self::LOOKUP_BITS, specification, |code| {
            u16::from(code.symbol) << 8 | code.length as u16
        });
        let (mut ends, mut places) = ([0; 16], [0; 16]);
        let (mut next, mut place) = (0u32, 0u32);
        for (((count, length), end), first) in
            specification.counts.iter().zip(1u32..).zip(&mut ends).zip(&mut places)
        {
            *first = place.wrapping_sub(next);
            next += u32::from(*count);
            place += u32::from(*count);
            *end = next << (16 - length);
            next <<= 1;
        }
        HuffmanTable { lookup, ends, places, symbols: specification.symbols.clone() }
    }

    /// DECODE: the symbol of the next code (T.81 §F.2.2.3), which must be there since the last
    /// refill: at most 16 bits. `None` if no code starts like this.
    #[inline(always)]
    pub(crate) fn decode(&self, bits: &mut BitReader<'_>) -> Option<u8> {
        let entry = self.lookup.get(bits.peek(Self::LOOKUP_BITS) as usize).copied().unwrap_or(0);
        let (symbol, length) = match entry {
            0 => self.find_long(bits.peek(16))?,
            _ => ((entry >> 8) as u8, u32::from(entry & 0xFF)),
        };
        bits.consume(length);
        Some(symbol)
    }

    /// The symbol of the code that the next 16 bits start with, and its length. Without the reader,
    /// which stays in registers where this is called.
    #[cold]
    #[inline(never)]
    fn find_long(&self, next: u32) -> Option<(u8, u32)> {
        let ((place, _), length) =
            self.places.iter().zip(self.ends).zip(1u32..).find(|((_, end), _)| next < *end)?;
        let symbol = self.symbols.get(place.wrapping_add(next >> (16 - length)) as usize)?;
        Some((*symbol, length))
    }
}

/// Fills a table that is indexed by the next `index_bits` bits, with what `entry` makes of each
/// code that is not longer.
fn fill_lookup<T: Copy>(
    lookup: &mut [T],
    index_bits: u32,
    specification: &HuffmanSpecification,
    entry: impl Fn(Code) -> T,
) {
    for code in specification.codes().take_while(|code| code.length <= index_bits) {
        let spare = index_bits - code.length;
        let first = (code.bits as usize) << spare;
        if let Some(entries) = lookup.get_mut(first..first + (1 << spare)) {
            entries.fill(entry(code));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::super::bits::Interval;
    use super::*;

    fn specification(counts: [u8; 16], symbols: &[u8]) -> Result<HuffmanSpecification, JpegFault> {
        let bytes = [&counts[..], symbols].concat();
        let mut rest = &bytes[..];
        let specification = HuffmanSpecification::split_off(&mut rest)?;
        assert!(rest.is_empty());
        Ok(specification)
    }

    #[test]
    fn codes_are_those_of_annex_c() {
        // Table K.3: DC differences of luminance.
        let table = specification(
            [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
            &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        );
        let codes: Vec<_> = table.unwrap().codes().map(|code| (code.length, code.bits)).collect();
        assert_eq!(
            codes[..7],
            [(2, 0b00), (3, 0b010), (3, 0b011), (3, 0b100), (3, 0b101), (3, 0b110), (4, 0b1110)]
        );
        assert_eq!(codes[11], (9, 0b1_1111_1110));
    }

    #[test]
    fn every_code_is_decoded() {
        // One code of each length: the longest take the slow way.
        let table =
            specification([1; 16], &[16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
                .unwrap();
        let finder = HuffmanTable::new(&table);
        for code in table.codes() {
            let bits = (code.bits << (16 - code.length)) as u16;
            let stuffed: Vec<u8> = bits
                .to_be_bytes()
                .iter()
                .flat_map(|byte| iter::once(*byte).chain((*byte == 0xFF).then_some(0)))
                .collect();
            let mut interval = Interval::default();
            interval.read(&stuffed, 0).unwrap();
            let mut reader = interval.reader();
            reader.refill();
            assert_eq!(finder.decode(&mut reader), Some(code.symbol));
            assert_eq!(reader.bits_used(), u64::from(code.length));
        }
        let mut interval = Interval::default();
        interval.read(&[0xFF, 0, 0xFF, 0], 0).unwrap();
        let mut reader = interval.reader();
        reader.refill();
        assert_eq!(finder.decode(&mut reader), None, "ones alone are no code");
    }

    #[test]
    fn impossible_tables_are_refused() {
        let three_of_one_bit = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            specification(three_of_one_bit, &[1, 2, 3]),
            Err(JpegFault::HuffmanLengths { length: 1 })
        );
        let many = [0, 0, 0, 0, 0, 0, 0, 0, 255, 2, 0, 0, 0, 0, 0, 0];
        assert_eq!(specification(many, &[0; 257]), Err(JpegFault::HuffmanCodes { count: 257 }));
        assert_eq!(
            specification([1; 16], &[0; 15]),
            Err(JpegFault::HuffmanCutShort { needed: 32, available: 31 })
        );
        assert!(specification([0; 16], &[]).is_ok(), "no codes");
    }
}
