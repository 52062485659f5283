//! Luminance and chrominance to red, green and blue (PS3.3 §C.7.6.3.1.2).

use std::ops::RangeInclusive;

use crate::image_description::SampleType;

/// Which levels luminance and chrominance use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum YbrRange {
    /// All: YBR_FULL.
    Full,
    /// Of 8 bits 16 to 235, and 16 to 240: YBR_PARTIAL_420 and the like.
    Partial,
}

/// Turns YBR pixels, three samples each in the machine's byte order, into RGB in place. Of those
/// that are wider than 8 bits, `bits` carry a value.
pub(crate) fn to_rgb(sample_type: SampleType, bits: u32, range: YbrRange, samples: &mut [u8]) {
    match (sample_type, range) {
        (SampleType::U16, _) => {
            let equation = Equation::new(bits, range);
            let (words, _) = samples.as_chunks_mut::<2>();
            let (pixels, _) = words.as_chunks_mut::<3>();
            for pixel in pixels {
                let ybr = pixel.map(|word| f64::from(u16::from_ne_bytes(word)));
                *pixel = equation.rgb(ybr).map(|level| (level as u16).to_ne_bytes());
            }
        }
        (_, YbrRange::Full) => ybr_full_to_rgb(samples),
        (_, YbrRange::Partial) => {
            let equation = Equation::new(8, range);
            let (pixels, _) = samples.as_chunks_mut::<3>();
            for pixel in pixels {
                *pixel = equation.rgb(pixel.map(f64::from)).map(|level| level as u8);
            }
        }
    }
}

/// The equations in `f64`, with "half full scale" in the place of 128 (PS3.3 §C.7.6.3.1.2).
struct Equation {
    half: f64,
    /// The level of black, and what makes luminance and chrominance as wide as YBR_FULL.
    black: f64,
    luminance: f64,
    chrominance: f64,
}

impl Equation {
    fn new(bits: u32, range: YbrRange) -> Equation {
        let half = f64::from(1u32 << bits.clamp(1, 16) >> 1);
        let full = 2.0 * half - 1.0;
        let (black, luminance, chrominance) = match range {
            YbrRange::Full => (0.0, 1.0, 1.0),
            YbrRange::Partial => {
                (half / 8.0, full / (half * 219.0 / 128.0), full / (half * 224.0 / 128.0))
            }
        };
        Equation { half, black, luminance, chrominance }
    }

    /// Levels, rounded half up.
    fn rgb(&self, [y, blue, red]: [f64; 3]) -> [f64; 3] {
        const GREEN_BLUE: f64 = 0.114 * 1.772 / 0.587;
        const GREEN_RED: f64 = 0.299 * 1.402 / 0.587;
        let most = 2.0 * self.half - 1.0;
        let level = |value: f64| (value + 0.5).floor().clamp(0.0, most);
        let y = (y - self.black) * self.luminance;
        let [blue, red] = [blue, red].map(|level| (level - self.half) * self.chrominance);
        let green = y - GREEN_BLUE * blue - GREEN_RED * red;
        [level(y + 1.402 * red), level(green), level(y + 1.772 * blue)]
    }
}

/// Turns 8-bit YBR_FULL pixels, three samples each, into RGB in place.
///
/// The inverse of the equations of the standard, rounded half up, which gives the same levels as
/// pydicom, which computes in `f32`, of every pixel that there can be.
fn ybr_full_to_rgb(samples: &mut [u8]) {
    /// Bits behind the point.
    const POINT: u32 = 22;
    /// A half, and what `f32` and the rounding of the factors make of one.
    const HALF: i32 = (1 << (POINT - 1)) + 74;
    // 1.402, 1.772, 0.114 * 1.772 / 0.587 and 0.299 * 1.402 / 0.587.
    const RED: i32 = 5_880_414;
    const BLUE: i32 = 7_432_307;
    const GREEN_BLUE: i32 = 1_443_412;
    const GREEN_RED: i32 = 2_995_305;
    /// The one pair of blue and red whose green lies so near to a half that what `f32` makes of it
    /// depends on the luminance: it is one less for these.
    const TIE: (i32, i32) = (78 - 128, 178 - 128);
    const LUMINANCE_OF_TIE: RangeInclusive<i32> = 19..=46;
    let (pixels, _) = samples.as_chunks_mut::<3>();
    for pixel in pixels {
        let [y, blue, red] = pixel.map(i32::from);
        let (blue, red) = (blue - 128, red - 128);
        // Products have 30 bits at most.
        let mut green = y + ((HALF - GREEN_BLUE * blue - GREEN_RED * red) >> POINT);
        if (blue, red) == TIE && LUMINANCE_OF_TIE.contains(&y) {
            green -= 1;
        }
        let others = [y + ((RED * red + HALF) >> POINT), y + ((BLUE * blue + HALF) >> POINT)];
        *pixel = [others[0], green, others[1]].map(|level| level.clamp(0, 255) as u8);
    }
}

