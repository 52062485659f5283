//! The elements of one data set, as far as they are wanted.

use super::header::{Element, ElementHeader, Encoding};
use super::leniency::{Deviations, Leniencies, Leniency};
use super::skip::{
    Behind, Skip, check_undefined, first_12, item_encoding, skip_sequence, spell_vr,
};
use super::window::Window;
use crate::cursor::ByteOrder;
use crate::error::{Error, ErrorKind, Family, Result};
use crate::limits::Limits;
use crate::tag::Tag;
use crate::vr::Vr;

/// Where to stop reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At the end of the data.
    AtEnd,
    /// Before the first of the three pixel data elements.
    BeforePixels,
    /// Before the first element behind this one.
    After(Tag),
    /// Before the first element of another group: the end of the File Meta Information.
    AfterGroup(u16),
}

impl Stop {
    /// Where a reader stops who wants these elements, and the Specific Character Set that text
    /// needs; `None` for all of them, or for all before the pixels.
    pub fn behind(tags: Option<&[Tag]>, is_before_pixels: bool) -> Stop {
        let last =
            tags.map(|tags| tags.iter().copied().fold(Tag::SPECIFIC_CHARACTER_SET, Tag::max));
        match last {
            // Whichever comes first.
            Some(last) if !is_before_pixels || last < Tag::FLOAT_PIXEL_DATA => Stop::After(last),
            _ if is_before_pixels => Stop::BeforePixels,
            _ => Stop::AtEnd,
        }
    }

    /// The first and the last of the tags that are surely not stopped at, delimiters left out; the
    /// others have to be looked at one by one.
    fn plain_tags(self) -> (Tag, Tag) {
        const LAST: Tag = Tag::new(0xFFFD, 0xFFFF);
        // Zeros behind the data read as elements with the tag 0.
        const FIRST: Tag = Tag(1);
        match self {
            Stop::AtEnd => (FIRST, LAST),
            Stop::BeforePixels => (FIRST, Tag(Tag::FLOAT_PIXEL_DATA.0 - 1)),
            Stop::After(last) => (FIRST, last.min(LAST)),
            Stop::AfterGroup(group) => (Tag::new(group, 0), Tag::new(group, 0xFFFF).min(LAST)),
        }
    }

    fn is_before(self, tag: Tag) -> bool {
        match self {
            Stop::AtEnd => false,
            Stop::BeforePixels => tag.is_pixel_data(),
            Stop::After(last) => tag > last,
            Stop::AfterGroup(group) => tag.group() != group,
        }
    }
}

/// What holds for every data set of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What the file may cost.
    pub limits: Limits,
    /// What is tolerated.
    pub leniencies: Leniencies,
    /// Values up to this length are read along with what stands around them; longer ones stay in
    /// the file until they are asked for.
    pub deferred_above: u64,
}

/// A read costs as much as copying some 20 KB more, and few values but pixels, overlays and LUTs
/// are longer.
const DEFERRED_ABOVE: u64 = 64 * 1024;

impl Default for Rules {
    fn default() -> Self {
        Rules {
            limits: Limits::DEFAULT,
            leniencies: Leniencies::DEFAULT,
            deferred_above: DEFERRED_ABOVE,
        }
    }
}

/// Appends the elements of the data set that starts `start` bytes into the file to `elements`, in
/// the order of their tags; returns the offset at which the parser stopped.
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
    let first = elements.len();
    let end =
        Parser { window, encoding, rules: *rules, deviations }.run::<true>(start, stop, elements);
    sort(elements, first, deviations);
    match end {
        Err(error) if elements.len() > first => keep_what_was_read(error, start, rules, deviations),
        end => end,
    }
}

/// Makes a deviation of an error behind which something was read, if [`Leniency::Damaged`] is
/// granted; where it was.
///
/// # Errors
///
/// The same, if it is not or if the file is not to blame.
pub(super) fn keep_what_was_read(
    error: Error,
    start: u64,
    rules: &Rules,
    deviations: &mut Deviations,
) -> Result<u64> {
    if !rules.leniencies.allow(Leniency::Damaged)
        || !matches!(error.family(), Family::Invalid | Family::Limit)
    {
        return Err(error);
    }
    let offset = error.offset().unwrap_or(start);
    deviations.add(Leniency::Damaged, offset);
    Ok(offset)
}

