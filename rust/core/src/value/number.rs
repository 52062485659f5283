//! Numbers, binary ones and those written as text.

use crate::cursor::{ByteOrder, Cursor};
use crate::tag::Tag;
use crate::vr::Vr;

/// A number of a binary VR.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// US, SS, UL, SL, SV.
    Int(i64),
    /// UV.
    Unsigned(u64),
    /// FL, FD.
    Float(f64),
}

impl Number {
    /// The number as a float, rounded if it has more than 53 bits.
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Int(number) => number as f64,
            Number::Unsigned(number) => number as f64,
            Number::Float(number) => number,
        }
    }
}

/// The bytes of one number of this VR, or `None` for a VR that is not of numbers.
pub fn number_size(vr: Vr) -> Option<usize> {
    match vr {
        Vr::US | Vr::SS => Some(2),
        Vr::UL | Vr::SL | Vr::FL => Some(4),
        Vr::FD | Vr::SV | Vr::UV => Some(8),
        _ => None,
    }
}

/// The numbers in `bytes`; bytes after the last whole one are left out, and there are none for
/// another VR.
pub fn numbers(bytes: &[u8], vr: Vr, order: ByteOrder) -> impl Iterator<Item = Number> {
    let size = number_size(vr).unwrap_or(usize::MAX);
    bytes.chunks_exact(size).map(move |chunk| {
        let wide = |length: usize| {
            let mut all = [0; 8];
            // Little endian order puts the low bytes first; big endian is turned round on the way.
            for (target, byte) in all.iter_mut().zip(chunk.iter().take(length)) {
                *target = *byte;
            }
            if let (ByteOrder::Big, Some(used)) = (order, all.get_mut(..length)) {
                used.reverse();
            }
            u64::from_le_bytes(all)
        };
        match vr {
            Vr::US => Number::Int(wide(2) as i64),
            Vr::SS => Number::Int(i64::from(wide(2) as u16 as i16)),
            Vr::UL => Number::Int(wide(4) as i64),
            Vr::SL => Number::Int(i64::from(wide(4) as u32 as i32)),
            Vr::SV => Number::Int(wide(8) as i64),
            Vr::UV => Number::Unsigned(wide(8)),
            Vr::FL => Number::Float(f64::from(f32::from_bits(wide(4) as u32))),
            _ => Number::Float(f64::from_bits(wide(8))),
        }
    })
}

/// A decimal string, DS, without its blanks (PS3.5 §6.2); `None` if it is no number.
pub fn decimal(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// An integer string, IS, without its blanks; `None` if it is no whole number of 64 bits.
pub fn integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// The seconds since midnight of a TM (PS3.5 §6.2): `HHMMSS.FFFFFF`, whose end may be missing, or
/// with colons as earlier versions of the standard had it. `None` if it is no time.
pub(crate) fn seconds_of_day(text: &str) -> Option<f64> {
    let digits: String = text.trim().chars().filter(|c| *c != ':').collect();
    let part = |from: usize, to: usize| match digits.get(from..to.min(digits.len())) {
        None | Some("") => Some(0.0),
        // Two digits, and for the seconds a fraction: no signs or exponents.
        Some(part) if part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            part.parse::<f64>().ok()
        }
        Some(_) => None,
    };
    let (hours, minutes, seconds) = (part(0, 2)?, part(2, 4)?, part(4, usize::MAX)?);
    (digits.len() >= 2 && hours < 24.0 && minutes < 60.0 && seconds < 61.0)
        .then_some(hours * 3600.0 + minutes * 60.0 + seconds)
}

/// Whether a number written as text is what the number itself would be written as.
pub fn is_canonical_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// The tags in the value of an AT; bytes after the last whole one are left out.
pub fn tags(bytes: &[u8], order: ByteOrder) -> impl Iterator<Item = Tag> {
    let mut cursor = Cursor::new(bytes, 0, order);
    std::iter::from_fn(move || cursor.tag())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_numbers_of_each_vr_in_both_orders() {
        #[rustfmt::skip]
        let table: [(Vr, &[u8], Number); 10] = [
            (Vr::US, &[0xFE, 0xFF], Number::Int(0xFFFE)),
            (Vr::SS, &[0xFE, 0xFF], Number::Int(-2)),
            (Vr::UL, &[0xFE, 0xFF, 0xFF, 0xFF], Number::Int(0xFFFF_FFFE)),
            (Vr::SL, &[0xFE, 0xFF, 0xFF, 0xFF], Number::Int(-2)),
            (Vr::SV, &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Number::Int(-2)),
            (Vr::UV, &[0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
             Number::Unsigned(u64::MAX - 1)),
            (Vr::FL, &[0, 0, 0xC0, 0x3F], Number::Float(1.5)),
            (Vr::FD, &[0, 0, 0, 0, 0, 0, 0xF8, 0x3F], Number::Float(1.5)),
            (Vr::US, &[1, 2], Number::Int(0x0201)),
            (Vr::UL, &[1, 2, 3, 4], Number::Int(0x0403_0201)),
        ];
        for (vr, little, expected) in table {
            let big: Vec<u8> = little.iter().rev().copied().collect();
            assert_eq!(
                numbers(little, vr, ByteOrder::Little).collect::<Vec<_>>(),
                [expected],
                "{vr}"
            );
            assert_eq!(numbers(&big, vr, ByteOrder::Big).collect::<Vec<_>>(), [expected], "{vr}");
        }
    }

    #[test]
    fn times_are_seconds() {
        for (text, expected) in [
            ("000001.5", Some(1.5)),
            ("1030", Some(37_800.0)),
            ("10:30:00 ", Some(37_800.0)),
            ("23", Some(82_800.0)),
            ("", None),
            ("2400", None),
            ("1e3000", None),
            ("-10000", None),
        ] {
            assert_eq!(seconds_of_day(text), expected, "{text}");
        }
    }

    #[test]
    fn only_plain_integers_are_canonical() {
        for (text, expected) in [
            ("0", true),
            ("-1", true),
            ("120", true),
            ("-0", false),
            ("007", false),
            ("+1", false),
            ("", false),
            ("1.0", false),
        ] {
            assert_eq!(is_canonical_integer(text), expected, "{text:?}");
        }
    }

    #[test]
    fn text_numbers_with_blanks_signs_and_exponents() {
        for (text, expected) in [
            (" 1.5 ", Some(1.5)),
            ("+1.", Some(1.0)),
            (".5", Some(0.5)),
            ("1e-3", Some(0.001)),
            ("", None),
            ("1,5", None),
        ] {
            assert_eq!(decimal(text), expected, "{text:?}");
        }
        for (text, expected) in
            [(" 12", Some(12)), ("+7", Some(7)), ("-3 ", Some(-3)), ("1.0", None), ("", None)]
        {
            assert_eq!(integer(text), expected, "{text:?}");
        }
    }
}
