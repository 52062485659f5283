//! From an element's bytes to the values of a column, without anything in between. [`Cell`] has the
//! rules of each numeric type, `Level::add_text` those of text.

use std::borrow::Cow;
use std::io::Write;

use super::builder::{Ragged, Rows};
use super::columns::{ColumnSpec, Step, Width};
use crate::cursor::{ByteOrder, Run};
use crate::dataset::{Context, Surroundings, items_encoding};
use crate::error::{Error, ErrorKind, Family, Result};
use crate::parse::{
    Deviations, Element, Encoding, ItemRanges, Rules, Segment, Stop, Window, parse_elements,
};
use crate::source::ReadAt;
use crate::tag::Tag;
use crate::value::{self, Number, Spelling};
use crate::vr::Vr;

/// The bytes of a file, as far as they were read; the others are read when they are asked for.
#[derive(Clone, Copy)]
pub(super) struct HeaderBytes<'a> {
    pub file: Option<&'a dyn ReadAt>,
    /// Parts of the file that the window has moved past.
    pub segments: &'a [Segment],
    /// The window, and where it starts in the file.
    pub window: &'a [u8],
    pub base: u64,
}

impl<'a> HeaderBytes<'a> {
    #[inline]
    fn get(&self, offset: u64, length: u64, limit: u64) -> Result<Cow<'a, [u8]>> {
        match Run::new(self.window, self.base).get(offset, length) {
            Some(found) => Ok(Cow::Borrowed(found)),
            None => self.get_from_elsewhere(offset, length, limit),
        }
    }

    #[cold]
    fn get_from_elsewhere(&self, offset: u64, length: u64, limit: u64) -> Result<Cow<'a, [u8]>> {
        let kept = self.segments.iter().find_map(|segment| segment.get(offset, length));
        if let Some(found) = kept {
            return Ok(Cow::Borrowed(found));
        }
        let Some(file) = self.file else {
            return Err(Error::from(ErrorKind::ValueCutShort { needed: length, available: 0 })
                .at_offset(offset));
        };
        // The parser has cut the length to what the file has.
        let mut value = match usize::try_from(length) {
            Ok(size) if length <= limit && length <= file.length() => vec![0; size],
            _ => return Err(Error::from(ErrorKind::HeaderTooLong { limit }).at_offset(offset)),
        };
        let filled = file.read_at(&mut value, offset)?;
        if filled < value.len() {
            let available = filled as u64;
            let kind = ErrorKind::ValueCutShort { needed: length, available };
            return Err(Error::from(kind).at_offset(offset));
        }
        Ok(Cow::Owned(value))
    }
}

/// Where the value of a column is looked for first.
pub(super) struct Place<'c> {
    pub tag: Tag,
    /// Which column it is.
    pub column: usize,
    pub spec: &'c ColumnSpec,
}

/// How a value fits its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is in its cell.
    Good,
    /// It is in its cell, but what it means is in doubt: text that its character set does not have,
    /// or whose character set is not named by defined terms; a date that is none.
    InDoubt,
    /// It is not.
    None,
}

impl Fit {
    fn of(is_good: bool) -> Fit {
        if is_good { Fit::Good } else { Fit::None }
    }
}

/// A data set that is looked at where it was read: the file's, its File Meta Information, or an
/// item's.
pub(super) struct Level<'a> {
    elements: &'a [Element],
    encoding: Encoding,
    bytes: HeaderBytes<'a>,
    context: Context,
    /// That of which it is an item.
    outer: Option<&'a Level<'a>>,
    rules: &'a Rules,
}

