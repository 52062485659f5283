//! Finding the end of a value of undefined length (PS3.5 §7.5) without parsing what is inside.
//!
//! Offsets in errors and deviations are counted from the start of the bytes that are gone through.

use super::elements::Rules;
use super::header::{ElementHeader, Encoding, UNDEFINED};
use super::leniency::{Deviation, Leniency};
use crate::cursor::{ByteOrder, Cursor};
use crate::error::{Error, ErrorKind, Result};
use crate::tag::Tag;
use crate::vr::Vr;

/// Where a value of undefined length ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skip {
    /// The value takes `value_length` bytes, and `total_length` with its delimiter. Of what was
    /// tolerated on the way the first is named.
    End { value_length: usize, total_length: usize, deviation: Option<Deviation> },
    /// The bytes end before the value does. It needs at least this many from its start on.
    NeedsMore(usize),
}

/// The bit of each level of nesting: whether the elements of its item are implicit.
struct Levels {
    bits: u128,
    depth: u32,
    limit: u32,
}

impl Levels {
    fn push(&mut self, is_implicit: bool) -> Result<()> {
        // A sequence and its item are a level each, and each level has one bit.
        if self.depth >= (2 * self.limit).min(u128::BITS) {
            return Err(ErrorKind::TooDeep { limit: self.limit }.into());
        }
        self.bits = (self.bits << 1) | u128::from(is_implicit);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth -= 1;
    }

    fn is_implicit(&self) -> bool {
        self.bits & 1 == 1
    }
}

/// What the walk expects next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Sequence,
    Item,
}

/// Finds the end of the sequence, or of the fragments, whose value starts at `start` of `bytes`.
///
/// Items of defined length are stepped over; only items of undefined length are gone through.
///
/// # Errors
///
/// If something else than an item or a delimiter stands where one must, or the nesting is too deep.
///
/// `is_whole` says that nothing follows `bytes`: then lengths that lead out of them are wrong.
pub(crate) fn skip_sequence(
    bytes: &[u8],
    start: usize,
    encoding: Encoding,
    rules: &Rules,
    is_whole: bool,
) -> Result<Skip> {
    Walk::new(bytes, start, encoding, rules, is_whole)?.run(Inside::Sequence)
}

/// Finds the end of the item of undefined length whose first element starts at `start` of `bytes`.
///
/// # Errors
///
/// As [`skip_sequence`].
pub(crate) fn skip_item(
    bytes: &[u8],
    start: usize,
    encoding: Encoding,
    rules: &Rules,
    is_whole: bool,
) -> Result<Skip> {
    Walk::new(bytes, start, encoding, rules, is_whole)?.run(Inside::Item)
}