/// Brings the elements from `first` on into the order of their tags. Of several with one tag the
/// last one counts, as a dictionary that is filled in the order of the file would have it.
fn sort(elements: &mut Vec<Element>, first: usize, deviations: &mut Deviations) {
    let new = elements.get(first..).unwrap_or_default();
    let Some(unordered) = new.windows(2).find_map(|pair| match pair {
        [a, b] if a.tag >= b.tag => Some(b.value_offset),
        _ => None,
    }) else {
        return;
    };
    deviations.add(Leniency::UnorderedElements, unordered);
    let mut new = elements.split_off(first);
    new.sort_by_key(|element| element.tag);
    for element in new {
        match elements.get(first..).and_then(<[Element]>::last) {
            Some(last) if last.tag == element.tag => {
                elements.pop();
            }
            _ => {}
        }
        elements.push(element);
    }
}

struct Parser<'p, 'w> {
    window: &'p mut Window<'w>,
    encoding: Encoding,
    rules: Rules,
    deviations: &'p mut Deviations,
}

impl Parser<'_, '_> {
    /// Grants a leniency and notes it, or makes an error of it.
    fn tolerate(&mut self, leniency: Leniency, offset: u64, error: ErrorKind) -> Result<()> {
        if !self.rules.leniencies.allow(leniency) {
            return Err(Error::from(error).at_offset(offset));
        }
        self.deviations.add(leniency, offset);
        Ok(())
    }

    /// `IS_FAST` says whether plain elements take the shorter way, which finds the same.
    fn run<const IS_FAST: bool>(
        &mut self,
        start: u64,
        stop: Stop,
        elements: &mut Vec<Element>,
    ) -> Result<u64> {
        let mut offset = start;
        let mut behind_zeros = 0;
        loop {
            if IS_FAST {
                offset = self.run_of_plain(offset, stop, elements);
            }
            self.window.extend_to(offset.saturating_add(12))?;
            let position =
                offset.checked_sub(self.window.base()).and_then(|n| usize::try_from(n).ok());
            let header =
                position.and_then(|at| ElementHeader::read(self.window.bytes(), at, self.encoding));
            let Some(mut header) = header else {
                let available = self.window.end().saturating_sub(offset);
                if available > 0 {
                    let error = ErrorKind::HeaderCutShort { needed: 8, available };
                    self.tolerate(Leniency::TrailingBytes, offset, error)?;
                }
                return Ok(offset);
            };
            let tag = header.tag;
            // Before the stop: a delimiter would pass for an element behind it, and the rest for
            // absent.
            if tag.group() == 0xFFFE {
                let error = ErrorKind::UnexpectedDelimiter { found: tag };
                match (tag, header.value_length) {
                    (Tag::ITEM_DELIMITATION, _) => {
                        self.tolerate(Leniency::StrayItemEnd, offset, error)?;
                        return Ok(offset);
                    }
                    (Tag::ITEM, Some(length)) => {
                        self.tolerate(Leniency::StrayDelimiter, offset, error)?;
                        offset = self.go_to(
                            offset.saturating_add(8).saturating_add(u64::from(length)),
                            offset,
                        )?;
                    }
                    (Tag::SEQUENCE_DELIMITATION, _) => {
                        self.tolerate(Leniency::StrayDelimiter, offset, error)?;
                        offset = self.go_to(offset.saturating_add(8), offset)?;
                    }
                    _ => return Err(Error::from(error).at_offset(offset)),
                }
                continue;
            }
            if stop.is_before(tag) {
                return Ok(offset);
            }
            // Zeros are gone through once, not again for each 8 of them.
            if tag == Tag::ZERO && !elements.is_empty() && offset >= behind_zeros {
                let Some(other) = self.window.find_other_than_zero(offset)? else {
                    let error =
                        ErrorKind::BadValue { what: "the rest", found: 0, expected: "elements" };
                    self.tolerate(Leniency::TrailingZeros, offset, error)?;
                    return Ok(offset);
                };
                behind_zeros = other;
            }
            if header.lacks_vr(self.encoding) {
                let error = ErrorKind::BadValue {
                    what: "the VR",
                    found: 0,
                    expected: "two capital letters",
                };
                match self.spell_vr(&header, offset)? {
                    Some(spelt) => {
                        self.tolerate(Leniency::MisspeltVr, offset, error)?;
                        header = spelt;
                    }
                    None => self.tolerate(Leniency::ImplicitElement, offset, error)?,
                }
            }
            if elements.len() >= self.rules.limits.element_count {
                let kind = ErrorKind::TooMany { limit: self.rules.limits.element_count };
                return Err(Error::from(kind).at_offset(offset));
            }
            let value_offset = offset.saturating_add(header.header_length as u64);
            let place = |error: Error| error.at_tag(tag, "", None).at_offset(offset);
            let (element, next) = match header.value_length {
                Some(length) => {
                    self.defined(&header, value_offset, u64::from(length)).map_err(place)?
                }
                None => self.undefined(&header, value_offset).map_err(place)?,
            };
            elements.push(element);
            if next >= self.window.end() {
                return Ok(next);
            }
            offset = self.go_to(next, value_offset)?;
        }
    }

