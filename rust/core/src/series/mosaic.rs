//! Slices as the tiles of one image, as Siemens scanners write them.
//!
//! Tiles fill the image row by row, in a square that is as small as holds all of them. Image
//! Position (Patient) is that of the corner of the whole image, as if it were one slice with the
//! same centre as each of its tiles, so that the first voxel of a tile lies further in.

use super::header::{FrameHeader, ImagePlane, InstanceHeader, decimals};
use super::private::{Csa, SliceArray, csa_header, numbers, private_tag};
use crate::dataset::Dataset;
use crate::geometry::{Orientation, Vector, add_scaled, dot, norm, scale};
use crate::image_description::Attributes;

/// How the tiles of an image lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mosaic {
    /// Tiles beside each other, and below each other.
    pub across: usize,
    /// Slices; the tiles after them are empty.
    pub count: usize,
    /// Rows of a tile.
    pub rows: usize,
    /// Columns of a tile.
    pub columns: usize,
    /// Slice Thickness serves as the spacing of slices.
    pub is_spacing_assumed: bool,
}

/// More slices than a mosaic has; its number of them comes from a private element.
const MOST_TILES: usize = 4096;

impl Mosaic {
    /// That of `count` slices in an image of so many rows and columns, if they divide into tiles.
    fn new(count: usize, rows: usize, columns: usize) -> Option<Mosaic> {
        let across = (1..=count).find(|across| across * across >= count)?;
        let is_whole =
            rows.is_multiple_of(across) && columns.is_multiple_of(across) && rows >= across;
        let (rows, columns) = (rows / across, columns / across);
        is_whole.then_some(Mosaic { across, count, rows, columns, is_spacing_assumed: false })
    }

    /// Copies a tile out of the image with `size` bytes a pixel, `whole`.
    pub(super) fn copy_tile(&self, whole: &[u8], index: usize, size: usize, tile: &mut [u8]) {
        let row_length = self.columns * size;
        let (down, beside) = (index / self.across, index % self.across);
        let rows = whole.chunks_exact((row_length * self.across).max(1)).skip(down * self.rows);
        for (from, to) in rows.zip(tile.chunks_exact_mut(row_length.max(1))) {
            if let Some(run) = from.get(beside * row_length..(beside + 1) * row_length) {
                to.copy_from_slice(run);
            }
        }
    }
}

/// The tiles of a mosaic as frames. `None` if the header does not say how many slices it has, or
/// they do not fit the image.
pub(super) fn tiles(
    dataset: &Dataset,
    header: &InstanceHeader,
) -> Option<(Mosaic, Vec<FrameHeader>)> {
    let image = header.image.state.description()?;
    let csa = csa_header(dataset, Csa::Image);
    let of_csa = |name: &str| csa.as_deref().and_then(|csa| numbers(csa, name));
    let counted = of_csa("NumberOfImagesInMosaic").and_then(|numbers| numbers.first().copied());
    let of_element = || {
        usize::try_from(dataset.integer(private_tag(
            dataset,
            0x0019,
            "SIEMENS MR HEADER",
            0x0A,
        )?)?)
        .ok()
    };
    let is_count = |count: &f64| *count >= 1.0 && count.fract() == 0.0;
    let count = counted.filter(is_count).map(|count| count as usize).or_else(of_element);
    let plane = header.plane.orientation.and_then(|cosines| Orientation::new(cosines, 1e-3));
    let normal: Option<Vector> =
        of_csa("SliceNormalVector").and_then(|numbers| numbers.try_into().ok());
    let told = Told {
        is_against: plane.zip(normal).and_then(|(plane, normal)| is_against(&plane, normal)),
        spacing: header.plane.spacing_between_slices.filter(|spacing| *spacing > 0.0),
    };
    // Long text, which is looked at only where the rest is missing.
    let protocol = match (count, told) {
        (Some(_), Told { is_against: Some(_), spacing: Some(_) }) => None,
        _ => csa_header(dataset, Csa::Series).and_then(|header| SliceArray::of_csa(&header)),
    };
    let count = count.or(protocol.as_ref().map(SliceArray::count));
    let mut mosaic = Mosaic::new(
        count.filter(|count| (1..=MOST_TILES).contains(count))?,
        image.rows,
        image.columns,
    )?;
    let protocol = protocol.filter(|slices| slices.count() == mosaic.count);
    let spacing = told.spacing.or_else(|| Some(protocol.as_ref()?.step(&plane?)?.abs()));
    mosaic.is_spacing_assumed = spacing.is_none();
    let told = Told {
        spacing: spacing.or(header.plane.slice_thickness).filter(|spacing| *spacing > 0.0),
        ..told
    };
    let place =
        plane.and_then(|plane| first_and_step(header, &plane, &mosaic, told, protocol.as_ref()));
    let times = slice_times(dataset, csa.as_deref(), mosaic.count);
    let frame = |index: usize| FrameHeader {
        index,
        slice_time: times.get(index).copied(),
        plane: ImagePlane {
            position: place.map(|(first, step)| add_scaled(first, index as f64, step)),
            ..header.plane
        },
        ..FrameHeader::of_instance(header)
    };
    Some((mosaic, (0..mosaic.count).map(frame).collect()))
}