/// Finds the end of the item at `start` of `bytes` whose length is wrong: where the next item, or
/// the end of the sequence, follows one of its elements. `None` if none does.
pub(crate) fn skip_item_of_wrong_length(
    bytes: &[u8],
    start: usize,
    encoding: Encoding,
    rules: &Rules,
    is_whole: bool,
) -> Option<Skip> {
    if !rules.leniencies.allow(Leniency::WrongItemLength) {
        return None;
    }
    // Without this leniency inside: what is gone through twice here would be gone through four
    // times one level deeper.
    let leniencies =
        rules.leniencies.with(Leniency::MissingItemDelimiter).without(Leniency::WrongItemLength);
    match skip_item(bytes, start, encoding, &Rules { leniencies, ..*rules }, is_whole) {
        Ok(Skip::NeedsMore(_)) if is_whole => None,
        found => found.ok(),
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    start: usize,
    position: usize,
    encoding: Encoding,
    rules: &'a Rules,
    is_whole: bool,
    levels: Levels,
    deviation: Option<Deviation>,
}

impl<'a> Walk<'a> {
    fn new(
        bytes: &'a [u8],
        start: usize,
        encoding: Encoding,
        rules: &'a Rules,
        is_whole: bool,
    ) -> Result<Walk<'a>> {
        let mut levels = Levels { bits: 0, depth: 0, limit: rules.limits.sequence_depth };
        // The encoding of a sequence's items is that of the data set that holds it, unless they say
        // otherwise.
        levels.push(encoding.is_implicit)?;
        Ok(Walk {
            bytes,
            start,
            position: start,
            encoding,
            rules,
            is_whole,
            levels,
            deviation: None,
        })
    }

    fn push(&mut self, is_implicit: bool) -> Result<()> {
        self.levels.push(is_implicit).map_err(|error| error.at_offset(self.position as u64))
    }

    fn needs(&self, end: usize) -> Result<Skip> {
        Ok(Skip::NeedsMore(end.saturating_sub(self.start)))
    }

    fn tolerate(&mut self, leniency: Leniency, error: ErrorKind) -> Result<()> {
        let offset = self.position as u64;
        if !self.rules.leniencies.allow(leniency) {
            return Err(Error::from(error).at_offset(offset));
        }
        self.deviation.get_or_insert(Deviation { leniency, offset });
        Ok(())
    }

    /// Leaves a sequence or an item whose end was found, `delimiter_length` bytes long; what was
    /// looked for if it is the outermost.
    fn leave(&mut self, delimiter_length: usize) -> Option<Skip> {
        let value_length = self.position - self.start;
        self.position += delimiter_length;
        self.levels.pop();
        let total_length = self.position - self.start;
        (self.levels.depth == 0).then_some(Skip::End {
            value_length,
            total_length,
            deviation: self.deviation,
        })
    }

    fn run(mut self, outermost: Inside) -> Result<Skip> {
        let mut inside = outermost;
        loop {
            let Walk { bytes, position, .. } = self;
            if inside == Inside::Sequence {
                let mut cursor = Cursor::new(bytes, position, self.encoding.order);
                let (Some(tag), Some(length)) = (cursor.tag(), cursor.u32()) else {
                    return self.needs(position + 8);
                };
                match (tag, length) {
                    (Tag::ITEM, UNDEFINED) => {
                        self.position = cursor.position();
                        if bytes.len() < self.position + 6 {
                            return self.needs(self.position + 8);
                        }
                        let parent =
                            Encoding { is_implicit: self.levels.is_implicit(), ..self.encoding };
                        self.push(item_encoding(bytes, self.position, parent).is_implicit)?;
                        inside = Inside::Item;
                    }
                    (Tag::ITEM, length) => {
                        if let Some(end) = self.item(cursor.position(), length as usize)? {
                            return self.needs(end);
                        }
                    }
                    (Tag::SEQUENCE_DELIMITATION, _) => {
                        if let Some(end) = self.leave(8) {
                            return Ok(end);
                        }
                        inside = Inside::Item;
                    }
                    (found, _) => {
                        return Err(Error::from(ErrorKind::ItemExpected { found })
                            .at_offset(position as u64));
                    }
                }
            } else {
                let encoding = Encoding { is_implicit: self.levels.is_implicit(), ..self.encoding };
                let Some(mut header) = ElementHeader::read(bytes, position, encoding) else {
                    let is_last =
                        self.is_whole && position == bytes.len() && self.levels.depth == 1;
                    if is_last && self.rules.leniencies.allow(Leniency::MissingItemDelimiter) {
                        let error = ErrorKind::HeaderCutShort { needed: 8, available: 0 };
                        self.tolerate(Leniency::MissingItemDelimiter, error)?;
                        if let Some(end) = self.leave(0) {
                            return Ok(end);
                        }
                    }
                    return self.needs(position + 12);
                };
                if header.lacks_vr(encoding) && self.rules.leniencies.allow(Leniency::MisspeltVr) {
                    let end = position
                        .saturating_add(8)
                        .saturating_add(header.value_length.unwrap_or(0) as usize);
                    if !self.is_whole && bytes.len() < end.saturating_add(8) {
                        return self.needs(end.saturating_add(8));
                    }
                    if let Some(spelt) = misspelt(bytes, position, &header, encoding) {
                        self.deviation.get_or_insert(Deviation {
                            leniency: Leniency::MisspeltVr,
                            offset: position as u64,
                        });
                        header = spelt;
                    }
                }
                match (header.tag, header.value_length) {
                    (Tag::ITEM_DELIMITATION, _) => {
                        if let Some(end) = self.leave(header.header_length) {
                            return Ok(end);
                        }
                        inside = Inside::Sequence;
                    }
                    (found @ (Tag::ITEM | Tag::SEQUENCE_DELIMITATION), _) => {
                        let error = ErrorKind::UnexpectedDelimiter { found };
                        self.tolerate(Leniency::MissingItemDelimiter, error)?;
                        if let Some(end) = self.leave(0) {
                            return Ok(end);
                        }
                        inside = Inside::Sequence;
                    }
                    (found, _) if found.group() == 0xFFFE => {
                        let error = ErrorKind::UnexpectedDelimiter { found };
                        return Err(Error::from(error).at_offset(position as u64));
                    }
                    (_, Some(length)) => {
                        let end = position
                            .saturating_add(header.header_length)
                            .saturating_add(length as usize);
                        if end > bytes.len() {
                            return self.needs(end.saturating_add(8));
                        }
                        self.position = end;
                    }
                    (_, None) => {
                        if let Err(error) = check_undefined(header.vr) {
                            self.tolerate(Leniency::UndefinedLengthVr, error)?;
                        }
                        self.position += header.header_length;
                        self.push(self.levels.is_implicit())?;
                        inside = Inside::Sequence;
                    }
                }
            }
        }
    }

    /// Steps over the item of defined length whose value starts at `start`; how far the bytes would
    /// have to reach for that if they do not.
    fn item(&mut self, start: usize, length: usize) -> Result<Option<usize>> {
        let end = start.saturating_add(length);
        let behind = Cursor::new(self.bytes, end, self.encoding.order).tag();
        if behind.is_none() && !self.is_whole {
            return Ok(Some(end.saturating_add(8)));
        }
        if !matches!(behind, Some(Tag::ITEM | Tag::SEQUENCE_DELIMITATION)) {
            let parent = Encoding { is_implicit: self.levels.is_implicit(), ..self.encoding };
            let own = item_encoding(self.bytes, start, parent);
            match skip_item_of_wrong_length(self.bytes, start, own, self.rules, self.is_whole) {
                Some(Skip::End { total_length, .. }) => {
                    let offset = self.position as u64;
                    self.deviation
                        .get_or_insert(Deviation { leniency: Leniency::WrongItemLength, offset });
                    self.position = start.saturating_add(total_length);
                    return Ok(None);
                }
                Some(Skip::NeedsMore(length)) => return Ok(Some(start.saturating_add(length))),
                None if behind.is_none() => return Ok(Some(end.saturating_add(8))),
                None => {}
            }
        }
        self.position = end;
        Ok(None)
    }
}

