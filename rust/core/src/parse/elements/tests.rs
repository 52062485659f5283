//! The elements of a data set: each rule of the walk that records them, and that its fast way finds
//! the same.

use proptest::prelude::*;

use super::*;
use crate::limits::Limits;
use crate::parse::Leniencies;
use crate::parse::fields::*;
use crate::source::{AlignedBuffer, ReadAt};

const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
/// The first byte of each data set is at this offset of the file.
const BASE: u64 = 100;

type Refusal = (String, Option<u64>);

/// Tags and the offsets and lengths of values, where parsing stopped, and what was tolerated.
#[derive(Debug, PartialEq)]
struct Found {
    elements: Vec<(u32, u64, u64)>,
    end: Result<u64, Refusal>,
    tolerated: Vec<(Leniency, u64)>,
}

fn parse(bytes: &[u8], encoding: Encoding, stop: Stop, rules: Rules) -> Found {
    let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
    let mut window = Window::memory(bytes, BASE);
    let end =
        parse_elements(&mut window, BASE, encoding, stop, &rules, &mut elements, &mut deviations);
    let show = |it: &Element| (it.tag.0, it.value_offset, it.value_length);
    Found {
        elements: elements.iter().map(show).collect(),
        end: end.map_err(|error| what(&error)),
        tolerated: tolerated(&deviations),
    }
}

fn with(bytes: &[u8], leniencies: Leniencies) -> Found {
    parse(bytes, EXPLICIT, Stop::AtEnd, Rules { leniencies, ..Rules::default() })
}

/// An element of 10 bytes.
fn modality() -> Vec<u8> {
    element(MODALITY, b"CS", b"CT")
}

/// A later one.
fn id() -> Vec<u8> {
    element(ID, b"LO", b"ID")
}

const MODALITY: u32 = 0x0008_0060;
const ID: u32 = 0x0010_0020;
const SEQUENCE: u32 = 0x0008_1140;

