//! The limits of STYLE.md on how long things are, and how many files have tests beside their code.
//! Clippy counts the lines of functions (`clippy.toml`).

use std::fs;
use std::path::{Path, PathBuf};

/// Columns of a line, code and comment alike.
const LINE_LENGTH: usize = 100;
/// Lines of a file, its tests included.
const FILE_LENGTH: usize = 500;
/// The part of the core's files whose tests stand beside the code, in per cent.
const TESTED: usize = 60;

/// Tables that `tools/generate_dictionary.py` writes.
const GENERATED: [&str; 3] = ["elements.rs", "private_elements.rs", "uids.rs"];

fn is_generated(path: &Path) -> bool {
    let is_table = path.parent().is_some_and(|folder| folder.ends_with("dictionary"));
    is_table && GENERATED.iter().any(|name| path.ends_with(name))
}

/// The Rust files below a folder of the repository that people write.
fn written_files(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !is_generated(&path)
            {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "the source is where this test looks");
    found
}

fn all_files() -> Vec<(PathBuf, String)> {
    ["rust/core/src", "rust/python/src", "tests/rust", "tests/fuzz", "benches/rust"]
        .into_iter()
        .flat_map(written_files)
        .collect()
}

#[test]
fn lines_fit_the_columns_of_a_window() {
    let mut long = Vec::new();
    for (path, text) in all_files() {
        for (number, line) in text.lines().enumerate() {
            if line.chars().count() > LINE_LENGTH {
                long.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert!(long.is_empty(), "over {LINE_LENGTH} columns:\n{}", long.join("\n"));
}

#[test]
fn files_hold_one_idea() {
    let long: Vec<String> = all_files()
        .iter()
        .filter(|(_, text)| text.lines().count() > FILE_LENGTH)
        .map(|(path, text)| format!("{}: {} lines", path.display(), text.lines().count()))
        .collect();
    assert!(long.is_empty(), "over {FILE_LENGTH} lines:\n{}", long.join("\n"));
}

/// Whether a file is a map, which holds no logic: module list, re-exports, documentation.
fn is_map(path: &Path, text: &str) -> bool {
    (path.ends_with("mod.rs") || path.ends_with("lib.rs")) && !text.contains("fn ")
}

/// Whether a file of the core is nothing but tests.
fn is_test(path: &Path) -> bool {
    let inside = path.to_str().unwrap().rsplit_once("/src/").unwrap().1;
    inside.ends_with("tests.rs") || inside.contains("tests/")
}

#[test]
fn most_files_of_the_core_have_tests_beside_the_code() {
    let files = written_files("rust/core/src");
    let is_code = |(path, text): &&(PathBuf, String)| !is_test(path) && !is_map(path, text);
    let (with, without): (Vec<_>, Vec<_>) =
        files.iter().filter(is_code).partition(|(_, text)| text.contains("#[cfg(test)]"));
    let names: Vec<String> = without.iter().map(|(path, _)| path.display().to_string()).collect();
    assert!(
        with.len() * 100 >= (with.len() + without.len()) * TESTED,
        "{} of {} files have tests beside the code; these have none:\n{}",
        with.len(),
        with.len() + without.len(),
        names.join("\n")
    );
}
