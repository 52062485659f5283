//! Arrays whose axes are put in another order.
//!
//! A copy in the order of either array leaps over the other's memory, a cache line for each item.
//! Tiles that fit in the nearest cache are read in the one order and written in the other.

use crate::error::Result;
use crate::memory::push;
use crate::workers::{Workers, share};

/// Items of a row of a tile: a cache line or two of most types.
const READ: usize = 32;
/// Items of a column of a tile.
const WRITTEN: usize = 64;
/// Bytes of a copy that are worth a second thread.
const BYTES_TO_SHARE: usize = 1 << 20;

/// An axis of the array that is written.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// How many indices it has.
    pub length: usize,
    /// How many items the next index is away in the array that is read: less than 0 where that one
    /// counts the other way.
    pub step: isize,
}

/// The tiles that [`copy`] goes through, in items.
struct Tiles<'a, T> {
    source: &'a [T],
    /// All axes but the first of those that are written, those of a tile, with the items that the
    /// next index is away in what is written.
    outer: Vec<(Axis, usize)>,
    /// The axis along which items are read one after the other.
    read: (Axis, usize),
    /// The last axis.
    written: Axis,
}

/// Copies the items of `source`, of so many bytes each, to `out`, which has these axes, the last
/// one counting fastest: its first item is the one with the number `first`.
///
/// Returns `false`, and leaves `out` as it is, unless the axes go through each item of `source`
/// once, an axis but the last goes from neighbour to neighbour, and items have 1, 2, 4 or 8 bytes.
///
/// # Errors
///
/// If there is no memory.
pub fn copy_reordered(
    source: &[u8],
    item_length: usize,
    first: usize,
    axes: &[Axis],
    out: &mut [u8],
    workers: Workers,
) -> Result<bool> {
    if item_length == 0 || !source.len().is_multiple_of(item_length) || out.len() != source.len() {
        return Ok(false);
    }
    match item_length {
        1 => copy(source.as_chunks::<1>().0, first, axes, out.as_chunks_mut::<1>().0, workers),
        2 => copy(source.as_chunks::<2>().0, first, axes, out.as_chunks_mut::<2>().0, workers),
        4 => copy(source.as_chunks::<4>().0, first, axes, out.as_chunks_mut::<4>().0, workers),
        8 => copy(source.as_chunks::<8>().0, first, axes, out.as_chunks_mut::<8>().0, workers),
        _ => Ok(false),
    }
}

fn copy<const N: usize>(
    source: &[[u8; N]],
    first: usize,
    axes: &[Axis],
    out: &mut [[u8; N]],
    workers: Workers,
) -> Result<bool> {
    let Some((&written, before)) = axes.split_last() else { return Ok(false) };
    let Some(read_axis) = before.iter().position(|axis| axis.length > 1 && axis.step.abs() == 1)
    else {
        return Ok(false);
    };
    if !are_of_one_array(axes, first, source.len()) {
        return Ok(false);
    }
    let mut outer = Vec::new();
    let mut read = (written, 1);
    let mut away = out.len();
    for (number, axis) in before.iter().enumerate() {
        away /= axis.length;
        if number == read_axis {
            read = (*axis, away);
        }
        // The first axis is divided among threads.
        if number != read_axis && number > 0 {
            push(&mut outer, (*axis, away))?;
        }
    }
    let Some(&first_axis) = before.first() else { return Ok(false) };
    let plane_length = out.len() / first_axis.length;
    // Along the first axis: what a tile reads, or one index.
    let count = if read_axis == 0 { READ } else { 1 };
    let threads = if out.len() * N < BYTES_TO_SHARE { 1 } else { workers.count() };
    let tiles = Tiles { source, outer, read, written };
    let mut pieces = Vec::new();
    for (number, piece) in out.chunks_mut(plane_length * count).enumerate() {
        let start = moved(first, first_axis.step, number * count);
        push(&mut pieces, (start, piece))?;
    }
    share(
        pieces,
        threads,
        || (),
        |(), (start, piece)| {
            let length = if read_axis == 0 { piece.len() / plane_length } else { read.0.length };
            tiles.piece(start, length, piece);
            Ok(())
        },
    )?;
    Ok(true)
}

