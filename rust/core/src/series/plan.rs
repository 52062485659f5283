//! From headers to volumes: one [`SeriesPlan`] a series.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::axis::{LeadingAxis, Weighting};
use super::beside::left_out;
use super::copies::{Copies, drop_copies};
use super::draft::Draft;
use super::header::FrameHeader;
use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::parts::parts;
use super::report::{FileFinding, Finding, Issue, Report};
use super::slice_set::SliceSet;
use super::stack::{Entry, split};
use super::strays::report_strays;
use super::tolerances::Tolerances;
use crate::error::Error;
use crate::geometry::{Affine, Orientation};

/// A file whose header cannot be read, or a folder or link that cannot be followed.
#[derive(Clone, Debug)]
pub(super) struct Unreadable {
    /// Where it is.
    pub path: PathBuf,
    /// Why.
    pub error: Error,
    /// Its Series Instance UID, if the header was read that far.
    pub series_instance_uid: Option<String>,
    /// Whether the caller has named it.
    pub is_named: bool,
}

impl Unreadable {
    /// What a listing could not read.
    pub(super) fn of_path(error: &Error) -> Option<Unreadable> {
        let (path, error) = (error.path()?.to_owned(), error.clone());
        Some(Unreadable { path, error, series_instance_uid: None, is_named: false })
    }
}

/// What a series makes: the slices of its volume in order, their place, and what is irregular.
///
/// It is the best volume that the images make. [`Report::has_errors`] says whether it is what it
/// seems to be; see [`super::find_series`] for an example.
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
    /// The diffusion weighting of all images, if they have one and there is no axis.
    pub weighting: Option<Weighting>,
    /// (slices, rows, columns), then samples for colour; the leading axis in front. Only the first
    /// where the image cannot be described.
    pub shape: Vec<usize>,
    /// Takes (slice, row, column, 1) to patient mm. Where positions or spacings are missing, which
    /// is an error in the report, the origin is 0 and lengths are 1 mm.
    pub affine: Affine,
    /// (slice, row, column) in mm: the lengths of the affine's steps. See [`Affine::spacing`] for
    /// tilted stacks.
    pub spacing: [f64; 3],
    /// What is irregular.
    pub report: Report,
    /// Why none of the slices can be read yet.
    pub unsupported: Option<Error>,
    /// Where the images of the series make several stacks, the plan of each: first that which this
    /// plan describes, or if its images are no one volume, those that they part into. Empty if
    /// there is one stack.
    pub stacks: Vec<SeriesPlan>,
}

/// Makes of every series among `headers` that has an image what it makes as a volume, sorted by
/// study, Series Number and UID. The order of `headers` does not matter, and a path that occurs
/// twice is one file.
///
/// A file of `unreadable` belongs to its series if that is known. Else it is reported in the series
/// beside which it lies. It is an error there if the system refused to read it: it may be of that
/// series, and somebody else may read it.
pub(super) fn plan_series(
    mut headers: Vec<InstanceHeader>,
    mut unreadable: Vec<Unreadable>,
    tolerances: &Tolerances,
) -> Vec<SeriesPlan> {
    // Headers are long: numbers are sorted in their place. Paths are compared as bytes, which is
    // quicker by far.
    headers.sort_by_cached_key(|header| header.path.clone().into_os_string());
    headers.dedup_by(|a, b| {
        let are_alike = a.given_number.is_none() == b.given_number.is_none();
        are_alike && a.path.as_os_str() == b.path.as_os_str()
    });
    unreadable.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    let mut by_uid: BTreeMap<String, Files> = BTreeMap::new();
    for mut header in headers {
        header.drop_unusable();
        match by_uid.get_mut(&header.identity.series_instance_uid) {
            Some(files) => files.headers.push(header),
            None => {
                let uid = header.identity.series_instance_uid.clone();
                by_uid.insert(uid, Files { headers: vec![header], ..Files::default() });
            }
        }
    }
    by_uid.retain(|_, files| {
        files.headers.iter().any(|header| !matches!(header.image.state, ImageState::None))
    });
    let mut strays = Vec::new();
    for file in unreadable {
        match file.series_instance_uid.as_ref().and_then(|uid| by_uid.get_mut(uid)) {
            Some(files) => files.unreadable.push(unreadable_issue(&file.path, &file.error, true)),
            None => strays.push(file),
        }
    }
    report_strays(&strays, by_uid.values_mut());
    let mut plans: Vec<SeriesPlan> =
        by_uid.into_iter().map(|(uid, files)| plan_one(uid, files, tolerances)).collect();
    plans.sort_by(|a, b| {
        let number = |plan: &SeriesPlan| plan.number.unwrap_or(i64::MAX);
        a.study_uid
            .cmp(&b.study_uid)
            .then(number(a).cmp(&number(b)))
            .then_with(|| a.uid.cmp(&b.uid))
    });
    plans
}

