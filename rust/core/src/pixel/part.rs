//! Part of a frame: the rows and columns that are wanted of it, read without those beside them
//! where that is possible.

use std::ops::Range;

use super::cells::{swap_bytes, unpack_frame};
use super::native::NativePixels;
use super::read::{FrameOptions, FrameScratch, check_room};
use super::rescale::convert;
use crate::codec::WantedArea;
use crate::dataset::OpenBytes;
use crate::error::{RequestFault, Result};
use crate::source::AlignedBuffer;

/// Indices along one axis, evenly spaced, forwards or backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The first index.
    pub first: usize,
    /// From one index to the next; negative for backwards.
    pub step: isize,
    /// How many there are.
    pub count: usize,
}

impl Steps {
    /// Every index below `count`, in order.
    pub fn all(count: usize) -> Steps {
        Steps { first: 0, step: 1, count }
    }

    /// The indices.
    fn indices(self) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(self.first), move |index| index.checked_add_signed(self.step))
            .take(self.count)
    }

    /// From the lowest index to one after the highest, if all are below `size`.
    fn cover(self, size: usize) -> Option<Range<usize>> {
        let way = isize::try_from(self.count.checked_sub(1)?).ok()?.checked_mul(self.step)?;
        let last = self.first.checked_add_signed(way)?;
        let (low, high) = (self.first.min(last), self.first.max(last));
        (high < size).then_some(low..high + 1)
    }

    /// Whether the indices are a run of neighbours in order.
    fn is_run(self) -> bool {
        self.step == 1 || self.count == 1
    }
}

/// Rows and columns of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramePart {
    /// Rows.
    pub rows: Steps,
    /// Columns.
    pub columns: Steps,
}

impl FramePart {
    /// The rows and columns from the first to the last that are wanted.
    ///
    /// # Errors
    ///
    /// If there are none, or one lies beyond the frame.
    fn cover(&self, rows: usize, columns: usize) -> Result<(Range<usize>, Range<usize>)> {
        let covers = self.rows.cover(rows).zip(self.columns.cover(columns));
        covers.ok_or_else(|| RequestFault::FramePart { rows, columns }.into())
    }

    /// What a decoder is asked for; `None` if it lies beyond the frame.
    pub(crate) fn area(&self, rows: usize, columns: usize) -> Option<WantedArea> {
        let (rows, columns) = self.cover(rows, columns).ok()?;
        let steps = [self.rows, self.columns].map(|steps| steps.step.unsigned_abs().max(1));
        let (rows, columns) = ([rows.start, rows.end], [columns.start, columns.end]);
        Some(WantedArea { rows, columns, steps })
    }

    /// Fills `out` with the part of what `read` makes of a whole frame of `size`, (rows, columns),
    /// whose pixels have `pixel_length` bytes in the array; `whole` is used for the frame.
    ///
    /// # Errors
    ///
    /// If the part is empty or lies beyond the frame, `out` has another length, and those of
    /// `read`.
    pub fn take_from(
        &self,
        size: (usize, usize),
        pixel_length: usize,
        whole: &mut AlignedBuffer,
        out: &mut [u8],
        read: impl FnOnce(&mut [u8]) -> Result<()>,
    ) -> Result<()> {
        let (rows, columns) = size;
        self.cover(rows, columns)?;
        check_room(out, (self.rows.count * self.columns.count * pixel_length) as u64, 1)?;
        whole.resize(rows * columns * pixel_length)?;
        read(whole.as_mut_slice())?;
        self.gather(whole.as_slice(), 0, columns, pixel_length, out);
        Ok(())
    }

    /// Copies the wanted pixels out of whole rows, which start with the row `first_row`. A pixel
    /// has `pixel_length` bytes, and a row of the frame `columns` pixels.
    fn gather(
        &self,
        rows: &[u8],
        first_row: usize,
        columns: usize,
        pixel_length: usize,
        out: &mut [u8],
    ) {
        let row_length = columns * pixel_length;
        let targets = out.chunks_exact_mut((self.columns.count * pixel_length).max(1));
        for (row, target) in self.rows.indices().zip(targets) {
            let start = row.saturating_sub(first_row) * row_length;
            let Some(row) = rows.get(start..start + row_length) else { continue };
            match pixel_length {
                _ if self.columns.is_run() => {
                    let start = self.columns.first * pixel_length;
                    if let Some(run) = row.get(start..start + target.len()) {
                        target.copy_from_slice(run);
                    }
                }
                1 => self.pick::<1>(row, target),
                2 => self.pick::<2>(row, target),
                3 => self.pick::<3>(row, target),
                4 => self.pick::<4>(row, target),
                8 => self.pick::<8>(row, target),
                _ => {
                    for (column, target) in
                        self.columns.indices().zip(target.chunks_exact_mut(pixel_length))
                    {
                        let start = column * pixel_length;
                        if let Some(pixel) = row.get(start..start + pixel_length) {
                            target.copy_from_slice(pixel);
                        }
                    }
                }
            }
        }
    }

