//! Predicting samples from those that were decoded before, a line at a time (T.81 §H.1.2.1, §H.2).

use std::array;

use super::super::bits::BitReader;
use super::differences::DifferenceTable;

/// Decodes a line: from the bits, the tables of its `N` components, what predicts its first pixel,
/// and the line above. Both lines have as many pixels. Where bits are no code they are spoilt, and
/// so is the line.
pub(super) type DecodeLine<const N: usize> =
    fn(&mut BitReader<'_>, &[&DifferenceTable; N], [u16; N], &[[u16; N]], &mut [[u16; N]]);

/// What decodes lines with a predictor, 1 to 7. `GROUP` pixels are decoded at a time.
pub(super) fn line_decoder<const N: usize, const GROUP: usize>(selection: u8) -> DecodeLine<N> {
    match selection {
        1 => decode_line::<N, GROUP, 1>,
        2 => decode_line::<N, GROUP, 2>,
        3 => decode_line::<N, GROUP, 3>,
        4 => decode_line::<N, GROUP, 4>,
        5 => decode_line::<N, GROUP, 5>,
        6 => decode_line::<N, GROUP, 6>,
        _ => decode_line::<N, GROUP, 7>,
    }
}

/// Predicts a sample from the one to its left, the one above it, and the one above and to the left,
/// modulo 65536 (T.81 Table H.1). `SELECTION` is 1 to 7.
#[inline(always)]
fn predict<const SELECTION: u8>(left: u16, above: u16, corner: u16) -> u16 {
    let (a, b, c) = (i32::from(left), i32::from(above), i32::from(corner));
    let prediction = match SELECTION {
        1 => a,
        2 => b,
        3 => c,
        4 => a + b - c,
        5 => a + ((b - c) >> 1),
        6 => b + ((a - c) >> 1),
        _ => (a + b) >> 1,
    };
    prediction as u16
}

fn decode_line<const N: usize, const GROUP: usize, const SELECTION: u8>(
    bits: &mut BitReader<'_>,
    tables: &[&DifferenceTable; N],
    first: [u16; N],
    above: &[[u16; N]],
    line: &mut [[u16; N]],
) {
    let (Some((first_above, above)), Some((first_pixel, line))) =
        (above.split_first(), line.split_first_mut())
    else {
        return;
    };
    // A copy whose address nobody takes: it stays in registers.
    let mut reader = *bits;
    // What the first pixel is predicted from stands to its left.
    let mut left = first;
    decode_pixels::<N, 1, 1>(
        &mut reader,
        tables,
        &mut left,
        first_above,
        &[*first_above],
        array::from_mut(first_pixel),
    );
    let mut corner = first_above;
    let (groups, rest) = line.as_chunks_mut::<GROUP>();
    let (groups_above, rest_above) = above.as_chunks::<GROUP>();
    for (group, above) in groups.iter_mut().zip(groups_above) {
        decode_pixels::<N, GROUP, SELECTION>(&mut reader, tables, &mut left, corner, above, group);
        corner = above.last().unwrap_or(corner);
    }
    for (pixel, above) in rest.iter_mut().zip(rest_above) {
        let (pixel, pixel_above) = (array::from_mut(pixel), array::from_ref(above));
        decode_pixels::<N, 1, SELECTION>(
            &mut reader,
            tables,
            &mut left,
            corner,
            pixel_above,
            pixel,
        );
        corner = above;
    }
    *bits = reader;
}

/// Decodes pixels side by side, and leaves the last one as what is to the left of the next.
#[inline(always)]
fn decode_pixels<const N: usize, const GROUP: usize, const SELECTION: u8>(
    bits: &mut BitReader<'_>,
    tables: &[&DifferenceTable; N],
    left: &mut [u16; N],
    corner: &[u16; N],
    above: &[[u16; N]; GROUP],
    pixels: &mut [[u16; N]; GROUP],
) {
    let mut corner = corner;
    let mut count = 0;
    for (pixel, above) in pixels.iter_mut().zip(above) {
        for ((((table, left), above), corner), sample) in
            tables.iter().zip(&mut *left).zip(above).zip(corner).zip(pixel)
        {
            if count % DifferenceTable::PER_REFILL == 0 {
                bits.refill();
            }
            count += 1;
            *left = predict::<SELECTION>(*left, *above, *corner).wrapping_add(table.decode(bits));
            *sample = *left;
        }
        corner = above;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictors_are_those_of_table_h_1() {
        let of = |left, above, corner| {
            [
                predict::<1>(left, above, corner),
                predict::<2>(left, above, corner),
                predict::<3>(left, above, corner),
                predict::<4>(left, above, corner),
                predict::<5>(left, above, corner),
                predict::<6>(left, above, corner),
                predict::<7>(left, above, corner),
            ]
        };
        assert_eq!(of(10, 25, 12), [10, 25, 12, 23, 16, 24, 17]);
        // Shifts round down, and sums wrap.
        assert_eq!(of(7, 2, 5), [7, 2, 5, 4, 5, 3, 4]);
        assert_eq!(of(0, 0, 3), [0, 0, 3, 0xFFFD, 0xFFFE, 0xFFFE, 0]);
        assert_eq!(of(0xFFFF, 0xFFFF, 0), [0xFFFF, 0xFFFF, 0, 0xFFFE, 0x7FFE, 0x7FFE, 0xFFFF]);
    }
}