/// The files of one series, in the order of their paths.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub headers: Vec<InstanceHeader>,
    pub unreadable: Vec<Issue>,
    /// What cannot be read and is of a series that nobody knows: lists that other series have too.
    pub strays: Vec<Arc<Vec<Issue>>>,
}

pub(super) fn unreadable_issue(path: &Path, error: &Error, is_error: bool) -> Issue {
    FileFinding::Unreadable { error: error.clone(), is_error }.about([path.to_owned()])
}

/// At least one of `files` is an image.
fn plan_one(uid: String, files: Files, tolerances: &Tolerances) -> SeriesPlan {
    let Files { mut headers, unreadable, strays: mut shared } = files;
    let mixed = mixed_study(&headers);
    let frames: Vec<Cow<'_, [FrameHeader]>> =
        headers.iter().map(InstanceHeader::all_frames).collect();
    let Images { images, copies, others, mut invalid } = images(&headers, &frames, tolerances);
    invalid.splice(..0, unreadable);
    if !invalid.is_empty() {
        shared.insert(0, Arc::new(invalid));
    }
    let (mut main, mut stacks) = (Draft::default(), Vec::new());
    if let Some((stack, beside)) = split(images, tolerances) {
        main = Draft::new(&stack, tolerances);
        stacks = parts(&stack, &main, tolerances);
        if !(stacks.is_empty() && beside.is_empty()) {
            if stacks.is_empty() {
                stacks.push(main.clone());
            }
            for other in &beside {
                let draft = Draft::new(other, tolerances);
                let parts = parts(other, &draft, tolerances);
                stacks.extend(if parts.is_empty() { vec![draft] } else { parts });
            }
            for stack in &mut stacks {
                let copied = copies.issue(stack.files.iter().copied(), &headers);
                stack.issues.splice(..0, copied);
                if mixed.is_some() {
                    let own = stack.files.iter().filter_map(|file| headers.get(*file));
                    stack.issues.extend(mixed_study(own));
                }
            }
        }
        main.issues.extend(left_out(&stack, &beside, main.extent, tolerances));
    }
    // In the order in which a report lists those of one kind.
    main.issues.splice(..0, others.into_iter().chain(copies.issue_of_all(&headers)));
    main.issues.append(&mut main.slice_issues);
    main.issues.extend(mixed);
    drop(frames);
    // What is read of them is in the slices.
    headers.iter_mut().for_each(|header| (header.frames, header.dimensions) = (Vec::new(), None));
    let headers: Vec<Arc<InstanceHeader>> = headers.into_iter().map(Arc::new).collect();
    let mut plan = main.plan(&uid, &headers, &shared);
    plan.stacks = stacks.into_iter().map(|stack| stack.plan(&uid, &headers, &shared)).collect();
    plan
}

/// What the files of a series are.
#[derive(Debug)]
struct Images<'a> {
    /// The images, each once.
    images: Vec<Entry<'a>>,
    copies: Copies,
    /// The files that are none.
    others: Option<Issue>,
    /// Those whose attributes contradict themselves.
    invalid: Vec<Issue>,
}

fn images<'a>(
    headers: &'a [InstanceHeader],
    frames: &'a [Cow<'a, [FrameHeader]>],
    tolerances: &Tolerances,
) -> Images<'a> {
    let mut images = Vec::with_capacity(headers.len());
    let (mut others, mut invalid) = (Vec::new(), Vec::new());
    // Frames mostly share their orientation, which takes a while to check.
    let mut last: (Option<[f64; 6]>, Option<Orientation>) = (None, None);
    for (file, (header, frames)) in headers.iter().zip(frames).enumerate() {
        match &header.image.state {
            ImageState::None => others.push(header.path.clone()),
            ImageState::Invalid(error) => invalid.push(unreadable_issue(&header.path, error, true)),
            _ => {
                for frame in frames.iter() {
                    if frame.plane.orientation != last.0 {
                        let checked = frame.plane.orientation.and_then(|cosines| {
                            Orientation::of_written(cosines, tolerances.cosine)
                        });
                        last = (frame.plane.orientation, checked);
                    }
                    images.push(Entry {
                        index: images.len(),
                        file,
                        header,
                        frame,
                        orientation: last.1,
                    });
                }
            }
        }
    }
    let (images, copies) = drop_copies(images);
    let others = (!others.is_empty())
        .then(|| FileFinding::NotAnImage { file_count: others.len() }.about(others));
    Images { images, copies, others, invalid }
}

fn mixed_study<'a>(headers: impl IntoIterator<Item = &'a InstanceHeader>) -> Option<Issue> {
    let headers: Vec<&InstanceHeader> = headers.into_iter().collect();
    let mut studies: Vec<&str> =
        headers.iter().map(|header| header.identity.study_instance_uid.as_str()).collect();
    studies.retain(|uid| !uid.is_empty());
    studies.sort_unstable();
    studies.dedup();
    (studies.len() > 1).then(|| {
        FileFinding::SeveralStudies { study_count: studies.len() }
            .about(headers.iter().map(|header| header.path.clone()))
    })
}
