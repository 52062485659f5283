//! Every irregularity of a stack, as a table: which slices are kept, and the issues.

use super::synthetic::*;
use crate::geometry::{Orientation, scale};
use crate::image_description::SampleType;
use crate::series::header::{AxisNumber, InstanceHeader};
use crate::series::image_state::ImageState;

const ACQUISITION: AxisNumber = AxisNumber::AcquisitionNumber;
const TRIGGER_TIME: AxisNumber = AxisNumber::TriggerTime;

fn assert_close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    let is_close = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance);
    assert!(is_close, "{what}: {a:?} and {b:?}");
}

#[test]
fn regular_stacks_have_the_standards_affine_and_no_findings() {
    for (name, orientation) in
        [("axial", AXIAL), ("sagittal", SAGITTAL), ("coronal", CORONAL), ("oblique", OBLIQUE)]
    {
        let stack = Stack { orientation, ..Stack::default() };
        let mut headers = stack.headers();
        headers.reverse();
        for (number, header) in headers.iter_mut().enumerate() {
            header.identity.instance_number = Some(number as i64);
        }
        let plan = plan(headers);
        assert_eq!(
            slices(&plan),
            "00 01 02 03 04 05 06 07",
            "{name}: Instance Numbers fall along the normal"
        );
        assert_eq!(findings(&plan), [""; 0], "{name}");
        assert_eq!(plan.shape, [8, 5, 7], "{name}");
        let plane = Orientation::new(orientation, 1e-6).unwrap();
        let [slice, row, column] = plan.affine.steps();
        assert_close(&slice, &scale(2.5, plane.normal()), 1e-9, name);
        assert_close(&row, &scale(0.75, plane.along_column()), 1e-9, name);
        assert_close(&column, &scale(0.5, plane.along_row()), 1e-9, name);
        assert_close(&plan.affine.origin(), &ORIGIN, 1e-9, name);
        assert_close(&plan.spacing, &[2.5, 0.75, 0.5], 1e-9, name);
        assert_eq!(plan.set.stored_type(), Some(SampleType::I16));
    }
}

#[test]
fn a_tilt_is_in_the_affine_and_in_the_report() {
    for tilt in [-18.0, 0.2, 12.5] {
        let stack = Stack { tilt, ..Stack::default() };
        let plan = plan(stack.headers());
        assert_eq!(findings(&plan), ["tilt:"], "{tilt}");
        assert_close(&plan.affine.apply([7.0, 0.0, 0.0]), &stack.position(7), 1e-9, "last slice");
        let number =
            |name| plan.report.issues[0].numbers.iter().find(|number| number.0 == name).unwrap().1;
        assert_close(&[number("angle_degrees")], &[f64::abs(tilt)], 1e-9, "angle");
        assert_close(&[number("plane_distance_mm")], &[2.5], 1e-9, "planes");
        assert_close(
            &[plan.spacing[0]],
            &[2.5 / tilt.to_radians().cos()],
            1e-9,
            "the length of the step",
        );
    }
}

fn turned(degrees: f64) -> [f64; 6] {
    let (sine, cosine) = degrees.to_radians().sin_cos();
    [cosine, sine, 0.0, -sine, cosine, 0.0]
}

fn reshape(header: &mut InstanceHeader) {
    header.image.state = native(6, 7);
}

#[test]
fn gaps_and_uneven_steps() {
    check(&[
        ("one gap", |all| drop(all.remove(3)), "00 01 02 04 05 06 07", &["gap!: 02 04"]),
        (
            "two gaps",
            |all| all.retain(|one| !matches!(name(&one.path), "02" | "05")),
            "00 01 03 04 06 07",
            &["gap!: 01 03", "gap!: 04 06"],
        ),
        ("a wide gap", |all| drop(all.drain(2..6)), "00 01 06 07", &["gap!: 01 06"]),
        (
            "one of two steps",
            |all| *all = [0, 2, 3].map(|n| all[n].clone()).to_vec(),
            "00 02 03",
            &["gap!: 00 02"],
        ),
        (
            "a slice beside its place along the normal",
            |all| all[3].plane.position = Some([-12.5, 30.25, -91.5]),
            ALL,
            &["uneven_spacing!: 02 03 04"],
        ),
        ("rounding", |all| all[3].plane.position = Some([-12.5, 30.25, -92.51]), ALL, &[]),
        (
            "a far slice",
            |all| all[7].plane.position = Some([-12.5, 30.25, 123.45]),
            ALL,
            &["gap!: 06 07"],
        ),
        (
            "off the line",
            |all| all[3].plane.position = Some([-12.0, 30.25, -92.5]),
            ALL,
            &["off_axis!: 03"],
        ),
    ]);
}

