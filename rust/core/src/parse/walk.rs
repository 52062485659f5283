//! One step of every walk over elements, whether it records them or skips them.
//!
//! [`elements`](super::elements) takes steps through a data set and keeps a record of each element;
//! [`skip`](super::skip) takes them through the items of a value whose end it looks for.

use super::header::{ElementHeader, Encoding, ItemHeader};
use super::leniency::{Deviation, Deviations, Leniency};
use super::rules::Rules;
use super::spelling::{Next, lengthen, spell_vr};
use super::window::Window;
use crate::cursor::{ByteOrder, copy_into};
use crate::dictionary;
use crate::error::{Error, ErrorKind, Result};
use crate::tag::Tag;
use crate::vr::Vr;

/// What a walk sees, by which rules, and where it notes what it tolerates.
pub(super) struct Walk<'p, 'w> {
    pub window: &'p mut Window<'w>,
    pub rules: &'p Rules,
    pub deviations: &'p mut Deviations,
}

impl Walk<'_, '_> {
    /// Grants a leniency and notes it.
    ///
    /// # Errors
    ///
    /// `error` at `offset`, if it is not granted.
    #[cold]
    pub(super) fn tolerate(
        &mut self,
        leniency: Leniency,
        offset: u64,
        error: ErrorKind,
    ) -> Result<()> {
        self.deviations.add(self.rules.leniencies.tolerate(leniency, offset, error)?);
        Ok(())
    }

    /// The header at `offset`, as it is written; `None` if the data end before it or inside.
    ///
    /// # Errors
    ///
    /// Those of the window.
    #[inline(always)]
    pub(super) fn header(
        &mut self,
        offset: u64,
        encoding: Encoding,
    ) -> Result<Option<ElementHeader>> {
        match self.window.run().chunk(offset) {
            Some(bytes) => Ok(Some(ElementHeader::decode_any(bytes, encoding))),
            None => self.read_header(offset, encoding),
        }
    }

    /// The same where it is not there yet, or near the end of the data, where 8 bytes can be all
    /// of a header.
    #[cold]
    fn read_header(&mut self, offset: u64, encoding: Encoding) -> Result<Option<ElementHeader>> {
        self.window.extend_to(offset.saturating_add(12))?;
        let position = self.window.run().position(offset);
        Ok(position.and_then(|at| ElementHeader::read(self.window.bytes(), at, encoding)))
    }

    /// The header of the item, or the delimiter, at `offset`; `None` if the data end before it or
    /// inside.
    ///
    /// # Errors
    ///
    /// Those of the window.
    #[inline(always)]
    pub(super) fn item_header(
        &mut self,
        offset: u64,
        order: ByteOrder,
    ) -> Result<Option<ItemHeader>> {
        let bytes = self.window.chunk(offset)?;
        Ok(bytes.map(|bytes| ItemHeader::decode(bytes, order)))
    }

    /// What the header of the element at `offset` means: with its VR spelt right if it is
    /// misspelt, and allowed to have an undefined length.
    ///
    /// # Errors
    ///
    /// If the length is undefined where it must not be, and those of the window.
    #[inline(always)]
    pub(super) fn settle(
        &mut self,
        header: ElementHeader,
        offset: u64,
        encoding: Encoding,
    ) -> Result<ElementHeader> {
        if header.lacks_vr(encoding)
            || header.value_length.is_none()
            || header.may_be_long(encoding)
        {
            self.settle_special(header, offset, encoding)
        } else {
            Ok(header)
        }
    }

    fn settle_special(
        &mut self,
        header: ElementHeader,
        offset: u64,
        encoding: Encoding,
    ) -> Result<ElementHeader> {
        let mut header = header;
        if header.lacks_vr(encoding)
            && let Some(spelt) = self.spell(&header, offset, encoding)?
        {
            self.deviations.add(Deviation { leniency: Leniency::MisspeltVr, offset });
            header = spelt;
        }
        // Where the data end before 12 bytes, it has no more than 8.
        if header.may_be_long(encoding) && self.window.chunk::<12>(offset)?.is_some() {
            let bytes = self.bytes_of_header(offset);
            header = lengthen(&header, bytes, encoding, |distance| self.next(offset, distance))?;
        }
        if header.value_length.is_none() && !can_be_undefined(header.vr) {
            let error = ErrorKind::UndefinedLength { vr: header.vr };
            // The value is what ends somewhere else, so its place is the one that is noted.
            let value_offset = offset.saturating_add(header.header_length as u64);
            self.tolerate(Leniency::UndefinedLengthVr, value_offset, error)?;
        }
        Ok(header)
    }

