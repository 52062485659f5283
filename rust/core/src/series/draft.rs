//! What one stack makes: its slices in order, where they lie, and what is irregular in them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::axis::{LeadingAxis, weighting};
use super::beside::Extent;
use super::header::FrameHeader;
use super::header::InstanceHeader;
use super::image_state::ImageState;
use super::mixed::mixed_attributes;
use super::order::order;
use super::plan::SeriesPlan;
use super::report::{FileFinding, Finding, Issue, Report};
use super::slice_set::{Slice, SliceSet};
use super::stack::{Entry, Group};
use super::tolerances::Tolerances;
use crate::error::Error;
use crate::geometry::Affine;

/// The plan of one stack, as long as its images are those of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The numbers of the files that its images are in, those included that are not read.
    pub files: Vec<usize>,
    /// How many images it has been made of.
    pub image_count: usize,
    /// The file and the frame of each place of the array.
    chosen: Vec<Option<(usize, FrameHeader)>>,
    axis: Option<LeadingAxis>,
    slice_count: usize,
    /// Rows and columns, and samples for colour.
    frame_shape: Vec<usize>,
    /// With (between rows, between columns).
    placed: Option<(Affine, [f64; 2])>,
    pub extent: Option<Extent>,
    /// What is wrong with its files.
    pub issues: Vec<Issue>,
    /// What is irregular in its slices; a report lists it after what lies beside them.
    pub slice_issues: Vec<Issue>,
    unsupported: Option<Error>,
}

impl Draft {
    pub(crate) fn new(stack: &Group<'_>, tolerances: &Tolerances) -> Draft {
        let mut draft = Draft { image_count: stack.entries.len(), ..Draft::default() };
        draft.files = stack.entries.iter().map(|entry| entry.file).collect();
        draft.files.dedup();
        let first = stack.entries.first().map(|entry| entry.header);
        if let Some((image, (rows, columns))) =
            first.and_then(|file| Some((file.image.state.description()?, file.slice_size()?)))
        {
            let samples = (image.samples_per_pixel > 1).then_some(image.samples_per_pixel);
            draft.frame_shape = [rows, columns].into_iter().chain(samples).collect();
        }
        let readable = readable(&stack.entries, &mut draft.issues);
        draft.unsupported = why_unsupported(&readable, &mut draft.issues);
        let has_own_geometry =
            readable.iter().any(|entry| entry.header.image.state.has_own_geometry());
        if let Some(ordered) = order(stack, readable, has_own_geometry, tolerances) {
            draft.slice_issues = mixed_attributes(&ordered);
            draft.slice_count = ordered.slice_count();
            draft.slice_issues.extend(ordered.issues);
            draft.placed = Some((ordered.affine, ordered.pixel_spacing));
            draft.extent = ordered.extent;
            let place = |entry: Entry<'_>| (entry.file, entry.frame.clone());
            draft.chosen = ordered.cells.iter().map(|cell| cell.map(place)).collect();
            draft.axis = ordered.axis;
        }
        draft
    }

