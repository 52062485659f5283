//! Finding the end of a value of undefined length (PS3.5 §7.5) without parsing what is inside.

use super::detect::item_encoding;
use super::header::{ElementHeader, Encoding, ItemHeader, UNDEFINED};
use super::leniency::{Deviation, Deviations, Leniency};
use super::rules::Rules;
use super::walk::Walk;
use super::window::Window;
use crate::cursor::ByteOrder;
use crate::error::{Error, ErrorKind, Result};
use crate::tag::Tag;

/// How long a value or an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes, without the delimiter.
    pub value_length: u64,
    /// Bytes, with it.
    pub total_length: u64,
    /// The first deviation that was tolerated on the way.
    pub deviation: Option<Deviation>,
}

/// Finds the end of the sequence, or of the fragments, whose value starts at `start`; `None` if the
/// data end before it.
///
/// Items of defined length are stepped over; only items of undefined length are gone through.
///
/// # Errors
///
/// If something else than an item or a delimiter takes the place of one, but for an element after
/// the last item, or the nesting is too deep; and those of the window.
pub(super) fn skip_sequence(
    window: &mut Window<'_>,
    start: u64,
    encoding: Encoding,
    rules: &Rules,
) -> Result<Option<Extent>> {
    find_end(window, start, encoding, rules, Inside::Sequence)
}

/// Finds the end of the item of undefined length whose first element starts at `start`; `None` if
/// the data end before it.
///
/// # Errors
///
/// As [`skip_sequence`].
pub(super) fn skip_item(
    window: &mut Window<'_>,
    start: u64,
    encoding: Encoding,
    rules: &Rules,
) -> Result<Option<Extent>> {
    find_end(window, start, encoding, rules, Inside::Item)
}

/// Where an item ends whose header gives a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemEnd {
    /// Where its length says.
    AsWritten,
    /// Somewhere else: the next item, or the end of the sequence, follows one of its elements.
    Elsewhere(Extent),
    /// The data end before it does.
    PastEnd,
}

/// Whether the bytes that have been read confirm that an item ends at `end`: the next one, or the
/// end of the sequence, follows.
#[inline(always)]
pub(super) fn is_end_of_item(window: &Window<'_>, end: u64, order: ByteOrder) -> bool {
    let Some(&[a, b, c, d]) = window.run().chunk(end) else { return false };
    let tag = Tag::new(order.u16([a, b]), order.u16([c, d]));
    matches!(tag, Tag::ITEM | Tag::SEQUENCE_DELIMITATION)
}

/// Finds the end of the item whose elements start at `start` and whose header says that they have
/// `length` bytes.
///
/// `parent` is how the sequence is written. `is_bounded` says that the data end with the sequence:
/// then no delimiter has to follow the last item.
///
/// # Errors
///
/// Those of the window.
#[inline(never)]
pub(super) fn find_item_end(
    window: &mut Window<'_>,
    start: u64,
    length: u32,
    parent: Encoding,
    rules: &Rules,
    is_bounded: bool,
) -> Result<ItemEnd> {
    let end = start.saturating_add(u64::from(length));
    window.extend_to(end.saturating_add(ItemHeader::LENGTH))?;
    let is_followed = window.run().chunk::<4>(end).is_some();
    // Less than a header after the last item is no reason to doubt its length.
    let is_bounded_end = is_bounded && !is_followed && window.reaches(end);
    if is_bounded_end || is_end_of_item(window, end, parent.order) {
        return Ok(ItemEnd::AsWritten);
    }
    let own = item_encoding(window.run().chunk(start), parent);
    let found = skip_item_of_wrong_length(window, start, own, rules)?;
    // That the data end after one of its elements is no reason either, if they do not end with the
    // sequence.
    let is_end_of_data =
        |extent: &Extent| start.saturating_add(extent.total_length) >= window.end();
    Ok(match found.filter(|extent| is_bounded || !is_followed || !is_end_of_data(extent)) {
        Some(extent) => ItemEnd::Elsewhere(extent),
        None if is_followed => ItemEnd::AsWritten,
        None => ItemEnd::PastEnd,
    })
}

/// Finds the end of the item at `start` whose length is wrong: where the next item, or the end of
/// the sequence, follows one of its elements. `None` if neither does.
fn skip_item_of_wrong_length(
    window: &mut Window<'_>,
    start: u64,
    encoding: Encoding,
    rules: &Rules,
) -> Result<Option<Extent>> {
    let granted = rules.leniencies;
    if !granted.allow(Leniency::WrongItemLength) {
        return Ok(None);
    }
    // Without this leniency inside: what is gone through twice here would be gone through four
    // times one level deeper.
    let leniencies = granted
        .with(Leniency::MissingItemDelimiter)
        .without(Leniency::WrongItemLength)
        .without(Leniency::MissingSequenceDelimiter);
    match skip_item(window, start, encoding, &Rules { leniencies, ..*rules }) {
        Err(error) if is_about_elements(error.kind()) => Ok(None),
        found => found,
    }
}