/// Whether axes go through each of so many items once, from this one on.
fn are_of_one_array(axes: &[Axis], first: usize, length: usize) -> bool {
    if axes.iter().any(|axis| axis.length == 0) {
        return false;
    }
    // From the axis that counts fastest on, each step is as long as all before.
    let (mut count, mut start) = (1usize, 0);
    let long = || axes.iter().filter(|axis| axis.length > 1);
    for _ in long() {
        let Some(axis) = long().find(|axis| axis.step.unsigned_abs() == count) else {
            return false;
        };
        if axis.step < 0 {
            start = count.saturating_mul(axis.length - 1).saturating_add(start);
        }
        let Some(next) = count.checked_mul(axis.length).filter(|next| *next <= length) else {
            return false;
        };
        count = next;
    }
    count == length && start == first
}

/// The place so many steps from another.
fn moved(place: usize, step: isize, count: usize) -> usize {
    place.wrapping_add_signed(step.wrapping_mul(count as isize))
}

impl<const N: usize> Tiles<'_, [u8; N]> {
    /// Writes `length` indices of the axis that is read, whose first is at `start`, with all of the
    /// other axes.
    fn piece(&self, start: usize, length: usize, out: &mut [[u8; N]]) {
        let outer_count: usize = self.outer.iter().map(|(axis, _)| axis.length).product();
        let mut tile = [[[0; N]; WRITTEN]; READ];
        for mut number in 0..outer_count {
            let (mut source, mut to) = (start, 0);
            for (axis, away) in self.outer.iter().rev() {
                let index = number % axis.length;
                number /= axis.length;
                source = moved(source, axis.step, index);
                to += index * away;
            }
            for read in (0..length).step_by(READ) {
                let source = moved(source, self.read.0.step, read);
                let to = to + read * self.read.1;
                for written in (0..self.written.length).step_by(WRITTEN) {
                    let size =
                        ((length - read).min(READ), (self.written.length - written).min(WRITTEN));
                    self.read_tile(moved(source, self.written.step, written), size, &mut tile);
                    self.write_tile(&tile, size, out.get_mut(to + written..).unwrap_or_default());
                }
            }
        }
    }

    /// Turns rows of what is read into columns of a tile.
    #[inline]
    fn read_tile(
        &self,
        start: usize,
        (row_length, row_count): (usize, usize),
        tile: &mut [[[u8; N]; WRITTEN]; READ],
    ) {
        for number in 0..row_count {
            let start = moved(start, self.written.step, number);
            let is_backward = self.read.0.step < 0;
            let from = if is_backward { start.wrapping_sub(row_length - 1) } else { start };
            let row = self.source.get(from..).and_then(|rest| rest.get(..row_length));
            let row = row.unwrap_or_default();
            // Of a known length it takes half as long.
            match row.first_chunk::<READ>() {
                Some(row) => put_column(tile, number, row, is_backward),
                None => put_column(tile, number, row, is_backward),
            }
        }
    }

    /// Writes what a tile has.
    #[inline]
    fn write_tile(
        &self,
        tile: &[[[u8; N]; WRITTEN]; READ],
        (row_length, row_count): (usize, usize),
        out: &mut [[u8; N]],
    ) {
        for (column, out) in tile.iter().take(row_length).zip(out.chunks_mut(self.read.1)) {
            for (out, item) in out.iter_mut().zip(column.iter().take(row_count)) {
                *out = *item;
            }
        }
    }
}

