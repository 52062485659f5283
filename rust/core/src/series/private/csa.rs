//! The headers that Siemens scanners keep in private elements of `SIEMENS CSA HEADER`, (0029,xx10)
//! of the image and (0029,xx20) of its series: named lists of texts.
//!
//! They have two layouts, little endian both. The second starts with `SV10` and four bytes; then
//! both have the number of entries and an unused word. An entry is a name (64 bytes), a VM, a VR (4
//! bytes), a type and the number of its items, and an unused word; an item four words, its text,
//! and padding to a multiple of 4. Its length is the second word, in the first layout the first
//! word less the number of items of the first entry.

use std::borrow::Cow;

use super::block::{has_owners, private_tag};
use crate::cursor::ByteOrder;
use crate::dataset::Dataset;
use crate::tag::Tag;

/// More entries than any header has (about 100), or than are worth looking at.
const MOST_ENTRIES: u32 = 1024;
/// The same for the items of one.
const MOST_ITEMS: u32 = 4096;

/// Bytes of an entry without its items, of its name, and of an item without its text.
const ENTRY_LENGTH: usize = 84;
const NAME_LENGTH: usize = 64;
const ITEM_LENGTH: usize = 16;

/// What headers of the second layout start with.
const SIGNATURE: &[u8] = b"SV10";

/// Whose header it is, by the number of its element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Csa {
    Image = 0x10,
    Series = 0x20,
}

/// Where an image has a header. Programs that remove what may identify a patient remove the owners
/// of blocks: where nobody owns any, it is known by what it starts with.
pub(crate) fn csa_tag(dataset: &Dataset, which: Csa) -> Option<Tag> {
    if let Some(tag) = private_tag(dataset, 0x0029, "SIEMENS CSA HEADER", which as u8) {
        return Some(tag);
    }
    let tag = Tag::new(0x0029, 0x1000 | which as u16);
    let found = dataset.find(tag).filter(|_| !has_owners(dataset, 0x0029))?;
    dataset.value(found).ok()?.starts_with(SIGNATURE).then_some(tag)
}

/// A header of an image.
pub(crate) fn csa_header(dataset: &Dataset, which: Csa) -> Option<Cow<'_, [u8]>> {
    dataset.value(dataset.find(csa_tag(dataset, which)?)?).ok()
}

/// The values of the entry `name`, without blanks; empty ones are left out. `None` if there is no
/// such entry, or `header` is none.
pub(crate) fn values(header: &[u8], name: &str) -> Option<Vec<String>> {
    let is_second = header.starts_with(SIGNATURE);
    let mut reader = Reader { rest: header.get(if is_second { 8 } else { 0 }..)? };
    let count = word_at(reader.take(8)?, 0).filter(|count| *count <= MOST_ENTRIES)?;
    let mut first_item_count = None;
    for _ in 0..count {
        let (own_name, rest) = reader.take(ENTRY_LENGTH)?.split_at_checked(NAME_LENGTH)?;
        let item_count = word_at(rest, 3).filter(|count| *count <= MOST_ITEMS)?;
        let is_wanted =
            own_name.strip_prefix(name.as_bytes()).is_some_and(|rest| matches!(rest, [] | [0, ..]));
        let offset = *first_item_count.get_or_insert(item_count);
        let mut found = Vec::new();
        for _ in 0..item_count {
            let words = reader.take(ITEM_LENGTH)?;
            let length = if is_second {
                word_at(words, 1)?
            } else {
                word_at(words, 0)?.checked_sub(offset)?
            } as usize;
            let text = reader.take(length)?;
            reader.skip(length.next_multiple_of(4) - length);
            if is_wanted {
                let text = String::from_utf8_lossy(until_zero(text)).trim().to_owned();
                found.extend(Some(text).filter(|text| !text.is_empty()));
            }
        }
        if is_wanted {
            return Some(found);
        }
    }
    None
}

/// The values of an entry as numbers, if all of them are.
pub(crate) fn numbers(header: &[u8], name: &str) -> Option<Vec<f64>> {
    let values = values(header, name)?;
    values.iter().map(|value| value.parse().ok().filter(|value: &f64| value.is_finite())).collect()
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// The padding of the last item may be missing.
    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }
}

