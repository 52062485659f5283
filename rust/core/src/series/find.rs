//! The series of a folder: headers read in parallel, one plan for each series.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::header::{InstanceHeader, SERIES_INSTANCE_UID};
use super::image_state::ImageState;
use super::misplaced::take_misplaced;
use super::plan::{SeriesPlan, Unreadable, plan_series};
use super::tolerances::Tolerances;
use crate::dataset::DicomFile;
use crate::error::{Error, ErrorKind, Family, LooksLike, Result, SeriesFault, watched};
use crate::memory::Cushion;
use crate::parse::{Leniencies, ParseOptions, Prefix, Rules};
use crate::source::{FileList, Given, Needs, add_special, given_at, in_rounds};
use crate::uid;
use crate::workers::{Tick, Workers, for_each};

/// The series of a list of files, and what the other files are.
#[derive(Debug)]
pub struct FoundSeries {
    /// The series that have images, sorted by study, Series Number and UID.
    pub series: Vec<SeriesPlan>,
    /// Files that were looked at.
    pub file_count: usize,
    /// Files of folders that are no DICOM files: how many of them look like what.
    pub skipped: BTreeMap<String, usize>,
    /// Paths that the caller has named whose files may have others in them: they are no DICOM
    /// files, or have directory records.
    pub may_hold: Vec<PathBuf>,
    /// DICOM files that have no image: reports, structure sets.
    pub without_image: usize,
    /// Files and folders that cannot be read.
    pub errors: Vec<Error>,
}

/// Reads the header of one instance, its pixel data element included.
///
/// # Errors
///
/// If the file or one of its values cannot be read, it is no DICOM file, or has no elements.
pub(super) fn read_instance_header(
    path: &Path,
    given: Option<&Given>,
    prefix: Prefix,
) -> Result<InstanceHeader> {
    let read = || {
        let options = ParseOptions { prefix, ..ParseOptions::default() };
        let file = DicomFile::open_given(path, given, &options)?;
        if file.dataset.elements().is_empty() {
            let error = Error::from(ErrorKind::Series(SeriesFault::NoElements));
            return Err(match given {
                Some(given) => given.reason(error),
                None => error,
            });
        }
        let header = InstanceHeader::from_dataset(path.to_owned(), &file);
        if let (ImageState::Invalid(error), Some(given)) = (&header.image.state, given) {
            given.check_after(error)?;
        }
        Ok(InstanceHeader { given_number: given.map(|given| given.number), ..header })
    };
    watched(read).map_err(|error| error.in_file(path))
}

/// Reads the headers of `paths`, or of what was `given` under these names, in parallel; the results
/// are in their order.
///
/// # Errors
///
/// If `tick` said to stop.
pub(super) fn read_instance_headers(
    paths: &[PathBuf],
    given: &[Option<Given>],
    prefix: Prefix,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Vec<Result<InstanceHeader>>> {
    let found: Vec<OnceLock<Result<InstanceHeader>>> =
        paths.iter().map(|_| OnceLock::new()).collect();
    let read = |index: usize| {
        let given = given_at(given, index);
        if let (Some(path), Some(slot)) = (paths.get(index), found.get(index)) {
            let mut header = read_instance_header(path, given, prefix);
            if let Some(fetched) = given.and_then(Given::fetched) {
                if fetched.is_waiting() {
                    return;
                }
                header = fetched.unless_failed(header).map_err(|error| error.in_file(path));
            }
            drop(slot.set(header));
        }
    };
    if given.iter().flatten().any(|given| given.fetched().is_some()) {
        read_fetched(paths.len(), given, workers, tick, read)?;
    } else {
        for_each(paths.len(), workers, tick, || (), |(), index| read(index))?;
    }
    Ok(found
        .into_iter()
        .map(|slot| slot.into_inner().unwrap_or_else(|| Err(ErrorKind::Cancelled.into())))
        .collect())
}

/// Calls `read` with the files whose bytes are at hand, then with those that are fetched, some at a
/// time; a file that needs more than was fetched comes again.
fn read_fetched(
    count: usize,
    given: &[Option<Given>],
    workers: Workers,
    tick: Tick<'_>,
    read: impl Fn(usize) + Sync,
) -> Result<()> {
    let fetched = |index: usize| {
        given_at(given, index).and_then(Given::fetched).filter(|file| file.whole().is_none())
    };
    let (far, near): (Vec<usize>, Vec<usize>) =
        (0..count).partition(|index| fetched(*index).is_some());
    let each = |chosen: &[usize], tick: Tick<'_>| {
        let one = |(): &mut (), number: usize| {
            if let Some(index) = chosen.get(number) {
                read(*index);
            }
        };
        for_each(chosen.len(), workers, tick, || (), one)
    };
    each(&near, &mut *tick)?;
    let needs: Vec<_> = far.iter().filter_map(|index| fetched(*index)).map(Needs::header).collect();
    let mut kept_length: u64 = 0;
    in_rounds(
        &needs,
        &mut |done| tick(near.len() + done),
        |numbers, tick| {
            let chosen = numbers.iter().filter_map(|number| far.get(*number).copied());
            each(&chosen.collect::<Vec<_>>(), tick)
        },
        |numbers| {
            for need in numbers.iter().filter_map(|number| needs.get(*number)) {
                // What was fetched of pixels need not be fetched again.
                kept_length += if kept_length < KEPT_BYTES { need.file.kept_length() } else { 0 };
                if kept_length >= KEPT_BYTES {
                    need.file.forget();
                }
            }
        },
    )
}

