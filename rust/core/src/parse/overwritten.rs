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
use crate::vr::Vr;

const SOP_CLASS_UID: Tag = Tag::new(0x0008, 0x0016);
const SERIES_INSTANCE_UID: Tag = Tag::new(0x0020, 0x000E);

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

/// Whether the element can be one that a writer wrote there: with items inside, of a VR that is
/// known, or of a tag that is where no VR is written.
fn makes_sense(element: &Element, elements: &[Element]) -> bool {
    let tag = element.tag;
    if element.is_undefined_length || element.vr != Vr::IMPLICIT {
        return element.is_undefined_length || element.vr.is_known();
    }
    // The length of a group, and the owner of a private block (PS3.5 §7.2, §7.8.1).
    if tag.element() == 0 || dictionary::entry(tag).is_some() {
        return true;
    }
    let block = tag.element() >> 8;
    let creator = Tag::new(tag.group(), block);
    let is_owned = || elements.binary_search_by_key(&creator, |element| element.tag).is_ok();
    tag.is_private() && (matches!(tag.element(), 0x10..=0xFF) || (block >= 0x10 && is_owned()))
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
}