#[test]
fn a_drift_within_the_tolerance_of_each_step_adds_up() {
    let mut headers = Stack { count: 400, ..Stack::default() }.headers();
    let mut along = 0.0;
    for (index, header) in headers.iter_mut().enumerate() {
        header.plane.position = Some([0.0, 0.0, along]);
        along += if index < 200 { 1.0 } else { 1.009 };
    }
    let plan = plan(headers);
    assert_eq!(plan.report.issues[0].kind.name(), "uneven_spacing");
    assert!(plan.report.has_errors(), "the affine would be half a slice off in the middle");
}

#[test]
fn a_gap_does_not_change_the_step() {
    for (name, missing) in
        [("in the middle", vec![5]), ("wide", vec![2, 3, 4]), ("several", vec![1, 6])]
    {
        let stack = Stack { orientation: OBLIQUE, ..Stack::default() };
        let mut index = 0;
        let mut headers = stack.headers();
        headers.retain(|_| {
            index += 1;
            !missing.contains(&(index - 1))
        });
        let plan = plan(headers);
        assert_close(&plan.affine.steps()[0], &stack.step_vector(), 1e-9, name);
    }
}

const OF_ONE_POSITION: &[Case] = &[
    (
        "a duplicate",
        |all| all.extend(again(&all.clone()[2..3], "d")),
        ALL,
        &["duplicate_position!: 02 d02"],
    ),
    (
        "a duplicate with a lower Instance Number",
        |all| {
            all.extend(again(&all.clone()[2..3], "d"));
            all[8].identity.instance_number = Some(0);
        },
        "00 01 d02 03 04 05 06 07",
        &["duplicate_position!: d02 02"],
    ),
    (
        "sent twice",
        |all| {
            all.extend(again(&all.clone()[2..4], "d"));
            for copy in [8, 9] {
                all[copy].identity.sop_instance_uid =
                    all[copy - 6].identity.sop_instance_uid.clone();
                all[copy].identity.instance_number = all[copy - 6].identity.instance_number;
            }
        },
        ALL,
        &["duplicate_position!: 02 03 d02 d03"],
    ),
    (
        "one SOP Instance UID for all",
        |all| all.iter_mut().for_each(|one| one.identity.sop_instance_uid = "1.2.0".to_owned()),
        ALL,
        &[],
    ),
    (
        "images that nothing tells apart everywhere",
        |all| {
            all.extend(again(&all.clone(), "p"));
            all[8].identity.instance_number = Some(99);
        },
        ALL,
        &["multiple_phases!: p00 p01 p02 p03 p04 p05 p06 p07"],
    ),
    (
        "images told apart by nothing but numbers",
        |all| all.extend(again(&all.clone(), "p")),
        "00 01 02 03 04 05 06 07 p00 p01 p02 p03 p04 p05 p06 p07",
        &["multiple_phases:"],
    ),
    (
        "phases by acquisition",
        |all| {
            all.extend(again(&all.clone(), "p"));
            all[..8].iter_mut().for_each(|one| one.acquisition.set(ACQUISITION, Some(2.0)));
            all[8..].iter_mut().for_each(|one| one.acquisition.set(ACQUISITION, Some(1.0)));
        },
        "p00 p01 p02 p03 p04 p05 p06 p07 00 01 02 03 04 05 06 07",
        &[],
    ),
    (
        "an incomplete first phase",
        |all| {
            all.extend(again(&all.clone(), "p"));
            all[..8].iter_mut().for_each(|one| one.acquisition.set(TRIGGER_TIME, Some(10.0)));
            all[8..].iter_mut().for_each(|one| one.acquisition.set(TRIGGER_TIME, Some(20.0)));
            all.remove(4);
        },
        "00 01 02 03 - 05 06 07 p00 p01 p02 p03 p04 p05 p06 p07",
        &["incomplete_grid!:"],
    ),
    (
        "a duplicate in one phase",
        |all| {
            all.extend(again(&all.clone(), "p"));
            all[..8].iter_mut().for_each(|one| one.acquisition.set(TRIGGER_TIME, Some(10.0)));
            all[8..].iter_mut().for_each(|one| one.acquisition.set(TRIGGER_TIME, Some(20.0)));
            all.extend(again(&all.clone()[10..11], "d"));
        },
        "00 01 02 03 04 05 06 07 p00 p01 p02 p03 p04 p05 p06 p07",
        &["duplicate_position!: dp02"],
    ),
    (
        "a phase that lies beside the other",
        |all| {
            all.truncate(2);
            all.extend(again(&all.clone(), "p"));
            all[..2].iter_mut().for_each(|one| one.acquisition.set(TRIGGER_TIME, Some(10.0)));
            for one in &mut all[2..] {
                one.acquisition.set(TRIGGER_TIME, Some(20.0));
                one.plane.position.as_mut().unwrap()[0] += 1.0;
            }
        },
        "00 01 p00 p01",
        &["off_axis!: p00 p01"],
    ),
    (
        "two images of one slice, told apart",
        |all| {
            all.truncate(1);
            all.extend(again(&all.clone(), "p"));
            all[0].identity.image_type = "ORIGINAL\\PRIMARY\\M".to_owned();
            all[1].identity.image_type = "ORIGINAL\\PRIMARY\\P".to_owned();
            all.iter_mut().for_each(|one| one.plane.slice_thickness = Some(1.0));
        },
        "00 p00",
        &[],
    ),
    (
        "two images of one slice",
        |all| {
            all.truncate(1);
            all.extend(again(&all.clone(), "p"));
            all.iter_mut().for_each(|one| one.plane.slice_thickness = Some(1.0));
        },
        "00",
        &["duplicate_position!: 00 p00"],
    ),
];

