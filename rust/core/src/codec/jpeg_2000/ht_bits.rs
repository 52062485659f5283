//! The bit streams of an HTJ2K code-block (ISO/IEC 15444-15 §7.1).

/// Bytes of a stream that are kept: the longest magnitudes of 4096 samples need fewer.
const CAPACITY: usize = 1 << 14;
/// Bytes after the last one, so that bits can be read sixteen bytes at a time.
const PADDING: usize = 32;

/// The bits of a stream one after the other, the first one lowest, without those that keep it free
/// of markers.
///
/// Those are taken out of the whole stream before it is decoded: then a code takes one load, and no
/// question about what the bytes are.
pub(crate) struct BitBuffer {
    bytes: Box<[u8; CAPACITY + PADDING]>,
    bit_count: usize,
    /// Bits that were taken, more than there are if some were taken after the end.
    position: usize,
    /// Bytes of the stream that had no room.
    surplus: usize,
}

/// Puts bits after others into a buffer.
struct Writer<'b> {
    bytes: &'b mut [u8; CAPACITY + PADDING],
    /// Whole bytes that are there.
    length: usize,
    /// Fewer than 8 bits, which wait for others.
    waiting: u64,
    waiting_count: u32,
}

impl Writer<'_> {
    fn has_room(&self) -> bool {
        self.length <= CAPACITY - 8
    }

    #[inline(always)]
    fn push_eight(&mut self, word: u64) {
        let whole = self.waiting | word << self.waiting_count;
        let room = self.bytes.get_mut(self.length..).and_then(|rest| rest.first_chunk_mut());
        if let Some(room) = room {
            *room = whole.to_le_bytes();
        }
        self.length += 8;
        // Shifted in two steps, because none may be by 64.
        self.waiting = word >> 1 >> (63 - self.waiting_count);
    }

    #[inline(always)]
    fn push(&mut self, byte: u8, bit_count: u32) {
        self.waiting |= (u64::from(byte) & ((1 << bit_count) - 1)) << self.waiting_count;
        self.waiting_count += bit_count;
        if self.waiting_count >= 8 {
            if let Some(room) = self.bytes.get_mut(self.length) {
                *room = self.waiting as u8;
            }
            self.length += 1;
            self.waiting >>= 8;
            self.waiting_count -= 8;
        }
    }

    /// Puts `filler` after the last bit, and says how many bits there are.
    fn finish(self, filler: u8) -> usize {
        let rest = self.bytes.get_mut(self.length..).unwrap_or_default();
        let rest = rest.get_mut(..PADDING).unwrap_or_default();
        rest.fill(filler);
        if let Some(first) = rest.first_mut() {
            *first = filler << self.waiting_count | self.waiting as u8;
        }
        self.length * 8 + self.waiting_count as usize
    }
}

impl BitBuffer {
    /// One without bits.
    pub(crate) fn new() -> BitBuffer {
        let bytes = Box::new([0; CAPACITY + PADDING]);
        BitBuffer { bytes, bit_count: 0, position: 0, surplus: 0 }
    }

