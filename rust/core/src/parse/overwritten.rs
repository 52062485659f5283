//! Headers that turn into something else: zeros, or bytes of no elements.
//!
//! A header that a disk or a copy has overwritten still reads as elements: garbage has a tag and a
//! length as well, and nearly always a length that leads past the end. A file that was cut ends in
//! an element that makes sense.

use super::header::Element;
use super::leniency::{Deviations, Leniency};
use super::window::Window;
use crate::dictionary;
use crate::error::{Error, ErrorKind, Result};
use crate::tag::Tag;
use crate::uid;
use crate::value;
use crate::vr::Vr;

const SOP_CLASS_UID: Tag = Tag::new(0x0008, 0x0016);
const SERIES_INSTANCE_UID: Tag = Tag::new(0x0020, 0x000E);

/// The bytes that an LO may have (PS3.5 §6.2).
const LONGEST_CREATOR: u64 = 64;

/// More bytes than a value of a VR of up to 64 characters has, also of writers that do not keep to
/// that.
const LONGEST_TEXT: u64 = 1024;

/// The bytes of an element without a value (PS3.5 §7.1).
const SHORTEST_ELEMENT: u64 = 8;

/// Checks that the data set ends as one does, and not where its header turned into something else.
/// `elements` are in the order of their tags.
///
/// # Errors
///
/// [`ErrorKind::Overwritten`] if it does.
pub(super) fn check_end(
    window: &Window<'_>,
    elements: &[Element],
    deviations: &Deviations,
) -> Result<()> {
    let overwritten = |offset| Err(Error::from(ErrorKind::Overwritten).at_offset(offset));
    if deviations.as_slice().is_empty() {
        return Ok(());
    }
    let is_before_pixels = |offset: u64| {
        let mut pixels = elements.iter().filter(|element| element.tag.is_pixel_data());
        pixels.all(|element| element.value_offset > offset)
    };
    if let Some(cut) = elements.iter().find(|element| element.is_cut_short)
        && is_before_pixels(cut.value_offset)
        && !makes_sense(cut, elements)
    {
        return overwritten(cut.value_offset);
    }
    let mut zeros =
        deviations.as_slice().iter().filter(|found| found.leniency == Leniency::TrailingZeros);
    match zeros.next() {
        Some(zeros) if is_before_pixels(zeros.offset) && lacks_a_part(window, elements)? => {
            overwritten(zeros.offset)
        }
        _ => Ok(()),
    }
}

/// Whether the element, which is cut, can be one that a writer wrote there: with items inside, or
/// of a VR and a tag that are known, and not already longer than such a value is.
fn makes_sense(element: &Element, elements: &[Element]) -> bool {
    let (tag, available) = (element.tag, element.value_length);
    if element.is_undefined_length {
        return true;
    }
    let is_implicit = element.vr == Vr::IMPLICIT;
    if !is_implicit && !element.vr.is_known() {
        return false;
    }
    // The length of a group (PS3.5 §7.2). Where that of a sequence is wrong, the rest of its items
    // reads like one, and files with such pixels are known.
    if tag.element() == 0 {
        return true;
    }
    if let Some(entry) = dictionary::entry(tag) {
        let vr = if is_implicit { entry.vr.single() } else { Some(element.vr) };
        return longest(vr, entry.vm).is_none_or(|longest| available < longest);
    }
    // The owner of a private block (PS3.5 §7.8.1).
    if tag.is_private_creator() {
        return available <= LONGEST_CREATOR;
    }
    if tag.is_private() && is_owned(tag, is_implicit, elements) {
        return true;
    }
    // Of a later edition of the standard; or what is left is too short to hide an element.
    !is_implicit && (dictionary::has_group(tag.group()) || available < SHORTEST_ELEMENT)
}

/// The bytes of the longest value of this VR and VM; `None` if there is no such limit.
fn longest(vr: Option<Vr>, vm: &str) -> Option<u64> {
    let size = match vr? {
        Vr::AT => 4,
        Vr::AE | Vr::AS | Vr::CS | Vr::DA | Vr::DS | Vr::DT | Vr::IS => LONGEST_TEXT,
        Vr::LO | Vr::SH | Vr::TM | Vr::UI => LONGEST_TEXT,
        vr => u64::try_from(value::number_size(vr)?).ok()?,
    };
    let most = vm.rsplit('-').next()?;
    Some(size.saturating_mul(most.parse().ok()?))
}

