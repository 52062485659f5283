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
    plain_decimal(text.as_bytes()).or_else(|| text.trim().parse().ok())
}

/// An integer string, IS, without its blanks; `None` if it is no whole number of 64 bits.
pub fn integer(text: &str) -> Option<i64> {
    plain_integer(text.as_bytes()).or_else(|| text.trim().parse().ok())
}

/// The first powers of ten; all are exact as floats.
const POWERS_OF_TEN: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The number that digits, perhaps with a sign and a point, are; `None` where there is anything
/// else, or more than 15 digits. Nearly all numbers are written so, and read three times as fast.
pub(crate) fn plain_decimal(text: &[u8]) -> Option<f64> {
    leading_decimal(text).filter(|(_, behind)| behind.is_empty()).map(|(number, _)| number)
}

/// The same of the first of several values, and what stands behind it: nothing, or a separator and
/// the other values.
///
/// 15 digits are a whole number that a float has exactly, and so is the power of ten that the point
/// divides it by: their quotient is rounded once, as it should be.
#[inline]
pub(crate) fn leading_decimal(text: &[u8]) -> Option<(f64, &[u8])> {
    let (is_negative, mut rest) = signed(text);
    let (mut number, mut digits, mut after_point) = (0_u64, 0_usize, None);
    while let [byte, behind @ ..] = rest {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            digits += 1;
        } else if *byte == b'.' && after_point.is_none() {
            after_point = Some(digits);
        } else if *byte == b'\\' {
            break;
        } else {
            return None;
        }
        rest = behind;
    }
    if digits == 0 || digits > 15 {
        return None;
    }
    let power = after_point.map_or(0, |before| digits - before);
    let size = number as f64 / POWERS_OF_TEN.get(power)?;
    Some((if is_negative { -size } else { size }, rest))
}

/// How many values a DS has, by its separators.
pub(crate) fn decimal_count(text: &[u8]) -> usize {
    let text = text.trim_ascii_end();
    match text.iter().any(|byte| !matches!(byte, 0 | b' ')) {
        true => text.iter().filter(|byte| **byte == b'\\').count() + 1,
        false => 0,
    }
}

/// The values of a DS as 64-bit floats of this machine, into room for exactly as many.
///
/// # Errors
///
/// The index of the first that is no finite number, or has no room.
pub(crate) fn decimals_into(text: &[u8], out: &mut [[u8; 8]]) -> Result<(), usize> {
    let mut rest = Some(text);
    for (index, slot) in out.iter_mut().enumerate() {
        let text = rest.ok_or(index)?;
        let (number, behind) = leading_decimal(text).or_else(|| unusual(text)).ok_or(index)?;
        *slot = number.to_ne_bytes();
        rest = match behind {
            [b'\\', next @ ..] => Some(next),
            _ => None,
        };
    }
    if rest.is_none() || decimal_count(text) == 0 { Ok(()) } else { Err(out.len()) }
}

/// A number with blanks, an exponent or many digits, and what stands behind it.
#[cold]
fn unusual(text: &[u8]) -> Option<(f64, &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\\').unwrap_or(text.len());
    let (own, behind) = text.split_at_checked(end)?;
    let own = std::str::from_utf8(own).ok()?.trim_matches(['\0', ' ']);
    decimal(own).filter(|number| number.is_finite()).map(|number| (number, behind))
}

/// The same of whole numbers, up to 18 digits.
pub(crate) fn plain_integer(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = signed(text);
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit >= 10 {
            return None;
        }
        number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    Some(if is_negative { -number } else { number })
}

/// Whether there is a minus, and what follows the sign.
fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_as_text_are_what_the_standard_library_reads(
            text in "[ +-]{0,2}[0-9]{0,17}[.]?[0-9]{0,17}(e[0-9])?[ x]?"
        ) {
            let bits = |number: f64| number.to_bits();
            prop_assert_eq!(decimal(&text).map(bits), text.trim().parse().ok().map(bits));
            prop_assert_eq!(integer(&text), text.trim().parse().ok());
        }
    }

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
    #[test]
    fn many_numbers_go_into_their_room() {
        for (text, count, expected) in [
            ("1\\-2.5\\+3e2", 3, Ok(vec![1.0, -2.5, 300.0])),
            (" 1 \\ 2 ", 2, Ok(vec![1.0, 2.0])),
            ("1\\2\0", 2, Ok(vec![1.0, 2.0])),
            ("0.12345678901234567", 1, Ok(vec![0.123_456_789_012_345_67])),
            ("", 0, Ok(vec![])),
            ("  ", 0, Ok(vec![])),
            ("\0", 0, Ok(vec![])),
            ("1\\\\3", 3, Err(1)),
            ("1\\", 2, Err(1)),
            ("nan\\1", 2, Err(0)),
            ("1\\inf", 2, Err(1)),
            ("1\\1e999", 2, Err(1)),
            ("1\\x2", 2, Err(1)),
            ("1,5", 1, Err(0)),
        ] {
            assert_eq!(decimal_count(text.as_bytes()), count, "{text:?}");
            let mut out = vec![[0; 8]; count];
            let found = decimals_into(text.as_bytes(), &mut out);
            let numbers: Vec<f64> = out.into_iter().map(f64::from_ne_bytes).collect();
            assert_eq!(found.map(|()| numbers), expected, "{text:?}");
        }
        assert_eq!(decimals_into(b"1\\2\\3", &mut [[0; 8]; 2]), Err(2), "no room");
        assert_eq!(decimals_into(b"1", &mut [[0; 8]; 2]), Err(1), "too much room");
    }
}
