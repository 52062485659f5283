//! Luminance and chrominance to red, green and blue (PS3.3 §C.7.6.3.1.2).

/// Turns 8-bit YBR_FULL pixels, three samples each, into RGB in place.
///
/// The inverse of the equations of the standard, in `f32` and rounded half up, which gives the same levels as
/// pydicom does.
pub(crate) fn ybr_full_to_rgb(samples: &mut [u8]) {
    // 0.114 * 1.772 / 0.587 and 0.299 * 1.402 / 0.587.
    const GREEN_BLUE: f32 = 0.344_136_3;
    const GREEN_RED: f32 = 0.714_136_3;
    let level = |value: f32| (value + 0.5).floor().clamp(0.0, 255.0) as u8;
    let (pixels, _) = samples.as_chunks_mut::<3>();
    for pixel in pixels {
        let [y, blue, red] = pixel.map(f32::from);
        let (blue, red) = (blue - 128.0, red - 128.0);
        *pixel = [level(y + 1.402 * red), level(y - GREEN_BLUE * blue - GREEN_RED * red), level(y + 1.772 * blue)];
    }
}

/// Gives each of two neighbouring pixels the chrominance that they share: Y1 Y2 B R becomes Y1 B R Y2 B R.
pub(crate) fn expand_422(stored: &[u8], out: &mut [u8]) {
    let (pairs, _) = out.as_chunks_mut::<6>();
    let (stored, _) = stored.as_chunks::<4>();
    for (pair, [first, second, blue, red]) in pairs.iter_mut().zip(stored) {
        *pair = [*first, *blue, *red, *second, *blue, *red];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_and_primaries() {
        let mut samples = [128, 128, 128, 76, 85, 255, 0, 0, 0, 255, 255, 255];
        ybr_full_to_rgb(&mut samples);
        assert_eq!(samples, [128, 128, 128, 254, 0, 0, 0, 135, 0, 255, 121, 255]);
    }

    #[test]
    fn shared_chrominance_is_repeated() {
        let mut out = [0; 12];
        expand_422(&[1, 2, 3, 4, 5, 6, 7, 8], &mut out);
        assert_eq!(out, [1, 3, 4, 2, 3, 4, 5, 7, 8, 6, 7, 8]);
    }
}
