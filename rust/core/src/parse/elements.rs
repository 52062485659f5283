//! The elements of one data set, as far as they are wanted.

use super::header::{Element, ElementHeader, Encoding, ItemHeader, UNDEFINED};
use super::leniency::{Deviation, Deviations, Leniency};
use super::plain::record_plain;
use super::rules::Rules;
use super::stop::Stop;
use super::walk::Walk;
use super::window::Window;
use crate::error::{Error, ErrorKind, Family, Result};
use crate::memory::push;
use crate::tag::Tag;
use crate::transfer_syntax;
use crate::uid;
use crate::vr::Vr;

/// Appends the elements of the data set that starts `start` bytes into the file to `elements`, in
/// the order of their tags; returns the offset at which the parser stopped.
///
/// ```
/// use rapidicom_core::{Deviations, Encoding, Rules, Stop, Window, parse_elements};
///
/// let mut bytes = Vec::new();
/// bytes.extend(b"\x08\x00\x60\x00CS\x02\x00");  // (0008,0060), CS, 2 bytes
/// bytes.extend(b"CT");                          // Modality
/// bytes.extend(b"\xE0\x7F\x10\x00OW\x00\x00");  // (7FE0,0010), OW
/// bytes.extend(b"\x02\x00\x00\x00");            // 2 bytes
/// bytes.extend(b"\x00\x02");                    // a pixel
///
/// let mut window = Window::memory(&bytes, 0);
/// let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
/// let end = parse_elements(
///     &mut window,
///     0,
///     Encoding::EXPLICIT_LITTLE,
///     Stop::BeforePixels,
///     &Rules::default(),
///     &mut elements,
///     &mut deviations,
/// )?;
/// assert_eq!(end, 10);
/// assert_eq!(elements.len(), 1);
/// assert_eq!((elements[0].value_offset, elements[0].value_length), (8, 2));
/// assert!(deviations.as_slice().is_empty());
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
///
/// # Errors
///
/// If the bytes are no elements, a limit is exceeded, or the operating system refuses. What was
/// parsed before the error is in `elements`.
pub fn parse_elements(
    window: &mut Window<'_>,
    start: u64,
    encoding: Encoding,
    stop: Stop,
    rules: &Rules,
    elements: &mut Vec<Element>,
    deviations: &mut Deviations,
) -> Result<u64> {
    Parser::new(Walk { window, rules, deviations }, encoding).parse(start, stop, elements)
}

/// [`parse_elements`] of the data set of a file, whose header ends with its pixel data.
///
/// # Errors
///
/// As [`parse_elements`], and if the header turns into zeros.
pub(super) fn parse_outermost(
    walk: Walk<'_, '_>,
    encoding: Encoding,
    start: u64,
    stop: Stop,
    elements: &mut Vec<Element>,
) -> Result<u64> {
    let leniencies = walk.rules.after_pixels.unwrap_or(walk.rules.leniencies);
    let rules = Rules { leniencies, ..*walk.rules };
    let mut parser = Parser::new(walk, encoding);
    parser.after_pixels = Some(&rules);
    parser.parse(start, stop, elements)
}

/// The record of an element of undefined length whose value field starts where `window` does: its
/// end is looked for. Where damage is tolerated, the value may be everything there is.
///
/// # Errors
///
/// As [`parse_elements`].
pub(crate) fn parse_undefined(
    window: &mut Window<'_>,
    tag: Tag,
    vr: Vr,
    encoding: Encoding,
    rules: &Rules,
    deviations: &mut Deviations,
) -> Result<Element> {
    let header = ElementHeader { tag, vr, header_length: 0, value_length: None };
    let (start, end) = (window.base(), window.end());
    let walk = Walk { window, rules, deviations: &mut *deviations };
    let mut parser = Parser::new(walk, encoding);
    match parser.undefined(&header, start) {
        Ok((element, _)) => Ok(element),
        Err(error) => {
            let error = error.at_tag(tag, "", None).at_offset(start);
            deviations.add(keep_what_was_read(error, start, rules)?);
            let (is_undefined_length, is_cut_short) = (true, true);
            let (value_offset, value_length) = (start, end.saturating_sub(start));
            Ok(Element { tag, vr, is_undefined_length, is_cut_short, value_offset, value_length })
        }
    }
}