    /// Goes on at `offset`; of what was read only that before `used_to` is worth keeping.
    fn go_to(&mut self, offset: u64, used_to: u64) -> Result<u64> {
        let offset = offset.min(self.window.end());
        if !self.window.reaches(offset) {
            let used = used_to.saturating_sub(self.window.base());
            self.window.jump_to(offset, usize::try_from(used).unwrap_or(usize::MAX))?;
        }
        Ok(offset)
    }

    /// See [`spell_vr`]; the element starts at `offset`.
    fn spell_vr(&mut self, header: &ElementHeader, offset: u64) -> Result<Option<ElementHeader>> {
        if !self.rules.leniencies.allow(Leniency::MisspeltVr) {
            return Ok(None);
        }
        let position =
            usize::try_from(offset.saturating_sub(self.window.base())).unwrap_or(usize::MAX);
        let bytes = first_12(self.window.bytes().get(position..).unwrap_or_default());
        let Parser { window, encoding, .. } = self;
        spell_vr(header, bytes, *encoding, |distance| {
            let at = offset.saturating_add(distance);
            Ok(match window.peek(at)? {
                Some(header) => Behind::Header(header),
                None if at == window.end() => Behind::End,
                None => Behind::Beyond,
            })
        })
    }

    /// Appends elements as long as there is nothing special about them: all read, of defined
    /// length, none to stop at. Returns the offset of the first that needs a closer look. Nearly
    /// all elements of nearly all files pass here, at a quarter of what they would cost below.
    fn run_of_plain(&self, start: u64, stop: Stop, elements: &mut Vec<Element>) -> u64 {
        let (bytes, base) = (self.window.bytes(), self.window.base());
        let Some(position) = start.checked_sub(base).and_then(|at| usize::try_from(at).ok()) else {
            return start;
        };
        let room = self.rules.limits.element_count.saturating_sub(elements.len());
        let plain = stop.plain_tags();
        // Compiled once for each encoding that matters, so that the loop does not ask about it for
        // every number.
        let end = match self.encoding {
            Encoding::EXPLICIT_LITTLE => {
                plain_explicit_little(bytes, base, position, plain, room, elements)
            }
            other => plain_elements(bytes, base, position, other, plain, room, elements),
        };
        base + end as u64
    }