#[test]
fn images_of_one_position() {
    check(OF_ONE_POSITION);
}

const AROUND: &str = "00 01 02 04 05 06 07";

const BESIDE_THE_STACK: &[Case] = &[
    (
        "a localizer",
        |all| {
            let image_type = "ORIGINAL\\PRIMARY\\LOCALIZER".to_owned();
            all.push(with("loc", |one| {
                one.identity.image_type = image_type;
                one.plane.orientation = Some(SAGITTAL);
            }));
        },
        ALL,
        &["localizer: loc"],
    ),
    (
        "a localizer by another name",
        |all| {
            let image_type = "ORIGINAL\\PRIMARY\\SCOUT".to_owned();
            all.push(with("s", |one| {
                one.identity.image_type = image_type;
                one.plane.orientation = Some(SAGITTAL);
                one.image.state = native(9, 9);
            }));
        },
        ALL,
        &["localizer: s"],
    ),
    (
        "only localizers",
        |all| all.iter_mut().for_each(|one| one.identity.image_type = "LOCALIZER".to_owned()),
        ALL,
        &[],
    ),
    (
        "a turned slice",
        |all| all[3].plane.orientation = Some(turned(20.0)),
        AROUND,
        &["mixed_orientation!: 03", "gap!: 02 04"],
    ),
    (
        "a turned slice at the end",
        |all| all[7].plane.orientation = Some(turned(20.0)),
        "00 01 02 03 04 05 06",
        &["mixed_orientation!: 07"],
    ),
    (
        "slices of another plane, few",
        |all| {
            all.extend([0, 1].map(|n| {
                with(&format!("c{n}"), |one| {
                    one.plane.orientation = Some(CORONAL);
                })
            }))
        },
        ALL,
        &["mixed_orientation: c0 c1"],
    ),
    (
        "slices of another plane, as many",
        |all| {
            let coronal = Stack { orientation: CORONAL, ..Stack::default() }.headers();
            all.extend(again(&coronal, "c"));
        },
        ALL,
        &["mixed_orientation!: c00 c01 c02 c03 c04 c05 c06 c07"],
    ),
    ("another shape", |all| reshape(&mut all[3]), AROUND, &["mixed_shape!: 03", "gap!: 02 04"]),
    (
        "another shape at the end",
        |all| reshape(&mut all[0]),
        "01 02 03 04 05 06 07",
        &["mixed_shape!: 00"],
    ),
    (
        "a picture of the screen",
        |all| {
            let mut screen = with("screen", |one| {
                one.plane.position = None;
                one.plane.orientation = None;
            });
            image_mut(&mut screen).samples_per_pixel = 3;
            all.push(screen);
        },
        ALL,
        &["mixed_photometric: screen"],
    ),
    (
        "another spacing",
        |all| all[3].plane.pixel_spacing = Some([0.8, 0.5]),
        AROUND,
        &["mixed_spacing!: 03", "gap!: 02 04"],
    ),
    (
        "a spacing with fewer digits",
        |all| all[3].plane.pixel_spacing = Some([0.7501, 0.5]),
        ALL,
        &[],
    ),
    (
        "a rounded orientation",
        |all| all[3].plane.orientation = Some([1.0, 0.0, 4e-4, 0.0, 1.0, 0.0]),
        ALL,
        &[],
    ),
    (
        "inverted",
        |all| image_mut(&mut all[3]).photometric_interpretation = "MONOCHROME1".to_owned(),
        AROUND,
        &["mixed_photometric!: 03", "gap!: 02 04"],
    ),
    (
        "a report",
        |all| {
            all.push(with("sr", |one| {
                one.image.state = ImageState::None;
            }))
        },
        ALL,
        &["not_an_image: sr"],
    ),
    (
        "two acquisitions, one stack",
        |all| {
            all.iter_mut().enumerate().for_each(|(n, one)| {
                one.acquisition.set(ACQUISITION, Some(if n < 4 { 1.0 } else { 2.0 }))
            })
        },
        ALL,
        &[],
    ),
];

