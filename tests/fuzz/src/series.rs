//! What holds of the series of a list of files, however irregular they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use crate::attributes::{ATTRIBUTES, is_of_pixels};

use rapidicom_core::series::{
    Coordinate, CoordinateValues, FoundSeries, FrameHeader, InstanceHeader, Issue, IssueKind,
    LeadingAxis, ReadOptions, SeriesPlan, Tolerances, Values, find_series, read_slices,
};
use rapidicom_core::{Prefix, SampleType, Workers, list_files};

/// Text of a value that no report may show.
pub const SECRET: &str = "Zyxwvut";

/// Arrays of more samples are not read: the fuzzer would spend its time on copying.
const MOST_SAMPLES: usize = 1 << 16;

/// What a report calls images that lie beside a stack, and may be in a stack of their own.
const BESIDE: [IssueKind; 5] = [
    IssueKind::Localizer,
    IssueKind::MixedOrientation,
    IssueKind::MixedShape,
    IssueKind::MixedPhotometric,
    IssueKind::MixedSpacing,
];

/// One of the files.
pub struct Image {
    pub path: PathBuf,
    /// The value of all pixels of its first frame, and by how much that of the next is larger;
    /// `None` if it is not known what a reader makes of them.
    pub pixel: Option<(f64, f64)>,
}

/// Finds the series of `files`, and holds what was found to what must be.
pub fn check(files: &[Image]) -> FoundSeries {
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let found = find(&paths);
    assert_eq!(found.file_count, paths.len());
    assert!(found.skipped.is_empty(), "files that are named are not skipped");
    check_once(&paths, &found);
    for series in &found.series {
        check_plan(series);
        assert_ne!(series.stacks.len(), 1, "one stack is the series");
        check_stacks(series);
        for plan in series.stacks.iter().chain([series]) {
            check_pixels(plan, files);
        }
    }
    let reversed: Vec<PathBuf> = paths.into_iter().rev().collect();
    let again = find(&reversed);
    assert_eq!(words(&found), words(&again), "the order of files does not matter");
    found
}

fn find(paths: &[PathBuf]) -> FoundSeries {
    let files = list_files(paths, false, 1, &mut |_| true).expect("the files are there");
    let workers = Workers::for_headers(Some(1));
    find_series(files, Prefix::Needed, workers, &Tolerances::DEFAULT, &mut |_| true)
        .expect("no file costs the others")
}

fn words(found: &FoundSeries) -> Vec<String> {
    let one = |plan: &SeriesPlan| {
        let slices = slices(plan);
        format!("{slices:?} {:?} {:?} {:?}", plan.affine, plan.shape, plan.report)
    };
    found.series.iter().flat_map(|plan| plan.stacks.iter().chain([plan])).map(one).collect()
}

/// The file and the frame of each slice that is there.
fn slices(plan: &SeriesPlan) -> Vec<(&Path, usize)> {
    plan.set.present().map(|(file, slice)| (file.path.as_path(), slice.frame.index)).collect()
}

/// Every file is in one series, or an error, or has no image; and none is in two.
fn check_once(paths: &[PathBuf], found: &FoundSeries) {
    let mut homes: BTreeMap<&Path, usize> = BTreeMap::new();
    let mut noted: BTreeSet<&Path> = found.errors.iter().filter_map(|error| error.path()).collect();
    for series in &found.series {
        let slices: BTreeSet<&Path> =
            series.stacks.iter().chain([series]).flat_map(slices).map(|(path, _)| path).collect();
        for path in &slices {
            *homes.entry(path).or_default() += 1;
        }
        noted.extend(issues(series).flat_map(|issue| &issue.paths).map(PathBuf::as_path));
    }
    assert!(homes.values().all(|count| *count == 1), "a file is in two series");
    let lost = paths
        .iter()
        .filter(|path| !homes.contains_key(path.as_path()) && !noted.contains(path.as_path()));
    assert!(lost.count() <= found.without_image, "a file is neither in a series nor noted");
}

fn issues(series: &SeriesPlan) -> impl Iterator<Item = &Issue> {
    series.stacks.iter().chain([series]).flat_map(|plan| plan.report.all())
}

/// What holds of a series, and of each of its stacks.
fn check_plan(series: &SeriesPlan) {
    for plan in series.stacks.iter().chain([series]) {
        let slices = slices(plan);
        let distinct: BTreeSet<_> = slices.iter().collect();
        assert_eq!(distinct.len(), slices.len(), "an image is in a volume twice");
        assert!(plan.affine.0.iter().flatten().all(|value| value.is_finite()), "{:?}", plan.affine);
        let are_lengths = plan.spacing.iter().all(|step| step.is_finite() && *step > 0.0);
        assert!(are_lengths, "{:?}", plan.spacing);
        let leading = usize::from(plan.axis.is_some());
        let cells: usize = plan.shape.iter().take(leading + 1).product();
        assert_eq!(plan.set.slices.len(), cells, "{:?}", plan.shape);
        assert!(plan.set.slices.is_empty() || !slices.is_empty(), "a volume without an image");
        if let Some(axis) = &plan.axis {
            assert_eq!(axis.length, plan.shape[0]);
            check_axis(axis);
        }
        for issue in plan.report.all() {
            assert!(!issue.sentence.contains(SECRET), "{}", issue.sentence);
            assert!(issue.numbers.iter().all(|(_, number)| !number.is_nan()), "{issue:?}");
        }
        if !plan.report.has_errors() {
            check_places(plan, plan.shape[leading]);
        }
    }
}