/// The word at `index`, counted in words.
fn word_at(bytes: &[u8], index: usize) -> Option<u32> {
    Some(ByteOrder::Little.u32(*bytes.get(4 * index..)?.first_chunk()?))
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A header of the second layout, or of the first.
    pub(crate) fn csa(entries: &[(&str, &[&str])], is_second: bool) -> Vec<u8> {
        let mut bytes = if is_second { b"SV10\x04\x03\x02\x01".to_vec() } else { Vec::new() };
        let word = |bytes: &mut Vec<u8>, word: usize| bytes.extend((word as u32).to_le_bytes());
        word(&mut bytes, entries.len());
        word(&mut bytes, 77);
        let offset = entries.first().map_or(0, |(_, values)| values.len());
        for (name, values) in entries {
            bytes.extend(name.bytes().chain(std::iter::repeat(0)).take(64));
            word(&mut bytes, values.len());
            bytes.extend(b"IS\0\0");
            word(&mut bytes, 6);
            word(&mut bytes, values.len());
            word(&mut bytes, 77);
            for value in *values {
                let length = value.len() + 1;
                let words = if is_second {
                    [length, length, 77, length]
                } else {
                    [length + offset, 0, 0, 0]
                };
                words.into_iter().for_each(|one| word(&mut bytes, one));
                bytes.extend(
                    value.bytes().chain(std::iter::repeat(0)).take(length.next_multiple_of(4)),
                );
            }
        }
        bytes
    }

    #[test]
    fn both_layouts_are_read() {
        let entries: &[(&str, &[&str])] = &[
            ("EchoLinePosition", &["24"]),
            ("Empty", &[]),
            ("SliceNormalVector", &["0.5", "-1", "2e0"]),
        ];
        for is_second in [true, false] {
            let bytes = csa(entries, is_second);
            assert_eq!(
                numbers(&bytes, "SliceNormalVector"),
                Some(vec![0.5, -1.0, 2.0]),
                "{is_second}"
            );
            assert_eq!(values(&bytes, "Empty"), Some(vec![]));
            for absent in ["Absent", "Empt", "Empty0", ""] {
                assert_eq!(values(&bytes, absent), None, "{absent}");
            }
        }
    }

    #[test]
    fn damage_is_no_header() {
        let bytes = csa(&[("A", &["1", "2"]), ("B", &["3"])], true);
        for length in 0..bytes.len() {
            let cut = bytes.get(..length).unwrap();
            assert!(values(cut, "B").is_none_or(|found| found == ["3"]), "{length}");
        }
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 0xFF;
            drop(values(&changed, "B"));
        }
    }

    #[test]
    fn headers_of_many_entries_or_items_are_none() {
        let with_word = |bytes: &[u8], place: usize, word: u32| {
            let mut changed = bytes.to_vec();
            changed[place..place + 4].copy_from_slice(&word.to_le_bytes());
            changed
        };
        let header = csa(&[("A", &["1"]), ("B", &["2"])], true);
        // The number of entries, after the signature, and of items of the first.
        for (place, most) in [(8, MOST_ENTRIES), (16 + 76, MOST_ITEMS)] {
            assert_eq!(values(&with_word(&header, place, most + 1), "A"), None, "{place}");
        }
        let at_most = with_word(&header, 8, MOST_ENTRIES);
        assert_eq!(values(&at_most, "B"), Some(vec!["2".to_owned()]));
        let items = vec!["x"; MOST_ITEMS as usize];
        let found = values(&csa(&[("A", &items)], true), "A").map(|found| found.len());
        assert_eq!(found, Some(items.len()));
    }

    #[test]
    fn blanks_and_what_follows_a_zero_are_no_text() {
        let header = csa(&[("A", &[" 1 ", "2\x003", "", "  ", "x"])], false);
        let found = values(&header, "A").unwrap();
        assert_eq!(found, ["1", "2", "x"]);
        assert_eq!(numbers(&header, "A"), None, "one is no number");
        for (texts, expected) in [
            (&["inf"][..], None),
            (&["nan"], None),
            (&["1", "-2.5"], Some(vec![1.0, -2.5])),
            (&[], Some(vec![])),
        ] {
            assert_eq!(numbers(&csa(&[("A", texts)], true), "A"), expected, "{texts:?}");
        }
    }

    #[test]
    fn the_padding_of_the_last_item_may_be_missing() {
        let header = csa(&[("A", &["12345"])], true);
        let cut = &header[..header.len() - 2];
        assert_eq!(values(cut, "A"), Some(vec!["12345".to_owned()]));
        assert_eq!(values(&header[..header.len() - 3], "A"), None, "its zero is text");
    }

    #[test]
    fn headers_are_known_by_their_owner_or_by_their_start() {
        let header = csa(&[("A", &["1"])], true);
        let first = csa(&[("A", &["1"])], false);
        let owner = (0x0029, 0x0011, "LO", &b"SIEMENS CSA HEADER"[..]);
        let other = (0x0029, 0x0011, "LO", &b"SOMEBODY"[..]);
        let own = |number, header| (0x0029, number, "OW", header);
        for (name, elements, image, series) in [
            ("of the owner", &[owner, own(0x1110, &first[..])][..], Some(0x1110), None),
            ("of the series", &[owner, own(0x1120, &first)], None, Some(0x1120)),
            ("of nobody", &[own(0x1010, &header)], Some(0x1010), None),
            ("of nobody, of the series", &[own(0x1020, &header)], None, Some(0x1020)),
            ("of nobody, without a signature", &[own(0x1010, &first)], None, None),
            ("of somebody", &[other, own(0x1010, &header)], None, None),
        ] {
            let dataset = crate::series::tests::bytes::dataset_of(elements);
            let tag = |number: Option<u16>| number.map(|number| Tag::new(0x0029, number));
            assert_eq!(csa_tag(&dataset, Csa::Image), tag(image), "{name}");
            assert_eq!(csa_tag(&dataset, Csa::Series), tag(series), "{name}");
            let found = csa_header(&dataset, Csa::Image).map(|found| found.len());
            assert_eq!(found.is_some(), image.is_some(), "{name}");
        }
    }
}
