//! A value field that is at hand without its data set (PS3.5 §7.1): what decodes values needs a
//! data set around them.

use std::sync::Arc;

use super::bytes::FileBytes;
use super::elements::Dataset;
use super::surroundings::Context;
use crate::error::Result;
use crate::parse::{
    Deviations, Element, Encoding, Leniencies, Rules, Segment, Window, parse_undefined,
};
use crate::source::{SharedBytes, Source};
use crate::tag::Tag;
use crate::value::CharacterSet;
use crate::vr::Vr;

/// What is known of a value field: the element it belongs to, and what decides how it is read.
///
/// ```
/// use std::sync::Arc;
///
/// use rapidicom_core::{Encoding, LoneValue, Tag, Vr};
///
/// let field = LoneValue::new(Tag::new(0x0028, 0x0010), Vr::US, Encoding::EXPLICIT_LITTLE);
/// let (dataset, element) = field.into_dataset(Arc::new([0x00, 0x02]))?;
/// let rows = dataset.numbers(&element, Vr::US)?;
/// assert_eq!(rows, [rapidicom_core::value::Number::Int(512)]);
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoneValue {
    /// The tag of the element.
    pub tag: Tag,
    /// Its VR; [`Vr::IMPLICIT`] for that of the dictionary.
    pub vr: Vr,
    /// How numbers, and the elements of items, are written.
    pub encoding: Encoding,
    /// Whether the value ends with a delimiter, not with the bytes.
    pub is_undefined_length: bool,
    /// What its text is read with, and that of its items, whatever these say.
    pub characters: Option<CharacterSet>,
    /// Pixel Representation of the data set: whether numbers are signed that the dictionary gives
    /// the VR US or SS.
    pub pixel_representation: Option<u16>,
    /// Who has reserved the block of a private element.
    pub private_creator: Option<String>,
    /// What is tolerated in it.
    pub leniencies: Leniencies,
}

impl LoneValue {
    /// A value field of defined length, of which no more is known.
    pub fn new(tag: Tag, vr: Vr, encoding: Encoding) -> LoneValue {
        LoneValue {
            tag,
            vr,
            encoding,
            is_undefined_length: false,
            characters: None,
            pixel_representation: None,
            private_creator: None,
            leniencies: Leniencies::DEFAULT,
        }
    }

    /// The data set that has the element, and besides it no more than the element of its private
    /// creator; and the element.
    ///
    /// # Errors
    ///
    /// If the length is undefined and the end cannot be found.
    pub fn into_dataset(self, bytes: SharedBytes) -> Result<(Dataset, Element)> {
        let rules = Rules { leniencies: self.leniencies, ..Rules::default() };
        let mut deviations = Deviations::default();
        let field = (*bytes).as_ref();
        let length = field.len() as u64;
        let element = if self.is_undefined_length {
            let mut window = Window::memory(field, 0);
            parse_undefined(&mut window, self.tag, self.vr, self.encoding, &rules, &mut deviations)?
        } else {
            record(self.tag, self.vr, 0, length)
        };
        let (mut elements, mut segments) = (vec![element], Vec::new());
        let reservation = self.tag.private_creator();
        if let (Some(creator), Some(tag)) = (self.private_creator, reservation) {
            // After the bytes, where nothing else lies.
            elements.insert(0, record(tag, Vr::LO, length, creator.len() as u64));
            segments.push(Segment { offset: length, bytes: creator.into_bytes().into() });
        }
        let context = Context {
            is_character_set_fixed: self.characters.is_some(),
            characters: self.characters.unwrap_or(CharacterSet::DEFAULT),
            pixel_representation: self.pixel_representation,
            ..Context::OUTERMOST
        };
        let bytes = Arc::new(FileBytes::new(Source::Memory(bytes), segments));
        let (encoding, leniencies) = (self.encoding, self.leniencies);
        Ok((Dataset::new(bytes, encoding, elements, deviations, context, leniencies), element))
    }
}