#[test]
fn each_leniency_is_granted_or_refused() {
    use Leniency::*;
    let open = header(SEQUENCE, b"SQ", UNDEFINED);
    let zeros = || ErrorKind::BadValue { what: "the rest", found: 0, expected: "elements" };
    let no_vr = ErrorKind::BadValue { what: "the VR", found: 0, expected: "two capital letters" };
    let cut = |needed, available| ErrorKind::ValueCutShort { needed, available };
    let stray = |found| ErrorKind::UnexpectedDelimiter { found };
    let undefined_text = [&header(ID, b"UT", UNDEFINED)[..], &SEQUENCE_END].concat();
    let fragments = [&header(ID, b"OB", UNDEFINED)[..], &item(2), b"AB"].concat();
    let value_of = |offset, length| vec![(MODALITY, 108, 2), (ID, offset, length)];
    let one = || vec![(MODALITY, 108, 2)];
    type Row = (&'static str, Leniency, Vec<u8>, u64, u64, Vec<(u32, u64, u64)>, Refusal);
    #[rustfmt::skip]
    let table: [Row; 14] = [
        // name, leniency, bytes after the first element, where it is noted, where parsing stops,
        // elements, and the error without it
        ("no VR", ImplicitElement, implicit(ID, b"ID"), 110, 120, value_of(118, 2),
         expected(no_vr, 110)),
        ("a value that is cut short", ValueCutShort, id()[..9].to_vec(), 118, 120, value_of(118, 1),
         expected(cut(2, 1), 118)),
        ("one byte", TrailingBytes, vec![0], 110, 110, one(),
         expected(ErrorKind::HeaderCutShort { needed: 8, available: 1 }, 110)),
        ("seven bytes", TrailingBytes, id()[..7].to_vec(), 110, 110, one(),
         expected(ErrorKind::HeaderCutShort { needed: 8, available: 7 }, 110)),
        ("no end of a sequence", MissingDelimiter, [&open[..], &item(0)].concat(), 130, 130,
         vec![(MODALITY, 108, 2), (SEQUENCE, 122, 8)], expected(cut(16, 8), 130)),
        ("no end of fragments", MissingDelimiter, fragments, 132, 132, value_of(122, 10),
         expected(cut(18, 10), 132)),
        ("a stray end of a sequence", StrayDelimiter, [&SEQUENCE_END[..], &id()].concat(), 110, 128,
         value_of(126, 2),
         expected(stray(Tag::SEQUENCE_DELIMITATION), 110)),
        ("a stray item", StrayDelimiter, [&item(3)[..], b"ABC", &id()].concat(), 110, 131,
         value_of(129, 2), expected(stray(Tag::ITEM), 110)),
        ("a stray end of an item", StrayItemEnd, [&ITEM_END[..], &id()].concat(), 110, 110, one(),
         expected(stray(Tag::ITEM_DELIMITATION), 110)),
        ("no items", ValueWithoutItems, [&open[..], b"no items", &SEQUENCE_END].concat(), 122, 138,
         vec![(MODALITY, 108, 2), (SEQUENCE, 122, 8)], item_expected(0x6F6E_6920, 122)),
        ("no fragments", ValueWithoutItems,
         [&header(ID, b"OB", UNDEFINED)[..], &item(2), b"ABxx", &[0; 8], &SEQUENCE_END].concat(),
         132, 150,
         value_of(122, 20), item_expected(0x7878_0000, 132)),
        ("an undefined length", UndefinedLengthVr, undefined_text, 122, 130, value_of(122, 0),
         expected(ErrorKind::UndefinedLength { vr: Vr::UT }, 122)),
        ("zeros", TrailingZeros, vec![0; 8], 110, 110, one(), expected(zeros(), 110)),
        ("many zeros", TrailingZeros, vec![0; 1000], 110, 110, one(), expected(zeros(), 110)),
    ];
    for (name, leniency, rest, offset, end, elements, refused) in table {
        let bytes = [&modality()[..], &rest].concat();
        let tolerated = vec![(leniency, offset)];
        let expected = Found { elements, end: Ok(end), tolerated };
        assert_eq!(with(&bytes, Leniencies::NONE.with(leniency)), expected, "{name} is granted");
        assert_eq!(with(&bytes, Leniencies::DEFAULT), expected, "{name}, the default");
        let expected = Found { elements: one(), end: Err(refused), tolerated: vec![] };
        let others = Leniencies::DEFAULT.without(leniency).without(MissingDelimiter);
        let others = others.without(ImplicitElement).without(ValueCutShort);
        assert_eq!(with(&bytes, others), expected, "{name} is refused");
    }
}

#[test]
fn other_delimiters_are_refused() {
    let open_item = item(UNDEFINED).to_vec();
    for (name, rest, found) in [
        ("an item of undefined length", open_item, Tag::ITEM),
        ("another tag of the group", element(0xFFFE_0001, b"\0\0", b""), Tag(0xFFFE_0001)),
    ] {
        let bytes = [&modality()[..], &rest, &[0; 8]].concat();
        let end = Err(expected(ErrorKind::UnexpectedDelimiter { found }, 110));
        let expected = Found { elements: vec![(MODALITY, 108, 2)], end, tolerated: vec![] };
        assert_eq!(with(&bytes, Leniencies::DEFAULT), expected, "{name}");
    }
}

#[test]
fn delimiters_are_looked_at_before_the_stop() {
    let bytes = [&modality()[..], &SEQUENCE_END, &modality()].concat();
    let found = parse(&bytes, EXPLICIT, Stop::AfterGroup(8), Rules::default());
    assert_eq!(found.elements, [(MODALITY, 126, 2)]);
}

#[test]
fn parsing_ends_before_the_first_element_that_is_not_wanted() {
    let pixels = element(0x7FE0_0010, b"OW", &[0; 4]);
    let bytes = [modality(), id(), pixels].concat();
    let all = [(MODALITY, 108, 2), (ID, 118, 2), (0x7FE0_0010, 132, 4)];
    for (stop, count, end) in [
        (Stop::AtEnd, 3, 136),
        (Stop::BeforePixels, 2, 120),
        (Stop::AfterGroup(8), 1, 110),
        (Stop::AfterGroup(0x0010), 0, 100),
    ] {
        let found = parse(&bytes, EXPLICIT, stop, Rules::default());
        let elements = all[..count].to_vec();
        assert_eq!(found, Found { elements, end: Ok(end), tolerated: vec![] }, "{stop:?}");
    }
}

#[test]
fn zeros_are_an_end_only_after_elements() {
    let zero = |offset| (0, offset, 0);
    let granted = Leniencies::NONE.with(Leniency::ImplicitElement);
    assert_eq!(with(&[0; 8], granted).elements, [zero(108)], "nothing comes before them");
    let refused = with(&[0; 16], granted).end.unwrap_err();
    let kind = ErrorKind::BadValue { what: "the rest", found: 0, expected: "elements" };
    assert_eq!(refused, expected(kind, 108), "an element comes before them");
    // Of equal tags the last counts.
    let bytes = [&modality()[..], &[0; 16], &id()].concat();
    let found = with(&bytes, Leniencies::NONE.with(Leniency::ImplicitElement));
    assert_eq!(found.elements, [zero(126), (MODALITY, 108, 2), (ID, 134, 2)]);
    assert_eq!(found.end, Ok(136));
}

#[test]
fn elements_come_in_the_order_of_their_tags_and_the_last_of_equals_counts() {
    let unordered = |offset| vec![(Leniency::UnorderedElements, offset)];
    let (first, second) = ((MODALITY, 108, 2), (ID, 118, 2));
    for (name, bytes, elements, tolerated) in [
        ("in order", [modality(), id()].concat(), vec![first, second], vec![]),
        (
            "out of order",
            [id(), modality()].concat(),
            vec![(MODALITY, 118, 2), (ID, 108, 2)],
            unordered(118),
        ),
        ("twice", [modality(), modality()].concat(), vec![(MODALITY, 118, 2)], unordered(118)),
        (
            "twice, apart",
            [modality(), id(), modality()].concat(),
            vec![(MODALITY, 128, 2), second],
            unordered(128),
        ),
    ] {
        let end = Ok(BASE + bytes.len() as u64);
        let expected = Found { elements, end, tolerated };
        assert_eq!(with(&bytes, Leniencies::NONE), expected, "{name}");
    }
}

#[test]
fn elements_are_appended_to_those_that_are_there() {
    let bytes = modality();
    let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
    for _ in 0..2 {
        let mut window = Window::memory(&bytes, BASE);
        let rules = Rules::default();
        let (stop, all) = (Stop::AtEnd, &mut elements);
        parse_elements(&mut window, BASE, EXPLICIT, stop, &rules, all, &mut deviations).unwrap();
    }
    assert_eq!(elements.len(), 2, "equal tags of two data sets");
    assert!(deviations.as_slice().is_empty());
}

#[test]
fn elements_are_counted() {
    let bytes = [modality(), id()].concat();
    for (limit, expected) in [
        (2, Ok(120)),
        (1, Err(expected(ErrorKind::TooMany { limit: 1 }, 110))),
        (0, Err(expected(ErrorKind::TooMany { limit: 0 }, 100))),
    ] {
        let limits = Limits { element_count: limit, ..Limits::DEFAULT };
        let found = parse(&bytes, EXPLICIT, Stop::AtEnd, Rules { limits, ..Rules::default() });
        assert_eq!((found.elements.len(), found.end), (limit, expected));
    }
}

#[test]
fn what_was_read_before_damage_is_kept_where_that_is_granted() {
    let open = [&header(SEQUENCE, b"SQ", UNDEFINED)[..], b"no items"].concat();
    let bytes = [modality(), open.clone()].concat();
    let refused = item_expected(0x6F6E_6920, 122);
    let elements = || vec![(MODALITY, 108, 2)];
    let expected = Found { elements: elements(), end: Err(refused), tolerated: vec![] };
    assert_eq!(with(&bytes, Leniencies::DEFAULT), expected);
    let tolerated = vec![(Leniency::Damaged, 122)];
    let expected = Found { elements: elements(), end: Ok(122), tolerated };
    assert_eq!(with(&bytes, Leniencies::ALL), expected);
    let nothing = with(&open, Leniencies::ALL);
    assert_eq!(nothing.end, Err(item_expected(0x6F6E_6920, 112)), "nothing to keep");
}

#[test]
fn only_the_file_and_the_limits_are_damage() {
    let all = Rules { leniencies: Leniencies::ALL, ..Rules::default() };
    let damage = |offset| Deviation { leniency: Leniency::Damaged, offset };
    for (kind, is_damage) in [
        (ErrorKind::TooMany { limit: 1 }, true),
        (ErrorKind::NotDeflated, true),
        (ErrorKind::FileChanged, false),
        (ErrorKind::Cancelled, false),
    ] {
        let name = format!("{kind:?}");
        let found = keep_what_was_read(Error::from(kind), 5, &all);
        assert_eq!(found.ok(), is_damage.then_some(damage(5)), "{name}");
    }
    let placed = Error::from(ErrorKind::NotDeflated).at_offset(7);
    assert_eq!(keep_what_was_read(placed, 5, &all).unwrap(), damage(7));
    let default = keep_what_was_read(ErrorKind::NotDeflated.into(), 5, &Rules::default());
    assert!(default.is_err());
}

#[test]
fn values_of_undefined_length_end_with_their_delimiter() {
    let modality_item = [&item(10)[..], &modality()].concat();
    let look_alike = [&item(8)[..], &SEQUENCE_END].concat();
    for (name, tag, vr, value) in [
        ("a sequence", SEQUENCE, b"SQ", modality_item.clone()),
        ("unknown", SEQUENCE, b"UN", modality_item),
        ("fragments of OB", ID, b"OB", look_alike.clone()),
        ("fragments of OW", ID, b"OW", look_alike.clone()),
        ("pixels of another VR", 0x7FE0_0010, b"UN", look_alike),
    ] {
        let last = element(0x7FE0_0020, b"LO", b"ID");
        let bytes = [&header(tag, vr, UNDEFINED)[..], &value, &SEQUENCE_END, &last].concat();
        let (length, end) = (value.len() as u64, BASE + bytes.len() as u64);
        let elements = vec![(tag, 112, length), (0x7FE0_0020, end - 2, 2)];
        let expected = Found { elements, end: Ok(end), tolerated: vec![] };
        assert_eq!(with(&bytes, Leniencies::NONE), expected, "{name}");
    }
}

#[test]
fn records_say_what_is_undefined_or_cut_short() {
    let open = header(SEQUENCE, b"SQ", UNDEFINED);
    for (name, bytes, expected) in [
        ("whole", modality(), (Vr::CS, false, false)),
        ("cut short", modality()[..9].to_vec(), (Vr::CS, false, true)),
        ("undefined", [&open[..], &SEQUENCE_END].concat(), (Vr::SQ, true, false)),
        ("undefined and cut short", open, (Vr::SQ, true, true)),
    ] {
        let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
        let (mut window, rules) = (Window::memory(&bytes, BASE), Rules::default());
        let (stop, all) = (Stop::AtEnd, &mut elements);
        parse_elements(&mut window, BASE, EXPLICIT, stop, &rules, all, &mut deviations).unwrap();
        let [one] = elements[..] else { panic!("{name}: {elements:?}") };
        assert_eq!((one.vr, one.is_undefined_length, one.is_cut_short), expected, "{name}");
    }
}

#[test]
fn delimiters_are_found_in_each_byte_order() {
    let big = b"\x00\x08\x11\x40SQ\0\0\xFF\xFF\xFF\xFFno items\xFF\xFE\xE0\xDD\0\0\0\0";
    let found = parse(big, Encoding::EXPLICIT_BIG, Stop::AtEnd, Rules::default());
    assert_eq!(found.elements, [(SEQUENCE, 112, 8)]);
    assert_eq!(found.tolerated, [(Leniency::ValueWithoutItems, 112)]);
    let fragment =
        b"\x7F\xE0\0\x10OB\0\0\xFF\xFF\xFF\xFF\xFF\xFE\xE0\0\0\0\0\x01A\xFF\xFE\xE0\xDD\0\0\0\0";
    let rules = Rules { leniencies: Leniencies::NONE, ..Rules::default() };
    let found = parse(fragment, Encoding::EXPLICIT_BIG, Stop::AtEnd, rules);
    assert_eq!((found.elements, found.end), (vec![(0x7FE0_0010, 112, 9)], Ok(129)));
}

#[test]
fn the_first_deviation_of_a_sequence_is_that_of_the_data_set() {
    let items = [&item(UNDEFINED)[..], &modality()].concat();
    let bytes = [&header(SEQUENCE, b"SQ", UNDEFINED)[..], &items, &SEQUENCE_END].concat();
    let found = with(&bytes, Leniencies::DEFAULT);
    assert_eq!(found.tolerated, [(Leniency::MissingItemDelimiter, 130)]);
    assert_eq!((found.elements, found.end), (vec![(SEQUENCE, 112, 18)], Ok(138)));
}

/// A file that says how far it was read.
struct Counted {
    bytes: Vec<u8>,
    furthest: std::cell::Cell<u64>,
}

impl ReadAt for Counted {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        let count = crate::cursor::copy_into(buffer, rest);
        self.furthest.set(self.furthest.get().max(offset + count as u64));
        Ok(count)
    }
}

