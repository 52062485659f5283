//! What an element's VR depends on besides the element: the data set around it.

use std::borrow::Cow;

use crate::cursor::ByteOrder;
use crate::dictionary::{self, DictionaryVr};
use crate::error::Result;
use crate::parse::{Element, Encoding};
use crate::tag::Tag;
use crate::value::{self, CharacterSet, Number};
use crate::vr::Vr;

/// (0028,3002) LUT Descriptor, which decides between US and OW for LUT Data.
const LUT_DESCRIPTOR: Tag = Tag::new(0x0028, 0x3002);

/// Of an item or a delimiter: a tag and a length (PS3.5 §7.5).
const ITEM_HEADER_LENGTH: u64 = 8;

/// The byte order of a value that starts with `start`, in a data set of the byte order `order`.
///
/// What was UN to its writer is little endian and implicit in every Transfer Syntax (PS3.5 §6.2.2),
/// but for sequences of some writers, whose first item shows it.
pub(crate) fn value_order(element: &Element, start: &[u8], order: ByteOrder) -> ByteOrder {
    let is_big = element.vr != Vr::UN || start.starts_with(&[0xFF, 0xFE, 0xE0]);
    if is_big { order } else { ByteOrder::Little }
}

/// How the items of a sequence whose value starts with `start` are written, unless they say
/// otherwise, in a data set that is written as `parent`: under an element that was read as implicit
/// they are so too.
pub(crate) fn items_encoding(element: &Element, start: &[u8], parent: Encoding) -> Encoding {
    let order = value_order(element, start, parent.order);
    let is_unknown = order != parent.order;
    let is_implicit = parent.is_implicit || element.vr == Vr::IMPLICIT || is_unknown;
    Encoding { order, is_implicit }
}

/// A VR that was looked up where the data set does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedVr {
    /// What the value is read as.
    pub vr: Vr,
    /// The choice of the dictionary, where nothing in the data set decides it.
    pub undecided: Option<&'static str>,
}

impl From<Vr> for ResolvedVr {
    fn from(vr: Vr) -> Self {
        ResolvedVr { vr, undecided: None }
    }
}

/// What a data set inherits from the one that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    pub characters: CharacterSet,
    /// The caller has named the character set: what data sets say does not count.
    pub is_character_set_fixed: bool,
    pub pixel_representation: Option<u16>,
    /// The UID of the file's Transfer Syntax, which pixels of items are written by as well; empty
    /// if there is none.
    pub transfer_syntax_uid: Cow<'static, str>,
}

impl Context {
    /// That of a data set that nothing holds.
    pub(crate) const OUTERMOST: Context = Context {
        characters: CharacterSet::DEFAULT,
        is_character_set_fixed: false,
        pixel_representation: None,
        transfer_syntax_uid: Cow::Borrowed(""),
    };
}

/// A data set, owned or borrowed, as far as a VR can depend on it.
pub(crate) trait Surroundings {
    /// The element with this tag.
    fn find(&self, tag: Tag) -> Option<&Element>;
    /// The bytes of an element's value field, as they are written.
    fn value(&self, element: &Element) -> Result<Cow<'_, [u8]>>;
    /// The byte order of its numbers.
    fn order(&self) -> ByteOrder;
    /// The byte order of the numbers of an element, which may be another one.
    fn order_of(&self, element: &Element) -> ByteOrder {
        value_order(element, &[], self.order())
    }
    /// What it was given, or what [`Surroundings::own_context`] has found since.
    fn context(&self) -> &Context;

    /// What holds in it and in its items: what it says itself, else what it inherited.
    fn own_context(&self) -> Context {
        let is_character_set_fixed = self.context().is_character_set_fixed;
        let own =
            if is_character_set_fixed { None } else { self.find(Tag::SPECIFIC_CHARACTER_SET) };
        let characters = match own.map(|element| self.value(element)) {
            Some(Ok(value)) => CharacterSet::from_value(&value),
            _ => self.context().characters.clone(),
        };
        let pixel_representation =
            self.unsigned(Tag::PIXEL_REPRESENTATION).or(self.context().pixel_representation);
        let transfer_syntax_uid = self.context().transfer_syntax_uid.clone();
        Context { characters, is_character_set_fixed, pixel_representation, transfer_syntax_uid }
    }

    /// The first 16-bit number of an element.
    fn unsigned(&self, tag: Tag) -> Option<u16> {
        let value = self.value(self.find(tag)?).ok()?;
        match value::numbers(&value, Vr::US, self.order()).next()? {
            Number::Int(number) => u16::try_from(number).ok(),
            _ => None,
        }
    }