#[test]
fn images_beside_the_stack() {
    check(BESIDE_THE_STACK);
}

const REVERSED: &str = "07 06 05 04 03 02 01 00";
fn reverse(all: &mut [InstanceHeader]) {
    all.iter_mut().for_each(|one| {
        one.identity.instance_number = one.identity.instance_number.map(|number| -number)
    });
}

const MISSING_GEOMETRY: &[Case] = &[
    (
        "no positions",
        |all| {
            reverse(all);
            all.iter_mut().for_each(|one| one.plane.position = None);
        },
        REVERSED,
        &["missing_position!: 00 01 02 03 04 05 06 07"],
    ),
    (
        "no positions nor numbers",
        |all| {
            all.truncate(3);
            all.iter_mut().zip(["IM10", "IM9", "IM100"]).for_each(|(one, name)| {
                *one = with(name, |one| {
                    one.plane.position = None;
                });
            });
        },
        "IM9 IM10 IM100",
        &["missing_position!: IM10 IM100 IM9"],
    ),
    (
        "one position",
        |all| all[3].plane.position = None,
        "00 01 02 04 05 06 07",
        &["missing_position!: 03", "gap!: 02 04"],
    ),
    (
        "not a number",
        |all| all[7].plane.position = Some([0.0, f64::NAN, 0.0]),
        "00 01 02 03 04 05 06",
        &["missing_position!: 07"],
    ),
    (
        "neither position nor orientation",
        |all| (all[7].plane.position, all[7].plane.orientation) = (None, None),
        "00 01 02 03 04 05 06",
        &["missing_position!: 07"],
    ),
    (
        "no orientation",
        |all| all.iter_mut().for_each(|one| one.plane.orientation = Some([0.0; 6])),
        ALL,
        &["missing_orientation!: 00 01 02 03 04 05 06 07"],
    ),
    (
        "no pixel spacing",
        |all| all.iter_mut().for_each(|one| one.plane.pixel_spacing = Some([0.0, 1.0])),
        ALL,
        &["missing_spacing!: 00 01 02 03 04 05 06 07"],
    ),
    ("one slice", |all| all.truncate(1), "00", &["missing_spacing: 00"]),
];

#[test]
fn missing_geometry() {
    check(MISSING_GEOMETRY);
}

#[test]
fn a_single_slice_is_as_thick_as_it_says() {
    for (between, thickness, expected) in [
        (Some(-3.0), Some(2.0), 3.0),
        (Some(0.0), Some(2.0), 2.0),
        (None, None, 1.0),
        (Some(f64::NAN), Some(2.0), 2.0),
    ] {
        let one = with("a", |one| {
            one.plane.spacing_between_slices = between;
            one.plane.slice_thickness = thickness;
            one.plane.orientation = Some(SAGITTAL);
        });
        assert_eq!(plan(vec![one]).affine.steps()[0], [-expected, 0.0, 0.0]);
    }
}
