//! Rows of a component that has fewer samples than the frame, made as long as the others (T.81
//! §A.1.1).
//!
//! The standard leaves open how. Between two samples the nearer one counts three quarters, the
//! other one quarter; the halves that this leaves are rounded up and down in turns. It is what the
//! libraries do that most images were viewed with, and only where there are half as many samples:
//! others are repeated.

use super::sample::Sample;

/// How a component gets as many samples as the frame has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upsampling {
    /// It has them.
    None,
    /// Twice as many across.
    Across,
    /// Twice as many down.
    Down,
    /// Twice as many both ways.
    Both,
    /// Each several times, across and down.
    Repeated(usize, usize),
}

impl Upsampling {
    /// For a component whose rows have so many samples, each of which stands for so many.
    pub(crate) fn new(columns: usize, repeated_across: usize, repeated_down: usize) -> Upsampling {
        match (repeated_across, repeated_down) {
            (1, 1) => Upsampling::None,
            (1, 2) => Upsampling::Down,
            (2, 1) if columns > 2 => Upsampling::Across,
            (2, 2) if columns > 2 => Upsampling::Both,
            (across, down) => Upsampling::Repeated(across, down),
        }
    }

    /// Whether it needs the rows above and below.
    pub(crate) fn needs_neighbours(self) -> bool {
        matches!(self, Upsampling::Down | Upsampling::Both)
    }
}

/// Makes a row twice as long. `sums` has its samples times a power of 2, which `shift` takes away
/// with two bits more; `left` and `right` are added to round a sample that is nearer to its left or
/// to its right neighbour. The row has one sample more at each end: where there is no other
/// neighbour, that is the sample itself.
fn double<S: Sample>(sums: &[u16], to: &mut Vec<S>, [left, right]: [u16; 2], shift: u32) {
    let count = sums.len().saturating_sub(2);
    to.resize(count * 2, S::default());
    let weigh =
        |near: u16, far: u16, rounding: u16| S::from_u16((near * 3 + far + rounding) >> shift);
    let (pairs, _) = to.as_chunks_mut::<2>();
    // Three slices rather than windows of one: these loops compile to vector instructions.
    let (near, behind) = (sums.get(1..).unwrap_or_default(), sums.get(2..).unwrap_or_default());
    for (((pair, before), near), behind) in pairs.iter_mut().zip(sums).zip(near).zip(behind) {
        *pair = [weigh(*near, *before, left), weigh(*near, *behind, right)];
    }
}

/// `sums` of [`double`].
fn with_ends(row: impl DoubleEndedIterator<Item = u16> + Clone, sums: &mut Vec<u16>) {
    sums.clear();
    sums.extend(row.clone().take(1));
    sums.extend(row.clone());
    sums.extend(row.rev().take(1));
}

/// One row of the frame from those of a component: `near` is the row that it lies in, `far` the one
/// that it is nearest to otherwise. `is_upper` says that this one is above. `sums` is memory to
/// work in.
pub(super) fn upsample<S: Sample>(
    upsampling: Upsampling,
    near: &[S],
    far: &[S],
    is_upper: bool,
    sums: &mut Vec<u16>,
    to: &mut Vec<S>,
) {
    match upsampling {
        Upsampling::None => {
            to.clear();
            to.extend_from_slice(near);
        }
        Upsampling::Across => {
            with_ends(near.iter().map(|sample| (*sample).into()), sums);
            double(sums, to, [1, 2], 2);
        }
        Upsampling::Down => {
            let rounding = if is_upper { 1 } else { 2 };
            let weigh = |near: u16, far: u16| S::from_u16((near * 3 + far + rounding) >> 2);
            to.clear();
            to.extend(near.iter().zip(far).map(|(near, far)| weigh((*near).into(), (*far).into())));
        }
        Upsampling::Both => {
            let weigh = |near: u16, far: u16| near * 3 + far;
            with_ends(
                near.iter().zip(far).map(|(near, far)| weigh((*near).into(), (*far).into())),
                sums,
            );
            double(sums, to, [8, 7], 4);
        }
        Upsampling::Repeated(across, _) => {
            to.clear();
            to.extend(near.iter().flat_map(|sample| std::iter::repeat_n(*sample, across)));
        }
    }
}

