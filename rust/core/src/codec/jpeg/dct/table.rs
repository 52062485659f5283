//! Huffman tables that give coefficients: code, run and the bits after it by one look (T.81
//! §F.2.2).

use super::super::bits::{BitReader, extend};
use super::super::huffman::{HuffmanSpecification, HuffmanTable};

/// Finds the next coefficient of a block.
///
/// Most codes and the bits after them are short: one look then gives the coefficient itself,
/// instead of a symbol by which its bits are taken and extended.
#[derive(Clone)]
pub(super) struct CoefficientTable {
    /// By the next [`LOOKUP_BITS`] bits.
    lookup: Box<[Entry; 1 << LOOKUP_BITS]>,
    symbols: HuffmanTable,
}

/// Bits that are looked at at once: 4 KiB a table. One bit more makes nothing faster; one bit less
/// costs a fifth.
const LOOKUP_BITS: u32 = 10;

/// What bits start with. From the lowest bit: 5 bits with how many of them to take, 4 with how many
/// to receive and extend after them, 7 with the step to the coefficient, 16 with the coefficient
/// if there is nothing to receive.
#[derive(Clone, Copy)]
struct Entry(u32);

impl Entry {
    /// A code that is longer than what is looked at, or none.
    const LONG: Entry = Entry::new(0, 15, 0, 0);

    const fn new(take: u32, receive: u32, step: u32, value: i16) -> Entry {
        Entry(take | receive << 5 | step << 9 | (value as u16 as u32) << 16)
    }

    fn take(self) -> u32 {
        self.0 & 31
    }

    fn receive(self) -> u32 {
        self.0 >> 5 & 15
    }

    fn step(self) -> usize {
        (self.0 >> 9 & 127) as usize
    }

    fn value(self) -> i16 {
        (self.0 >> 16) as i16
    }
}

/// The next coefficient that is not zero, or zeros.
#[derive(Clone, Copy)]
pub(super) struct Next {
    /// From the coefficient before to this one: 1 to 16, [`Next::END_OF_BLOCK`], or more for what
    /// is no code.
    pub step: usize,
    /// Its value, 0 after a run of zeros alone.
    pub value: i16,
    /// Whether it took no more than 10 bits.
    pub is_short: bool,
}

impl Next {
    /// The step where no other coefficient follows: past the last one.
    pub(crate) const END_OF_BLOCK: usize = 64;

    const NO_CODE: Next = Next { step: 127, value: 0, is_short: false };
}

/// The step of a symbol, and how many bits stand after it (T.81 §F.1.2.2.1).
fn step_and_size(symbol: u8) -> (usize, u32) {
    match (symbol >> 4, symbol & 15) {
        (0, 0) => (Next::END_OF_BLOCK, 0),
        (15, 0) => (16, 0),
        (_, 0) => (Next::NO_CODE.step, 0),
        (run, size) => (usize::from(run) + 1, u32::from(size)),
    }
}

impl CoefficientTable {
    pub(crate) fn new(specification: &HuffmanSpecification) -> CoefficientTable {
        let mut lookup = Box::new([Entry::LONG; 1 << LOOKUP_BITS]);
        for code in specification.codes().take_while(|code| code.length <= LOOKUP_BITS) {
            let (step, size) = step_and_size(code.symbol);
            let spare = LOOKUP_BITS - code.length;
            let first = (code.bits as usize) << spare;
            let entries = lookup.get_mut(first..first + (1 << spare)).unwrap_or_default();
            if size > spare {
                entries.fill(Entry::new(code.length, size, step as u32, 0));
                continue;
            }
            for (bits, entries) in (0..).zip(entries.chunks_mut(1 << (spare - size))) {
                entries.fill(Entry::new(
                    code.length + size,
                    0,
                    step as u32,
                    extend(bits, size) as i16,
                ));
            }
        }
        CoefficientTable { lookup, symbols: HuffmanTable::new(specification) }
    }

    /// Takes the next coefficient of AC: at most 31 bits, which must be there since the last
    /// refill.
    #[inline(always)]
    pub(crate) fn next(&self, bits: &mut BitReader<'_>) -> Next {
        let entry =
            self.lookup.get(bits.peek(LOOKUP_BITS) as usize).copied().unwrap_or(Entry::LONG);
        if entry.receive() == 0 {
            bits.consume(entry.take());
            return Next { step: entry.step(), value: entry.value(), is_short: true };
        }
        let (step, size) = match entry.take() {
            0 => self.symbols.decode(bits).map_or((Next::NO_CODE.step, 0), step_and_size),
            take => {
                bits.consume(take);
                (entry.step(), entry.receive())
            }
        };
        Next { step, value: bits.receive_extend(size) as i16, is_short: false }
    }

    /// Takes the difference of a DC coefficient to the one before: at most 31 bits, which must be
    /// there since the last refill. `None` if there is no code.
    #[inline(always)]
    pub(crate) fn difference(&self, bits: &mut BitReader<'_>) -> Option<i32> {
        // A symbol is a number of bits: like that of a coefficient without a run, or the end of the
        // block for none.
        let Next { step, value, .. } = self.next(bits);
        (step == 1 || step == Next::END_OF_BLOCK).then_some(i32::from(value))
    }
}
