//! Luminance and chrominance to red, green and blue (PS3.3 §C.7.6.3.1.2).

/// Turns 8-bit YBR_FULL pixels, three samples each, into RGB in place.
///
/// The inverse of the equations of the standard, in fused `f32` arithmetic and rounded half up,
/// which gives the same levels as pydicom does, of every pixel that there can be.
pub(crate) fn ybr_full_to_rgb(samples: &mut [u8]) {
    // 0.114 * 1.772 / 0.587 and 0.299 * 1.402 / 0.587.
    const GREEN_BLUE: f32 = 0.344_136_3;
    const GREEN_RED: f32 = 0.714_136_3;
    let level = |value: f32| (value + 0.5).floor().clamp(0.0, 255.0) as u8;
    // Rounded once: the product and the sum are exact in `f64`.
    let add_product =
        |sum: f32, a: f32, b: f32| (f64::from(a) * f64::from(b) + f64::from(sum)) as f32;
    let (pixels, _) = samples.as_chunks_mut::<3>();
    for pixel in pixels {
        let [y, blue, red] = pixel.map(f32::from);
        let (blue, red) = (blue - 128.0, red - 128.0);
        let green = add_product(add_product(y, -GREEN_BLUE, blue), -GREEN_RED, red);
        *pixel =
            [level(add_product(y, 1.402, red)), level(green), level(add_product(y, 1.772, blue))];
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

    #[test]
    fn shared_chrominance_is_repeated() {
        let mut out = [0; 12];
        expand_422(&[1, 2, 3, 4, 5, 6, 7, 8], 1, &mut out);
        assert_eq!(out, [1, 3, 4, 2, 3, 4, 5, 7, 8, 6, 7, 8]);
        expand_422(&[1, 2, 3, 4, 5, 6, 7, 8], 2, &mut out);
        assert_eq!(out, [1, 2, 5, 6, 7, 8, 3, 4, 5, 6, 7, 8]);
    }
}