    /// `headers`: the files of the series. `unreadable`: those of which nobody knows which of its
    /// stacks they are of.
    pub(crate) fn plan(
        mut self,
        uid: &str,
        headers: &[Arc<InstanceHeader>],
        unreadable: &[Arc<Vec<Issue>>],
    ) -> SeriesPlan {
        self.issues.append(&mut self.slice_issues);
        self.issues.sort_by_key(|issue| issue.kind);
        let first = self.chosen.iter().flatten().map(|(file, _)| *file).next();
        let first = headers.get(first.or(self.files.first().copied()).unwrap_or_default());
        let text = |value: fn(&InstanceHeader) -> &String| {
            first.map(|header| value(header).clone()).unwrap_or_default()
        };
        let frames = || self.chosen.iter().flatten().map(|(_, frame)| frame);
        let weighting = self.axis.is_none().then(|| weighting(frames())).flatten();
        let set = slice_set(headers, self.chosen);
        let mut shape: Vec<usize> =
            self.axis.iter().map(|axis| axis.length).chain([self.slice_count]).collect();
        shape.extend(self.frame_shape);
        let (affine, pixel_spacing) = self.placed.unwrap_or((IDENTITY, [1.0; 2]));
        let [slice_spacing, ..] = affine.spacing();
        SeriesPlan {
            uid: uid.to_owned(),
            study_uid: text(|header| &header.identity.study_instance_uid),
            modality: text(|header| &header.identity.modality),
            description: text(|header| &header.identity.series_description),
            number: first.and_then(|header| header.identity.series_number),
            set,
            axis: self.axis,
            weighting,
            shape,
            affine,
            // Those between pixels as they are written, not by way of the affine, which rounds.
            spacing: [slice_spacing, pixel_spacing[0], pixel_spacing[1]],
            report: Report { unreadable: unreadable.to_vec(), issues: self.issues },
            unsupported: self.unsupported,
            stacks: Vec::new(),
        }
    }
}

/// The files that are read, in the order of their first slices, and what is read of them.
fn slice_set(
    headers: &[Arc<InstanceHeader>],
    chosen: Vec<Option<(usize, FrameHeader)>>,
) -> SliceSet {
    let mut files: Vec<Arc<InstanceHeader>> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut slice = |(file, frame): (usize, FrameHeader)| {
        let file = *places.entry(file).or_insert_with(|| {
            files.extend(headers.get(file).map(Arc::clone));
            files.len().saturating_sub(1)
        });
        Slice { file, frame }
    };
    let slices = chosen.into_iter().map(|cell| cell.map(&mut slice)).collect();
    SliceSet { files, slices }
}

/// The affine of a series without a slice: (slice, row, column) run along z, y and x.
const IDENTITY: Affine = Affine([
    [0.0, 0.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 1.0],
]);

/// Leaves out what lacks pixels and, unless that is all of them, what is written in a way that is
/// not read yet.
fn readable<'a>(entries: &[Entry<'a>], issues: &mut Vec<Issue>) -> Vec<Entry<'a>> {
    let is_read = |entry: &Entry<'_>| match &entry.header.image.state {
        ImageState::Readable(_) => true,
        state => state.present_frame_count().is_some(),
    };
    let is_any_read = entries.iter().any(is_read);
    let mut readable = Vec::with_capacity(entries.len());
    let mut told: HashSet<usize> = HashSet::new();
    for entry in entries {
        match &entry.header.image.state {
            ImageState::Unsupported { .. } if told.contains(&entry.file) && is_any_read => {}
            // Of one whose first frames are there the others are filled.
            state @ ImageState::Truncated { needed, available, .. } => {
                let present_frame_count = state.present_frame_count();
                if present_frame_count.is_some() {
                    readable.push(*entry);
                }
                if told.insert(entry.file) {
                    let (needed, available) = (*needed, *available);
                    let finding = FileFinding::CutShort { needed, available, present_frame_count };
                    issues.push(finding.about([entry.path()]));
                }
            }
            ImageState::Unsupported { error, .. } if is_any_read => {
                told.insert(entry.file);
                let finding = FileFinding::Unsupported { error: error.clone() };
                issues.push(finding.about([entry.path()]));
            }
            _ => readable.push(*entry),
        }
    }
    readable
}

