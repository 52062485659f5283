//! From headers to volumes: one [`SeriesPlan`] a series.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::order::{Ordered, order};
use super::phases::drop_copies;
use super::report::{Issue, IssueKind, Report, count, verb};
use super::stack::{Entry, left_out, split};
use super::tolerances::Tolerances;
use crate::geometry::{Affine, Orientation};
use crate::image_description::SampleType;

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
    /// In the order of the array's first axis.
    pub slices: Vec<InstanceHeader>,
    /// (slices, rows, columns), then samples for colour. Only the first where the image cannot be described. Of
    /// multi-frame images, which are not read yet, the frames are counted.
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

impl SeriesPlan {
    /// The type that holds the stored values of every slice: see [`stored_type`].
    pub fn stored_type(&self) -> Option<SampleType> {
        stored_type(&self.slices)
    }
}

/// The narrowest type that holds the stored values of every slice: their own where they agree. `None` if there is none
/// of whole numbers, or no slice that can be read.
pub fn stored_type(slices: &[InstanceHeader]) -> Option<SampleType> {
    let descriptions: Option<Vec<_>> = slices.iter().map(|slice| slice.image.description()).collect();
    let descriptions = descriptions?;
    let first = descriptions.first()?.sample_type();
    if descriptions.iter().all(|image| image.sample_type() == first) {
        return Some(first);
    }
    let is_signed = descriptions.iter().any(|image| image.is_signed);
    // An unsigned value among signed ones needs a bit for the sign.
    let bits = descriptions.iter().map(|image| image.bits_stored + u32::from(is_signed && !image.is_signed)).max()?;
    Some(match (bits, is_signed) {
        (..=8, false) => SampleType::U8,
        (..=8, true) => SampleType::I8,
        (..=16, false) => SampleType::U16,
        (..=16, true) => SampleType::I16,
        (..=32, false) => SampleType::U32,
        (..=32, true) => SampleType::I32,
        _ => return None,
    })
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
    let (mut chosen, mut placed, mut unsupported) = (Vec::new(), None, None);
    issues.extend(mixed_study(&headers));
    let images = images(&headers, &mut issues, tolerances);
    let mut frame_shape: Vec<usize> = Vec::new();
    if let Some((stack, others)) = split(images, tolerances) {
        if let Some(image) = stack.entries.first().and_then(|entry| entry.header.image.description()) {
            let samples = (image.samples_per_pixel > 1).then_some(image.samples_per_pixel);
            frame_shape = [image.rows, image.columns].into_iter().chain(samples).collect();
        }
        let readable = readable(&stack.entries, &mut issues);
        unsupported = why_unsupported(&readable, &mut issues);
        let has_own_geometry = readable.iter().any(|entry| has_own_geometry(entry.header));
        if let Some(ordered) = order(&stack, readable, has_own_geometry, tolerances) {
            issues.extend(left_out(&stack, &others, ordered.extent, tolerances));
            issues.extend(mixed_attributes(&ordered));
            issues.extend(ordered.issues);
            placed = Some((ordered.affine, ordered.pixel_spacing));
            chosen = ordered.slices.iter().map(|entry| entry.index).collect();
        }
    }
    issues.sort_by_key(|issue| issue.kind);

    let first = chosen.first().and_then(|index| headers.get(*index)).or(headers.first());
    let text = |value: fn(&InstanceHeader) -> &String| first.map(value).cloned().unwrap_or_default();
    let (study_uid, modality) = (text(|header| &header.study_instance_uid), text(|header| &header.modality));
    let (description, number) =
        (text(|header| &header.series_description), first.and_then(|header| header.series_number));
    let mut headers: Vec<Option<InstanceHeader>> = headers.into_iter().map(Some).collect();
    let take = |index: &usize| headers.get_mut(*index).and_then(Option::take);
    let slices: Vec<InstanceHeader> = chosen.iter().filter_map(take).collect();
    let frames = |header: &InstanceHeader| header.image.description().map_or(1, |image| image.frame_count);
    let frame_count = slices.iter().map(frames).fold(0, u64::saturating_add);
    let mut shape = vec![usize::try_from(frame_count).unwrap_or(usize::MAX)];
    shape.extend(frame_shape);
    let (affine, pixel_spacing) = placed.unwrap_or((IDENTITY, [1.0; 2]));
    let [slice_spacing, ..] = affine.spacing();
    // Those between pixels as they are written, not by way of the affine, which rounds.
    let spacing = [slice_spacing, pixel_spacing[0], pixel_spacing[1]];
    let report = Report { issues };
    SeriesPlan { uid, study_uid, modality, description, number, slices, shape, affine, spacing, report, unsupported }
}

