//! The deviations from the standard that are tolerated, each with a name.

use crate::error::{Error, ErrorKind, Result};

macro_rules! leniencies {
    ($($(#[doc = $text:literal])+ $variant:ident = $name:literal,)*) => {
        /// A way in which real files break the standard and are read all the same.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Leniency {
            $($(#[doc = $text])+ $variant,)*
        }

        impl Leniency {
            /// All of them, in order.
            pub const ALL: &[Leniency] = &[$(Leniency::$variant),*];

            /// Its name for users.
            pub fn name(self) -> &'static str {
                match self {
                    $(Leniency::$variant => $name,)*
                }
            }
        }
    };
}

leniencies! {
    /// An element of an explicit VR data set whose VR is no two capital letters is read as
    /// implicit.
    ImplicitElement = "implicit_element",
    /// The data set is implicit where the Transfer Syntax says explicit, or the reverse, or the
    /// File Meta Information is implicit; the first element decides.
    OtherVrEncoding = "other_vr_encoding",
    /// No Transfer Syntax UID: the encoding is guessed from the first element.
    MissingTransferSyntax = "missing_transfer_syntax",
    /// A Transfer Syntax UID that is not registered: the encoding is guessed from the first
    /// element, and pixels are not read.
    UnknownTransferSyntax = "unknown_transfer_syntax",
    /// Elements of group 0002 again after the File Meta Information, or in an item: the first of
    /// them count.
    SecondFileMeta = "second_file_meta",
    /// The last value of the data is shorter than its length says, and is taken as far as it goes.
    ValueCutShort = "value_cut_short",
    /// The data end without the delimiter of an undefined length.
    MissingDelimiter = "missing_delimiter",
    /// 1 to 7 bytes follow the last element, too few for another.
    TrailingBytes = "trailing_bytes",
    /// Elements are not in the order of their tags, or occur twice; the last of equals counts.
    UnorderedElements = "unordered_elements",
    /// Deflated data end before their last block does; what was inflated until then is the data
    /// set.
    DeflatedCutShort = "deflated_cut_short",
    /// The Transfer Syntax says that the data set is deflated, and it is not.
    NotDeflated = "not_deflated",
    /// A VR of no two capital letters, such as `??`, `cs` or blanks, in an element that makes no
    /// sense as an implicit one: what is misspelt is read as its VR, else as one that is unknown.
    MisspeltVr = "misspelt_vr",
    /// An item or the end of a sequence in place of an element: it is stepped over, an item with
    /// its value.
    StrayDelimiter = "stray_delimiter",
    /// The end of an item where none of undefined length is open: the data set ends there.
    StrayItemEnd = "stray_item_end",
    /// An item of undefined length has no delimiter: it ends where the next item starts or the
    /// sequence ends.
    MissingItemDelimiter = "missing_item_delimiter",
    /// A sequence of undefined length has no delimiter: it ends where an element follows its last
    /// item.
    MissingSequenceDelimiter = "missing_sequence_delimiter",
    /// An item's length does not lead to the next item: it ends with the last of its elements
    /// before that.
    WrongItemLength = "wrong_item_length",
    /// An item's length leads past the end of its sequence; the item is taken as far as the
    /// sequence goes.
    ItemPastSequence = "item_past_sequence",
    /// A value of undefined length that does not consist of items: it ends with the first sequence
    /// delimiter.
    ValueWithoutItems = "value_without_items",
    /// An undefined length on a VR that cannot have one.
    UndefinedLengthVr = "undefined_length_vr",
    /// A term of (0008,0005) Specific Character Set that is written in another way than the
    /// standard defines it, or cannot be used with the others: read as what is meant.
    MisspeltCharacterSet = "misspelt_character_set",
    /// A term of (0008,0005) Specific Character Set that means nothing: text is read as Latin-1.
    UnknownCharacterSet = "unknown_character_set",
    /// Text with bytes that are of no character in its character set: U+FFFD in their place, or
    /// what they are in Latin-1 where no character set is named.
    UndecodableText = "undecodable_text",
    /// Text where a number should be, in DS or IS: the text.
    UndecodableNumber = "undecodable_number",
    /// A value that should be a sequence and is none, such as text: its bytes, with the VR UN.
    NotASequence = "not_a_sequence",
    /// A value whose length is no multiple of that of a number or a tag of its VR: it cannot be
    /// decoded, and its bytes are what there is.
    WrongValueLength = "wrong_value_length",
    /// A VR of two capital letters that the standard does not have, or not yet: the bytes, with the
    /// VR UN.
    UnknownVr = "unknown_vr",
    /// A sequence that lies in more others than are read: its bytes.
    NestedTooDeep = "nested_too_deep",
    /// Nothing but zeros follows the last element.
    TrailingZeros = "trailing_zeros",
    /// The rest makes no sense, or would cost more than is allowed: everything before it is kept.
    /// Granted by `force=True` only.
    Damaged = "damaged",
}

/// A set of [`Leniency`]: which are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leniencies(u32);

impl Leniencies {
    /// None: only what the standard allows.
    pub const NONE: Leniencies = Leniencies(0);
    /// Every one.
    pub const ALL: Leniencies = Leniencies(u32::MAX);
    /// Those that lose nothing that could have been read: what a reader of archives needs.
    pub const DEFAULT: Leniencies = Leniencies::ALL.without(Leniency::Damaged);

    /// Those for items: a damaged one costs what follows the damage in its sequence, not the rest
    /// of the data set.
    pub(crate) fn in_items(self) -> Leniencies {
        if self == Leniencies::NONE { self } else { self.with(Leniency::Damaged) }
    }

    /// Whether this one is granted.
    pub fn allow(self, leniency: Leniency) -> bool {
        self.0 & (1 << leniency as u8) != 0
    }

    /// The deviation that this error would be, if it is granted.
    ///
    /// # Errors
    ///
    /// `error` at `offset`, if it is not.
    pub(super) fn tolerate(
        self,
        leniency: Leniency,
        offset: u64,
        error: ErrorKind,
    ) -> Result<Deviation> {
        if self.allow(leniency) {
            Ok(Deviation { leniency, offset })
        } else {
            Err(Error::from(error).at_offset(offset))
        }
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, leniency: Leniency) -> Leniencies {
        Leniencies(self.0 | (1 << leniency as u8))
    }

    /// These but one.
    #[must_use]
    pub const fn without(self, leniency: Leniency) -> Leniencies {
        Leniencies(self.0 & !(1 << leniency as u8))
    }
}

/// One tolerated deviation and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Which.
    pub leniency: Leniency,
    /// Bytes from the start of the file.
    pub offset: u64,
}

/// What was tolerated in one file. A damaged file can break the same rule at every element, so only
/// the first few places are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviations(Vec<Deviation>);

/// Enough to see the pattern of what is wrong.
const KEPT: usize = 32;

impl Deviations {
    /// Notes one more; of equal ones, such as an item and the walk over its sequence find, one.
    pub fn add(&mut self, deviation: Deviation) {
        if self.0.len() < KEPT && !self.0.contains(&deviation) {
            self.0.push(deviation);
        }
    }

    /// In the order in which they were met.
    pub fn as_slice(&self) -> &[Deviation] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leniency_is_a_set_member_of_its_own() {
        for (index, one) in Leniency::ALL.iter().enumerate() {
            assert_eq!(*one as usize, index, "{}", one.name());
            let alone = Leniencies::NONE.with(*one);
            let others = Leniencies::ALL.without(*one);
            for other in Leniency::ALL {
                assert_eq!(alone.allow(*other), other == one, "{}", other.name());
                assert_eq!(others.allow(*other), other != one, "{}", other.name());
            }
            assert_eq!(alone.with(*one), alone, "granting twice is granting");
            assert_eq!(alone.without(*one), Leniencies::NONE);
        }
        assert!(Leniency::ALL.len() <= 32, "each has a bit");
    }

    #[test]
    fn names_are_unique_and_lower_case() {
        for (index, one) in Leniency::ALL.iter().enumerate() {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
            assert!(one.name().bytes().all(is_plain), "{}", one.name());
            let first = Leniency::ALL.iter().position(|other| other.name() == one.name());
            assert_eq!(first, Some(index), "{}", one.name());
        }
    }

    #[test]
    fn the_default_grants_all_but_damage() {
        for one in Leniency::ALL {
            let is_granted = Leniencies::DEFAULT.allow(*one);
            assert_eq!(is_granted, *one != Leniency::Damaged, "{}", one.name());
        }
    }

    #[test]
    fn what_is_not_granted_is_an_error_with_its_place() {
        let error = || ErrorKind::ValueCutShort { needed: 2, available: 1 };
        let granted = Leniencies::NONE.with(Leniency::ValueCutShort);
        assert_eq!(
            granted.tolerate(Leniency::ValueCutShort, 7, error()).unwrap(),
            Deviation { leniency: Leniency::ValueCutShort, offset: 7 }
        );
        let refused = granted.tolerate(Leniency::Damaged, 7, error()).unwrap_err();
        assert_eq!(refused.offset(), Some(7));
        assert!(
            matches!(refused.kind(), ErrorKind::ValueCutShort { needed: 2, available: 1 }),
            "{refused}"
        );
    }

    #[test]
    fn the_first_places_are_kept() {
        let mut deviations = Deviations::default();
        for offset in 0..40 {
            deviations.add(Deviation { leniency: Leniency::TrailingBytes, offset });
            deviations.add(Deviation { leniency: Leniency::TrailingBytes, offset });
        }
        let offsets: Vec<_> = deviations.as_slice().iter().map(|found| found.offset).collect();
        assert_eq!(offsets, (0..32).collect::<Vec<u64>>());
    }
}
