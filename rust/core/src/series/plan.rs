//! From headers to volumes: one [`SeriesPlan`] a series.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::axis::LeadingAxis;
use super::copies::drop_copies;
use super::frame_header::FrameHeader;
use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::order::{Ordered, order};
use super::report::{Issue, IssueKind, Report, count, verb};
use super::slice_set::{Slice, SliceSet};
use super::stack::{Entry, left_out, split};
use super::tolerances::Tolerances;
use crate::geometry::{Affine, Orientation};

/// A file whose header cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Where it is.
    pub path: PathBuf,
    /// Why: a sentence without the path.
    pub reason: String,
    /// Its Series Instance UID, if the header was read that far.
    pub series_instance_uid: Option<String>,
}

/// What a series makes: the slices of its volume in order, their place, and what is irregular.
///
/// It is the best volume that there is. Whether it may be used is for [`Report::has_errors`] and the caller to decide.
#[derive(Clone, Debug)]
pub struct SeriesPlan {
    /// Series Instance UID.
    pub uid: String,
    /// Study Instance UID.
    pub study_uid: String,
    /// Modality.
    pub modality: String,
    /// Series Description.
    pub description: String,
    /// Series Number.
    pub number: Option<i64>,
    /// The images in the order of the array.
    pub set: SliceSet,
    /// What is in front of the slices, if positions have several images.
    pub axis: Option<LeadingAxis>,
    /// (slices, rows, columns), then samples for colour; the leading axis in front. Only the first where the image
    /// cannot be described.
    pub shape: Vec<usize>,
    /// Takes (slice, row, column, 1) to patient mm. Where positions or spacings are missing, which is an error in the
    /// report, the origin is 0 and lengths are 1 mm.
    pub affine: Affine,
    /// (slice, row, column) in mm: the lengths of the affine's steps. See [`Affine::spacing`] for tilted stacks.
    pub spacing: [f64; 3],
    /// What is irregular.
    pub report: Report,
    /// Why none of the slices can be read yet: a sentence.
    pub unsupported: Option<String>,
}

/// Makes of every series among `headers` that has an image what it makes as a volume, sorted by study, Series Number
/// and UID. The order of `headers` does not matter, and a path that occurs twice is one file.
///
/// A file of `unreadable` belongs to its series if that is known. Else it is reported, without being an error, in the
/// series that have files in its folder; if there are none, in all of them.
pub fn plan_series(
    mut headers: Vec<InstanceHeader>,
    mut unreadable: Vec<Unreadable>,
    tolerances: &Tolerances,
) -> Vec<SeriesPlan> {
    // Headers are long: numbers are sorted in their place. Paths are compared as bytes, which is quicker by far.
    headers.sort_by_cached_key(|header| header.path.clone().into_os_string());
    headers.dedup_by(|a, b| a.path.as_os_str() == b.path.as_os_str());
    unreadable.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    let mut by_uid: BTreeMap<String, (Vec<InstanceHeader>, Vec<Issue>)> = BTreeMap::new();
    for mut header in headers {
        header.drop_unusable();
        match by_uid.get_mut(&header.series_instance_uid) {
            Some((series, _)) => series.push(header),
            None => {
                by_uid.insert(header.series_instance_uid.clone(), (vec![header], Vec::new()));
            }
        }
    }
    by_uid.retain(|_, (series, _)| series.iter().any(|header| !matches!(header.image, ImageState::None)));
    let mut strays = Vec::new();
    for file in unreadable {
        match file.series_instance_uid.as_ref().and_then(|uid| by_uid.get_mut(uid)) {
            Some((_, issues)) => issues.push(unreadable_issue(&file.path, &file.reason)),
            None => strays.push(file),
        }
    }
    report_strays(&strays, &mut by_uid);
    let mut plans: Vec<SeriesPlan> =
        by_uid.into_iter().map(|(uid, (series, issues))| plan_one(uid, series, issues, tolerances)).collect();
    plans.sort_by(|a, b| {
        let number = |plan: &SeriesPlan| plan.number.unwrap_or(i64::MAX);
        a.study_uid.cmp(&b.study_uid).then(number(a).cmp(&number(b))).then_with(|| a.uid.cmp(&b.uid))
    });
    plans
}