/// Along the axis lie as many values as it is long: numbers, and directions.
fn check_axis(axis: &LeadingAxis) {
    for Coordinate { name, values } in &axis.coordinates {
        let count = match values {
            CoordinateValues::Numbers(numbers) => {
                assert!(numbers.iter().all(|number| !number.is_infinite()), "{name}: {numbers:?}");
                numbers.len()
            }
            CoordinateValues::Vectors(vectors) => {
                for vector in vectors {
                    let length = vector.iter().map(|part| part * part).sum::<f64>().sqrt();
                    let is_unit = length.is_nan() || (length - 1.0).abs() < 0.02;
                    assert!(is_unit, "{name}: {vector:?} is no direction");
                }
                vectors.len()
            }
            CoordinateValues::Texts(texts) => texts.len(),
        };
        assert_eq!(count, axis.length, "{name}");
    }
}

/// Without an error, each slice is where the affine says.
fn check_places(plan: &SeriesPlan, slice_count: usize) {
    for (index, slice) in plan.set.slices.iter().enumerate() {
        let Some(slice) = slice else {
            // Segmentations leave out frames in which nothing is segmented (PS3.3 §C.8.20).
            let is_sparse = plan.set.files.iter().all(|file| is_segmentation(file));
            assert!(is_sparse, "a place without an image is an error");
            continue;
        };
        let Some(stated) = slice.frame.plane.position else { continue };
        let place = plan.affine.apply([(index % slice_count) as f64, 0.0, 0.0]);
        let distance = (0..3).map(|axis| (place[axis] - stated[axis]).powi(2)).sum::<f64>().sqrt();
        let size = stated.iter().fold(1.0, |size: f64, part| size.max(part.abs()));
        let is_near = distance <= 0.02 + 0.02 * plan.spacing[0] + 1e-9 * size;
        assert!(is_near, "slice {index} is at {stated:?}, not {place:?}");
    }
}

fn is_segmentation(file: &InstanceHeader) -> bool {
    const CLASSES: [&str; 2] = ["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"];
    // Some programs write them as other objects.
    const MODALITIES: [&str; 2] = ["SEG", "OT"];
    CLASSES.contains(&file.identity.sop_class_uid.as_str())
        || MODALITIES.contains(&file.identity.modality.as_str())
}

/// Every file of a series is in one of its stacks, or in a report.
fn check_stacks(series: &SeriesPlan) {
    let mut seen = BTreeSet::new();
    for image in series.stacks.iter().flat_map(slices) {
        assert!(seen.insert(image), "an image is in two stacks");
    }
    if series.stacks.is_empty() {
        return;
    }
    let noted: BTreeSet<&Path> = issues(series)
        .filter(|issue| !BESIDE.contains(&issue.kind))
        .flat_map(|issue| &issue.paths)
        .map(PathBuf::as_path)
        .collect();
    let files: BTreeSet<&Path> = seen.iter().map(|(path, _)| *path).collect();
    for path in issues(series).flat_map(|issue| &issue.paths) {
        let path = path.as_path();
        assert!(files.contains(path) || noted.contains(path), "a file is in no stack");
    }
}

/// The pixels of each slice are those of its file.
fn check_pixels(plan: &SeriesPlan, files: &[Image]) {
    let count: usize = plan.shape.iter().product();
    if plan.unsupported.is_some() || plan.set.slices.is_empty() || count > MOST_SAMPLES {
        return;
    }
    for values in [Values::Stored, Values::Modality] {
        let options = ReadOptions {
            values,
            sample_type: SampleType::F64,
            fill: f64::NAN,
            part: None,
            keeps_damaged: false,
        };
        let mut out = vec![0; count * 8];
        let workers = Workers::for_computing(Some(1));
        let read = read_slices(&plan.set, &options, &mut out, workers, &mut |_| true);
        let Ok(damaged) = read else { continue };
        let damaged: BTreeSet<usize> = damaged.iter().map(|slice| slice.slice).collect();
        let length = out.len() / plan.set.slices.len();
        for (index, slice) in plan.set.slices.iter().enumerate() {
            let pixels = &out[index * length..][..length];
            let expected = match slice {
                Some(slice) if !damaged.contains(&index) => {
                    let file = &plan.set.files[slice.file];
                    pixel_of(files, file, &slice.frame, values)
                }
                _ => Some(f64::NAN),
            };
            let Some(expected) = expected else { continue };
            for pixel in pixels.chunks_exact(8) {
                let pixel = f64::from_ne_bytes(pixel.try_into().expect("8 bytes"));
                let is_same = (pixel - expected).abs() <= 1e-12 * expected.abs()
                    || pixel == expected
                    || (pixel.is_nan() && expected.is_nan());
                assert!(is_same, "slice {index}: {pixel}, not {expected} ({values:?})");
            }
        }
    }
}

/// The value that all pixels of a frame have, if it is known.
fn pixel_of(
    files: &[Image],
    file: &InstanceHeader,
    frame: &FrameHeader,
    values: Values,
) -> Option<f64> {
    let image = files.iter().find(|image| image.path == file.path).expect("slices are of files");
    let (first, step) = image.pixel?;
    let stored = first + step * frame.index as f64;
    let rescale = frame.transform.rescale;
    match values {
        Values::Stored => Some(stored),
        Values::Modality if file.has_modality_lut() => None,
        Values::Modality => Some(stored * rescale.slope + rescale.intercept),
    }
}