#[test]
fn values_up_to_the_limit_are_read_and_longer_ones_stay_in_the_file() {
    for (deferred_above, furthest) in [(20_000, 20_012), (19_999, 8192)] {
        let value = element(0x0009_1001, b"OB", &[7; 20_000]);
        let file = Counted { bytes: value, furthest: Default::default() };
        let rules = Rules { deferred_above, ..Rules::default() };
        let (mut buffer, mut elements) = (AlignedBuffer::default(), Vec::new());
        let mut window = Window::file(&file, &mut buffer, None, &rules.limits).unwrap();
        let (stop, deviations) = (Stop::AtEnd, &mut Deviations::default());
        let end = parse_elements(&mut window, 0, EXPLICIT, stop, &rules, &mut elements, deviations);
        assert_eq!(end.unwrap(), 20_012);
        assert_eq!((elements[0].value_length, file.furthest.get()), (20_000, furthest));
    }
}

#[test]
fn what_the_window_leaves_behind_is_kept_up_to_the_value() {
    let bytes = [modality(), element(0x0009_1001, b"OB", &[7; 100_000]), id()].concat();
    let file = Counted { bytes, furthest: Default::default() };
    let (rules, mut segments) = (Rules::default(), Vec::new());
    let (mut buffer, mut elements) = (AlignedBuffer::default(), Vec::new());
    let mut window = Window::file(&file, &mut buffer, Some(&mut segments), &rules.limits).unwrap();
    let (stop, deviations) = (Stop::AtEnd, &mut Deviations::default());
    parse_elements(&mut window, 0, EXPLICIT, stop, &rules, &mut elements, deviations).unwrap();
    assert_eq!(window.base(), 100_022);
    assert_eq!(elements.iter().map(|it| it.tag.0).collect::<Vec<_>>(), [MODALITY, 0x0009_1001, ID]);
    let kept: Vec<_> = segments.iter().map(|kept| (kept.offset, kept.bytes.len())).collect();
    assert_eq!(kept, [(0, 22)]);
}