/// Whether the block of a private element has an owner. Where VRs are written, files are read in
/// which owners were removed.
fn is_owned(tag: Tag, is_implicit: bool, elements: &[Element]) -> bool {
    let has_creator = tag.private_creator().is_some_and(|creator| {
        elements.binary_search_by_key(&creator, |element| element.tag).is_ok()
    });
    let block = |tag: Tag| (tag.group(), tag.element() >> 8);
    let mut others = elements.iter().filter(|other| other.tag != tag && !other.is_cut_short);
    has_creator || (!is_implicit && others.any(|other| block(other.tag) == block(tag)))
}

/// Whether an instance lacks what each has, its series, or an image its pixels.
///
/// # Errors
///
/// If the operating system refuses.
fn lacks_a_part(window: &Window<'_>, elements: &[Element]) -> Result<bool> {
    let find = |tag| {
        let index = elements.binary_search_by_key(&tag, |element: &Element| element.tag).ok()?;
        elements.get(index)
    };
    let Some(class) = find(SOP_CLASS_UID) else { return Ok(false) };
    let value = window.uid(class)?;
    Ok(find(SERIES_INSTANCE_UID).is_none() || dictionary::is_image_class(uid::trim(&value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::fields::*;
    use crate::parse::{ParseOptions, ParsedFile, parse_file};

    const CT: &[u8] = b"1.2.840.10008.5.1.4.1.1.2\0";
    const REPORT: &[u8] = b"1.2.840.10008.5.1.4.1.1.88.11\0";

    /// What the file is whose data set is `class`, perhaps a series, and `rest`.
    fn verdict(syntax: &[u8], dataset: &[&[u8]]) -> std::result::Result<usize, String> {
        let meta = element(0x0002_0010, b"UI", syntax);
        let bytes = [&[0; 128][..], b"DICM", &meta, &dataset.concat()].concat();
        let mut parsed = ParsedFile::default();
        let mut window = Window::memory(&bytes, 0);
        parse_file(&mut window, &ParseOptions::default(), &mut parsed)
            .map(|()| parsed.elements.len())
            .map_err(|error| format!("{:?}", error.kind()))
    }

    #[test]
    fn a_header_that_turns_into_something_else_is_refused() {
        let syntax = b"1.2.840.10008.1.2.1\0";
        let class = |uid: &[u8]| element(0x0008_0016, b"UI", uid);
        let (ct, report) = (class(CT), class(REPORT));
        let series = element(0x0020_000E, b"UI", b"1.2\0");
        let pixels = element(0x7FE0_0010, b"OW", &[1, 2]);
        let unwritten = |tag| implicit(tag, b"1.2")[..9].to_vec();
        let (no_vr, private, stranger) =
            (unwritten(0x0020_000E), unwritten(0x0009_1001), unwritten(0x0009_1101));
        let owner = element(0x0009_0010, b"LO", b"US");
        let refused = || Err("Overwritten".to_owned());
        type Row<'a> = (&'static str, Vec<&'a [u8]>, Result<usize, String>);
        #[rustfmt::skip]
        let table: [Row<'_>; 16] = [
            ("zeros before the series", vec![&ct, &[0; 99]], refused()),
            ("zeros in a report without a series", vec![&report, &[0; 99]], refused()),
            ("zeros after a report", vec![&report, &series, &[0; 99]], Ok(2)),
            ("zeros before the pixels", vec![&ct, &series, &[0; 99]], refused()),
            ("zeros after the pixels", vec![&ct, &series, &pixels, &[0; 99]], Ok(3)),
            ("zeros after what is no instance", vec![&owner, &[0; 99]], Ok(1)),
            ("two elements of zeros", vec![&ct, &[0; 16], &series], refused()),
            ("one", vec![&ct, &[0; 8], &series], Ok(3)),
            ("two of them after the pixels", vec![&ct, &pixels, &[0; 16], &series], Ok(4)),
            ("0x55", vec![&ct, &[0x55; 99]], refused()),
            ("text", vec![&ct, b"Somewhere over the rainbow, way up high"], refused()),
            ("text after the pixels", vec![&ct, &pixels, b"Somewhere over the rainbow"], Ok(3)),
            ("a value that is cut", vec![&ct, &series[..10]], Ok(2)),
            ("a value without VR that is cut", vec![&ct, &no_vr], Ok(2)),
            ("a private value", vec![&owner, &private], Ok(2)),
            ("one without an owner", vec![&owner, &stranger], refused()),
        ];
        for (name, dataset, expected) in table {
            assert_eq!(verdict(syntax, &dataset), expected, "{name}");
        }
        let plain = implicit(0x0008_0016, CT);
        assert_eq!(verdict(b"1.2.840.10008.1.2\0", &[&plain, &[0x55; 99]]), refused());
    }

    #[test]
    fn a_value_that_is_cut_is_one_that_a_writer_wrote() {
        let ct = element(0x0008_0016, b"UI", CT);
        let owner = element(0x0009_0010, b"LO", b"US");
        let cut = |tag, vr: &[u8; 2], length: usize, kept: usize| {
            element(tag, vr, &vec![b'1'; length])[..8 + kept].to_vec()
        };
        let long_creator = implicit(0x0011_0011, &[0x11; 100])[..8 + 90].to_vec();
        let short_creator = implicit(0x0011_0011, b"AN OWNER")[..8 + 3].to_vec();
        let (rows, too_many_rows) =
            (cut(0x0028_0010, b"US", 2, 1), cut(0x0028_0010, b"US", 900, 90));
        let (lut, at) = (cut(0x0028_3006, b"US", 900, 90), cut(0x0028_0009, b"AT", 90, 60));
        let (position, spacing) = (cut(0x0020_9301, b"FD", 24, 23), cut(0x0018_9073, b"FD", 24, 8));
        let (own, other) = (cut(0x0009_1002, b"LO", 90, 60), cut(0x5349_5349, b"IS", 900, 90));
        let (text, too_long_text) =
            (cut(0x0020_0020, b"CS", 4000, 2047), cut(0x0020_0020, b"CS", 4000, 2048));
        let texts = cut(0x0008_0008, b"CS", 9000, 5000);
        let neighbour = element(0x0009_1001, b"LO", b"1.");
        let (later, nowhere) = (cut(0x0040_FFF1, b"CS", 90, 8), cut(0x4150_5343, b"CS", 900, 90));
        let table: [(&str, &[&[u8]], bool); 19] = [
            ("an owner that is cut", &[&ct, &short_creator], true),
            ("an owner that is too long", &[&ct, &long_creator], false),
            ("a number that is cut", &[&ct, &rows], true),
            ("more numbers than there can be", &[&ct, &too_many_rows], false),
            ("a group's length that is too long", &[&ct, &implicit(0, &[1; 90])[..80]], true),
            ("as many as there are", &[&ct, &lut], true),
            ("tags", &[&ct, &at], true),
            ("three numbers of three", &[&ct, &position], true),
            ("three of one", &[&ct, &spacing], false),
            ("a text that is too long", &[&ct, &text], true),
            ("one that nobody writes", &[&ct, &too_long_text], false),
            ("texts without a limit", &[&ct, &texts], true),
            ("a private value with its VR", &[&ct, &owner, &own], true),
            ("beside one without an owner", &[&ct, &neighbour, &own], true),
            ("alone with less than an element", &[&ct, &own[..15]], true),
            ("alone without an owner", &[&ct, &own], false),
            ("of letters without an owner", &[&ct, &other], false),
            ("a tag of a later edition", &[&ct, &later], true),
            ("a tag of no group", &[&ct, &nowhere], false),
        ];
        for (name, dataset, expected) in table {
            let found = verdict(b"1.2.840.10008.1.2.1\0", dataset);
            let refused = Err("Overwritten".to_owned());
            assert_eq!(found, if expected { Ok(dataset.len()) } else { refused }, "{name}");
        }
    }
}
