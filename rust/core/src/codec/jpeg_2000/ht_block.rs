//! Code-blocks of HTJ2K: all bit-planes in one pass, which two can refine (ISO/IEC 15444-15 §7).

mod magnitudes;
#[cfg(target_arch = "x86_64")]
mod magnitudes_avx2;
mod quads;

use self::magnitudes::Row;
use self::quads::{Codes, Quad, add_exponents};
#[cfg(target_arch = "x86_64")]
use super::features::has_wide;
use super::ht_bits::{BitBuffer, RunBits};
use super::sample_block::SampleBlock;

/// Bytes that the streams of a block may have more or fewer than its samples need: encoders share
/// one, or leave one out. Streams that went astray end farther off.
const BYTES_OFF: usize = 8;

/// Most quads of a row, with one at each side.
const MAX_QUADS: usize = 1024 / 2 + 2;

/// Decodes code-blocks; keeps its memory from one to the next.
pub(crate) struct BlockDecoder {
    /// Of the row above and then of this row, from index 1 on.
    quads: Box<[Quad; MAX_QUADS]>,
    /// Twice the magnitude less 1 of the lowest samples of the row above, from index 1 on; 0 if not
    /// significant.
    above: Box<[u32; MAX_QUADS * 2]>,
    /// Bits of magnitudes.
    magnitudes: BitBuffer,
    /// Codes of quads.
    codes: BitBuffer,
}

impl BlockDecoder {
    /// Ready for any block.
    pub(crate) fn new() -> BlockDecoder {
        BlockDecoder {
            quads: Box::new([Quad::default(); MAX_QUADS]),
            above: Box::new([0; MAX_QUADS * 2]),
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

    /// The pass that finds most of a block (§7.3). `read` is [`magnitudes::read`] or does the same.
    #[inline(always)]
    fn cleanup_pass(
        &mut self,
        bytes: &[u8],
        plane: u32,
        samples: &mut SampleBlock,
        read: impl Fn(Row<'_>),
    ) -> bool {
        // The last 12 bits say how long the codes of quads are (§7.1.1).
        let Some([last_but_one, last]) = bytes.last_chunk::<2>() else { return false };
        let suffix_length = usize::from(*last) << 4 | usize::from(*last_but_one & 15);
        if !(2..=4079).contains(&suffix_length) || suffix_length > bytes.len() {
            return false;
        }
        let (prefix, suffix) = bytes.split_at(bytes.len() - suffix_length);
        let suffix = suffix.get(..suffix.len() - 1).unwrap_or_default();
        let BlockDecoder { quads, above, magnitudes, codes } = self;
        magnitudes.read_forward(prefix, 0xFF);
        codes.read_from_upper_half(suffix);
        let mut codes = Codes { runs: RunBits::new(suffix), bits: codes };

        let quad_count = samples.width().div_ceil(2);
        let Some(quads) = quads.get_mut(..quad_count.next_multiple_of(2) + 2) else {
            return false;
        };
        quads.fill(Quad::default());
        let Some(above) = above.get_mut(..quads.len() * 2) else { return false };
        above.fill(0);
        let mut is_first = true;
        for (top, bottom) in samples.row_pairs_mut() {
            let is_sound = match is_first {
                true => codes.first_row(quads, quad_count),
                false => codes.other_row(quads, quad_count),
            };
            let quads = quads.get_mut(1..).unwrap_or_default();
            let most_bits = add_exponents(quads, &above[..], is_first);
            // All magnitudes have to find their place below the sign.
            if !is_sound || most_bits + plane > 30 {
                return false;
            }
            let above = &mut above[..];
            read(Row { quads, magnitudes, above, plane, most_bits, top, bottom });
            is_first = false;
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
            decoder.cleanup_pass(bytes, plane, samples, |row| magnitudes_avx2::read(row))
        }
        if has_wide() {
            // SAFETY: the processor has what the function is compiled for; that was just asked.
            #[allow(unsafe_code)]
            return unsafe { wide(decoder, bytes, plane, samples) };
        }
    }
    decoder.cleanup_pass(bytes, plane, samples, magnitudes::read)
}

/// [`magnitudes_avx2::read`], where the processor has what it needs.
#[cfg(all(test, target_arch = "x86_64"))]
fn read_wide(row: Row<'_>) {
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
    fn wide(row: Row<'_>) {
        magnitudes_avx2::read(row);
    }
    assert!(has_wide());
    // SAFETY: the processor has what the function is compiled for; that was just asked.
    #[allow(unsafe_code)]
    unsafe {
        wide(row);
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
