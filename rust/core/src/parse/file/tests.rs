//! Files from their first byte: what comes before the data set, and how the data set is written.

use super::*;
use crate::parse::Leniencies;
use crate::parse::fields::*;
use miniz_oxide::deflate::compress_to_vec;

const EXPLICIT_UID: &[u8] = b"1.2.840.10008.1.2.1\0";
const IMPLICIT_UID: &[u8] = b"1.2.840.10008.1.2\0";
const BIG_UID: &[u8] = b"1.2.840.10008.1.2.2\0";
const DEFLATED_UID: &[u8] = b"1.2.840.10008.1.2.1.99\0\0";
const MODALITY: u32 = 0x0008_0060;

/// A preamble, the prefix, and a File Meta Information that names this Transfer Syntax.
fn start(uid: &[u8]) -> Vec<u8> {
    [&[0; PREAMBLE_LENGTH][..], b"DICM", &element(0x0002_0010, b"UI", uid)].concat()
}

/// An element of 10 bytes.
fn modality() -> Vec<u8> {
    element(MODALITY, b"CS", b"CT")
}

fn parse(bytes: &[u8], leniencies: Leniencies) -> Result<ParsedFile> {
    parse_forced(bytes, leniencies, false)
}

fn parse_forced(bytes: &[u8], leniencies: Leniencies, force: bool) -> Result<ParsedFile> {
    let rules = Rules { leniencies, ..Rules::default() };
    let prefix = if force { Prefix::Ignored } else { Prefix::Needed };
    let options = ParseOptions { prefix, rules, ..ParseOptions::default() };
    let mut parsed = ParsedFile::default();
    parse_file(&mut Window::memory(bytes, 0), &options, &mut parsed)?;
    Ok(parsed)
}

/// Tags of the data set's elements and the offsets of their values.
fn elements(parsed: &ParsedFile) -> Vec<(u32, u64)> {
    parsed.elements.iter().map(|element| (element.tag.0, element.value_offset)).collect()
}

#[test]
fn the_data_set_is_written_as_the_transfer_syntax_says() {
    let big = b"\x00\x08\x00\x60CS\x00\x02CT";
    type Row<'a> = (&'static str, &'a [u8], Vec<u8>, Encoding);
    #[rustfmt::skip]
    let table: [Row<'_>; 4] = [
        ("explicit", EXPLICIT_UID, modality(), Encoding::EXPLICIT_LITTLE),
        ("implicit", IMPLICIT_UID, implicit(MODALITY, b"CT"), Encoding::IMPLICIT_LITTLE),
        ("big endian", BIG_UID, big.to_vec(), Encoding::EXPLICIT_BIG),
        ("blanks around the UID", b" 1.2.840.10008.1.2.2  ", big.to_vec(), Encoding::EXPLICIT_BIG),
    ];
    for (name, uid, dataset, encoding) in table {
        let bytes = [start(uid), dataset].concat();
        let parsed = parse(&bytes, Leniencies::NONE).unwrap();
        assert_eq!((parsed.encoding, parsed.has_preamble), (encoding, true), "{name}");
        assert!(parsed.transfer_syntax.is_some(), "{name}");
        assert_eq!(elements(&parsed), [(MODALITY, bytes.len() as u64 - 2)], "{name}");
        assert_eq!(
            (parsed.used(&Window::memory(&bytes, 0)), parsed.meta.len()),
            (bytes.len(), 1),
            "{name}"
        );
        assert!(parsed.deviations.as_slice().is_empty() && parsed.inflated.is_none(), "{name}");
    }
}

#[test]
fn the_first_element_shows_how_a_data_set_of_an_unknown_transfer_syntax_is_written() {
    let big = b"\x00\x08\x00\x60CS\x00\x02CT";
    for (name, dataset, encoding) in [
        ("explicit", modality(), Encoding::EXPLICIT_LITTLE),
        ("implicit", implicit(MODALITY, b"CT"), Encoding::IMPLICIT_LITTLE),
        ("big endian", big.to_vec(), Encoding::EXPLICIT_BIG),
    ] {
        let bytes = [start(b"1.2.3\0"), dataset].concat();
        let granted = Leniencies::NONE.with(Leniency::UnknownTransferSyntax);
        let parsed = parse(&bytes, granted).unwrap();
        assert_eq!((parsed.encoding, parsed.transfer_syntax), (encoding, None), "{name}");
        let deviation = (Leniency::UnknownTransferSyntax, 140);
        assert_eq!(tolerated(&parsed.deviations), [deviation], "{name}");
        assert_eq!(elements(&parsed), [(MODALITY, bytes.len() as u64 - 2)], "{name}");
        let error = parse(&bytes, Leniencies::NONE).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{name}: {error}");
    }
}