/// Whether a walk can end with this error because of what it finds; the others are the window's.
fn is_about_elements(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ItemExpected { .. }
            | ErrorKind::UnexpectedDelimiter { .. }
            | ErrorKind::UndefinedLength { .. }
            | ErrorKind::TooDeep { .. }
    )
}

/// What a walk expects next: an item and its siblings, or an element and its siblings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Sequence,
    Item,
}

/// How one step of a walk goes on.
enum Step {
    /// Inside a sequence or an item.
    Into(Inside),
    /// The value that is looked for ends, so many bytes before the walk's offset.
    End { delimiter_length: u64 },
    /// The data end before it does.
    CutShort,
}

fn find_end(
    window: &mut Window<'_>,
    start: u64,
    encoding: Encoding,
    rules: &Rules,
    outermost: Inside,
) -> Result<Option<Extent>> {
    let mut deviations = Deviations::default();
    let walk = Walk { window, rules, deviations: &mut deviations };
    let levels = Levels::new(rules.limits.sequence_depth);
    let mut skip = Skip { walk, offset: start, encoding, levels, is_first: true };
    // The encoding of a sequence's items is that of the data set that holds it, unless they say
    // otherwise.
    skip.push(encoding.is_implicit)?;
    let Some(delimiter_length) = skip.run(outermost)? else { return Ok(None) };
    let total_length = skip.offset.saturating_sub(start);
    let value_length = total_length.saturating_sub(delimiter_length);
    let deviation = deviations.as_slice().first().copied();
    Ok(Some(Extent { value_length, total_length, deviation }))
}

/// A walk through nested sequences and items that keeps nothing of them.
struct Skip<'p, 'w> {
    walk: Walk<'p, 'w>,
    offset: u64,
    encoding: Encoding,
    levels: Levels,
    /// Whether the sequence at hand has had no item yet.
    is_first: bool,
}

impl Skip<'_, '_> {
    /// Goes on to the end; returns the length of the delimiter that it ends with, or `None` if the
    /// data end before.
    fn run(&mut self, outermost: Inside) -> Result<Option<u64>> {
        let mut inside = outermost;
        loop {
            let step = match inside {
                Inside::Sequence => self.item()?,
                Inside::Item => self.element()?,
            };
            match step {
                Step::Into(next) => inside = next,
                Step::End { delimiter_length } => return Ok(Some(delimiter_length)),
                Step::CutShort => return Ok(None),
            }
        }
    }

    /// How the elements of the item at hand are written.
    fn encoding(&self) -> Encoding {
        Encoding { is_implicit: self.levels.is_implicit(), ..self.encoding }
    }

    fn push(&mut self, is_implicit: bool) -> Result<()> {
        if self.levels.push(is_implicit) {
            return Ok(());
        }
        let limit = self.walk.rules.limits.sequence_depth;
        Err(Error::from(ErrorKind::TooDeep { limit }).at_offset(self.offset))
    }

    /// Leaves a sequence or an item whose delimiter, if it has one, is at the walk's offset.
    fn leave(&mut self, delimiter_length: u64, parent: Inside) -> Step {
        self.offset = self.offset.saturating_add(delimiter_length);
        self.levels.pop();
        match self.levels.depth {
            0 => Step::End { delimiter_length },
            _ => Step::Into(parent),
        }
    }

    /// Takes one step in a sequence: past an item, into one, or out of the sequence.
    fn item(&mut self) -> Result<Step> {
        let is_first = std::mem::take(&mut self.is_first);
        let Some(header) = self.walk.item_header(self.offset, self.encoding.order)? else {
            return Ok(Step::CutShort);
        };
        match (header.tag, header.length) {
            (Tag::ITEM, UNDEFINED) => {
                self.offset = self.offset.saturating_add(ItemHeader::LENGTH);
                let parent = self.encoding();
                let own = item_encoding(self.walk.window.chunk(self.offset)?, parent);
                self.push(own.is_implicit)?;
                Ok(Step::Into(Inside::Item))
            }
            (Tag::ITEM, length) => self.item_of_length(length),
            (Tag::SEQUENCE_DELIMITATION, _) => Ok(self.leave(ItemHeader::LENGTH, Inside::Item)),
            // Elements in place of all items are what the sequence holds.
            (found, _) if is_first => {
                Err(Error::from(ErrorKind::ItemExpected { found }).at_offset(self.offset))
            }
            (found, _) => self.end_of_sequence(found),
        }
    }

