//! Issues, and the report of one series.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::kind::IssueKind;

/// One irregularity of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// What it is about.
    pub kind: IssueKind,
    /// Whether it would make the affine, the order or the content of the volume a lie.
    pub is_error: bool,
    /// The files that it is about, each once.
    pub paths: Vec<PathBuf>,
    /// What was measured. Names end with what the number is: `_mm`, `_degrees`, `_count` or
    /// `_index` (from 0, of a slice of the volume).
    pub numbers: Vec<(&'static str, f64)>,
    /// (step of the leading axis, slice), from 0, of each place without an image.
    pub cells: Vec<(usize, usize)>,
    /// All of it in words, without the text of any value field.
    pub sentence: String,
}

/// What a rule has found, as a type of its own with numbers. [`Finding::about`] makes an [`Issue`]
/// of it.
pub(in crate::series) trait Finding: Sized {
    /// What kind of issue it is.
    fn kind(&self) -> IssueKind;

    /// Whether it would make the affine, the order or the content of the volume a lie.
    fn is_error(&self) -> bool;

    /// Its numbers by their names; `file_count` is the number of files that it is about.
    fn numbers(&self, file_count: usize) -> Vec<(&'static str, f64)>;

    /// It in words, without the text of any value field.
    fn sentence(&self) -> String;

    /// (step of the leading axis, slice) of each place without an image.
    fn cells(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }

    /// The issue that it is, about the files at `paths`.
    fn about(self, paths: impl IntoIterator<Item = PathBuf>) -> Issue {
        let paths = each_once(paths.into_iter().collect());
        Issue {
            kind: self.kind(),
            is_error: self.is_error(),
            numbers: self.numbers(paths.len()),
            cells: self.cells(),
            sentence: self.sentence(),
            paths,
        }
    }
}

/// Each path once, wherever frames of one file are in the order.
fn each_once(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    // Paths are compared as text, which is quicker by far.
    paths.dedup_by(|a, b| a.as_os_str() == b.as_os_str());
    let mut seen = HashSet::with_capacity(paths.len());
    let is_new: Vec<bool> = paths.iter().map(|path| seen.insert(path.as_os_str())).collect();
    let mut is_new = is_new.into_iter();
    paths.retain(|_| is_new.next().unwrap_or(true));
    paths
}

/// What is irregular in one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Files that cannot be read. A thousand of them may belong to any of a thousand stacks, which
    /// share the lists.
    pub unreadable: Vec<Arc<Vec<Issue>>>,
    /// The other issues, sorted by kind; those of one kind in slice order.
    pub issues: Vec<Issue>,
}

impl Report {
    /// All issues, sorted by kind.
    pub fn all(&self) -> impl Iterator<Item = &Issue> {
        self.unreadable.iter().flat_map(|issues| issues.iter()).chain(&self.issues)
    }

    /// Whether any issue is an error.
    pub fn has_errors(&self) -> bool {
        self.all().any(|issue| issue.is_error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::FileFinding;
    use super::*;

    fn issue(names: &[&str], is_error: bool) -> Issue {
        let finding = match is_error {
            true => FileFinding::CutShort { needed: 2, available: 1, present_frame_count: None },
            false => FileFinding::NotAnImage { file_count: 1 },
        };
        finding.about(names.iter().map(PathBuf::from))
    }

    #[test]
    fn an_issue_names_each_file_once() {
        for (names, expected) in [
            (&["a", "a", "b"][..], &["a", "b"][..]),
            (&["b", "a", "b", "a"], &["b", "a"]),
            (&["a", "A", "a/"], &["a", "A", "a/"]),
            (&[], &[]),
        ] {
            let found = issue(names, false);
            let found: Vec<_> = found.paths.iter().map(|path| path.to_str().unwrap()).collect();
            assert_eq!(found, expected);
        }
        assert_eq!(issue(&["a", "b", "a"], false).numbers, [("file_count", 2.0)]);
    }

    #[test]
    fn a_report_lists_unreadable_files_first() {
        let report = Report {
            unreadable: vec![Arc::new(vec![issue(&["a"], false), issue(&["b"], false)])],
            issues: vec![issue(&["c"], true)],
        };
        let paths: Vec<_> = report.all().map(|issue| issue.paths[0].to_str().unwrap()).collect();
        assert_eq!(paths, ["a", "b", "c"]);
        assert!(report.has_errors());
        assert!(!Report { issues: Vec::new(), ..report }.has_errors());
        let unreadable = vec![Arc::new(vec![issue(&["a"], true)])];
        assert!(Report { unreadable, issues: Vec::new() }.has_errors());
    }
}
