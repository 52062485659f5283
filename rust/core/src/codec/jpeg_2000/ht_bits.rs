//! The bit streams of an HTJ2K code-block (ISO/IEC 15444-15 §7.1).

/// Bits from the first byte on, the lowest of a byte first, none in the highest bit after 0xFF.
pub(crate) struct ForwardBits<'a> {
    bytes: &'a [u8],
    buffer: u64,
    count: u32,
    is_after_ff: bool,
    /// What stands after the end.
    filler: u8,
    /// Bytes that were taken from there.
    made_up: isize,
}

impl<'a> ForwardBits<'a> {
    /// The bits of `bytes`, then those of `filler` without end.
    pub(crate) fn new(bytes: &'a [u8], filler: u8) -> ForwardBits<'a> {
        ForwardBits { bytes, buffer: 0, count: 0, is_after_ff: false, filler, made_up: 0 }
    }

    /// Bytes that were not needed; fewer than none where bytes were missing.
    pub(crate) fn left(&self) -> isize {
        self.bytes.len() as isize + (self.count / 8) as isize - self.made_up
    }

    /// Makes sure that there are 32 bits at least.
    #[inline(always)]
    fn fill(&mut self) {
        if self.count >= 32 {
            return;
        }
        if let Some((four, rest)) = self.bytes.split_first_chunk::<4>() {
            let four = u32::from_le_bytes(*four);
            // Without 0xFF, which is as common as any byte, four bytes are taken at once.
            let inverse = !four;
            let has_ff = inverse.wrapping_sub(0x0101_0101) & four & 0x8080_8080 != 0;
            if !has_ff && !self.is_after_ff {
                self.bytes = rest;
                self.buffer |= u64::from(four) << self.count;
                self.count += 32;
                return;
            }
        }
        self.fill_by_byte();
    }

    #[inline(never)]
    fn fill_by_byte(&mut self) {
        while self.count < 32 {
            let byte = match self.bytes.split_first() {
                Some((byte, rest)) => {
                    self.bytes = rest;
                    *byte
                }
                None => {
                    self.made_up += 1;
                    self.filler
                }
            };
            self.buffer |= u64::from(byte) << self.count;
            self.count += if self.is_after_ff { 7 } else { 8 };
            self.is_after_ff = byte == 0xFF;
            if self.is_after_ff && self.bytes.is_empty() {
                self.is_after_ff = false;
            }
        }
    }

    /// The next bits, 31 at most.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        self.fill();
        let bits = self.buffer as u32 & ((1u32 << (count & 31)) - 1);
        self.buffer >>= count & 31;
        self.count -= count & 31;
        bits
    }
}

/// Bits from the last byte back, the lowest of a byte first; a byte of seven ones below its highest
/// bit has no highest bit if the one read before is above 0x8F.
pub(crate) struct BackwardBits<'a> {
    bytes: &'a [u8],
    buffer: u64,
    count: u32,
    is_stuffed: bool,
    /// Bytes that were taken from before the first one.
    made_up: isize,
}

impl<'a> BackwardBits<'a> {
    /// The bits of `bytes` from the last one back, then zeros.
    pub(crate) fn new(bytes: &'a [u8]) -> BackwardBits<'a> {
        BackwardBits { bytes, buffer: 0, count: 0, is_stuffed: true, made_up: 0 }
    }

    /// Bytes that were not needed; fewer than none where bytes were missing.
    pub(crate) fn left(&self) -> isize {
        self.bytes.len() as isize + (self.count / 8) as isize - self.made_up
    }

    /// As the code of quads starts: with the upper half of the last byte.
    pub(crate) fn from_upper_half(bytes: &'a [u8]) -> BackwardBits<'a> {
        let (last, rest) = bytes.split_last().unwrap_or((&0, &[]));
        let half = last >> 4;
        let count = if half & 7 == 7 { 3 } else { 4 };
        let is_stuffed = last | 15 > 0x8F;
        BackwardBits { bytes: rest, buffer: half.into(), count, is_stuffed, made_up: 0 }
    }

    /// The next bits, without taking them: 32 at least are right.
    #[inline(always)]
    pub(crate) fn peek(&mut self) -> u32 {
        while self.count < 32 {
            let (last, rest) = self.bytes.split_last().unwrap_or_else(|| {
                self.made_up += 1;
                (&0, &[])
            });
            self.bytes = rest;
            self.buffer |= u64::from(*last) << self.count;
            self.count += if self.is_stuffed && last & 0x7F == 0x7F { 7 } else { 8 };
            self.is_stuffed = *last > 0x8F;
        }
        self.buffer as u32
    }

    /// Takes bits that were seen.
    #[inline(always)]
    pub(crate) fn skip(&mut self, count: u32) {
        self.buffer >>= count;
        self.count = self.count.saturating_sub(count);
    }

    /// The next bits, 31 at most.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        let bits = self.peek() & ((1 << count) - 1);
        self.skip(count);
        bits
    }
}

/// Adaptively coded runs (MEL): of quads without significant samples where none is near.
pub(crate) struct RunBits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    length: usize,
    byte: u8,
    left: u32,
    state: usize,
    run: u32,
    ends_run: bool,
}

/// Exponents of the lengths of runs (ISO/IEC 15444-15 Table 2).
const RUN_EXPONENTS: [u32; 13] = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5];

impl<'a> RunBits<'a> {
    /// The runs in `bytes`, the last of which has its upper half alone.
    pub(crate) fn new(bytes: &'a [u8]) -> RunBits<'a> {
        let (length, bytes) = (bytes.len(), bytes.iter());
        RunBits { bytes, length, byte: 0, left: 0, state: 0, run: 0, ends_run: false }
    }

    /// Bytes that were read.
    pub(crate) fn read(&self) -> usize {
        self.length - self.bytes.len()
    }

    fn bit(&mut self) -> u32 {
        if self.left == 0 {
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            let is_last = self.bytes.len() == 1;
            self.byte = self.bytes.next().copied().unwrap_or(0xFF);
            if is_last {
                self.byte |= 15;
            }
        }
        self.left -= 1;
        u32::from(self.byte >> self.left) & 1
    }

    /// The next symbol.
    #[inline(always)]
    pub(crate) fn symbol(&mut self) -> bool {
        if self.run == 0 && !self.ends_run {
            self.next_run();
        }
        if self.run > 0 {
            self.run -= 1;
            return false;
        }
        self.ends_run = false;
        true
    }

    fn next_run(&mut self) {
        let exponent = RUN_EXPONENTS.get(self.state).copied().unwrap_or(0);
        if self.bit() == 1 {
            self.run = 1 << exponent;
            self.state = (self.state + 1).min(RUN_EXPONENTS.len() - 1);
        } else {
            for _ in 0..exponent {
                self.run = self.run << 1 | self.bit();
            }
            self.ends_run = true;
            self.state = self.state.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
