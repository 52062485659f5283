//! What differs among the slices of a volume without parting them.

use super::order::Ordered;
use super::report::{Finding, GeometryFinding, Issue, ValueFinding};
use super::stack::Entry;

/// The issues about what differs among the slices of `ordered`, one for each kind of difference.
pub(super) fn mixed_attributes(ordered: &Ordered<'_>) -> Vec<Issue> {
    let slices: Vec<Entry<'_>> = ordered.cells.iter().flatten().copied().collect();
    let Some(first) = slices.first() else { return Vec::new() };
    let found = [
        mixed_coordinates(&slices, first),
        volume_coordinates(&slices),
        assumed_mosaic_spacing(&slices),
        mixed_data_type(ordered),
        bad_rescale(&slices),
        mixed_rescale(&slices, first),
        mixed_sample_type(&slices, first),
        padding(&slices),
    ];
    found.into_iter().flatten().collect()
}

/// The issue about those of `slices` that are odd; `None` if none is. `finding` is given their
/// number.
fn about_odd<F: Finding>(
    slices: &[Entry<'_>],
    is_odd: impl Fn(&Entry<'_>) -> bool,
    finding: impl FnOnce(usize) -> F,
) -> Option<Issue> {
    let odd: Vec<&Entry<'_>> = slices.iter().filter(|slice| is_odd(slice)).collect();
    (!odd.is_empty()).then(|| finding(odd.len()).about(odd.into_iter().map(Entry::path)))
}

/// Slices without a Frame of Reference UID are taken to be in the coordinates of the others.
fn mixed_coordinates(slices: &[Entry<'_>], first: &Entry<'_>) -> Option<Issue> {
    fn uid<'a>(slice: &Entry<'a>) -> &'a str {
        &slice.header.coordinates.frame_of_reference_uid
    }
    let is_in_volume = |slice: &Entry<'_>| slice.header.coordinates.is_in_volume;
    let known = slices.iter().map(uid).find(|uid| !uid.is_empty()).unwrap_or_default();
    let is_odd = |slice: &Entry<'_>| {
        let is_of_another = !uid(slice).is_empty() && uid(slice) != known;
        is_of_another || is_in_volume(slice) != is_in_volume(first)
    };
    about_odd(slices, is_odd, |slice_count| GeometryFinding::MixedCoordinates { slice_count })
}

