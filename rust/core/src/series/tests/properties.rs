//! What holds of every series, however irregular.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;

use super::synthetic::*;
use crate::geometry::norm;
use crate::image_description::ImageDescription;
use crate::series::header::{AxisNumber, FrameHeader, ImagePlane, InstanceHeader};
use crate::series::image_state::ImageState;
use crate::series::plan::{SeriesPlan, plan_series};
use crate::series::report::IssueKind;
use crate::series::tolerances::Tolerances;

fn without_pixels(description: ImageDescription) -> ImageState {
    ImageState::Truncated { description, needed: 1, available: 0, whole_frames: None }
}

/// A header of anything: a slice in or beside the place of a regular one, with numbers that no
/// scanner writes.
fn any_header() -> impl Strategy<Value = InstanceHeader> {
    let odd =
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(1e300), Just(-0.0), Just(1e-300)];
    let number = prop_oneof![6 => (-3i32..3).prop_map(f64::from), 1 => -500.0..500.0, 1 => odd];
    let on_line = (-3i32..3).prop_map(|z| [0.0, 0.0, f64::from(z)]);
    let position = prop_oneof![9 => on_line, 1 => [number.clone(), number.clone(), number.clone()]];
    let position = prop::option::weighted(0.95, position);
    let any_plane = prop::array::uniform6(number.clone());
    let plane =
        prop_oneof![8 => Just(AXIAL), 1 => Just(CORONAL), 1 => Just(OBLIQUE), 1 => any_plane];
    let spacing = prop::option::weighted(
        0.9,
        prop_oneof![9 => Just([1.0, 1.0]), 1 => [number.clone(), number.clone()]],
    );
    let phase = prop::option::of((0..3i32).prop_map(f64::from));
    (position, prop::option::weighted(0.9, plane), spacing, phase, 0..12u8, 0..9u8, number)
        .prop_map(|(position, orientation, pixel_spacing, phase, state, name, slope)| {
            let mut header = header("x");
            header.plane = ImagePlane {
                position,
                orientation,
                pixel_spacing,
                slice_thickness: Some(slope),
                spacing_between_slices: None,
            };
            header.identity.instance_number = (state % 2 == 0).then_some(i64::from(name));
            header.identity.sop_instance_uid =
                if state == 3 { String::new() } else { format!("1.{name}") };
            header.transform.rescale.slope = slope;
            header.acquisition.set(AxisNumber::AcquisitionNumber, phase);
            let description = image_mut(&mut header).clone();
            header.image.state = match state {
                0 => ImageState::None,
                1 => without_pixels(description),
                2 => ImageState::Invalid(why()),
                3 => ImageState::Unsupported {
                    error: why(),
                    description: None,
                    has_own_geometry: true,
                },
                4 => native(3, 3),
                _ => header.image.state,
            };
            match state {
                5 => header.identity.image_type = "LOCALIZER".to_owned(),
                6 => header.identity.image_type = "DERIVED\\SECONDARY".to_owned(),
                7 if name < 3 => header.coordinates.frame_of_reference_uid = "1.8".to_owned(),
                8 => header.coordinates.frame_of_reference_uid = String::new(),
                9 => header.coordinates.is_in_volume = true,
                10 => {
                    let data_type =
                        Some(if name < 4 { "FLOW_VELOCITY" } else { "TISSUE_INTENSITY" }.into());
                    header.frames =
                        vec![FrameHeader { data_type, ..FrameHeader::of_instance(&header) }];
                }
                _ => {}
            }
            header
        })
}

/// Gives every header a name of its own.
fn named(mut headers: Vec<InstanceHeader>) -> Vec<InstanceHeader> {
    for (number, header) in headers.iter_mut().enumerate() {
        header.path = PathBuf::from(format!("folder/{number}"));
    }
    headers
}

/// Headers of one series.
fn any_headers() -> impl Strategy<Value = Vec<InstanceHeader>> {
    prop::collection::vec(any_header(), 1..24).prop_map(named)
}