fn record(tag: Tag, vr: Vr, value_offset: u64, value_length: u64) -> Element {
    Element { tag, vr, is_undefined_length: false, is_cut_short: false, value_offset, value_length }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::parse::Leniency;
    use crate::value::Number;

    const SMALLEST_PIXEL: Tag = Tag::new(0x0028, 0x0106);
    const PRIVATE: Tag = Tag::new(0x0019, 0x100C);
    const CREATOR: Tag = Tag::new(0x0019, 0x0010);

    fn read(field: LoneValue, bytes: &[u8]) -> (Dataset, Element) {
        field.into_dataset(Arc::new(bytes.to_vec())).unwrap()
    }

    #[test]
    fn the_field_is_the_value_of_the_only_element() {
        let field = LoneValue::new(Tag::new(0x0010, 0x0010), Vr::PN, Encoding::EXPLICIT_BIG);
        let (dataset, element) = read(field.clone(), b"Doe^J ");
        assert_eq!(element, record(field.tag, Vr::PN, 0, 6));
        assert_eq!(dataset.elements(), [element]);
        assert_eq!(&*dataset.value(&element).unwrap(), b"Doe^J ");
        assert_eq!(dataset.encoding(), Encoding::EXPLICIT_BIG);
        assert_eq!(dataset.character_set(), &CharacterSet::DEFAULT);
        assert_eq!(read(field, b"").1.value_length, 0);
    }

    #[test]
    fn what_the_dictionary_leaves_open_is_decided_as_in_a_data_set() {
        for (name, vr, representation, expected) in [
            ("nothing known", Vr::IMPLICIT, None, Vr::US),
            ("unsigned", Vr::IMPLICIT, Some(0), Vr::US),
            ("signed", Vr::IMPLICIT, Some(1), Vr::SS),
            ("unknown VR", Vr::UN, Some(1), Vr::SS),
            ("a VR of its own", Vr::OB, Some(1), Vr::OB),
        ] {
            let field = LoneValue::new(SMALLEST_PIXEL, vr, Encoding::EXPLICIT_LITTLE);
            let field = LoneValue { pixel_representation: representation, ..field };
            let (dataset, element) = read(field, &[0xFF, 0xFF]);
            assert_eq!(dataset.vr(&element).vr, expected, "{name}");
        }
    }

    #[test]
    fn numbers_are_in_the_byte_order_of_the_encoding() {
        for (encoding, expected) in
            [(Encoding::EXPLICIT_LITTLE, 0x0201), (Encoding::EXPLICIT_BIG, 0x0102)]
        {
            let (dataset, element) =
                read(LoneValue::new(SMALLEST_PIXEL, Vr::US, encoding), &[1, 2]);
            assert_eq!(dataset.numbers(&element, Vr::US).unwrap(), [Number::Int(expected)]);
        }
    }

    #[test]
    fn a_private_element_has_the_creator_that_is_named() {
        let field = LoneValue::new(PRIVATE, Vr::IMPLICIT, Encoding::IMPLICIT_LITTLE);
        let creator = Some("SIEMENS MR HEADER".to_owned());
        let (dataset, element) =
            read(LoneValue { private_creator: creator.clone(), ..field.clone() }, b"1000");
        assert_eq!(dataset.elements(), [record(CREATOR, Vr::LO, 4, 17), element]);
        assert_eq!(dataset.private_creator(PRIVATE), creator);
        assert_eq!(dataset.vr(&element).vr, Vr::IS);
        assert_eq!(&*dataset.value(&element).unwrap(), b"1000");
        let (dataset, element) = read(field, b"1000");
        assert_eq!((dataset.private_creator(PRIVATE), dataset.vr(&element).vr), (None, Vr::UN));
        let public = LoneValue::new(SMALLEST_PIXEL, Vr::US, Encoding::EXPLICIT_LITTLE);
        let (dataset, element) = read(LoneValue { private_creator: creator, ..public }, &[0, 0]);
        assert_eq!(dataset.elements(), [element]);
    }

    #[test]
    fn a_character_set_that_is_named_holds_in_items_too() {
        #[rustfmt::skip]
        let items = [
            &b"\xFE\xFF\x00\xE0\x12\0\0\0"[..],  // item of 18 bytes
            b"\x08\0\x05\0CS\x0A\0ISO_IR 100",     // Specific Character Set
        ].concat();
        let cyrillic = CharacterSet::from_terms(&["ISO_IR 144"]).unwrap();
        let tag = Tag::new(0x0008, 0x1110);
        let field = LoneValue::new(tag, Vr::SQ, Encoding::EXPLICIT_LITTLE);
        for (characters, is_named) in [(Some(cyrillic.clone()), true), (None, false)] {
            let (dataset, element) = read(LoneValue { characters, ..field.clone() }, &items);
            let item = dataset.items(&element, &Limits::DEFAULT).unwrap().remove(0);
            let item = item.parse(&Limits::DEFAULT).unwrap();
            assert_eq!(item.character_set() == &cyrillic, is_named);
        }
    }

    #[rustfmt::skip]
    const FRAGMENTS: &[u8] = &[
        0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0,         // Basic Offset Table, empty
        0xFE, 0xFF, 0x00, 0xE0, 2, 0, 0, 0, 7, 8,   // fragment of two bytes
    ];
    const DELIMITER: &[u8] = &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

    #[test]
    fn a_value_of_undefined_length_ends_with_its_delimiter_or_with_the_bytes() {
        let field = LoneValue::new(Tag::PIXEL_DATA, Vr::OB, Encoding::EXPLICIT_LITTLE);
        let field = LoneValue { is_undefined_length: true, ..field };
        let forced = LoneValue { leniencies: Leniencies::ALL, ..field.clone() };
        let whole = FRAGMENTS.len() as u64;
        let noted = |dataset: &Dataset| -> Vec<Leniency> {
            dataset.deviations().as_slice().iter().map(|found| found.leniency).collect()
        };
        for (name, bytes, length, expected) in [
            ("a delimiter", [FRAGMENTS, DELIMITER].concat(), whole, None),
            ("something after it", [FRAGMENTS, DELIMITER, b"\xFC\xFF"].concat(), whole, None),
            ("no delimiter", FRAGMENTS.to_vec(), whole, Some(Leniency::MissingDelimiter)),
            ("no fragments", b"\xFF\xD8\xFF\xE0rest".to_vec(), 8, Some(Leniency::Damaged)),
            ("nothing", Vec::new(), 0, Some(Leniency::MissingDelimiter)),
        ] {
            let (dataset, element) = read(forced.clone(), &bytes);
            let is_cut_short = expected.is_some();
            let value = Element { is_undefined_length: true, is_cut_short, ..element };
            assert_eq!(element, value, "{name}");
            assert_eq!((element.value_offset, element.value_length), (0, length), "{name}");
            assert_eq!(noted(&dataset), Vec::from_iter(expected), "{name}");
        }
        let error = field.into_dataset(Arc::new(*b"\xFF\xD8\xFF\xE0rest")).unwrap_err();
        assert_eq!((error.tag(), error.offset()), (Some(Tag::PIXEL_DATA), Some(0)));
    }
}
