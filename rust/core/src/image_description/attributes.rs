//! Where the attributes of an image come from.

use crate::dataset::Dataset;
use crate::tag::Tag;
use crate::value::{self, Number};
use crate::vr::Vr;

/// Where attributes come from: a data set as it was read, or one that was changed in memory.
pub trait Attributes {
    /// The first value as a whole number; `None` if the element is absent, empty or no number.
    fn integer(&self, tag: Tag) -> Option<i64>;
    /// The value as text; `None` if the element is absent or empty.
    fn text(&self, tag: Tag) -> Option<String>;
    /// Whether the element is no longer what was read: it was set, or deleted.
    fn is_changed(&self, tag: Tag) -> bool {
        let _ = tag;
        false
    }
}

impl Attributes for Dataset {
    fn integer(&self, tag: Tag) -> Option<i64> {
        let element = self.find(tag)?;
        let vr = self.vr(element).vr;
        if vr == Vr::IS || vr == Vr::DS {
            let bytes = self.value(element).ok()?;
            let text = value::text(&bytes, vr, self.character_set());
            return whole_number(text.split('\\').next()?);
        }
        match self.numbers(element, vr).ok()?.first().copied()? {
            Number::Int(number) => Some(number),
            Number::Unsigned(number) => i64::try_from(number).ok(),
            Number::Float(_) => None,
        }
    }

    fn text(&self, tag: Tag) -> Option<String> {
        let element = self.find(tag)?;
        let bytes = self.value(element).ok()?;
        let text = value::text(&bytes, self.vr(element).vr, self.character_set());
        Some(text.into_owned()).filter(|text| !text.is_empty())
    }
}

/// A whole number as text; some files write it with a point, as in `3.0`.
fn whole_number(text: &str) -> Option<i64> {
    value::integer(text).or_else(|| {
        let number = text.trim().parse::<f64>().ok()?;
        // Beyond this a float does not hold every whole number.
        (number.fract() == 0.0 && number.abs() < 53f64.exp2()).then_some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::DicomFile;
    use crate::parse::ParseOptions;

    const ROWS: Tag = Tag::new(0x0028, 0x0010);
    const FRAMES: Tag = Tag::new(0x0028, 0x0008);
    const MEANING: Tag = Tag::new(0x0028, 0x0004);

    /// A data set with one element, in explicit VR little endian.
    fn dataset(tag: Tag, vr: &[u8; 2], value: &[u8]) -> Arc<Dataset> {
        let mut bytes = vec![0; 128];
        #[rustfmt::skip]
        bytes.extend([
            &b"DICM"[..],
            b"\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0", // Transfer Syntax UID
            &tag.group().to_le_bytes(), &tag.element().to_le_bytes(), vr,
            &(value.len() as u16).to_le_bytes(),
            value,
        ].concat());
        DicomFile::from_memory(Arc::new(bytes), &ParseOptions::default()).unwrap().dataset
    }

    #[test]
    fn whole_numbers_are_read_however_they_are_written() {
        #[rustfmt::skip]
        let table: [(_, _, &[u8], _); 9] = [
            ("unsigned", b"US", &[0xFF, 0xFF], Some(65_535)),
            ("signed", b"SS", &[0xFF, 0xFF], Some(-1)),
            ("the first of two", b"US", &[1, 0, 2, 0], Some(1)),
            ("text", b"IS", b"12", Some(12)),
            ("the first of two in text", b"IS", b"12\\7 ", Some(12)),
            ("a decimal", b"DS", b"3.0 ", Some(3)),
            ("no number", b"IS", b"x ", None),
            ("floating point", b"FL", &[0, 0, 0x80, 0x3F], None),
            ("empty", b"US", &[], None),
        ];
        for (name, vr, value, expected) in table {
            assert_eq!(dataset(ROWS, vr, value).integer(ROWS), expected, "{name}");
        }
        assert_eq!(dataset(ROWS, b"US", &[1, 0]).integer(FRAMES), None, "absent");
    }

    #[test]
    fn text_is_read_without_its_padding() {
        assert_eq!(dataset(MEANING, b"CS", b"RGB ").text(MEANING), Some("RGB".to_owned()));
        assert_eq!(dataset(MEANING, b"CS", b"  ").text(MEANING), None);
        assert_eq!(dataset(MEANING, b"CS", b"RGB ").text(FRAMES), None);
    }

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        for (text, expected) in [
            ("3", Some(3)),
            (" 3.0 ", Some(3)),
            ("-3.0", Some(-3)),
            ("3.5", None),
            ("9007199254740991.0", Some((1 << 53) - 1)),
            ("9007199254740992.0", None),
            ("-9007199254740992.0", None),
            ("1e300", None),
            ("x", None),
        ] {
            assert_eq!(whole_number(text), expected, "{text}");
        }
    }
}
