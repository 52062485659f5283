//! The numbers that set up the coding of a scan (T.87 §A.1, §A.2, §C.2.4.1.1).

use crate::error::JpegLsFault;

/// What an LSE marker segment says (T.87 §C.2.4.1.1): 0 where the default holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Preset {
    /// MAXVAL.
    pub max_value: u32,
    /// T1, T2 and T3.
    pub thresholds: [u32; 3],
    /// RESET.
    pub reset: u32,
}

/// What a scan is coded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    /// MAXVAL: the largest sample, below 65536.
    pub max_value: i32,
    /// NEAR: how much a sample may differ from what was coded, at most half of MAXVAL and 255.
    pub near: i32,
    /// RANGE: how many prediction errors there are.
    pub range: i32,
    /// qbpp: bits of a prediction error that is coded as it is.
    pub error_bits: u32,
    /// LIMIT: bits of the longest code, at most 64.
    pub limit: u32,
    /// T1, T2 and T3: where differences of neighbours change their region.
    pub thresholds: [i32; 3],
    /// RESET: after how many samples the statistics of a context are halved.
    pub reset: u32,
}

impl Parameters {
    /// The parameters of a scan of samples of `precision` bits, 2 to 16.
    ///
    /// # Errors
    ///
    /// If the preset or `near` are none that the standard allows.
    pub(super) fn new(
        precision: u32,
        near: u32,
        preset: &Preset,
    ) -> Result<Parameters, JpegLsFault> {
        let largest = (1i32 << precision) - 1;
        let max_value = if preset.max_value == 0 { largest } else { preset.max_value as i32 };
        if max_value > largest {
            return Err(JpegLsFault::LargestSample { max_value, precision });
        }
        let near = near as i32;
        if near > (max_value / 2).min(255) {
            return Err(JpegLsFault::Near { near, max_value });
        }
        let mut thresholds = default_thresholds(max_value, near);
        for (threshold, preset) in thresholds.iter_mut().zip(preset.thresholds) {
            if preset != 0 {
                *threshold = preset as i32;
            }
        }
        let [t1, t2, t3] = thresholds;
        if !(near < t1 && t1 <= t2 && t2 <= t3 && t3 <= max_value) {
            return Err(JpegLsFault::Thresholds { t1, t2, t3, near, max_value });
        }
        let reset = if preset.reset == 0 { 64 } else { preset.reset };
        if reset < 3 || reset > 255.max(max_value as u32) {
            return Err(JpegLsFault::Reset { reset });
        }
        let range = (max_value + 2 * near) / (2 * near + 1) + 1;
        // For 1 and more, this is the logarithm to base 2, rounded up.
        let log2 = |count: i32| (count - 1).checked_ilog2().map_or(0, |log| log + 1);
        let sample_bits = log2(max_value + 1).max(2);
        let limit = 2 * (sample_bits + sample_bits.max(8));
        Ok(Parameters { max_value, near, range, error_bits: log2(range), limit, thresholds, reset })
    }

    /// Whether samples are exact and their differences wrap at a power of two, as nearly all are:
    /// no multiplication is needed then, and no comparison.
    pub(super) fn is_binary(&self) -> bool {
        self.near == 0 && (self.range as u32).is_power_of_two()
    }

    /// Differences of two prediction errors that are next to each other: 1 + 2 NEAR.
    pub(super) fn step(&self) -> i32 {
        2 * self.near + 1
    }

    /// The sample that differs so much from what was predicted (T.87 §A.4.4, §A.4.5, backwards).
    #[inline(always)]
    pub(super) fn reconstruct(&self, predicted: i32, error: i32) -> i32 {
        // Errors that a damaged frame codes may be anything.
        let sample = predicted.wrapping_add(error.wrapping_mul(self.step()));
        if sample as u32 <= self.max_value as u32 { sample } else { self.bring_back(sample) }
    }

    /// The same of a sample below 0 or above MAXVAL, which few are.
    #[cold]
    #[inline(never)]
    fn bring_back(&self, sample: i32) -> i32 {
        let all = self.range * self.step();
        let sample = if sample < -self.near {
            sample.wrapping_add(all)
        } else if sample > self.max_value + self.near {
            sample.wrapping_sub(all)
        } else {
            sample
        };
        sample.clamp(0, self.max_value)
    }

