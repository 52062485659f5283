//! Data sets from memory: finding elements, their values, their items, and what errors say.

use super::*;
use crate::error::ErrorKind;
use crate::error::Family;

const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;

/// A data set of these bytes, from its start to its end.
fn dataset(bytes: &[u8]) -> Dataset {
    written(bytes, EXPLICIT)
}

fn written(bytes: &[u8], encoding: Encoding) -> Dataset {
    let bytes: SharedBytes = Arc::new(bytes.to_vec());
    Dataset::from_memory(bytes, encoding, Stop::AtEnd, &Rules::default()).unwrap()
}

fn of(dataset: &Dataset, tag: u32) -> &Element {
    dataset.find(Tag(tag)).unwrap()
}

/// Character set, rows, and a sequence of two items, the second of which has a sequence of one.
#[rustfmt::skip]
const BYTES: &[u8] = b"\
    \x08\0\x05\0CS\x0A\0ISO_IR 100\
    \x08\0\x40\x11SQ\0\0\x3C\0\0\0\
        \xFE\xFF\0\xE0\x0C\0\0\0\
            \x08\0\x50\x11UI\x04\x001.2\0\
        \xFE\xFF\0\xE0\x20\0\0\0\
            \x08\0\x40\x11SQ\0\0\x14\0\0\0\
                \xFE\xFF\0\xE0\x0C\0\0\0\
                    \x08\0\x50\x11UI\x04\x001.3\0\
    \x28\0\x10\0US\x02\0\x04\0";

const SEQUENCE: u32 = 0x0008_1140;
const ROWS: u32 = 0x0028_0010;

#[test]
fn elements_are_found_by_their_tags() {
    let dataset = dataset(BYTES);
    let tags: Vec<_> = dataset.elements().iter().map(|element| element.tag.0).collect();
    assert_eq!(tags, [0x0008_0005, SEQUENCE, ROWS]);
    for (index, tag) in tags.iter().enumerate() {
        assert_eq!(dataset.index(Tag(*tag)), Some(index));
        assert_eq!(of(&dataset, *tag).tag.0, *tag);
    }
    assert_eq!((dataset.index(Tag(ROWS + 1)), dataset.find(Tag(1))), (None, None));
    assert_eq!(dataset.value(of(&dataset, ROWS)).unwrap(), &[4, 0][..]);
    assert_eq!((dataset.encoding(), dataset.order()), (EXPLICIT, ByteOrder::Little));
}

#[test]
fn items_are_parsed_one_by_one_with_what_they_inherit() {
    let dataset = dataset(BYTES);
    let items = dataset.items(of(&dataset, SEQUENCE), &Limits::DEFAULT).unwrap();
    let ranges: Vec<_> =
        items.iter().map(|item| (item.range().offset, item.range().length)).collect();
    assert_eq!(ranges, [(38, 12), (58, 32)]);
    let first = items[0].parse(&Limits::DEFAULT).unwrap();
    assert_eq!(first.value(of(&first, 0x0008_1150)).unwrap(), &b"1.2\0"[..]);
    assert_eq!(first.character_set(), dataset.character_set());
    let second = items[1].parse(&Limits::DEFAULT).unwrap();
    let inner = second.items(of(&second, SEQUENCE), &Limits::DEFAULT).unwrap();
    let inner = inner[0].parse(&Limits::DEFAULT).unwrap();
    assert_eq!(inner.value(of(&inner, 0x0008_1150)).unwrap(), &b"1.3\0"[..]);
}

#[test]
fn items_lie_as_deep_as_the_limit() {
    let dataset = dataset(BYTES);
    for (limit, is_deep_enough) in [(2, true), (1, false)] {
        let limits = Limits { sequence_depth: limit, ..Limits::DEFAULT };
        let items = dataset.items(of(&dataset, SEQUENCE), &limits).unwrap();
        let second = items[1].parse(&limits).unwrap();
        let inner = second.items(of(&second, SEQUENCE), &limits);
        assert_eq!(inner.is_ok(), is_deep_enough, "{limit}");
        if let Some(error) = inner.err() {
            assert!(matches!(error.kind(), ErrorKind::TooDeep { limit: 1 }), "{error}");
            assert_eq!(error.offset(), Some(70));
            let place = "(0008,1140)[1] > (0008,1140) ReferencedImageSequence at byte 0x46: ";
            assert!(error.what().starts_with(place), "{error}");
        }
    }
}