/// Reports files of no known series in the series beside which they lie.
fn report_strays(strays: &[Unreadable], by_uid: &mut BTreeMap<String, (Vec<InstanceHeader>, Vec<Issue>)>) {
    let mut in_folder: HashMap<PathBuf, Vec<Issue>> = HashMap::new();
    for file in strays {
        let issue = Issue { is_error: false, ..unreadable_issue(&file.path, &file.reason) };
        in_folder.entry(file.path.parent().map(Path::to_owned).unwrap_or_default()).or_default().push(issue);
    }
    let mut homes: HashSet<PathBuf> = HashSet::new();
    for (series, issues) in by_uid.values_mut().filter(|_| !in_folder.is_empty()) {
        let mut seen: HashSet<&Path> = HashSet::new();
        for folder in series.iter().map(|header| header.path.parent().unwrap_or(Path::new(""))) {
            if !seen.insert(folder) {
                continue;
            }
            if let Some((folder, found)) = in_folder.get_key_value(folder) {
                issues.extend_from_slice(found);
                homes.insert(folder.clone());
            }
        }
    }
    let homeless = in_folder.into_iter().filter(|(folder, _)| !homes.contains(folder));
    let mut homeless: Vec<Issue> = homeless.flat_map(|(_, issues)| issues).collect();
    homeless.sort_by(|a, b| a.paths.cmp(&b.paths));
    for (_, issues) in by_uid.values_mut() {
        issues.extend_from_slice(&homeless);
    }
}

fn unreadable_issue(path: &Path, reason: &str) -> Issue {
    Issue::error(IssueKind::Unreadable, format!("1 file cannot be read: {reason}")).with_paths([path.to_owned()])
}

/// `headers`: the files of one series in the order of their paths, at least one of them an image.
fn plan_one(uid: String, headers: Vec<InstanceHeader>, mut issues: Vec<Issue>, tolerances: &Tolerances) -> SeriesPlan {
    let (mut chosen, mut placed, mut unsupported, mut axis) = (Vec::new(), None, None, None);
    issues.extend(mixed_study(&headers));
    let frames: Vec<Cow<'_, [FrameHeader]>> = headers.iter().map(InstanceHeader::all_frames).collect();
    let images = images(&headers, &frames, &mut issues, tolerances);
    let (mut frame_shape, mut slice_count): (Vec<usize>, usize) = (Vec::new(), 0);
    if let Some((stack, others)) = split(images, tolerances) {
        let first = stack.entries.first().map(|entry| entry.header);
        if let Some((image, (rows, columns))) =
            first.and_then(|file| Some((file.image.description()?, file.slice_size()?)))
        {
            let samples = (image.samples_per_pixel > 1).then_some(image.samples_per_pixel);
            frame_shape = [rows, columns].into_iter().chain(samples).collect();
        }
        let readable = readable(&stack.entries, &mut issues);
        unsupported = why_unsupported(&readable, &mut issues);
        let has_own_geometry = readable.iter().any(|entry| has_own_geometry(entry.header));
        if let Some(ordered) = order(&stack, readable, has_own_geometry, tolerances) {
            issues.extend(left_out(&stack, &others, ordered.extent, tolerances));
            issues.extend(mixed_attributes(&ordered));
            issues.extend(ordered.issues);
            placed = Some((ordered.affine, ordered.pixel_spacing));
            slice_count = ordered.slices.len();
            chosen = ordered.cells.iter().map(|cell| cell.map(|entry| (entry.file, entry.frame.clone()))).collect();
            axis = ordered.axis;
        }
    }
    issues.sort_by_key(|issue| issue.kind);

    drop(frames);
    let first = chosen.iter().flatten().next().and_then(|(file, _)| headers.get(*file)).or(headers.first());
    let text = |value: fn(&InstanceHeader) -> &String| first.map(value).cloned().unwrap_or_default();
    let (study_uid, modality) = (text(|header| &header.study_instance_uid), text(|header| &header.modality));
    let (description, number) =
        (text(|header| &header.series_description), first.and_then(|header| header.series_number));
    let set = slice_set(headers, chosen);
    let mut shape: Vec<usize> = axis.iter().map(|axis| axis.length).chain([slice_count]).collect();
    shape.extend(frame_shape);
    let (affine, pixel_spacing) = placed.unwrap_or((IDENTITY, [1.0; 2]));
    let [slice_spacing, ..] = affine.spacing();
    // Those between pixels as they are written, not by way of the affine, which rounds.
    let spacing = [slice_spacing, pixel_spacing[0], pixel_spacing[1]];
    let report = Report { issues };
    SeriesPlan { uid, study_uid, modality, description, number, set, axis, shape, affine, spacing, report, unsupported }
}