/// What is kept of files that are fetched, from their headers to their pixels.
const KEPT_BYTES: u64 = 256 << 20;

/// The Series Instance UID of a file whose header is damaged, if what can be read has it.
///
/// # Errors
///
/// If the machine fails.
fn series_of_damaged(
    path: &Path,
    given: Option<&Given>,
    prefix: Prefix,
    error: &Error,
) -> Result<Option<String>> {
    if !matches!(error.family(), Family::Invalid | Family::Limit | Family::Unsupported) {
        return Ok(None);
    }
    let rules = Rules { leniencies: Leniencies::ALL, ..Rules::default() };
    let options = ParseOptions { rules, prefix, ..ParseOptions::default() };
    let read = || {
        let file = DicomFile::open_given(path, given, &options)?;
        let Some(element) = file.dataset.find(SERIES_INSTANCE_UID) else { return Ok(None) };
        let value = file.dataset.value(element)?;
        Ok(Some(uid::trim(&value).to_owned()).filter(|uid| !uid.is_empty()))
    };
    match watched(read).map_err(|error| error.in_file(path)) {
        Err(error) if !error.is_of_machine() => Ok(None),
        found => found,
    }
}

/// Reads the headers of `files` and plans the volume of each series.
///
/// ```
/// use rapidicom_core::series::{Tolerances, find_series};
/// use rapidicom_core::{Prefix, Workers, list_files};
///
/// # fn main() -> rapidicom_core::Result<()> {
/// let folder = "../../tests/data/brain-mr".into();
/// let files = list_files(&[folder], true, 1, &mut |_| true)?;
/// let workers = Workers::for_headers(None);
/// let found = find_series(files, Prefix::Needed, workers, &Tolerances::DEFAULT, &mut |_| true)?;
/// let brain = &found.series[0];
/// assert_eq!(brain.shape, [40, 80, 80]);
/// assert!(!brain.report.has_errors());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If `tick` said to stop, the machine failed, or [`FileList::is_unasked`]. Otherwise a file that
/// cannot be read costs only itself, and is in the reports of the series that it may be of.
pub fn find_series(
    files: FileList,
    prefix: Prefix,
    workers: Workers,
    tolerances: &Tolerances,
    tick: Tick<'_>,
) -> Result<FoundSeries> {
    let FileList { files, given, named_count, is_of_table, mut errors, special_count, is_unasked } =
        files;
    let _cushion = Cushion::for_files(files.len())?;
    let mut skipped = BTreeMap::new();
    add_special(&mut skipped, special_count);
    let mut may_hold = Vec::new();
    let mut headers = Vec::with_capacity(files.len());
    let mut indices = Vec::with_capacity(files.len());
    let mut unreadable: Vec<Unreadable> = errors.iter().filter_map(Unreadable::of_path).collect();
    let results = read_instance_headers(&files, &given, prefix, workers, tick)?;
    for (index, (path, result)) in files.iter().zip(results).enumerate() {
        let is_chosen = index < named_count && !is_of_table;
        let is_named_path = index < named_count && given_at(&given, index).is_none();
        match result {
            Ok(header) => match &header.image.state {
                // It ends or is damaged before it says of which series it is.
                ImageState::Invalid(error) if header.identity.series_instance_uid.is_empty() => {
                    unreadable.push(Unreadable {
                        path: path.clone(),
                        error: error.clone(),
                        series_instance_uid: Some(String::new()),
                        is_named: is_chosen,
                    });
                    errors.push(error.clone().in_file(path));
                }
                _ => {
                    let is_holder = is_named_path && header.identity.is_directory();
                    may_hold.extend(is_holder.then(|| path.clone()));
                    headers.push(header);
                    indices.push(index);
                }
            },
            Err(error) if error.is_of_machine() || is_unasked && error.family() == Family::Io => {
                return Err(error);
            }
            Err(error) => {
                if let ErrorKind::NotDicom(looks_like) = error.kind()
                    && index >= named_count
                {
                    skip(*looks_like, &error, &mut skipped, &mut unreadable);
                    continue;
                }
                let is_holder = is_named_path && matches!(error.kind(), ErrorKind::NotDicom(_));
                may_hold.extend(is_holder.then(|| path.clone()));
                let given = given_at(&given, index);
                unreadable.push(Unreadable {
                    path: path.clone(),
                    error: error.clone(),
                    series_instance_uid: series_of_damaged(path, given, prefix, &error)?,
                    is_named: is_chosen,
                });
                errors.push(error);
            }
        }
    }
    let damaged = take_misplaced(&mut headers, &indices, &given)?;
    errors.extend(damaged.iter().map(|file| file.error.clone()));
    unreadable.extend(damaged);
    let without_image = headers.iter().filter(|header| !header.has_image()).count();
    let series = plan_series(headers, unreadable, tolerances);
    Ok(FoundSeries { series, file_count: files.len(), skipped, may_hold, without_image, errors })
}