#[test]
fn errors_name_the_element() {
    let bytes = [&modality()[..], &header(ID, b"UT", UNDEFINED), &[0; 8]].concat();
    let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
    let rules = Rules { leniencies: Leniencies::NONE, ..Rules::default() };
    let (mut window, stop) = (Window::memory(&bytes, 0), Stop::AtEnd);
    let (all, notes) = (&mut elements, &mut deviations);
    let error = parse_elements(&mut window, 0, EXPLICIT, stop, &rules, all, notes).unwrap_err();
    assert_eq!((error.tag(), error.offset()), (Some(Tag(ID)), Some(22)));
}

/// What both ways find: elements, where they stop or why not, and what was tolerated.
fn both(bytes: &[u8], encoding: Encoding, stop: Stop, rules: Rules) {
    let parse = |is_fast: bool| {
        let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
        let mut window = Window::memory(bytes, 100);
        let walk = Walk { window: &mut window, rules: &rules, deviations: &mut deviations };
        let mut parser = Parser::new(walk, encoding);
        parser.is_fast = is_fast;
        let end = parser.run(100, stop, &mut elements);
        (elements, end.map_err(|error| (error.to_string(), error.offset())), deviations)
    };
    let fast = parse(true);
    assert_eq!(fast, parse(false));
    let end = 100 + bytes.len() as u64;
    assert!(fast.0.iter().all(|element| element.value_offset >= 100 && element.value_end() <= end));
}