/// What a report calls images that lie beside a stack.
const BESIDE: [IssueKind; 5] = [
    IssueKind::Localizer,
    IssueKind::MixedOrientation,
    IssueKind::MixedShape,
    IssueKind::MixedPhotometric,
    IssueKind::MixedSpacing,
];

/// The files of the slices of a plan.
fn paths_of(plan: &SeriesPlan) -> Vec<PathBuf> {
    plan.set.present().map(|(file, _)| file.path.clone()).collect()
}

fn words(plans: &[SeriesPlan]) -> String {
    let one = |plan: &SeriesPlan| {
        let paths = slices(plan);
        format!("{paths:?} {:?} {:?} {:?}", plan.affine, plan.shape, plan.report)
    };
    plans.iter().map(one).collect()
}

proptest! {
    #[test]
    fn the_order_of_files_does_not_matter(
        headers in prop::collection::vec(any_header(), 0..24).prop_map(named),
        seed in any::<u64>(),
    ) {
        let plans = plan_series(headers.clone(), Vec::new(), &Tolerances::DEFAULT);
        let mut shuffled = headers;
        let key = |header: &InstanceHeader| {
            use std::hash::{BuildHasher, RandomState};
            RandomState::new().hash_one((seed, &header.path))
        };
        shuffled.sort_by_cached_key(key);
        let again = plan_series(shuffled, Vec::new(), &Tolerances::DEFAULT);
        prop_assert_eq!(words(&plans), words(&again));
    }

    #[test]
    fn every_file_is_a_slice_or_in_the_report(headers in any_headers()) {
        let paths: BTreeSet<PathBuf> = headers.iter().map(|header| header.path.clone()).collect();
        let has_image = headers.iter().any(InstanceHeader::has_image);
        let plans = plan_series(headers, Vec::new(), &Tolerances::DEFAULT);
        prop_assert_eq!(plans.len(), usize::from(has_image));
        for plan in plans {
            let slices = paths_of(&plan);
            let mut told: BTreeSet<PathBuf> = slices.iter().cloned().collect();
            prop_assert_eq!(told.len(), slices.len(), "no slice twice");
            told.extend(plan.report.all().flat_map(|issue| issue.paths.clone()));
            prop_assert_eq!(&told, &paths);
            let is_finite = plan.affine.0.iter().flatten().all(|value| value.is_finite());
            prop_assert!(is_finite, "{:?}", plan.affine);
            let are_lengths = plan.spacing.iter().all(|step| step.is_finite() && *step > 0.0);
            prop_assert!(are_lengths, "{:?}", plan.spacing);
        }
    }

    #[test]
    fn every_file_is_in_one_stack_or_in_a_report(headers in any_headers()) {
        let paths: BTreeSet<PathBuf> = headers.iter().map(|header| header.path.clone()).collect();
        for plan in plan_series(headers, Vec::new(), &Tolerances::DEFAULT) {
            prop_assert!(plan.stacks.len() != 1, "one stack is the series");
            let stacks = match plan.stacks.as_slice() {
                [] => std::slice::from_ref(&plan),
                stacks => stacks,
            };
            let mut told = BTreeSet::new();
            for path in stacks.iter().flat_map(paths_of) {
                prop_assert!(told.insert(path.clone()), "{:?} is in two stacks", path);
            }
            let reports = stacks.iter().chain([&plan]).flat_map(|stack| stack.report.all());
            // That another stack has a file says nothing of it.
            let left_out = reports.filter(|issue| !BESIDE.contains(&issue.kind));
            told.extend(left_out.flat_map(|issue| issue.paths.clone()));
            prop_assert_eq!(&told, &paths);
        }
    }

    #[test]
    fn a_stack_is_planned_as_if_it_were_alone(headers in any_headers()) {
        for plan in plan_series(headers.clone(), Vec::new(), &Tolerances::DEFAULT) {
            for stack in &plan.stacks {
                let own: BTreeSet<PathBuf> = paths_of(stack).into_iter().collect();
                // A file that is reported and left out has a say in what the others are: a second
                // phase, of which one image is left, is an axis.
                let told = stack.report.all().filter(|issue| !BESIDE.contains(&issue.kind));
                if told.flat_map(|issue| &issue.paths).any(|path| !own.contains(path)) {
                    continue;
                }
                let mut alone = headers.clone();
                alone.retain(|header| own.contains(&header.path));
                for alone in plan_series(alone, Vec::new(), &Tolerances::DEFAULT) {
                    prop_assert_eq!(slices(&alone), slices(stack));
                    prop_assert_eq!((alone.affine, &alone.shape), (stack.affine, &stack.shape));
                }
            }
        }
    }

    #[test]
    fn without_an_error_each_slice_is_where_the_affine_says(
        headers in prop::collection::vec(any_header(), 1..8).prop_map(named),
    ) {
        for plan in plan_series(headers, Vec::new(), &Tolerances::DEFAULT) {
            if plan.report.has_errors() {
                continue;
            }
            let slice_count = plan.shape[usize::from(plan.axis.is_some())];
            for (index, slice) in plan.set.slices.iter().enumerate() {
                let place = plan.affine.apply([(index % slice_count) as f64, 0.0, 0.0]);
                let stated = slice.as_ref().unwrap().frame.plane.position.unwrap();
                let distance = norm([0, 1, 2].map(|axis| place[axis] - stated[axis]));
                let is_near = distance <= 0.02 + 0.02 * plan.spacing[0];
                prop_assert!(is_near, "{index}: {place:?} {stated:?}");
            }
        }
    }

    #[test]
    fn without_an_error_slices_share_their_coordinates_and_their_data_type(
        headers in prop::collection::vec(any_header(), 1..8).prop_map(named),
    ) {
        let plans = plan_series(headers, Vec::new(), &Tolerances::DEFAULT);
        for plan in plans.iter().flat_map(|plan| plan.stacks.iter().chain([plan])) {
            if plan.report.has_errors() {
                continue;
            }
            let files = plan.set.present().map(|(file, _)| file.coordinates.is_in_volume);
            let coordinates: BTreeSet<bool> = files.collect();
            prop_assert_eq!(coordinates.len(), 1);
            let slice_count = plan.shape[usize::from(plan.axis.is_some())];
            for step in plan.set.slices.chunks(slice_count) {
                let slices = step.iter().flatten();
                let kinds = slices.map(|slice| slice.frame.data_type.clone());
                let kinds: BTreeSet<_> = kinds.collect();
                prop_assert_eq!(kinds.len(), 1);
            }
        }
    }

    #[test]
    fn slices_of_a_regular_stack_are_where_the_affine_says(
        count in 1..40usize,
        orientation in prop::sample::select(vec![AXIAL, SAGITTAL, CORONAL, OBLIQUE]),
        step in 0.1..10.0,
        tilt in -30.0..30.0,
        decimals in prop::option::of(3..8),
    ) {
        let stack = Stack { count, orientation, step, tilt };
        let mut headers = stack.headers();
        for position in headers.iter_mut().filter_map(|header| header.plane.position.as_mut()) {
            let factor = decimals.map_or(1e9, |decimals: i32| 10f64.powi(decimals));
            *position = position.map(|value| (value * factor).round() / factor);
        }
        let plan = plan(headers);
        prop_assert!(!plan.report.has_errors(), "{:?}", plan.report);
        prop_assert_eq!(plan.set.slices.len(), count);
        for (index, slice) in plan.set.slices.iter().enumerate() {
            let place = plan.affine.apply([index as f64, 0.0, 0.0]);
            let stated = slice.as_ref().unwrap().frame.plane.position.unwrap();
            prop_assert!(norm([0, 1, 2].map(|axis| place[axis] - stated[axis])) <= 2e-3);
        }
    }
}
