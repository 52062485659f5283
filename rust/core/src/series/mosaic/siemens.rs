//! Slices as the tiles of one image, as Siemens scanners write them.
//!
//! Tiles fill the image row by row, in a square that is as small as holds all of them. Image
//! Position (Patient) is that of the corner of the whole image, as if it were one slice with the
//! same centre as each of its tiles, so that the first voxel of a tile lies further in.

use super::layout::{Mosaic, TilePlaces};
use crate::dataset::Dataset;
use crate::geometry::{Orientation, Vector, add_scaled, dot, norm, scale};
use crate::image_description::Attributes;
use crate::series::header::{FrameHeader, ImagePlane, InstanceHeader, decimals};
use crate::series::private::{Csa, SliceArray, csa_header, numbers, private_tag};

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
    let plane = header.plane.orientation.and_then(|cosines| Orientation::of_written(cosines, 1e-3));
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
    let mut mosaic = Mosaic::square(count?, image.rows, image.columns)?;
    let protocol = protocol.filter(|slices| slices.count() == mosaic.count);
    let spacing = told.spacing.or_else(|| Some(protocol.as_ref()?.step(&plane?)?.abs()));
    if spacing.is_none() {
        mosaic.places = TilePlaces::CountedByThickness;
    }
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
    use crate::series::tests::synthetic::{AXIAL, ORIGIN, header, native, with};

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
        let mosaic = Mosaic::square(9, 12, 24).unwrap();
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

    type Entries<'a> = &'a [(&'a str, &'a [&'a str])];

    /// What tells how many slices a mosaic of 4 rows and 6 columns has, how far apart they are and
    /// which way they go: entries of the header of the image, heights of the protocol, Spacing
    /// Between Slices, Slice Thickness. Then the heights of the tiles, and whether the spacing is
    /// assumed; `None` where it is no mosaic.
    type TilesCase<'a> = (
        &'a str,
        Entries<'a>,
        &'a [f64],
        (Option<f64>, Option<f64>),
        Option<(&'a [Option<f64>], bool)>,
    );

    const THREE: (&str, &[&str]) = ("NumberOfImagesInMosaic", &["3"]);
    const UP: (&str, &[&str]) = ("SliceNormalVector", &["0", "0", "1"]);
    const DOWN: (&str, &[&str]) = ("SliceNormalVector", &["0", "0", "-1"]);
    const RISING: &[f64] = &[-100.0, -98.0, -96.0];
    const BY_TWO: &[Option<f64>] = &[Some(-100.0), Some(-98.0), Some(-96.0)];
    const BY_FIVE: &[Option<f64>] = &[Some(-100.0), Some(-95.0), Some(-90.0)];
    const NOWHERE: &[Option<f64>] = &[None; 3];
    #[rustfmt::skip]
    const TILES: &[TilesCase<'_>] = &[
        ("of the header", &[THREE, UP], &[], (Some(2.0), None), Some((BY_TWO, false))),
        ("downwards", &[THREE, DOWN], &[], (Some(2.0), None),
            Some((&[Some(-100.0), Some(-102.0), Some(-104.0)], false))),
        ("of the protocol", &[], RISING, (None, None), Some((BY_TWO, false))),
        ("the header is right", &[THREE, UP], &[-100.0, -95.0, -90.0], (Some(2.0), Some(5.0)),
            Some((BY_TWO, false))),
        ("a protocol of falling slices", &[THREE], &[-96.0, -98.0, -100.0], (None, None),
            Some((BY_TWO, false))),
        ("a protocol of slices below", &[THREE], &[-104.0, -102.0, -100.0], (None, None),
            Some((&[Some(-100.0), Some(-102.0), Some(-104.0)], false))),
        ("a direction of the protocol", &[THREE], RISING, (Some(2.0), None),
            Some((BY_TWO, false))),
        ("a spacing of the protocol", &[THREE, UP], RISING, (None, Some(5.0)),
            Some((BY_TWO, false))),
        ("a protocol of more slices", &[THREE, UP], &[-100.0, -98.0, -96.0, -94.0],
            (None, Some(5.0)), Some((BY_FIVE, true))),
        ("a thickness", &[THREE, UP], &[], (None, Some(5.0)), Some((BY_FIVE, true))),
        ("a spacing of zero", &[THREE, UP], &[], (Some(0.0), Some(5.0)), Some((BY_FIVE, true))),
        ("a thickness of zero", &[THREE, UP], &[], (None, Some(0.0)), Some((NOWHERE, true))),
        ("no spacing", &[THREE, UP], &[], (None, None), Some((NOWHERE, true))),
        ("no direction", &[THREE], &[], (Some(2.0), None), Some((NOWHERE, false))),
        ("no count", &[UP], &[], (Some(2.0), None), None),
        ("a count of zero", &[("NumberOfImagesInMosaic", &["0"]), UP], &[], (Some(2.0), None),
            None),
        ("half a slice", &[("NumberOfImagesInMosaic", &["2.5"]), UP], &[], (Some(2.0), None),
            None),
    ];

    #[test]
    fn tiles_lie_where_the_headers_say() {
        for (name, entries, protocol, (spacing, thickness), expected) in TILES {
            let image = csa(entries, true);
            let line = |(index, height): (usize, &f64)| {
                format!("sSliceArray.asSlice[{index}].sPosition.dTra = {height}\n")
            };
            let lines: String = protocol.iter().enumerate().map(line).collect();
            let protocol = format!("{lines}sSliceArray.lSize = {}", protocol.len());
            let series = csa(&[("MrPhoenixProtocol", &[&protocol])], true);
            let dataset =
                dataset_of(&[(0x0029, 0x1010, "OW", &image), (0x0029, 0x1020, "OW", &series)]);
            let header = with("a", |one| {
                one.image.state = native(4, 6);
                one.plane.spacing_between_slices = *spacing;
                one.plane.slice_thickness = *thickness;
            });
            let found = tiles(&dataset, &header).map(|(mosaic, frames)| {
                assert_eq!(
                    (mosaic.across, mosaic.count, mosaic.rows, mosaic.columns),
                    (2, 3, 2, 3)
                );
                let place = |frame: &FrameHeader| frame.plane.position.map(|[_, _, z]| z);
                let heights: Vec<_> = frames.iter().map(place).collect();
                let indices: Vec<usize> = frames.iter().map(|frame| frame.index).collect();
                assert_eq!(indices, [0, 1, 2], "{name}");
                (heights, mosaic.places == TilePlaces::CountedByThickness)
            });
            let expected = expected.map(|(heights, is_assumed)| (heights.to_vec(), is_assumed));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn an_element_counts_tiles_where_the_header_does_not() {
        let owner = (0x0019, 0x0010, "LO", &b"SIEMENS MR HEADER "[..]);
        let times = [4.0_f64, 6.0, 5.0].map(f64::to_le_bytes).concat();
        let header = with("a", |one| one.image.state = native(4, 6));
        for (count, expected) in [(&[3, 0][..], Some(3)), (&[0, 0], None), (b"", None)] {
            let count = (0x0019, 0x100A, "US", count);
            let dataset = dataset_of(&[owner, count, (0x0019, 0x1029, "FD", &times)]);
            let found = tiles(&dataset, &header);
            assert_eq!(found.as_ref().map(|(mosaic, _)| mosaic.count), expected);
            let Some((_, frames)) = found else { continue };
            let times: Vec<_> = frames.iter().map(|frame| frame.slice_time).collect();
            assert_eq!(times, [Some(4.0), Some(6.0), Some(5.0)]);
        }
    }

    #[test]
    fn a_mosaic_has_a_limited_number_of_tiles() {
        for (count, across, is_mosaic) in [("4096", 64, true), ("4097", 65, false)] {
            let image = csa(&[("NumberOfImagesInMosaic", &[count])], true);
            let dataset = dataset_of(&[(0x0029, 0x1010, "OW", &image)]);
            let header = with("a", |one| one.image.state = native(across, across));
            assert_eq!(tiles(&dataset, &header).is_some(), is_mosaic, "{count}");
        }
    }
}
