//! Where values and items end, and what is tolerated on the way.

use super::*;
use crate::cursor::ByteOrder;
use crate::limits::Limits;
use crate::parse::Leniencies;
use crate::parse::fields::*;
use crate::source::{AlignedBuffer, ReadAt};
use crate::vr::Vr;

/// The first byte of each value is at this offset of the file.
const BASE: u64 = 100;
const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
const IMPLICIT: Encoding = Encoding::IMPLICIT_LITTLE;

/// Lengths of the value without its delimiter and with it, and what was tolerated first.
type End = Option<(u64, u64, Option<(Leniency, u64)>)>;

fn find(
    bytes: &[u8],
    encoding: Encoding,
    rules: Rules,
    skip: fn(&mut Window<'_>, u64, Encoding, &Rules) -> Result<Option<Extent>>,
) -> Result<End, (String, Option<u64>)> {
    let found = skip(&mut Window::memory(bytes, BASE), BASE, encoding, &rules);
    let show = |found: Extent| {
        let deviation = found.deviation.map(|found| (found.leniency, found.offset));
        (found.value_length, found.total_length, deviation)
    };
    found.map_err(|error| what(&error)).map(|found| found.map(show))
}

fn rules(leniencies: Leniencies) -> Rules {
    Rules { leniencies, ..Rules::default() }
}

fn sequence(bytes: &[u8], leniencies: Leniencies) -> Result<End, (String, Option<u64>)> {
    find(bytes, EXPLICIT, rules(leniencies), skip_sequence)
}

fn only(leniency: Leniency) -> Leniencies {
    Leniencies::NONE.with(leniency)
}

/// A value of 10 bytes in the end.
fn modality() -> Vec<u8> {
    element(0x0008_0060, b"CS", b"CT")
}

#[test]
fn a_sequence_ends_with_its_own_delimiter() {
    let open = [&item(UNDEFINED)[..], &modality(), &ITEM_END].concat();
    let closed = [&item(10)[..], &modality()].concat();
    let inner = [&header(0x0008_1140, b"SQ", UNDEFINED)[..], &open, &SEQUENCE_END].concat();
    let nested = [&item(UNDEFINED)[..], &inner, &modality(), &ITEM_END].concat();
    let look_alike = [&item(8)[..], &SEQUENCE_END].concat();
    #[rustfmt::skip]
    let table: [(&str, Vec<u8>); 7] = [
        ("no items", vec![]),
        ("an empty item", item(0).to_vec()),
        ("an empty open item", [item(UNDEFINED), ITEM_END].concat()),
        ("items of both kinds", [&open[..], &closed, &open].concat()),
        ("a sequence in an item", nested),
        ("a fragment that looks like the end", look_alike),
        ("a long value in an item",
         [&item(UNDEFINED)[..], &element(0x0009_1001, b"OB", &[0xFE; 300]), &ITEM_END].concat()),
    ];
    for (name, value) in table {
        let length = value.len() as u64;
        let whole = [&value[..], &SEQUENCE_END, b"more"].concat();
        let expected = Ok(Some((length, length + 8, None)));
        assert_eq!(sequence(&whole, Leniencies::NONE), expected, "{name}");
        assert_eq!(sequence(&whole, Leniencies::ALL), expected, "{name}, all granted");
        for cut in 0..value.len() + 8 {
            let cut_short = sequence(&whole[..cut], Leniencies::NONE);
            assert_eq!(cut_short, Ok(None), "{name}, cut to {cut} bytes");
        }
    }
}

#[test]
fn elements_are_stepped_over_as_their_encoding_says() {
    let implicit_item = [&item(UNDEFINED)[..], &implicit(0x0008_0060, b"CT"), &ITEM_END].concat();
    #[rustfmt::skip]
    let big = [
        &b"\xFF\xFE\xE0\x00\xFF\xFF\xFF\xFF"[..],  // item of undefined length
        b"\x00\x08\x00\x60CS\x00\x02CT",           // element
        b"\xFF\xFE\xE0\x0D\0\0\0\0",               // end of the item
        b"\xFF\xFE\xE0\x00\x00\x00\x00\x0A",       // item of 10 bytes
        b"\x00\x08\x00\x60CS\x00\x02CT",
        b"\xFF\xFE\xE0\xDD\0\0\0\0",               // end of the sequence
    ].concat();
    let inner = [&tag(0x0008_1140)[..], &[0xFF; 4], &implicit_item, &SEQUENCE_END].concat();
    let deep = [&item(UNDEFINED)[..], &inner, &implicit(0x0008_1150, b"1.2\0"), &ITEM_END].concat();
    #[rustfmt::skip]
    let table = [
        ("implicit", [&implicit_item[..], &SEQUENCE_END].concat(), IMPLICIT),
        ("implicit items in an explicit sequence", [&implicit_item[..], &SEQUENCE_END].concat(),
         EXPLICIT),
        ("sequences in implicit items", [&deep[..], &SEQUENCE_END].concat(), EXPLICIT),
        ("big endian", big, Encoding::EXPLICIT_BIG),
    ];
    for (name, bytes, encoding) in table {
        let length = bytes.len() as u64;
        let found = find(&bytes, encoding, rules(Leniencies::NONE), skip_sequence);
        assert_eq!(found, Ok(Some((length - 8, length, None))), "{name}");
    }
}

#[test]
fn each_leniency_is_granted_or_refused() {
    let unexpected =
        |found, offset| Err(expected(ErrorKind::UnexpectedDelimiter { found }, offset));
    let open = item(UNDEFINED);
    let (ut, id) = (header(0x0010_4000, b"UT", UNDEFINED), element(0x0010_0020, b"LO", b"ID"));
    let misspelt = [&open[..], &element(0x0008_0060, b"cs", b"CT"), &id, &ITEM_END].concat();
    let ut = [&open[..], &modality(), &ut, &SEQUENCE_END, &ITEM_END].concat();
    let two = [&open[..], &modality(), &open, &modality(), &ITEM_END].concat();
    let short = [&item(2)[..], &modality()].concat();
    let long = [&item(12)[..], &modality()].concat();
    let inner = [&header(0x0008_1140, b"SQ", UNDEFINED)[..], &open, &ITEM_END].concat();
    let nested = [&open[..], &inner, &id, &ITEM_END].concat();
    #[rustfmt::skip]
    let table = [
        ("the next item instead of the end", Leniency::MissingItemDelimiter, two, 18,
         unexpected(Tag::ITEM, 118)),
        ("the end of the sequence instead", Leniency::MissingItemDelimiter,
         [&open[..], &modality()].concat(), 18, unexpected(Tag::SEQUENCE_DELIMITATION, 118)),
        ("an undefined length", Leniency::UndefinedLengthVr, ut, 30,
         Err(expected(ErrorKind::UndefinedLength { vr: Vr::UT }, 130))),
        ("an item that is too short", Leniency::WrongItemLength, short, 0,
         Err(item_expected(0x0060_5343, 110))),
        ("an item that is too long", Leniency::WrongItemLength, long, 0,
         Ok(None)),
        ("an element after the last item of an inner sequence",
         Leniency::MissingSequenceDelimiter, nested, 36, Err(item_expected(0x0010_0020, 136))),
        ("a misspelt VR", Leniency::MisspeltVr, misspelt, 8, Ok(None)),
    ];
    for (name, leniency, value, offset, refused) in table {
        let (whole, length) = ([&value[..], &SEQUENCE_END].concat(), value.len() as u64);
        let tolerated = Ok(Some((length, length + 8, Some((leniency, BASE + offset)))));
        assert_eq!(sequence(&whole, only(leniency)), tolerated, "{name} is granted");
        assert_eq!(sequence(&whole, Leniencies::ALL), tolerated, "{name}, all granted");
        let others = Leniencies::NONE.with(Leniency::Damaged);
        assert_eq!(sequence(&whole, others), refused, "{name} is refused");
    }
}

#[test]
fn a_sequence_without_a_delimiter_ends_before_the_next_element() {
    let (open, missing) = (item(UNDEFINED), Leniency::MissingSequenceDelimiter);
    let closed = [&item(10)[..], &modality()].concat();
    let opened = [&open[..], &modality(), &ITEM_END].concat();
    let plain = implicit(0x0010_0020, b"ID");
    #[rustfmt::skip]
    let table = [
        ("after an item", closed.clone(), element(0x0010_0020, b"LO", b"ID"), EXPLICIT),
        ("after an open item", opened, element(0x0010_0020, b"LO", b"ID"), EXPLICIT),
        ("of an undefined length", closed.clone(), header(0x0010_1002, b"SQ", UNDEFINED), EXPLICIT),
        ("without a VR", item(0).to_vec(), plain.clone(), IMPLICIT),
    ];
    for (name, value, next, encoding) in table {
        let (length, bytes) = (value.len() as u64, [&value[..], &next, &modality()].concat());
        let found = find(&bytes, encoding, rules(only(missing)), skip_sequence);
        let expected = Ok(Some((length, length, Some((missing, BASE + length)))));
        assert_eq!(found, expected, "{name}");
    }
    let unknown = [&item(0)[..], &implicit(0x0006_0001, b"ID"), &modality()].concat();
    let found = find(&unknown, IMPLICIT, rules(Leniencies::ALL), skip_sequence);
    assert_eq!(found, Err(item_expected(0x0006_0001, 108)), "a tag that is not known");
}

#[test]
fn the_first_deviation_is_told() {
    let wrong = [&item(2)[..], &modality()].concat();
    let bytes = [&item(0)[..], &wrong, &item(UNDEFINED), &modality(), &SEQUENCE_END].concat();
    let deviation = Some((Leniency::WrongItemLength, BASE + 8));
    assert_eq!(sequence(&bytes, Leniencies::DEFAULT), Ok(Some((44, 52, deviation))));
}

#[test]
fn what_takes_the_place_of_an_item_or_an_element_is_refused() {
    let open = item(UNDEFINED);
    let unexpected = |found| expected(ErrorKind::UnexpectedDelimiter { found: Tag(found) }, 108);
    #[rustfmt::skip]
    let table = [
        ("an element", modality(), item_expected(0x0008_0060, 100)),
        ("the end of an item", ITEM_END.to_vec(), item_expected(0xFFFE_E00D, 100)),
        ("what is no element after an item", [&item(0)[..], &[0x08; 8]].concat(),
         item_expected(0x0808_0808, 108)),
        ("an element that is cut short after an item",
         [&item(0)[..], &header(0x0010_0020, b"LO", 99)].concat(), item_expected(0x0010_0020, 108)),
        ("no tag of a delimiter", [&open[..], &element(0xFFFE_0001, b"\0\0", &[])].concat(),
         unexpected(0xFFFE_0001)),
        ("a tag after all delimiters", [&open[..], &element(0xFFFE_FFFF, b"\0\0", &[])].concat(),
         unexpected(0xFFFE_FFFF)),
    ];
    for (name, bytes, refused) in table {
        let bytes = [&bytes[..], &[0; 12]].concat();
        assert_eq!(sequence(&bytes, Leniencies::ALL), Err(refused), "{name}");
    }
}

#[test]
fn nesting_goes_as_deep_as_the_limit() {
    let sequence = header(0x0008_1140, b"SQ", UNDEFINED);
    for limit in [1, 2, 63, 64, 65, u32::MAX] {
        let limits = Limits { sequence_depth: limit, ..Limits::DEFAULT };
        let rules = Rules { limits, ..rules(Leniencies::NONE) };
        // One bit a level, and two levels a sequence.
        let deepest = limit.min(64) as usize;
        let nested = |depth: usize| {
            let mut bytes = item(UNDEFINED).to_vec();
            for _ in 1..depth {
                bytes.extend([&sequence[..], &item(UNDEFINED)].concat());
            }
            bytes.extend([ITEM_END, SEQUENCE_END].concat().repeat(depth));
            bytes
        };
        let bytes = nested(deepest);
        let length = bytes.len() as u64;
        let found = find(&bytes, EXPLICIT, rules, skip_sequence);
        assert_eq!(found, Ok(Some((length - 8, length, None))), "{limit}");
        let found = find(&nested(deepest + 1), EXPLICIT, rules, skip_sequence);
        let offset = BASE + 20 * deepest as u64;
        assert_eq!(found, Err(expected(ErrorKind::TooDeep { limit }, offset)), "{limit}");
    }
    let limits = Limits { sequence_depth: 0, ..Limits::DEFAULT };
    let found = find(&SEQUENCE_END, EXPLICIT, Rules { limits, ..Rules::default() }, skip_sequence);
    assert_eq!(found, Err(expected(ErrorKind::TooDeep { limit: 0 }, BASE)));
}

#[test]
fn an_item_ends_with_its_delimiter_or_with_the_data() {
    let open = [&item(UNDEFINED)[..], &ITEM_END].concat();
    let inner = [&header(0x0008_1140, b"SQ", UNDEFINED)[..], &open, &SEQUENCE_END].concat();
    let missing = Leniency::MissingItemDelimiter;
    #[rustfmt::skip]
    let table: [(&str, Vec<u8>, Leniencies, End); 9] = [
        ("delimiter", [&modality()[..], &ITEM_END].concat(), Leniencies::NONE,
         Some((10, 18, None))),
        ("empty", ITEM_END.to_vec(), Leniencies::NONE, Some((0, 8, None))),
        ("sequence inside", [&inner[..], &ITEM_END].concat(), Leniencies::NONE,
         Some((36, 44, None))),
        ("end of the data", modality(), only(missing), Some((10, 10, Some((missing, 110))))),
        ("end of the data, refused", modality(), Leniencies::ALL.without(missing), None),
        ("no data", vec![], only(missing), Some((0, 0, Some((missing, 100))))),
        ("end inside a value", modality()[..9].to_vec(), Leniencies::ALL, None),
        ("end inside a header", modality()[..7].to_vec(), Leniencies::ALL, None),
        ("end inside a sequence", inner[..inner.len() - 8].to_vec(), Leniencies::ALL, None),
    ];
    for (name, bytes, leniencies, expected) in table {
        let found = find(&bytes, EXPLICIT, rules(leniencies), skip_item);
        assert_eq!(found, Ok(expected), "{name}");
    }
}

#[test]
fn the_length_of_an_item_is_doubted_where_nothing_confirms_it() {
    let elsewhere = |value, total| {
        ItemEnd::Elsewhere(Extent { value_length: value, total_length: total, deviation: None })
    };
    let by_end = |length| {
        let deviation = Deviation { leniency: Leniency::MissingItemDelimiter, offset: 110 };
        let deviation = Some(deviation);
        ItemEnd::Elsewhere(Extent { value_length: length, total_length: length, deviation })
    };
    let followed = |next: &[u8]| [&modality()[..], next].concat();
    let lost = [0x08, 0x00, 0x60, 0x00, b'C', b'S', 0xFF, 0xFF];
    let default = Leniencies::DEFAULT;
    type Row = (&'static str, Vec<u8>, u32, bool, Leniencies, ItemEnd);
    #[rustfmt::skip]
    let table: [Row; 16] = [
        ("an item follows", followed(&item(0)), 10, false, default, ItemEnd::AsWritten),
        ("the end of the sequence follows", followed(&SEQUENCE_END), 10, false, default,
         ItemEnd::AsWritten),
        ("only the tag of an item follows", followed(&item(0)[..4]), 10, false, default,
         ItemEnd::AsWritten),
        ("less follows", followed(&item(0)[..3]), 10, true, default, ItemEnd::AsWritten),
        ("less follows, and more must", followed(&item(0)[..3]), 10, false, default,
         ItemEnd::PastEnd),
        ("nothing follows", modality(), 10, true, default, ItemEnd::AsWritten),
        ("nothing follows, and more must", modality(), 10, false, default, by_end(10)),
        ("too short", followed(&SEQUENCE_END), 9, true, default, by_end(10)),
        ("too short, refused", followed(&SEQUENCE_END), 9, true, Leniencies::NONE,
         ItemEnd::AsWritten),
        ("too long", followed(&[&item(0)[..], &[0; 8]].concat()), 11, true, default, by_end(10)),
        ("too long by a delimiter", followed(&[&ITEM_END[..], &SEQUENCE_END].concat()), 11, true,
         default, elsewhere(10, 18)),
        ("past the end", modality(), 11, true, default, by_end(10)),
        ("past the end, refused", modality(), 11, true, Leniencies::NONE, ItemEnd::PastEnd),
        ("an element follows and no item is found", followed(&lost), 10, true, default,
         ItemEnd::AsWritten),
        ("no item is found, past the end", followed(&lost), 19, true, default, ItemEnd::PastEnd),
        ("no elements at all", [&ITEM_END[..4], &[0xFF; 12]].concat(), 4, true, default,
         elsewhere(0, 8)),
    ];
    for (name, bytes, length, is_bounded, leniencies, expected) in table {
        let (mut window, rules) = (Window::memory(&bytes, BASE), rules(leniencies));
        let found = find_item_end(&mut window, BASE, length, EXPLICIT, &rules, is_bounded).unwrap();
        assert_eq!(found, expected, "{name}");
    }
}

/// A file that breaks after some bytes.
struct Broken {
    bytes: Vec<u8>,
    good: u64,
}

impl ReadAt for Broken {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        if offset + buffer.len() as u64 > self.good {
            return Err(ErrorKind::FileChanged.into());
        }
        let rest = &self.bytes[offset as usize..];
        Ok(crate::cursor::copy_into(buffer, rest))
    }
}

#[test]
fn errors_of_the_disk_are_no_reason_to_doubt_a_length() {
    // The item is followed by something else, and the search for its end leaves the first read.
    let long = element(0x0009_1001, b"OB", &vec![0; 10_000]);
    let bytes = [&item(10)[..], &modality(), &long, &[0; 40_000]].concat();
    let file = Broken { bytes, good: 8192 };
    let (mut buffer, rules) = (AlignedBuffer::default(), rules(Leniencies::DEFAULT));
    let mut window = Window::file(&file, &mut buffer, None, &rules.limits).unwrap();
    let error = skip_sequence(&mut window, 0, EXPLICIT, &rules).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::FileChanged), "{error}");
}

#[test]
fn what_follows_an_item_is_written_as_the_sequence_is() {
    let bytes = [&[0; 2][..], b"\xFF\xFE\xE0\xDD\0\0\0\0"].concat();
    let rules = rules(Leniencies::NONE);
    for (is_bounded, order) in [(false, ByteOrder::Big), (true, ByteOrder::Big)] {
        let encoding = Encoding { order, is_implicit: true };
        let window = &mut Window::memory(&bytes, BASE);
        let found = find_item_end(window, BASE, 2, encoding, &rules, is_bounded).unwrap();
        assert_eq!(found, ItemEnd::AsWritten);
    }
    let window = Window::memory(&bytes, BASE);
    assert!(is_end_of_item(&window, BASE + 2, ByteOrder::Big));
    assert!(!is_end_of_item(&window, BASE + 2, ByteOrder::Little));
    assert!(!is_end_of_item(&window, BASE + 7, ByteOrder::Big), "less than a tag");
}
