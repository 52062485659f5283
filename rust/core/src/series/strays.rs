//! Files of which nobody can say which series they are of: in whose reports they are.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::plan::{Files, Unreadable, unreadable_issue};
use super::report::Issue;
use crate::error::{ErrorKind, Family, LooksLike};

/// Reports `strays` in the series that have files in the same folder; if there are none, in those
/// below the nearest folder further up that has some; and if that is nowhere, in all of them.
pub(super) fn report_strays<'a>(
    strays: &[Unreadable],
    series: impl Iterator<Item = &'a mut Files>,
) {
    if strays.is_empty() {
        return;
    }
    let mut series: Vec<&mut Files> = series.collect();
    let shelves = Shelves::new(&series);
    let mut by_home: HashMap<Home, Vec<Issue>> = HashMap::new();
    for file in strays {
        let is_error = may_be_a_slice(file, series.len());
        let issue = unreadable_issue(&file.path, &file.error, is_error);
        by_home.entry(shelves.home(&file.path)).or_default().push(issue);
    }
    // Those of the folder itself come first.
    let mut by_home: Vec<(Home, Vec<Issue>)> = by_home.into_iter().collect();
    by_home.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (home, issues) in by_home {
        let issues = Arc::new(issues);
        let of_home = match &home {
            Home::In(folder) => shelves.inside.get(folder),
            Home::Below(folder) => shelves.below.get(folder),
            Home::Anywhere => None,
        };
        match of_home {
            Some(indices) => {
                for index in indices {
                    if let Some(files) = series.get_mut(*index) {
                        files.strays.push(Arc::clone(&issues));
                    }
                }
            }
            None => series.iter_mut().for_each(|files| files.strays.push(Arc::clone(&issues))),
        }
    }
}

/// Whether a file is likely to be a slice that is missing: it cannot be had, as a damaged member of
/// an archive, or it is damaged, and the caller has named it with the files of one series.
fn may_be_a_slice(file: &Unreadable, series_count: usize) -> bool {
    let kind = file.error.kind();
    let is_dicom = match kind {
        ErrorKind::NotDicom(looks_like) => *looks_like == LooksLike::BareDataset,
        _ => true,
    };
    file.error.family() == Family::Io
        || matches!(kind, ErrorKind::Fetch(_) | ErrorKind::Checksum)
        || (file.is_named && is_dicom && series_count == 1)
}

/// Which series a stray may be of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Home {
    /// Those with files in this folder.
    In(PathBuf),
    /// Those with files somewhere below it.
    Below(PathBuf),
    Anywhere,
}

/// Which series have files in a folder, and which somewhere below it.
#[derive(Default)]
struct Shelves {
    inside: HashMap<PathBuf, Vec<usize>>,
    below: HashMap<PathBuf, Vec<usize>>,
}

impl Shelves {
    fn new(series: &[&mut Files]) -> Shelves {
        let mut shelves = Shelves::default();
        for (index, files) in series.iter().enumerate() {
            let folders: HashSet<&Path> =
                files.headers.iter().filter_map(|header| header.path.parent()).collect();
            let above: HashSet<&Path> =
                folders.iter().flat_map(|folder| folder.ancestors()).collect();
            for (paths, shelf) in [(folders, &mut shelves.inside), (above, &mut shelves.below)] {
                for path in paths {
                    shelf.entry(path.to_owned()).or_default().push(index);
                }
            }
        }
        shelves
    }

    fn home(&self, path: &Path) -> Home {
        let folder = path.parent().unwrap_or(path);
        if self.inside.contains_key(folder) {
            return Home::In(folder.to_owned());
        }
        let above = folder.ancestors().find(|folder| self.below.contains_key(*folder));
        above.map_or(Home::Anywhere, |folder| Home::Below(folder.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::series::tests::synthetic::regular;

    fn files(paths: &[&str]) -> Files {
        let mut headers = regular();
        headers.truncate(paths.len());
        headers.iter_mut().zip(paths).for_each(|(header, path)| header.path = path.into());
        Files { headers, ..Files::default() }
    }

    #[test]
    fn strays_are_reported_where_they_may_be_of_a_series() {
        for (stray, expected) in [
            ("/p1/a/bad", [true, false, false, false]),
            ("/p1/b/bad", [false, true, false, false]),
            // The images of a folder come before those further down.
            ("/p2/bad", [false, false, true, false]),
            ("/p2/d/bad", [false, false, false, true]),
            ("/p2/closed/bad", [false, false, true, true]),
            ("/p1/closed", [true, true, false, false]),
            ("/closed", [true; 4]),
            ("/p9/c/bad", [true; 4]),
            ("elsewhere", [true; 4]),
        ] {
            let mut series = [
                files(&["/p1/a/1", "/p1/a/2"]),
                files(&["/p1/b/1"]),
                files(&["/p2/1", "/p2/2"]),
                files(&["/p2/d/1"]),
            ];
            let error = Error::from(ErrorKind::FileChanged);
            let stray = Unreadable {
                path: stray.into(),
                error,
                series_instance_uid: None,
                is_named: false,
            };
            report_strays(std::slice::from_ref(&stray), series.iter_mut());
            let found = series.each_ref().map(|files| files.strays.len() == 1);
            assert_eq!(found, expected, "{}", stray.path.display());
        }
    }

    #[test]
    fn what_may_be_a_slice_is_an_error() {
        let io = || Error::from(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        let damaged = || Error::from(ErrorKind::NotDeflated);
        let text = || ErrorKind::NotDicom(LooksLike::Text).into();
        let bare = || ErrorKind::NotDicom(LooksLike::BareDataset).into();
        for (name, error, is_named, count, expected) in [
            ("refused", io(), false, 1, true),
            ("refused, of one of two series", io(), false, 2, true),
            ("damaged, in a folder", damaged(), false, 1, false),
            ("damaged", damaged(), true, 1, true),
            ("damaged, of one of two series", damaged(), true, 2, false),
            ("text", text(), true, 1, false),
            ("without a prefix, in a folder", bare(), false, 1, false),
            ("without a prefix", bare(), true, 1, true),
            ("without a prefix, of one of two series", bare(), true, 2, false),
        ] {
            let mut series: Vec<Files> = (0..count).map(|_| files(&["/a/1"])).collect();
            let path = "/a/2".into();
            let stray = Unreadable { path, error, series_instance_uid: None, is_named };
            report_strays(&[stray], series.iter_mut());
            let issues = series.iter().flat_map(|files| &files.strays);
            let found: Vec<bool> =
                issues.flat_map(|issues| issues.iter().map(|issue| issue.is_error)).collect();
            assert_eq!(found, vec![expected; count], "{name}");
        }
    }
}