    /// A, for all contexts, before the first sample (T.87 §A.2.1).
    pub(super) fn first_magnitude(&self) -> u32 {
        ((self.range as u32 + 32) / 64).max(2)
    }
}

/// T1, T2 and T3 by default (T.87 §C.2.4.1.1.1).
fn default_thresholds(max_value: i32, near: i32) -> [i32; 3] {
    // What would leave its bounds is the lower bound.
    let clamp =
        |value: i32, lowest: i32| if value > max_value || value < lowest { lowest } else { value };
    let [mut t1, mut t2, mut t3] = if max_value >= 128 {
        let factor = (max_value.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, 4 * factor + 3 + 5 * near, 17 * factor + 4 + 7 * near]
    } else {
        let factor = 256 / (max_value + 1);
        [2.max(3 / factor + 3 * near), 3.max(7 / factor + 5 * near), 4.max(21 / factor + 7 * near)]
    };
    t1 = clamp(t1, near + 1);
    t2 = clamp(t2, t1);
    t3 = clamp(t3, t2);
    [t1, t2, t3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_standard() {
        // The thresholds of T.87 §C.2.4.1.1.1 for 8 bits; the others by its formulas.
        for (precision, near, thresholds, limit, first) in [
            (8, 0, [3, 7, 21], 32, 4),
            (8, 2, [9, 17, 35], 32, 2),
            (12, 0, [18, 67, 276], 48, 64),
            (16, 0, [18, 67, 276], 64, 1024),
            (2, 0, [2, 3, 3], 20, 2),
            (2, 1, [3, 3, 3], 20, 2),
            (6, 0, [2, 3, 5], 28, 2),
        ] {
            let parameters = Parameters::new(precision, near, &Preset::default()).unwrap();
            assert_eq!(
                (parameters.thresholds, parameters.limit, parameters.first_magnitude()),
                (thresholds, limit, first),
                "{precision} bits, NEAR {near}"
            );
        }
    }

    #[test]
    fn presets_that_contradict_themselves_are_refused() {
        let preset = |max_value, thresholds, reset| Preset { max_value, thresholds, reset };
        let thresholds = |near, [t1, t2, t3]: [i32; 3], max_value| {
            Some(JpegLsFault::Thresholds { t1, t2, t3, near, max_value })
        };
        for (near, preset, expected) in [
            (0, preset(255, [0; 3], 0), None),
            (
                0,
                preset(256, [0; 3], 0),
                Some(JpegLsFault::LargestSample { max_value: 256, precision: 8 }),
            ),
            (127, preset(0, [0; 3], 0), None),
            (128, preset(0, [0; 3], 0), Some(JpegLsFault::Near { near: 128, max_value: 255 })),
            (51, preset(101, [0; 3], 0), Some(JpegLsFault::Near { near: 51, max_value: 101 })),
            (3, preset(0, [4, 0, 0], 0), None),
            (3, preset(0, [3, 0, 0], 0), thresholds(3, [3, 22, 42], 255)),
            (0, preset(0, [8, 8, 8], 0), None),
            (0, preset(0, [9, 8, 21], 0), thresholds(0, [9, 8, 21], 255)),
            (0, preset(0, [3, 22, 21], 0), thresholds(0, [3, 22, 21], 255)),
            (0, preset(100, [3, 7, 100], 0), None),
            (0, preset(100, [3, 7, 101], 0), thresholds(0, [3, 7, 101], 100)),
            (0, preset(0, [0; 3], 3), None),
            (0, preset(0, [0; 3], 2), Some(JpegLsFault::Reset { reset: 2 })),
            (0, preset(0, [0; 3], 255), None),
            (0, preset(0, [0; 3], 256), Some(JpegLsFault::Reset { reset: 256 })),
        ] {
            let found = Parameters::new(8, near, &preset);
            assert_eq!(found.err(), expected, "NEAR {near}, {preset:?}");
        }
        // More than 255 where samples are larger.
        let parameters = Parameters::new(12, 0, &preset(0, [0; 3], 4095)).unwrap();
        assert_eq!(parameters.reset, 4095);
    }
}