/// The deviation that an error is after which a part is kept, if [`Leniency::Damaged`] is granted.
///
/// # Errors
///
/// The same, if it is not or if the file is not to blame.
pub(crate) fn keep_what_was_read(error: Error, start: u64, rules: &Rules) -> Result<Deviation> {
    let is_damage = matches!(error.family(), Family::Invalid | Family::Limit);
    if !is_damage || !rules.leniencies.allow(Leniency::Damaged) {
        return Err(error);
    }
    Ok(Deviation { leniency: Leniency::Damaged, offset: error.offset().unwrap_or(start) })
}

/// The group of the File Meta Information (PS3.10 §7.1).
pub(super) const FILE_META_GROUP: u16 = 2;
/// The last of its elements that PS3.6 §7 has, Private Information.
pub(super) const LAST_OF_FILE_META: Tag = Tag(0x0002_0102);
/// More elements of it than PS3.6 has, so that damaged ones are not gone through again and again.
const MOST_FILE_META: usize = 32;

/// Brings the elements from `first` on into the order of their tags; `unordered` is where one is
/// that stands out of it. Of several with one tag the
/// last one counts, as a dictionary that is filled in the order of the file would have it; but of
/// File Meta Information the first one, because what follows it belongs to the data set.
fn sort(
    elements: &mut Vec<Element>,
    first: usize,
    unordered: Option<u64>,
    stop: Stop,
    deviations: &mut Deviations,
) {
    let is_meta = stop == Stop::AfterGroup(FILE_META_GROUP);
    if let Some(offset) = unordered {
        let mut new = elements.split_off(first);
        new.sort_by_key(|element| element.tag);
        let mut second = None;
        for element in new {
            match elements.get(first..).and_then(<[Element]>::last) {
                Some(last) if last.tag == element.tag && is_meta => {
                    let offset = element.value_offset;
                    second = Some(second.map_or(offset, |found: u64| found.min(offset)));
                    continue;
                }
                Some(last) if last.tag == element.tag => {
                    elements.pop();
                }
                _ => {}
            }
            elements.push(element);
        }
        deviations.add(match second {
            Some(offset) => Deviation { leniency: Leniency::SecondFileMeta, offset },
            None => Deviation { leniency: Leniency::UnorderedElements, offset },
        });
    }
    if !is_meta {
        find_second_meta(elements.get(first..).unwrap_or_default(), deviations);
    }
}

/// Notes File Meta Information where it does not belong: in the data set, or in an item.
fn find_second_meta(elements: &[Element], deviations: &mut Deviations) {
    // Sorted, so that no more than the elements of a command stand before it.
    let found = elements.iter().find(|element| element.tag.group() >= FILE_META_GROUP);
    if let Some(found) = found.filter(|element| element.tag.group() == FILE_META_GROUP) {
        let (leniency, offset) = (Leniency::SecondFileMeta, found.value_offset);
        deviations.add(Deviation { leniency, offset });
    }
}

/// A walk through a data set that keeps a record of each element.
pub(super) struct Parser<'p, 'w> {
    pub(super) walk: Walk<'p, 'w>,
    pub(super) encoding: Encoding,
    /// Whether a look at bytes costs far more than they do.
    pub(super) is_far: bool,
    /// Then the last number of the Extended Offset Table, if there is one.
    pub(super) last_frame: Option<u64>,
    /// How many bytes it has, likewise.
    pub(super) last_frame_length: Option<u64>,
    /// Zeros before this offset were gone through already.
    after_zeros: u64,
    /// How many elements belong to another data set.
    first: usize,
    /// Where the value of the first element is whose tag is not larger than the one before it.
    unordered: Option<u64>,
    /// Whether plain elements take the shorter way, which finds the same.
    is_fast: bool,
    /// In the header of a file, the rules that hold from its pixel data on.
    after_pixels: Option<&'p Rules>,
}

impl<'p, 'w> Parser<'p, 'w> {
    fn new(walk: Walk<'p, 'w>, encoding: Encoding) -> Parser<'p, 'w> {
        Parser {
            is_far: walk.window.is_far(),
            walk,
            encoding,
            last_frame: None,
            last_frame_length: None,
            after_zeros: 0,
            first: 0,
            unordered: None,
            is_fast: true,
            after_pixels: None,
        }
    }

