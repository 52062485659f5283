//! One line of one component, sample by sample (T.87 §A.3 to §A.7).

use super::bits::Bits;
use super::context::{Above, Contexts, Regions};
use super::parameters::Parameters;

/// J: a run is coded in pieces of 2^J samples (T.87 §A.7.1.1).
const RUN_BITS: [u8; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];

/// Lines of a component: each as wide as the image, and one sample more at either end.
#[derive(Debug)]
pub(super) struct Lines {
    /// The line above.
    pub previous: Vec<u16>,
    /// The line at hand.
    pub current: Vec<u16>,
    /// RUNindex: the longer runs have been, the longer are the pieces that they are coded in.
    pub run_index: usize,
}

impl Lines {
    /// Before the first line: zeros are above it.
    pub(super) fn new(columns: usize) -> Lines {
        Lines { previous: vec![0; columns + 2], current: vec![0; columns + 2], run_index: 0 }
    }

    /// As before the first line.
    pub(super) fn restart(&mut self) {
        self.current.fill(0);
        self.run_index = 0;
    }

    /// The samples of the line at hand.
    pub(super) fn samples(&self) -> &[u16] {
        match &self.current[..] {
            [_, samples @ .., _] => samples,
            _ => &[],
        }
    }

    /// The sample above the one before `column`, and so on; 0 where there is none.
    #[inline(always)]
    pub(super) fn above(&self, index: usize) -> i32 {
        self.previous.get(index).map_or(0, |sample| i32::from(*sample))
    }

    /// Sets samples of the line at hand.
    #[inline(always)]
    pub(super) fn set(&mut self, column: usize, length: usize, sample: i32) {
        if let Some(samples) = self.current.get_mut(column + 1..column + 1 + length) {
            samples.fill(sample as u16);
        }
    }

    /// Goes to the next line. At its ends, neighbours that are not there are as those above it
    /// (T.87 §A.2.1).
    pub(super) fn advance(&mut self) {
        std::mem::swap(&mut self.previous, &mut self.current);
        if let [.., last, behind] = &mut self.previous[..] {
            *behind = *last;
        }
        if let ([before, ..], [_, above, ..]) = (&mut self.current[..], &self.previous[..]) {
            *before = *above;
        }
    }
}

/// What the lines of a scan are decoded with.
#[derive(Debug)]
pub(super) struct Coder {
    pub parameters: Parameters,
    pub regions: Regions,
    pub contexts: Contexts,
    /// The line above the one at hand.
    above: Vec<Above>,
}

impl Coder {
    pub(super) fn new(parameters: Parameters, columns: usize) -> Coder {
        Coder {
            parameters,
            regions: Regions::new(&parameters),
            contexts: Contexts::new(&parameters),
            above: vec![Above::default(); columns],
        }
    }

    /// Forgets the samples that there were.
    pub(super) fn restart(&mut self) {
        self.contexts = Contexts::new(&self.parameters);
    }

    /// Decodes the line at hand of a component. `IS_BINARY` says what [`Parameters::is_binary`]
    /// does.
    #[inline(always)]
    pub(super) fn line<const IS_BINARY: bool>(&mut self, lines: &mut Lines, from: &mut Bits<'_>) {
        let Lines { previous, current, run_index } = lines;
        self.regions.above(previous, &mut self.above);
        let above_line = &self.above[..];
        let columns = above_line.len();
        let (Some(current), [above_left, above, ..]) =
            (current.get_mut(1..1 + columns), &previous[..])
        else {
            return;
        };
        let Some(table) = self.regions.table() else { return };
        // Rc and Ra.
        let (mut above_left, mut left) = (i32::from(*above_left), i32::from(*above));
        // In registers while the line lasts.
        let mut bits = *from;
        let parameters = self.parameters;
        let mut column = 0;
        while let (Some(above), Some(place)) = (above_line.get(column), current.get_mut(column)) {
            let regions = i32::from(above.regions) + table.of(above_left - left);
            let above = i32::from(above.sample);
            if regions != 0 {
                left = take_sample::<IS_BINARY>(
                    &parameters,
                    &mut self.contexts,
                    &mut bits,
                    regions,
                    [left, above, above_left],
                );
                *place = left as u16;
                column += 1;
                above_left = above;
                continue;
            }
            // A copy goes there, so that what is here can stay in registers.
            let mut run_bits = bits;
            let length = take_run(&mut run_bits, run_index, columns - column);
            if let Some(run) = current.get_mut(column..column + length) {
                run.fill(left as u16);
            }
            column += length;
            if let (Some(above), Some(place)) = (above_line.get(column), current.get_mut(column)) {
                above_left = above.sample.into();
                left = take_run_end(
                    &mut self.contexts,
                    &parameters,
                    &mut run_bits,
                    *run_index,
                    left,
                    above_left,
                );
                *run_index = run_index.saturating_sub(1);
                *place = left as u16;
                column += 1;
            }
            bits = run_bits;
        }
        *from = bits;
    }
}

