//! One file through every door of its header: from a path, from memory, through a reader, in parts
//! for another process, and as a row of a table. All of them must find the same, or refuse it
//! alike.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rapidicom_core::index::{ColumnSpec, Kind, OnError, Table, Values, Width, scan};
use rapidicom_core::{
    Dataset, DicomFile, Error, Leniency, Limits, ParseOptions, Prefix, ReadAt, Result, Tag, Vr,
    Workers, list_files, value,
};
use rapidicom_fuzz::{Choices, DEFLATED, EXPLICIT, Elements, IMPLICIT, Written, file, put};

const SYNTAXES: [&str; 6] =
    [EXPLICIT, IMPLICIT, "1.2.840.10008.1.2.2", DEFLATED, "1.2.840.10008.1.2.4.50", "1.2.3"];

/// Columns of each type and width: of the data set, the File Meta Information and items.
const COLUMNS: [&str; 14] = [
    "TransferSyntaxUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "ImageType",
    "PatientName",
    "StudyDate",
    "InstanceNumber",
    "Rows",
    "ImagePositionPatient",
    "WindowCenter",
    "SmallestImagePixelValue",
    "FrameIncrementPointer",
    "(0009,1001)",
    "ReferencedImageSequence[0].ReferencedSOPInstanceUID",
];

/// What makes a file no row of a table though a program may open it.
const NO_ROW: [Leniency; 5] = [
    Leniency::ValueCutShort,
    Leniency::MissingDelimiter,
    Leniency::TrailingBytes,
    Leniency::DeflatedCutShort,
    Leniency::StrayItemEnd,
];

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let kind = choices.byte();
    let written = Written { is_implicit: kind & 8 != 0, is_undefined: false };
    // Long values, which a reader steps over or has to go on for.
    let long = usize::from(choices.byte()).saturating_sub(192) << choices.below(13);
    let syntax = choices.pick(&SYNTAXES);
    let mut elements = Elements::default();
    let rest = choices.rest();
    let bytes = match kind % 8 {
        0 => rest.to_vec(),
        1 => {
            elements.set((0x0009, 0x1001), "OB", vec![0; long]);
            file(syntax, &[&elements.bytes(written), rest].concat())
        }
        2 => {
            elements.set((0x7FE0, 0x0010), "OW", vec![0; long]);
            file(syntax, &[rest, &elements.bytes(written)].concat())
        }
        3 => file(DEFLATED, &miniz_oxide::deflate::compress_to_vec(rest, 1)),
        _ => file(syntax, rest),
    };
    check(bytes);
});

fn check(bytes: Vec<u8>) {
    let options = ParseOptions::default();
    let path = put(0, &bytes);
    let length = bytes.len() as u64;
    let memory = DicomFile::from_memory(Arc::new(bytes.clone()), &options);
    let disk = DicomFile::open(&path, &options);
    same(&memory, &disk, "from a path");
    same(&memory, &DicomFile::from_reader(&Reader(bytes), &options, None), "through a reader");
    if let Ok(found) = &memory {
        let is_inflated = found.transfer_syntax.is_some_and(|syntax| syntax.is_deflated);
        let end = found.dataset.elements().iter().map(|element| element.value_end()).max();
        assert!(is_inflated || end.unwrap_or(0) <= length, "an element past the file");
        let again = Dataset::from_parts(found.dataset.to_parts());
        same_dataset(&found.dataset, &again, "from parts");
    }
    let files = list_files(&[path], false, 1, &mut |_| true).expect("it is there");
    let specs: Vec<ColumnSpec> =
        COLUMNS.iter().map(|name| ColumnSpec::parse(name).expect("a column")).collect();
    let (workers, on_error) = (Workers::for_headers(Some(1)), OnError::Collect);
    let table = scan(files, &specs, Prefix::Needed, workers, on_error, &mut |_| true);
    let table = table.expect("a file costs its own row");
    assert_eq!(table.paths.len() + table.errors.len(), 1, "a row or an error");
    check_verdict(&memory, &table);
    if let (Ok(found), [_]) = (&memory, &table.paths[..]) {
        specs.iter().enumerate().for_each(|(index, spec)| check_cell(found, &table, index, spec));
    }
}

struct Reader(Vec<u8>);

impl ReadAt for Reader {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let rest = &self.0[usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

fn kind_of(error: &Error) -> (String, Option<u64>) {
    (format!("{:?}", error.kind()), error.offset())
}

fn same(one: &Result<DicomFile>, other: &Result<DicomFile>, name: &str) {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.has_preamble, other.has_preamble, "{name}");
            assert_eq!(one.transfer_syntax_uid(), other.transfer_syntax_uid(), "{name}");
            assert_eq!(one.preamble().ok(), other.preamble().ok(), "{name}");
            same_dataset(&one.meta, &other.meta, name);
            same_dataset(&one.dataset, &other.dataset, name);
        }
        (Err(one), Err(other)) => assert_eq!(kind_of(one), kind_of(other), "{name}"),
        (one, other) => panic!("{name}: {one:?}, and {other:?}"),
    }
}

fn same_dataset(one: &Dataset, other: &Dataset, name: &str) {
    assert_eq!(one.encoding(), other.encoding(), "{name}");
    assert_eq!(one.elements(), other.elements(), "{name}");
    assert_eq!(one.deviations().as_slice(), other.deviations().as_slice(), "{name}");
    assert_eq!(one.character_set(), other.character_set(), "{name}");
    for element in one.elements() {
        let value = one.value(element).expect("values lie in the file");
        assert_eq!(value.len() as u64, element.value_length, "{name}");
        assert_eq!(value, other.value(element).expect("values lie in the file"), "{name}");
    }
}

