//! Reading and checking the attributes of an image.

use std::ops::RangeInclusive;

use super::attributes::Attributes;
use super::layout::ImageDescription;
use super::sample::PixelElement;
use crate::dictionary::keyword;
use crate::error::{Error, ErrorKind, ImageFault, Result};
use crate::tag::Tag;

const SAMPLES_PER_PIXEL: Tag = Tag::new(0x0028, 0x0002);
const PHOTOMETRIC_INTERPRETATION: Tag = Tag::new(0x0028, 0x0004);
const IMAGE_DIMENSIONS: Tag = Tag::new(0x0028, 0x0005);
const PLANAR_CONFIGURATION: Tag = Tag::new(0x0028, 0x0006);
const NUMBER_OF_FRAMES: Tag = Tag::new(0x0028, 0x0008);
const ROWS: Tag = Tag::new(0x0028, 0x0010);
const COLUMNS: Tag = Tag::new(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag::new(0x0028, 0x0100);

impl ImageDescription {
    /// Reads the attributes of an image whose pixels are in `pixel_element`.
    ///
    /// # Errors
    ///
    /// If an attribute that the pixels need is absent, if they describe no image, or one of a kind
    /// that is not read yet.
    pub fn new(
        attributes: &impl Attributes,
        pixel_element: PixelElement,
    ) -> Result<ImageDescription> {
        let attribute =
            |tag, range, expected| within(attributes, pixel_element, tag, range, expected);
        let rows = attribute(ROWS, 1..=65_535, "1 to 65535")? as usize;
        let columns = attribute(COLUMNS, 1..=65_535, "1 to 65535")? as usize;
        // None of these is guessed where it is absent: the values would be wrong without a word.
        let samples_per_pixel = match attributes.integer(SAMPLES_PER_PIXEL) {
            // ACR-NEMA had no colours, and said in its own attribute that it has rows and columns.
            None if attributes.integer(IMAGE_DIMENSIONS) == Some(2) => 1,
            _ => attribute(SAMPLES_PER_PIXEL, 1..=4, "1, 3 or 4")? as usize,
        };
        let bits_allocated = bits_allocated(attributes, pixel_element)?;
        let (mut bits_stored, mut is_signed) = (bits_allocated, true);
        // Floating point numbers have neither of these.
        if pixel_element == PixelElement::PixelData {
            let most = i64::from(bits_allocated);
            let expected = "at least 1 and at most Bits Allocated";
            bits_stored = attribute(Tag::BITS_STORED, 1..=most, expected)? as u32;
            is_signed = attribute(Tag::PIXEL_REPRESENTATION, 0..=1, "0 or 1")? == 1;
        }
        let description = ImageDescription {
            rows,
            columns,
            samples_per_pixel,
            frame_count: frame_count(attributes)?,
            pixel_element,
            bits_allocated,
            bits_stored,
            high_bit: high_bit(attributes, bits_stored, bits_allocated),
            is_signed,
            is_planar: is_planar(attributes, samples_per_pixel)?,
            photometric_interpretation: attributes
                .text(PHOTOMETRIC_INTERPRETATION)
                .unwrap_or_default(),
        };
        description.total_length()?;
        Ok(description)
    }
}

/// Bits Allocated: a width that is read, of floating point numbers theirs.
fn bits_allocated(attributes: &impl Attributes, pixel_element: PixelElement) -> Result<u32> {
    let (range, expected) = match pixel_element {
        PixelElement::PixelData => (1..=64, "1, or 8 to 64"),
        PixelElement::FloatPixelData => (32..=32, "32"),
        PixelElement::DoubleFloatPixelData => (64..=64, "64"),
    };
    let bits = within(attributes, pixel_element, BITS_ALLOCATED, range, expected)? as u32;
    if !matches!(bits, 1 | 8 | 12 | 16 | 32 | 64) {
        let coded = format!("Bits Allocated {bits}");
        return Err(ErrorKind::Unsupported { what: "pixel data of this width", coded }.into());
    }
    Ok(bits)
}

/// High Bit. Today's standard leaves no choice (PS3.5 §8.1.1), earlier ones did; an impossible
/// value is ignored.
fn high_bit(attributes: &impl Attributes, bits_stored: u32, bits_allocated: u32) -> u32 {
    // Whoever sets Bits Stored alone means the lowest bits, as in pydicom.
    if attributes.is_changed(Tag::BITS_STORED) && !attributes.is_changed(Tag::HIGH_BIT) {
        return bits_stored - 1;
    }
    let found = attributes.integer(Tag::HIGH_BIT).and_then(|found| u32::try_from(found).ok());
    found
        .filter(|found| (bits_stored - 1..bits_allocated).contains(found))
        .unwrap_or(bits_stored - 1)
}

/// Planar Configuration; `None` if it is absent where there are several samples.
fn is_planar(attributes: &impl Attributes, samples_per_pixel: usize) -> Result<Option<bool>> {
    match attributes.integer(PLANAR_CONFIGURATION) {
        _ if samples_per_pixel == 1 => Ok(Some(false)),
        None => Ok(None),
        Some(0) => Ok(Some(false)),
        Some(1) => Ok(Some(true)),
        Some(found) => Err(bad_value(PLANAR_CONFIGURATION, found, "0 or 1")),
    }
}

fn place(tag: Tag) -> impl Fn(ErrorKind) -> Error {
    move |kind| Error::from(kind).at_tag(tag, keyword(tag), None)
}

fn bad_value(tag: Tag, found: i64, expected: &'static str) -> Error {
    place(tag)(ErrorKind::BadValue { what: keyword(tag), found, expected })
}

/// An attribute that the pixels of `element` need.
///
/// # Errors
///
/// If it is absent or out of its range.
fn within(
    attributes: &impl Attributes,
    element: PixelElement,
    tag: Tag,
    range: RangeInclusive<i64>,
    expected: &'static str,
) -> Result<u64> {
    let missing =
        || place(tag)(ErrorKind::Missing { what: keyword(tag), needed_for: element.name() });
    let found = attributes.integer(tag).ok_or_else(missing)?;
    if range.contains(&found) { Ok(found as u64) } else { Err(bad_value(tag, found, expected)) }
}

/// Number of Frames. An absent, empty or zero one is one frame: there are pixels.
///
/// # Errors
///
/// If it is negative, or no whole number.
fn frame_count(attributes: &impl Attributes) -> Result<u64> {
    match attributes.integer(NUMBER_OF_FRAMES) {
        Some(found) => {
            let found = u64::try_from(found)
                .map_err(|_| bad_value(NUMBER_OF_FRAMES, found, "at least 1"))?;
            Ok(found.max(1))
        }
        None if attributes.text(NUMBER_OF_FRAMES).is_some_and(|text| !text.trim().is_empty()) => {
            Err(place(NUMBER_OF_FRAMES)(ImageFault::FrameCount.into()))
        }
        None => Ok(1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::image_description::SampleType;

    struct Table(HashMap<Tag, i64>);

    impl Attributes for Table {
        fn integer(&self, tag: Tag) -> Option<i64> {
            self.0.get(&tag).copied()
        }
        fn text(&self, _: Tag) -> Option<String> {
            None
        }
    }

    fn ct() -> HashMap<Tag, i64> {
        HashMap::from([
            (ROWS, 4),
            (COLUMNS, 6),
            (BITS_ALLOCATED, 16),
            (Tag::BITS_STORED, 12),
            (SAMPLES_PER_PIXEL, 1),
            (Tag::PIXEL_REPRESENTATION, 1),
        ])
    }

    fn with(changes: &[(Tag, i64)]) -> Result<ImageDescription> {
        let mut table = ct();
        table.extend(changes.iter().copied());
        ImageDescription::new(&Table(table), PixelElement::PixelData)
    }

    #[test]
    fn a_ct_is_described() {
        let expected = ImageDescription {
            rows: 4,
            columns: 6,
            samples_per_pixel: 1,
            frame_count: 1,
            pixel_element: PixelElement::PixelData,
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            is_signed: true,
            is_planar: Some(false),
            photometric_interpretation: String::new(),
        };
        assert_eq!(with(&[]).unwrap(), expected);
        assert_eq!(with(&[(NUMBER_OF_FRAMES, 3)]).unwrap().frame_count, 3);
        assert_eq!(with(&[(NUMBER_OF_FRAMES, 0)]).unwrap().frame_count, 1);
    }

    #[test]
    fn the_limits_of_each_attribute_are_allowed() {
        for changes in [
            [(ROWS, 65_535), (COLUMNS, 65_535)],
            [(ROWS, 1), (COLUMNS, 1)],
            [(Tag::BITS_STORED, 1), (Tag::PIXEL_REPRESENTATION, 0)],
            [(Tag::BITS_STORED, 16), (Tag::PIXEL_REPRESENTATION, 1)],
            [(SAMPLES_PER_PIXEL, 4), (PLANAR_CONFIGURATION, 1)],
            [(BITS_ALLOCATED, 64), (Tag::BITS_STORED, 64)],
            [(BITS_ALLOCATED, 1), (Tag::BITS_STORED, 1)],
        ] {
            assert!(with(&changes).is_ok(), "{changes:?}");
        }
    }

    #[test]
    fn impossible_images_are_refused() {
        let bad = |what, found, expected| {
            format!("BadValue {{ what: {what:?}, found: {found}, expected: {expected:?} }}")
        };
        let size = "1 to 65535";
        let stored = "at least 1 and at most Bits Allocated";
        let width = |bits| {
            format!(
                "Unsupported {{ what: \"pixel data of this width\", coded: \"Bits Allocated \
                 {bits}\" }}"
            )
        };
        for (tag, value, expected) in [
            (ROWS, 0, bad("Rows", 0, size)),
            (ROWS, 65_536, bad("Rows", 65_536, size)),
            (COLUMNS, -1, bad("Columns", -1, size)),
            (COLUMNS, 65_536, bad("Columns", 65_536, size)),
            (SAMPLES_PER_PIXEL, 0, bad("SamplesPerPixel", 0, "1, 3 or 4")),
            (SAMPLES_PER_PIXEL, 5, bad("SamplesPerPixel", 5, "1, 3 or 4")),
            (Tag::BITS_STORED, 0, bad("BitsStored", 0, stored)),
            (Tag::BITS_STORED, 17, bad("BitsStored", 17, stored)),
            (BITS_ALLOCATED, 0, bad("BitsAllocated", 0, "1, or 8 to 64")),
            (BITS_ALLOCATED, 65, bad("BitsAllocated", 65, "1, or 8 to 64")),
            (BITS_ALLOCATED, 24, width(24)),
            (NUMBER_OF_FRAMES, -1, bad("NumberOfFrames", -1, "at least 1")),
            (Tag::PIXEL_REPRESENTATION, 2, bad("PixelRepresentation", 2, "0 or 1")),
            (
                NUMBER_OF_FRAMES,
                i64::MAX,
                format!("ImageSize {{ rows: 4, columns: 6, samples: 1, frames: {} }}", i64::MAX),
            ),
        ] {
            let error = with(&[(tag, value)]).unwrap_err();
            assert_eq!(format!("{:?}", error.kind()), expected, "{tag} {value}");
        }
        let error = with(&[(SAMPLES_PER_PIXEL, 3), (PLANAR_CONFIGURATION, 2)]).unwrap_err();
        let expected = bad("PlanarConfiguration", 2, "0 or 1");
        assert_eq!(
            (format!("{:?}", error.kind()), error.tag()),
            (expected, Some(PLANAR_CONFIGURATION))
        );
    }

    #[test]
    fn nothing_that_is_needed_is_guessed() {
        for tag in ct().into_keys() {
            let mut table = ct();
            table.remove(&tag);
            let error = ImageDescription::new(&Table(table), PixelElement::PixelData).unwrap_err();
            let what = keyword(tag);
            let expected = format!("Missing {{ what: {what:?}, needed_for: \"Pixel Data\" }}");
            assert_eq!((format!("{:?}", error.kind()), error.tag()), (expected, Some(tag)));
        }
        let mut table = ct();
        table.remove(&SAMPLES_PER_PIXEL);
        for (dimensions, is_image) in [(2, true), (3, false)] {
            table.insert(IMAGE_DIMENSIONS, dimensions);
            let image = ImageDescription::new(&Table(table.clone()), PixelElement::PixelData);
            assert_eq!(image.is_ok(), is_image, "{dimensions} dimensions, as ACR-NEMA wrote it");
        }
    }

    #[test]
    fn planes_are_said_where_there_are_several_samples() {
        for (samples, planar, expected) in [
            (1, Some(1), Some(false)),
            (1, Some(9), Some(false)),
            (3, None, None),
            (3, Some(0), Some(false)),
            (3, Some(1), Some(true)),
        ] {
            let mut changes = vec![(SAMPLES_PER_PIXEL, samples)];
            changes.extend(planar.map(|planar| (PLANAR_CONFIGURATION, planar)));
            assert_eq!(with(&changes).unwrap().is_planar, expected, "{samples} {planar:?}");
        }
    }

    #[test]
    fn a_number_of_frames_that_is_text_is_refused_unless_it_is_blank() {
        struct Text(&'static str);
        impl Attributes for Text {
            fn integer(&self, tag: Tag) -> Option<i64> {
                ct().get(&tag).copied()
            }
            fn text(&self, tag: Tag) -> Option<String> {
                (tag == NUMBER_OF_FRAMES).then(|| self.0.to_owned())
            }
        }
        let count = |text| {
            let image = ImageDescription::new(&Text(text), PixelElement::PixelData);
            image.map(|image| image.frame_count).map_err(|error| format!("{:?}", error.kind()))
        };
        assert_eq!(count(" "), Ok(1));
        assert_eq!(count("many"), Err("Image(FrameCount)".to_owned()));
    }

    #[test]
    fn floating_point_pixels_have_a_width_and_no_sign() {
        for (element, bits, expected) in [
            (PixelElement::FloatPixelData, 32, Some(SampleType::F32)),
            (PixelElement::DoubleFloatPixelData, 64, Some(SampleType::F64)),
            (PixelElement::FloatPixelData, 64, None),
            (PixelElement::DoubleFloatPixelData, 32, None),
        ] {
            let attributes =
                [(ROWS, 4), (COLUMNS, 6), (SAMPLES_PER_PIXEL, 1), (BITS_ALLOCATED, bits)];
            let description = ImageDescription::new(&Table(HashMap::from(attributes)), element);
            assert_eq!(
                description.ok().map(|description| description.sample_type()),
                expected,
                "{element:?} {bits}"
            );
        }
    }

    #[test]
    fn the_high_bit_says_where_the_value_is() {
        for (name, high_bit, expected) in [
            ("where it always is", Some(11), (4, 4)),
            ("not said", None, (4, 4)),
            ("at the top", Some(15), (0, 4)),
            ("in between", Some(13), (2, 4)),
            ("too low to hold the bits stored", Some(10), (4, 4)),
            ("above the bits allocated", Some(16), (4, 4)),
            ("negative", Some(-1), (4, 4)),
        ] {
            let mut table = ct();
            table.extend(high_bit.map(|high_bit| (Tag::HIGH_BIT, high_bit)));
            let description =
                ImageDescription::new(&Table(table), PixelElement::PixelData).unwrap();
            assert_eq!(description.shifts(), expected, "{name}");
        }
    }

    #[test]
    fn bits_stored_that_are_set_alone_are_the_lowest() {
        struct Changed(&'static [Tag]);

        impl Attributes for Changed {
            fn integer(&self, tag: Tag) -> Option<i64> {
                if tag == Tag::HIGH_BIT { Some(15) } else { Table(ct()).integer(tag) }
            }
            fn text(&self, _: Tag) -> Option<String> {
                None
            }
            fn is_changed(&self, tag: Tag) -> bool {
                self.0.contains(&tag)
            }
        }

        for (name, changed, expected) in [
            ("nothing", &[][..], 15),
            ("something else", &[ROWS][..], 15),
            ("Bits Stored", &[Tag::BITS_STORED][..], 11),
            ("High Bit", &[Tag::HIGH_BIT][..], 15),
            ("both", &[Tag::BITS_STORED, Tag::HIGH_BIT][..], 15),
        ] {
            let found = ImageDescription::new(&Changed(changed), PixelElement::PixelData);
            assert_eq!(found.unwrap().high_bit, expected, "{name}");
        }
        assert!(!Table(ct()).is_changed(Tag::BITS_STORED));
    }
}