    /// Ends a sequence, or fragments, at `offset`, where an element has taken the place of the next
    /// item: `found` is its tag.
    ///
    /// # Errors
    ///
    /// If it is no element beyond doubt, or the leniency is not granted; and those of the window.
    #[cold]
    pub(super) fn end_without_delimiter(
        &mut self,
        found: Tag,
        offset: u64,
        encoding: Encoding,
    ) -> Result<()> {
        let error = ErrorKind::ItemExpected { found };
        if !self.is_certain(offset, encoding)? {
            return Err(Error::from(error).at_offset(offset));
        }
        self.tolerate(Leniency::MissingSequenceDelimiter, offset, error)
    }

    /// Whether there is an element at `offset` beyond doubt: of a VR that is known, or of a tag
    /// that is where no VR is written, and with a value that the data have room for.
    fn is_certain(&mut self, offset: u64, encoding: Encoding) -> Result<bool> {
        let Some(header) = self.header(offset, encoding)? else { return Ok(false) };
        let is_known = if encoding.is_implicit {
            dictionary::entry(header.tag).is_some()
        } else {
            header.vr.is_known()
        };
        let value_length = u64::from(header.value_length.unwrap_or(0));
        let end = offset.saturating_add(header.header_length as u64 + value_length);
        Ok(is_known && end <= self.window.end())
    }

    /// See [`spell_vr`]; `None` also if [`Leniency::MisspeltVr`] is not granted.
    #[cold]
    fn spell(
        &mut self,
        header: &ElementHeader,
        offset: u64,
        encoding: Encoding,
    ) -> Result<Option<ElementHeader>> {
        if !self.rules.leniencies.allow(Leniency::MisspeltVr) {
            return Ok(None);
        }
        let bytes = self.bytes_of_header(offset);
        spell_vr(header, bytes, encoding, |distance| self.next(offset, distance))
    }

    /// The bytes of the header at `offset`, zeros past the end of the data.
    fn bytes_of_header(&self, offset: u64) -> [u8; 12] {
        let mut bytes = [0; 12];
        copy_into(&mut bytes, self.window.run().from(offset).unwrap_or_default());
        bytes
    }

    /// What is found so many bytes after `offset`.
    fn next(&mut self, offset: u64, distance: u64) -> Result<Next> {
        let at = offset.saturating_add(distance);
        Ok(match self.window.peek(at)? {
            Some(header) => Next::Header(header),
            None if at == self.window.end() => Next::End,
            None => Next::Beyond,
        })
    }
}

