//! Where the decisions of a coding pass come from: arithmetically coded symbols, or raw bits.

use super::super::arithmetic::{Codeword, Contexts, Registers};
use super::contexts::SIGNS;
use super::flags::NINE;

/// What the decisions of a pass are read from.
pub(super) trait Decisions {
    /// Whether a sample becomes significant; `nine` is the significance around it.
    fn significance(&mut self, nine: u32) -> u32;
    /// Its sign; `around` is as in the index of [`SIGNS`].
    fn sign(&mut self, around: u32) -> u32;
}

/// Arithmetically coded symbols.
pub(super) struct Symbols<'p> {
    /// The bits of codewords.
    pub buffer: &'p [u8],
    pub codeword: &'p mut Codeword,
    /// A copy, which is in registers while a pass lasts.
    pub registers: Registers,
    pub contexts: &'p mut Contexts,
    pub significance: &'static [u8; 512],
}

impl Symbols<'_> {
    #[inline(always)]
    pub(super) fn decode(&mut self, context: usize) -> u32 {
        self.codeword.decode(self.buffer, &mut self.registers, self.contexts, context)
    }
}

impl Decisions for Symbols<'_> {
    #[inline(always)]
    fn significance(&mut self, nine: u32) -> u32 {
        let context = self.significance.get((nine & NINE) as usize).copied().unwrap_or(0);
        self.decode(context.into())
    }

    #[inline(always)]
    fn sign(&mut self, around: u32) -> u32 {
        let context = SIGNS.get((around & 255) as usize).copied().unwrap_or(0);
        self.decode(usize::from(context & 0x7F)) ^ u32::from(context >> 7)
    }
}

impl Decisions for RawBits<'_> {
    fn significance(&mut self, _: u32) -> u32 {
        self.bit()
    }

    fn sign(&mut self, _: u32) -> u32 {
        self.bit()
    }
}

/// Bits as they are, the highest of a byte first, none in the highest bit after 0xFF (§D.6).
pub(super) struct RawBits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    byte: u8,
    left: u32,
    /// Bytes of ones that were read after the end.
    made_up: u32,
}

impl<'a> RawBits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> RawBits<'a> {
        RawBits { bytes: bytes.iter(), byte: 0, left: 0, made_up: 0 }
    }

    /// Bytes that were not read, and bytes that were read beyond the end.
    pub(super) fn end(&self) -> (usize, u32) {
        (self.bytes.len(), self.made_up)
    }

    pub(super) fn bit(&mut self) -> u32 {
        if self.left == 0 {
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = self.bytes.next().copied().unwrap_or_else(|| {
                self.made_up += 1;
                0xFF
            });
        }
        self.left -= 1;
        u32::from(self.byte >> self.left) & 1
    }
}
