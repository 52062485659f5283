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
use crate::source::{OpenFile, ReadAt};
use crate::tag::Tag;
use crate::value::{self, Number};
use crate::vr::Vr;

/// The bytes of a file, as far as they were read; the others are read when they are asked for.
#[derive(Clone, Copy)]
pub(super) struct HeaderBytes<'a> {
    pub file: Option<&'a OpenFile>,
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
        file.read_exact_at(&mut value, offset)?;
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
    /// a date that is none.
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
        let mut level = Level { elements, encoding, bytes, context: inherited, rules };
        level.context = level.own_context();
        level
    }

    /// Adds a row to each column that `places` name, in the order of their tags. `note` is called
    /// with those whose value does not fit, or whose meaning is in doubt.
    ///
    /// # Errors
    ///
    /// If the operating system refuses. Some rows are not ended then.
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
                Err(error) if error.family() == Family::Io => return Err(error),
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
        parse_elements(
            &mut item_window,
            item.offset,
            item.encoding,
            Stop::AtEnd,
            self.rules,
            &mut elements,
            &mut deviations,
        )?;
        let bytes = HeaderBytes { file: None, segments: &[], window, base: item.offset };
        let level = Level::new(&elements, item.encoding, bytes, self.context.clone(), self.rules);
        match level.find(column.tag_at(depth)) {
            Some(element) => level.add_values(element, column, depth, rows),
            None => Ok(Fit::Good),
        }
    }

    /// Adds the value as text in UTF-8.
    fn add_text(&self, bytes: &[u8], vr: Vr, order: ByteOrder, out: &mut Vec<u8>) -> Fit {
        if vr.is_text() {
            let decoded;
            let (text, is_exact) = match value::plain_text(bytes, vr) {
                Some(text) => (text, true),
                None => {
                    decoded = value::decoded_text(bytes, vr, &self.context.characters);
                    (decoded.text.as_bytes(), decoded.is_exact)
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
    if let Some(size) = value::number_size(vr) {
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
mod tests {
    use super::*;

    fn numbers<T: Cell + Clone>(bytes: &[u8], vr: Vr, width: Width) -> Option<Vec<T>> {
        let mut rows = Ragged::default();
        add_numbers(bytes, vr, ByteOrder::Little, width, &mut rows).then(|| rows.open().to_vec())
    }

    #[test]
    fn numbers_are_read_from_what_the_file_has_and_never_guessed() {
        for (name, bytes, vr, width, expected) in [
            ("IS", &b" 12 "[..], Vr::IS, Width::One, Some(&[12][..])),
            ("padded with zero", b"12\0", Vr::IS, Width::One, Some(&[12])),
            ("written as decimal", b"3.0 ", Vr::DS, Width::One, Some(&[3])),
            ("a fraction", b"3.5", Vr::IS, Width::One, None),
            ("too large for a float", b"1e300", Vr::IS, Width::One, None),
            ("text", b"three", Vr::LO, Width::One, None),
            ("blank", b"  ", Vr::IS, Width::One, Some(&[])),
            ("two for one", b"1\\2 ", Vr::IS, Width::One, None),
            ("one for two", b"1 ", Vr::IS, Width::Fixed(2), None),
            ("a gap", b"1\\\\2", Vr::IS, Width::Widest, None),
            ("binary", b"\x01\0\xFF\xFF", Vr::US, Width::Fixed(2), Some(&[1, 65535])),
            ("half a number", b"\x01\0\xFF", Vr::US, Width::Widest, None),
            ("past 63 bits", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", Vr::UV, Width::One, None),
            ("bytes", b"12", Vr::OB, Width::One, None),
        ] {
            assert_eq!(numbers::<i64>(bytes, vr, width).as_deref(), expected, "{name}");
        }
        for (name, bytes, vr, expected) in [
            ("DS", &b"1.5\\-2e1 \\ 3"[..], Vr::DS, Some(&[1.5, -20.0, 3.0][..])),
            ("binary", b"\0\0\xC0\x3F", Vr::FL, Some(&[1.5])),
            ("a whole number", b"\x02\0", Vr::US, Some(&[2.0])),
            ("infinity", b"inf ", Vr::DS, None),
            ("no number", b"NaN ", Vr::DS, None),
            ("a comma", b"1,5 ", Vr::DS, None),
            ("not ASCII", b"1\xB5", Vr::DS, None),
        ] {
            assert_eq!(numbers::<f64>(bytes, vr, Width::Widest).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn text_is_that_of_the_file() {
        let rules = Rules::default();
        let bytes = HeaderBytes { file: None, segments: &[], window: &[], base: 0 };
        let level = Level::new(&[], Encoding::EXPLICIT_LITTLE, bytes, Context::OUTERMOST, &rules);
        for (name, bytes, vr, expected) in [
            ("several", &b"ORIGINAL\\PRIMARY "[..], Vr::CS, Some("ORIGINAL\\PRIMARY")),
            ("a UID", b"1.2.3\0", Vr::UI, Some("1.2.3")),
            ("an AE", b" STORE  ", Vr::AE, Some("STORE")),
            ("tags", b"\x18\0\x63\x10\x18\0\x65\x10", Vr::AT, Some("(0018,1063)\\(0018,1065)")),
            ("numbers of a private element", b"\x01\0\xFF\xFF", Vr::SS, Some("1\\-1")),
            ("floats", b"\0\0\xC0\x3F", Vr::FL, Some("1.5")),
            ("a date that is none", b"20200230", Vr::DA, None),
            ("seven digits of a fraction", b"120102.1234567", Vr::TM, None),
            ("no character", b"M\xFC", Vr::LO, None),
            ("half a tag", b"\x18\0", Vr::AT, None),
            ("bytes", b"\x18\0", Vr::OB, None),
        ] {
            let mut text = Vec::new();
            let fit = level.add_text(bytes, vr, ByteOrder::Little, &mut text);
            let found = (fit == Fit::Good).then_some(text.as_slice());
            assert_eq!(found, expected.map(str::as_bytes), "{name}");
        }
    }

    #[test]
    fn whole_numbers_are_read_up_to_where_floats_are_exact() {
        for (number, expected) in [
            (3.0, Some(3)),
            (-3.0, Some(-3)),
            (3.5, None),
            (9_007_199_254_740_992.0, Some(9_007_199_254_740_992)),
            (-9_007_199_254_740_992.0, Some(-9_007_199_254_740_992)),
            (9_007_199_254_740_994.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(whole(number), expected, "{number}");
        }
        assert_eq!(u64_of(Number::Unsigned(7)), Some(7));
        assert_eq!(u64_of(Number::Int(7)), None);
        assert_eq!(i64::from_number(Number::Unsigned(u64::MAX)), None);
        assert_eq!(i64::from_number(Number::Float(2.0)), Some(2));
        assert_eq!(f64::from_number(Number::Int(-2)), Some(-2.0));
    }

    #[test]
    fn bytes_come_from_the_window_or_are_missing() {
        let window = [1, 2, 3, 4];
        let bytes = HeaderBytes { file: None, segments: &[], window: &window, base: 100 };
        for (offset, length, expected) in [
            (100, 4, Some(&[1, 2, 3, 4][..])),
            (101, 2, Some(&[2, 3])),
            (104, 0, Some(&[])),
            (103, 2, None),
            (99, 1, None),
            (100, u64::MAX, None),
        ] {
            let found = bytes.get(offset, length, 1000);
            assert_eq!(found.ok().as_deref(), expected, "{offset} {length}");
        }
        let error = bytes.get(99, 1, 1000).unwrap_err();
        assert_eq!(error.offset(), Some(99));
        assert!(matches!(error.kind(), ErrorKind::ValueCutShort { needed: 1, available: 0 }));
    }
}
