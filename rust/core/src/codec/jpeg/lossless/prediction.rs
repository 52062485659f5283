//! Predicting samples from those that were decoded before, a line at a time (T.81 §H.1.2.1, §H.2).

use super::super::bits::BitReader;
use super::differences::DifferenceTable;

/// Decodes a line: from the bits, the tables of its `N` components, what predicts its first pixel, and the line above.
/// Both lines have as many pixels. `false` where bits are no code; the line is then spoilt.
pub(crate) type DecodeLine<const N: usize> =
    fn(&mut BitReader<'_>, &[&DifferenceTable; N], [u16; N], &[[u16; N]], &mut [[u16; N]]) -> bool;

/// What decodes lines with a predictor, 1 to 7. `GROUP` pixels of `N` samples
/// must not be more than [`DifferenceTable::PER_REFILL`] differences.
pub(crate) fn line_decoder<const N: usize, const GROUP: usize>(selection: u8) -> DecodeLine<N> {
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

/// Predicts a sample from the one to its left, the one above it, and the one above and to the left, modulo 65536
/// (T.81 Table H.1). `SELECTION` is 1 to 7.
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
) -> bool {
    const { assert!(N * GROUP <= DifferenceTable::PER_REFILL) };
    let (Some((first_above, above)), Some((first_pixel, line))) = (above.split_first(), line.split_first_mut()) else {
        return true;
    };
    // Copies whose address nobody takes: they stay in registers.
    let mut reader = *bits;
    reader.refill();
    let mut is_good = true;
    // What the first pixel is predicted from stands to its left.
    let mut left = first;
    is_good &= decode_pixel::<N, 1>(&mut reader, tables, &mut left, first_above, first_above, first_pixel);
    let mut corner = first_above;

    let (groups, rest) = line.as_chunks_mut::<GROUP>();
    let (groups_above, rest_above) = above.as_chunks::<GROUP>();
    for (group, above) in groups.iter_mut().zip(groups_above) {
        reader.refill();
        for (pixel, above) in group.iter_mut().zip(above) {
            is_good &= decode_pixel::<N, SELECTION>(&mut reader, tables, &mut left, above, corner, pixel);
            corner = above;
        }
    }
    for (pixel, above) in rest.iter_mut().zip(rest_above) {
        reader.refill();
        is_good &= decode_pixel::<N, SELECTION>(&mut reader, tables, &mut left, above, corner, pixel);
        corner = above;
    }
    *bits = reader;
    is_good
}

/// Decodes a pixel, which becomes what is to the left of the next one.
#[inline(always)]
fn decode_pixel<const N: usize, const SELECTION: u8>(
    bits: &mut BitReader<'_>,
    tables: &[&DifferenceTable; N],
    left: &mut [u16; N],
    above: &[u16; N],
    corner: &[u16; N],
    pixel: &mut [u16; N],
) -> bool {
    let mut is_good = true;
    for ((((table, left), above), corner), sample) in tables.iter().zip(left).zip(above).zip(corner).zip(pixel) {
        let difference = table.decode(bits);
        is_good &= difference.is_some();
        *left = predict::<SELECTION>(*left, *above, *corner).wrapping_add(difference.unwrap_or(0));
        *sample = *left;
    }
    is_good
}
