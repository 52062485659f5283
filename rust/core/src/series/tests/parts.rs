//! What makes a series several stacks, and what does not.

use std::sync::Arc;

use super::synthetic::*;
use crate::series::header::{AxisNumber, InstanceHeader, content};
use crate::series::plan::{SeriesPlan, Unreadable};

const ACQUISITION: AxisNumber = AxisNumber::AcquisitionNumber;
const ECHO: AxisNumber = AxisNumber::EchoNumber;

/// Changes regular headers; the slices of each stack.
type Case = (&'static str, fn(&mut Vec<InstanceHeader>), &'static [&'static str]);

fn stacks(plan: &SeriesPlan) -> Vec<String> {
    if plan.stacks.is_empty() {
        vec![slices(plan)]
    } else {
        plan.stacks.iter().map(slices).collect()
    }
}

/// The same slices half a step further, as those of another acquisition of other slices are.
fn shift(headers: &mut [InstanceHeader], by: f64) {
    headers
        .iter_mut()
        .filter_map(|header| header.plane.position.as_mut())
        .for_each(|position| position[2] += by);
}

fn number(headers: &mut [InstanceHeader], which: AxisNumber, value: f64) {
    headers.iter_mut().for_each(|header| header.acquisition.set(which, Some(value)));
}

fn units(headers: &mut [InstanceHeader], value: &[u8]) {
    let content = content(&[(0x0054, 0x1001, "CS", value)]);
    headers.iter_mut().for_each(|header| header.content = content);
}

const SECOND: &str = "p00 p01 p02 p03 p04 p05 p06 p07";

const CASES: &[Case] = &[
    ("one", |_| {}, &[ALL]),
    (
        "a localizer",
        |all| {
            let image_type = "ORIGINAL\\PRIMARY\\LOCALIZER".to_owned();
            all.push(with("loc", |one| {
                one.identity.image_type = image_type;
                one.plane.orientation = Some(SAGITTAL);
            }));
        },
        &[ALL, "loc"],
    ),
    (
        "two planes",
        |all| all.extend(again(&Stack { orientation: CORONAL, ..Stack::default() }.headers(), "p")),
        &[ALL, SECOND],
    ),
    (
        "another shape and another spacing",
        |all| {
            all.extend(again(&all.clone()[..4], "q"));
            all[8..].iter_mut().for_each(|one| one.image.state = native(6, 7));
            all[11].plane.pixel_spacing = Some([2.0, 2.0]);
        },
        &[ALL, "q00 q01 q02", "q03"],
    ),
    (
        "two coordinate systems",
        |all| {
            all.extend(again(&all.clone(), "p"));
            all[8..]
                .iter_mut()
                .for_each(|one| one.coordinates.frame_of_reference_uid = "1.8".to_owned());
        },
        &[ALL, SECOND],
    ),
    (
        "two studies of one coordinate system",
        |all| {
            all.extend(again(&all.clone(), "p"));
            shift(&mut all[8..], 20.0);
            all[8..].iter_mut().for_each(|one| one.identity.study_instance_uid = "8".to_owned());
        },
        &[ALL, SECOND],
    ),
    (
        "studies that some do not tell",
        |all| all[4..].iter_mut().for_each(|one| one.identity.study_instance_uid.clear()),
        &[ALL],
    ),
    (
        "two units, and slices that tell none",
        |all| {
            all.extend(again(&all.clone(), "p"));
            shift(&mut all[8..], 20.0);
            units(&mut all[..8], b"BQML");
            units(&mut all[8..], b"GML ");
        },
        &[ALL, SECOND],
    ),
    ("units that some do not tell", |all| units(&mut all[4..], b"BQML"), &[ALL]),
    (
        "magnitude and phase that interleave",
        |all| {
            for (index, one) in all.iter_mut().enumerate() {
                let kind = if index % 2 == 0 { "M" } else { "P" };
                one.identity.image_type = format!("ORIGINAL\\PRIMARY\\{kind}");
            }
        },
        &["00 02 04 06", "01 03 05 07"],
    ),
    (
        "types that say nothing about values",
        |all| {
            for (index, one) in all.iter_mut().enumerate() {
                let kind = if index % 2 == 0 { "M\\ND" } else { "M\\NORM" };
                one.identity.image_type = format!("ORIGINAL\\PRIMARY\\{kind}");
            }
        },
        &[ALL],
    ),
    (
        "coordinate systems that some do not tell",
        |all| {
            all[4..]
                .iter_mut()
                .for_each(|one| one.coordinates.frame_of_reference_uid = String::new())
        },
        &[ALL],
    ),
    (
        "acquisitions that continue",
        |all| {
            number(&mut all[..4], ACQUISITION, 1.0);
            number(&mut all[4..], ACQUISITION, 2.0);
        },
        &[ALL],
    ),
    (
        "acquisitions that interleave",
        |all| {
            for (index, one) in all.iter_mut().enumerate() {
                one.acquisition.set(ACQUISITION, Some((index % 2) as f64));
            }
        },
        &[ALL],
    ),
    (
        "acquisitions of the same slices, which are an axis",
        |all| {
            all.extend(again(&all.clone(), "p"));
            number(&mut all[..8], ACQUISITION, 1.0);
            number(&mut all[8..], ACQUISITION, 2.0);
        },
        &["00 01 02 03 04 05 06 07 p00 p01 p02 p03 p04 p05 p06 p07"],
    ),
    (
        "acquisitions whose slices overlap in no step",
        |all| {
            all.extend(again(&all.clone(), "p"));
            shift(&mut all[8..], 3.1);
            number(&mut all[..8], ACQUISITION, 1.0);
            number(&mut all[8..], ACQUISITION, 2.0);
        },
        &[ALL, SECOND],
    ),
    (
        "acquisitions far from each other",
        |all| {
            all.extend(again(&all.clone()[..6], "p"));
            shift(&mut all[8..], 200.0);
            number(&mut all[..8], ACQUISITION, 1.0);
            number(&mut all[8..], ACQUISITION, 2.0);
        },
        &[ALL, "p00 p01 p02 p03 p04 p05"],
    ),
    (
        "an acquisition number for each slice, and one is missing",
        |all| {
            all.iter_mut()
                .enumerate()
                .for_each(|(n, one)| one.acquisition.set(ACQUISITION, Some(n as f64)));
            all.remove(3);
        },
        &["00 01 02 04 05 06 07"],
    ),
    (
        "magnitude of all slices, and phase of some",
        |all| {
            all.extend(again(&all.clone()[2..5], "p"));
            all[..8]
                .iter_mut()
                .for_each(|one| one.identity.image_type = "ORIGINAL\\PRIMARY\\M".to_owned());
            all[8..]
                .iter_mut()
                .for_each(|one| one.identity.image_type = "ORIGINAL\\PRIMARY\\P".to_owned());
        },
        &[ALL, "p02 p03 p04"],
    ),
    (
        "a projection among the slices",
        |all| {
            all.extend(again(&all.clone()[2..3], "p"));
            shift(&mut all[8..], 0.7);
            all[8].identity.image_type = "DERIVED\\SECONDARY\\PROJECTION IMAGE".to_owned();
        },
        &[ALL, "p02"],
    ),
    (
        "echoes of different slices, one of them derived too",
        |all| {
            all.extend(again(&all.clone()[..5], "p"));
            all.extend(again(&all.clone()[..3], "q"));
            number(&mut all[..8], ECHO, 1.0);
            number(&mut all[8..], ECHO, 2.0);
            all[13..]
                .iter_mut()
                .for_each(|one| one.identity.image_type = "DERIVED\\PRIMARY\\M".to_owned());
        },
        &[ALL, "p00 p01 p02 p03 p04", "q00 q01 q02"],
    ),
    (
        "a time that lacks slices is no stack",
        |all| {
            all.extend(again(&all.clone()[..6], "p"));
            all.extend(again(&all.clone()[..8], "q"));
            number(&mut all[..8], ACQUISITION, 1.0);
            number(&mut all[8..14], ACQUISITION, 2.0);
            number(&mut all[14..], ACQUISITION, 3.0);
        },
        &["00 01 02 03 04 05 06 07 p00 p01 p02 p03 p04 p05 - - \
             q00 q01 q02 q03 q04 q05 q06 q07"],
    ),
    (
        "a missing slice between acquisitions of two slices",
        |all| {
            all.truncate(5);
            all.remove(3);
            number(&mut all[..2], ACQUISITION, 1.0);
            number(&mut all[2..], ACQUISITION, 2.0);
        },
        &["00 01 02 04"],
    ),
    (
        "acquisitions of two slices, one of which is missing",
        |all| {
            all.extend(again(&all.clone()[..4], "p"));
            shift(&mut all[8..], 20.0);
            all.iter_mut()
                .enumerate()
                .for_each(|(n, one)| one.acquisition.set(ACQUISITION, Some((n / 2) as f64)));
            all.drain(4..6);
        },
        &["06 07 p00 p01 p02 p03", "00 01 02 03"],
    ),
    (
        "acquisitions of two steps that interleave",
        |all| {
            all.extend(again(&Stack { step: 1.0, ..Stack::default() }.headers(), "p"));
            shift(&mut all[8..], 100.0);
            for (index, one) in all.iter_mut().enumerate() {
                let number = (2 * (index / 8) + index % 2) as f64;
                one.acquisition.set(ACQUISITION, Some(number));
            }
        },
        &[ALL, SECOND],
    ),
    ("a duplicate", |all| all.extend(again(&all.clone()[2..3], "d")), &[ALL]),
    ("a missing slice", |all| drop(all.remove(3)), &["00 01 02 04 05 06 07"]),
];

#[test]
fn stacks_of_a_series() {
    for (name, change, expected) in CASES {
        let mut headers = regular();
        change(&mut headers);
        let plan = plan(headers);
        assert_eq!(stacks(&plan), *expected, "{name}");
        for stack in &plan.stacks {
            assert!(!stack.report.has_errors(), "{name}: {:?}", findings(stack));
            assert_eq!(stack.uid, plan.uid);
        }
    }
}

#[test]
fn a_file_that_may_be_of_any_stack_is_an_error_in_each() {
    let mut headers = regular();
    headers.extend(again(&Stack { orientation: CORONAL, ..Stack::default() }.headers(), "p"));
    let path = headers[0].path.with_file_name("bad");
    let series_instance_uid = Some(headers[0].identity.series_instance_uid.clone());
    let plan = plan_with(
        headers,
        vec![Unreadable { path, error: why(), series_instance_uid, is_named: false }],
    );
    assert_eq!(plan.stacks.len(), 2);
    for stack in &plan.stacks {
        assert_eq!(findings(stack), ["unreadable!: bad"]);
        // A thousand files would be said a thousand times over in a thousand stacks.
        assert!(Arc::ptr_eq(&stack.report.unreadable[0], &plan.report.unreadable[0]));
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_in_its_stack() {
    let mut headers = regular();
    headers.extend(again(&Stack { orientation: CORONAL, ..Stack::default() }.headers(), "p"));
    let mut copy = headers[9].clone();
    copy.path = copy.path.with_file_name("copy");
    headers.push(copy);
    let plan = plan(headers);
    let found: Vec<Vec<String>> = plan.stacks.iter().map(findings).collect();
    assert_eq!(found, [vec![], vec!["duplicate_position!: copy p01".to_owned()]]);
}

#[test]
fn a_stack_of_one_study_is_not_mixed_because_another_is() {
    let mut headers = regular();
    headers.extend(again(&Stack { orientation: CORONAL, ..Stack::default() }.headers(), "p"));
    headers[9].identity.study_instance_uid = "2".to_owned();
    let plan = plan(headers);
    assert!(findings(&plan).iter().any(|found| found.starts_with("mixed_study!")));
    let found: Vec<Vec<String>> = plan.stacks.iter().map(findings).collect();
    assert_eq!(found, [vec![], vec!["gap!: p00 p02"], vec!["missing_spacing: p01"]]);
}
