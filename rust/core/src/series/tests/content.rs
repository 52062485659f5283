//! What cannot be read, what differs from slice to slice, and which series there are.

use super::synthetic::*;
use crate::image_description::SampleType;
use crate::pixel::Rescale;
use crate::series::header::InstanceHeader;
use crate::series::image_state::ImageState;
use crate::series::plan::{Unreadable, plan_series};
use crate::series::tolerances::Tolerances;

fn truncate(header: &mut InstanceHeader) {
    let description = image_mut(header).clone();
    header.image.state =
        ImageState::Truncated { description, needed: 70, available: 35, whole_frames: None };
}
fn compress(header: &mut InstanceHeader) {
    let description = Some(image_mut(header).clone());
    header.image.state =
        ImageState::Unsupported { error: why(), description, has_own_geometry: false };
}

const NOT_READ: &[Case] = &[
    (
        "cut short",
        |all| truncate(&mut all[4]),
        "00 01 02 03 05 06 07",
        &["truncated!: 04", "gap!: 03 05"],
    ),
    (
        "cut short at the end",
        |all| truncate(&mut all[7]),
        "00 01 02 03 04 05 06",
        &["truncated!: 07"],
    ),
    (
        "damaged",
        |all| all[7].image.state = ImageState::Invalid(why()),
        "00 01 02 03 04 05 06",
        &["unreadable!: 07"],
    ),
    ("one compressed", |all| compress(&mut all[7]), "00 01 02 03 04 05 06", &["unsupported!: 07"]),
    (
        "all compressed",
        |all| all.iter_mut().for_each(compress),
        ALL,
        &["unsupported!: 00 01 02 03 04 05 06 07"],
    ),
    (
        "all cut short",
        |all| (all.truncate(2), all.iter_mut().for_each(truncate)).1,
        "",
        &["truncated!: 00", "truncated!: 01"],
    ),
    (
        "a copy that is whole",
        |all| {
            let mut copy = again(&all[2..3], "d").remove(0);
            (copy.identity.sop_instance_uid, copy.identity.instance_number) =
                (all[2].identity.sop_instance_uid.clone(), all[2].identity.instance_number);
            all.push(copy);
            truncate(&mut all[2]);
        },
        "00 01 d02 03 04 05 06 07",
        &["duplicate_position!: 02 d02"],
    ),
];

#[test]
fn what_cannot_be_read() {
    check(NOT_READ);
    let mut headers = regular();
    headers.iter_mut().for_each(compress);
    assert_eq!(plan(headers).unsupported.map(|error| error.what()), Some(why().what()));
}

#[test]
fn unreadable_files_are_reported_where_they_belong() {
    let other = |name: &str, folder: &str| {
        with(name, |one| {
            one.path = [folder, name].iter().collect();
            one.identity.series_instance_uid = "1.3".to_owned();
        })
    };
    let file = |path: &str, uid: Option<&str>| Unreadable {
        path: path.into(),
        error: why(),
        series_instance_uid: uid.map(str::to_owned),
        is_named: false,
    };
    for (name, folder, path, uid, expected) in [
        ("of a known series", "folder", "x/bad", Some("1.2"), ["unreadable!: bad", ""]),
        ("beside one series", "other", "other/bad", None, ["", "unreadable: bad"]),
        ("beside both", "folder", "folder/bad", None, ["unreadable: bad", "unreadable: bad"]),
        ("beside none", "other", "x/bad", None, ["unreadable: bad", "unreadable: bad"]),
        (
            "of a series without images",
            "other",
            "x/bad",
            Some("9"),
            ["unreadable: bad", "unreadable: bad"],
        ),
    ] {
        let mut headers = regular();
        let mut thick = other("a", folder);
        thick.plane.slice_thickness = Some(1.0);
        headers.push(thick);
        let plans = plan_series(headers, vec![file(path, uid)], &Tolerances::DEFAULT);
        let found: Vec<String> = plans.iter().map(|plan| findings(plan).join(", ")).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn attributes_that_differ_from_slice_to_slice() {
    check(&[
        (
            "slope",
            |all| all[3].transform.rescale = Rescale { slope: 0.2, intercept: 0.0 },
            ALL,
            &["mixed_rescale: 03"],
        ),
        (
            "a slope that is none",
            |all| all[3].transform.has_bad_rescale = true,
            ALL,
            &["bad_rescale!: 03"],
        ),
        (
            "a lookup table",
            |all| all[3].modality_lut = Some(Err(why())),
            ALL,
            &["mixed_rescale: 03"],
        ),
        ("sign", |all| image_mut(&mut all[3]).is_signed = false, ALL, &["mixed_sample_type: 03"]),
        (
            "study",
            |all| all[3].identity.study_instance_uid = "5".to_owned(),
            ALL,
            &["mixed_study!: 00 01 02 03 04 05 06 07"],
        ),
        (
            "coordinates",
            |all| all[3].coordinates.frame_of_reference_uid = "5".to_owned(),
            ALL,
            &["mixed_frame_of_reference!: 03"],
        ),
        ("padding", |all| all[3].image.has_padding = true, ALL, &["pixel_padding: 03"]),
        (
            "coordinates without a name",
            |all| all[0].coordinates.frame_of_reference_uid.clear(),
            ALL,
            &[],
        ),
    ]);
}

#[test]
fn stored_values_share_a_type_that_holds_all() {
    for (name, images, expected) in [
        ("12 bits unsigned among signed", [(16, 12, false), (16, 12, true)], Some(SampleType::I16)),
        ("16 bits unsigned among signed", [(16, 16, false), (16, 12, true)], Some(SampleType::I32)),
        ("8 and 16 bits", [(8, 8, false), (16, 16, false)], Some(SampleType::U16)),
        ("32 bits unsigned among signed", [(32, 32, false), (16, 16, true)], None),
        ("the same", [(32, 20, false), (32, 32, false)], Some(SampleType::U32)),
    ] {
        let mut headers = regular();
        headers.truncate(2);
        for (header, (allocated, stored, is_signed)) in headers.iter_mut().zip(images) {
            let image = image_mut(header);
            (image.bits_allocated, image.bits_stored, image.is_signed) =
                (allocated, stored, is_signed);
        }
        assert_eq!(plan(headers).set.stored_type(), expected, "{name}");
    }
}

#[test]
fn series_are_sorted_and_those_without_images_are_not_listed() {
    let one = |uid: &str, study: &str, number: Option<i64>| {
        with(&format!("{study}-{uid}"), |one| {
            one.identity.series_instance_uid = uid.to_owned();
            one.identity.study_instance_uid = study.to_owned();
            one.identity.series_number = number;
        })
    };
    let mut report = one("7", "1", Some(0));
    report.image.state = ImageState::None;
    let headers = vec![
        one("4", "2", Some(1)),
        one("3", "1", None),
        one("2", "1", Some(10)),
        one("5", "1", Some(9)),
        report,
    ];
    let plans = plan_series(headers, Vec::new(), &Tolerances::DEFAULT);
    assert_eq!(
        plans.iter().map(|plan| plan.uid.as_str()).collect::<Vec<_>>(),
        ["5", "2", "3", "4"]
    );
    assert!(plan_series(Vec::new(), Vec::new(), &Tolerances::DEFAULT).is_empty());
}

#[test]
fn a_path_given_twice_is_one_file() {
    let mut headers = regular();
    headers.extend(regular());
    let plan = plan(headers);
    assert_eq!((slices(&plan).as_str(), findings(&plan).len()), (ALL, 0));
}