    /// See [`parse_elements`].
    fn parse(mut self, start: u64, stop: Stop, elements: &mut Vec<Element>) -> Result<u64> {
        let count = elements.len();
        // A command before the data set of a file is a part of it.
        self.first = if self.after_pixels.is_some() { 0 } else { count };
        let end = self.run(start, stop, elements);
        let is_any = elements.len() > count;
        let Walk { rules, deviations, .. } = self.walk;
        sort(elements, self.first, self.unordered, stop, deviations);
        match end {
            Err(error) if is_any => {
                let damage = keep_what_was_read(error, start, rules)?;
                deviations.add(damage);
                Ok(damage.offset)
            }
            end => end,
        }
    }
}

impl Parser<'_, '_> {
    fn run(&mut self, start: u64, stop: Stop, elements: &mut Vec<Element>) -> Result<u64> {
        let mut offset = start;
        loop {
            if self.is_fast {
                offset = self.run_of_plain(offset, stop, elements);
            }
            let Some(header) = self.walk.header(offset, self.encoding)? else {
                return self.end_of_data(offset);
            };
            // Before the stop: a delimiter would pass for an element after it, and the rest for
            // absent.
            if header.tag.group() == 0xFFFE {
                match self.delimiter(&header, offset)? {
                    Some(next) => offset = next,
                    None => return Ok(offset),
                }
                continue;
            }
            let is_end = stop.is_before(header.tag)
                || self.is_deflated_data(&header, stop, elements)?
                || (header.tag == Tag::ZERO && !elements.is_empty() && self.is_zero(offset)?);
            if is_end {
                return Ok(offset);
            }
            if header.tag.is_pixel_data()
                && let Some(rules) = self.after_pixels.take()
            {
                self.walk.rules = rules;
                self.note_last_frame(elements)?;
            }
            let limit = self.walk.rules.limits.element_count;
            if elements.len() >= limit {
                return Err(Error::from(ErrorKind::TooMany { limit }).at_offset(offset));
            }
            let (element, next) = self
                .element(header, offset)
                .map_err(|error| error.at_tag(header.tag, "", None).at_offset(offset))?;
            if self.last_tag(elements) >= Some(element.tag) {
                self.unordered.get_or_insert(element.value_offset);
            }
            push(elements, element)?;
            if next >= self.walk.window.end() {
                return Ok(next);
            }
            offset = self.go_to(next, element.value_offset)?;
        }
    }

    /// Appends elements as long as they are plain; returns the offset of the first that is not.
    fn run_of_plain(&self, start: u64, stop: Stop, elements: &mut Vec<Element>) -> u64 {
        let (bytes, base) = (self.walk.window.bytes(), self.walk.window.base());
        let Some(position) = self.walk.window.run().position(start) else { return start };
        let room = self.walk.rules.limits.element_count.saturating_sub(elements.len());
        let after = self.last_tag(elements).unwrap_or(Tag::ZERO);
        let end = record_plain(bytes, base, position, self.encoding, stop, (after, room), elements);
        base + end as u64
    }

    fn last_tag(&self, elements: &[Element]) -> Option<Tag> {
        Some(elements.get(self.first..)?.last()?.tag)
    }

    /// Ends the data set where too few bytes are left for a header.
    fn end_of_data(&mut self, offset: u64) -> Result<u64> {
        let available = self.walk.window.end().saturating_sub(offset);
        if available > 0 {
            let error = ErrorKind::HeaderCutShort { needed: 8, available };
            self.walk.tolerate(Leniency::TrailingBytes, offset, error)?;
        }
        Ok(offset)
    }

    /// Steps over a delimiter or an item in place of an element; `None` if the data set ends with
    /// it.
    fn delimiter(&mut self, header: &ElementHeader, offset: u64) -> Result<Option<u64>> {
        let error = ErrorKind::UnexpectedDelimiter { found: header.tag };
        let length = match (header.tag, header.value_length) {
            (Tag::ITEM_DELIMITATION, _) => {
                self.walk.tolerate(Leniency::StrayItemEnd, offset, error)?;
                return Ok(None);
            }
            (Tag::ITEM, Some(length)) => length,
            (Tag::SEQUENCE_DELIMITATION, _) => 0,
            _ => return Err(Error::from(error).at_offset(offset)),
        };
        self.walk.tolerate(Leniency::StrayDelimiter, offset, error)?;
        let end = offset.saturating_add(ItemHeader::LENGTH).saturating_add(u64::from(length));
        self.go_to(end, offset).map(Some)
    }

