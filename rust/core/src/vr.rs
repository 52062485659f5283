//! Value Representations (PS3.5 §6.2).

use std::fmt;

/// A Value Representation: its two letters as an explicit VR data set has them.
///
/// It holds any two bytes, so that a scan never fails on a VR that it does not know.
///
/// # Examples
///
/// ```
/// use rapidicom_core::Vr;
///
/// let vr = Vr(*b"CS");
/// assert_eq!((vr, vr.to_string().as_str()), (Vr::CS, "CS"));
/// assert!(vr.is_text() && !vr.uses_specific_character_set());
/// assert!(Vr::OW.has_long_length() && !Vr(*b"ZZ").is_known());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vr(pub [u8; 2]);

macro_rules! vrs {
    ($($name:ident)*) => {
        impl Vr {
            $(#[doc = concat!("`", stringify!($name), "`.")]
            pub const $name: Vr = match stringify!($name).as_bytes() {
                [first, second] => Vr([*first, *second]),
                _ => Vr::IMPLICIT,
            };)*

            /// Whether this is one of the Value Representations of the standard.
            pub const fn is_known(self) -> bool {
                matches!(self, $(Vr::$name)|*)
            }
        }

        const ALL: &[Vr] = &[$(Vr::$name),*];
    };
}

vrs! {
    AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US
    UT UV
}

/// The bytes of an explicit element's header by its VR as a number, 0 where the standard has no
/// such VR. It is asked for every element of every file: a table of 64 KB, of which 34 bytes are in
/// use, takes a third of the instructions of a smaller one.
static HEADER_LENGTHS: [u8; 1 << 16] = header_lengths();

const fn header_lengths() -> [u8; 1 << 16] {
    let mut lengths = [0; 1 << 16];
    let mut rest = ALL;
    while let [vr, after @ ..] = rest {
        let (_, place) = lengths.split_at_mut(u16::from_le_bytes(vr.0) as usize);
        if let [length, ..] = place {
            *length = if vr.has_long_length() { 12 } else { 8 };
        }
        rest = after;
    }
    lengths
}

impl Vr {
    /// No VR in the data set: the encoding is implicit (PS3.5 §7.1.3).
    pub const IMPLICIT: Vr = Vr([0, 0]);

    /// Whether two reserved bytes and a 32-bit length follow the VR (PS3.5 §7.1.2).
    pub const fn has_long_length(self) -> bool {
        matches!(
            self,
            Vr::OB
                | Vr::OD
                | Vr::OF
                | Vr::OL
                | Vr::OV
                | Vr::OW
                | Vr::SQ
                | Vr::SV
                | Vr::UC
                | Vr::UN
                | Vr::UR
                | Vr::UT
                | Vr::UV
        )
    }

    /// The bytes of the header of an element that is written with this VR (PS3.5 §7.1.2); `None`
    /// if it is not one of the standard's.
    #[inline(always)]
    pub(crate) fn header_length(self) -> Option<u8> {
        let length = HEADER_LENGTHS.get(usize::from(u16::from_le_bytes(self.0))).copied();
        length.filter(|length| *length != 0)
    }

    /// Whether both are capital letters, as those of every VR are.
    #[inline]
    pub const fn is_capitals(self) -> bool {
        self.0[0].is_ascii_uppercase() && self.0[1].is_ascii_uppercase()
    }

    /// Whether these bytes are a VR and not the low half of a length: two capital letters, which
    /// would be that of more than 16 KB, or a VR that some writers misspell (`cs`, `??`).
    pub const fn is_written(self) -> bool {
        let capitals = Vr([self.0[0].to_ascii_uppercase(), self.0[1].to_ascii_uppercase()]);
        self.is_capitals() || capitals.is_known() || matches!(self.0, [b'?', b'?'])
    }

    /// Whether Specific Character Set applies to the text of this VR (PS3.5 §6.1.2.3).
    pub const fn uses_specific_character_set(self) -> bool {
        matches!(self, Vr::LO | Vr::LT | Vr::PN | Vr::SH | Vr::ST | Vr::UC | Vr::UT)
    }

    /// Whether the value is text (PS3.5 §6.2), numbers and identifiers written as text included.
    pub const fn is_text(self) -> bool {
        matches!(
            self,
            Vr::AE | Vr::AS | Vr::CS | Vr::DA | Vr::DS | Vr::DT | Vr::IS | Vr::TM | Vr::UI | Vr::UR
        ) || self.uses_specific_character_set()
    }

    /// The two letters, or `??` for bytes that are not capital letters.
    pub fn as_str(&self) -> &str {
        if self.is_capitals() { std::str::from_utf8(&self.0).unwrap_or("??") } else { "??" }
    }
}

impl fmt::Display for Vr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Vr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV \
                       TM UC UI UL UN UR US UT UV";

    #[test]
    fn long_lengths_are_those_of_table_7_1_1() {
        let long: Vec<_> =
            ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"].to_vec();
        for name in ALL.split(' ') {
            let bytes = name.as_bytes();
            let vr = Vr([bytes[0], bytes[1]]);
            assert!(vr.is_known());
            assert_eq!(vr.has_long_length(), long.contains(&name), "{name}");
        }
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let vr = Vr([first, second]);
                let length = if vr.has_long_length() { 12 } else { 8 };
                assert_eq!(vr.header_length(), vr.is_known().then_some(length), "{:?}", vr.0);
            }
        }
        assert!(!Vr(*b"??").is_known());
    }

    #[test]
    fn bytes_that_are_no_letters_show_as_question_marks() {
        assert_eq!(Vr([0, 0xFF]).to_string(), "??");
        assert_eq!(Vr::OW.to_string(), "OW");
    }

    #[test]
    fn bytes_that_are_written_as_a_vr_are_letters_or_question_marks() {
        for (bytes, is_capitals, is_written) in [
            (*b"CS", true, true),
            (*b"ZZ", true, true),
            (*b"cs", false, true),
            (*b"Cs", false, true),
            (*b"zz", false, false),
            (*b"??", false, true),
            (*b"C?", false, false),
            ([b'C', 0], false, false),
            ([0, b'S'], false, false),
            ([4, 0], false, false),
        ] {
            let vr = Vr(bytes);
            assert_eq!((vr.is_capitals(), vr.is_written()), (is_capitals, is_written), "{bytes:?}");
        }
    }

    #[test]
    fn text_is_all_but_numbers_bytes_and_sequences() {
        let is_text = |name: &&str| Vr([name.as_bytes()[0], name.as_bytes()[1]]).is_text();
        let found: Vec<&str> = ALL.split(' ').filter(is_text).collect();
        assert_eq!(found.join(" "), "AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT");
        let in_a_set = |name: &&str| {
            Vr([name.as_bytes()[0], name.as_bytes()[1]]).uses_specific_character_set()
        };
        let found: Vec<&str> = ALL.split(' ').filter(in_a_set).collect();
        assert_eq!(found.join(" "), "LO LT PN SH ST UC UT");
    }
}