/// When each slice was acquired, in ms: (0019,xx29) of `SIEMENS MR HEADER`, or `MosaicRefAcqTimes`
/// of `csa`. None if there are not as many as slices.
fn slice_times(dataset: &Dataset, csa: Option<&[u8]>, count: usize) -> Vec<f64> {
    let is_whole =
        |times: &Vec<f64>| times.len() == count && times.iter().all(|time| time.is_finite());
    let own =
        private_tag(dataset, 0x0019, "SIEMENS MR HEADER", 0x29).map(|tag| decimals(dataset, tag));
    let of_csa = || numbers(csa?, "MosaicRefAcqTimes").filter(is_whole);
    own.filter(is_whole).or_else(of_csa).unwrap_or_default()
}

/// What the header says of the slices.
#[derive(Clone, Copy)]
struct Told {
    /// Whether they are counted against the normal of their planes.
    is_against: Option<bool>,
    /// How far they are apart, in mm.
    spacing: Option<f64>,
}

/// The cosine of directions that are one, though the plane may have been turned with the patient.
const SAME_DIRECTION: f64 = 0.9;

/// Whether slices that are counted along `normal` are so against that of their planes. `None` if it
/// is no normal.
fn is_against(plane: &Orientation, normal: Vector) -> Option<bool> {
    let cosine = dot(normal, plane.normal()) / norm(normal);
    (cosine.abs() >= SAME_DIRECTION).then_some(cosine < 0.0)
}

