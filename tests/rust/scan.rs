//! The header table: what becomes a row, a value, an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rapidicom_core::index::{
    ColumnSpec, FileEntry, Numbers, OnError, Outcome, Remembered, Table, Values, compare, look_at,
    scan, scan_rest,
};
use rapidicom_core::{Prefix, Result, Sources, Workers, list_files};

use crate::bytes::{ITEM, ITEM_END, element, file, item, rich_dataset};

/// A folder that is removed with its files.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, Vec<u8>)]) -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("rapidicom-scan-{}-{number}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        for (name, bytes) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        Folder(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(paths: &[PathBuf], columns: &[&str], workers: usize, on_error: OnError) -> Result<Table> {
    let columns: Vec<_> = columns.iter().map(|column| ColumnSpec::parse(column).unwrap()).collect();
    let files = list_files(paths, true, workers, &mut |_| true)?;
    scan(
        files,
        &columns,
        Prefix::Needed,
        Workers::for_computing(Some(workers)),
        on_error,
        &mut |_| true,
    )
}

fn floats<'t>(table: &'t Table, name: &str) -> &'t Numbers<f64> {
    match table.column(name) {
        Some(Values::Float(numbers)) => numbers,
        other => panic!("{name}: {other:?}"),
    }
}

fn ints(table: &Table, name: &str) -> Vec<Option<i64>> {
    match table.column(name) {
        Some(Values::Int(numbers)) => (0..table.paths.len())
            .map(|row| numbers.get(row).and_then(<[i64]>::first).copied())
            .collect(),
        other => panic!("{name}: {other:?}"),
    }
}

fn texts<'t>(table: &'t Table, name: &str) -> Vec<Option<&'t str>> {
    match table.column(name) {
        Some(Values::Text(texts)) => (0..table.paths.len()).map(|row| texts.get(row)).collect(),
        other => panic!("{name}: {other:?}"),
    }
}

/// A file with a position and a number.
fn image(number: &str, position: &str) -> Vec<u8> {
    file(
        &[
            element(0x0020, 0x0013, b"IS", number.as_bytes()),
            element(0x0020, 0x0032, b"DS", position.as_bytes()),
        ]
        .concat(),
    )
}

#[test]
fn rows_come_in_the_order_of_paths_whatever_the_number_of_threads() {
    let files: Vec<(String, Vec<u8>)> =
        (0..50).map(|k| (format!("{k:02}"), image(&format!("{k:02}"), "1\\2\\3 "))).collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let folder = Folder::new(&files);
    for workers in [1, 2, 5] {
        let table = read(
            std::slice::from_ref(&folder.0),
            &["InstanceNumber", "ImagePositionPatient"],
            workers,
            OnError::Stop,
        )
        .unwrap();
        assert_eq!(ints(&table, "InstanceNumber"), (0..50).map(Some).collect::<Vec<_>>());
        assert!(table.paths.is_sorted());
        let positions = floats(&table, "ImagePositionPatient");
        assert_eq!((positions.width, positions.values.len()), (Some(3), 150));
        assert!((0..50).all(|row| positions.get(row) == Some(&[1.0, 2.0, 3.0])));
    }
}

#[test]
fn a_value_that_does_not_fit_is_missing_and_named() {
    let folder = Folder::new(&[
        ("a", image("x ", "1\\2 ")),
        ("b", image("  ", "1\\2\\3 ")),
        ("c", file(&[])),
    ]);
    let table = read(
        std::slice::from_ref(&folder.0),
        &["InstanceNumber", "ImagePositionPatient"],
        2,
        OnError::Stop,
    )
    .unwrap();
    assert_eq!(ints(&table, "InstanceNumber"), [None, None, None]);
    assert_eq!(floats(&table, "ImagePositionPatient").lengths, [0, 3, 0]);
    let invalid: Vec<_> = table.invalid.iter().map(|entry| (entry.row, entry.column)).collect();
    assert_eq!(invalid, [(0, 0), (0, 1)]);
}