    /// The VR that an element's value is read with.
    ///
    /// Where none is written, or only that it is unknown, the dictionary says it, however long the
    /// value is (PS3.5 §6.2.2, §7.1.3), and where it leaves a choice, the data set decides (PS3.5
    /// §A.1). Of a VR that the standard does not have, and of a sequence that is none, no more than
    /// the bytes are known.
    #[inline(always)]
    fn resolve_vr(&self, element: &Element) -> ResolvedVr {
        let vr = element.vr;
        match vr.header_length() {
            // Nearly all elements say it themselves.
            Some(_) if vr != Vr::SQ && vr != Vr::UN => vr.into(),
            _ => self.look_up_vr(element),
        }
    }

    /// The same of an element that does not say it, or is a sequence.
    #[inline(never)]
    fn look_up_vr(&self, element: &Element) -> ResolvedVr {
        let found = self.expected_vr(element);
        if !found.vr.is_known() || (found.vr == Vr::SQ && !self.has_items(element)) {
            return Vr::UN.into();
        }
        found
    }

    /// The same, whatever the value is.
    fn expected_vr(&self, element: &Element) -> ResolvedVr {
        let tag = element.tag;
        let is_unknown = element.vr == Vr::UN;
        if element.vr != Vr::IMPLICIT && !is_unknown {
            return element.vr.into();
        }
        if element.is_undefined_length && is_unknown {
            return Vr::SQ.into();
        }
        if tag.is_private() {
            return self.private_vr(element).unwrap_or(Vr::UN).into();
        }
        match dictionary::vr(tag) {
            Some(found) => self.decide(element, found),
            None if element.vr == Vr::IMPLICIT && tag.element() == 0 => Vr::UL.into(),
            None if element.is_undefined_length => Vr::SQ.into(),
            None => Vr::UN.into(),
        }
    }

    /// Whether the value of a sequence is empty or starts with an item, or with the end of a
    /// sequence; true for what cannot be read, or was cut before that.
    fn has_items(&self, element: &Element) -> bool {
        if element.value_length == 0 {
            return true;
        }
        let value_length = element.value_length.min(ITEM_HEADER_LENGTH);
        // Of a long value no more is read than that.
        let Ok(start) = self.value(&Element { value_length, ..*element }) else { return true };
        let Some(&[a, b, c, d, ..]) = start.first_chunk::<8>() else { return element.is_cut_short };
        let order = value_order(element, &start, self.order());
        let tag = Tag::new(order.u16([a, b]), order.u16([c, d]));
        matches!(tag, Tag::ITEM | Tag::SEQUENCE_DELIMITATION)
    }

    /// The VR of a private element, as far as its owner is known.
    fn private_vr(&self, element: &Element) -> Option<Vr> {
        let tag = element.tag;
        if tag.is_private_creator() {
            return Some(Vr::LO);
        }
        let found = self.creator(tag).and_then(|creator| dictionary::private_entry(&creator, tag));
        match found.and_then(|entry| entry.vr.single()) {
            None if element.is_undefined_length => Some(Vr::SQ),
            found => found,
        }
    }

    /// The owner of the block that a private element lies in (PS3.5 §7.8.1).
    fn creator(&self, tag: Tag) -> Option<String> {
        let creator = self.find(tag.private_creator()?)?;
        let value = self.value(creator).ok()?;
        Some(value::text(&value, Vr::LO, &self.context().characters).into_owned())
    }