/// Whether a value of this VR may have an undefined length: sequences, and what can be encapsulated
/// or unknown.
pub(crate) fn check_undefined(vr: Vr) -> Result<(), ErrorKind> {
    match vr {
        Vr::SQ | Vr::UN | Vr::OB | Vr::OW | Vr::IMPLICIT => Ok(()),
        vr => Err(ErrorKind::UndefinedLength { vr }),
    }
}

/// The encoding of an item's elements, whose first one starts at `position`.
///
/// An item of an explicit data set can be implicit: inside UN it has to be (PS3.5 §6.2.2 note 2),
/// and some writers copy private sequences as they are. The reverse does not occur.
pub(crate) fn item_encoding(bytes: &[u8], position: usize, parent: Encoding) -> Encoding {
    if parent.is_implicit || parent.order == ByteOrder::Big {
        return parent;
    }
    let mut cursor = Cursor::new(bytes, position, parent.order);
    match (cursor.tag(), cursor.pair()) {
        (Some(tag), Some(vr)) if tag.group() != 0xFFFE => {
            Encoding { is_implicit: !Vr(vr).is_written(), ..parent }
        }
        _ => parent,
    }
}

/// What follows a value that an element may have.
pub(crate) enum Behind {
    /// The data end there.
    End,
    /// They end before that, or in the next header.
    Beyond,
    /// The next header.
    Header([u8; 8]),
}

