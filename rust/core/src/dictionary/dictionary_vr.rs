//! What the registry has in its VR column (PS3.6 §6): one VR, several to choose from, or none.

use crate::vr::Vr;

macro_rules! dictionary_vrs {
    ($($name:ident)*) => {
        /// The VR column of an entry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum DictionaryVr {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
            /// `US or SS`: Pixel Representation decides.
            UsOrSs,
            /// `OB or OW`: Bits Allocated and the transfer syntax decide (PS3.5 §8).
            ObOrOw,
            /// `US or OW`: the number of values decides.
            UsOrOw,
            /// `US or SS or OW`: Pixel Representation and the number of values decide.
            UsOrSsOrOw,
            /// An item or a delimiter, which has no VR (PS3.5 §7.5).
            Absent,
        }

        impl DictionaryVr {
            /// The column as pydicom writes it: `US or SS` for a choice, `NONE` for no VR.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(DictionaryVr::$name => stringify!($name),)*
                    DictionaryVr::UsOrSs => "US or SS",
                    DictionaryVr::ObOrOw => "OB or OW",
                    DictionaryVr::UsOrOw => "US or OW",
                    DictionaryVr::UsOrSsOrOw => "US or SS or OW",
                    DictionaryVr::Absent => "NONE",
                }
            }

            /// The VR, where there is exactly one.
            pub const fn single(self) -> Option<Vr> {
                match self {
                    $(DictionaryVr::$name => Some(Vr::$name),)*
                    _ => None,
                }
            }
        }
    };
}

dictionary_vrs! {
    AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW
    PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_vr_is_single() {
        for (vr, text, single) in [
            (DictionaryVr::AE, "AE", Some(Vr::AE)),
            (DictionaryVr::UV, "UV", Some(Vr::UV)),
            (DictionaryVr::UsOrSs, "US or SS", None),
            (DictionaryVr::ObOrOw, "OB or OW", None),
            (DictionaryVr::UsOrOw, "US or OW", None),
            (DictionaryVr::UsOrSsOrOw, "US or SS or OW", None),
            (DictionaryVr::Absent, "NONE", None),
        ] {
            assert_eq!((vr.as_str(), vr.single()), (text, single));
        }
    }
}
