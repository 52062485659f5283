//! What an element's VR depends on besides the element: the data set around it.

use std::borrow::Cow;

use crate::cursor::ByteOrder;
use crate::dictionary::{self, DictionaryVr};
use crate::error::Result;
use crate::parse::Element;
use crate::tag::Tag;
use crate::value::{self, CharacterSet, Number};
use crate::vr::Vr;

/// (0028,3002) LUT Descriptor, which decides between US and OW for LUT Data.
const LUT_DESCRIPTOR: Tag = Tag::new(0x0028, 0x3002);

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
}

impl Context {
    /// That of a data set that nothing holds.
    pub const OUTERMOST: Context = Context {
        characters: CharacterSet::DEFAULT,
        is_character_set_fixed: false,
        pixel_representation: None,
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
        Context { characters, is_character_set_fixed, pixel_representation }
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
    /// Where none is written, or only that it is unknown, the dictionary says it (PS3.5 §6.2.2,
    /// §7.1.3), and where it leaves a choice, the data set decides (PS3.5 §A.1).
    fn resolve_vr(&self, element: &Element) -> ResolvedVr {
        let tag = element.tag;
        let is_unknown = element.vr == Vr::UN;
        if element.vr != Vr::IMPLICIT && !is_unknown {
            return element.vr.into();
        }
        if element.is_undefined_length && is_unknown {
            return Vr::SQ.into();
        }
        let found = if tag.is_private() {
            return self.private_vr(element).unwrap_or(Vr::UN).into();
        } else if is_unknown && element.value_length >= 0xFFFF {
            // Its writer may have had no other choice than UN for a value that long (PS3.5 §6.2.2
            // note).
            None
        } else {
            dictionary::vr(tag)
        };
        match found {
            Some(found) => self.decide(element, found),
            None if element.vr == Vr::IMPLICIT && tag.element() == 0 => Vr::UL.into(),
            None if element.is_undefined_length => Vr::SQ.into(),
            None => Vr::UN.into(),
        }
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
        if !tag.is_private() || tag.element() < 0x1000 {
            return None;
        }
        let creator = self.find(Tag::new(tag.group(), tag.element() >> 8))?;
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
