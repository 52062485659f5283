//! The items of a sequence (PS3.5 §7.5).

use super::detect::item_encoding;
use super::elements::keep_what_was_read;
use super::header::{Encoding, ItemHeader, UNDEFINED};
use super::leniency::{Deviation, Leniency};
use super::rules::Rules;
use super::skip::{Extent, ItemEnd, find_item_end, is_end_of_item, skip_item};
use super::undefined::missing_delimiter;
use super::window::Window;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::{check_memory, push};
use crate::tag::Tag;

/// Where an item's elements lie and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemRange {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes, without the delimiter.
    pub length: u64,
    /// How its elements are written.
    pub encoding: Encoding,
    /// Whether it ends with a delimiter.
    pub is_undefined_length: bool,
    /// What was tolerated to find its end.
    pub deviation: Option<Deviation>,
}

/// Goes through the items of a sequence one after the other.
pub(crate) struct ItemRanges<'a> {
    /// The value field of the sequence, and nothing else.
    window: Window<'a>,
    encoding: Encoding,
    rules: &'a Rules,
    /// Of the next item, in bytes from the start of the file.
    offset: u64,
}

impl<'a> ItemRanges<'a> {
    /// Those of the sequence whose value field is `value`, `value_offset` bytes from the start of
    /// the file.
    pub(crate) fn new(
        value: &'a [u8],
        value_offset: u64,
        encoding: Encoding,
        rules: &'a Rules,
    ) -> ItemRanges<'a> {
        let window = Window::memory(value, value_offset);
        ItemRanges { window, encoding, rules, offset: value_offset }
    }

    /// The next item, if there is one.
    ///
    /// # Errors
    ///
    /// If something else than an item takes its place, or it is nested too deep.
    pub(crate) fn next(&mut self) -> Result<Option<ItemRange>> {
        let Some(header) = self.window.run().chunk(self.offset) else { return Ok(None) };
        let header = ItemHeader::decode(header, self.encoding.order);
        match header.tag {
            Tag::SEQUENCE_DELIMITATION => return Ok(None),
            Tag::ITEM => {}
            found => {
                return Err(Error::from(ErrorKind::ItemExpected { found }).at_offset(self.offset));
            }
        }
        let start = self.offset.saturating_add(ItemHeader::LENGTH);
        let own = item_encoding(self.window.run().chunk(start), self.encoding);
        let is_undefined_length = header.length == UNDEFINED;
        let length = u64::from(header.length);
        let end = start.saturating_add(length);
        let extent = if is_undefined_length {
            self.undefined(start, own)?
        } else if is_end_of_item(&self.window, end, self.encoding.order) {
            Extent { value_length: length, total_length: length, deviation: None }
        } else {
            self.defined(start, header.length)?
        };
        self.offset = start.saturating_add(extent.total_length);
        Ok(Some(ItemRange {
            offset: start,
            length: extent.value_length,
            encoding: own,
            is_undefined_length,
            deviation: extent.deviation,
        }))
    }

    /// The item of undefined length whose elements start at `start`.
    fn undefined(&mut self, start: u64, own: Encoding) -> Result<Extent> {
        if let Some(extent) = skip_item(&mut self.window, start, own, self.rules)? {
            return Ok(extent);
        }
        let deviation = missing_delimiter(start, self.window.end(), self.rules)?;
        Ok(self.rest(start, deviation))
    }

    /// The item whose elements start at `start` and whose header says that they have `length`
    /// bytes, which may be wrong.
    fn defined(&mut self, start: u64, length: u32) -> Result<Extent> {
        let available = self.window.end().saturating_sub(start);
        let needed = u64::from(length);
        let (encoding, rules) = (self.encoding, self.rules);
        match find_item_end(&mut self.window, start, length, encoding, rules, true)? {
            ItemEnd::AsWritten => {
                Ok(Extent { value_length: needed, total_length: needed, deviation: None })
            }
            ItemEnd::Elsewhere(extent) => {
                // With the last of its elements the sequence ends too: its length alone is wrong,
                // not where it ends.
                let is_last = needed > available && extent.total_length == available;
                let leniency =
                    if is_last { Leniency::ItemPastSequence } else { Leniency::WrongItemLength };
                Ok(Extent { deviation: Some(Deviation { leniency, offset: start }), ..extent })
            }
            ItemEnd::PastEnd => {
                let error = ErrorKind::ValueCutShort { needed, available };
                let leniency = Leniency::ItemPastSequence;
                let deviation = rules.leniencies.tolerate(leniency, start, error)?;
                Ok(self.rest(start, deviation))
            }
        }
    }

    /// All from `start` to the end of the sequence.
    fn rest(&self, start: u64, deviation: Deviation) -> Extent {
        let length = self.window.end().saturating_sub(start);
        Extent { value_length: length, total_length: length, deviation: Some(deviation) }
    }

    /// The item with this index, counted from the next one.
    ///
    /// # Errors
    ///
    /// If something else than items comes before it, or they are nested too deep.
    pub(crate) fn nth(&mut self, index: usize) -> Result<Option<ItemRange>> {
        for _ in 0..index {
            if self.next()?.is_none() {
                return Ok(None);
            }
        }
        self.next()
    }
}

