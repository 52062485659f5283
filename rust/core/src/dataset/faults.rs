//! Values that cannot be decoded: what is wrong with them, and their bytes all the same.

use super::elements::Dataset;
use super::surroundings::Surroundings;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::parse::{Deviation, Element, Leniency};
use crate::tag::Tag;
use crate::value;
use crate::vr::Vr;

impl Dataset {
    /// What is tolerated in the values of its elements, in their order: found when it is asked for,
    /// because most values are never looked at.
    pub fn value_faults(&self) -> impl Iterator<Item = Deviation> {
        self.elements().iter().filter_map(|element| {
            Some(Deviation { leniency: self.fault(element)?, offset: element.value_offset })
        })
    }

    /// What is tolerated in its values and is found when they are decoded, in the order of the
    /// elements: text with bytes that are no characters, and numbers that are none.
    pub fn value_deviations(&self) -> impl Iterator<Item = Deviation> {
        self.elements().iter().filter_map(|element| {
            Some(Deviation { leniency: self.text_fault(element)?, offset: element.value_offset })
        })
    }

    /// What is wrong with an element's text, if it has text that can be read.
    fn text_fault(&self, element: &Element) -> Option<Leniency> {
        let vr = self.vr(element).vr;
        let value = vr.is_text().then(|| self.value(element).ok()).flatten()?;
        let value::Decoded { text, is_exact } =
            value::decoded_text(&value, vr, self.character_set());
        if !is_exact {
            return Some(Leniency::UndecodableText);
        }
        // The fraction of an IS is read as well.
        let is_number =
            |text: &str| text.trim().is_empty() || value::decimal(text).is_some_and(f64::is_finite);
        let is_of_numbers = matches!(vr, Vr::DS | Vr::IS);
        (is_of_numbers && !value::text_values(&text, vr).all(is_number))
            .then_some(Leniency::UndecodableNumber)
    }

    /// What is wrong with an element's value, if anything is.
    fn fault(&self, element: &Element) -> Option<Leniency> {
        let expected = self.expected_vr(element).vr;
        let vr = self.vr(element).vr;
        if vr != expected {
            let is_sequence = expected == Vr::SQ;
            // The walk over the elements has noted a value of undefined length.
            let is_noted = is_sequence && element.is_undefined_length;
            let fault = if is_sequence { Leniency::NotASequence } else { Leniency::UnknownVr };
            return (!is_noted).then_some(fault);
        }
        let has_items = vr == Vr::SQ && element.value_length > 0;
        if has_items && self.check_depth(element, Limits::DEFAULT.sequence_depth).is_err() {
            return Some(Leniency::NestedTooDeep);
        }
        let is_whole = element.value_length.is_multiple_of(unit_size(vr));
        (!is_whole).then_some(Leniency::WrongValueLength)
    }

    /// The tags in the value of an AT.
    ///
    /// # Errors
    ///
    /// If the value cannot be read, or is no whole number of tags long.
    pub fn tags(&self, element: &Element) -> Result<Vec<Tag>> {
        let value = self.value(element)?;
        self.check_length(element, Vr::AT)?;
        Ok(value::tags(&value, self.order_of(element)).collect())
    }

    /// Refuses the items of a sequence that would lie in more sequences than `limit`.
    pub(super) fn check_depth(&self, element: &Element, limit: u32) -> Result<()> {
        if self.depth() < limit {
            return Ok(());
        }
        Err(Error::from(ErrorKind::TooDeep { limit }).at_offset(element.value_offset))
    }

    /// Refuses a value that is no whole number of numbers, or of tags, long.
    pub(super) fn check_length(&self, element: &Element, vr: Vr) -> Result<()> {
        let (length, size) = (element.value_length, unit_size(vr));
        if length.is_multiple_of(size) {
            return Ok(());
        }
        let kind = ErrorKind::ValueLength { vr, length, size: size as usize };
        Err(self.locate(Error::from(kind).at_offset(element.value_offset), element.tag))
    }
}

