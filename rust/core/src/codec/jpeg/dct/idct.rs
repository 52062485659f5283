//! The inverse discrete cosine transform of a block, in integers (T.81 §A.3.3).
//!
//! The standard leaves the arithmetic open; this one is that of the accurate integer transform of
//! the libraries that most images were viewed with, so that samples are the same bit for bit. It is
//! separable: first the columns, then the rows, by a transform of eight numbers with factors of 13
//! bits after the point. What the columns give is rounded to a few bits after the point in
//! between.

/// Quantized coefficients of 8 x 8 samples, in the order that [`PLACES`] gives.
pub(super) type Block = [i16; 64];

/// Bits of the factors after the point.
const FACTOR_BITS: u32 = 13;

/// Where among eight coefficients each is kept, by its frequency: 0, 4, 2, 6, 7, 1, 3, 5. Those
/// that are multiplied together stand side by side.
const SPOTS: [u8; 8] = [0, 5, 2, 6, 1, 7, 3, 4];

/// Horizontal and vertical frequency in zig-zag order (T.81 §A.3.6).
const ZIGZAG: [(u8, u8); 64] = {
    let mut order = [(0, 0); 64];
    let (mut x, mut y, mut index) = (0u8, 0u8, 0);
    while index < 64 {
        #[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
        {
            order[index] = (x, y);
        }
        // Diagonals with an even sum run up, the others down; at a border the next one starts.
        let is_up = (x + y).is_multiple_of(2);
        match (is_up, x, y) {
            (true, 7, _) => y += 1,
            (true, _, 0) => x += 1,
            (true, _, _) => (x, y) = (x + 1, y - 1),
            (false, _, 7) => x += 1,
            (false, 0, _) => y += 1,
            (false, _, _) => (x, y) = (x - 1, y + 1),
        }
        index += 1;
    }
    order
};

/// Where in a [`Block`] a coefficient is kept, by its index in zig-zag order.
///
/// Rows of coefficients are kept in pairs, such as 0 and 4, whose coefficients alternate, and
/// columns in the order of [`SPOTS`]: as the transform with vector instructions takes them, which
/// is thereby without most of its shuffling.
pub(super) const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut index = 0;
    while index < 64 {
        #[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
        {
            let (x, y) = ZIGZAG[index];
            let (x, y) = (SPOTS[x as usize], SPOTS[y as usize]);
            places[index] = (y / 2) * 16 + x * 2 + y % 2;
        }
        index += 1;
    }
    places
};

/// A quantization table in the order of a [`Block`].
pub(super) fn in_places(table: &[u16; 64]) -> [u16; 64] {
    let mut placed = [0; 64];
    for (value, place) in table.iter().zip(PLACES) {
        if let Some(to) = placed.get_mut(usize::from(place)) {
            *to = *value;
        }
    }
    placed
}

/// Factors of coefficients 0 and 4, then 2 and 6, for the two even sums each gives.
pub(super) const EVEN: [[[i16; 2]; 2]; 2] =
    [[[8192, 8192], [8192, -8192]], [[10703, 4433], [4433, -10704]]];

/// Factors of coefficients 7 and 1, then 3 and 5, for the four odd sums.
///
/// They are sums of the factors that Loeffler, Ligtenberg and Moschytz (1989) multiply with one
/// after the other, each rounded to 13 bits: hence 11362 and 11363 in places where the exact factor
/// is the same.
pub(super) const ODD: [[[i16; 2]; 2]; 4] = [
    [[-11363, 2260], [-6436, 9633]],
    [[9633, 6437], [-11362, 2261]],
    [[-6436, 9633], [-2259, -11362]],
    [[2260, 11363], [9633, 6437]],
];

/// Transforms eight numbers, in the order of [`SPOTS`], and takes `shift` bits after the point
/// away, rounding.
///
/// Numbers of damaged frames can be too high for 32 bits: they wrap.
#[inline(always)]
fn one_dimension([x0, x4, x2, x6, x7, x1, x3, x5]: [i32; 8], shift: u32) -> [i32; 8] {
    let weighted = |a: i32, b: i32, [by_a, by_b]: [i16; 2]| {
        a.wrapping_mul(i32::from(by_a)).wrapping_add(b.wrapping_mul(i32::from(by_b)))
    };
    let [[by_a, by_b], [by_c, by_d]] = EVEN;
    let half = 1 << (shift - 1);
    let (a, b) =
        (weighted(x0, x4, by_a).wrapping_add(half), weighted(x0, x4, by_b).wrapping_add(half));
    let (c, d) = (weighted(x2, x6, by_c), weighted(x2, x6, by_d));
    let even = [a.wrapping_add(c), b.wrapping_add(d), b.wrapping_sub(d), a.wrapping_sub(c)];
    let [o3, o2, o1, o0] =
        ODD.map(|[by_71, by_35]| weighted(x7, x1, by_71).wrapping_add(weighted(x3, x5, by_35)));
    let [e0, e1, e2, e3] = even;
    [
        e0.wrapping_add(o0),
        e1.wrapping_add(o1),
        e2.wrapping_add(o2),
        e3.wrapping_add(o3),
        e3.wrapping_sub(o3),
        e2.wrapping_sub(o2),
        e1.wrapping_sub(o1),
        e0.wrapping_sub(o0),
    ]
    .map(|value| value >> shift)
}

