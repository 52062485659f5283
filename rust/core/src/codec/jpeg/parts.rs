//! Parts of a scan that can be decoded beside each other: rows that start with a restart interval
//! (T.81 §E.1.4, §E.2.4).

use std::ops::Range;

use super::bits::end_of_interval;
use super::markers::{Markers, RST0};
use crate::error::Result;
use crate::memory::push;

/// Samples of a part, if restart intervals allow it: they take half a millisecond, and a thread a
/// tenth of it.
const SAMPLES_OF_A_PART: usize = 1 << 17;

/// Rows of MCUs that start with a restart interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub rows: Range<usize>,
    /// Where in the frame its entropy-coded bytes start.
    pub position: usize,
    /// Restarts before it, that in front of it among them.
    pub restarts: usize,
}

impl Part {
    /// A scan of so many rows, whose header `markers` has just passed.
    pub(crate) fn whole(markers: &Markers<'_>, rows: usize) -> Part {
        Part { rows: 0..rows, position: markers.position(), restarts: 0 }
    }
}

/// MCUs of a scan, and samples of a row of them.
pub(crate) struct Size {
    pub across: usize,
    pub down: usize,
    pub row_samples: usize,
}

/// How many rows the parts of a scan have; `None` if it has no parts, because intervals do not
/// start rows or it is not worth it.
pub(crate) fn rows_of_a_part(restart_interval: usize, size: &Size) -> Option<usize> {
    if restart_interval == 0 || size.across == 0 {
        return None;
    }
    // Rows after which an interval ends with its row, again and again.
    let period = restart_interval / common_divisor(restart_interval, size.across);
    let rows = SAMPLES_OF_A_PART.div_ceil(size.row_samples.max(1)).next_multiple_of(period);
    (rows < size.down).then_some(rows)
}

/// Cuts a scan, whose header `markers` has just passed, into parts.
///
/// There are none if [`rows_of_a_part`] says so, or its restart markers are not those that there
/// must be: what is wrong is found by decoding one after the other.
///
/// # Errors
///
/// If there is no memory for them.
pub(crate) fn parts(
    markers: &Markers<'_>,
    restart_interval: usize,
    size: &Size,
) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let Some(rows) = rows_of_a_part(restart_interval, size) else { return Ok(parts) };
    let Size { across, down, .. } = *size;
    let intervals_of_a_part = rows * across / restart_interval;
    let interval_count = (across * down).div_ceil(restart_interval);
    let mut position = markers.position();
    for number in 0..interval_count {
        if number.is_multiple_of(intervals_of_a_part) {
            let first = number / intervals_of_a_part * rows;
            let part = Part { rows: first..(first + rows).min(down), position, restarts: number };
            push(&mut parts, part)?;
        }
        if number + 1 < interval_count {
            let (end, marker) = end_of_interval(markers.frame(), position);
            if marker != Some(RST0 + (number & 7) as u8) {
                return Ok(Vec::new());
            }
            position = end + 2;
        }
    }
    Ok(parts)
}

fn common_divisor(mut one: usize, mut other: usize) -> usize {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scan of so many restart intervals of 3 bytes, of which the first is stuffed.
    fn frame(interval_count: usize) -> Vec<u8> {
        let mut frame = vec![0xFF, 0xD8];
        for number in 0..interval_count {
            if number > 0 {
                frame.extend([0xFF, RST0 + (number - 1) as u8 % 8]);
            }
            frame.extend([0xFF, 0, 7]);
        }
        frame.extend([0xFF, 0xD9]);
        frame
    }

    fn found(frame: &[u8], interval: usize, (across, down): (usize, usize)) -> Vec<Part> {
        let size = Size { across, down, row_samples: SAMPLES_OF_A_PART / 2 };
        parts(&Markers::new("", frame).unwrap(), interval, &size).unwrap()
    }

    #[test]
    fn parts_start_with_an_interval_and_a_row() {
        let part = |rows: Range<usize>, restarts| {
            let position = 2 + 5 * restarts;
            Part { rows, position, restarts }
        };
        // Two rows are enough for a part.
        for (interval, (across, down), expected) in [
            (4, (4, 5), vec![part(0..2, 0), part(2..4, 2), part(4..5, 4)]),
            (2, (4, 3), vec![part(0..2, 0), part(2..3, 4)]),
            (6, (4, 7), vec![part(0..3, 0), part(3..6, 2), part(6..7, 4)]),
            (12, (4, 7), vec![part(0..3, 0), part(3..6, 1), part(6..7, 2)]),
            (3, (4, 4), vec![part(0..3, 0), part(3..4, 4)]),
            // Of two rows there is one part.
            (4, (4, 2), vec![]),
            (3, (4, 3), vec![]),
            (0, (4, 9), vec![]),
            (65_535, (4, 9), vec![]),
        ] {
            let count = usize::div_ceil(across * down, interval.max(1));
            let parts = found(&frame(count), interval, (across, down));
            assert_eq!(parts, expected, "{interval} of {across} x {down}");
            // More restarts than are needed are not looked at.
            assert_eq!(found(&frame(count + 2), interval, (across, down)), expected);
        }
    }

    #[test]
    fn other_markers_are_left_to_who_decodes_in_order() {
        let good = frame(9);
        assert_eq!(found(&good, 4, (4, 9)).len(), 5);
        let restart = |number: usize| 2 + number * 5 - 1;
        let mut other = good.clone();
        other[restart(3)] ^= 1;
        let missing = [&good[..restart(3) - 1], &good[restart(3) + 1..]].concat();
        let twice = [&good[..restart(3) + 1], &good[restart(3) - 1..]].concat();
        for frame in [&other, &missing, &twice, &good[..30], &frame(8)] {
            assert!(found(frame, 4, (4, 9)).is_empty());
        }
    }
}