/// Elements that look like those of files, one field a line.
fn any_element() -> impl Strategy<Value = Vec<u8>> {
    let group = prop::sample::select(vec![0u16, 0x0008, 0x0009, 0x0010, 0x0028, 0x7FE0, 0xFFFE]);
    let number = prop::sample::select(vec![0u16, 0x0010, 0x1140, 0xE000, 0xE00D, 0xE0DD]);
    let vr = prop::sample::select(vec![
        *b"US", *b"LO", *b"SQ", *b"UN", *b"OB", *b"??", *b"cs", *b"\0\0", *b"ZZ",
    ]);
    let length = prop::sample::select(vec![0u32, 1, 2, 8, 9, 40, 0xFFFF, 0xFFFF_FFFF]);
    let value = prop::collection::vec(any::<u8>(), 0..10);
    (group, number, vr, length, value).prop_map(|(group, number, vr, length, value)| {
        let mut bytes = [group.to_le_bytes(), number.to_le_bytes(), vr].concat();
        match Vr(vr).has_long_length() {
            true => bytes.extend([&[0, 0][..], &length.to_le_bytes()].concat()),
            false => bytes.extend((length as u16).to_le_bytes()),
        }
        bytes.extend(value);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None,
     ..ProptestConfig::default() })]

    #[test]
    fn the_fast_way_finds_what_the_plain_way_finds(
        elements in prop::collection::vec(any_element(), 0..8),
        rest in prop::collection::vec(any::<u8>(), 0..20),
        count in 0usize..6,
    ) {
        let bytes = [elements.concat(), rest].concat();
        let stops = [Stop::AtEnd, Stop::BeforePixels, Stop::AfterGroup(8), Stop::AfterGroup(0)];
        let few = Rules { limits: Limits { element_count: count, ..Limits::DEFAULT },
         ..Rules::default() };
        for encoding in [Encoding::EXPLICIT_LITTLE, Encoding::IMPLICIT_LITTLE,
         Encoding::EXPLICIT_BIG] {
            for stop in stops {
                for leniencies in [Leniencies::DEFAULT, Leniencies::NONE] {
                    both(&bytes, encoding, stop, Rules { leniencies, ..Rules::default() });
                }
                both(&bytes, encoding, stop, few);
            }
        }
    }
}