/// What a table has as a row is what a program may open, unless it ends too early.
fn check_verdict(opened: &Result<DicomFile>, table: &Table) {
    let is_row = table.errors.is_empty();
    match opened {
        Err(error) => assert!(!is_row, "a row of what cannot be opened: {error}"),
        Ok(found) => {
            let elements = found.dataset.elements();
            let pixels = elements.iter().find(|element| element.tag.is_pixel_data());
            let pixels = pixels.map_or(u64::MAX, |element| element.value_offset);
            let deviations = found.dataset.deviations().as_slice();
            let cut = deviations.iter().filter(|found| NO_ROW.contains(&found.leniency));
            let is_cut = cut.clone().any(|found| found.offset < pixels);
            if is_row {
                assert!(!is_cut, "a row of a header that ends too early: {deviations:?}");
            } else {
                let error = &table.errors[0];
                assert!(cut.count() > 0, "no row of what can be opened: {error}");
            }
        }
    }
}

/// The cell is what the data set has, or missing and named.
fn check_cell(found: &DicomFile, table: &Table, index: usize, spec: &ColumnSpec) {
    let is_named = table.invalid.iter().any(|invalid| invalid.column == index);
    let name = COLUMNS[index];
    let dataset = if index == 0 { &found.meta } else { &*found.dataset };
    let expected = match name.split_once("[0].") {
        Some(_) => match in_item(dataset) {
            Some(item) => cell(&item, Tag::new(0x0008, 0x1155), spec),
            None => Cell::Missing,
        },
        None => cell(dataset, tag_of(name), spec),
    };
    let cell = match &table.columns[index].values {
        Values::Int(numbers) => numbers.get(0).map(|found| format!("{found:?}")),
        Values::Float(numbers) => numbers.get(0).map(|found| format!("{found:?}")),
        Values::Text(texts) => texts.get(0).map(str::to_owned),
    };
    // A damaged item is read as far as it goes, and is no value of a table.
    let is_damaged_item = cell.is_none() && is_named && name.contains('[');
    match expected {
        _ if is_damaged_item => {}
        Cell::Unknown => {}
        Cell::Missing => assert_eq!(cell, None, "{name}"),
        Cell::Unfit => assert!(cell.is_none() && is_named, "{name}: {cell:?}"),
        Cell::Text(text) => assert_eq!(cell.unwrap_or_default(), text, "{name}"),
        Cell::Numbers(numbers) => {
            assert_eq!((cell.as_deref(), is_named), (Some(&*numbers), false), "{name}");
        }
    }
}

enum Cell {
    Unknown,
    Missing,
    Unfit,
    Text(String),
    Numbers(String),
}

fn tag_of(column: &str) -> Tag {
    match column {
        "(0009,1001)" => Tag::new(0x0009, 0x1001),
        keyword => rapidicom_core::dictionary::tag_of_keyword(keyword).expect("a keyword"),
    }
}

fn in_item(dataset: &Dataset) -> Option<Dataset> {
    let sequence = dataset.find(Tag::new(0x0008, 0x1140))?;
    let items = dataset.items(sequence, &Limits::DEFAULT).ok()?;
    items.first()?.parse(&Limits::DEFAULT).ok()
}

fn cell(dataset: &Dataset, tag: Tag, spec: &ColumnSpec) -> Cell {
    let Some(element) = dataset.find(tag).filter(|element| element.value_length > 0) else {
        return Cell::Missing;
    };
    let vr = dataset.vr(element).vr;
    let bytes = dataset.value(element).expect("values lie in the file");
    if spec.kind() == Kind::Text {
        return match vr.is_text() {
            true => Cell::Text(match vr {
                Vr::AE => value::text(&bytes, vr, dataset.character_set())
                    .trim_matches([' ', '\0'])
                    .to_owned(),
                _ => value::text(&bytes, vr, dataset.character_set()).into_owned(),
            }),
            // Numbers and tags become text too.
            false => Cell::Unknown,
        };
    }
    let numbers: Option<Vec<f64>> = match (value::number_size(vr), vr.is_text()) {
        (Some(_), _) => dataset
            .numbers(element, vr)
            .ok()
            .map(|numbers| numbers.into_iter().map(|number| number.to_f64()).collect()),
        (None, true) => {
            let text = value::trim(&bytes);
            if text.is_empty() {
                return Cell::Missing;
            }
            let one = |part: &[u8]| {
                let text = std::str::from_utf8(value::trim(part)).ok()?;
                value::decimal(text).filter(|number| number.is_finite())
            };
            text.split(|byte| *byte == b'\\').map(one).collect()
        }
        (None, false) => None,
    };
    let count = match spec.width() {
        Width::One => Some(1),
        Width::Fixed(count) => Some(count),
        Width::Widest => None,
    };
    // From there on the numbers between the floats count.
    const EXACT: f64 = 9e15;
    match numbers {
        Some(numbers)
            if spec.kind() == Kind::Int && numbers.iter().any(|number| number.abs() > EXACT) =>
        {
            Cell::Unknown
        }
        Some(numbers) if count.is_none_or(|count| numbers.len() == count) => {
            if spec.kind() == Kind::Float {
                return Cell::Numbers(format!("{numbers:?}"));
            }
            match numbers.iter().all(|number| number.fract() == 0.0) {
                true => Cell::Numbers(format!(
                    "{:?}",
                    numbers.iter().map(|number| *number as i64).collect::<Vec<_>>()
                )),
                false => Cell::Unfit,
            }
        }
        _ => Cell::Unfit,
    }
}