    fn defined(
        &mut self,
        header: &ElementHeader,
        value_offset: u64,
        length: u64,
    ) -> Result<(Element, u64)> {
        let end = value_offset.saturating_add(length);
        if length <= self.rules.deferred_above || self.window.is_sequential() {
            self.window.extend_to(end)?;
        }
        let available = self.window.end().saturating_sub(value_offset);
        let is_cut_short = length > available;
        if is_cut_short {
            let error = ErrorKind::ValueCutShort { needed: length, available };
            self.tolerate(Leniency::ValueCutShort, value_offset, error)?;
        }
        let value_length = length.min(available);
        let element = Element {
            tag: header.tag,
            vr: header.vr,
            is_undefined_length: false,
            is_cut_short,
            value_offset,
            value_length,
        };
        Ok((element, end))
    }

    fn undefined(&mut self, header: &ElementHeader, value_offset: u64) -> Result<(Element, u64)> {
        if let Err(error) = check_undefined(header.vr) {
            self.tolerate(Leniency::UndefinedLengthVr, value_offset, error)?;
        }
        // Fragments are not worth reading: their headers are looked at one by one, and the values
        // left in the file.
        let found = if matches!(header.vr, Vr::OB | Vr::OW) || header.tag.is_pixel_data() {
            self.fragments(value_offset)
        } else {
            self.sequence(value_offset)
        };
        let (value_length, next) = match found {
            Err(error) if matches!(error.kind(), ErrorKind::ItemExpected { .. }) => {
                self.without_items(value_offset, error)?
            }
            found => found?,
        };
        let is_cut_short = next.is_none();
        let element = Element {
            tag: header.tag,
            vr: header.vr,
            is_undefined_length: true,
            is_cut_short,
            value_offset,
            value_length,
        };
        Ok((element, next.unwrap_or(self.window.end())))
    }

    /// The value length, and the offset behind the delimiter if there is one (PS3.5 §A.4).
    fn fragments(&mut self, value_offset: u64) -> Result<(u64, Option<u64>)> {
        let mut offset = value_offset;
        while let Some([a, b, c, d, e, f, g, h]) = self.window.peek(offset)? {
            let order = self.encoding.order;
            let (tag, length) =
                (Tag::new(order.u16([a, b]), order.u16([c, d])), order.u32([e, f, g, h]));
            match tag {
                Tag::ITEM => offset = offset.saturating_add(8).saturating_add(u64::from(length)),
                Tag::SEQUENCE_DELIMITATION => return Ok((offset - value_offset, Some(offset + 8))),
                found => {
                    return Err(Error::from(ErrorKind::ItemExpected { found }).at_offset(offset));
                }
            }
        }
        self.without_delimiter(value_offset)
    }

    fn sequence(&mut self, value_offset: u64) -> Result<(u64, Option<u64>)> {
        let start = usize::try_from(value_offset - self.window.base()).unwrap_or(usize::MAX);
        let mut is_whole = false;
        loop {
            let base = self.window.base();
            let skip =
                skip_sequence(self.window.bytes(), start, self.encoding, &self.rules, is_whole);
            match skip.map_err(|error| {
                let offset = base + error.offset().unwrap_or(0);
                Error::from_kind_of(error).at_offset(offset)
            })? {
                Skip::End { value_length, total_length, deviation } => {
                    if let Some(found) = deviation {
                        self.deviations.add(found.leniency, base + found.offset);
                    }
                    return Ok((value_length as u64, Some(value_offset + total_length as u64)));
                }
                Skip::NeedsMore(_) if is_whole => return self.without_delimiter(value_offset),
                Skip::NeedsMore(_) if self.window.reaches(self.window.end()) => is_whole = true,
                Skip::NeedsMore(length) => {
                    // What is asked for may lie past the end; then everything that there is gets
                    // read.
                    self.window.extend_to(value_offset.saturating_add(length as u64))?;
                }
            }
        }
    }

    /// A value in which `error` says that no item stands where one should: up to the first
    /// delimiter.
    fn without_items(&mut self, value_offset: u64, error: Error) -> Result<(u64, Option<u64>)> {
        if !self.rules.leniencies.allow(Leniency::ValueWithoutItems) {
            return Err(error);
        }
        let delimiter = match self.encoding.order {
            ByteOrder::Little => [0xFE, 0xFF, 0xDD, 0xE0],
            ByteOrder::Big => [0xFF, 0xFE, 0xE0, 0xDD],
        };
        let Some(end) = self.window.find(delimiter, value_offset)? else { return Err(error) };
        self.deviations.add(Leniency::ValueWithoutItems, error.offset().unwrap_or(value_offset));
        Ok((end - value_offset, Some(end.saturating_add(8))))
    }

