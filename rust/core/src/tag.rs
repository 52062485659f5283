//! Data Element Tags (PS3.5 §7.1.1).

use std::fmt;

/// A Data Element Tag: group number in the high 16 bits, element number in the low ones, so that
/// the order of tags is the order of the standard.
///
/// # Examples
///
/// ```
/// use rapidicom_core::Tag;
///
/// let rows = Tag::new(0x0028, 0x0010);
/// assert_eq!((rows.group(), rows.element()), (0x0028, 0x0010));
/// assert_eq!(rows.to_string(), "(0028,0010)");
/// assert!(rows < Tag::PIXEL_DATA);
/// assert!(Tag::new(0x0029, 0x0010).is_private_creator());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

impl Tag {
    /// (0000,0000), which sorts before every tag of a data set.
    pub const ZERO: Tag = Tag(0);
    /// (0002,0000) File Meta Information Group Length.
    pub const FILE_META_GROUP_LENGTH: Tag = Tag(0x0002_0000);
    /// (0002,0010) Transfer Syntax UID.
    pub const TRANSFER_SYNTAX_UID: Tag = Tag(0x0002_0010);
    /// (0008,0005) Specific Character Set.
    pub const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008_0005);
    /// (0028,0101) Bits Stored.
    pub const BITS_STORED: Tag = Tag(0x0028_0101);
    /// (0028,0102) High Bit.
    pub const HIGH_BIT: Tag = Tag(0x0028_0102);
    /// (0028,0103) Pixel Representation, which decides between US and SS where no VR is written.
    pub const PIXEL_REPRESENTATION: Tag = Tag(0x0028_0103);
    /// (7FE0,0008) Float Pixel Data.
    pub const FLOAT_PIXEL_DATA: Tag = Tag(0x7FE0_0008);
    /// (7FE0,0009) Double Float Pixel Data.
    pub const DOUBLE_FLOAT_PIXEL_DATA: Tag = Tag(0x7FE0_0009);
    /// (7FE0,0010) Pixel Data.
    pub const PIXEL_DATA: Tag = Tag(0x7FE0_0010);
    /// (FFFE,E000) Item.
    pub const ITEM: Tag = Tag(0xFFFE_E000);
    /// (FFFE,E00D) Item Delimitation Item.
    pub const ITEM_DELIMITATION: Tag = Tag(0xFFFE_E00D);
    /// (FFFE,E0DD) Sequence Delimitation Item.
    pub const SEQUENCE_DELIMITATION: Tag = Tag(0xFFFE_E0DD);

    /// The tag (group,element).
    pub const fn new(group: u16, element: u16) -> Tag {
        Tag(((group as u32) << 16) | element as u32)
    }

    /// The group number.
    pub const fn group(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The element number.
    pub const fn element(self) -> u16 {
        self.0 as u16
    }

    /// Whether the group number is odd (PS3.5 §7.1).
    pub const fn is_private(self) -> bool {
        self.group() % 2 == 1
    }

    /// Whether this element names the owner of a block of private elements (PS3.5 §7.8.1).
    pub const fn is_private_creator(self) -> bool {
        self.is_private() && self.element() >= 0x0010 && self.element() <= 0x00FF
    }

    /// The element that names the owner of the block of this private element; `None` if it lies in
    /// no block.
    pub const fn private_creator(self) -> Option<Tag> {
        if self.is_private() && self.element() >= 0x1000 {
            Some(Tag::new(self.group(), self.element() >> 8))
        } else {
            None
        }
    }

    /// Whether this is one of the three elements that can hold an image's pixels (PS3.3 §C.7.6.24).
    pub const fn is_pixel_data(self) -> bool {
        matches!(self, Tag::PIXEL_DATA | Tag::FLOAT_PIXEL_DATA | Tag::DOUBLE_FLOAT_PIXEL_DATA)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:04X},{:04X})", self.group(), self.element())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_display_and_order_are_the_standards() {
        let tag = Tag::new(0x7FE0, 0x0010);
        assert_eq!((tag.group(), tag.element()), (0x7FE0, 0x0010));
        assert_eq!(tag.to_string(), "(7FE0,0010)");
        assert!(Tag::new(0x0008, 0xFFFF) < Tag::new(0x0009, 0));
    }

    #[test]
    fn private_elements_from_1000_on_lie_in_the_block_of_their_creator() {
        for (group, element, expected) in [
            (0x0009, 0x1000, Some(Tag::new(0x0009, 0x0010))),
            (0x0009, 0x1001, Some(Tag::new(0x0009, 0x0010))),
            (0x0019, 0xFFFF, Some(Tag::new(0x0019, 0x00FF))),
            (0x0009, 0x0FFF, None),
            (0x0009, 0x0010, None),
            (0x0008, 0x1001, None),
        ] {
            let found = Tag::new(group, element).private_creator();
            assert_eq!(found, expected, "{group:04X},{element:04X}");
        }
    }

    #[test]
    fn private_creators_are_elements_10_to_ff_of_an_odd_group() {
        for (group, element, is_creator) in [
            (0x0009, 0x0010, true),
            (0x0009, 0x00FF, true),
            (0x0009, 0x000F, false),
            (0x0009, 0x0100, false),
            (0x0008, 0x0010, false),
        ] {
            assert_eq!(
                Tag::new(group, element).is_private_creator(),
                is_creator,
                "{group:04X},{element:04X}"
            );
        }
    }

    #[test]
    fn private_elements_have_an_odd_group_and_pixels_one_of_three_tags() {
        assert!(Tag::new(0x0009, 0x0001).is_private() && !Tag::new(0x0008, 0x0001).is_private());
        let with_pixels = [Tag::PIXEL_DATA, Tag::FLOAT_PIXEL_DATA, Tag::DOUBLE_FLOAT_PIXEL_DATA];
        assert!(with_pixels.iter().all(|tag| tag.is_pixel_data()));
        assert!(!Tag::new(0x7FE0, 0x0001).is_pixel_data());
        assert_eq!(format!("{:?}", Tag::ITEM), "(FFFE,E000)");
    }
}