/// Both transforms, with `columns_shift` bits taken away in between: the samples without their
/// level shift.
#[inline(always)]
fn inverse(
    block: &Block,
    table: &[u16; 64],
    multiply: impl Fn(i16, u16) -> i32,
    columns_shift: u32,
    narrow: impl Fn(i32) -> i32,
) -> [[i32; 8]; 8] {
    let mut rows = [[0; 8]; 8];
    let (coefficients, _) = block.as_chunks::<2>();
    let (factors, _) = table.as_chunks::<2>();
    for column in 0..8 {
        let mut values = [0; 8];
        let pairs = coefficients.iter().zip(factors).skip(column).step_by(8);
        for (pair, ([a, b], [by_a, by_b])) in values.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *pair = [multiply(*a, *by_a), multiply(*b, *by_b)];
        }
        let [first, others @ ..] = values;
        let transformed = match others.iter().all(|value| *value == 0) {
            // Half of the columns of most blocks.
            true => {
                [first.wrapping_shl(FACTOR_BITS).wrapping_add(1 << (columns_shift - 1))
                    >> columns_shift; 8]
            }
            false => one_dimension(values, columns_shift),
        };
        for (row, value) in rows.iter_mut().zip(transformed) {
            if let Some(to) = row.get_mut(column) {
                *to = narrow(value);
            }
        }
    }
    // Each pass gains 13 bits, and a factor of 8 is left at the end.
    rows.map(|row| one_dimension(row, 2 * FACTOR_BITS + 3 - columns_shift))
}

/// Samples of 8 bits. Dequantized coefficients wrap at 16 bits, and what comes between the passes
/// saturates there; neither is reached by coefficients of 8-bit samples.
pub(super) fn inverse_8(block: &Block, table: &[u16; 64]) -> [[u8; 8]; 8] {
    let multiply = |value: i16, by: u16| i32::from(value.wrapping_mul(by as i16));
    let saturate = |value: i32| value.clamp(i32::from(i16::MIN), i32::from(i16::MAX));
    inverse(block, table, multiply, COLUMNS_SHIFT_8, saturate)
        .map(|row| row.map(|value| (value.clamp(-128, 127) + 128) as u8))
}

/// Bits after the point that are taken away after the columns, for samples of 8 bits: 2 are left.
pub(super) const COLUMNS_SHIFT_8: u32 = FACTOR_BITS - 2;

/// Samples of 12 bits.
pub(super) fn inverse_12(block: &Block, table: &[u16; 64]) -> [[u16; 8]; 8] {
    let multiply = |value: i16, by: u16| i32::from(value).wrapping_mul(i32::from(by));
    // 1 bit is left between the passes: with 2 the sums would not fit 32 bits.
    inverse(block, table, multiply, FACTOR_BITS - 1, |value| value)
        .map(|row| row.map(|value| (value.clamp(-2048, 2047) + 2048) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_taken_once() {
        let mut places = PLACES.map(usize::from);
        assert_eq!(places[..4], [0, 10, 33, 16], "frequencies (0, 0), (1, 0), (0, 1), (0, 2)");
        places.sort_unstable();
        assert!(places.iter().copied().eq(0..64));
        assert_eq!(in_places(&std::array::from_fn(|index| index as u16))[16], 3);
    }

    #[test]
    fn dc_alone_gives_one_level() {
        // 8 of DC is a level.
        for (dc, expected) in
            [(0, 128), (8, 129), (-80, 118), (3, 128), (4, 129), (30000, 255), (-30000, 0)]
        {
            let mut block = [0; 64];
            block[0] = dc;
            assert_eq!(inverse_8(&block, &[1; 64]), [[expected; 8]; 8], "{dc}");
            block[0] = dc / 2;
            assert_eq!(inverse_8(&block, &[2; 64]), [[expected; 8]; 8], "{dc}");
        }
        let mut block = [0; 64];
        block[0] = 160;
        assert_eq!(inverse_12(&block, &[100; 64]), [[4048; 8]; 8]);
    }
}
