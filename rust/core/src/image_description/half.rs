//! Numbers of 16 bits (binary16 of IEEE 754), which NumPy calls float16.

/// The smallest magnitude that rounds to infinity: halfway from 65504, the largest number, to the
/// next power of two, which is the even one.
const BEYOND: f64 = 65_520.0;

/// A number of 1 bit of sign, 5 of exponent and 10 of fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Half(u16);

impl Half {
    /// The nearest number, of two equally near ones the even one.
    ///
    /// It has no branches, so that the compiler makes vector instructions of it.
    pub(crate) fn of_f32(value: f32) -> Half {
        // What infinity starts with, and the least number that is not subnormal, as f32.
        const INFINITE: u32 = 0x7F80_0000;
        const NORMAL: u32 = 0x3880_0000;
        // The exponents of the two types count from -127 and -15.
        const REBIASED: u32 = 0xC800_0000;
        let bits = value.to_bits();
        let (sign, magnitude) = (bits >> 16 & 0x8000, bits & 0x7FFF_FFFF);
        let is_odd = magnitude >> 13 & 1;
        let normal = magnitude.wrapping_add(REBIASED + 0xFFF).wrapping_add(is_odd) >> 13;
        // The last place of 0.5 in f32 is that of the subnormal numbers: the sum is rounded there.
        let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
        let small = if magnitude < NORMAL { subnormal } else { normal };
        let not_a_number = if magnitude > INFINITE { 0x7E00 } else { 0x7C00 };
        let is_beyond = f32::from_bits(magnitude) >= BEYOND as f32 || magnitude > INFINITE;
        Half((sign | if is_beyond { not_a_number } else { small }) as u16)
    }

    /// The nearest number, rounded once.
    pub(crate) fn of_f64(value: f64) -> Half {
        // The bits that f32 has no place for, in one that the rounding after it looks at.
        const DROPPED: u64 = (1 << 29) - 1;
        let bits = value.to_bits();
        let sticky = u64::from(bits & DROPPED != 0) << 29;
        Half::of_f32(f64::from_bits(bits & !DROPPED | sticky) as f32)
    }

    /// Whether a number is rounded to one that is as finite as itself.
    pub(crate) fn holds(value: f64) -> bool {
        value.abs() < BEYOND || !value.is_finite()
    }

    /// The same number with more bits.
    pub(crate) fn as_f64(self) -> f64 {
        let (exponent, fraction) = (self.0 >> 10 & 0x1F, f64::from(self.0 & 0x3FF));
        let magnitude = match exponent {
            0 => fraction * (-24f64).exp2(),
            0x1F if fraction == 0.0 => f64::INFINITY,
            0x1F => f64::NAN,
            _ => (1024.0 + fraction) * (f64::from(exponent) - 25.0).exp2(),
        };
        if self.0 & 0x8000 == 0 { magnitude } else { -magnitude }
    }

    pub(crate) fn to_ne_bytes(self) -> [u8; 2] {
        self.0.to_ne_bytes()
    }

    pub(crate) fn from_ne_bytes(bytes: [u8; 2]) -> Half {
        Half(u16::from_ne_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_once_to_the_nearest_even_one() {
        // Those of NumPy: np.float64(value).astype(np.float16).view(np.uint16).
        for (value, expected) in [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3C00),
            (-2.0, 0xC000),
            (2047.0, 0x67FF),
            (2049.0, 0x6800),
            (2051.0, 0x6802),
            (65504.0, 0x7BFF),
            (65519.999, 0x7BFF),
            // The least normal number, and a quarter of a step less, which rounds up to it.
            (6.103515625e-5, 0x0400),
            (6.1020255e-5, 0x0400),
            (6.097_555_160_522_461e-5, 0x03FF),
            // Subnormal ones: the least, half of it, and a bit more than half.
            ((-24f64).exp2(), 0x0001),
            ((-25f64).exp2(), 0x0000),
            (2.980_232_238_769_532e-8, 0x0001),
            (1e-300, 0x0000),
            // Halfway in f32, not in f64: rounded twice it would be 0x6800.
            (2049.000000001, 0x6801),
            (2048.9999999999, 0x6800),
            (f64::INFINITY, 0x7C00),
            (f64::NEG_INFINITY, 0xFC00),
            (f64::NAN, 0x7E00),
        ] {
            assert_eq!(Half::of_f64(value), Half(expected), "{value}");
            assert!(Half::holds(value), "{value}");
        }
        for value in [65520.0, -65520.0, 1e39, f64::MAX] {
            assert!(!Half::holds(value), "{value}");
            assert_eq!(Half::of_f64(value.abs()), Half(0x7C00), "{value}");
        }
    }

    #[test]
    fn every_number_comes_back() {
        for bits in 0..=u16::MAX {
            let half = Half::from_ne_bytes(bits.to_ne_bytes());
            let value = half.as_f64();
            if value.is_nan() {
                assert!(Half::of_f64(value).as_f64().is_nan());
                continue;
            }
            assert_eq!(Half::of_f64(value).to_ne_bytes(), bits.to_ne_bytes(), "{value}");
            assert_eq!(Half::of_f32(value as f32), half, "{value}");
        }
    }

    #[test]
    fn between_neighbours_the_middle_decides() {
        for bits in 0..0x7BFF {
            let (low, high) = (Half(bits), Half(bits + 1));
            let middle = (low.as_f64() + high.as_f64()) / 2.0;
            let even = if bits % 2 == 0 { low } else { high };
            assert_eq!(Half::of_f64(middle), even, "{middle}");
            assert_eq!(Half::of_f64(middle.next_up()), high, "{middle}");
            assert_eq!(Half::of_f64(middle.next_down()), low, "{middle}");
        }
    }
}
