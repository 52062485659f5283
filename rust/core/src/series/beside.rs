//! Images that lie beside the stack: what sets them apart, and whether the volume may lack them.

use super::header::Differences;
use super::report::{Finding, Issue, IssueKind, LeftOut};
use super::stack::{Entry, Group, shape};
use super::tolerances::Tolerances;

/// Where the stack lies along its normal, in mm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub first: f64,
    pub last: f64,
    pub step: f64,
}

/// The planes of two images count as parallel here up to 5 degrees: a slice of the stack whose
/// Image Orientation is a little off, not one of another plane.
const PARALLEL: f64 = 0.996;
/// Planes that are more than 45 degrees apart cross the stack, as localizers do.
const CROSSING: f64 = 0.707;

/// Says what was left out, and why.
///
/// Images of another stack are only reported if the stack is clearly the main one: at least three
/// quarters of the images, localizers not counted, and two slices. They are an error otherwise, and
/// also if they lie where the stack is or would go on: then they are more likely slices of it with
/// a wrong header, and the volume lacks them.
pub(super) fn left_out(
    stack: &Group<'_>,
    others: &[Group<'_>],
    extent: Option<Extent>,
    tolerances: &Tolerances,
) -> Vec<Issue> {
    let kinds: Vec<(IssueKind, &Group<'_>)> = others
        .iter()
        .filter_map(|other| Some((difference(stack, other, tolerances)?, other)))
        .collect();
    let of_others = |kind: IssueKind| {
        kinds.iter().filter(move |(found, _)| *found == kind).map(|(_, group)| *group)
    };
    let total: usize = others.iter().map(|group| group.entries.len()).sum();
    let localizers: usize = of_others(IssueKind::Localizer).map(|group| group.entries.len()).sum();
    let is_main = stack.entries.len() >= 2 && stack.entries.len() >= 3 * (total - localizers);

    let mut found: Vec<IssueKind> = kinds.iter().map(|(kind, _)| *kind).collect();
    found.sort_unstable();
    found.dedup();
    let issue = |kind: IssueKind| {
        let groups: Vec<&Group<'_>> = of_others(kind).collect();
        let mut entries: Vec<&Entry<'_>> = groups.iter().flat_map(|group| &group.entries).collect();
        entries.sort_by_key(|entry| entry.index);
        let attributes = groups.iter().map(|group| content_difference(stack, group));
        let finding = LeftOut {
            kind,
            attributes: attributes.fold(Differences::NONE, Differences::and),
            image_count: entries.len(),
            file_count: entries.chunk_by(|a, b| a.file == b.file).count(),
            group_count: groups.len(),
            in_stack_count: entries.iter().filter(|entry| is_inside(stack, entry, extent)).count(),
            has_own_geometry: entries.iter().any(|entry| has_own_geometry(entry)),
            stack_count: stack.entries.len(),
            is_main,
        };
        finding.about(entries.into_iter().map(Entry::path))
    };
    found.into_iter().map(issue).collect()
}

/// What sets a group apart from the stack.
fn difference(stack: &Group<'_>, other: &Group<'_>, tolerances: &Tolerances) -> Option<IssueKind> {
    let (a, b) = (stack.first()?, other.first()?);
    if other.is_localizer && !stack.is_localizer {
        return Some(IssueKind::Localizer);
    }
    if has_own_geometry(&b) && !has_own_geometry(&a) {
        return Some(IssueKind::Unsupported);
    }
    let by_shape = match (shape(a.header), shape(b.header)) {
        (Some(a), Some(b)) if (a.0, a.1) != (b.0, b.1) => Some(IssueKind::MixedShape),
        (Some(a), Some(b)) if a != b => Some(IssueKind::MixedPhotometric),
        (Some(_), Some(_)) | (None, None) => None,
        _ => Some(IssueKind::Unsupported),
    };
    Some(match (stack.orientation, other.orientation) {
        (Some(plane), Some(crossing)) if !plane.is_near(&crossing, tolerances.cosine) => {
            let is_few = stack.entries.len() >= 4 * other.entries.len();
            let is_crossing = plane.plane_cosine(&crossing) < CROSSING;
            // Some scanners name their localizers in another way, but never as the slices.
            let is_localizer =
                is_few && is_crossing && a.image_type() != b.image_type() && by_shape.is_some();
            if is_localizer { IssueKind::Localizer } else { IssueKind::MixedOrientation }
        }
        (Some(_), None) => {
            by_shape.unwrap_or(match (b.frame.plane.position, b.frame.plane.orientation) {
                (Some(_), _) | (None, Some(_)) => IssueKind::MissingOrientation,
                (None, None) => IssueKind::MissingPosition,
            })
        }
        (None, Some(_)) => by_shape.unwrap_or(IssueKind::MixedOrientation),
        _ => by_shape.unwrap_or(match (a.frame.plane.pixel_spacing, b.frame.plane.pixel_spacing) {
            _ if stack.is_localizer != other.is_localizer => IssueKind::Localizer,
            (a, b)
                if tolerances.is_same_pixel_spacing(a, b)
                    && !content_difference(stack, other).is_empty() =>
            {
                IssueKind::MixedContent
            }
            _ => IssueKind::MixedSpacing,
        }),
    })
}

/// Whether it is an image whose slices are not known, which may be those that the stack lacks.
fn has_own_geometry(entry: &Entry<'_>) -> bool {
    entry.header.image.state.has_own_geometry()
}

/// The attributes in which the content of two groups differs.
fn content_difference(stack: &Group<'_>, other: &Group<'_>) -> Differences {
    let pair = stack.first().zip(other.first());
    pair.map_or(Differences::NONE, |(a, b)| a.content().differences(b.content()))
}

/// Whether an image lies among the slices of the stack, or not further from an end than the next
/// slice would.
fn is_inside(stack: &Group<'_>, entry: &Entry<'_>, extent: Option<Extent>) -> bool {
    let (Some(plane), Some(extent)) = (stack.orientation, extent) else { return false };
    let (Some(orientation), Some(position)) = (entry.orientation, entry.frame.plane.position)
    else {
        return false;
    };
    let along = plane.along_normal(position);
    let margin = 1.5 * extent.step;
    plane.plane_cosine(&orientation) >= PARALLEL
        && along >= extent.first - margin
        && along <= extent.last + margin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::header::{InstanceHeader, content};
    use crate::series::image_state::ImageState;
    use crate::series::tests::synthetic::{
        AXIAL, CORONAL, Images, SAGITTAL, Stack, header, image_mut, native, regular, with,
    };

    /// An axial plane turned about its rows.
    fn leaning(degrees: f64) -> [f64; 6] {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        [1.0, 0.0, 0.0, 0.0, cosine, sine]
    }

    fn group<'a>(entries: &[Entry<'a>]) -> Group<'a> {
        let first = entries[0];
        Group {
            entries: entries.to_vec(),
            orientation: first.orientation,
            is_localizer: first.is_localizer(),
        }
    }

    #[test]
    fn an_image_is_inside_up_to_the_next_slice_and_a_half() {
        let extent = Some(Extent { first: -2.0, last: 6.0, step: 2.0 });
        let at = |z: f64, orientation: [f64; 6]| {
            with("a", |one| {
                one.plane.position = Some([0.0, 0.0, z]);
                one.plane.orientation = Some(orientation);
            })
        };
        for (name, image, expected) in [
            ("below the margin", at(-5.25, AXIAL), false),
            ("on the lower margin", at(-5.0, AXIAL), true),
            ("among the slices", at(0.5, AXIAL), true),
            ("on the upper margin", at(9.0, AXIAL), true),
            ("above the margin", at(9.25, AXIAL), false),
            ("almost parallel", at(0.0, leaning(5.0)), true),
            ("almost parallel, turned over", at(0.0, leaning(184.0)), true),
            ("not parallel", at(0.0, leaning(5.5)), false),
            ("not parallel at all", at(0.0, leaning(20.0)), false),
        ] {
            let images = Images::new(vec![header("stack"), image]);
            let entries = images.entries();
            let stack = group(&entries[..1]);
            assert_eq!(is_inside(&stack, &entries[1], extent), expected, "{name}");
            assert!(!is_inside(&stack, &entries[1], None), "{name}");
        }
        for change in [
            |one: &mut InstanceHeader| one.plane.position = None,
            |one: &mut InstanceHeader| one.plane.orientation = None,
        ] {
            let images = Images::new(vec![at(0.0, AXIAL), with("a", change)]);
            let entries = images.entries();
            assert!(!is_inside(&group(&entries[..1]), &entries[1], extent));
        }
    }

    #[test]
    fn a_group_is_set_apart_by_one_difference() {
        type Change = fn(&mut InstanceHeader);
        const LOCALIZER: Change = |one| one.identity.image_type = "LOCALIZER".to_owned();
        const OTHER_TYPE: Change = |one| {
            one.identity.image_type = "OTHER".to_owned();
            one.image.state = native(9, 9);
            one.plane.orientation = Some(SAGITTAL);
        };
        const NO_PLANE: Change = |one| one.plane.orientation = None;
        let same: Change = |_| {};
        for (name, stack, other, expected) in [
            ("a localizer", same, LOCALIZER, IssueKind::Localizer),
            ("slices beside localizers", LOCALIZER, same, IssueKind::Localizer),
            ("rows", same, |one| one.image.state = native(6, 7), IssueKind::MixedShape),
            ("columns", same, |one| one.image.state = native(5, 8), IssueKind::MixedShape),
            (
                "samples",
                same,
                |one| image_mut(one).samples_per_pixel = 3,
                IssueKind::MixedPhotometric,
            ),
            ("no image", same, |one| one.image.state = ImageState::None, IssueKind::Unsupported),
            (
                "a plane",
                same,
                |one| one.plane.orientation = Some(CORONAL),
                IssueKind::MixedOrientation,
            ),
            ("a localizer by another name", same, OTHER_TYPE, IssueKind::Localizer),
            ("no orientation", same, NO_PLANE, IssueKind::MissingOrientation),
            (
                "no position and a bad orientation",
                same,
                |one| (one.plane.position, one.plane.orientation) = (None, Some([0.0; 6])),
                IssueKind::MissingOrientation,
            ),
            (
                "neither",
                same,
                |one| (one.plane.position, one.plane.orientation) = (None, None),
                IssueKind::MissingPosition,
            ),
            ("an orientation", NO_PLANE, same, IssueKind::MixedOrientation),
            (
                "spacing",
                same,
                |one| one.plane.pixel_spacing = Some([2.0; 2]),
                IssueKind::MixedSpacing,
            ),
            ("nothing but the spacing", NO_PLANE, NO_PLANE, IssueKind::MixedSpacing),
        ] as [(&str, Change, Change, IssueKind); 14]
        {
            let mut headers = regular();
            headers.iter_mut().take(4).for_each(stack);
            other(&mut headers[4]);
            let images = Images::new(headers);
            let entries = images.entries();
            let found =
                difference(&group(&entries[..4]), &group(&entries[4..5]), &Tolerances::DEFAULT);
            assert_eq!(found, Some(expected), "{name}");
        }
    }

    #[test]
    fn another_patient_is_the_difference_where_there_is_no_other() {
        for (name, spacing, expected) in [
            ("the same spacing", [0.75, 0.5], IssueKind::MixedContent),
            ("another spacing", [2.0, 2.0], IssueKind::MixedSpacing),
        ] {
            let mut headers = regular();
            headers[4].content = content(&[(0x0010, 0x0020, "LO", b"2 ")]);
            headers[4].plane.pixel_spacing = Some(spacing);
            let images = Images::new(headers);
            let entries = images.entries();
            let (stack, other) = (group(&entries[..4]), group(&entries[4..5]));
            let found = difference(&stack, &other, &Tolerances::DEFAULT);
            assert_eq!(found, Some(expected), "{name}");
            assert_eq!(content_difference(&stack, &other).to_string(), "PatientID");
        }
    }

    #[test]
    fn crossing_images_are_localizers_where_they_are_few_and_of_another_kind() {
        let other = |degrees: f64, image_type: &str, rows: usize| {
            with("a", |one| {
                one.plane.orientation = Some(leaning(degrees));
                one.identity.image_type = image_type.to_owned();
                one.image.state = native(rows, 7);
            })
        };
        let axial = "ORIGINAL\\PRIMARY\\AXIAL";
        let scout = || other(90.0, "SCOUT", 9);
        for (name, image, counts, expected) in [
            ("few", scout(), (4, 1), IssueKind::Localizer),
            ("not few", scout(), (3, 1), IssueKind::MixedOrientation),
            ("two are few", scout(), (8, 2), IssueKind::Localizer),
            ("two are not few", scout(), (7, 2), IssueKind::MixedOrientation),
            ("of the same type", other(90.0, axial, 9), (4, 1), IssueKind::MixedOrientation),
            ("of the same shape", other(90.0, "SCOUT", 5), (4, 1), IssueKind::MixedOrientation),
            ("46 degrees", other(46.0, "SCOUT", 9), (4, 1), IssueKind::Localizer),
            ("44 degrees", other(44.0, "SCOUT", 9), (4, 1), IssueKind::MixedOrientation),
        ] {
            let (count, other_count) = counts;
            let mut headers = regular()[..count].to_vec();
            headers.extend(vec![image; other_count]);
            let images = Images::new(headers);
            let entries = images.entries();
            let (stack, other) = entries.split_at(count);
            let found = difference(&group(stack), &group(other), &Tolerances::DEFAULT);
            assert_eq!(found, Some(expected), "{name}");
        }
    }

    #[test]
    fn images_beside_a_main_stack_are_notes() {
        // Images of the stack, of another shape, and localizers; whether the second are an error.
        for (stack, others, localizers, is_error) in [
            (6, 2, 0, false),
            (5, 2, 0, true),
            (3, 1, 0, false),
            (2, 1, 0, true),
            (6, 2, 3, false),
            (1, 1, 0, true),
        ] {
            let far = |name: String, change: fn(&mut InstanceHeader)| {
                with(&name, |one| {
                    one.plane.position = Some([0.0, 0.0, 900.0]);
                    change(one);
                })
            };
            let mut headers = Stack { count: stack, ..Stack::default() }.headers();
            headers.extend(
                (0..others).map(|n| far(format!("o{n}"), |one| one.image.state = native(6, 7))),
            );
            headers.extend((0..localizers).map(|n| {
                far(format!("l{n}"), |one| one.identity.image_type = "LOCALIZER".to_owned())
            }));
            let images = Images::new(headers);
            let entries = images.entries();
            let (slices, rest) = entries.split_at(stack);
            let (other, localizer) = rest.split_at(others);
            let mut groups = vec![group(other)];
            groups.extend((!localizer.is_empty()).then(|| group(localizer)));
            let found = left_out(&group(slices), &groups, None, &Tolerances::DEFAULT);
            let case = (stack, others, localizers);
            let other = found.iter().find(|issue| issue.kind == IssueKind::MixedShape).unwrap();
            assert_eq!(other.is_error, is_error, "{case:?}");
            let counts = [
                ("file_count", others as f64),
                ("image_count", others as f64),
                ("group_count", 1.0),
                ("in_stack_count", 0.0),
            ];
            assert_eq!(other.numbers, counts, "{case:?}");
            assert_eq!(found.len(), groups.len(), "{case:?}");
        }
    }
}