/// The header of the element whose 8 bytes are `header`, which lacks two capital letters in an
/// explicit data set, if they are a VR all the same: another element follows then, and none does if
/// they are the half of a length. `behind` says what stands so many bytes from the start of the
/// header.
///
/// # Errors
///
/// Those of `behind`.
pub(crate) fn spell_vr(
    implicit: &ElementHeader,
    header: [u8; 12],
    encoding: Encoding,
    mut behind: impl FnMut(u64) -> Result<Behind>,
) -> Result<Option<ElementHeader>> {
    let [a, b, c, d, v, r, rest @ ..] = header;
    let vr = Vr([v.to_ascii_uppercase(), r.to_ascii_uppercase()]);
    let (vr, letters) = if vr.is_known() { (vr, vr.0) } else { (Vr::UN, *b"  ") };
    let [e, f, g, h, i, j] = rest;
    // As of two letters that are no VR, the length has 2 bytes.
    let spelt = match &letters {
        b"  " => ElementHeader::decode(&[a, b, c, d, b'Z', b'Z', e, f, g, h, i, j], encoding),
        [v, r] => ElementHeader::decode(&[a, b, c, d, *v, *r, e, f, g, h, i, j], encoding),
    };
    let mut leads_on = |header: &ElementHeader| -> Result<bool> {
        let Some(length) = header.value_length else { return Ok(header.vr == Vr::SQ) };
        Ok(match behind(header.header_length as u64 + u64::from(length))? {
            Behind::End => true,
            Behind::Beyond => false,
            Behind::Header([a, b, c, d, v, r, e, f]) => {
                let next = ElementHeader::decode(&[a, b, c, d, v, r, e, f, 0, 0, 0, 0], encoding);
                let is_delimiter = matches!(
                    next.tag,
                    Tag::ITEM | Tag::ITEM_DELIMITATION | Tag::SEQUENCE_DELIMITATION
                );
                // Where one VR is misspelt, others are.
                let has_vr = next.vr.is_known() || Vr([v, r]).is_written() || [v, r] == *b"  ";
                is_delimiter || (next.tag > header.tag && has_vr)
            }
        })
    };
    Ok((!leads_on(implicit)? && leads_on(&spelt)?).then_some(ElementHeader { vr, ..spelt }))
}

/// [`spell_vr`] where the bytes behind are there or lie past the end.
fn misspelt(
    bytes: &[u8],
    position: usize,
    implicit: &ElementHeader,
    encoding: Encoding,
) -> Option<ElementHeader> {
    let rest = bytes.get(position..)?;
    let behind = |distance: u64| {
        let distance = usize::try_from(distance).unwrap_or(usize::MAX);
        Ok(match rest.get(distance..) {
            Some([]) => Behind::End,
            Some(rest) => {
                rest.first_chunk().map_or(Behind::Beyond, |header| Behind::Header(*header))
            }
            None => Behind::Beyond,
        })
    };
    spell_vr(implicit, first_12(rest), encoding, behind).ok().flatten()
}

/// The first bytes, with zeros behind them if there are too few.
pub(crate) fn first_12(bytes: &[u8]) -> [u8; 12] {
    let mut header = [0; 12];
    for (target, byte) in header.iter_mut().zip(bytes) {
        *target = *byte;
    }
    header
}