impl Surroundings for Level<'_> {
    fn find(&self, tag: Tag) -> Option<&Element> {
        let index = self.elements.binary_search_by_key(&tag, |element| element.tag).ok()?;
        self.elements.get(index)
    }

    fn value(&self, element: &Element) -> Result<Cow<'_, [u8]>> {
        self.bytes.get(element.value_offset, element.value_length, self.rules.limits.header_bytes)
    }

    fn order(&self) -> ByteOrder {
        self.encoding.order
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

impl<'a> Level<'a> {
    pub(crate) fn new(
        elements: &'a [Element],
        encoding: Encoding,
        bytes: HeaderBytes<'a>,
        inherited: Context,
        rules: &'a Rules,
    ) -> Level<'a> {
        let (context, outer) = (inherited, None);
        let mut level = Level { elements, encoding, bytes, context, outer, rules };
        level.context = level.own_context();
        level
    }

    /// Adds a row to each column that `places` name, in the order of their tags. `note` is called
    /// with those whose value does not fit, or whose meaning is in doubt.
    ///
    /// # Errors
    ///
    /// If the operating system refuses, or memory. Some rows are not ended then.
    pub(crate) fn add_rows(
        &self,
        places: &[Place<'_>],
        columns: &mut [Rows],
        mut note: impl FnMut(usize),
    ) -> Result<()> {
        let mut rest = self.elements.iter().peekable();
        for Place { tag, column, spec } in places {
            let Some(rows) = columns.get_mut(*column) else { continue };
            // Cheaper than searching: all columns together go through the elements once.
            while rest.next_if(|element| element.tag < *tag).is_some() {}
            let found = match rest.peek() {
                Some(element) if element.tag == *tag => self.add_values(element, spec, 0, rows),
                _ => Ok(Fit::Good),
            };
            let fit = match found {
                Ok(fit) => fit,
                Err(error) if matches!(error.family(), Family::Io | Family::Memory) => {
                    return Err(error);
                }
                Err(_) => Fit::None,
            };
            rows.end_row(fit != Fit::None);
            if fit != Fit::Good {
                note(*column);
            }
        }
        Ok(())
    }

    /// Adds the values of `column` from `element`, its own or the sequence that leads there, to
    /// which it is the `depth`th step.
    fn add_values(
        &self,
        element: &Element,
        column: &ColumnSpec,
        depth: usize,
        rows: &mut Rows,
    ) -> Result<Fit> {
        if let Some(step) = column.steps.get(depth) {
            return self.add_from_item(element, *step, column, depth + 1, rows);
        }
        if element.value_length == 0 {
            return Ok(Fit::Good);
        }
        let vr = self.resolve_vr(element).vr;
        let bytes = self.value(element)?;
        let order = self.order_of(element);
        Ok(match rows {
            Rows::Int(rows) => Fit::of(add_numbers(&bytes, vr, order, column.width(), rows)),
            Rows::Float(rows) => Fit::of(add_numbers(&bytes, vr, order, column.width(), rows)),
            Rows::Text(rows) => self.add_text(&bytes, vr, order, rows.end_of_values()),
        })
    }

    fn add_from_item(
        &self,
        sequence: &Element,
        step: Step,
        column: &ColumnSpec,
        depth: usize,
        rows: &mut Rows,
    ) -> Result<Fit> {
        if self.resolve_vr(sequence).vr != Vr::SQ {
            return Ok(Fit::None);
        }
        let value = self.value(sequence)?;
        let encoding = items_encoding(sequence, &value, self.encoding);
        let mut items = ItemRanges::new(&value, sequence.value_offset, encoding, self.rules);
        let Some(item) = items.nth(step.item_index)? else { return Ok(Fit::Good) };

        let start = usize::try_from(item.offset.saturating_sub(sequence.value_offset))
            .unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(item.length).unwrap_or(usize::MAX));
        let window = value.get(start..end).unwrap_or_default();
        let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
        let mut item_window = Window::memory(window, item.offset);
        let end = parse_elements(
            &mut item_window,
            item.offset,
            item.encoding,
            Stop::AtEnd,
            self.rules,
            &mut elements,
            &mut deviations,
        );
        // Values before the damage are good; those that are not found may lie behind it.
        let is_whole = match end {
            Ok(_) => true,
            Err(error) if matches!(error.family(), Family::Invalid | Family::Limit) => false,
            Err(error) => return Err(error),
        };
        let bytes = HeaderBytes { file: None, segments: &[], window, base: item.offset };
        let context = self.context.clone();
        let mut level = Level::new(&elements, item.encoding, bytes, context, self.rules);
        level.outer = Some(self);
        match level.find(column.tag_at(depth)) {
            Some(element) => level.add_values(element, column, depth, rows),
            None => Ok(Fit::of(is_whole)),
        }
    }

    /// Whether the character set that holds here is named by defined terms.
    #[cold]
    fn names_characters(&self) -> bool {
        let value = |level: &Level<'_>| {
            let element = level.find(Tag::SPECIFIC_CHARACTER_SET)?;
            Some(Spelling::of(&level.value(element).ok()?))
        };
        let found = std::iter::successors(Some(self), |level| level.outer).find_map(value);
        found.is_none_or(|spelling| spelling == Spelling::Defined)
    }

    /// Adds the value as text in UTF-8.
    fn add_text(&self, bytes: &[u8], vr: Vr, order: ByteOrder, out: &mut Vec<u8>) -> Fit {
        if vr.is_text() {
            let decoded;
            let (text, is_exact) = match value::plain_text(bytes, vr) {
                Some(text) => (text, true),
                None => {
                    decoded = value::decoded_text(bytes, vr, &self.context.characters);
                    let is_guess = vr.uses_specific_character_set() && !self.names_characters();
                    (decoded.text.as_bytes(), decoded.is_exact && !is_guess)
                }
            };
            // Blanks on either side of an AE mean nothing (PS3.5 §6.2).
            out.extend_from_slice(if vr == Vr::AE { value::trim(text) } else { text });
            let is_clear = is_exact && value::is_moment(text, vr);
            return if is_clear { Fit::Good } else { Fit::InDoubt };
        }
        if vr == Vr::AT {
            join(out, value::tags(bytes, order));
            return Fit::of(bytes.len().is_multiple_of(4));
        }
        let Some(size) = value::number_size(vr) else { return Fit::None };
        match vr {
            Vr::FL | Vr::FD => {
                join(out, value::numbers(bytes, vr, order).filter_map(f64::from_number))
            }
            Vr::UV => join(out, value::numbers(bytes, vr, order).filter_map(u64_of)),
            _ => join(out, value::numbers(bytes, vr, order).filter_map(i64::from_number)),
        }
        Fit::of(bytes.len().is_multiple_of(size))
    }
}