    fn writer(&mut self) -> Writer<'_> {
        self.position = 0;
        Writer { bytes: &mut self.bytes, length: 0, waiting: 0, waiting_count: 0 }
    }

    /// Becomes the bits from the first byte on, the lowest of a byte first, none in the highest bit
    /// after 0xFF; after them those of `filler` without end.
    pub(crate) fn read_forward(&mut self, bytes: &[u8], filler: u8) {
        let (mut rest, mut is_after_ff) = (bytes, false);
        let mut writer = self.writer();
        while writer.has_room() {
            // Without 0xFF, which is as common as any byte, eight bytes are taken at once.
            if let Some((eight, behind)) = rest.split_first_chunk::<8>()
                && !is_after_ff
                && !has_ff(u64::from_le_bytes(*eight))
            {
                writer.push_eight(u64::from_le_bytes(*eight));
                rest = behind;
                continue;
            }
            let Some((byte, behind)) = rest.split_first() else { break };
            writer.push(*byte, if is_after_ff { 7 } else { 8 });
            is_after_ff = *byte == 0xFF;
            rest = behind;
        }
        (self.bit_count, self.surplus) = (writer.finish(filler), rest.len());
    }

    /// Becomes the bits from the last byte back, the lowest of a byte first; a byte of seven ones
    /// below its highest bit has no highest bit if the one read before is above 0x8F. After them
    /// zeros.
    pub(crate) fn read_backward(&mut self, bytes: &[u8]) {
        let mut writer = self.writer();
        let surplus = push_backward(&mut writer, bytes, true);
        (self.bit_count, self.surplus) = (writer.finish(0), surplus);
    }

    /// The same, as the code of quads starts: with the upper half of the last byte.
    pub(crate) fn read_from_upper_half(&mut self, bytes: &[u8]) {
        let (last, rest) = bytes.split_last().unwrap_or((&0, &[]));
        let half = last >> 4;
        let mut writer = self.writer();
        writer.push(half, if half & 7 == 7 { 3 } else { 4 });
        let surplus = push_backward(&mut writer, rest, last | 15 > 0x8F);
        (self.bit_count, self.surplus) = (writer.finish(0), surplus);
    }

    /// Bytes that were not needed; fewer than none where bytes were missing.
    pub(crate) fn left(&self) -> isize {
        self.surplus as isize + (self.bit_count as isize - self.position as isize) / 8
    }

    /// Bytes from that of the next bit on, and which of its bits is the next.
    #[inline(always)]
    pub(crate) fn bytes_at<const COUNT: usize>(&self, position: usize) -> ([u8; COUNT], u32) {
        // After the end all bits are alike.
        let first = (position >> 3).min(self.bit_count.div_ceil(8));
        let bytes = self.bytes.get(first..).and_then(|rest| rest.first_chunk::<COUNT>());
        (bytes.copied().unwrap_or([0; COUNT]), (position & 7) as u32)
    }

    /// The next bits, without taking them: 57 at least are right.
    #[inline(always)]
    pub(crate) fn peek(&self) -> u64 {
        self.peek_at(self.position)
    }

    /// The bits from `position` on: 57 at least are right.
    #[inline(always)]
    pub(crate) fn peek_at(&self, position: usize) -> u64 {
        let (eight, shift) = self.bytes_at::<8>(position);
        u64::from_le_bytes(eight) >> shift
    }

    /// Where the next bit is.
    #[inline(always)]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Goes on at `position`.
    #[inline(always)]
    pub(crate) fn continue_at(&mut self, position: usize) {
        self.position = position;
    }

    /// Takes bits that were seen.
    #[inline(always)]
    pub(crate) fn skip(&mut self, count: u32) {
        self.position += count as usize;
    }

    /// The next bits, 31 at most.
    #[inline(always)]
    pub(crate) fn take(&mut self, count: u32) -> u32 {
        let bits = self.peek() as u32 & ((1u32 << (count & 31)) - 1);
        self.skip(count & 31);
        bits
    }
}

/// Puts the bits of `bytes` into a buffer, from the last byte back. Returns the number of bytes
/// that had no room.
fn push_backward(writer: &mut Writer<'_>, bytes: &[u8], mut is_stuffed: bool) -> usize {
    let mut rest = bytes;
    while writer.has_room() {
        if let Some((before, eight)) = rest.split_last_chunk::<8>()
            && !has_seven_ones(u64::from_be_bytes(*eight))
        {
            let word = u64::from_be_bytes(*eight);
            writer.push_eight(word);
            is_stuffed = word >> 56 > 0x8F;
            rest = before;
            continue;
        }
        let Some((byte, before)) = rest.split_last() else { break };
        writer.push(*byte, if is_stuffed && byte & 0x7F == 0x7F { 7 } else { 8 });
        is_stuffed = *byte > 0x8F;
        rest = before;
    }
    rest.len()
}

const LOWEST: u64 = 0x0101_0101_0101_0101;

/// Whether one of eight bytes is 0xFF.
fn has_ff(eight: u64) -> bool {
    // As for a byte 0 in `!eight`: what was clear in its highest bit, and is set when 1 is taken
    // away.
    (!eight).wrapping_sub(LOWEST) & eight & (LOWEST << 7) != 0
}

/// Whether one of eight bytes has nothing but ones below its highest bit.
fn has_seven_ones(eight: u64) -> bool {
    (eight & (LOWEST * 0x7F)).wrapping_add(LOWEST) & (LOWEST << 7) != 0
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