#[inline(always)]
fn put_column<const N: usize>(
    tile: &mut [[[u8; N]; WRITTEN]; READ],
    number: usize,
    row: &[[u8; N]],
    is_backward: bool,
) {
    let put = |(column, item): (&mut [[u8; N]; WRITTEN], &[u8; N])| {
        if let Some(place) = column.get_mut(number & (WRITTEN - 1)) {
            *place = *item;
        }
    };
    if is_backward {
        tile.iter_mut().zip(row.iter().rev()).for_each(put);
    } else {
        tile.iter_mut().zip(row).for_each(put);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers 0, 1, 2, ... in the order that the axes say, an index at a time.
    fn expected(first: usize, axes: &[Axis]) -> Vec<usize> {
        let Some((axis, rest)) = axes.split_first() else { return vec![first] };
        (0..axis.length).flat_map(|index| expected(moved(first, axis.step, index), rest)).collect()
    }

    /// The axes of an array of this shape in another order, some of them the other way.
    fn axes(shape: &[usize], order: &[usize], flipped: &[usize]) -> (usize, Vec<Axis>) {
        let away = |axis: usize| shape[axis + 1..].iter().product::<usize>() as isize;
        let sign = |axis: &usize| if flipped.contains(axis) { -1 } else { 1 };
        let first = flipped.iter().map(|axis| (shape[*axis] - 1) * away(*axis) as usize).sum();
        let to_axis = |axis: &usize| Axis { length: shape[*axis], step: away(*axis) * sign(axis) };
        (first, order.iter().map(to_axis).collect())
    }

    fn copied<const N: usize>(first: usize, axes: &[Axis], threads: usize) -> Option<Vec<usize>> {
        let count = axes.iter().map(|axis| axis.length).product();
        // The lowest bytes tell items apart.
        let bytes = |index: usize| index.to_le_bytes()[..N].to_vec();
        let source: Vec<u8> = (0..count).flat_map(bytes).collect();
        let mut out = vec![0; source.len()];
        let workers = Workers::for_computing(Some(threads));
        let is_done = copy_reordered(&source, N, first, axes, &mut out, workers).unwrap();
        let number = |item: &[u8; N]| {
            item.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
        };
        is_done.then(|| out.as_chunks::<N>().0.iter().map(number).collect())
    }

    #[test]
    fn items_are_where_numpy_would_put_them() {
        let shapes: [(&[usize], &[usize]); 12] = [
            (&[3, 4, 5], &[2, 1, 0]),
            (&[70, 5, 40], &[2, 1, 0]),
            (&[3, 33, 65], &[0, 2, 1]),
            (&[65, 3, 33], &[2, 0, 1]),
            (&[4, 5, 6], &[1, 2, 0]),
            (&[2, 3, 4, 5], &[3, 2, 1, 0]),
            (&[2, 3, 4, 5], &[0, 3, 1, 2]),
            (&[1, 64, 32], &[2, 1, 0]),
            (&[64, 1, 32], &[2, 1, 0]),
            (&[129, 97], &[1, 0]),
            (&[3, 40, 1], &[2, 1, 0]),
            (&[3, 40, 1], &[1, 2, 0]),
        ];
        for (shape, order) in shapes {
            for flipped in [&[][..], &[0], &[1], &[shape.len() - 1], &[0, shape.len() - 1]] {
                let (first, axes) = axes(shape, order, flipped);
                let expected = expected(first, &axes);
                for threads in [1, 3] {
                    let name = format!("{shape:?} {order:?} {flipped:?} {threads}");
                    let low = |bits: u32| expected.iter().map(|n| n & ((1 << bits) - 1)).collect();
                    assert_eq!(copied::<1>(first, &axes, threads), Some(low(8)), "{name}");
                    assert_eq!(copied::<2>(first, &axes, threads), Some(low(16)), "{name}");
                    assert_eq!(
                        copied::<4>(first, &axes, threads),
                        Some(expected.clone()),
                        "{name}"
                    );
                    assert_eq!(
                        copied::<8>(first, &axes, threads),
                        Some(expected.clone()),
                        "{name}"
                    );
                }
            }
        }
    }

    #[test]
    fn several_threads_divide_a_large_array() {
        let (first, axes) = axes(&[80, 70, 90], &[2, 1, 0], &[1]);
        assert_eq!(copied::<8>(first, &axes, 3), Some(expected(first, &axes)));
    }

    #[test]
    fn other_axes_are_refused() {
        let axis = |length, step| Axis { length, step };
        let cases: [(&str, usize, Vec<Axis>); 9] = [
            ("none", 0, vec![]),
            ("one", 0, vec![axis(6, 1)]),
            ("neighbours along both last axes", 0, vec![axis(2, 3), axis(3, 1)]),
            ("a step too long", 0, vec![axis(2, 1), axis(3, 3)]),
            ("a step too short", 0, vec![axis(3, 1), axis(2, 2)]),
            ("another start", 1, vec![axis(3, 1), axis(2, 3)]),
            ("no start at the end", 0, vec![axis(3, -1), axis(2, 3)]),
            ("longer than what is read", 0, vec![axis(3, 1), axis(usize::MAX, 3)]),
            ("no index", 0, vec![axis(3, 1), axis(0, 3)]),
        ];
        for (name, first, axes) in cases {
            let (source, mut out) = ([1; 6], [0; 6]);
            let workers = Workers::for_computing(Some(1));
            let is_done = copy_reordered(&source, 1, first, &axes, &mut out, workers).unwrap();
            assert!(!is_done && out == [0; 6], "{name}");
        }
        let (first, axes) = axes(&[2, 3], &[1, 0], &[]);
        for (item_length, source, mut out) in
            [(3, vec![1; 18], vec![0; 18]), (1, vec![1; 6], vec![0; 5])]
        {
            let workers = Workers::for_computing(Some(1));
            let is_done = copy_reordered(&source, item_length, first, &axes, &mut out, workers);
            assert!(!is_done.unwrap(), "{item_length}");
        }
    }
}
