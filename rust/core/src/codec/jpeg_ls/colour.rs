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