    /// Whether a header is the start of deflated data, and no element of the File Meta Information
    /// in front. Data that start with the number of the group have an empty block there, then a
    /// stored one, whose length is written twice: once as it is, which reads as the number of an
    /// element, and once with all bits turned over (RFC 1951 §3.2.4).
    fn is_deflated_data(
        &self,
        header: &ElementHeader,
        stop: Stop,
        elements: &[Element],
    ) -> Result<bool> {
        let after_tag = match header.vr {
            Vr::IMPLICIT => header.value_length.unwrap_or(UNDEFINED) as u16,
            Vr(letters) => u16::from_le_bytes(letters),
        };
        if stop != Stop::AfterGroup(FILE_META_GROUP) || header.tag.element() != !after_tag {
            return Ok(false);
        }
        let mut first = elements.iter().take(MOST_FILE_META);
        let named = first.find(|element| element.tag == Tag::TRANSFER_SYNTAX_UID);
        let Some(named) = named else { return Ok(false) };
        let text = self.walk.window.uid(named)?;
        Ok(transfer_syntax::find(&uid::lossy(&text)).is_some_and(|syntax| syntax.is_deflated))
    }

    /// Whether nothing but zeros follows.
    fn is_zero(&mut self, offset: u64) -> Result<bool> {
        // Zeros are gone through once, not again for each 8 of them.
        if offset < self.after_zeros {
            return Ok(false);
        }
        if let Some(other) = self.walk.window.find_other_than_zero(offset)? {
            self.after_zeros = other;
            // One element of zeros is a writer's padding; two are a part that was overwritten.
            let is_overwritten = other.saturating_sub(offset) >= 2 * ItemHeader::LENGTH;
            if is_overwritten && self.after_pixels.is_some() {
                return Err(Error::from(ErrorKind::Overwritten).at_offset(offset));
            }
            return Ok(false);
        }
        let error = ErrorKind::BadValue { what: "the rest", found: 0, expected: "elements" };
        self.walk.tolerate(Leniency::TrailingZeros, offset, error)?;
        Ok(true)
    }

    /// Goes on at `offset`; of what was read only that before `used_to` is worth keeping.
    fn go_to(&mut self, offset: u64, used_to: u64) -> Result<u64> {
        let window = &mut *self.walk.window;
        let offset = offset.min(window.end());
        if !window.reaches(offset) {
            let used = used_to.saturating_sub(window.base());
            window.jump_to(offset, usize::try_from(used).unwrap_or(usize::MAX))?;
        }
        Ok(offset)
    }

    /// The record of the element at `offset`, and the offset of the next.
    fn element(&mut self, header: ElementHeader, offset: u64) -> Result<(Element, u64)> {
        let header = self.walk.settle(header, offset, self.encoding)?;
        if header.lacks_vr(self.encoding) {
            let (what, expected) = ("the VR", "two capital letters");
            let error = ErrorKind::BadValue { what, found: 0, expected };
            self.walk.tolerate(Leniency::ImplicitElement, offset, error)?;
        }
        let value_offset = offset.saturating_add(header.header_length as u64);
        match header.value_length {
            Some(length) => self.defined(&header, value_offset, u64::from(length)),
            None => self.undefined(&header, value_offset),
        }
    }

    fn defined(
        &mut self,
        header: &ElementHeader,
        value_offset: u64,
        length: u64,
    ) -> Result<(Element, u64)> {
        let end = value_offset.saturating_add(length);
        let window = &mut *self.walk.window;
        if length <= self.walk.rules.deferred_above || window.is_sequential() {
            window.extend_to(end)?;
        }
        let available = window.end().saturating_sub(value_offset);
        let is_cut_short = length > available;
        if is_cut_short {
            let error = ErrorKind::ValueCutShort { needed: length, available };
            self.walk.tolerate(Leniency::ValueCutShort, value_offset, error)?;
        }
        let element = Element {
            tag: header.tag,
            vr: header.vr,
            is_undefined_length: false,
            is_cut_short,
            value_offset,
            value_length: length.min(available),
        };
        Ok((element, end))
    }
}

#[cfg(test)]
mod tests;