#[test]
fn the_first_of_two_file_meta_informations_counts() {
    let second = element(0x0002_0010, b"UI", IMPLICIT_UID);
    let title = element(0x0002_0016, b"AE", b"ME");
    let other = element(0x0002_0016, b"AE", b"YOU ");
    let at = start(EXPLICIT_UID).len() as u64;
    for (name, more, offset) in [
        ("at once", second.clone(), at + 8),
        ("after others", [title.clone(), second.clone()].concat(), at + 18),
        ("several", [title, second, other].concat(), at + 18),
    ] {
        let bytes = [start(EXPLICIT_UID), more, modality()].concat();
        let parsed = parse(&bytes, Leniencies::NONE).unwrap();
        assert_eq!(parsed.transfer_syntax.unwrap().uid, "1.2.840.10008.1.2.1", "{name}");
        assert_eq!(tolerated(&parsed.deviations), [(Leniency::SecondFileMeta, offset)], "{name}");
        assert_eq!(elements(&parsed), [(MODALITY, bytes.len() as u64 - 2)], "{name}");
    }
    // After other elements it is no File Meta Information any more.
    let later = element(0x0002_0010, b"UI", IMPLICIT_UID);
    let bytes = [start(EXPLICIT_UID), modality(), later].concat();
    let parsed = parse(&bytes, Leniencies::NONE).unwrap();
    assert_eq!(parsed.transfer_syntax.unwrap().uid, "1.2.840.10008.1.2.1");
    let offset = bytes.len() as u64 - IMPLICIT_UID.len() as u64;
    let found = [(Leniency::UnorderedElements, offset), (Leniency::SecondFileMeta, offset)];
    assert_eq!(tolerated(&parsed.deviations), found);
}

#[test]
fn each_leniency_is_granted_or_refused() {
    let (what_vr, as_named) = ("the VR of the first element", "as in the Transfer Syntax");
    let other = ErrorKind::BadValue { what: what_vr, found: 0, expected: as_named };
    let at = start(EXPLICIT_UID).len() as u64;
    let at_deflated = start(DEFLATED_UID).len() as u64;
    let deflated = compress_to_vec(&modality().repeat(1), 1);
    let cut = &deflated[..deflated.len() - 1];
    #[rustfmt::skip]
    let table = [
        (Leniency::OtherVrEncoding, [start(EXPLICIT_UID), implicit(MODALITY, b"CT")].concat(), at,
         expected(other, at)),
        (Leniency::NotDeflated, [start(DEFLATED_UID), modality()].concat(), at_deflated,
         expected(ErrorKind::NotDeflated, at_deflated)),
        (Leniency::DeflatedCutShort, [&start(DEFLATED_UID)[..], cut].concat(), 10,
         expected(ErrorKind::DeflatedCutShort, 10)),
    ];
    for (leniency, bytes, offset, refused) in table {
        let name = leniency.name();
        let granted = parse(&bytes, Leniencies::NONE.with(leniency)).unwrap();
        assert_eq!(tolerated(&granted.deviations), [(leniency, offset)], "{name}");
        assert_eq!(granted.elements.len(), 1, "{name}");
        let error = parse(&bytes, Leniencies::DEFAULT.without(leniency)).unwrap_err();
        assert_eq!(what(&error), refused, "{name}");
    }
}