/// Whether a value of this VR may have an undefined length: sequences, and what can be encapsulated
/// or unknown (PS3.5 §7.1.1).
fn can_be_undefined(vr: Vr) -> bool {
    matches!(vr, Vr::SQ | Vr::UN | Vr::OB | Vr::OW | Vr::IMPLICIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Leniencies;
    use crate::parse::fields::*;

    const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;
    const BASE: u64 = 100;

    /// What a step gives or refuses, and what was tolerated.
    type Outcome<T> = (Result<T, (String, Option<u64>)>, Vec<(Leniency, u64)>);

    /// Takes a step in a walk over `bytes`.
    fn walk<T>(
        bytes: &[u8],
        leniencies: Leniencies,
        take: impl FnOnce(&mut Walk<'_, '_>) -> Result<T>,
    ) -> Outcome<T> {
        let rules = Rules { leniencies, ..Rules::default() };
        let (mut window, mut deviations) = (Window::memory(bytes, BASE), Deviations::default());
        let (window, notes) = (&mut window, &mut deviations);
        let found = take(&mut Walk { window, rules: &rules, deviations: notes });
        (found.map_err(|error| what(&error)), tolerated(&deviations))
    }

    #[test]
    fn headers_are_read_as_far_as_there_are_bytes() {
        let bytes = [&[0xFF; 3][..], &header(0x0010_0020, b"LO", 2)].concat();
        let read = |bytes: &[u8], offset| {
            walk(bytes, Leniencies::NONE, |walk| walk.header(offset, EXPLICIT)).0.unwrap()
        };
        let found = read(&bytes, BASE + 3).unwrap();
        assert_eq!((found.tag, found.value_length), (Tag(0x0010_0020), Some(2)));
        assert_eq!(read(&bytes[..10], BASE + 3), None, "cut");
        assert_eq!(read(&bytes, BASE - 1), None, "before the window");
        assert_eq!(read(&bytes, BASE + 11), None, "at the end");
        let read = |bytes: &[u8], order| {
            walk(bytes, Leniencies::NONE, |walk| walk.item_header(BASE, order)).0.unwrap()
        };
        let expected = ItemHeader { tag: Tag::ITEM, length: 2 };
        assert_eq!(read(&item(2), ByteOrder::Little), Some(expected));
        assert_eq!(read(b"\xFF\xFE\xE0\0\0\0\0\x02", ByteOrder::Big), Some(expected));
        assert_eq!(read(&item(2)[..7], ByteOrder::Little), None);
    }

    #[test]
    fn a_leniency_is_noted_where_it_is_granted() {
        let cut = || ErrorKind::ValueCutShort { needed: 2, available: 1 };
        let tolerate = |leniencies| {
            walk(&[], leniencies, |walk| walk.tolerate(Leniency::ValueCutShort, 7, cut()))
        };
        let noted = vec![(Leniency::ValueCutShort, 7)];
        assert_eq!(tolerate(Leniencies::DEFAULT), (Ok(()), noted));
        assert_eq!(tolerate(Leniencies::NONE), (Err(expected(cut(), 7)), vec![]));
    }

    #[test]
    fn sequences_and_what_can_be_encapsulated_or_unknown_may_have_an_undefined_length() {
        let settle = |vr: Vr, encoding, leniencies| {
            let value_length = None;
            let tag = Tag(0x0010_4000);
            let header = ElementHeader { tag, vr, header_length: 12, value_length };
            let (found, noted) = walk(&[], leniencies, |walk| walk.settle(header, 7, encoding));
            (found.map(|found| assert_eq!(found, header)), noted)
        };
        for vr in [Vr::SQ, Vr::UN, Vr::OB, Vr::OW] {
            assert_eq!(settle(vr, EXPLICIT, Leniencies::NONE), (Ok(()), vec![]), "{vr}");
        }
        let implicit = Encoding::IMPLICIT_LITTLE;
        assert_eq!(settle(Vr::IMPLICIT, implicit, Leniencies::NONE), (Ok(()), vec![]));
        for vr in [Vr::UT, Vr::OF, Vr::UC, Vr::LO] {
            let noted = vec![(Leniency::UndefinedLengthVr, 19)];
            assert_eq!(settle(vr, EXPLICIT, Leniencies::DEFAULT), (Ok(()), noted), "{vr}");
            let refused = Err(expected(ErrorKind::UndefinedLength { vr }, 19));
            assert_eq!(settle(vr, EXPLICIT, Leniencies::NONE), (refused, vec![]), "{vr}");
        }
    }

    #[test]
    fn a_misspelt_vr_is_spelt_right_where_that_is_granted() {
        let misspelt = element(0x0010_0020, b"lo", b"ID");
        let later = element(0x0010_0030, b"DA", b"");
        let settle = |bytes: &[u8], leniencies| {
            let (found, noted) = walk(bytes, leniencies, |walk| {
                let header = walk.header(BASE, EXPLICIT)?.unwrap();
                walk.settle(header, BASE, EXPLICIT)
            });
            (found.unwrap().vr, noted)
        };
        let noted = vec![(Leniency::MisspeltVr, BASE)];
        let only = Leniencies::NONE.with(Leniency::MisspeltVr);
        type Row = (&'static str, Vec<u8>, Leniencies, (Vr, Vec<(Leniency, u64)>));
        #[rustfmt::skip]
        let table: [Row; 6] = [
            ("at the end", misspelt.clone(), only, (Vr::LO, noted.clone())),
            ("before an element", [&misspelt[..], &later].concat(), only, (Vr::LO, noted)),
            ("refused", misspelt.clone(), Leniencies::ALL.without(Leniency::MisspeltVr),
             (Vr::IMPLICIT, vec![])),
            ("a value that is cut short", misspelt[..9].to_vec(), only, (Vr::IMPLICIT, vec![])),
            ("less than a header follows", [&misspelt[..], &later[..7]].concat(), only,
             (Vr::IMPLICIT, vec![])),
            ("no VR", implicit(0x0010_0020, b"ID"), only, (Vr::IMPLICIT, vec![])),
        ];
        for (name, bytes, leniencies, expected) in table {
            assert_eq!(settle(&bytes, leniencies), expected, "{name}");
        }
        let right = element(0x0010_0020, b"LO", b"ID");
        assert_eq!(settle(&right, Leniencies::ALL), (Vr::LO, vec![]), "nothing to spell");
    }
}
