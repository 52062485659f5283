//! Values of undefined length: where they end (PS3.5 §7.5, §A.4).

use super::elements::Parser;
use super::header::{Element, ElementHeader, Encoding, ItemHeader};
use super::leniency::{Deviation, Leniency};
use super::rules::Rules;
use super::skip::skip_sequence;
use super::walk::Walk;
use crate::cursor::ByteOrder;
use crate::error::{Error, ErrorKind, Result};
use crate::source::ReadAt;
use crate::tag::Tag;
use crate::vr::Vr;

const EXTENDED_OFFSET_TABLE: Tag = Tag::new(0x7FE0, 0x0001);
const EXTENDED_OFFSET_TABLE_LENGTHS: Tag = Tag::new(0x7FE0, 0x0002);

impl Parser<'_, '_> {
    pub(super) fn undefined(
        &mut self,
        header: &ElementHeader,
        value_offset: u64,
    ) -> Result<(Element, u64)> {
        // Fragments are not worth reading: their headers are looked at one by one, and the values
        // left in the file.
        let found = if matches!(header.vr, Vr::OB | Vr::OW) || header.tag.is_pixel_data() {
            self.fragments(value_offset)
        } else {
            let encoding = self.items_encoding(header, value_offset)?;
            self.sequence(value_offset, encoding)
        };
        let (value_length, next) = match found {
            Err(error) if matches!(error.kind(), ErrorKind::ItemExpected { .. }) => {
                self.without_items(value_offset, error)?
            }
            found => found?,
        };
        let element = Element {
            tag: header.tag,
            vr: header.vr,
            is_undefined_length: true,
            is_cut_short: next.is_none(),
            value_offset,
            value_length,
        };
        Ok((element, next.unwrap_or(self.walk.window.end())))
    }

    /// The value length, and the offset after the delimiter if there is one (PS3.5 §A.4).
    fn fragments(&mut self, value_offset: u64) -> Result<(u64, Option<u64>)> {
        let mut offset = value_offset;
        if self.is_far {
            offset = self.last_fragments(value_offset)?.unwrap_or(value_offset);
        }
        loop {
            // Nothing but the delimiter fits, and to look costs a request.
            let next = offset.saturating_add(ItemHeader::LENGTH);
            if self.is_far && offset > value_offset {
                self.look_ahead(offset)?;
            }
            if self.is_far && offset > value_offset && next == self.walk.window.end() {
                return Ok((offset - value_offset, Some(next)));
            }
            let Some(bytes) = self.walk.window.peek(offset)? else { break };
            let ItemHeader { tag, length } = ItemHeader::decode(&bytes, self.encoding.order);
            match tag {
                Tag::ITEM => offset = next.saturating_add(u64::from(length)),
                Tag::SEQUENCE_DELIMITATION => return Ok((offset - value_offset, Some(next))),
                found if offset == value_offset => {
                    return Err(Error::from(ErrorKind::ItemExpected { found }).at_offset(offset));
                }
                found => {
                    self.walk.end_without_delimiter(found, offset, self.encoding)?;
                    return Ok((offset - value_offset, Some(offset)));
                }
            }
        }
        self.without_delimiter(value_offset)
    }

    /// Fetches what follows the last fragments with their header where nobody knows how long the
    /// file is: each look at one of the few elements there would cost a request.
    #[cold]
    fn look_ahead(&mut self, offset: u64) -> Result<()> {
        const AHEAD: usize = 8192;
        if self.walk.window.end() == u64::MAX {
            self.walk.window.read_at(&mut [0; AHEAD], offset)?;
        }
        Ok(())
    }

    /// Notes where the Extended Offset Table says that the last frame is, and how long
    /// (PS3.3 §C.7.6.3.1.8).
    pub(super) fn note_last_frame(&mut self, elements: &[Element]) -> Result<()> {
        if self.is_far {
            self.last_frame = self.last_word(elements, EXTENDED_OFFSET_TABLE)?;
            self.last_frame_length = self.last_word(elements, EXTENDED_OFFSET_TABLE_LENGTHS)?;
        }
        Ok(())
    }

    /// The last 64-bit number of a value, if the data set has it.
    fn last_word(&mut self, elements: &[Element], tag: Tag) -> Result<Option<u64>> {
        const LENGTH: u64 = 8;
        let table = elements.iter().rev().find(|one| one.tag == tag);
        let Some(table) = table.filter(|table| table.value_length >= LENGTH) else {
            return Ok(None);
        };
        let mut last = [0; LENGTH as usize];
        let offset = table.value_end() - LENGTH;
        let filled = self.walk.window.read_at(&mut last, offset)?;
        Ok((filled == last.len()).then_some(u64::from_le_bytes(last)))
    }