#[test]
fn deflated_data_sets_are_inflated() {
    let plain = [modality(), element(0x0009_1001, b"OB", &[7; 100_000])].concat();
    let bytes = [start(DEFLATED_UID), compress_to_vec(&plain, 6)].concat();
    let parsed = parse(&bytes, Leniencies::NONE).unwrap();
    assert_eq!(elements(&parsed), [(MODALITY, 8), (0x0009_1001, 22)]);
    assert_eq!(parsed.inflated.as_ref(), Some(&plain));
    assert_eq!(parsed.encoding, Encoding::EXPLICIT_LITTLE);
    assert_eq!(parsed.used(&Window::memory(&bytes, 0)), start(DEFLATED_UID).len());
    let broken = [&start(DEFLATED_UID)[..], &[0xFF; 20]].concat();
    let error = parse(&broken, Leniencies::DEFAULT).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotDeflated), "{error}");

    // Deflated data whose first bytes, those of an empty block, are the number of group 0002, and
    // whose next ones are the length of a stored block: a number of an element, maybe a VR.
    for length in [0x0010_u16, 0xB6AA] {
        let plain = [modality(), element(0x0009_1001, b"UN", &[7; 0xB6AA])].concat();
        let (first, rest) = plain.split_at(length.into());
        let [low, high] = length.to_le_bytes();
        let stored = [&[2, 0, low, high, !low, !high], first, &compress_to_vec(rest, 6)].concat();
        let parsed = parse(&[start(DEFLATED_UID), stored].concat(), Leniencies::NONE).unwrap();
        assert_eq!(elements(&parsed), [(MODALITY, 8), (0x0009_1001, 22)], "{length}");
        assert_eq!(parsed.inflated.as_ref(), Some(&plain), "{length}");
    }
    // Elements that PS3.6 does not have, or not yet, are File Meta Information otherwise, and so
    // are those without a VR.
    let later = [element(0x0002_F010, b"UI", b"1.2\0"), element(0x0002_F011, b"OB", &[1, 2])];
    for (syntax, data) in
        [(EXPLICIT_UID, plain.clone()), (DEFLATED_UID, compress_to_vec(&plain, 6))]
    {
        let bytes = [start(syntax), later.concat(), data.clone()].concat();
        let parsed = parse(&bytes, Leniencies::NONE).unwrap();
        assert_eq!((parsed.meta.len(), parsed.elements.len()), (3, 2), "{syntax:?}");
        let bytes = [start(syntax), implicit(0x0002_0012, b"1.2\0"), data].concat();
        let parsed = parse(&bytes, Leniencies::NONE.with(Leniency::ImplicitElement)).unwrap();
        assert_eq!((parsed.meta.len(), parsed.elements.len()), (2, 2), "{syntax:?}");
    }

    // A group 0000 in front would have its values in the file, and not in what is inflated.
    let command = [implicit(0, &[10, 0, 0, 0]), implicit(2, b"1.")].concat();
    let bytes = [start(DEFLATED_UID), command, compress_to_vec(&plain, 6)].concat();
    let error = parse(&bytes, Leniencies::DEFAULT).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotDeflated), "{error}");
}

#[test]
fn a_file_without_a_transfer_syntax_is_read_as_its_first_element_shows() {
    let bytes = [&[0; PREAMBLE_LENGTH][..], b"DICM", &modality()].concat();
    let parsed = parse(&bytes, Leniencies::NONE).unwrap();
    assert_eq!(tolerated(&parsed.deviations), [(Leniency::MissingTransferSyntax, 132)]);
    assert_eq!(elements(&parsed), [(MODALITY, 140)]);
    let empty = [start(b""), modality()].concat();
    let parsed = parse(&empty, Leniencies::NONE).unwrap();
    assert_eq!(tolerated(&parsed.deviations), [(Leniency::MissingTransferSyntax, 140)]);
}

#[test]
fn without_the_prefix_only_force_reads_on() {
    let bare = [element(0x0002_0010, b"UI", EXPLICIT_UID), modality()].concat();
    let error = parse(&bare, Leniencies::ALL).unwrap_err();
    let kind = format!("{:?}", error.kind());
    assert_eq!(kind, "NotDicom(BareDataset)");
    let parsed = parse_forced(&bare, Leniencies::NONE, true).unwrap();
    assert_eq!((parsed.has_preamble, parsed.meta.len()), (false, 1));
    assert_eq!(elements(&parsed), [(MODALITY, 36)]);
    let mut other = [start(EXPLICIT_UID), modality()].concat();
    other[131] = b'N';
    assert!(parse(&other, Leniencies::ALL).is_err(), "another prefix");
    assert!(parse(&other[..131], Leniencies::ALL).is_err(), "a part of the prefix");
}

