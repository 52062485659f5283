//! Code-blocks of HTJ2K: all bit-planes in one pass, which two can refine (ISO/IEC 15444-15 §7).

#[cfg(target_arch = "x86_64")]
mod exponents_avx2;
mod magnitudes;
#[cfg(target_arch = "x86_64")]
mod magnitudes_avx2;
mod quads;

use self::magnitudes::Row;
use self::quads::{Codes, NextRow, QuadRow, add_exponents};
#[cfg(target_arch = "x86_64")]
use super::features::has_wide;
use super::ht_bits::{BitBuffer, RunBits};
use super::sample_block::SampleBlock;

/// Bytes that the streams of a block may have more or fewer than its samples need: encoders share
/// one, or leave one out. Streams that went astray end farther off.
const BYTES_OFF: usize = 8;

/// Most samples of a row, with one before and some after them.
const MAX_SAMPLES: usize = 1024 + 4;

/// Decodes code-blocks; keeps its memory from one to the next.
pub(crate) struct BlockDecoder {
    /// Of the row at hand and of the next one.
    rows: Box<[QuadRow; 2]>,
    /// Twice the magnitude less 1 of the lowest samples of the row above, from index 1 on; 0 if not
    /// significant.
    above: Box<[u32; MAX_SAMPLES]>,
    /// Bits of magnitudes.
    magnitudes: BitBuffer,
    /// Codes of quads.
    codes: BitBuffer,
}

impl BlockDecoder {
    /// Ready for any block.
    pub(crate) fn new() -> BlockDecoder {
        BlockDecoder {
            rows: Box::new([QuadRow::new(), QuadRow::new()]),
            above: Box::new([0; MAX_SAMPLES]),
            magnitudes: BitBuffer::new(),
            codes: BitBuffer::new(),
        }
    }

    /// Decodes a block into `samples`: its cleanup pass, the lowest plane of which is `plane`, and
    /// the passes that refine it. Says whether its bytes make sense.
    pub(crate) fn decode(
        &mut self,
        cleanup: &[u8],
        refinement: &[u8],
        pass_count: u32,
        plane: u32,
        is_causal: bool,
        samples: &mut SampleBlock,
    ) -> bool {
        if plane > 29 || samples.width() > 1024 {
            return false;
        }
        if cleanup.is_empty() && refinement.is_empty() {
            // Encoders exist that include blocks without a byte: all is zero.
            return true;
        }
        if !cleanup_pass(self, cleanup, plane, samples) {
            return false;
        }
        if pass_count > 1 {
            if plane == 0 {
                return false;
            }
            // The magnitude pass refines what the cleanup pass found: it comes first, while no
            // others are significant.
            if pass_count > 2 {
                magnitude_pass(refinement, plane, samples);
            }
            significance_pass(refinement, plane, is_causal, samples);
        }
        true
    }

    /// The pass that finds most of a block (§7.3). `add_exponents` and `read` are those of
    /// [`quads`] and [`magnitudes`], or do the same.
    #[inline(always)]
    fn cleanup_pass(
        &mut self,
        bytes: &[u8],
        plane: u32,
        samples: &mut SampleBlock,
        add_exponents: impl Fn(&mut QuadRow, usize, &[u32], bool) -> u32,
        read: impl Fn(Row<'_>, NextRow<'_, '_>) -> (usize, bool),
    ) -> bool {
        // The last 12 bits say how long the codes of quads are (§7.1.1).
        let Some([last_but_one, last]) = bytes.last_chunk::<2>() else { return false };
        let suffix_length = usize::from(*last) << 4 | usize::from(*last_but_one & 15);
        if !(2..=4079).contains(&suffix_length) || suffix_length > bytes.len() {
            return false;
        }
        let (prefix, suffix) = bytes.split_at(bytes.len() - suffix_length);
        let suffix = suffix.get(..suffix.len() - 1).unwrap_or_default();
        let BlockDecoder { rows, above, magnitudes, codes } = self;
        magnitudes.read_forward(prefix, 0xFF);
        codes.read_from_upper_half(suffix);
        let mut codes = Codes { runs: RunBits::new(suffix), bits: codes };

        let quad_count = samples.width().div_ceil(2);
        let Some(above) = above.get_mut(..quad_count.next_multiple_of(8) * 2 + 4) else {
            return false;
        };
        above.fill(0);
        rows.iter_mut().for_each(|row| row.clear(quad_count));
        let [row, next] = rows.as_mut();
        let (mut row, mut next, mut is_first) = (row, next, true);
        let mut is_sound = codes.first_row(row, quad_count);
        let mut pairs = samples.row_pairs_mut().peekable();
        while let Some((top, bottom)) = pairs.next() {
            let most_bits = add_exponents(row, quad_count, above, is_first);
            // All magnitudes have to find their place below the sign.
            if !is_sound || most_bits + plane > 30 {
                return false;
            }
            let next_count = if pairs.peek().is_some() { quad_count } else { 0 };
            let next_row = codes.next_row(row, next, next_count);
            let (quads, above) = (row.quads(quad_count.next_multiple_of(2)), &mut above[..]);
            let position;
            (position, is_sound) =
                read(Row { quads, magnitudes, above, plane, most_bits, top, bottom }, next_row);
            codes.bits.continue_at(position);
            (row, next, is_first) = (next, row, false);
        }
        // Where the codes of quads from the one end and the runs from the other meet.
        let between = codes.bits.left() - codes.runs.read() as isize;
        [magnitudes.left(), between].iter().all(|left| left.unsigned_abs() <= BYTES_OFF)
    }
}

/// [`BlockDecoder::cleanup_pass`] with the instructions that the processor has.
fn cleanup_pass(
    decoder: &mut BlockDecoder,
    bytes: &[u8],
    plane: u32,
    samples: &mut SampleBlock,
) -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
        fn wide(
            decoder: &mut BlockDecoder,
            bytes: &[u8],
            plane: u32,
            samples: &mut SampleBlock,
        ) -> bool {
            decoder.cleanup_pass(
                bytes,
                plane,
                samples,
                |row, count, above, is_first| {
                    exponents_avx2::add_exponents(row, count, above, is_first)
                },
                |row, next| magnitudes_avx2::read(row, next),
            )
        }
        if has_wide() {
            // SAFETY: the processor has what the function is compiled for; that was just asked.
            #[allow(unsafe_code)]
            return unsafe { wide(decoder, bytes, plane, samples) };
        }
    }
    decoder.cleanup_pass(bytes, plane, samples, add_exponents, magnitudes::read)
}