    fn without_delimiter(&mut self, value_offset: u64) -> Result<(u64, Option<u64>)> {
        let available = self.window.end().saturating_sub(value_offset);
        let error = ErrorKind::ValueCutShort { needed: available + 8, available };
        self.tolerate(Leniency::MissingDelimiter, self.window.end(), error)?;
        Ok((available, None))
    }
}

#[inline(never)]
fn plain_explicit_little(
    bytes: &[u8],
    base: u64,
    position: usize,
    (first, last): (Tag, Tag),
    room: usize,
    elements: &mut Vec<Element>,
) -> usize {
    plain_elements(bytes, base, position, Encoding::EXPLICIT_LITTLE, (first, last), room, elements)
}

/// Appends at most `room` elements from `position` of `bytes` on, which is `base` bytes from the
/// start of the file, as long as their tags are between two and their values in `bytes`; returns
/// the position behind the last of them.
#[inline(always)]
fn plain_elements(
    bytes: &[u8],
    base: u64,
    mut position: usize,
    encoding: Encoding,
    (first, last): (Tag, Tag),
    room: usize,
    elements: &mut Vec<Element>,
) -> usize {
    for _ in 0..room {
        let Some(header) = bytes.get(position..).and_then(<[u8]>::first_chunk::<12>) else { break };
        let ElementHeader { tag, vr, header_length, value_length } =
            ElementHeader::decode(header, encoding);
        let Some(length) = value_length else { break };
        let value_position = position + header_length;
        let end = value_position.saturating_add(length as usize);
        let lacks_vr = vr == Vr::IMPLICIT && !encoding.is_implicit;
        if end > bytes.len() || tag < first || tag > last || lacks_vr {
            break;
        }
        elements.push(Element {
            tag,
            vr,
            is_undefined_length: false,
            is_cut_short: false,
            value_offset: base + value_position as u64,
            value_length: u64::from(length),
        });
        position = end;
    }
    position
}