#[test]
fn a_header_that_ends_too_early_is_an_error_and_not_a_row_of_nothing() {
    let whole = file(
        &[element(0x0010, 0x0020, b"LO", b"1234"), element(0x0020, 0x0013, b"IS", b"1234")]
            .concat(),
    );
    let files = [("in a header", 9), ("in a value", 2), ("in another value", 14)];
    let folder =
        Folder::new(&files.map(|(name, missing)| (name, whole[..whole.len() - missing].to_vec())));
    let table =
        read(std::slice::from_ref(&folder.0), &["InstanceNumber"], 1, OnError::Collect).unwrap();
    assert_eq!((table.paths.len(), table.errors.len()), (0, 3));
    // A stray item is no element behind the last wanted one: what follows it is found. The end of
    // an item may have cut off the rest.
    let instance_number = element(0x0020, 0x0013, b"IS", b"1234");
    let stray = |stray: Vec<u8>| {
        file(&[element(0x0010, 0x0020, b"LO", b"1234"), stray, instance_number.clone()].concat())
    };
    let other = Folder::new(&[
        ("item", stray([item(ITEM, 4), vec![0; 4]].concat())),
        ("end of an item", stray(item(ITEM_END, 0))),
    ]);
    let table =
        read(std::slice::from_ref(&other.0), &["InstanceNumber"], 1, OnError::Collect).unwrap();
    assert_eq!(ints(&table, "InstanceNumber"), [Some(1234)]);
    assert_eq!(table.errors.len(), 1);
    // Whichever columns are asked for.
    for names in [&["PatientID"][..], &["TransferSyntaxUID"], &[]] {
        let table = read(&[folder.path("in a value")], names, 1, OnError::Collect).unwrap();
        assert_eq!((table.paths.len(), table.errors.len()), (0, 1), "{names:?}");
    }
}

