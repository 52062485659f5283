//! What is known of the samples so far, by the neighbourhoods that they were in (T.87 §A.2.1, §A.6,
//! §A.7.2).

use super::bits::Golomb;
use super::parameters::Parameters;

/// Contexts of samples that are not in a run: 9 regions of three differences, opposite ones as one.
const CONTEXT_COUNT: usize = 365;

/// What the next sample of a context is decoded with. It follows from the [`Statistics`]; kept, it
/// is there before it is needed.
#[derive(Clone, Copy, Debug)]
#[repr(align(4))]
pub(super) struct Context {
    /// C: what corrects the prediction.
    pub correction: i8,
    /// k of the code of the error.
    pub golomb: Golomb,
    /// -1 if the codes of an error and of its complement have changed places, else 0.
    pub complement: i8,
}

/// What is known of the errors of a context.
#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
pub(super) struct Statistics {
    /// A: the sum of the magnitudes of prediction errors.
    magnitude: u32,
    /// B: the bias of the prediction, above -N and at most 0.
    bias: i32,
    /// N: how often the context was met, halved with the others; at most RESET.
    count: u32,
}

impl Statistics {
    /// Takes in a prediction error (T.87 §A.6), and makes `context` ready for the next.
    /// `IS_LOSSLESS` says that NEAR is 0.
    ///
    /// There are no branches on what is as good as random.
    #[inline(always)]
    pub(super) fn update(
        &mut self,
        context: &mut Context,
        error: i32,
        parameters: &Parameters,
        is_lossless: bool,
    ) {
        // Errors that a damaged frame codes may be anything.
        let mut magnitude = self.magnitude.wrapping_add(error.unsigned_abs());
        let mut bias = self.bias.wrapping_add(if is_lossless {
            error
        } else {
            error.wrapping_mul(parameters.step())
        });
        let mut count = self.count;
        if count == parameters.reset {
            magnitude >>= 1;
            bias >>= 1;
            count >>= 1;
        }
        count += 1;
        let n = count as i32;

        // -1 where the bias is below its bounds, or above.
        let is_low = bias.wrapping_add(n - 1) >> 31;
        let is_high = bias.wrapping_neg() >> 31;
        bias = bias.wrapping_add(n & is_low).wrapping_sub(n & is_high).min(0).max(1 - n);
        let correction = i32::from(context.correction) + is_low - is_high;
        let k = golomb_k(magnitude, count);
        // Is -1 where k is 0 and 2B <= -N.
        let complement =
            if is_lossless { (k as i32 - 1) >> 31 & (2 * bias + n - 1) >> 31 } else { 0 };

        let correction = if correction == i32::from(correction as i8) {
            correction as i8
        } else {
            context.correction
        };
        *context = Context { correction, golomb: Golomb::new(k), complement: complement as i8 };
        *self = Statistics { magnitude, bias, count };
    }
}

/// The smallest k for which `count` times 2^k is not below `magnitude` (T.87 §A.5.1). At most 32.
#[inline(always)]
fn golomb_k(magnitude: u32, count: u32) -> u32 {
    // As many places as bring both to the same length are enough, or one too few.
    let k = count.leading_zeros().saturating_sub(magnitude.leading_zeros());
    k + u32::from(count << k < magnitude)
}

/// The statistics of samples that end a run (T.87 §A.7.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct RunContext {
    /// A.
    magnitude: u32,
    /// N.
    count: u32,
    /// Nn: how many errors were negative.
    negative_count: u32,
}

impl RunContext {
    fn new(parameters: &Parameters) -> RunContext {
        RunContext { magnitude: parameters.first_magnitude(), count: 1, negative_count: 0 }
    }

    /// k of the code of the next error. `is_alike` (RItype) says that the neighbours are.
    pub(super) fn golomb(&self, is_alike: bool) -> Golomb {
        let magnitude = self.magnitude.wrapping_add(if is_alike { self.count >> 1 } else { 0 });
        Golomb::new(golomb_k(magnitude, self.count))
    }

    /// The prediction error that `mapped` (EMErrval) stands for, which is taken in (T.87 §A.7.2.2,
    /// backwards).
    pub(super) fn update(&mut self, mapped: u32, k: u32, is_alike: bool, reset: u32) -> i32 {
        let is_alike = u32::from(is_alike);
        let sum = mapped.wrapping_add(is_alike);
        let is_odd = sum & 1 == 1;
        let magnitude = (sum.wrapping_add(u32::from(is_odd)) >> 1) as i32;
        let is_negative = (k != 0 || 2 * self.negative_count >= self.count) == is_odd;
        let error = if is_negative { -magnitude } else { magnitude };
        self.negative_count += u32::from(error < 0);
        self.magnitude =
            self.magnitude.wrapping_add(mapped.wrapping_add(1).wrapping_sub(is_alike) >> 1);
        if self.count == reset {
            self.magnitude >>= 1;
            self.count >>= 1;
            self.negative_count >>= 1;
        }
        self.count += 1;
        error
    }
}

