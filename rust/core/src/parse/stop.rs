//! Where a reader stops who does not want the whole data set.

use crate::tag::Tag;

/// Where to stop reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At the end of the data.
    AtEnd,
    /// Before the first of the three pixel data elements.
    BeforePixels,
    /// Before the first element after this one.
    After(Tag),
    /// Before the first element of another group: the end of the File Meta Information.
    AfterGroup(u16),
}

impl Stop {
    /// Where a reader stops who wants these elements, and the Specific Character Set that text
    /// needs; `None` for all of them, or for all before the pixels.
    pub fn for_tags(tags: Option<&[Tag]>, is_before_pixels: bool) -> Stop {
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
    pub(super) fn plain_tags(self) -> (Tag, Tag) {
        const LAST: Tag = Tag::new(0xFFFD, 0xFFFF);
        // Zeros after the data read as elements with the tag 0.
        const FIRST: Tag = Tag(1);
        match self {
            Stop::AtEnd => (FIRST, LAST),
            Stop::BeforePixels => (FIRST, Tag(Tag::FLOAT_PIXEL_DATA.0 - 1)),
            Stop::After(last) => (FIRST, last.min(LAST)),
            Stop::AfterGroup(group) => {
                (Tag::new(group, 0).max(FIRST), Tag::new(group, 0xFFFF).min(LAST))
            }
        }
    }

    /// Whether reading stops before the element with this tag.
    pub(super) fn is_before(self, tag: Tag) -> bool {
        match self {
            Stop::AtEnd => false,
            Stop::BeforePixels => tag.is_pixel_data(),
            Stop::After(last) => tag > last,
            Stop::AfterGroup(group) => tag.group() != group,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: Tag = Tag::FLOAT_PIXEL_DATA;

    #[test]
    fn a_reader_stops_after_the_last_tag_that_it_wants() {
        let (modality, before) = (Tag::new(0x0008, 0x0060), Tag(PIXELS.0 - 1));
        let characters = Tag::SPECIFIC_CHARACTER_SET;
        let id = Tag::new(0x0008, 0x0001);
        #[rustfmt::skip]
        let table: [(&str, Option<&[Tag]>, bool, Stop); 9] = [
            ("all", None, false, Stop::AtEnd),
            ("all before the pixels", None, true, Stop::BeforePixels),
            ("none", Some(&[]), false, Stop::After(characters)),
            ("before the character set", Some(&[id]), false, Stop::After(characters)),
            ("in any order", Some(&[modality, id]), false, Stop::After(modality)),
            ("before the pixels", Some(&[modality]), true, Stop::After(modality)),
            ("just before the pixels", Some(&[before]), true, Stop::After(before)),
            ("pixels, but before them", Some(&[PIXELS]), true, Stop::BeforePixels),
            ("pixels", Some(&[PIXELS]), false, Stop::After(PIXELS)),
        ];
        for (name, tags, is_before_pixels, expected) in table {
            assert_eq!(Stop::for_tags(tags, is_before_pixels), expected, "{name}");
        }
    }

    #[test]
    fn each_stop_comes_before_the_first_element_that_is_not_wanted() {
        let last = Tag::new(0x0010, 0x0020);
        #[rustfmt::skip]
        let table = [
            ("at the end", Stop::AtEnd, Tag(0xFFFF_FFFF), false),
            ("before the pixels", Stop::BeforePixels, Tag(PIXELS.0 - 1), false),
            ("at float pixels", Stop::BeforePixels, PIXELS, true),
            ("at double float pixels", Stop::BeforePixels, Tag::DOUBLE_FLOAT_PIXEL_DATA, true),
            ("at pixels", Stop::BeforePixels, Tag::PIXEL_DATA, true),
            ("after the pixels", Stop::BeforePixels, Tag(Tag::PIXEL_DATA.0 + 1), false),
            ("at the last", Stop::After(last), last, false),
            ("after the last", Stop::After(last), Tag(last.0 + 1), true),
            ("in the group", Stop::AfterGroup(2), Tag::new(2, 0xFFFF), false),
            ("after the group", Stop::AfterGroup(2), Tag::new(3, 0), true),
            ("before the group", Stop::AfterGroup(2), Tag::new(1, 0), true),
        ];
        for (name, stop, tag, expected) in table {
            assert_eq!(stop.is_before(tag), expected, "{name}");
        }
    }

    #[test]
    fn plain_tags_are_neither_stops_nor_zero_nor_delimiters() {
        let delimiters = Tag::new(0xFFFE, 0);
        let last = Tag::new(0xFFFD, 0xFFFF);
        #[rustfmt::skip]
        let table = [
            (Stop::AtEnd, (Tag(1), last)),
            (Stop::BeforePixels, (Tag(1), Tag::new(0x7FE0, 0x0007))),
            (Stop::After(Tag::PIXEL_DATA), (Tag(1), Tag::PIXEL_DATA)),
            (Stop::After(delimiters), (Tag(1), last)),
            (Stop::AfterGroup(2), (Tag::new(2, 0), Tag::new(2, 0xFFFF))),
            (Stop::AfterGroup(0), (Tag(1), Tag::new(0, 0xFFFF))),
            (Stop::AfterGroup(0xFFFE), (delimiters, last)),
        ];
        for (stop, expected) in table {
            assert_eq!(stop.plain_tags(), expected, "{stop:?}");
        }
    }
}
