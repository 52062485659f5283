//! Whole files: where the parser stops, what it tolerates and what it refuses.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rapidicom_core::{
    DicomFile, ErrorKind, Family, Leniencies, Limits, ParseOptions, ReadAt, Result, Rules, Stop,
    Tag, Vr,
};

use crate::bytes::{
    ITEM, ITEM_END, SEQUENCE_END, UNDEFINED, element, file, item, rich_dataset, undefined,
};

fn read(bytes: &[u8]) -> Result<DicomFile> {
    DicomFile::from_memory(Arc::new(bytes.to_vec()), &ParseOptions::default())
}

fn strict(bytes: &[u8]) -> Result<DicomFile> {
    let rules = Rules { leniencies: Leniencies::NONE, ..Rules::default() };
    DicomFile::from_memory(
        Arc::new(bytes.to_vec()),
        &ParseOptions { rules, ..ParseOptions::default() },
    )
}

fn tags(file: &DicomFile) -> Vec<u32> {
    file.dataset.elements().iter().map(|element| element.tag.0).collect()
}

/// A file that is deleted at the end.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(bytes: &[u8]) -> TemporaryFile {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir()
            .join(format!("rapidicom-test-{}-{number}.dcm", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        TemporaryFile(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[test]
fn every_element_of_a_rich_file_is_found() {
    let found = read(&file(&rich_dataset())).unwrap();
    let expected = [
        0x0008_0005,
        0x0008_0060,
        0x0008_1140,
        0x0008_2112,
        0x0009_0010,
        0x0009_1001,
        0x0010_0010,
        0x0028_0010,
        0x0028_0011,
        0x0028_0100,
        0x0028_0101,
        0x0028_0103,
        0x7FE0_0010,
    ];
    assert_eq!(tags(&found), expected);
    assert_eq!(found.transfer_syntax_uid(), "1.2.840.10008.1.2.1");
    let open = found.dataset.find(Tag::new(0x0008, 0x2112)).unwrap();
    let items = found.dataset.items(open, &Limits::DEFAULT).unwrap();
    assert_eq!(items.len(), 2);
    let inner = items[1].parse(&Limits::DEFAULT).unwrap();
    assert_eq!(
        inner.value(inner.find(Tag::new(0x0008, 0x1155)).unwrap()).unwrap(),
        &b"1.2.4\0"[..]
    );
    assert!(found.dataset.deviations().as_slice().is_empty());
}

#[test]
fn a_file_and_its_bytes_give_the_same() {
    let bytes = file(&rich_dataset());
    let on_disk = TemporaryFile::new(&bytes);
    let from_disk = DicomFile::open(&on_disk.0, &ParseOptions::default()).unwrap();
    let from_memory = read(&bytes).unwrap();
    assert_eq!(from_disk.dataset.elements(), from_memory.dataset.elements());
    for element in from_disk.dataset.elements() {
        assert_eq!(
            from_disk.dataset.value(element).unwrap(),
            from_memory.dataset.value(element).unwrap()
        );
    }
}

#[test]
fn a_changed_file_is_noticed() {
    let long = [rich_dataset(), element(0x7FE1, 0x1010, b"OB", &vec![7; 100_000])].concat();
    let on_disk = TemporaryFile::new(&file(&long));
    let found = DicomFile::open(&on_disk.0, &ParseOptions::default()).unwrap();
    let last = *found.dataset.elements().last().unwrap();
    assert_eq!(found.dataset.value(&last).unwrap().len(), 100_000);
    std::fs::write(&on_disk.0, b"something else").unwrap();
    let error = found.dataset.value(&last).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::FileChanged), "{error}");
    assert_eq!(error.family(), Family::Io);
}

/// Counts how far it is read.
struct Counted {
    bytes: Vec<u8>,
    furthest: AtomicU64,
}

impl ReadAt for Counted {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let rest = &self.bytes[(offset as usize).min(self.bytes.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.furthest.fetch_max(offset + count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn nothing_behind_the_last_wanted_element_is_read() {
    let long = [rich_dataset(), element(0x7FE1, 0x1010, b"OB", &vec![0; 1 << 20])].concat();
    let pixels = [Tag::PIXEL_DATA];
    for (name, stop, wanted) in [
        ("before pixels", Stop::BeforePixels, None),
        ("a tag before pixels", Stop::BeforePixels, Some(&pixels[..])),
    ] {
        let reader = Counted { bytes: file(&long), furthest: AtomicU64::new(0) };
        let options = ParseOptions { stop, ..ParseOptions::default() };
        let found = DicomFile::from_reader(&reader, &options, wanted).unwrap();
        assert!(!tags(&found).contains(&Tag::PIXEL_DATA.0), "{name}");
        let furthest = reader.furthest.into_inner();
        assert!(furthest <= 16 * 1024, "{name} read {furthest} bytes");
    }
}

#[test]
fn a_long_value_is_stepped_over_and_read_later() {
    let long = element(0x0009, 0x1010, b"OB", &vec![7; 300_000]);
    let bytes = file(
        &[element(0x0008, 0x0060, b"CS", b"MR"), long, element(0x0028, 0x0010, b"US", &[4, 0])]
            .concat(),
    );
    let on_disk = TemporaryFile::new(&bytes);
    let found = DicomFile::open(&on_disk.0, &ParseOptions::default()).unwrap();
    assert_eq!(tags(&found), [0x0008_0060, 0x0009_1010, 0x0028_0010]);
    let kept: usize =
        found.dataset.bytes().segments().iter().map(|segment| segment.bytes.len()).sum();
    assert!(kept < 1000, "{kept} bytes are kept");
    assert_eq!(found.dataset.value(&found.dataset.elements()[1]).unwrap(), vec![7; 300_000]);
    assert_eq!(found.dataset.value(&found.dataset.elements()[2]).unwrap(), &[4, 0][..]);
}

#[test]
fn twelve_thousand_items_are_not_parsed_to_open_a_file() {
    let inner = element(0x0020, 0x9057, b"UL", &[1, 0, 0, 0]);
    let one = [item(ITEM, inner.len() as u32), inner].concat();
    let items = one.repeat(12_000);
    for (name, sequence) in [
        ("defined", element(0x5200, 0x9230, b"SQ", &items)),
        (
            "undefined",
            [undefined(0x5200, 0x9230, b"SQ"), items.clone(), item(SEQUENCE_END, 0)].concat(),
        ),
    ] {
        let bytes = file(&[sequence, element(0x7FE0, 0x0010, b"OW", &[0, 0])].concat());
        let on_disk = TemporaryFile::new(&bytes);
        let found = DicomFile::open(&on_disk.0, &ParseOptions::default()).unwrap();
        assert_eq!(tags(&found), [0x5200_9230, 0x7FE0_0010], "{name}");
        let sequence = found.dataset.elements()[0];
        assert_eq!(
            found.dataset.items(&sequence, &Limits::DEFAULT).unwrap().len(),
            12_000,
            "{name}"
        );
    }
}

#[test]
fn items_of_undefined_length_in_un_are_implicit() {
    // PS3.5 §6.2.2: UN of undefined length holds items of implicit VR little endian.
    let inner = [&[0x08, 0, 0x60, 0][..], &2u32.to_le_bytes(), b"CT"].concat();
    let value = [item(ITEM, UNDEFINED), inner, item(ITEM_END, 0), item(SEQUENCE_END, 0)].concat();
    let bytes = file(
        &[undefined(0x0009, 0x1002, b"UN"), value, element(0x0010, 0x0020, b"LO", b"ID")].concat(),
    );
    let found = read(&bytes).unwrap();
    assert_eq!(tags(&found), [0x0009_1002, 0x0010_0020]);
    let sequence = found.dataset.elements()[0];
    assert_eq!(found.dataset.vr(&sequence).vr, Vr::SQ);
    let item = found
        .dataset
        .items(&sequence, &Limits::DEFAULT)
        .unwrap()
        .remove(0)
        .parse(&Limits::DEFAULT)
        .unwrap();
    assert_eq!(item.vr(&item.elements()[0]).vr, Vr::CS);
}

#[test]
fn fragments_are_stepped_over_one_by_one() {
    // The second fragment contains what looks like the end of the sequence.
    let delimiter = item(SEQUENCE_END, 0);
    let fragments =
        [item(ITEM, 0), item(ITEM, 4), vec![1; 4], item(ITEM, 8), delimiter.clone(), delimiter]
            .concat();
    let bytes = file(
        &[
            undefined(0x7FE0, 0x0010, b"OB"),
            fragments.clone(),
            element(0xFFFC, 0xFFFC, b"OB", &[0, 0]),
        ]
        .concat(),
    );
    let found = read(&bytes).unwrap();
    assert_eq!(tags(&found), [0x7FE0_0010, 0xFFFC_FFFC]);
    assert_eq!(found.dataset.elements()[0].value_length as usize, fragments.len() - 8);
}

#[test]
fn deviations_are_tolerated_by_name_or_refused() {
    let ct = element(0x0008, 0x0060, b"CS", b"CT");
    let implicit = [&[0x10, 0, 0x20, 0][..], &2u32.to_le_bytes(), b"ID"].concat();
    let all = file(&[ct.clone(), element(0x0010, 0x0020, b"LO", b"ID")].concat());
    let misspelt = [&[0x10, 0, 0x20, 0][..], b"??", &[2, 0], b"ID"].concat();
    let open = |value: &[u8]| {
        [undefined(0x0008, 0x1140, b"SQ"), value.to_vec(), item(SEQUENCE_END, 0)].concat()
    };
    let open_pixels = undefined(0x7FE0, 0x0010, b"OB");
    let short_item = [item(ITEM, 2), ct.clone(), item(ITEM_END, 0)].concat();
    let open_text = undefined(0x0010, 0x4000, b"UT");
    let id = element(0x0010, 0x0020, b"LO", b"ID");
    #[rustfmt::skip]
    let cases: [(&str, Vec<u8>, usize); 14] = [
        ("implicit_element", file(&[ct.clone(), implicit.clone()].concat()), 2),
        ("other_vr_encoding", file(&implicit), 1),
        ("value_cut_short", all[..all.len() - 1].to_vec(), 2),
        ("trailing_bytes", [&all[..], &[0, 0, 0]].concat(), 2),
        ("missing_delimiter", file(&[&ct[..], &open_pixels, &item(ITEM, 0)].concat()), 2),
        ("misspelt_vr", file(&[ct.clone(), misspelt].concat()), 2),
        ("stray_delimiter", file(&[ct.clone(), item(SEQUENCE_END, 0), id.clone()].concat()), 2),
        ("stray_item_end", file(&[ct.clone(), item(ITEM_END, 0), id.clone()].concat()), 1),
        ("missing_item_delimiter", file(&open(&[item(ITEM, UNDEFINED), ct.clone()].concat())), 1),
        ("wrong_item_length", file(&open(&short_item)), 1),
        ("value_without_items", file(&open(b"no items")), 1),
        ("undefined_length_vr", file(&[open_text, item(SEQUENCE_END, 0)].concat()), 1),
        ("trailing_zeros", [&all[..], &[0; 20]].concat(), 2),
        ("unordered_elements", file(&[id, ct.clone(), ct].concat()), 2),
    ];
    for (name, bytes, count) in cases {
        let found = read(&bytes).unwrap();
        let names: Vec<_> =
            found.dataset.deviations().as_slice().iter().map(|it| it.leniency.name()).collect();
        assert_eq!(names, [name], "{name}");
        assert_eq!(found.dataset.elements().len(), count, "{name}");
        if name != "unordered_elements" {
            assert!(strict(&bytes).is_err(), "{name} without leniency");
        }
    }
}

#[test]
fn what_is_not_dicom_is_said_to_be_what_it_is() {
    let png = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0; 300]].concat();
    for (bytes, expected) in [
        (vec![], "an empty file"),
        (b"patient,age\n".repeat(30), "a text file"),
        ([b"PK\x03\x04".to_vec(), vec![0; 300]].concat(), "a zip archive"),
        (png, "a PNG file"),
        (rich_dataset(), "a data set that starts without the 'DICM' prefix"),
        (vec![0; 200], "no 'DICM' prefix at byte 128"),
    ] {
        let error = read(&bytes).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.family(), Family::Invalid);
    }
}

#[test]
fn nesting_without_end_is_refused_at_once() {
    let level = [undefined(0x0008, 0x1140, b"SQ"), item(ITEM, UNDEFINED)].concat();
    let bytes = file(&level.repeat(100_000));
    let error = read(&bytes).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooDeep { .. }), "{error}");
    assert_eq!(error.family(), Family::Limit);
}

#[test]
fn a_length_of_4_gb_costs_nothing() {
    let mut huge = element(0x0009, 0x1010, b"OB", &[]);
    huge.truncate(8);
    huge.extend(0xFFFF_FFFEu32.to_le_bytes());
    let found = read(&file(&huge)).unwrap();
    let element = found.dataset.elements()[0];
    assert!(element.is_cut_short);
    assert_eq!(element.value_length, 0);
}

#[test]
fn counts_are_limited() {
    let bytes = file(&element(0x0008, 0x0060, b"CS", b"CT").repeat(100));
    let limits = Limits { element_count: 50, ..Limits::DEFAULT };
    let options =
        ParseOptions { rules: Rules { limits, ..Rules::default() }, ..ParseOptions::default() };
    let error = DicomFile::from_memory(Arc::new(bytes), &options).map(|_| ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooMany { limit: 50 }), "{error}");
}