/// [`magnitudes_avx2::read`], where the processor has what it needs.
#[cfg(all(test, target_arch = "x86_64"))]
fn read_wide(row: Row<'_>, next: NextRow<'_, '_>) -> (usize, bool) {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn wide(row: Row<'_>, next: NextRow<'_, '_>) -> (usize, bool) {
        magnitudes_avx2::read(row, next)
    }
    assert!(has_wide());
    // SAFETY: the processor has what the function is compiled for; that was just asked.
    #[allow(unsafe_code)]
    unsafe {
        wide(row, next)
    }
}

/// [`exponents_avx2::add_exponents`], where the processor has what it needs.
#[cfg(all(test, target_arch = "x86_64"))]
fn add_exponents_wide(row: &mut QuadRow, count: usize, above: &[u32], is_first: bool) -> u32 {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn wide(row: &mut QuadRow, count: usize, above: &[u32], is_first: bool) -> u32 {
        exponents_avx2::add_exponents(row, count, above, is_first)
    }
    assert!(has_wide());
    // SAFETY: the processor has what the function is compiled for; that was just asked.
    #[allow(unsafe_code)]
    unsafe {
        wide(row, count, above, is_first)
    }
}

/// The bit below the lowest of each significant sample (§7.5).
fn magnitude_pass(bytes: &[u8], plane: u32, samples: &mut SampleBlock) {
    let mut bits = BitBuffer::new();
    bits.read_backward(bytes);
    for_each_in_stripes(samples.width(), samples.height(), |row, column| {
        let sample = samples.get(row, column);
        if sample != 0 {
            let cleared = sample & !((bits.take(1) ^ 1) << plane);
            samples.set(row, column, cleared | 1 << (plane - 1));
        }
    });
}

/// Samples that become significant in the plane below the lowest (§7.4): four columns of a stripe,
/// then their signs.
fn significance_pass(bytes: &[u8], plane: u32, is_causal: bool, samples: &mut SampleBlock) {
    let mut bits = BitBuffer::new();
    bits.read_forward(bytes, 0);
    let (width, height) = (samples.width(), samples.height());
    let was_significant: Vec<bool> =
        (0..width * height).map(|index| samples.get(index / width, index % width) != 0).collect();
    let was = |row: usize, column: usize| {
        was_significant.get(row * width + column).copied().unwrap_or(false)
    };
    for stripe in (0..height).step_by(4) {
        let end = (stripe + 4).min(height);
        for group in (0..width).step_by(4) {
            let mut found = Vec::with_capacity(16);
            for column in group..(group + 4).min(width) {
                for row in stripe..end {
                    if was(row, column)
                        || !has_neighbour(samples, row, column, is_causal && row + 1 == stripe + 4)
                    {
                        continue;
                    }
                    if bits.take(1) == 1 {
                        samples.set(row, column, 3 << (plane - 1));
                        found.push((row, column));
                    }
                }
            }
            for (row, column) in found {
                samples.set(row, column, bits.take(1) << 31 | 3 << (plane - 1));
            }
        }
    }
}

fn has_neighbour(samples: &SampleBlock, row: usize, column: usize, is_below_unseen: bool) -> bool {
    let rows = row.saturating_sub(1)..row + if is_below_unseen { 1 } else { 2 };
    let mut around = rows
        .flat_map(|row| (column.saturating_sub(1)..column + 2).map(move |column| (row, column)));
    around.any(|(row, column)| samples.get(row, column) != 0)
}

fn for_each_in_stripes(width: usize, height: usize, mut visit: impl FnMut(usize, usize)) {
    for stripe in (0..height).step_by(4) {
        for column in 0..width {
            for row in stripe..(stripe + 4).min(height) {
                visit(row, column);
            }
        }
    }
}

#[cfg(test)]
mod tests;
