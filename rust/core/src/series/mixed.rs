//! What differs among the slices of a volume without parting them.

use super::header::{AssumedPlaces, InstanceHeader};
use super::mosaic::TilePlaces;
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
        assumed(&slices, AssumedPlaces::SliceThickness),
        assumed(&slices, AssumedPlaces::OnePosition),
        rounded_orientation(&slices),
        mixed_data_type(ordered),
        mixed_image_type(ordered),
        bad_rescale(&slices),
        mixed_rescale(&slices, first),
        lut_of_intensity(&slices),
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
    let is_odd = |slice: &Entry<'_>| {
        let mosaic = slice.header.image.mosaic;
        mosaic.is_some_and(|tiles| tiles.places == TilePlaces::CountedByThickness)
    };
    about_odd(slices, is_odd, |slice_count| GeometryFinding::AssumedMosaicSpacing { slice_count })
}

/// Places that rest on more than what the file says of each frame.
fn assumed(slices: &[Entry<'_>], what: AssumedPlaces) -> Option<Issue> {
    let is_odd = |slice: &Entry<'_>| slice.header.coordinates.assumed == Some(what);
    about_odd(slices, is_odd, |slice_count| match what {
        AssumedPlaces::OnePosition => GeometryFinding::OnePosition { slice_count },
        AssumedPlaces::SliceThickness => GeometryFinding::AssumedSpacing { slice_count },
    })
}

fn rounded_orientation(slices: &[Entry<'_>]) -> Option<Issue> {
    let is_odd = |slice: &Entry<'_>| slice.orientation.is_some_and(|plane| plane.is_rounded());
    about_odd(slices, is_odd, |slice_count| GeometryFinding::RoundedOrientation { slice_count })
}

fn mixed_data_type(ordered: &Ordered<'_>) -> Option<Issue> {
    let odd = odd_in_step(ordered, |slice| slice.frame.data_type.as_deref());
    about_odd(&odd, |_| true, |slice_count| ValueFinding::MixedDataType { slice_count })
}

fn mixed_image_type(ordered: &Ordered<'_>) -> Option<Issue> {
    // Slices of one file mostly share their type.
    let mut types = ordered.cells.iter().flatten().map(Entry::image_type);
    let first = types.next()?;
    if types.all(|other| other == first) {
        return None;
    }
    let odd = odd_in_step(ordered, |slice| meaning(slice.image_type()));
    about_odd(&odd, |_| true, |slice_count| ValueFinding::MixedImageType { slice_count })
}

/// The slices that have another value than the first of their step: steps of the leading axis may
/// differ, but the slices of a step may not.
fn odd_in_step<'a, T: PartialEq>(
    ordered: &Ordered<'a>,
    value: impl Fn(&Entry<'a>) -> T,
) -> Vec<Entry<'a>> {
    let mut odd = Vec::new();
    for step in ordered.cells.chunks(ordered.slice_count().max(1)) {
        let mut slices = step.iter().flatten();
        let first = slices.next().map(&value);
        odd.extend(slices.filter(|slice| Some(value(slice)) != first));
    }
    odd
}

/// The values of Image Type that say what the numbers of an image are: the component or the map of
/// MR (PS3.3 §C.8.3.1.1.1), the energy or the material of CT (PS3.3 §C.8.15.3.1). Others, such as
/// that a filter was applied, may differ among the slices of one volume.
fn meaning(image_type: &str) -> Vec<&str> {
    #[rustfmt::skip]
    const WHOLE: [&str; 37] = [
        "M", "P", "R", "I", "MAGNITUDE", "PHASE", "REAL", "IMAGINARY", "PHASE MAP",
        "VELOCITY MAP", "ADC", "FA", "TRACEW", "T1 MAP", "T2 MAP", "T2_STAR MAP", "R2 MAP",
        "R2_STAR MAP", "B0 MAP", "W", "F", "IP", "OP", "WATER", "FAT", "IN_PHASE",
        "OUT_OF_PHASE", "OPP_PHASE", "FF", "DET_A", "DET_B", "VMI", "VNC", "MAT_SPECIFIC",
        "EFF_ATOMIC_NUM", "ELECTRON_DENSITY", "IODINE",
    ];
    const STARTS: [&str; 4] = ["M_", "P_", "R_", "I_"];
    let is_meaning = |value: &&str| {
        WHOLE.contains(value)
            || STARTS.iter().any(|start| value.starts_with(start))
            // Of images as of one energy, such as `MONO_65KEV`.
            || value.contains("KEV")
    };
    image_type.split('\\').map(str::trim).filter(is_meaning).collect()
}

fn bad_rescale(slices: &[Entry<'_>]) -> Option<Issue> {
    let is_odd = |slice: &Entry<'_>| slice.frame.transform.has_bad_rescale;
    about_odd(slices, is_odd, |slice_count| ValueFinding::BadRescale { slice_count })
}

fn mixed_rescale(slices: &[Entry<'_>], first: &Entry<'_>) -> Option<Issue> {
    let rescale = |slice: &Entry<'_>| slice.frame.transform.rescale;
    let is_odd = |slice: &Entry<'_>| {
        rescale(slice) != rescale(first) || !has_lut_of(slice.header, first.header)
    };
    about_odd(slices, is_odd, |slice_count| ValueFinding::MixedRescale {
        slice_count,
        slopes: least_and_most(slices.iter().map(|slice| rescale(slice).slope)),
        intercepts: least_and_most(slices.iter().map(|slice| rescale(slice).intercept)),
    })
}

/// Whether two images have one Modality LUT, or none.
fn has_lut_of(one: &InstanceHeader, other: &InstanceHeader) -> bool {
    match (&one.modality_lut, &other.modality_lut) {
        (Some(Ok(a)), Some(Ok(b))) => a == b,
        (Some(Err(_)), Some(Err(_))) | (None, None) => true,
        _ => false,
    }
}

fn lut_of_intensity(slices: &[Entry<'_>]) -> Option<Issue> {
    let is_odd = |slice: &Entry<'_>| slice.header.is_lut_of_intensity;
    about_odd(slices, is_odd, |slice_count| ValueFinding::LutOfIntensity { slice_count })
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
    use crate::series::header::FrameHeader;
    use crate::series::mosaic::Mosaic;
    use crate::series::order::order;
    use crate::series::stack::Group;
    use crate::series::tests::synthetic::{Images, image_mut, regular, why};
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
        fn mosaic(header: &mut InstanceHeader, places: TilePlaces) {
            header.image.mosaic = Some(Mosaic { across: 1, count: 1, rows: 5, columns: 7, places });
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
                |one| mosaic(one, TilePlaces::CountedByThickness),
                of(GeometryFinding::AssumedMosaicSpacing { slice_count }.about(paths())),
            ),
            ("a mosaic", |one| mosaic(one, TilePlaces::Counted), vec![]),
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
                |one| one.modality_lut = Some(Err(why())),
                of(ValueFinding::MixedRescale {
                    slice_count,
                    slopes: (1.0, 1.0),
                    intercepts: (-1024.0, -1024.0),
                }
                .about(paths())),
            ),
            (
                "a table of intensity",
                |one| one.is_lut_of_intensity = true,
                of(ValueFinding::LutOfIntensity { slice_count }.about(paths())),
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
    fn slices_of_another_type_are_named_where_their_numbers_are_others() {
        let mixed = ValueFinding::MixedImageType { slice_count: 2 }.about(paths());
        for (kind, expected) in [("P", vec![mixed]), ("NORM", vec![])] {
            let mut headers = regular();
            for header in &mut headers[3..5] {
                header.identity.image_type = format!("ORIGINAL\\PRIMARY\\AXIAL\\{kind}");
            }
            assert_eq!(issues_of(headers), expected, "{kind}");
        }
    }

    #[test]
    fn a_type_says_what_numbers_are() {
        for (image_type, expected) in [
            ("ORIGINAL\\PRIMARY\\M\\ND\\NORM", &["M"][..]),
            ("ORIGINAL\\PRIMARY\\ M_FFE\\M\\FFE", &["M_FFE", "M"]),
            ("DERIVED\\PRIMARY\\AXIAL\\MONO_65KEV", &["MONO_65KEV"]),
            ("ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI", &[]),
            ("", &[]),
        ] {
            assert_eq!(meaning(image_type), expected, "{image_type}");
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
