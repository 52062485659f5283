//! The series of a folder: headers read in parallel, one plan for each series.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::header::{InstanceHeader, SERIES_INSTANCE_UID};
use super::image_state::ImageState;
use super::plan::{SeriesPlan, Unreadable, plan_series};
use super::tolerances::Tolerances;
use crate::dataset::DicomFile;
use crate::error::{Error, ErrorKind, Family, Result, SeriesFault};
use crate::parse::{ParseOptions, Stop};
use crate::source::FileList;
use crate::tag::Tag;
use crate::uid;
use crate::workers::{Tick, Workers, for_each};

/// What there was in a list of files.
#[derive(Debug)]
pub struct FoundSeries {
    /// The series that have images, sorted by study, Series Number and UID.
    pub series: Vec<SeriesPlan>,
    /// Files that were looked at.
    pub file_count: usize,
    /// Files of folders that are no DICOM files: how many of them look like what.
    pub skipped: BTreeMap<String, usize>,
    /// DICOM files that have no image: reports, structure sets.
    pub without_image: usize,
    /// Files and folders that cannot be read.
    pub errors: Vec<Error>,
}

/// Reads the header of one instance, its pixel data element included.
///
/// # Errors
///
/// If the file cannot be read, is no DICOM file, or has no elements.
pub fn read_instance_header(path: &Path) -> Result<InstanceHeader> {
    let options = ParseOptions { stop: Stop::After(Tag::PIXEL_DATA), ..ParseOptions::default() };
    let file = DicomFile::open(path, &options)?;
    if file.dataset.elements().is_empty() {
        return Err(Error::from(ErrorKind::Series(SeriesFault::NoElements)).in_file(path));
    }
    Ok(InstanceHeader::from_dataset(path.to_owned(), &file))
}

/// Reads the headers of `paths` in parallel; the results are in their order.
///
/// # Errors
///
/// If `tick` said to stop.
pub(super) fn read_instance_headers(
    paths: &[PathBuf],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Vec<Result<InstanceHeader>>> {
    let found: Vec<OnceLock<Result<InstanceHeader>>> =
        paths.iter().map(|_| OnceLock::new()).collect();
    for_each(
        paths.len(),
        workers,
        tick,
        || (),
        |(), index| {
            if let (Some(path), Some(slot)) = (paths.get(index), found.get(index)) {
                drop(slot.set(read_instance_header(path)));
            }
        },
    )?;
    Ok(found
        .into_iter()
        .map(|slot| slot.into_inner().unwrap_or_else(|| Err(ErrorKind::Cancelled.into())))
        .collect())
}

/// The Series Instance UID of a file whose header is damaged behind it.
fn series_of_damaged(path: &Path, error: &Error) -> Option<String> {
    if !matches!(error.family(), Family::Invalid | Family::Limit | Family::Unsupported) {
        return None;
    }
    let options =
        ParseOptions { stop: Stop::After(SERIES_INSTANCE_UID), ..ParseOptions::default() };
    let file = DicomFile::open(path, &options).ok()?;
    let value = file.dataset.value(file.dataset.find(SERIES_INSTANCE_UID)?).ok()?;
    Some(uid::trim(&value).to_owned()).filter(|uid| !uid.is_empty())
}

/// Reads the headers of `files` and says which volumes they make.
///
/// # Errors
///
/// If `tick` said to stop, or [`FileList::is_unasked`]. Otherwise a file that cannot be read costs
/// only itself.
pub fn find_series(
    files: FileList,
    workers: Workers,
    tolerances: &Tolerances,
    tick: Tick<'_>,
) -> Result<FoundSeries> {
    let FileList { files, named_count, mut errors, is_unasked } = files;
    let mut skipped = BTreeMap::new();
    let (mut headers, mut unreadable) = (Vec::with_capacity(files.len()), Vec::new());
    let results = read_instance_headers(&files, workers, tick)?;
    for (index, (path, result)) in files.iter().zip(results).enumerate() {
        match result {
            Ok(header) => match &header.image.state {
                // It ends or is damaged before it says of which series it is.
                ImageState::Invalid(error) if header.identity.series_instance_uid.is_empty() => {
                    unreadable.push(Unreadable {
                        path: path.clone(),
                        error: error.clone(),
                        series_instance_uid: Some(String::new()),
                    });
                    errors.push(error.clone().in_file(path));
                }
                _ => headers.push(header),
            },
            Err(error) if is_unasked && error.family() == Family::Io => return Err(error),
            Err(error) => {
                if let ErrorKind::NotDicom(looks_like) = error.kind()
                    && index >= named_count
                {
                    *skipped.entry(looks_like.to_string()).or_default() += 1;
                    continue;
                }
                let series_instance_uid = series_of_damaged(path, &error);
                unreadable.push(Unreadable {
                    path: path.clone(),
                    error: error.clone(),
                    series_instance_uid,
                });
                errors.push(error);
            }
        }
    }
    let without_image = headers.iter().filter(|header| !header.has_image()).count();
    let series = plan_series(headers, unreadable, tolerances);
    Ok(FoundSeries { series, file_count: files.len(), skipped, without_image, errors })
}