/// The encoding that the first element at `start` shows, and whether it is another than `expected`.
pub(super) fn encoding_of_first(
    window: &mut Window<'_>,
    start: u64,
    expected: Encoding,
) -> Result<Encoding> {
    window.extend_to(start.saturating_add(8))?;
    let position = usize::try_from(start.saturating_sub(window.base())).unwrap_or(usize::MAX);
    if expected.is_implicit {
        let explicit = Encoding { is_implicit: false, order: ByteOrder::Little };
        let found = ElementHeader::read(window.bytes(), position, explicit);
        return Ok(if found.is_some_and(|header| header.vr != Vr::IMPLICIT) {
            explicit
        } else {
            expected
        });
    }
    Ok(item_encoding(window.bytes(), position, expected))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    /// What both ways find: elements, where they stop or why not, and what was tolerated.
    fn both(bytes: &[u8], encoding: Encoding, stop: Stop, rules: Rules) {
        let parse = |is_fast: bool| {
            let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
            let mut window = Window::memory(bytes, 100);
            let mut parser =
                Parser { window: &mut window, encoding, rules, deviations: &mut deviations };
            let end = match is_fast {
                true => parser.run::<true>(100, stop, &mut elements),
                false => parser.run::<false>(100, stop, &mut elements),
            };
            (elements, end.map_err(|error| (error.to_string(), error.offset())), deviations)
        };
        let fast = parse(true);
        assert_eq!(fast, parse(false));
        let end = 100 + bytes.len() as u64;
        assert!(
            fast.0.iter().all(|element| element.value_offset >= 100 && element.value_end() <= end)
        );
    }

    /// Elements that look like those of files, one field a line.
    fn element() -> impl Strategy<Value = Vec<u8>> {
        let group =
            prop::sample::select(vec![0u16, 0x0008, 0x0009, 0x0010, 0x0028, 0x7FE0, 0xFFFE]);
        let number = prop::sample::select(vec![0u16, 0x0010, 0x1140, 0xE000, 0xE00D, 0xE0DD]);
        let vr = prop::sample::select(vec![
            *b"US", *b"LO", *b"SQ", *b"UN", *b"OB", *b"??", *b"cs", *b"\0\0", *b"ZZ",
        ]);
        let length = prop::sample::select(vec![0u32, 1, 2, 8, 9, 40, 0xFFFF, 0xFFFF_FFFF]);
        let value = prop::collection::vec(any::<u8>(), 0..10);
        (group, number, vr, length, value).prop_map(|(group, number, vr, length, value)| {
            let mut bytes = [group.to_le_bytes(), number.to_le_bytes(), vr].concat();
            match Vr(vr).has_long_length() {
                true => bytes.extend([&[0, 0][..], &length.to_le_bytes()].concat()),
                false => bytes.extend((length as u16).to_le_bytes()),
            }
            bytes.extend(value);
            bytes
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_fast_way_finds_what_the_plain_way_finds(
            elements in prop::collection::vec(element(), 0..8),
            rest in prop::collection::vec(any::<u8>(), 0..20),
            last in any::<u32>(),
            count in 0usize..6,
        ) {
            let bytes = [elements.concat(), rest].concat();
            let stops = [Stop::AtEnd, Stop::BeforePixels, Stop::After(Tag(last)), Stop::AfterGroup(8)];
            let few = Rules { limits: Limits { element_count: count, ..Limits::DEFAULT }, ..Rules::default() };
            for encoding in [Encoding::EXPLICIT_LITTLE, Encoding::IMPLICIT_LITTLE, Encoding::EXPLICIT_BIG] {
                for stop in stops {
                    for leniencies in [Leniencies::DEFAULT, Leniencies::NONE] {
                        both(&bytes, encoding, stop, Rules { leniencies, ..Rules::default() });
                    }
                    both(&bytes, encoding, stop, few);
                }
            }
        }
    }

    #[test]
    fn zeros_are_an_end_only_behind_elements() {
        let element = b"\x08\0\x60\0CS\x02\0CT";
        for (name, bytes, expected) in [
            ("zeros", [&element[..], &[0; 100]].concat(), (1, true)),
            // Equal tags count once.
            ("zeros and more", [&element[..], &[0; 16], &element[..]].concat(), (2, false)),
        ] {
            let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
            let mut window = Window::memory(&bytes, 0);
            let rules = Rules::default();
            let encoding = Encoding::EXPLICIT_LITTLE;
            parse_elements(
                &mut window,
                0,
                encoding,
                Stop::AtEnd,
                &rules,
                &mut elements,
                &mut deviations,
            )
            .unwrap();
            let ends =
                deviations.as_slice().iter().any(|found| found.leniency == Leniency::TrailingZeros);
            assert_eq!((elements.len(), ends), expected, "{name}");
        }
    }

    #[test]
    fn damage_is_kept_out_only_where_that_is_granted() {
        let bytes = b"\x08\0\x60\0CS\x02\0CT\x08\0\x40\x11SQ\0\0\xFF\xFF\xFF\xFFno items";
        for (leniencies, expected) in [(Leniencies::DEFAULT, None), (Leniencies::ALL, Some(1))] {
            let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
            let mut window = Window::memory(bytes, 0);
            let rules = Rules { leniencies, ..Rules::default() };
            let encoding = Encoding::EXPLICIT_LITTLE;
            let end = parse_elements(
                &mut window,
                0,
                encoding,
                Stop::AtEnd,
                &rules,
                &mut elements,
                &mut deviations,
            );
            assert_eq!(end.is_ok().then_some(elements.len()), expected);
            if let Err(error) = end {
                assert!(matches!(error.kind(), ErrorKind::ItemExpected { .. }), "{error}");
            }
        }
    }
}