/// The files that are read, in the order of their first slices, and what is read of them.
fn slice_set(headers: Vec<InstanceHeader>, chosen: Vec<Option<(usize, FrameHeader)>>) -> SliceSet {
    let mut headers: Vec<Option<InstanceHeader>> = headers.into_iter().map(Some).collect();
    let mut files: Vec<InstanceHeader> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut slice = |(file, frame): (usize, FrameHeader)| {
        let file = *places.entry(file).or_insert_with(|| {
            files.extend(headers.get_mut(file).and_then(Option::take));
            files.len().saturating_sub(1)
        });
        Slice { file, frame }
    };
    let slices = chosen.into_iter().map(|cell| cell.map(&mut slice)).collect();
    for file in &mut files {
        // What is read of them is in the slices.
        file.frames = Vec::new();
    }
    SliceSet { files, slices }
}

/// The affine of a series without a slice: (slice, row, column) run along z, y and x.
const IDENTITY: Affine =
    Affine([[0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]);

/// The images among the files, each once.
fn images<'a>(
    headers: &'a [InstanceHeader],
    frames: &'a [Cow<'a, [FrameHeader]>],
    issues: &mut Vec<Issue>,
    tolerances: &Tolerances,
) -> Vec<Entry<'a>> {
    let mut images = Vec::with_capacity(headers.len());
    let mut others = Vec::new();
    // Frames mostly share their orientation, which takes a while to check.
    let mut last: (Option<[f64; 6]>, Option<Orientation>) = (None, None);
    for (file, (header, frames)) in headers.iter().zip(frames).enumerate() {
        match &header.image {
            ImageState::None => others.push(header.path.clone()),
            ImageState::Invalid { why } => issues.push(unreadable_issue(&header.path, why)),
            _ => {
                for frame in frames.iter() {
                    if frame.orientation != last.0 {
                        let checked =
                            frame.orientation.and_then(|cosines| Orientation::new(cosines, tolerances.cosine));
                        last = (frame.orientation, checked);
                    }
                    images.push(Entry { index: images.len(), file, header, frame, orientation: last.1 });
                }
            }
        }
    }
    if !others.is_empty() {
        let (files, are) = (count(others.len(), "file"), verb(others.len(), "is", "are"));
        let issue = Issue::note(IssueKind::NotAnImage, format!("{files} {are} left out: no image"));
        issues.push(issue.with_number("file_count", others.len() as f64).with_paths(others));
    }
    let (images, copies) = drop_copies(images);
    issues.extend(copies);
    images
}

/// Leaves out what lacks pixels and, unless that is all of them, what is written in a way that is not read yet.
fn readable<'a>(entries: &[Entry<'a>], issues: &mut Vec<Issue>) -> Vec<Entry<'a>> {
    let is_native = |entry: &Entry<'_>| matches!(entry.header.image, ImageState::Readable(_));
    let has_native = entries.iter().any(is_native);
    let mut readable = Vec::with_capacity(entries.len());
    let mut told: HashSet<usize> = HashSet::new();
    for entry in entries {
        match &entry.header.image {
            ImageState::Truncated { .. } | ImageState::Unsupported { .. }
                if told.contains(&entry.file) && has_native => {}
            ImageState::Truncated { .. } if !told.insert(entry.file) => {}
            ImageState::Truncated { needed, available, .. } => {
                let sentence = format!("1 file is cut short and left out: {available} of {needed} bytes of pixels");
                let issue = Issue::error(IssueKind::Truncated, sentence).with_paths([entry.path()]);
                let issue = issue.with_number("needed_byte_count", *needed as f64);
                issues.push(issue.with_number("available_byte_count", *available as f64));
            }
            ImageState::Unsupported { why, .. } if has_native => {
                told.insert(entry.file);
                let sentence = format!("1 file is left out: {why}");
                issues.push(Issue::error(IssueKind::Unsupported, sentence).with_paths([entry.path()]));
            }
            _ => readable.push(*entry),
        }
    }
    readable
}