/// Counts a file of a folder that is not DICOM; one without its prefix may be a slice.
fn skip(
    looks_like: LooksLike,
    error: &Error,
    skipped: &mut BTreeMap<String, usize>,
    unreadable: &mut Vec<Unreadable>,
) {
    *skipped.entry(looks_like.to_string()).or_default() += 1;
    if looks_like == LooksLike::BareDataset {
        unreadable.extend(Unreadable::of_path(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::{Folder, NATIVE, bytes_of, slice_of};
    use crate::source::list_files;

    type Value<'a> = (u16, u16, &'a str, &'a [u8]);

    const NO_PIXELS: Value<'_> = (0x7FE0, 0x0010, "--", b"");
    const NO_ROWS: Value<'_> = (0x0028, 0x0010, "--", b"");
    const NO_SERIES: Value<'_> = (0x0020, 0x000E, "--", b"");

    fn find(folder: &Folder, names: &[&str]) -> Result<FoundSeries> {
        let mut paths: Vec<PathBuf> = names.iter().map(|name| folder.path(name)).collect();
        if names.is_empty() {
            paths.push(folder.0.clone());
        }
        let files = list_files(&paths, true, 1, &mut |_| true)?;
        let workers = Workers::for_headers(Some(1));
        find_series(files, Prefix::Needed, workers, &Tolerances::DEFAULT, &mut |_| true)
    }

    #[test]
    fn files_of_a_folder_are_series_or_counted() {
        let folder = Folder::new(&[
            ("slice", slice_of(NATIVE, &[])),
            ("report", slice_of(NATIVE, &[NO_PIXELS, NO_ROWS])),
            ("text", b"words, and many more of them".repeat(9)),
            ("damaged", slice_of(NATIVE, &[NO_ROWS, NO_SERIES])),
            ("nothing", bytes_of(NATIVE, &[])),
        ]);
        let found = find(&folder, &[]).unwrap();
        assert_eq!((found.file_count, found.without_image, found.series.len()), (5, 1, 1));
        assert_eq!(found.skipped, BTreeMap::from([("a text file".to_owned(), 1)]));
        let errors: Vec<(PathBuf, String)> = found
            .errors
            .iter()
            .map(|error| (error.path().unwrap().to_owned(), error.what()))
            .collect();
        let no_rows = "(0028,0010) Rows: Rows is missing, which Pixel Data needs";
        let expected = [("damaged", no_rows), ("nothing", "it has no data elements")];
        let expected = expected.map(|(name, what)| (folder.path(name), what.to_owned()));
        assert_eq!(errors, expected);
        let series = &found.series[0];
        let slices: Vec<_> = series.set.present().map(|(file, _)| file.path.clone()).collect();
        assert_eq!((series.uid.as_str(), slices), ("1.2.3", vec![folder.path("slice")]));
        let unreadable: Vec<_> =
            series.report.unreadable.iter().flat_map(|issues| issues.iter()).collect();
        assert_eq!(unreadable.len(), 2);
        assert!(unreadable.iter().all(|issue| !issue.is_error), "they may be of other series");
    }

    #[test]
    fn a_data_set_without_its_prefix_may_be_a_slice() {
        let mut damaged = slice_of(NATIVE, &[]);
        damaged.splice(..132, []);
        let mut flipped = slice_of(NATIVE, &[]);
        flipped[129] ^= 1;
        let files = [("slice", slice_of(NATIVE, &[])), ("bare", damaged), ("flipped", flipped)];
        let folder = Folder::new(&files);
        for (names, is_error) in [(&[][..], false), (&["slice", "bare", "flipped"][..], true)] {
            let found = find(&folder, names).unwrap();
            let series = &found.series[0].report;
            let issues: Vec<_> = series.unreadable.iter().flat_map(|them| them.iter()).collect();
            assert_eq!(issues.len(), 2, "{names:?}");
            assert!(issues.iter().all(|issue| issue.is_error == is_error), "{names:?}");
        }
    }

    #[test]
    fn a_file_that_is_named_must_be_dicom() {
        let folder = Folder::new(&[("text", b"words, and many more of them".repeat(9))]);
        let found = find(&folder, &["text"]).unwrap();
        assert_eq!((found.skipped.len(), found.errors.len(), found.file_count), (0, 1, 1));
    }

    #[test]
    fn a_file_that_is_damaged_after_its_uid_is_of_its_series() {
        let mut damaged = slice_of(NATIVE, &[NO_PIXELS]);
        damaged.extend(b"\x30\0\0\0UL\x04");
        let folder = Folder::new(&[("a", slice_of(NATIVE, &[])), ("b", damaged)]);
        let error = ErrorKind::HeaderTooLong { limit: 1 }.into();
        let of = |name: &str, error: &Error| {
            series_of_damaged(&folder.path(name), None, Prefix::Needed, error).unwrap()
        };
        assert_eq!(of("a", &error).as_deref(), Some("1.2.3"));
        assert_eq!(of("b", &error).as_deref(), Some("1.2.3"));
        assert_eq!(of("absent", &error), None);
        assert_eq!(of("a", &ErrorKind::FileChanged.into()), None, "nobody could read it");
        let folder = Folder::new(&[("a", slice_of(NATIVE, &[NO_SERIES]))]);
        let found = series_of_damaged(&folder.path("a"), None, Prefix::Needed, &error);
        assert_eq!(found.unwrap(), None);
    }

    #[test]
    fn a_folder_of_other_files_has_no_series() {
        let folder = Folder::new(&[("text", b"words, and many more of them".repeat(9))]);
        let found = find(&folder, &[]).unwrap();
        assert_eq!((found.series.len(), found.errors.len(), found.file_count), (0, 0, 1));
        assert_eq!(found.skipped, BTreeMap::from([("a text file".to_owned(), 1)]));
    }

    #[test]
    fn an_image_that_contradicts_itself_is_reported_in_its_series() {
        let files = [("a", slice_of(NATIVE, &[])), ("b", slice_of(NATIVE, &[NO_ROWS]))];
        let found = find(&Folder::new(&files), &[]).unwrap();
        assert_eq!((found.errors.len(), found.without_image, found.series.len()), (0, 0, 1));
        let report = &found.series[0].report;
        let issues: Vec<_> = report.unreadable.iter().flat_map(|issues| issues.iter()).collect();
        assert!(matches!(issues[..], [issue] if issue.is_error), "{issues:?}");
    }

    #[test]
    fn files_that_nobody_asked_for_must_be_there() {
        let folder = Folder::new(&[("text", b"words, and many more of them".repeat(9))]);
        let list = |name: &str, is_unasked| {
            let (files, errors) = (vec![folder.path(name)], Vec::new());
            let files =
                FileList { files, named_count: 1, errors, is_unasked, ..FileList::default() };
            let workers = Workers::for_headers(Some(1));
            find_series(files, Prefix::Needed, workers, &Tolerances::DEFAULT, &mut |_| true)
        };
        let error = list("absent", true).unwrap_err();
        assert_eq!((error.family(), error.path()), (Family::Io, Some(&*folder.path("absent"))));
        for (name, is_unasked) in [("absent", false), ("text", true)] {
            assert_eq!(list(name, is_unasked).unwrap().errors.len(), 1, "{name}");
        }
    }
}
