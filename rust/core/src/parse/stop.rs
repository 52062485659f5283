//! Where a reader stops who does not want the whole data set.
//!
//! None stops after a tag: elements that are out of order, as some writers leave them, would pass
//! for absent.

use super::elements::{FILE_META_GROUP, LAST_OF_FILE_META};
use crate::tag::Tag;

/// Where to stop reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At the end of the data.
    AtEnd,
    /// Before the first of the three pixel data elements.
    BeforePixels,
    /// Before the first element of another group: the end of the File Meta Information.
    AfterGroup(u16),
}

impl Stop {
    /// The first and the last of the tags that no rule is about: neither stops, nor pixel data,
    /// with which the header ends, nor delimiters. The others have to be looked at one by one.
    pub(super) fn plain_tags(self) -> (Tag, Tag) {
        const LAST: Tag = Tag(Tag::FLOAT_PIXEL_DATA.0 - 1);
        // Zeros after the data read as elements with the tag 0.
        const FIRST: Tag = Tag(1);
        match self {
            Stop::AtEnd | Stop::BeforePixels => (FIRST, LAST),
            // What looks like another element can be deflated data.
            Stop::AfterGroup(FILE_META_GROUP) => (Tag::FILE_META_GROUP_LENGTH, LAST_OF_FILE_META),
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
            Stop::AfterGroup(group) => tag.group() != group,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: Tag = Tag::FLOAT_PIXEL_DATA;

    #[test]
    fn each_stop_comes_before_the_first_element_that_is_not_wanted() {
        #[rustfmt::skip]
        let table = [
            ("at the end", Stop::AtEnd, Tag(0xFFFF_FFFF), false),
            ("before the pixels", Stop::BeforePixels, Tag(PIXELS.0 - 1), false),
            ("at float pixels", Stop::BeforePixels, PIXELS, true),
            ("at double float pixels", Stop::BeforePixels, Tag::DOUBLE_FLOAT_PIXEL_DATA, true),
            ("at pixels", Stop::BeforePixels, Tag::PIXEL_DATA, true),
            ("after the pixels", Stop::BeforePixels, Tag(Tag::PIXEL_DATA.0 + 1), false),
            ("in the group", Stop::AfterGroup(2), Tag::new(2, 0xFFFF), false),
            ("after the group", Stop::AfterGroup(2), Tag::new(3, 0), true),
            ("before the group", Stop::AfterGroup(2), Tag::new(1, 0), true),
        ];
        for (name, stop, tag, expected) in table {
            assert_eq!(stop.is_before(tag), expected, "{name}");
        }
    }

    #[test]
    fn plain_tags_are_neither_stops_nor_zero_nor_pixels() {
        let (delimiters, last) = (Tag::new(0xFFFE, 0), Tag::new(0x7FE0, 0x0007));
        #[rustfmt::skip]
        let table = [
            (Stop::AtEnd, (Tag(1), last)),
            (Stop::BeforePixels, (Tag(1), last)),
            (Stop::AfterGroup(2), (Tag::new(2, 0), Tag::new(2, 0x0102))),
            (Stop::AfterGroup(8), (Tag::new(8, 0), Tag::new(8, 0xFFFF))),
            (Stop::AfterGroup(0), (Tag(1), Tag::new(0, 0xFFFF))),
            (Stop::AfterGroup(0xFFFE), (delimiters, last)),
        ];
        for (stop, expected) in table {
            assert_eq!(stop.plain_tags(), expected, "{stop:?}");
        }
    }
}