fn u64_of(number: Number) -> Option<u64> {
    match number {
        Number::Unsigned(number) => Some(number),
        _ => None,
    }
}

/// Writes values with the separator of text (PS3.5 §6.4) between them.
fn join<T: std::fmt::Display>(out: &mut Vec<u8>, values: impl Iterator<Item = T>) {
    for (index, value) in values.enumerate() {
        // Writing to memory does not fail.
        let _ = write!(out, "{}{value}", if index > 0 { "\\" } else { "" });
    }
}

/// What a numeric column holds.
pub(super) trait Cell: Sized {
    /// Adds the numbers of a value that is text; false if one is none.
    fn add_texts(bytes: &[u8], rows: &mut Ragged<Self>) -> bool {
        let bytes = value::trim(bytes);
        if bytes.is_empty() {
            return true;
        }
        bytes.split(|byte| *byte == b'\\').all(|part| {
            let number = Self::from_text(value::trim(part));
            number.map(|number| rows.push(number)).is_some()
        })
    }

    /// A number written as text, without its padding.
    fn from_text(text: &[u8]) -> Option<Self>;
    fn from_number(number: Number) -> Option<Self>;
}

impl Cell for i64 {
    /// A whole number, also one that some writers give as `3.0`.
    fn from_text(text: &[u8]) -> Option<Self> {
        value::plain_integer(text).or_else(|| {
            let text = std::str::from_utf8(text).ok()?;
            value::integer(text).or_else(|| whole(value::decimal(text)?))
        })
    }

    fn from_number(number: Number) -> Option<Self> {
        match number {
            Number::Int(number) => Some(number),
            Number::Unsigned(number) => i64::try_from(number).ok(),
            Number::Float(number) => whole(number),
        }
    }
}

/// The whole number that a float represents, if it represents exactly one.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

impl Cell for f64 {
    /// As of any other, in one pass as long as the numbers are written plainly.
    fn add_texts(bytes: &[u8], rows: &mut Ragged<Self>) -> bool {
        let mut rest = value::trim_end(bytes);
        if rest.is_empty() {
            return true;
        }
        loop {
            let found = value::leading_decimal(rest).or_else(|| {
                let end = rest.iter().position(|byte| *byte == b'\\');
                let (part, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
                Some((f64::from_text(value::trim(part))?, behind))
            });
            let Some((number, behind)) = found else { return false };
            rows.push(number);
            let [_, next @ ..] = behind else { return true };
            rest = next;
        }
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        value::plain_decimal(text).or_else(|| {
            // DS knows no infinity and no NaN (PS3.5 §6.2), which Rust would read.
            value::decimal(std::str::from_utf8(text).ok()?).filter(|number| number.is_finite())
        })
    }

    fn from_number(number: Number) -> Option<Self> {
        Some(number.to_f64())
    }
}

/// Adds the numbers of a value; false if one is none, or there are not as many as there should be.
fn add_numbers<T: Cell>(
    bytes: &[u8],
    vr: Vr,
    order: ByteOrder,
    width: Width,
    rows: &mut Ragged<T>,
) -> bool {
    if let (Vr::US, [a, b]) = (vr, bytes) {
        // As in what follows, for the VR of nearly all binary values of a header.
        let Some(number) = T::from_number(Number::Int(i64::from(order.u16([*a, *b])))) else {
            return false;
        };
        rows.push(number);
    } else if let Some(size) = value::number_size(vr) {
        if !bytes.len().is_multiple_of(size) {
            return false;
        }
        for number in value::numbers(bytes, vr, order) {
            let Some(number) = T::from_number(number) else { return false };
            rows.push(number);
        }
    } else if vr.is_text() {
        if !T::add_texts(bytes, rows) {
            return false;
        }
        // A blank value is a missing one.
        if rows.open().is_empty() {
            return true;
        }
    } else {
        return false;
    }
    width.count().is_none_or(|count| rows.open().len() == count)
}

#[cfg(test)]
mod tests;
