//! The lines of a scan, whichever way its components take turns (T.87 §B.2, §B.3), and its restart
//! intervals.

use super::bits::{Bits, Segment};
use super::line::{Coder, Lines};
use super::parameters::Parameters;
use crate::error::Result;

/// How the components of a scan take turns (ILV).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interleave {
    /// A line of each, or of the only one.
    Line,
    /// A sample of each.
    Sample,
}

/// What the lines of a scan are, by the headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub columns: usize,
    pub rows: usize,
    /// Components of the scan.
    pub component_count: usize,
    pub interleave: Interleave,
    /// Lines of a restart interval; 0 if there are no such intervals.
    pub restart_interval: usize,
}

/// Where a scan ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Entropy-coded bytes up to there.
    pub taken: usize,
    /// Why it does so before its last line.
    pub early: Option<Early>,
}

/// Why a scan ends before its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Early {
    /// More bits are needed than there are before a marker, or the end.
    Exhausted,
    /// The bits are no code.
    Damaged,
    /// The marker of the next restart interval is not there.
    NotRestarted,
    /// All lines of an interval are there, and so many bytes are left: wrong bits can look like
    /// codes up to the end.
    Unused(usize),
}

/// Bytes that may be left over when all lines of an interval are decoded: padding.
const MOST_UNUSED: usize = 2;

/// Decodes a scan whose entropy-coded bytes `coded` starts with, and gives `take` its lines: those
/// of all components.
///
/// # Errors
///
/// Those of `take`, and if there is no memory.
pub(super) fn decode_scan(
    parameters: Parameters,
    shape: &Shape,
    coded: &[u8],
    mut take: impl FnMut(&[Lines]) -> Result<()>,
) -> Result<End> {
    let mut coder = Coder::new(parameters, shape.columns);
    let mut lines: Vec<Lines> =
        (0..shape.component_count).map(|_| Lines::new(shape.columns)).collect();
    let mut segment = Segment::default();
    let mut taken = 0;
    let interval = if shape.restart_interval == 0 { shape.rows } else { shape.restart_interval };
    for (index, first_row) in (0..shape.rows).step_by(interval.max(1)).enumerate() {
        if index > 0 {
            // RST0 to RST7, in turns.
            let marker = [0xFF, 0xD0 + ((index - 1) & 7) as u8];
            if !coded.get(taken..).is_some_and(|rest| rest.starts_with(&marker)) {
                return Ok(End { taken, early: Some(Early::NotRestarted) });
            }
            taken += marker.len();
            coder.restart();
            lines.iter_mut().for_each(Lines::restart);
        }
        taken += segment.read(coded.get(taken..).unwrap_or(&[]))?;
        let mut bits = segment.bits();
        for _ in first_row..shape.rows.min(first_row.saturating_add(interval)) {
            lines.iter_mut().for_each(Lines::advance);
            next_line(&mut coder, &mut lines, shape.interleave, &mut bits);
            // After the end are zeros, which are no codes either.
            if bits.is_exhausted() {
                let early = if bits.is_damaged() { Early::Damaged } else { Early::Exhausted };
                return Ok(End { taken, early: Some(early) });
            }
            take(&lines)?;
        }
        if bits.unused_bytes() > MOST_UNUSED {
            let early = Some(Early::Unused(bits.unused_bytes()));
            return Ok(End { taken, early });
        }
    }
    Ok(End { taken, early: None })
}

/// Decodes the line at hand of each component.
fn next_line(coder: &mut Coder, lines: &mut [Lines], interleave: Interleave, bits: &mut Bits<'_>) {
    #[cfg(target_arch = "x86_64")]
    if has_bit_instructions() {
        // SAFETY: the processor has the instructions, as was just asked. They are worth it:
        // without, 512 x 512 CT frames take 1.3 times as long, because a code takes many shifts by
        // numbers that are not constant, and counts zeros.
        #[allow(unsafe_code)]
        unsafe {
            next_line_with_bit_instructions(coder, lines, interleave, bits);
        }
        return;
    }
    next_line_inlined(coder, lines, interleave, bits);
}

/// Whether there are the instructions of [`next_line_with_bit_instructions`]. The answer is kept
/// where it is asked.
#[cfg(target_arch = "x86_64")]
fn has_bit_instructions() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("movbe")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,movbe")]
fn next_line_with_bit_instructions(
    coder: &mut Coder,
    lines: &mut [Lines],
    interleave: Interleave,
    bits: &mut Bits<'_>,
) {
    next_line_inlined(coder, lines, interleave, bits);
}

#[inline(always)]
fn next_line_inlined(
    coder: &mut Coder,
    lines: &mut [Lines],
    interleave: Interleave,
    bits: &mut Bits<'_>,
) {
    // Loops: the body of a `for_each` would be compiled for any processor, and lose what the
    // instructions gain.
    match (interleave, coder.parameters.is_binary()) {
        (Interleave::Line, true) => {
            for lines in lines {
                coder.line::<true>(lines, bits);
            }
        }
        (Interleave::Line, false) => {
            for lines in lines {
                coder.line::<false>(lines, bits);
            }
        }
        (Interleave::Sample, true) => coder.pixel_line::<true>(lines, bits),
        (Interleave::Sample, false) => coder.pixel_line::<false>(lines, bits),
    }
}