fn volume_coordinates(slices: &[Entry<'_>]) -> Option<Issue> {
    let is_odd = |slice: &Entry<'_>| slice.header.coordinates.is_in_volume;
    about_odd(slices, is_odd, |slice_count| GeometryFinding::VolumeCoordinates { slice_count })
}

fn assumed_mosaic_spacing(slices: &[Entry<'_>]) -> Option<Issue> {
    let is_odd =
        |slice: &Entry<'_>| slice.header.image.mosaic.is_some_and(|tiles| tiles.is_spacing_assumed);
    about_odd(slices, is_odd, |slice_count| GeometryFinding::AssumedMosaicSpacing { slice_count })
}

/// Steps of the leading axis may differ in Data Type, but the slices of a step may not.
fn mixed_data_type(ordered: &Ordered<'_>) -> Option<Issue> {
    let odd = ordered.cells.chunks(ordered.slices.len().max(1)).flat_map(|step| {
        let mut slices = step.iter().flatten();
        let first = slices.next().map(|slice| &slice.frame.data_type);
        slices.filter(move |slice| Some(&slice.frame.data_type) != first).copied()
    });
    let odd: Vec<Entry<'_>> = odd.collect();
    about_odd(&odd, |_| true, |slice_count| ValueFinding::MixedDataType { slice_count })
}

fn bad_rescale(slices: &[Entry<'_>]) -> Option<Issue> {
    let is_odd = |slice: &Entry<'_>| slice.frame.transform.has_bad_rescale;
    about_odd(slices, is_odd, |slice_count| ValueFinding::BadRescale { slice_count })
}

fn mixed_rescale(slices: &[Entry<'_>], first: &Entry<'_>) -> Option<Issue> {
    let rescale = |slice: &Entry<'_>| slice.frame.transform.rescale;
    let has_lut = |slice: &Entry<'_>| slice.header.has_modality_lut;
    let is_odd =
        |slice: &Entry<'_>| rescale(slice) != rescale(first) || has_lut(slice) != has_lut(first);
    about_odd(slices, is_odd, |slice_count| ValueFinding::MixedRescale {
        slice_count,
        slopes: least_and_most(slices.iter().map(|slice| rescale(slice).slope)),
        intercepts: least_and_most(slices.iter().map(|slice| rescale(slice).intercept)),
    })
}

fn least_and_most(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
        (least.min(value), most.max(value))
    })
}

fn mixed_sample_type(slices: &[Entry<'_>], first: &Entry<'_>) -> Option<Issue> {
    let sample_type = |slice: &Entry<'_>| {
        let image = slice.header.image.state.description();
        image.map(|image| (image.bits_allocated, image.is_signed))
    };
    let is_odd = |slice: &Entry<'_>| sample_type(slice) != sample_type(first);
    about_odd(slices, is_odd, |slice_count| ValueFinding::MixedSampleType { slice_count })
}

fn padding(slices: &[Entry<'_>]) -> Option<Issue> {
    let is_odd = |slice: &Entry<'_>| slice.header.image.has_padding;
    about_odd(slices, is_odd, |slice_count| ValueFinding::PixelPadding { slice_count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::Rescale;
    use crate::series::header::{FrameHeader, InstanceHeader};
    use crate::series::mosaic::Mosaic;
    use crate::series::order::order;
    use crate::series::stack::Group;
    use crate::series::tests::synthetic::{Images, image_mut, regular};
    use crate::series::tolerances::Tolerances;

    type Change = fn(&mut InstanceHeader);

    /// The issues of eight slices of which `change` is made to the fourth and the fifth.
    fn issues(change: Change) -> Vec<Issue> {
        let mut headers = regular();
        headers[3..5].iter_mut().for_each(change);
        issues_of(headers)
    }

    fn issues_of(headers: Vec<InstanceHeader>) -> Vec<Issue> {
        let images = Images::new(headers);
        let entries = images.entries();
        let orientation = entries[0].orientation;
        let group = Group { entries: entries.clone(), orientation, is_localizer: false };
        mixed_attributes(&order(&group, entries, false, &Tolerances::DEFAULT).unwrap())
    }

    fn paths() -> [std::path::PathBuf; 2] {
        ["folder/03", "folder/04"].map(Into::into)
    }

    #[test]
    fn slices_with_other_coordinates_are_named() {
        fn mosaic(header: &mut InstanceHeader, is_spacing_assumed: bool) {
            header.image.mosaic =
                Some(Mosaic { across: 1, count: 1, rows: 5, columns: 7, is_spacing_assumed });
        }
        let slice_count = 2;
        let of = |issue: Issue| vec![issue];
        for (name, change, expected) in [
            ("nothing", (|_| {}) as Change, vec![]),
            (
                "a coordinate system",
                |one| one.coordinates.frame_of_reference_uid = "5".to_owned(),
                of(GeometryFinding::MixedCoordinates { slice_count }.about(paths())),
            ),
            ("an unknown one", |one| one.coordinates.frame_of_reference_uid.clear(), vec![]),
            (
                "coordinates of the volume",
                |one| one.coordinates.is_in_volume = true,
                vec![
                    GeometryFinding::MixedCoordinates { slice_count }.about(paths()),
                    GeometryFinding::VolumeCoordinates { slice_count }.about(paths()),
                ],
            ),
            (
                "an assumed spacing",
                |one| mosaic(one, true),
                of(GeometryFinding::AssumedMosaicSpacing { slice_count }.about(paths())),
            ),
            ("a mosaic", |one| mosaic(one, false), vec![]),
        ] {
            assert_eq!(issues(change), expected, "{name}");
        }
    }

    #[test]
    fn slices_with_other_values_are_named() {
        fn with_data_type(header: &mut InstanceHeader) {
            let data_type = Some("VELOCITY".into());
            header.frames = vec![FrameHeader { data_type, ..FrameHeader::of_instance(header) }];
        }
        let slice_count = 2;
        let of = |issue: Issue| vec![issue];
        for (name, change, expected) in [
            (
                "a data type",
                with_data_type as Change,
                of(ValueFinding::MixedDataType { slice_count }.about(paths())),
            ),
            (
                "a bad slope",
                |one| one.transform.has_bad_rescale = true,
                of(ValueFinding::BadRescale { slice_count }.about(paths())),
            ),
            (
                "a slope",
                |one| one.transform.rescale = Rescale { slope: 2.0, intercept: -2000.0 },
                of(ValueFinding::MixedRescale {
                    slice_count,
                    slopes: (1.0, 2.0),
                    intercepts: (-2000.0, -1024.0),
                }
                .about(paths())),
            ),
            (
                "a lookup table",
                |one| one.has_modality_lut = true,
                of(ValueFinding::MixedRescale {
                    slice_count,
                    slopes: (1.0, 1.0),
                    intercepts: (-1024.0, -1024.0),
                }
                .about(paths())),
            ),
            (
                "a sign",
                |one| image_mut(one).is_signed = false,
                of(ValueFinding::MixedSampleType { slice_count }.about(paths())),
            ),
            (
                "a width",
                |one| image_mut(one).bits_allocated = 8,
                of(ValueFinding::MixedSampleType { slice_count }.about(paths())),
            ),
            (
                "padding",
                |one| one.image.has_padding = true,
                of(ValueFinding::PixelPadding { slice_count }.about(paths())),
            ),
        ] {
            assert_eq!(issues(change), expected, "{name}");
        }
    }

    #[test]
    fn slices_without_a_frame_of_reference_are_in_that_of_the_others() {
        let mut headers = regular();
        headers[0].coordinates.frame_of_reference_uid.clear();
        assert_eq!(issues_of(headers), []);
    }

    #[test]
    fn steps_of_an_axis_may_differ_in_data_type() {
        let mut headers = regular()[..2].to_vec();
        for header in &mut headers {
            let frame = |index: usize| FrameHeader {
                index,
                data_type: Some(["VELOCITY", "MAGNITUDE"][index].into()),
                ..FrameHeader::of_instance(header)
            };
            header.frames = (0..2).map(frame).collect();
        }
        assert_eq!(issues_of(headers), []);
    }
}