fn has_own_geometry(header: &InstanceHeader) -> bool {
    matches!(header.image, ImageState::Unsupported { has_own_geometry: true, .. })
}

/// Why the first of these cannot be read yet, and then none of them can.
fn why_unsupported(readable: &[Entry<'_>], issues: &mut Vec<Issue>) -> Option<String> {
    let ImageState::Unsupported { why, .. } = &readable.first()?.header.image else { return None };
    let issue = Issue::error(IssueKind::Unsupported, why.clone()).with_paths(readable.iter().map(Entry::path));
    issues.push(issue.with_number("file_count", readable.len() as f64));
    Some(why.clone())
}

fn mixed_study(headers: &[InstanceHeader]) -> Option<Issue> {
    let mut studies: Vec<&str> = headers.iter().map(|header| header.study_instance_uid.as_str()).collect();
    studies.retain(|uid| !uid.is_empty());
    studies.sort_unstable();
    studies.dedup();
    (studies.len() > 1).then(|| {
        let sentence = format!("files of {} studies have one Series Instance UID", studies.len());
        Issue::error(IssueKind::MixedStudy, sentence)
            .with_paths(headers.iter().map(|header| header.path.clone()))
            .with_number("study_count", studies.len() as f64)
    })
}

/// What differs among the slices of the volume without parting them.
fn mixed_attributes(ordered: &Ordered<'_>) -> Vec<Issue> {
    let slices: Vec<Entry<'_>> = ordered.cells.iter().flatten().copied().collect();
    let Some(first) = slices.first() else { return Vec::new() };
    let unlike = |is_like: &dyn Fn(&Entry<'_>) -> bool| -> Vec<PathBuf> {
        slices.iter().filter(|entry| !is_like(entry)).map(Entry::path).collect()
    };
    let mut issues = Vec::new();
    let mut add = |issue: Issue, paths: Vec<PathBuf>| {
        if !paths.is_empty() {
            issues.push(issue.with_number("slice_count", paths.len() as f64).with_paths(paths));
        }
    };
    let sentence = "positions refer to several coordinate systems (Frame of Reference UID)";
    let frame_of_reference = |slice: &Entry<'_>| slice.header.frame_of_reference_uid.clone();
    let known = slices.iter().map(frame_of_reference).find(|uid| !uid.is_empty()).unwrap_or_default();
    let of_another = unlike(&|slice| {
        let own = &slice.header.frame_of_reference_uid;
        own.is_empty() || *own == known
    });
    add(Issue::error(IssueKind::MixedFrameOfReference, sentence), of_another);

    let sentence = "Rescale Slope or Rescale Intercept is no number, or the slope is zero";
    add(Issue::error(IssueKind::BadRescale, sentence), unlike(&|slice| !slice.frame.has_bad_rescale));

    let slopes = || slices.iter().map(|entry| entry.frame.rescale.slope);
    let intercepts = || slices.iter().map(|entry| entry.frame.rescale.intercept);
    let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
    let sentence = "slices differ in Rescale Slope, Rescale Intercept or Modality LUT: each has its own applied";
    let mixed = Issue::note(IssueKind::MixedRescale, sentence)
        .with_number("least_slope", slopes().fold(least, f64::min))
        .with_number("most_slope", slopes().fold(most, f64::max))
        .with_number("least_intercept", intercepts().fold(least, f64::min))
        .with_number("most_intercept", intercepts().fold(most, f64::max));
    let lut = |slice: &Entry<'_>| slice.header.has_modality_lut;
    let is_like = |slice: &Entry<'_>| slice.frame.rescale == first.frame.rescale && lut(slice) == lut(first);
    add(mixed, unlike(&is_like));

    let of = |slice: &Entry<'_>| slice.header.image.description().map(|image| (image.bits_allocated, image.is_signed));
    let sentence = "stored values of slices differ in width or sign";
    add(Issue::note(IssueKind::MixedSampleType, sentence), unlike(&|slice| of(slice) == of(first)));

    let sentence = "some voxels may be Pixel Padding Value, which stands for no measurement: padding_mask() finds them";
    add(Issue::note(IssueKind::PixelPadding, sentence), unlike(&|slice| !slice.header.has_padding));
    issues
}
