//! The colour transforms that an APP8 marker segment `mrfx` names. They are no part of the
//! standard: the encoder that it came from has them, and without them the colours of its images
//! would be wrong.

/// What was done to red, green and blue before they were coded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ColourTransform {
    /// Nothing.
    #[default]
    None,
    /// HP1: R-G, G, B-G.
    Hp1,
    /// HP2: R-G, G, B-(R+G)/2.
    Hp2,
    /// HP3: G corrected by the others, B-G, R-G.
    Hp3,
}

impl ColourTransform {
    /// That of a number in the marker segment, if it is known.
    pub(super) fn from_code(code: u8) -> Option<ColourTransform> {
        Some(match code {
            0 => ColourTransform::None,
            1 => ColourTransform::Hp1,
            2 => ColourTransform::Hp2,
            3 => ColourTransform::Hp3,
            _ => return None,
        })
    }

    /// Makes pixels of three samples red, green and blue again. All numbers wrap at `precision`
    /// bits.
    pub(super) fn undo(self, samples: &mut [u16], precision: u32) {
        let mask = ((1u32 << precision) - 1) as u16;
        let (half, quarter) = (1 << (precision - 1), 1 << (precision - 2));
        let (pixels, _) = samples.as_chunks_mut::<3>();
        for pixel in pixels {
            let [a, b, c] = pixel.map(i32::from);
            let wrap = |value: i32| value as u16 & mask;
            *pixel = match self {
                ColourTransform::None => return,
                ColourTransform::Hp1 => [wrap(a + b - half), wrap(b), wrap(c + b - half)],
                ColourTransform::Hp2 => {
                    let red = wrap(a + b - half);
                    [red, wrap(b), wrap(c + ((i32::from(red) + b) >> 1) - half)]
                }
                ColourTransform::Hp3 => {
                    let green = wrap(a - ((c + b) >> 2) + quarter);
                    [wrap(c + i32::from(green) - half), green, wrap(b + i32::from(green) - half)]
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_name_transforms() {
        let found = [0, 1, 2, 3, 4, 255].map(ColourTransform::from_code);
        let expected = [
            Some(ColourTransform::None),
            Some(ColourTransform::Hp1),
            Some(ColourTransform::Hp2),
            Some(ColourTransform::Hp3),
            None,
            None,
        ];
        assert_eq!(found, expected);
    }

    /// Transforms a pixel as the encoder does; numbers wrap at `precision` bits.
    fn transformed(transform: ColourTransform, pixel: [i32; 3], precision: u32) -> [u16; 3] {
        let [red, green, blue] = pixel;
        let half = 1 << (precision - 1);
        let values = match transform {
            ColourTransform::None => pixel,
            ColourTransform::Hp1 => [red - green + half, green, blue - green + half],
            ColourTransform::Hp2 => [red - green + half, green, blue - ((red + green) >> 1) + half],
            ColourTransform::Hp3 => {
                let (b, c) = (blue - green + half, red - green + half);
                let wrap = |value: i32| value & ((1 << precision) - 1);
                [green + ((wrap(b) + wrap(c)) >> 2) - half / 2, b, c]
            }
        };
        values.map(|value| (value & ((1 << precision) - 1)) as u16)
    }

    #[test]
    fn transforms_are_undone() {
        for (transform, precision) in [
            (ColourTransform::None, 8),
            (ColourTransform::Hp1, 8),
            (ColourTransform::Hp2, 8),
            (ColourTransform::Hp3, 8),
            (ColourTransform::Hp1, 16),
            (ColourTransform::Hp2, 16),
            (ColourTransform::Hp3, 16),
        ] {
            let all = (1 << precision) - 1;
            for pixel in [[0, 0, 0], [all, 0, 0], [0, all, 3], [10, 20, all], [200, 100, 51]] {
                let other = [1, 2, 3];
                let coded = [pixel, other].map(|one| transformed(transform, one, precision));
                let mut samples = coded.as_flattened().to_vec();
                transform.undo(&mut samples, precision);
                let expected: Vec<u16> =
                    [pixel, other].as_flattened().iter().map(|value| *value as u16).collect();
                assert_eq!(samples, expected, "{transform:?} of {precision} bits, {pixel:?}");
            }
        }
    }
}