/// Gives each of two neighbouring pixels the chrominance that they share: Y1 Y2 B R becomes Y1 B R
/// Y2 B R, of samples of `sample_length` bytes.
pub(crate) fn expand_422(stored: &[u8], sample_length: usize, out: &mut [u8]) {
    /// Which of the stored samples each sample of two pixels is.
    const SOURCES: [usize; 6] = [0, 2, 3, 1, 2, 3];
    let size = sample_length.max(1);
    for (pair, stored) in out.chunks_exact_mut(6 * size).zip(stored.chunks_exact(4 * size)) {
        for (sample, source) in pair.chunks_exact_mut(size).zip(SOURCES) {
            if let Some(source) = stored.get(source * size..(source + 1) * size) {
                sample.copy_from_slice(source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_primaries_and_ties() {
        let mut samples =
            [128, 128, 128, 76, 85, 255, 0, 0, 0, 255, 255, 255, 0, 178, 78, 19, 78, 178];
        ybr_full_to_rgb(&mut samples);
        assert_eq!(
            samples,
            [128, 128, 128, 254, 0, 0, 0, 135, 0, 255, 121, 255, 0, 19, 89, 89, 0, 0]
        );
    }

    /// The equations in fused `f32` arithmetic, as pydicom computes them.
    fn in_floating_point(pixel: [u8; 3]) -> [u8; 3] {
        let level = |value: f32| (value + 0.5).floor().clamp(0.0, 255.0) as u8;
        let add_product =
            |sum: f32, a: f32, b: f32| (f64::from(a) * f64::from(b) + f64::from(sum)) as f32;
        let [y, blue, red] = pixel.map(f32::from);
        let (blue, red) = (blue - 128.0, red - 128.0);
        let green = add_product(add_product(y, -0.344_136_3, blue), -0.714_136_3, red);
        [level(add_product(y, 1.402, red)), level(green), level(add_product(y, 1.772, blue))]
    }

    #[test]
    fn whole_numbers_give_what_floating_point_gives() {
        let pair = |pair: u16| pair.to_be_bytes();
        for y in [0, 1, 18, 19, 20, 46, 47, 48, 100, 127, 128, 254, 255] {
            let pixels: Vec<[u8; 3]> =
                (0..=u16::MAX).map(|both| [y, pair(both)[0], pair(both)[1]]).collect();
            let mut found = pixels.as_flattened().to_vec();
            ybr_full_to_rgb(&mut found);
            let expected: Vec<u8> = pixels.iter().copied().flat_map(in_floating_point).collect();
            assert!(found == expected, "luminance {y}");
        }
    }

    #[test]
    fn wide_samples_have_their_half_and_their_most() {
        for (bits, half, most) in [(16, 32_768, 65_535), (12, 2048, 4095), (10, 512, 1023)] {
            let words = [half, half, half, 0, half, half, most, half, half, half, half, most];
            let mut samples: Vec<u8> =
                words.iter().flat_map(|word: &u16| word.to_ne_bytes()).collect();
            to_rgb(SampleType::U16, bits, YbrRange::Full, &mut samples);
            let (found, _) = samples.as_chunks::<2>();
            let found: Vec<u16> = found.iter().map(|word| u16::from_ne_bytes(*word)).collect();
            assert_eq!(found[..9], [half, half, half, 0, 0, 0, most, most, most], "{bits}");
            // Red above all, green below, blue unchanged.
            assert_eq!((found[9], found[11]), (most, half), "{bits}");
            let green = f64::from(half) - 0.714_136_286 * f64::from(most - half);
            assert!((f64::from(found[10]) - green).abs() <= 0.5, "{bits}: {}", found[10]);
        }
    }

    #[test]
    fn a_smaller_range_becomes_all_levels() {
        // Black, white and grey, and red by the matrix of the standard (PS3.3 §C.7.6.3.1.2).
        let pixels =
            [[16, 128, 128], [235, 128, 128], [126, 128, 128], [81, 90, 240], [0, 128, 128]];
        let expected = [[0; 3], [255; 3], [128; 3], [254, 0, 0], [0; 3]];
        let mut samples = pixels.as_flattened().to_vec();
        to_rgb(SampleType::U8, 8, YbrRange::Partial, &mut samples);
        assert_eq!(samples, expected.as_flattened());
        let mut wide: Vec<u8> = pixels
            .iter()
            .flatten()
            .flat_map(|level| (u16::from(*level) << 4).to_ne_bytes())
            .collect();
        to_rgb(SampleType::U16, 12, YbrRange::Partial, &mut wide);
        let (words, _) = wide.as_chunks::<2>();
        let found: Vec<u16> = words.iter().map(|word| u16::from_ne_bytes(*word)).collect();
        for (found, level) in found.iter().zip(expected.as_flattened()) {
            assert!(found.abs_diff(u16::from(*level) << 4) <= 24, "{found} {level}");
        }
    }

    #[test]
    fn shared_chrominance_is_repeated() {
        let mut out = [0; 12];
        expand_422(&[1, 2, 3, 4, 5, 6, 7, 8], 1, &mut out);
        assert_eq!(out, [1, 3, 4, 2, 3, 4, 5, 7, 8, 6, 7, 8]);
        expand_422(&[1, 2, 3, 4, 5, 6, 7, 8], 2, &mut out);
        assert_eq!(out, [1, 2, 5, 6, 7, 8, 3, 4, 5, 6, 7, 8]);
    }
}