#[test]
fn an_item_says_what_was_tolerated_in_it() {
    #[rustfmt::skip]
    let bytes = b"\
        \x08\0\x40\x11SQ\0\0\x14\0\0\0\
            \xFE\xFF\0\xE0\x02\0\0\0\
                \x08\0\x50\x11UI\x04\x001.2\0";
    let dataset = dataset(bytes);
    let items = dataset.items(of(&dataset, SEQUENCE), &Limits::DEFAULT).unwrap();
    let item = items[0].parse(&Limits::DEFAULT).unwrap();
    let names: Vec<_> =
        item.deviations().as_slice().iter().map(|it| (it.leniency.name(), it.offset)).collect();
    assert_eq!(names, [("wrong_item_length", 20)]);
    assert_eq!(item.elements().len(), 1);
    assert!(dataset.deviations().as_slice().is_empty());
    assert_eq!(dataset.leniencies(), Leniencies::DEFAULT);
}

#[test]
fn under_an_implicit_element_items_are_implicit() {
    let dataset = written(b"\x08\0\x40\x11\0\0\0\0", Encoding::IMPLICIT_LITTLE);
    let element = *of(&dataset, SEQUENCE);
    assert_eq!(items_encoding(&element, &[], dataset.encoding()), Encoding::IMPLICIT_LITTLE);
    let explicit = written(b"\x08\0\x40\x11SQ\0\0\0\0\0\0", EXPLICIT);
    let with_vr = *of(&explicit, SEQUENCE);
    assert_eq!(items_encoding(&with_vr, &[], explicit.encoding()), EXPLICIT);
    assert_eq!(items_encoding(&element, &[], explicit.encoding()), Encoding::IMPLICIT_LITTLE);
    let big = written(b"", Encoding::EXPLICIT_BIG);
    assert_eq!(items_encoding(&with_vr, &[], big.encoding()), Encoding::EXPLICIT_BIG);
}

#[test]
fn numbers_are_as_many_as_there_are_bytes_for() {
    let dataset = dataset(b"\x28\0\x10\0US\x06\0\x04\0\xFF\xFF\0\x01");
    let rows = of(&dataset, ROWS);
    let found = dataset.numbers(rows, Vr::US).unwrap();
    assert_eq!(found, [Number::Int(4), Number::Int(65_535), Number::Int(256)]);
    assert_eq!(dataset.numbers(rows, Vr::SS).unwrap()[1], Number::Int(-1));
    let error = dataset.numbers(rows, Vr::UL).unwrap_err();
    let expected = ErrorKind::ValueLength { vr: Vr::UL, length: 6, size: 4 };
    assert_eq!(format!("{:?}", error.kind()), format!("{expected:?}"));
    assert_eq!((error.offset(), error.tag()), (Some(8), Some(Tag(ROWS))));
    let big = written(b"\0\x28\0\x10US\0\x02\0\x04", Encoding::EXPLICIT_BIG);
    assert_eq!(big.numbers(of(&big, ROWS), Vr::US).unwrap(), [Number::Int(4)]);
}

#[test]
fn a_lut_has_an_unsigned_number_of_entries() {
    let dataset = dataset(b"");
    let two = |first| vec![Number::Int(first), Number::Int(-1)];
    for (tag, before, after) in [
        (0x0028_1101, -1, 65_535),
        (0x0028_1102, -32_768, 32_768),
        (0x0028_1103, 0, 0),
        (0x0028_3002, -2, 65_534),
        (0x0028_3002, 1, 1),
        (0x0028_1100, -1, -1),
        (0x0028_1104, -1, -1),
        (0x0028_3003, -1, -1),
    ] {
        let mut numbers = two(before);
        dataset.mend_lut_descriptor(Tag(tag), &mut numbers);
        assert_eq!(numbers, two(after), "{tag:08X}");
    }
    let mut alone = [Number::Int(-1)];
    dataset.mend_lut_descriptor(Tag(0x0028_3002), &mut alone);
    assert_eq!(alone, [Number::Int(-1)], "no descriptor has one number");
}