    fn pick<const N: usize>(&self, row: &[u8], target: &mut [u8]) {
        let (pixels, targets) = (row.as_chunks::<N>().0, target.as_chunks_mut::<N>().0);
        for (column, target) in self.columns.indices().zip(targets) {
            if let Some(pixel) = pixels.get(column) {
                *target = *pixel;
            }
        }
    }
}

impl NativePixels {
    /// Reads part of a frame into `out`: the bytes from its first wanted row to its last, and no
    /// others; only of pixels with [`NativePixels::has_plain_runs`].
    ///
    /// # Errors
    ///
    /// As those of a whole frame, but whether the type holds every value is asked of the wanted
    /// ones only; or if the part lies beyond the frame.
    pub fn read_part(
        &self,
        bytes: &OpenBytes<'_>,
        frame: u64,
        part: &FramePart,
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<()> {
        let description = &self.description;
        let (rows, columns) = part.cover(description.rows, description.columns)?;
        let size = description.sample_type().size();
        let pixel_length = size * description.samples_per_pixel;
        let row_length = description.columns * pixel_length;
        let wanted_size = options.wanted.map_or(size, |wanted| wanted.sample_type.size());
        let samples = part.rows.count * part.columns.count * description.samples_per_pixel;
        check_room(out, (samples * wanted_size) as u64, 1)?;
        let start =
            self.frames(frame, 1)?.range.start.saturating_add((rows.start * row_length) as u64);
        let is_run =
            part.rows.is_run() && columns.len() == description.columns && part.columns.is_run();
        let FrameScratch { stored, arranged, .. } = scratch;
        // Stored values are finished where they are wanted, others are converted from a buffer.
        let cells = match options.wanted {
            None => &mut *out,
            Some(_) => {
                arranged.resize(samples * size)?;
                arranged.as_mut_slice()
            }
        };
        if is_run {
            bytes.read_exact_at(cells, start)?;
        } else {
            stored.resize(rows.len() * row_length)?;
            bytes.read_exact_at(stored.as_mut_slice(), start)?;
            let stored = stored.as_slice();
            part.gather(stored, rows.start, description.columns, pixel_length, cells);
        }
        swap_bytes(cells, self.swapped_unit());
        match options.wanted {
            None => {
                unpack_frame(description, out);
                Ok(())
            }
            Some(wanted) => convert(arranged.as_slice(), description, wanted, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::ByteOrder;
    use crate::dataset::FileBytes;
    use crate::error::ErrorKind;
    use crate::image_description::{ImageDescription, SampleType};
    use crate::pixel::native::ValueField;
    use crate::pixel::read::Wanted;
    use crate::pixel::rescale::Rescale;
    use crate::pixel::synthetic::{self, in_memory};
    use crate::vr::Vr;

    #[test]
    fn steps_stay_inside_their_axis() {
        for (first, step, count, size, expected) in [
            (0, 1, 5, 5, Some(0..5)),
            (1, 2, 2, 4, Some(1..4)),
            (4, -2, 3, 5, Some(0..5)),
            (3, 7, 1, 4, Some(3..4)),
            (0, 1, 6, 5, None),
            (1, -1, 3, 5, None),
            (0, 1, 0, 5, None),
            (5, 1, 1, 5, None),
            (0, isize::MAX, 3, 5, None),
            (usize::MAX, 1, 2, usize::MAX, None),
        ] {
            assert_eq!(
                Steps { first, step, count }.cover(size),
                expected,
                "{first} {step} {count}"
            );
        }
        assert_eq!(Steps { first: 4, step: -2, count: 3 }.indices().collect::<Vec<_>>(), [4, 2, 0]);
    }

    #[test]
    fn pixels_of_every_length_are_gathered() {
        // 3 rows of 4 pixels; each byte tells row, column and byte.
        for length in 1..=9_usize {
            let byte =
                |row: usize, column: usize, byte: usize| (row * 100 + column * 10 + byte) as u8;
            let pixel = |row, column| (0..length).map(move |index| byte(row, column, index));
            let frame: Vec<u8> = (0..12).flat_map(|index| pixel(index / 4, index % 4)).collect();
            for (columns, expected) in [
                (Steps { first: 1, step: 1, count: 2 }, vec![1, 2]),
                (Steps { first: 3, step: -3, count: 2 }, vec![3, 0]),
            ] {
                let part = FramePart { rows: Steps { first: 2, step: -1, count: 2 }, columns };
                let mut out = vec![0; 4 * length];
                // Without the first row, which is not wanted.
                part.gather(&frame[4 * length..], 1, 4, length, &mut out);
                let expected: Vec<u8> = [2, 1]
                    .iter()
                    .flat_map(|row| expected.iter().flat_map(|column| pixel(*row, *column)))
                    .collect();
                assert_eq!(out, expected, "{length} bytes");
            }
        }
    }

    fn part(rows: (usize, isize, usize), columns: (usize, isize, usize)) -> FramePart {
        FramePart {
            rows: Steps { first: rows.0, step: rows.1, count: rows.2 },
            columns: Steps { first: columns.0, step: columns.1, count: columns.2 },
        }
    }

    /// Two frames of 3 rows and 4 columns, whose stored values tell frame, row and column; the bits
    /// above are of no value.
    fn numbered(order: ByteOrder) -> (NativePixels, FileBytes) {
        let words = (0..24_u16).map(|n| (n / 12 * 100 + n / 4 % 3 * 10 + n % 4) | 0xF000);
        let bytes: Vec<u8> = match order {
            ByteOrder::Little => words.flat_map(u16::to_le_bytes).collect(),
            ByteOrder::Big => words.flat_map(u16::to_be_bytes).collect(),
        };
        let grey = synthetic::description(16, 12, false);
        let description = ImageDescription { rows: 3, columns: 4, frame_count: 2, ..grey };
        let field = ValueField { offset: 0, length: 48, vr: Vr::OW, order };
        (NativePixels { description, field }, in_memory(&bytes))
    }

    #[test]
    fn parts_of_native_frames_are_read_without_what_is_beside_them() {
        let all = (0, 1, 4);
        for (part, expected) in [
            (part((1, 1, 1), all), vec![110, 111, 112, 113]),
            (part((0, 1, 2), all), vec![100, 101, 102, 103, 110, 111, 112, 113]),
            (part((2, -2, 2), (1, 1, 2)), vec![121, 122, 101, 102]),
            (part((1, 1, 1), (3, -1, 4)), vec![113, 112, 111, 110]),
            (part((2, 1, 1), (2, 1, 1)), vec![122]),
        ] {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let (pixels, bytes) = numbered(order);
                let open = OpenBytes::new(&bytes).unwrap();
                let mut scratch = FrameScratch::default();
                let mut read = |options: &FrameOptions, out: &mut [u8]| {
                    pixels.read_part(&open, 1, &part, options, &mut scratch, out).unwrap();
                };
                let mut out = vec![0; 2 * expected.len()];
                read(&FrameOptions::default(), &mut out);
                let found: Vec<u16> =
                    out.as_chunks().0.iter().map(|word| u16::from_ne_bytes(*word)).collect();
                assert_eq!(found, expected, "{part:?}");

                let rescale = Rescale { slope: 2.0, intercept: 0.5 };
                let wanted = Wanted { rescale, sample_type: SampleType::F64 };
                let options = FrameOptions { wanted: Some(wanted), ..FrameOptions::default() };
                let mut out = vec![0; 8 * expected.len()];
                read(&options, &mut out);
                let found: Vec<f64> =
                    out.as_chunks().0.iter().map(|value| f64::from_ne_bytes(*value)).collect();
                let rescaled: Vec<f64> =
                    expected.iter().map(|value| f64::from(*value) * 2.0 + 0.5).collect();
                assert_eq!(found, rescaled, "{part:?}");
            }
        }
    }

    #[test]
    fn parts_that_are_not_there_are_refused() {
        let all = (0, 1, 4);
        let (pixels, bytes) = numbered(ByteOrder::Little);
        let open = OpenBytes::new(&bytes).unwrap();
        let read = |frame, part: FramePart, length| {
            let (options, mut scratch) = (FrameOptions::default(), FrameScratch::default());
            pixels.read_part(&open, frame, &part, &options, &mut scratch, &mut vec![0; length])
        };
        assert!(read(1, part((0, 1, 1), all), 8).is_ok());
        assert!(read(2, part((0, 1, 1), all), 8).is_err(), "no such frame");
        assert!(read(1, part((0, 1, 1), all), 7).is_err(), "no room");
        assert!(read(1, part((2, 1, 2), all), 16).is_err(), "no such row");
        assert!(read(1, part((0, 1, 1), (1, 1, 4)), 8).is_err(), "no such column");
    }

    #[test]
    fn parts_are_taken_from_whole_frames() {
        let part = FramePart {
            rows: Steps { first: 1, step: 1, count: 1 },
            columns: Steps { first: 2, step: -2, count: 2 },
        };
        let mut whole = AlignedBuffer::default();
        let fill = |whole: &mut [u8]| {
            for (index, byte) in whole.iter_mut().enumerate() {
                *byte = index as u8;
            }
            Ok(())
        };
        let mut out = [0; 4];
        // 2 rows of 3 pixels of 2 bytes.
        part.take_from((2, 3), 2, &mut whole, &mut out, fill).unwrap();
        assert_eq!((out, whole.as_slice().len()), ([10, 11, 6, 7], 12));
        let untouched = |_: &mut [u8]| panic!("nothing is read");
        assert!(part.take_from((2, 3), 2, &mut whole, &mut [0; 3], untouched).is_err());
        assert!(part.take_from((1, 3), 2, &mut whole, &mut [0; 4], untouched).is_err());
        let damaged = |_: &mut [u8]| Err(ErrorKind::NotDeflated.into());
        let error = part.take_from((2, 3), 2, &mut whole, &mut [0; 4], damaged).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotDeflated), "{error}");
    }

    #[test]
    fn all_steps_are_every_index() {
        assert_eq!(Steps::all(3).indices().collect::<Vec<_>>(), [0, 1, 2]);
        assert!(Steps::all(3).is_run() && Steps { first: 2, step: -1, count: 1 }.is_run());
        assert!(!Steps { first: 2, step: -1, count: 2 }.is_run());
    }
}