    /// The VR of an element for which the dictionary has `found`.
    fn decide(&self, element: &Element, found: DictionaryVr) -> ResolvedVr {
        if let Some(vr) = found.single() {
            return vr.into();
        }
        match found {
            DictionaryVr::UsOrSs => match self.context().pixel_representation {
                Some(1) => Vr::SS.into(),
                _ => Vr::US.into(),
            },
            DictionaryVr::ObOrOw if element.is_undefined_length => Vr::OB.into(),
            DictionaryVr::ObOrOw => Vr::OW.into(),
            DictionaryVr::UsOrOw if self.unsigned(LUT_DESCRIPTOR) == Some(1) => Vr::US.into(),
            DictionaryVr::UsOrOw => Vr::OW.into(),
            other => ResolvedVr { vr: Vr::OW, undecided: Some(other.as_str()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::dataset::Dataset;
    use crate::parse::{Encoding, Rules, Stop};
    use crate::tag::Tag;
    use crate::vr::Vr;

    /// One field of a data set in Implicit VR Little Endian: tag and value.
    fn field(tag: u32, value: &[u8]) -> Vec<u8> {
        let [a, b, c, d] = tag.to_be_bytes();
        [&[b, a, d, c][..], &(value.len() as u32).to_le_bytes(), value].concat()
    }

    fn dataset(bytes: &[u8], encoding: Encoding) -> Dataset {
        let bytes = Arc::new(bytes.to_vec());
        Dataset::from_memory(bytes, encoding, Stop::AtEnd, &Rules::default()).unwrap()
    }

    /// The VR that an implicit element gets after others.
    fn resolve(before: &[Vec<u8>], tag: u32, value: &[u8]) -> (Vr, Option<&'static str>) {
        let bytes = [before.concat(), field(tag, value)].concat();
        let dataset = dataset(&bytes, Encoding::IMPLICIT_LITTLE);
        let found = dataset.vr(dataset.find(Tag(tag)).unwrap());
        (found.vr, found.undecided)
    }

    #[test]
    fn the_dictionary_and_the_data_set_decide_where_no_vr_is_written() {
        let sign = |value: u8| vec![field(0x0028_0103, &[value, 0])];
        let lut = |bits: u8| vec![field(0x0028_3002, &[bits, 0, 0, 0, 16, 0])];
        let owner = |name: &[u8]| vec![field(0x0009_0010, name)];
        let two = &[0, 0][..];
        #[rustfmt::skip]
        let table = [
            ("one VR", vec![], 0x0010_0010, two, Vr::PN),
            ("US without Pixel Representation", vec![], 0x0028_0106, two, Vr::US),
            ("US of unsigned pixels", sign(0), 0x0028_0106, two, Vr::US),
            ("SS of signed pixels", sign(1), 0x0028_0106, two, Vr::SS),
            ("US of neither", sign(2), 0x0028_0106, two, Vr::US),
            ("pixels", vec![], 0x7FE0_0010, two, Vr::OW),
            ("a LUT of one entry", lut(1), 0x0028_3006, two, Vr::US),
            ("a LUT of two entries", lut(2), 0x0028_3006, two, Vr::OW),
            ("a LUT without a descriptor", vec![], 0x0028_3006, two, Vr::OW),
            ("a group length", vec![], 0x0011_0000, &[0; 4], Vr::UN),
            ("a group length of an even group", vec![], 0x0006_0000, &[0; 4], Vr::UL),
            ("unknown", vec![], 0x0006_0001, two, Vr::UN),
            ("a private creator", vec![], 0x0009_0010, b"AB", Vr::LO),
            ("a private element of an unknown owner", owner(b"ACME"), 0x0009_1001, two, Vr::UN),
            ("a private element without an owner", vec![], 0x0009_1001, two, Vr::UN),
        ];
        for (name, before, tag, value, expected) in table {
            assert_eq!(resolve(&before, tag, value), (expected, None), "{name}");
        }
    }

    #[test]
    fn a_written_vr_counts_unless_it_is_unknown() {
        let rows = |vr: &[u8; 2], length: &[u8]| [b"\x28\0\x10\0", &vr[..], length].concat();
        let short = |vr| [&rows(vr, &[2, 0])[..], &[4, 0]].concat();
        let unknown = |length: u32| {
            let header = rows(b"UN", &[&[0, 0][..], &length.to_le_bytes()].concat());
            [&header[..], &vec![0; length as usize]].concat()
        };
        let open = [
            &rows(b"UN", &[0, 0, 0xFF, 0xFF, 0xFF, 0xFF])[..],
            &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
        ];
        for (name, bytes, expected) in [
            ("another VR than the dictionary's", short(b"SS"), Vr::SS),
            ("unknown", unknown(2), Vr::US),
            ("unknown, as long as other VRs go", unknown(0xFFFE), Vr::US),
            ("unknown because it is long", unknown(0x1_0000), Vr::US),
            ("unknown of undefined length", open.concat(), Vr::SQ),
        ] {
            let dataset = dataset(&bytes, Encoding::EXPLICIT_LITTLE);
            assert_eq!(dataset.vr(&dataset.elements()[0]).vr, expected, "{name}");
        }
    }

    #[test]
    fn an_undefined_length_without_a_vr_is_a_sequence_or_pixels() {
        let end = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
        for (tag, expected) in [
            (0x0006_0001, Vr::SQ),
            (0x0009_1001, Vr::SQ),
            (0x0008_1140, Vr::SQ),
            (0x7FE0_0010, Vr::OB),
        ] {
            let mut bytes = field(tag, &[]);
            bytes[4..8].fill(0xFF);
            let dataset = dataset(&[&bytes[..], &end].concat(), Encoding::IMPLICIT_LITTLE);
            assert_eq!(dataset.vr(&dataset.elements()[0]).vr, expected, "{tag:08X}");
        }
    }

    #[test]
    fn items_inherit_the_pixel_representation() {
        let smallest = field(0x0028_0106, &[0, 0]);
        let item = [&[0xFE, 0xFF, 0x00, 0xE0, 10, 0, 0, 0][..], &smallest].concat();
        let bytes = [field(0x0028_0103, &[1, 0]), field(0x0040_9096, &item)].concat();
        let dataset = dataset(&bytes, Encoding::IMPLICIT_LITTLE);
        let limits = crate::limits::Limits::DEFAULT;
        let items = dataset.items(&dataset.elements()[1], &limits).unwrap();
        let item = items[0].parse(&limits).unwrap();
        assert_eq!(item.vr(&item.elements()[0]).vr, Vr::SS);
    }
}
