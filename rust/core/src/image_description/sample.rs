//! The elements that hold pixels, and the types of their samples.

use crate::tag::Tag;

/// Which element has the pixels: an image has one of them (PS3.3 §C.7.6.3, §C.7.6.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelElement {
    /// Pixel Data (7FE0,0010): whole numbers.
    PixelData,
    /// Float Pixel Data (7FE0,0008): 32-bit floating point numbers.
    FloatPixelData,
    /// Double Float Pixel Data (7FE0,0009): 64-bit floating point numbers.
    DoubleFloatPixelData,
}

impl PixelElement {
    /// All of them.
    pub const ALL: [PixelElement; 3] =
        [PixelElement::PixelData, PixelElement::FloatPixelData, PixelElement::DoubleFloatPixelData];

    /// Its tag.
    pub fn tag(self) -> Tag {
        match self {
            PixelElement::PixelData => Tag::PIXEL_DATA,
            PixelElement::FloatPixelData => Tag::FLOAT_PIXEL_DATA,
            PixelElement::DoubleFloatPixelData => Tag::DOUBLE_FLOAT_PIXEL_DATA,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            PixelElement::PixelData => "Pixel Data",
            PixelElement::FloatPixelData => "Float Pixel Data",
            PixelElement::DoubleFloatPixelData => "Double Float Pixel Data",
        }
    }
}

/// The type of a sample, as NumPy names it. No file has samples of `F16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum SampleType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

impl SampleType {
    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            SampleType::U8 => "uint8",
            SampleType::I8 => "int8",
            SampleType::U16 => "uint16",
            SampleType::I16 => "int16",
            SampleType::U32 => "uint32",
            SampleType::I32 => "int32",
            SampleType::U64 => "uint64",
            SampleType::I64 => "int64",
            SampleType::F16 => "float16",
            SampleType::F32 => "float32",
            SampleType::F64 => "float64",
        }
    }

    /// The type with NumPy's name.
    pub fn from_name(name: &str) -> Option<SampleType> {
        use SampleType::{F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        [U8, I8, U16, I16, U32, I32, U64, I64, F16, F32, F64]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// Bytes of one sample.
    pub fn size(self) -> usize {
        match self {
            SampleType::U8 | SampleType::I8 => 1,
            SampleType::U16 | SampleType::I16 | SampleType::F16 => 2,
            SampleType::U32 | SampleType::I32 | SampleType::F32 => 4,
            SampleType::U64 | SampleType::I64 | SampleType::F64 => 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_their_names_and_sizes() {
        use SampleType::{F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        for (kind, name, size) in [
            (U8, "uint8", 1),
            (I8, "int8", 1),
            (U16, "uint16", 2),
            (I16, "int16", 2),
            (U32, "uint32", 4),
            (I32, "int32", 4),
            (U64, "uint64", 8),
            (I64, "int64", 8),
            (F16, "float16", 2),
            (F32, "float32", 4),
            (F64, "float64", 8),
        ] {
            assert_eq!((kind.name(), kind.size()), (name, size));
            assert_eq!(SampleType::from_name(name), Some(kind));
        }
        assert_eq!(SampleType::from_name("bool"), None);
    }

    #[test]
    fn elements_have_their_tags_and_names() {
        let found = PixelElement::ALL.map(|element| (element.tag().to_string(), element.name()));
        let expected = [
            ("(7FE0,0010)".to_owned(), "Pixel Data"),
            ("(7FE0,0008)".to_owned(), "Float Pixel Data"),
            ("(7FE0,0009)".to_owned(), "Double Float Pixel Data"),
        ];
        assert_eq!(found, expected);
    }
}