/// The affine of a series without a slice: (slice, row, column) run along z, y and x.
const IDENTITY: Affine =
    Affine([[0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]);

/// The images among the files, each once.
fn images<'a>(headers: &'a [InstanceHeader], issues: &mut Vec<Issue>, tolerances: &Tolerances) -> Vec<Entry<'a>> {
    let mut images = Vec::with_capacity(headers.len());
    let mut others = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        match &header.image {
            ImageState::None => others.push(header.path.clone()),
            ImageState::Invalid { why } => issues.push(unreadable_issue(&header.path, why)),
            _ => {
                let orientation = header.orientation.and_then(|cosines| Orientation::new(cosines, tolerances.cosine));
                images.push(Entry { index, header, orientation });
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
    for entry in entries {
        match &entry.header.image {
            ImageState::Truncated { needed, available, .. } => {
                let sentence = format!("1 file is cut short and left out: {available} of {needed} bytes of pixels");
                let issue = Issue::error(IssueKind::Truncated, sentence).with_paths([entry.path()]);
                let issue = issue.with_number("needed_byte_count", *needed as f64);
                issues.push(issue.with_number("available_byte_count", *available as f64));
            }
            ImageState::Unsupported { why, .. } if has_native => {
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
    let slices = &ordered.slices;
    let Some(first) = slices.first().map(|entry| entry.header) else { return Vec::new() };
    let unlike = |is_like: &dyn Fn(&InstanceHeader) -> bool| -> Vec<PathBuf> {
        slices.iter().filter(|entry| !is_like(entry.header)).map(Entry::path).collect()
    };
    let mut issues = Vec::new();
    let mut add = |issue: Issue, paths: Vec<PathBuf>| {
        if !paths.is_empty() {
            issues.push(issue.with_number("slice_count", paths.len() as f64).with_paths(paths));
        }
    };
    let sentence = "positions refer to several coordinate systems (Frame of Reference UID)";
    let is_empty = |slice: &InstanceHeader| slice.frame_of_reference_uid.is_empty();
    let known = slices.iter().map(|entry| entry.header).find(|slice| !is_empty(slice)).unwrap_or(first);
    let of_another = unlike(&|slice| is_empty(slice) || slice.frame_of_reference_uid == known.frame_of_reference_uid);
    add(Issue::error(IssueKind::MixedFrameOfReference, sentence), of_another);

    let sentence = "Rescale Slope or Rescale Intercept is no number, or the slope is zero";
    add(Issue::error(IssueKind::BadRescale, sentence), unlike(&|slice| !slice.has_bad_rescale));

    let slopes = || slices.iter().map(|entry| entry.header.rescale.slope);
    let intercepts = || slices.iter().map(|entry| entry.header.rescale.intercept);
    let (least, most) = (f64::INFINITY, f64::NEG_INFINITY);
    let sentence = "slices differ in Rescale Slope, Rescale Intercept or Modality LUT: each has its own applied";
    let mixed = Issue::note(IssueKind::MixedRescale, sentence)
        .with_number("least_slope", slopes().fold(least, f64::min))
        .with_number("most_slope", slopes().fold(most, f64::max))
        .with_number("least_intercept", intercepts().fold(least, f64::min))
        .with_number("most_intercept", intercepts().fold(most, f64::max));
    let is_like =
        |slice: &InstanceHeader| slice.rescale == first.rescale && slice.has_modality_lut == first.has_modality_lut;
    add(mixed, unlike(&is_like));

    let of = |slice: &InstanceHeader| slice.image.description().map(|image| (image.bits_allocated, image.is_signed));
    let sentence = "stored values of slices differ in width or sign";
    add(Issue::note(IssueKind::MixedSampleType, sentence), unlike(&|slice| of(slice) == of(first)));
    issues
}