/// The items of the sequence whose value field is `value`, `value_offset` bytes from the start of
/// the file.
///
/// # Errors
///
/// If something else than items is in `value`, there are too many of them or they are nested too
/// deep.
pub(crate) fn parse_items(
    value: &[u8],
    value_offset: u64,
    encoding: Encoding,
    rules: &Rules,
) -> Result<Vec<ItemRange>> {
    check_memory()?;
    let mut items: Vec<ItemRange> = Vec::new();
    let mut rest = ItemRanges::new(value, value_offset, encoding, rules);
    loop {
        let error = match rest.next() {
            Ok(None) => return Ok(items),
            Ok(Some(item)) if items.len() < rules.limits.element_count => {
                push(&mut items, item)?;
                continue;
            }
            Ok(Some(item)) => {
                let kind = ErrorKind::TooMany { limit: rules.limits.element_count };
                Error::from(kind).at_offset(item.offset)
            }
            Err(error) => error,
        };
        // The last item says that there was more.
        return match items.last_mut() {
            Some(last) => {
                last.deviation = Some(keep_what_was_read(error, value_offset, rules)?);
                Ok(items)
            }
            None => Err(error),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::parse::Leniencies;
    use crate::parse::fields::*;

    /// The value of each sequence is at this offset of the file.
    const BASE: u64 = 100;
    const EXPLICIT: Encoding = Encoding::EXPLICIT_LITTLE;

    /// Offset, length, whether it is undefined, and what was tolerated.
    type Found = (u64, u64, bool, Option<(Leniency, u64)>);

    fn find(value: &[u8], rules: Rules) -> Result<Vec<Found>, (String, Option<u64>)> {
        let items = parse_items(value, BASE, EXPLICIT, &rules).map_err(|error| what(&error))?;
        let show = |item: &ItemRange| {
            let deviation = item.deviation.map(|found| (found.leniency, found.offset));
            (item.offset, item.length, item.is_undefined_length, deviation)
        };
        Ok(items.iter().map(show).collect())
    }

    fn rules(leniencies: Leniencies) -> Rules {
        Rules { leniencies, ..Rules::default() }
    }

    /// An element of 10 bytes.
    fn modality() -> Vec<u8> {
        element(0x0008_0060, b"CS", b"CT")
    }

    fn closed(length: u32) -> Vec<u8> {
        [&item(length)[..], &modality()].concat()
    }

    #[test]
    fn items_of_both_kinds() {
        let open = [&item(UNDEFINED)[..], &modality(), &ITEM_END].concat();
        let (first, second) = ((108, 10, false, None), (126, 10, true, None));
        #[rustfmt::skip]
        let table: [(&str, Vec<u8>, Vec<Found>); 7] = [
            ("none", vec![], vec![]),
            ("less than a header", item(0)[..7].to_vec(), vec![]),
            ("both kinds", [closed(10), open.clone()].concat(), vec![first, second]),
            ("the end, and more", [&closed(10)[..], &SEQUENCE_END, &open].concat(), vec![first]),
            ("less than a header at the end", [&closed(10)[..], &item(0)[..3]].concat(),
             vec![first]),
            ("an empty item", item(0).to_vec(), vec![(108, 0, false, None)]),
            ("an empty item of undefined length", [item(UNDEFINED), ITEM_END].concat(),
             vec![(108, 0, true, None)]),
        ];
        for (name, value, expected) in table {
            assert_eq!(find(&value, rules(Leniencies::NONE)), Ok(expected), "{name}");
        }
    }

    #[test]
    fn each_leniency_is_granted_or_refused() {
        let cut = |needed, available, offset| {
            Err(expected(ErrorKind::ValueCutShort { needed, available }, offset))
        };
        let inner = [&header(0x0008_1140, b"SQ", UNDEFINED)[..], &item(0)].concat();
        let open = |value: &[u8]| [&item(UNDEFINED)[..], value].concat();
        use Leniency::*;
        #[rustfmt::skip]
        let table = [
            ("no end of the item", MissingItemDelimiter, open(&modality()),
             vec![(108, 10, true, Some((MissingItemDelimiter, 118)))], cut(18, 10, 118)),
            ("the next item instead", MissingItemDelimiter,
             [open(&modality()), closed(10)].concat(),
             vec![(108, 10, true, Some((MissingItemDelimiter, 118))), (126, 10, false, None)],
             Err(expected(ErrorKind::UnexpectedDelimiter { found: Tag::ITEM }, 118))),
            ("no end of what is inside", MissingDelimiter, open(&inner),
             vec![(108, 20, true, Some((MissingDelimiter, 128)))], cut(28, 20, 128)),
            ("too short", WrongItemLength, closed(2),
             vec![(108, 10, false, Some((WrongItemLength, 108)))],
             Err(item_expected(0x0060_5343, 110))),
            ("too long", WrongItemLength, [closed(11), closed(10)].concat(),
             vec![(108, 10, false, Some((WrongItemLength, 108))), (126, 10, false, None)],
             Err(item_expected(0x00FF_0AE0, 119))),
            ("past the sequence", ItemPastSequence, closed(11),
             vec![(108, 10, false, Some((ItemPastSequence, 108)))], cut(11, 10, 108)),
        ];
        for (name, leniency, value, tolerated, refused) in table {
            let granted = rules(Leniencies::NONE.with(leniency));
            assert_eq!(find(&value, granted), Ok(tolerated), "{name} is granted");
            assert_eq!(find(&value, rules(Leniencies::NONE)), refused, "{name} is refused");
        }
    }

    #[test]
    fn an_item_past_its_sequence_ends_where_its_elements_do() {
        let default = rules(Leniencies::DEFAULT);
        let past = Some((Leniency::ItemPastSequence, 108));
        let wrong = Some((Leniency::WrongItemLength, 108));
        #[rustfmt::skip]
        let table: [(&str, Vec<u8>, Vec<Found>); 5] = [
            ("with the sequence", closed(11), vec![(108, 10, false, past)]),
            ("with a delimiter at the end", [&closed(99)[..], &ITEM_END].concat(),
             vec![(108, 10, false, past)]),
            ("before the next item", [&closed(99)[..], &item(0)].concat(),
             vec![(108, 10, false, wrong), (126, 0, false, None)]),
            ("inside the sequence, to its end", closed(5), vec![(108, 10, false, wrong)]),
            ("nowhere", [&item(99)[..], &modality()[..9]].concat(), vec![(108, 9, false, past)]),
        ];
        for (name, value, expected) in table {
            assert_eq!(find(&value, default), Ok(expected), "{name}");
        }
    }

    #[test]
    fn what_was_read_before_damage_is_kept_where_that_is_granted() {
        let value = [&closed(10)[..], &closed(10), &modality()].concat();
        let two = vec![(108, 10, false, None), (126, 10, false, None)];
        let damaged = |offset| Some((Leniency::Damaged, offset));
        let all = Rules {
            leniencies: Leniencies::ALL.without(Leniency::WrongItemLength),
            ..Rules::default()
        };
        let kept = vec![two[0], (126, 10, false, damaged(136))];
        assert_eq!(find(&value, all), Ok(kept));
        let strict = rules(Leniencies::NONE);
        assert_eq!(find(&value, strict), Err(item_expected(0x0008_0060, 136)));
        assert_eq!(find(&modality(), all), Err(item_expected(0x0008_0060, 100)), "nothing to keep");

        let value = [closed(10), closed(10)].concat();
        for (count, leniencies, expected) in [
            (2, Leniencies::NONE, Ok(two.clone())),
            (1, Leniencies::ALL, Ok(vec![(108, 10, false, damaged(126))])),
            (1, Leniencies::NONE, Err(expected(ErrorKind::TooMany { limit: 1 }, 126))),
            (0, Leniencies::ALL, Err(expected(ErrorKind::TooMany { limit: 0 }, 108))),
        ] {
            let limits = Limits { element_count: count, ..Limits::DEFAULT };
            assert_eq!(find(&value, Rules { limits, ..rules(leniencies) }), expected, "{count}");
        }
    }

    #[test]
    fn items_are_written_as_their_first_element_shows() {
        let strict = rules(Leniencies::NONE);
        let without = implicit(0x0008_0060, b"CT");
        let value = [&closed(10)[..], &item(10), &without, &item(UNDEFINED), &without, &ITEM_END];
        let items = parse_items(&value.concat(), BASE, EXPLICIT, &strict).unwrap();
        let encodings: Vec<_> = items.iter().map(|item| item.encoding).collect();
        let implicit = Encoding::IMPLICIT_LITTLE;
        assert_eq!(encodings, [EXPLICIT, implicit, implicit]);
    }

    #[test]
    fn items_are_counted_from_the_next_one() {
        let strict = rules(Leniencies::NONE);
        let value = [closed(10), item(0).to_vec(), closed(10)].concat();
        for (index, expected) in [(0, Some(108)), (1, Some(126)), (2, Some(134)), (3, None)] {
            let mut items = ItemRanges::new(&value, BASE, EXPLICIT, &strict);
            assert_eq!(items.nth(index).unwrap().map(|item| item.offset), expected, "{index}");
        }
        let mut items = ItemRanges::new(&value, BASE, EXPLICIT, &strict);
        items.next().unwrap();
        assert_eq!(items.nth(1).unwrap().map(|item| item.offset), Some(134));
    }
}