    /// Leaves a sequence where an element follows its last item.
    #[cold]
    fn end_of_sequence(&mut self, found: Tag) -> Result<Step> {
        let encoding = self.encoding();
        self.walk.end_without_delimiter(found, self.offset, encoding)?;
        Ok(self.leave(0, Inside::Item))
    }

    /// Steps over an item of defined length.
    fn item_of_length(&mut self, length: u32) -> Result<Step> {
        let start = self.offset.saturating_add(ItemHeader::LENGTH);
        let end = start.saturating_add(u64::from(length));
        if is_end_of_item(self.walk.window, end, self.encoding.order) {
            self.offset = end;
            return Ok(Step::Into(Inside::Sequence));
        }
        let parent = self.encoding();
        let Walk { window, rules, .. } = &mut self.walk;
        let length = match find_item_end(window, start, length, parent, rules, false)? {
            ItemEnd::AsWritten => u64::from(length),
            ItemEnd::Elsewhere(extent) => {
                let leniency = Leniency::WrongItemLength;
                self.walk.deviations.add(Deviation { leniency, offset: self.offset });
                extent.total_length
            }
            ItemEnd::PastEnd => return Ok(Step::CutShort),
        };
        self.offset = start.saturating_add(length);
        Ok(Step::Into(Inside::Sequence))
    }

    /// Takes one step in an item: past an element, into one of undefined length, or out of the
    /// item.
    fn element(&mut self) -> Result<Step> {
        let encoding = self.encoding();
        let Some(header) = self.walk.header(self.offset, encoding)? else {
            return self.end_of_data();
        };
        match header.tag {
            Tag::ITEM_DELIMITATION => Ok(self.leave(ItemHeader::LENGTH, Inside::Sequence)),
            found @ (Tag::ITEM | Tag::SEQUENCE_DELIMITATION) => {
                self.end_without_delimiter(ErrorKind::UnexpectedDelimiter { found })
            }
            found if found.group() == 0xFFFE => {
                Err(Error::from(ErrorKind::UnexpectedDelimiter { found }).at_offset(self.offset))
            }
            _ => self.step_over(header, encoding),
        }
    }

    /// Goes past the value of the element at hand, or into it if its length is undefined.
    fn step_over(&mut self, header: ElementHeader, encoding: Encoding) -> Result<Step> {
        let header = self.walk.settle(header, self.offset, encoding)?;
        let value_offset = self.offset.saturating_add(header.header_length as u64);
        let Some(length) = header.value_length else {
            self.offset = value_offset;
            self.push(encoding.is_implicit)?;
            self.is_first = true;
            return Ok(Step::Into(Inside::Sequence));
        };
        let end = value_offset.saturating_add(u64::from(length));
        self.walk.window.extend_to(end)?;
        if !self.walk.window.reaches(end) {
            return Ok(Step::CutShort);
        }
        self.offset = end;
        Ok(Step::Into(Inside::Item))
    }

    /// The data end: with them does an item that is looked for and lacks nothing but its delimiter.
    fn end_of_data(&mut self) -> Result<Step> {
        let is_last = self.offset == self.walk.window.end() && self.levels.depth == 1;
        if is_last && self.walk.rules.leniencies.allow(Leniency::MissingItemDelimiter) {
            return self.end_without_delimiter(ErrorKind::HeaderCutShort {
                needed: ItemHeader::LENGTH,
                available: 0,
            });
        }
        Ok(Step::CutShort)
    }

    /// Leaves an item where something else than its delimiter follows.
    fn end_without_delimiter(&mut self, error: ErrorKind) -> Result<Step> {
        self.walk.tolerate(Leniency::MissingItemDelimiter, self.offset, error)?;
        Ok(self.leave(0, Inside::Sequence))
    }
}

/// The bit of each level of nesting: whether the elements of its item are implicit.
struct Levels {
    bits: u128,
    depth: u32,
    most: u32,
}

impl Levels {
    /// None yet, of at most `limit` sequences.
    fn new(limit: u32) -> Levels {
        // A sequence and its item are a level each, and each level has one bit.
        Levels { bits: 0, depth: 0, most: limit.saturating_mul(2).min(u128::BITS) }
    }

    /// Adds a level; false if that would be one too many.
    #[must_use]
    fn push(&mut self, is_implicit: bool) -> bool {
        if self.depth >= self.most {
            return false;
        }
        self.bits = (self.bits << 1) | u128::from(is_implicit);
        self.depth += 1;
        true
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    fn is_implicit(&self) -> bool {
        self.bits & 1 == 1
    }
}

#[cfg(test)]
mod tests;