/// Bytes of a number, or of a tag; 1 for what is neither.
fn unit_size(vr: Vr) -> u64 {
    match vr {
        Vr::AT => 4,
        vr => value::number_size(vr).unwrap_or(1) as u64,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::parse::{Encoding, Rules, Stop};

    const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
    const IMPLICIT: Encoding = Encoding::IMPLICIT_LITTLE;
    const BIG: Encoding = Encoding::EXPLICIT_BIG;

    fn dataset(bytes: &[u8], encoding: Encoding) -> Dataset {
        let bytes = Arc::new(bytes.to_vec());
        Dataset::from_memory(bytes, encoding, Stop::AtEnd, &Rules::default()).unwrap()
    }

    /// Name, how the data set is written, its bytes; the VR of its first element, what is noted.
    type Case = (&'static str, Encoding, &'static [u8], Vr, Option<Leniency>);

    #[test]
    fn each_fault_is_named_and_costs_its_own_value() {
        use Leniency::{NotASequence, UnknownVr, WrongValueLength};
        #[rustfmt::skip]
        let table: [Case; 22] = [
            ("text in a sequence", IMPLICIT, b"\x12\0\x64\0\x0A\0\0\0some text.", Vr::UN,
             Some(NotASequence)),
            ("short text in a sequence", IMPLICIT, b"\x12\0\x64\0\x04\0\0\0NONE", Vr::UN,
             Some(NotASequence)),
            ("in an explicit one", EXPLICIT, b"\x12\0\x64\0SQ\0\0\x04\0\0\0NONE", Vr::UN,
             Some(NotASequence)),
            ("in UN", EXPLICIT, b"\x12\0\x64\0UN\0\0\x04\0\0\0NONE", Vr::UN, Some(NotASequence)),
            ("in a big-endian one", BIG, b"\0\x12\0\x64SQ\0\0\0\0\0\x04NONE", Vr::UN,
             Some(NotASequence)),
            ("an empty sequence", EXPLICIT, b"\x12\0\x64\0SQ\0\0\0\0\0\0", Vr::SQ, None),
            ("an empty item", EXPLICIT,
             b"\x12\0\x64\0SQ\0\0\x08\0\0\0\xFE\xFF\0\xE0\0\0\0\0", Vr::SQ, None),
            ("an empty item, big endian", BIG,
             b"\0\x12\0\x64SQ\0\0\0\0\0\x08\xFF\xFE\xE0\0\0\0\0\0", Vr::SQ, None),
            ("UN of an empty item, big endian", BIG,
             b"\0\x12\0\x64UN\0\0\0\0\0\x08\xFE\xFF\0\xE0\0\0\0\0", Vr::SQ, None),
            ("UN of a big-endian item", BIG,
             b"\0\x12\0\x64UN\0\0\0\0\0\x08\xFF\xFE\xE0\0\0\0\0\0", Vr::SQ, None),
            ("a delimiter alone", IMPLICIT,
             b"\x12\0\x64\0\x08\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0", Vr::SQ, None),
            ("US of 3 bytes", EXPLICIT, b"\x28\0\x10\0US\x03\0abc", Vr::US,
             Some(WrongValueLength)),
            ("FD of 10 bytes", EXPLICIT, b"\x18\0\x87\x90FD\x0A\0abcdefghij", Vr::FD,
             Some(WrongValueLength)),
            ("AT of 6 bytes", EXPLICIT, b"\x28\0\x09\0AT\x06\0abcdef", Vr::AT,
             Some(WrongValueLength)),
            ("UN of 3 bytes", EXPLICIT, b"\x28\0\x10\0UN\0\0\x03\0\0\0abc", Vr::US,
             Some(WrongValueLength)),
            ("a group length", IMPLICIT, b"\x10\0\0\0\x0A\0\0\0Anonymized", Vr::UL,
             Some(WrongValueLength)),
            ("US of 4 bytes", EXPLICIT, b"\x28\0\x10\0US\x04\0abcd", Vr::US, None),
            ("text", EXPLICIT, b"\x10\0\x20\0LO\x03\0abc", Vr::LO, None),
            ("bytes", EXPLICIT, b"\x10\0\x20\0OB\0\0\x03\0\0\0abc", Vr::OB, None),
            ("an unknown VR", EXPLICIT, b"\x10\0\x20\0ZZ\x03\0abc", Vr::UN, Some(UnknownVr)),
            ("an empty one", EXPLICIT, b"\x10\0\x20\0ZZ\0\0", Vr::UN, Some(UnknownVr)),
            ("a long one", EXPLICIT, b"\x10\0\x20\0ZZ\0\0\x03\0\0\0abc", Vr::UN,
             Some(UnknownVr)),
        ];
        for (name, encoding, bytes, vr, fault) in table {
            let dataset = dataset(bytes, encoding);
            let [element] = *dataset.elements() else { panic!("{name}") };
            assert_eq!((dataset.vr(&element).vr, dataset.fault(&element)), (vr, fault), "{name}");
            let found: Vec<_> = dataset.value_faults().map(|found| found.leniency).collect();
            assert_eq!(found, Vec::from_iter(fault), "{name}");
            assert_eq!(element.value_end(), bytes.len() as u64, "{name}: the whole value");
        }
    }

    #[test]
    fn text_that_is_no_number_is_named() {
        use Leniency::{UndecodableNumber, UndecodableText};
        #[rustfmt::skip]
        let table: [(&[u8; 2], &[u8], Option<Leniency>); 15] = [
            (b"DS", b"1.50", None),
            (b"DS", b" 1e3 \\\\-2 ", None),
            (b"DS", b"1,5 ", Some(UndecodableNumber)),
            (b"DS", b"1\\b\\3 ", Some(UndecodableNumber)),
            (b"DS", b"1\xFC", Some(UndecodableText)),
            (b"DS", b"", None),
            (b"DS", b"inf", Some(UndecodableNumber)),
            (b"DS", b"1e999", Some(UndecodableNumber)),
            (b"IS", b"  ", None),
            (b"IS", b"12", None),
            (b"IS", b"1.5 ", None),
            (b"IS", b"99999999999999999999", None),
            (b"IS", b"no", Some(UndecodableNumber)),
            (b"IS", b"0x10", Some(UndecodableNumber)),
            (b"LO", b"no", None),
        ];
        for (vr, value, expected) in table {
            let header = [b"\x18\0\x50\0", &vr[..], &(value.len() as u16).to_le_bytes()].concat();
            let dataset = dataset(&[&header[..], value].concat(), EXPLICIT);
            let found: Vec<_> = dataset.value_deviations().collect();
            let expected = expected.map(|leniency| Deviation { leniency, offset: 8 });
            let (vr, value) = (vr.escape_ascii(), value.escape_ascii());
            assert_eq!(found, Vec::from_iter(expected), "{vr} {value}");
        }
    }

    #[test]
    fn a_sequence_that_is_nested_too_deep_is_named_and_refused() {
        let mut bytes = b"\x08\0\x40\x11SQ\0\0\0\0\0\0".to_vec();
        for _ in 0..Limits::DEFAULT.sequence_depth + 1 {
            let length = bytes.len() as u32;
            let item = [&b"\xFE\xFF\0\xE0"[..], &length.to_le_bytes(), &bytes].concat();
            let header = [&b"\x08\0\x40\x11SQ\0\0"[..], &(length + 8).to_le_bytes()].concat();
            bytes = [header, item].concat();
        }
        let mut dataset = dataset(&bytes, EXPLICIT);
        for _ in 0..Limits::DEFAULT.sequence_depth {
            assert_eq!(dataset.value_faults().next(), None);
            let items = dataset.items(&dataset.elements()[0], &Limits::DEFAULT).unwrap();
            dataset = items[0].parse(&Limits::DEFAULT).unwrap();
        }
        let [element] = *dataset.elements() else { panic!("one element") };
        let (leniency, offset) = (Leniency::NestedTooDeep, element.value_offset);
        assert_eq!(dataset.value_faults().next(), Some(Deviation { leniency, offset }));
        assert!(dataset.items(&element, &Limits::DEFAULT).is_err());
        assert_eq!(dataset.vr(&element).vr, Vr::SQ);
    }

    #[test]
    fn what_was_un_is_little_endian_in_every_transfer_syntax() {
        for (name, bytes, expected) in [
            ("US", &b"\0\x28\0\x09AT\0\x04\0\x28\0\x10"[..], Tag::new(0x0028, 0x0010)),
            ("UN", b"\0\x28\0\x09UN\0\0\0\0\0\x04\x28\0\x10\0", Tag::new(0x0028, 0x0010)),
        ] {
            let dataset = dataset(bytes, BIG);
            let element = dataset.elements()[0];
            assert_eq!(dataset.tags(&element).unwrap(), [expected], "{name}");
        }
        let bytes = b"\x28\0\x09\0AT\x06\0abcdef";
        let error = dataset(bytes, EXPLICIT).tags(&dataset(bytes, EXPLICIT).elements()[0]);
        let error = error.unwrap_err();
        let kind = ErrorKind::ValueLength { vr: Vr::AT, length: 6, size: 4 };
        assert_eq!(format!("{:?}", error.kind()), format!("{kind:?}"));
        assert_eq!((error.tag(), error.offset()), (Some(Tag::new(0x0028, 0x0009)), Some(8)));
    }
}