#[test]
fn what_is_named_must_be_dicom_and_what_is_found_may_be_anything() {
    let bad = file(&[0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let folder = Folder::new(&[
        ("2", image("2 ", "")),
        ("1", image("1 ", "")),
        ("notes.txt", b"no DICOM".to_vec()),
        ("more/empty", Vec::new()),
        ("more/bad", bad),
    ]);
    let paths = [folder.path("2"), folder.path("notes.txt"), folder.0.clone()];
    let table = read(&paths, &["InstanceNumber"], 2, OnError::Collect).unwrap();
    // The named ones first, and not again where the folder leads to them.
    assert_eq!(ints(&table, "InstanceNumber"), [Some(2), Some(1)]);
    assert_eq!(table.skipped.values().sum::<usize>(), 1);
    let errors: Vec<_> =
        table.errors.iter().map(|error| error.path().unwrap().to_owned()).collect();
    assert_eq!(errors, [folder.path("notes.txt"), folder.path("more/bad")]);

    let error = read(&paths, &["InstanceNumber"], 2, OnError::Stop).unwrap_err();
    assert_eq!(error.path(), Some(&*folder.path("notes.txt")));
    assert!(read(&[folder.path("absent")], &[], 1, OnError::Collect).is_err());
}

#[test]
fn paths_lead_into_items() {
    let steps =
        [element(0x0040, 0x0007, b"LO", b"Head"), element(0x0040, 0x0009, b"SH", b"s1")].concat();
    let other = element(0x0040, 0x0007, b"LO", b"Neck");
    let items =
        [item(ITEM, steps.len() as u32), steps, item(ITEM, other.len() as u32), other].concat();
    let folder = Folder::new(&[
        ("a", file(&element(0x0040, 0x0275, b"SQ", &items))),
        ("b", file(&rich_dataset())),
    ]);
    let names = [
        "RequestAttributesSequence.ScheduledProcedureStepDescription",
        "RequestAttributesSequence[1].ScheduledProcedureStepDescription",
        "RequestAttributesSequence[2].ScheduledProcedureStepDescription",
        "SourceImageSequence[1].ReferencedSOPInstanceUID",
        "TransferSyntaxUID",
    ];
    let table = read(std::slice::from_ref(&folder.0), &names, 1, OnError::Stop).unwrap();
    let syntax = Some("1.2.840.10008.1.2.1");
    for (name, expected) in names.iter().zip([
        [Some("Head"), None],
        [Some("Neck"), None],
        [None, None],
        [None, Some("1.2.4")],
        [syntax, syntax],
    ]) {
        assert_eq!(texts(&table, name), expected, "{name}");
    }
    assert!(table.invalid.is_empty());
}

#[test]
fn a_stop_is_heard_and_a_table_of_nothing_is_empty() {
    let folder = Folder::new(&[("a", image("1 ", ""))]);
    let files = list_files(std::slice::from_ref(&folder.0), true, 1, &mut |_| true).unwrap();
    assert!(
        scan(
            files,
            &[],
            Prefix::Needed,
            Workers::for_computing(Some(1)),
            OnError::Collect,
            &mut |_| false
        )
        .is_err()
    );
    let table = read(&[], &["Rows"], 1, OnError::Stop).unwrap();
    assert_eq!((table.paths.len(), ints(&table, "Rows").len()), (0, 0));
    let table = read(&[Path::new(&folder.0).to_owned()], &[], 1, OnError::Stop).unwrap();
    assert_eq!((table.paths.len(), table.columns.len()), (1, 0));
}

/// What a scan leaves, and whether the next one is the same.
fn scan_again(
    folder: &Path,
    columns: &[ColumnSpec],
    earlier: Option<(Table, Vec<FileEntry>)>,
) -> (bool, usize, Table, Vec<FileEntry>) {
    let (table, entries) = earlier.unwrap_or_default();
    let mut remembered = Remembered::default();
    for entry in entries {
        remembered.push(entry.path.as_os_str(), entry.state, entry.outcome);
    }
    let values: Vec<Values> = table.columns.into_iter().map(|column| column.values).collect();
    let workers = Workers::for_computing(Some(2));
    let sources = Sources { names: vec![folder.to_owned()], given: Vec::new() };
    let tick = &mut |_| true;
    let index = folder.join("index");
    let listed = look_at(&sources, true, &index, workers, &mut *tick).unwrap();
    let found = compare(listed, &remembered, OnError::Collect).unwrap();
    let (is_unchanged, unknown) = (found.is_unchanged(&remembered), found.unknown_count());
    let reason = |error: &rapidicom_core::Error| error.what();
    let (table, entries) = scan_rest(
        found,
        &remembered,
        values,
        &table.invalid,
        columns,
        Prefix::Needed,
        reason,
        workers,
        OnError::Collect,
        tick,
    )
    .unwrap();
    (is_unchanged, unknown, table, entries)
}

#[test]
fn files_that_are_the_same_are_not_read_again() {
    let bad = [&[0; 128][..], b"DICM", &[0xFF; 60]].concat();
    let folder = Folder::new(&[
        ("a", image("1 ", "1\\2\\3 ")),
        ("b", image("2 ", "no numbers")),
        ("c", b"text".to_vec()),
        ("d", bad),
        ("index", b"this is kept beside the files".to_vec()),
    ]);
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    let settle = |name: &str, seconds: u64| {
        let file = fs::File::options().append(true).open(folder.path(name)).unwrap();
        file.set_modified(long_ago + std::time::Duration::from_secs(seconds)).unwrap();
    };
    for (seconds, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        settle(name, seconds as u64);
    }
    let columns = ["InstanceNumber", "ImagePositionPatient"];
    let columns = columns.map(|keyword| ColumnSpec::parse(keyword).unwrap());
    let words = |table: &Table| {
        let errors: Vec<String> = table.errors.iter().map(rapidicom_core::Error::what).collect();
        format!(
            "{:?} {:?} {:?} {:?} {errors:?}",
            table.paths, table.columns, table.invalid, table.skipped
        )
    };
    let expected = words(
        &read(
            std::slice::from_ref(&folder.0),
            &["InstanceNumber", "ImagePositionPatient"],
            1,
            OnError::Collect,
        )
        .unwrap(),
    );
    // The index is no file of the folder.
    let expected = expected.replacen(": 2}", ": 1}", 1);

    let (is_unchanged, unknown, table, entries) = scan_again(&folder.0, &columns, None);
    assert_eq!((is_unchanged, unknown, words(&table)), (false, 4, expected.clone()));
    let outcomes: Vec<_> = entries.iter().map(|entry| &entry.outcome).collect();
    assert!(matches!(
        outcomes[..],
        [Outcome::Row, Outcome::Row, Outcome::Skipped(_), Outcome::Failed(_)]
    ));
    assert!(entries.iter().all(|entry| entry.state.is_some()));

    let (is_unchanged, unknown, table, entries) =
        scan_again(&folder.0, &columns, Some((table, entries)));
    assert_eq!((is_unchanged, unknown, words(&table)), (true, 0, expected));

    fs::write(folder.path("a"), image("9 ", "1\\2\\3 ")).unwrap();
    let (is_unchanged, unknown, table, entries) =
        scan_again(&folder.0, &columns, Some((table, entries)));
    assert_eq!(
        (is_unchanged, unknown, ints(&table, "InstanceNumber")),
        (false, 1, vec![Some(9), Some(2)])
    );
    assert_eq!(table.invalid.len(), 1);
    assert_eq!(entries[0].state, None, "it was written just now");

    let (is_unchanged, unknown, _, _) = scan_again(&folder.0, &columns, Some((table, entries)));
    assert_eq!((is_unchanged, unknown), (false, 1));
}