/// The place of the first tile's first voxel, and the step from tile to tile. `None` if the
/// header does not say which way slices are counted, or how far apart they are.
fn first_and_step(
    header: &InstanceHeader,
    plane: &Orientation,
    mosaic: &Mosaic,
    told: Told,
    protocol: Option<&SliceArray>,
) -> Option<(Vector, Vector)> {
    let [between_rows, between_columns] = header.plane.pixel_spacing?;
    let half = |length: usize| (length * (mosaic.across - 1)) as f64 / 2.0;
    let right = scale(half(mosaic.columns) * between_columns, plane.along_row());
    let down = scale(half(mosaic.rows) * between_rows, plane.along_column());
    let first = add_scaled(add_scaled(header.plane.position?, 1.0, right), 1.0, down);
    let spacing = told.spacing?;
    let is_against = told.is_against.or_else(|| protocol?.is_against(plane, first, spacing))?;
    Some((first, scale(if is_against { -spacing } else { spacing }, plane.normal())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::private::csa;
    use crate::series::tests::bytes::dataset_of;
    use crate::series::tests::synthetic::{AXIAL, ORIGIN, header};

    #[test]
    fn tiles_are_a_square() {
        for (count, rows, expected) in [
            (1, 10, Some(1)),
            (4, 10, Some(2)),
            (5, 12, Some(3)),
            (36, 384, Some(6)),
            (5, 10, None),
            (0, 10, None),
        ] {
            assert_eq!(
                Mosaic::new(count, rows, rows).map(|mosaic| mosaic.across),
                expected,
                "{count} in {rows}"
            );
        }
    }

    #[test]
    fn a_tile_is_cut_out() {
        let mosaic = Mosaic::new(3, 4, 6).unwrap();
        let whole: Vec<u8> = (0..48).collect();
        let mut tile = vec![0; 12];
        mosaic.copy_tile(&whole, 1, 2, &mut tile);
        assert_eq!(tile, [6, 7, 8, 9, 10, 11, 18, 19, 20, 21, 22, 23]);
        mosaic.copy_tile(&whole, 2, 2, &mut tile);
        assert_eq!(tile, [24, 25, 26, 27, 28, 29, 36, 37, 38, 39, 40, 41]);
    }

    #[test]
    fn tiles_divide_rows_and_columns() {
        let mosaic = |across, rows, columns| Mosaic {
            across,
            count: 3,
            rows,
            columns,
            is_spacing_assumed: false,
        };
        for (rows, columns, expected) in [
            (4, 6, Some(mosaic(2, 2, 3))),
            (2, 2, Some(mosaic(2, 1, 1))),
            (3, 6, None),
            (4, 5, None),
            (0, 0, None),
        ] {
            assert_eq!(Mosaic::new(3, rows, columns), expected, "{rows} {columns}");
        }
    }

    #[test]
    fn slices_are_counted_along_or_against_the_normal() {
        let plane = Orientation::new(AXIAL, 1e-6).unwrap();
        for (normal, expected) in [
            ([0.0, 0.0, 1.0], Some(false)),
            ([0.0, 0.0, -2.0], Some(true)),
            ([0.6, 0.0, 0.8], None),
            ([0.0, 0.435, 0.9], Some(false)),
            ([0.0, 0.437, 0.9], None),
            ([1.0, 0.0, 0.0], None),
            ([0.0; 3], None),
        ] {
            assert_eq!(is_against(&plane, normal), expected, "{normal:?}");
        }
    }

    #[test]
    fn the_first_tile_lies_further_in_than_the_image() {
        let plane = Orientation::new(AXIAL, 1e-6).unwrap();
        let mosaic = Mosaic::new(9, 12, 24).unwrap();
        let header = header("a");
        // Tiles of 4 rows and 8 columns, 3 beside each other: 1 tile further in.
        let [x, y, z] = ORIGIN;
        let first = [x + 8.0 * 0.5, y + 4.0 * 0.75, z];
        let told = |is_against, spacing| Told { is_against, spacing };
        for (name, told, expected) in [
            ("along", told(Some(false), Some(2.0)), Some([0.0, 0.0, 2.0])),
            ("against", told(Some(true), Some(2.0)), Some([0.0, 0.0, -2.0])),
            ("of no direction", told(None, Some(2.0)), None),
            ("of no spacing", told(Some(true), None), None),
        ] {
            let place = first_and_step(&header, &plane, &mosaic, told, None);
            assert_eq!(place, expected.map(|step| (first, step)), "{name}");
        }
        let told = told(Some(false), Some(2.0));
        for change in [
            |header: &mut InstanceHeader| header.plane.position = None,
            |header: &mut InstanceHeader| header.plane.pixel_spacing = None,
        ] {
            let mut lacking = header.clone();
            change(&mut lacking);
            assert_eq!(first_and_step(&lacking, &plane, &mosaic, told, None), None);
        }
    }

    #[test]
    fn slice_times_are_those_of_the_element_or_of_the_header() {
        let times = [0.0_f64, 12.5, -1.0].map(f64::to_le_bytes).concat();
        let csa = csa(&[("MosaicRefAcqTimes", &["1", "2", "3"])], true);
        let owner = (0x0019, 0x0010, "LO", &b"SIEMENS MR HEADER "[..]);
        let own = dataset_of(&[owner, (0x0019, 0x1029, "FD", &times)]);
        let none = dataset_of(&[owner]);
        let not_finite = [1.0, f64::NAN, 2.0].map(f64::to_le_bytes).concat();
        let bad = dataset_of(&[owner, (0x0019, 0x1029, "FD", &not_finite)]);
        for (name, dataset, csa, count, expected) in [
            ("own", &own, Some(&csa[..]), 3, &[0.0, 12.5, -1.0][..]),
            ("of the header", &none, Some(&csa[..]), 3, &[1.0, 2.0, 3.0]),
            ("not finite", &bad, Some(&csa[..]), 3, &[1.0, 2.0, 3.0]),
            ("too few", &own, Some(&csa[..]), 4, &[]),
            ("none", &none, None, 3, &[]),
        ] {
            assert_eq!(slice_times(dataset, csa, count), expected, "{name}");
        }
    }
}