/// Why the first of these cannot be read yet, and then none of them can.
fn why_unsupported(readable: &[Entry<'_>], issues: &mut Vec<Issue>) -> Option<Error> {
    let ImageState::Unsupported { error, .. } = &readable.first()?.header.image.state else {
        return None;
    };
    let finding = FileFinding::AllUnsupported { error: error.clone() };
    issues.push(finding.about(readable.iter().map(Entry::path)));
    Some(error.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::report::IssueKind;
    use crate::series::tests::synthetic::{
        Images, findings, header, image_mut, plan, regular, slices, why, with,
    };

    type Change = fn(&mut InstanceHeader);

    const NATIVE: Change = |_| {};
    const CUT_SHORT: Change = |one| {
        let description = image_mut(one).clone();
        one.image.state =
            ImageState::Truncated { description, needed: 9, available: 4, whole_frames: None };
    };
    const NOT_READ: Change = |one| {
        let (error, description) = (why(), Some(image_mut(one).clone()));
        let has_own_geometry = true;
        one.image.state = ImageState::Unsupported { error, description, has_own_geometry };
    };

    #[test]
    fn images_without_pixels_are_left_out_and_told_once_a_file() {
        use IssueKind::{Truncated, Unsupported};
        for (name, changes, kept, issues) in [
            ("whole", [NATIVE, NATIVE], &[0, 1, 2, 3][..], &[][..]),
            ("one cut short", [NATIVE, CUT_SHORT], &[0, 1], &[Truncated]),
            ("one not read", [NOT_READ, NATIVE], &[2, 3], &[Unsupported]),
            ("both cut short", [CUT_SHORT, CUT_SHORT], &[], &[Truncated, Truncated]),
            ("both not read", [NOT_READ, NOT_READ], &[0, 1, 2, 3], &[]),
            ("one of each", [CUT_SHORT, NOT_READ], &[2, 3], &[Truncated]),
        ] {
            let file = |change: Change| {
                let mut file = header("a");
                file.frames = vec![FrameHeader::of_instance(&file); 2];
                file.frames[1].index = 1;
                change(&mut file);
                file
            };
            let images = Images::new(changes.map(file).to_vec());
            let mut found = Vec::new();
            let readable = readable(&images.entries(), &mut found);
            let indices: Vec<usize> = readable.iter().map(|entry| entry.index).collect();
            assert_eq!(indices, kept, "{name}");
            let kinds: Vec<IssueKind> = found.iter().map(|issue| issue.kind).collect();
            assert_eq!(kinds, issues, "{name}");
        }
    }

    #[test]
    fn none_is_read_where_the_first_is_not() {
        for (name, change, expected) in
            [("read", NATIVE, None), ("not read", NOT_READ, Some(why().what()))]
        {
            let images = Images::new(vec![with("a", change), header("b")]);
            let mut issues = Vec::new();
            let found = why_unsupported(&images.entries(), &mut issues);
            assert_eq!(found.map(|error| error.what()), expected, "{name}");
            let paths: Vec<usize> = issues.iter().map(|issue| issue.paths.len()).collect();
            assert_eq!(paths, expected.map_or(vec![], |_| vec![2]), "{name}");
        }
        assert!(why_unsupported(&[], &mut Vec::new()).is_none());
    }

    #[test]
    fn images_with_places_of_their_own_are_not_said_to_lack_them() {
        let mut headers = regular()[..3].to_vec();
        for header in &mut headers {
            header.plane.position = None;
            NOT_READ(header);
        }
        let plan = plan(headers);
        assert_eq!(slices(&plan), "00 01 02");
        assert_eq!(findings(&plan), ["unsupported!: 00 01 02"]);
    }

    #[test]
    fn colours_are_the_last_axis() {
        let mut headers = regular();
        headers.iter_mut().for_each(|one| image_mut(one).samples_per_pixel = 3);
        assert_eq!(plan(headers).shape, [8, 5, 7, 3]);
    }

    #[test]
    fn a_plan_says_what_its_first_slice_says() {
        let mut headers = regular();
        headers[0].identity.modality = "PT".to_owned();
        headers[0].identity.series_number = Some(4);
        let found = plan(headers);
        assert_eq!((found.uid.as_str(), found.study_uid.as_str()), ("1.2", "1"));
        assert_eq!((found.modality.as_str(), found.description.as_str()), ("PT", "Secret"));
        assert_eq!((found.number, found.spacing), (Some(4), [2.5, 0.75, 0.5]));
        let files: Vec<usize> = found.set.slices.iter().flatten().map(|slice| slice.file).collect();
        assert_eq!(files, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