#[test]
fn only_wanted_elements_and_the_character_set_are_retained() {
    let mut dataset = dataset(BYTES);
    dataset.retain(&[Tag(ROWS)]);
    let tags: Vec<_> = dataset.elements().iter().map(|element| element.tag.0).collect();
    assert_eq!(tags, [0x0008_0005, ROWS]);
}

#[test]
fn a_fixed_character_set_holds_in_all_items() {
    let mut dataset = dataset(BYTES);
    let latin = CharacterSet::from_value(b"ISO_IR 100");
    assert_eq!(*dataset.character_set(), latin);
    let other = CharacterSet::from_value(b"ISO_IR 192");
    dataset.fix_character_set(other.clone());
    let items = dataset.items(of(&dataset, SEQUENCE), &Limits::DEFAULT).unwrap();
    assert_eq!(*items[0].parse(&Limits::DEFAULT).unwrap().character_set(), other);
}

#[test]
fn a_data_set_is_made_again_from_its_parts() {
    for (bytes, encoding) in
        [(BYTES, EXPLICIT), (b"\x28\0\x10\0\x02\0\0\0\x04\0", Encoding::IMPLICIT_LITTLE)]
    {
        let dataset = written(bytes, encoding);
        let parts = dataset.to_parts();
        assert_eq!((parts.is_implicit, parts.is_big_endian), (encoding.is_implicit, false));
        assert!(parts.file.is_none() && !parts.is_character_set_fixed);
        let first = dataset.elements()[0].value_offset;
        let kept: Vec<_> = parts.segments.iter().map(|one| (one.offset, one.bytes.len())).collect();
        assert_eq!(kept, [(first, bytes.len() - first as usize)]);
        let again = Dataset::from_parts(parts);
        assert_eq!(again.elements(), dataset.elements());
        assert_eq!(again.encoding(), encoding);
        assert_eq!(again.character_set(), dataset.character_set());
        for element in dataset.elements() {
            assert_eq!(again.value(element).unwrap(), dataset.value(element).unwrap());
        }
        let twice = Dataset::from_parts(again.to_parts());
        assert_eq!(twice.value(of(&twice, ROWS)).unwrap(), &[4, 0][..], "from kept bytes alone");
    }
    let big = written(b"\0\x28\0\x10US\0\x02\0\x04", Encoding::EXPLICIT_BIG);
    let again = Dataset::from_parts(big.to_parts());
    assert_eq!((again.encoding(), again.order()), (Encoding::EXPLICIT_BIG, ByteOrder::Big));
}

#[test]
fn what_is_no_data_set_is_refused() {
    let bytes: SharedBytes = Arc::new(b"\x08\0\x40\x11SQ\0\0\xFF\xFF\xFF\xFFno items".to_vec());
    let error = Dataset::from_memory(bytes, EXPLICIT, Stop::AtEnd, &Rules::default()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ItemExpected { .. }), "{error}");
    assert_eq!((error.family(), error.offset()), (Family::Invalid, Some(12)));
    let dataset = dataset(b"\x08\0\x40\x11SQ\0\0\x08\0\0\0no items");
    let error = dataset.items(of(&dataset, SEQUENCE), &Limits::DEFAULT).map(drop).unwrap_err();
    assert_eq!((error.tag(), error.offset()), (Some(Tag(SEQUENCE)), Some(12)));
}

#[test]
fn debug_output_shows_no_values() {
    let shown = format!("{:?}", dataset(BYTES));
    assert_eq!(shown, "Dataset { elements: 3, .. }");
}

#[test]
fn private_elements_have_the_creator_of_their_block() {
    #[rustfmt::skip]
    let dataset = dataset(b"\
        \x09\0\x10\0LO\x04\0ACME\
        \x09\0\x01\x10LO\x02\0AB");
    assert_eq!(dataset.private_creator(Tag(0x0009_1001)), Some("ACME".to_owned()));
    assert_eq!(dataset.private_creator(Tag(0x0009_1101)), None, "another block");
    assert_eq!(dataset.private_creator(Tag(0x0009_0010)), None, "a creator");
    assert_eq!(dataset.private_creator(Tag(0x0008_1001)), None, "no private group");
    assert_eq!(dataset.vr(of(&dataset, 0x0009_1001)).vr, Vr::LO);
}