    /// Where the fragments of the last frame start, by the Extended or the Basic Offset Table, so
    /// that those before need no look; `None` if no table leads to an item.
    #[cold]
    fn last_fragments(&mut self, value_offset: u64) -> Result<Option<u64>> {
        let order = self.encoding.order;
        let window = &mut *self.walk.window;
        let Some(bytes) = window.peek(value_offset)? else { return Ok(None) };
        let table = ItemHeader::decode(&bytes, order);
        let start = value_offset.saturating_add(ItemHeader::LENGTH);
        let first = start.saturating_add(u64::from(table.length));
        if table.tag != Tag::ITEM || first >= window.end() {
            return Ok(None);
        }
        let word = |offset: u64| -> Result<Option<u32>> {
            let mut word = [0; 4];
            let filled = window.read_at(&mut word, offset)?;
            Ok((filled == word.len()).then_some(order.u32(word)))
        };
        let last = match self.last_frame {
            Some(last) => Some(last),
            // A table starts with the place of the first frame, 0.
            None if table.length >= 8
                && table.length.is_multiple_of(4)
                && word(start)? == Some(0) =>
            {
                word(first - 4)?.map(u64::from)
            }
            None => None,
        };
        let Some(last) = last.map(|last| first.saturating_add(last)) else { return Ok(None) };
        if last <= first || last >= window.end() {
            return Ok(None);
        }
        // If the delimiter after it ends the file as well, it lies where it should.
        let padded = self.last_frame_length.map(|length| length.saturating_add(length % 2));
        let end =
            padded.map(|length| last.saturating_add(ItemHeader::LENGTH).saturating_add(length));
        if end.is_some_and(|end| end.saturating_add(ItemHeader::LENGTH) == window.end()) {
            return Ok(end);
        }
        self.look_ahead(last)?;
        let window = &mut *self.walk.window;
        let found = window.peek(last)?.map(|bytes| ItemHeader::decode(&bytes, order).tag);
        Ok((found == Some(Tag::ITEM)).then_some(last))
    }

    /// How the items of a value are written: of UN little endian and implicit, whatever the data
    /// set is (PS3.5 §6.2.2), if the first one does not show otherwise.
    fn items_encoding(&mut self, header: &ElementHeader, value_offset: u64) -> Result<Encoding> {
        let is_certain = header.vr != Vr::UN || self.encoding.order == ByteOrder::Little;
        let is_little = !is_certain
            && self.walk.window.peek(value_offset)?.is_some_and(|bytes| {
                ItemHeader::decode(&bytes, ByteOrder::Little).tag.group() == 0xFFFE
            });
        Ok(if is_little { Encoding::IMPLICIT_LITTLE } else { self.encoding })
    }

    /// The value length, and the offset after the delimiter if there is one (PS3.5 §7.5.1).
    fn sequence(&mut self, value_offset: u64, encoding: Encoding) -> Result<(u64, Option<u64>)> {
        let Walk { window, rules, .. } = &mut self.walk;
        let Some(extent) = skip_sequence(window, value_offset, encoding, rules)? else {
            return self.without_delimiter(value_offset);
        };
        if let Some(found) = extent.deviation {
            self.walk.deviations.add(found);
        }
        Ok((extent.value_length, Some(value_offset.saturating_add(extent.total_length))))
    }

    /// A value with something else in place of an item, which `error` names: up to the first
    /// delimiter.
    fn without_items(&mut self, value_offset: u64, error: Error) -> Result<(u64, Option<u64>)> {
        if !self.walk.rules.leniencies.allow(Leniency::ValueWithoutItems) {
            return Err(error);
        }
        let delimiter = match self.encoding.order {
            ByteOrder::Little => [0xFE, 0xFF, 0xDD, 0xE0],
            ByteOrder::Big => [0xFF, 0xFE, 0xE0, 0xDD],
        };
        let Some(end) = self.walk.window.find(delimiter, value_offset)? else { return Err(error) };
        let offset = error.offset().unwrap_or(value_offset);
        self.walk.deviations.add(Deviation { leniency: Leniency::ValueWithoutItems, offset });
        Ok((end - value_offset, Some(end.saturating_add(ItemHeader::LENGTH))))
    }

    /// A value that reaches to the end of the data, because no delimiter ends it.
    fn without_delimiter(&mut self, value_offset: u64) -> Result<(u64, Option<u64>)> {
        let end = self.walk.window.end();
        let found = missing_delimiter(value_offset, end, self.walk.rules)?;
        self.walk.deviations.add(found);
        Ok((end.saturating_sub(value_offset), None))
    }
}

/// The deviation of a value of undefined length, from `start` on, that the data end before its
/// delimiter, at `end`.
///
/// # Errors
///
/// If [`Leniency::MissingDelimiter`] is not granted.
pub(super) fn missing_delimiter(start: u64, end: u64, rules: &Rules) -> Result<Deviation> {
    let available = end.saturating_sub(start);
    let needed = available.saturating_add(ItemHeader::LENGTH);
    let error = ErrorKind::ValueCutShort { needed, available };
    rules.leniencies.tolerate(Leniency::MissingDelimiter, end, error)
}
