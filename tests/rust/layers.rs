//! The layers of STYLE.md: a module uses only what stands to its right in its row, or in a row
//! below.

use std::fs;
use std::path::{Path, PathBuf};

/// The table of STYLE.md, top row first.
const LAYERS: [&[&str]; 6] = [
    &["labels", "series", "index"],
    &["pixel", "geometry"],
    &["functional_groups", "encapsulation", "codec", "image_description"],
    &["dataset", "parse", "value"],
    &["transfer_syntax", "dictionary"],
    &[
        "axes", "source", "workers", "inflate", "cursor", "limits", "memory", "error", "uid", "vr",
        "tag",
    ],
];

fn place(module: &str) -> Option<(usize, usize)> {
    let in_row = |row: &&[&str]| row.iter().position(|name| *name == module);
    LAYERS.iter().enumerate().find_map(|(row, names)| Some((row, in_row(names)?)))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a file names as `crate::module`.
fn used_modules(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for after in text.split("crate::").skip(1) {
        let names = match after.strip_prefix('{') {
            Some(group) => {
                group.split('}').next().unwrap_or("").split(',').map(str::trim).collect()
            }
            None => vec![after],
        };
        for name in names {
            let name: String =
                name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.starts_with(|c: char| c.is_lowercase()) {
                used.push(name);
            }
        }
    }
    used
}

#[test]
fn modules_use_only_what_is_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    assert!(files.len() > 20, "the source is where this test looks");
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&source).unwrap();
        let module = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        if module == "lib" {
            continue;
        }
        let Some(own) = place(&module) else {
            wrong.push(format!("{module} is in no layer: add it to STYLE.md and to this table"));
            continue;
        };
        for used in used_modules(&fs::read_to_string(&file).unwrap()) {
            match place(&used) {
                _ if used == module => {}
                Some(other) if other > own => {}
                Some(_) => wrong.push(format!(
                    "{} uses {used}, which stands above it or to its left",
                    inside.display()
                )),
                None => {
                    wrong.push(format!("{} uses {used}, which is in no layer", inside.display()))
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_is_that_of_the_style_guide() {
    let style = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../STYLE.md");
    let style = fs::read_to_string(style).unwrap();
    let is_row = |line: &&str| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit();
    // The first table is the core's.
    let rows: Vec<Vec<String>> = style
        .lines()
        .skip_while(|line| !is_row(line))
        .take_while(is_row)
        .map(|line| {
            let modules = line.split('|').nth(2).unwrap();
            modules.split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect()
        })
        .collect();
    assert_eq!(rows, LAYERS);
}

#[test]
fn uses_are_found_in_every_form() {
    let text = "use crate::tag::Tag;\n\
        use crate::{cursor::Cursor, vr::Vr};\n\
        fn f() -> crate::error::Result<()> {}";
    assert_eq!(used_modules(text), ["tag", "cursor", "vr", "error"]);
}