/// All statistics of a scan.
#[derive(Debug)]
pub(super) struct Contexts {
    /// Of samples that are in no run.
    pub regular: [Context; CONTEXT_COUNT],
    /// Of the same.
    pub statistics: [Statistics; CONTEXT_COUNT],
    /// Of samples that end a run: between neighbours that are not alike, and that are.
    pub run: [RunContext; 2],
}

impl Contexts {
    /// Before the first sample (T.87 §A.2.1).
    pub(super) fn new(parameters: &Parameters) -> Contexts {
        let statistics = Statistics { magnitude: parameters.first_magnitude(), bias: 0, count: 1 };
        let golomb = Golomb::new(golomb_k(statistics.magnitude, statistics.count));
        let context = Context { correction: 0, golomb, complement: 0 };
        Contexts {
            regular: [context; CONTEXT_COUNT],
            statistics: [statistics; CONTEXT_COUNT],
            run: [RunContext::new(parameters); 2],
        }
    }
}

/// Differences of samples of 16 bits.
const DIFFERENCE_COUNT: usize = 1 << 17;

/// The regions of differences between neighbours (T.87 §A.3.3): -4 to 4.
#[derive(Debug)]
pub(super) struct Regions {
    /// Looked up, the least difference first.
    table: Vec<i8>,
    /// From where on the region of a difference is 1, 2, 3 and 4.
    starts: [i32; 4],
}

/// The table of [`Regions`], whose size is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct RegionTable<'a>(&'a [i8; DIFFERENCE_COUNT]);

/// What is known of a sample's neighbours before the one to its left is decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Above {
    /// Rb.
    pub sample: u16,
    /// The regions of Rd - Rb, times 81, and of Rb - Rc, times 9.
    pub regions: i16,
}

impl Regions {
    pub(super) fn new(parameters: &Parameters) -> Regions {
        let [t1, t2, t3] = parameters.thresholds;
        let starts = [parameters.near + 1, t1, t2, t3];
        let mut table = vec![0; DIFFERENCE_COUNT];
        let middle = DIFFERENCE_COUNT / 2;
        for (region, (start, end)) in
            (1..).zip(starts.into_iter().zip([t1, t2, t3, parameters.max_value + 1]))
        {
            let (start, end) = (start as usize, end as usize);
            if let Some(part) = table.get_mut(middle + start..middle + end) {
                part.fill(region);
            }
            if let Some(part) = table.get_mut(middle + 1 - end..middle + 1 - start) {
                part.fill(-region);
            }
        }
        Regions { table, starts }
    }

    pub(super) fn table(&self) -> Option<RegionTable<'_>> {
        self.table.first_chunk().map(RegionTable)
    }

    /// What is known of a line from the one above, which has a sample more at either end. Without
    /// lookups, so that it is done for many samples at a time.
    #[inline(always)]
    pub(super) fn above(&self, previous: &[u16], line: &mut [Above]) {
        let [one, two, three, four] = self.starts;
        let region = |difference: i32| {
            let (magnitude, sign) = (difference.abs(), difference >> 31);
            let region = i32::from(magnitude >= one)
                + i32::from(magnitude >= two)
                + i32::from(magnitude >= three)
                + i32::from(magnitude >= four);
            (region ^ sign) - sign
        };
        let (Some(from_second), Some(from_third)) = (previous.get(1..), previous.get(2..)) else {
            return;
        };
        for (((left, middle), right), above) in
            previous.iter().zip(from_second).zip(from_third).zip(line)
        {
            let [left, sample, right] = [*left, *middle, *right].map(i32::from);
            above.sample = *middle;
            above.regions = (81 * region(right - sample) + 9 * region(sample - left)) as i16;
        }
    }
}

impl RegionTable<'_> {
    /// The region of a difference.
    #[inline(always)]
    pub(super) fn of(self, difference: i32) -> i32 {
        self.0
            .get((difference + (DIFFERENCE_COUNT / 2) as i32) as u32 as usize)
            .map_or(0, |region| i32::from(*region))
    }
}