/// A sample that is in no run, where the regions are not all 0, or those of another component are
/// not. `neighbours` are Ra, Rb and Rc.
#[inline(always)]
pub(super) fn take_sample<const IS_BINARY: bool>(
    parameters: &Parameters,
    contexts: &mut Contexts,
    bits: &mut Bits<'_>,
    regions: i32,
    neighbours: [i32; 3],
) -> i32 {
    let Parameters { max_value, error_bits, limit, near, .. } = *parameters;
    // Opposite regions have one context, in which errors have the opposite sign.
    let (sign, index) = (regions >> 31, regions.unsigned_abs() as usize);
    let (Some(context), Some(statistics)) =
        (contexts.regular.get_mut(index), contexts.statistics.get_mut(index))
    else {
        return 0;
    };
    let correction = (i32::from(context.correction) ^ sign) - sign;
    let mut predicted = predict(neighbours) + correction;
    if predicted as u32 > max_value as u32 {
        predicted = clamp_seldom(predicted, max_value);
    }

    let mapped = bits.take_code(context.golomb, limit - error_bits - 1, error_bits);
    // An odd number is that of a negative error.
    let is_odd = -((mapped & 1) as i32);
    let half = (mapped >> 1) as i32;
    let complement = i32::from(context.complement);
    let error = (half ^ (complement ^ sign) ^ is_odd).wrapping_sub(sign);
    let sample = if IS_BINARY {
        predicted.wrapping_add(error) & max_value
    } else {
        parameters.reconstruct(predicted, error)
    };
    statistics.update(context, half ^ complement ^ is_odd, parameters, IS_BINARY || near == 0);
    sample
}

/// Not there where it is seldom needed, so that nothing has to wait for it.
#[cold]
#[inline(never)]
fn clamp_seldom(value: i32, max_value: i32) -> i32 {
    value.min(max_value).max(0)
}

/// The sample that ends a run of `left`, below `above` (T.87 §A.7.2).
fn take_run_end(
    contexts: &mut Contexts,
    parameters: &Parameters,
    bits: &mut Bits<'_>,
    run_index: usize,
    left: i32,
    above: i32,
) -> i32 {
    if (left - above).abs() <= parameters.near {
        let error = take_run_error(contexts, parameters, bits, run_index, true);
        return parameters.reconstruct(left, error);
    }
    take_unlike_run_end(contexts, parameters, bits, run_index, left, above)
}

/// The same where the neighbours are not alike, or are taken not to be: in pixels of many
/// components.
pub(super) fn take_unlike_run_end(
    contexts: &mut Contexts,
    parameters: &Parameters,
    bits: &mut Bits<'_>,
    run_index: usize,
    left: i32,
    above: i32,
) -> i32 {
    let error = take_run_error(contexts, parameters, bits, run_index, false);
    parameters.reconstruct(above, if left > above { error.wrapping_neg() } else { error })
}

/// The prediction error of a sample that ends a run.
fn take_run_error(
    contexts: &mut Contexts,
    parameters: &Parameters,
    bits: &mut Bits<'_>,
    run_index: usize,
    is_alike: bool,
) -> i32 {
    let Parameters { limit, error_bits, reset, .. } = *parameters;
    let [unlike, alike] = &mut contexts.run;
    let context = if is_alike { alike } else { unlike };
    let golomb = context.golomb(is_alike);
    // The code of the run counts as part of that of its end.
    let escape = limit - run_bits(run_index) - 1 - error_bits - 1;
    let mapped = bits.take_code(golomb, escape, error_bits);
    context.update(mapped, golomb.k(), is_alike, reset)
}

fn run_bits(run_index: usize) -> u32 {
    RUN_BITS.get(run_index).map_or(0, |bits| u32::from(*bits))
}

/// The length of a run, at most what is `left` of the line (T.87 §A.7.1.2).
pub(super) fn take_run(bits: &mut Bits<'_>, run_index: &mut usize, left: usize) -> usize {
    let mut length = 0;
    while bits.take(1) == 1 {
        let piece = 1 << run_bits(*run_index);
        if piece > left - length {
            return left;
        }
        length += piece;
        *run_index = (*run_index + 1).min(RUN_BITS.len() - 1);
        if length == left {
            return left;
        }
    }
    length += bits.take(run_bits(*run_index)) as usize;
    if length > left {
        bits.damage();
    }
    length.min(left)
}

/// What a sample is predicted to be: the median of two neighbours and the plane through all three
/// (T.87 §A.4.1).
#[inline(always)]
fn predict([left, above, above_left]: [i32; 3]) -> i32 {
    (left + above - above_left).min(left.max(above)).max(left.min(above))
}