#[test]
fn file_meta_information_may_be_implicit() {
    let meta = implicit(0x0002_0010, EXPLICIT_UID);
    let bytes = [&[0; PREAMBLE_LENGTH][..], b"DICM", &meta, &modality()].concat();
    let parsed = parse(&bytes, Leniencies::NONE).unwrap();
    assert_eq!(parsed.meta_encoding, Encoding::IMPLICIT_LITTLE);
    assert_eq!(elements(&parsed), [(MODALITY, bytes.len() as u64 - 2)]);
    let expected = Deviation { leniency: Leniency::OtherVrEncoding, offset: 132 };
    assert_eq!(parsed.deviations.as_slice(), [expected]);
}

#[test]
fn a_command_group_before_the_data_set_is_implicit() {
    let length = implicit(0x0000_0000, &[10, 0, 0, 0]);
    let command = [length, implicit(0x0000_0002, b"1.")].concat();
    let bytes = [start(EXPLICIT_UID), command, modality()].concat();
    let at = start(EXPLICIT_UID).len() as u64;
    let parsed = parse(&bytes, Leniencies::NONE).unwrap();
    let expected = [(0, at + 8), (2, at + 20), (MODALITY, at + 30)];
    assert_eq!(elements(&parsed), expected);
    assert_eq!(parsed.encoding, Encoding::EXPLICIT_LITTLE);
    let explicit = [start(EXPLICIT_UID), element(0x0000_0002, b"UI", b"1."), modality()].concat();
    let parsed = parse(&explicit, Leniencies::NONE).unwrap();
    assert_eq!(elements(&parsed), [(2, at + 8), (MODALITY, at + 18)]);
}

#[test]
fn the_file_meta_information_of_a_damaged_file_is_kept_where_that_is_granted() {
    let bytes = [start(EXPLICIT_UID), header(0x0008_1140, b"SQ", UNDEFINED), vec![7; 20]].concat();
    let at = start(EXPLICIT_UID).len() as u64 + 12;
    let parsed = parse(&bytes, Leniencies::ALL).unwrap();
    assert_eq!((parsed.meta.len(), parsed.elements.len()), (1, 0));
    assert_eq!(tolerated(&parsed.deviations), [(Leniency::Damaged, at)]);
    let error = parse(&bytes, Leniencies::DEFAULT).unwrap_err();
    assert_eq!(what(&error), item_expected(0x0707_0707, at));
    let bare = header(0x0008_1140, b"SQ", UNDEFINED);
    let bare = [&bare[..], &[7; 20]].concat();
    assert!(parse_forced(&bare, Leniencies::ALL, true).is_err(), "nothing to keep");
}

#[test]
fn what_was_found_before_is_forgotten() {
    let mut parsed = ParsedFile::default();
    let options = ParseOptions::default();
    let deflated = [start(DEFLATED_UID), compress_to_vec(&modality(), 1)].concat();
    let plain = [&start(EXPLICIT_UID)[..], &modality()].concat();
    for (bytes, is_inflated) in [(&deflated, true), (&plain, false)] {
        parse_file(&mut Window::memory(bytes, 0), &options, &mut parsed).unwrap();
        assert_eq!((parsed.meta.len(), parsed.elements.len()), (1, 1));
        assert_eq!(parsed.inflated.is_some(), is_inflated);
    }
    parse_file(&mut Window::memory(b"text", 0), &options, &mut parsed).unwrap_err();
    assert_eq!((parsed.meta.len(), parsed.elements.len()), (0, 0));
}

#[test]
fn the_bytes_of_what_was_parsed_are_counted() {
    let long = header(0x7FE0_0010, b"OB", 1000);
    let bytes = [start(EXPLICIT_UID), modality(), long, vec![0; 1000]].concat();
    let rules = Rules::default();
    for (stop, used) in [(Stop::AtEnd, bytes.len()), (Stop::BeforePixels, 170)] {
        let options = ParseOptions { stop, prefix: Prefix::Needed, rules };
        let mut parsed = ParsedFile::default();
        let mut window = Window::memory(&bytes, 0);
        parse_file(&mut window, &options, &mut parsed).unwrap();
        assert_eq!(parsed.used(&window), used, "{stop:?}");
    }
}