/// Puts the samples of a pixel together: one row of each component to the rows that are there
/// already.
pub(super) fn interleave<S: Sample>(rows: &[&[S]], columns: usize, to: &mut Vec<S>) {
    let start = to.len();
    match rows {
        [row] => to.extend(row.iter().take(columns)),
        [a, b, c] => {
            to.resize(start + 3 * columns, S::default());
            let (pixels, _) = to.get_mut(start..).unwrap_or_default().as_chunks_mut::<3>();
            for (((pixel, a), b), c) in pixels.iter_mut().zip(*a).zip(*b).zip(*c) {
                *pixel = [*a, *b, *c];
            }
        }
        _ => {
            to.resize(start + rows.len() * columns, S::default());
            for (index, row) in rows.iter().enumerate() {
                let own =
                    to.get_mut(start + index..).unwrap_or_default().iter_mut().step_by(rows.len());
                own.zip(*row).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_in_turns() {
        let mut to = Vec::new();
        for (upsampling, is_upper, expected) in [
            (Upsampling::None, true, &[10u8, 20, 40][..]),
            // 10, (30 + 20 + 2) / 4, (60 + 10 + 1) / 4, (60 + 40 + 2) / 4, (120 + 20 + 1) / 4, 40
            (Upsampling::Across, true, &[10, 13, 17, 25, 35, 40]),
            // (3 near + far + 1 or 2) / 4, far being 13, 20 and 0
            (Upsampling::Down, true, &[11, 20, 30]),
            (Upsampling::Down, false, &[11, 20, 30]),
            // sums 43, 80 and 120: (172 + 8) / 16, (129 + 80 + 7) / 16, (240 + 43 + 8) / 16, ...
            (Upsampling::Both, true, &[11, 13, 18, 22, 28, 30]),
            (Upsampling::Repeated(3, 1), true, &[10, 10, 10, 20, 20, 20, 40, 40, 40]),
        ] {
            upsample(upsampling, &[10, 20, 40], &[13, 20, 0], is_upper, &mut Vec::new(), &mut to);
            assert_eq!(to, expected, "{upsampling:?}");
        }
        upsample(Upsampling::Down, &[1u8], &[3], true, &mut Vec::new(), &mut to);
        assert_eq!(to, [1], "(3 + 3 + 1) / 4");
        upsample(Upsampling::Down, &[1u8], &[3], false, &mut Vec::new(), &mut to);
        assert_eq!(to, [2], "(3 + 3 + 2) / 4");
        let mut wide = Vec::new();
        upsample(Upsampling::Both, &[4095u16; 3], &[4095; 3], true, &mut Vec::new(), &mut wide);
        assert_eq!(wide, [4095; 6], "the highest sums fit");
    }

    #[test]
    fn few_columns_are_repeated() {
        assert_eq!(Upsampling::new(2, 2, 1), Upsampling::Repeated(2, 1));
        assert_eq!(Upsampling::new(2, 2, 2), Upsampling::Repeated(2, 2));
        assert_eq!(Upsampling::new(3, 2, 2), Upsampling::Both);
        assert_eq!(Upsampling::new(1, 1, 2), Upsampling::Down);
        assert_eq!(Upsampling::new(9, 4, 1), Upsampling::Repeated(4, 1));
    }

    #[test]
    fn samples_of_a_pixel_are_put_together() {
        let mut to = Vec::new();
        interleave(&[&[1u8, 2, 9]], 2, &mut to);
        interleave(&[&[3, 4, 9], &[5, 6], &[7, 8]], 2, &mut to);
        interleave(&[&[1, 2], &[3, 4, 9]], 2, &mut to);
        assert_eq!(to, [1, 2, 3, 5, 7, 4, 6, 8, 1, 3, 2, 4]);
    }
}
