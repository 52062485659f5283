//! The pixels of a data set, however they are written.

use super::encapsulated::EncapsulatedPixels;
use super::native::{NativePixels, ValueField};
use crate::codec::{SIGNATURE_LENGTH, signature};
use crate::cursor::ByteOrder;
use crate::dataset::{Dataset, FileBytes};
use crate::dictionary::keyword;
use crate::encapsulation::ExtendedOffsetTable;
use crate::error::{Error, ErrorKind, ImageFault, Result};
use crate::image_description::{ImageDescription, PixelElement};
use crate::limits::Limits;
use crate::parse::Leniency;
use crate::tag::Tag;
use crate::transfer_syntax::{self, Coding, TransferSyntax};
use crate::value::Number;
use crate::vr::Vr;

const EXTENDED_OFFSET_TABLE: Tag = Tag::new(0x7FE0, 0x0001);
const EXTENDED_OFFSET_TABLE_LENGTHS: Tag = Tag::new(0x7FE0, 0x0002);

/// The pixels of an image and where they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImagePixels {
    /// As they are.
    Native(NativePixels),
    /// In fragments.
    Encapsulated(Box<EncapsulatedPixels>),
}

/// Where the value of the pixel data element is, and what surrounds it.
pub struct PixelValue<'a> {
    /// Its bytes.
    pub bytes: &'a FileBytes,
    /// Where they are.
    pub field: ValueField,
    /// Whether the element has an undefined length, as one with fragments must.
    pub is_undefined_length: bool,
    /// The UID of the Transfer Syntax; empty if there is none.
    pub transfer_syntax_uid: &'a str,
    /// The data set as it was read, if the value is from it.
    pub dataset: Option<&'a Dataset>,
}

impl ImagePixels {
    /// Finds out how the pixels are written, and checks what can be checked without decoding them.
    ///
    /// The element decides, not the Transfer Syntax: some files have fragments under a native
    /// Transfer Syntax, or native pixels under a compressed one.
    ///
    /// # Errors
    ///
    /// If native bytes are missing, or the data are written in a way that is not read: by an
    /// unknown Transfer Syntax for one, of which nobody knows how it writes pixels.
    pub fn new(description: ImageDescription, value: &PixelValue<'_>) -> Result<ImagePixels> {
        ImagePixels::with(description, value, NativePixels::new)
    }

    /// The same, but of native pixels the last frames may be missing: they are errors when they are
    /// asked for, as in fragments.
    ///
    /// # Errors
    ///
    /// If no frame is there, or as [`ImagePixels::new`].
    pub fn allowing_missing_frames(
        description: ImageDescription,
        value: &PixelValue<'_>,
    ) -> Result<ImagePixels> {
        ImagePixels::with(description, value, NativePixels::allowing_missing_frames)
    }

    fn with(
        description: ImageDescription,
        value: &PixelValue<'_>,
        native: impl Fn(ImageDescription, ValueField) -> Result<NativePixels>,
    ) -> Result<ImagePixels> {
        let is_pixel_data = description.pixel_element == PixelElement::PixelData;
        let syntax = transfer_syntax::find(value.transfer_syntax_uid);
        if syntax.is_none() && !value.transfer_syntax_uid.is_empty() {
            let (what, uid) =
                ("pixel data of an unknown Transfer Syntax", value.transfer_syntax_uid);
            return Err(Error::from(ErrorKind::unsupported(what, uid)).at_tag(
                Tag::TRANSFER_SYNTAX_UID,
                keyword(Tag::TRANSFER_SYNTAX_UID),
                None,
            ));
        }
        if !is_pixel_data || !value.is_encapsulated(syntax)? {
            let order = match syntax {
                Some(syntax) if syntax.pixel_order != syntax.order => syntax.pixel_order,
                _ => value.field.order,
            };
            let field = ValueField { order, ..value.field };
            return native(description, field).map(ImagePixels::Native);
        }
        let is_damage_allowed =
            value.dataset.is_some_and(|dataset| dataset.leniencies().allow(Leniency::Damaged));
        Ok(ImagePixels::Encapsulated(Box::new(EncapsulatedPixels {
            description,
            field: value.field,
            extended: value.dataset.and_then(extended_offset_table),
            coding: syntax.map_or(Coding::Native, |syntax| syntax.coding),
            transfer_syntax_uid: value.transfer_syntax_uid.to_owned(),
            is_damage_allowed,
            limits: Limits::DEFAULT,
        })))
    }

    /// Checks, without decoding anything, that such pixels can be read.
    ///
    /// # Errors
    ///
    /// If they cannot, or their colours cannot become RGB.
    pub fn check_readable(&self) -> Result<()> {
        match self {
            ImagePixels::Native(pixels) => pixels.description.check_colour(),
            ImagePixels::Encapsulated(pixels) => pixels.check_readable(),
        }
    }

    /// What the pixels are.
    pub fn description(&self) -> &ImageDescription {
        match self {
            ImagePixels::Native(pixels) => &pixels.description,
            ImagePixels::Encapsulated(pixels) => &pixels.description,
        }
    }
}

impl PixelValue<'_> {
    /// Whether the value consists of items.
    fn is_encapsulated(&self, syntax: Option<&TransferSyntax>) -> Result<bool> {
        if self.is_undefined_length {
            return Ok(true);
        }
        // Native pixels of a file can start with any bytes. In memory, a program can set fragments
        // before it sets the Transfer Syntax.
        let may_be = syntax.is_some_and(TransferSyntax::is_encapsulated) || self.dataset.is_none();
        if !may_be || self.field.length < 8 {
            return Ok(false);
        }
        let item = match self.field.order {
            ByteOrder::Little => [0xFE, 0xFF, 0x00, 0xE0],
            ByteOrder::Big => [0xFF, 0xFE, 0xE0, 0x00],
        };
        let start = self.bytes.get(self.field.offset, self.field.length.min(SIGNATURE_LENGTH))?;
        if signature(&start).is_some() && syntax.is_some_and(TransferSyntax::is_encapsulated) {
            return Err(Error::from(ImageFault::FrameWithoutFragments).at_offset(self.field.offset));
        }
        Ok(start.starts_with(&item))
    }
}

/// The Extended Offset Table of a data set, if it has one of whole numbers.
fn extended_offset_table(dataset: &Dataset) -> Option<ExtendedOffsetTable> {
    let numbers = |tag: Tag| -> Option<Vec<u64>> {
        let element = dataset.find(tag)?;
        let numbers = dataset.numbers(element, Vr::UV).ok()?;
        let whole = |number| match number {
            Number::Unsigned(number) => Some(number),
            Number::Int(number) => u64::try_from(number).ok(),
            Number::Float(_) => None,
        };
        numbers.into_iter().map(whole).collect()
    };
    Some(ExtendedOffsetTable {
        offsets: numbers(EXTENDED_OFFSET_TABLE)?,
        lengths: numbers(EXTENDED_OFFSET_TABLE_LENGTHS)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::synthetic::{colour, description, in_memory};

    const RLE: &str = "1.2.840.10008.1.2.5";
    const JPEG: &str = "1.2.840.10008.1.2.4.50";
    const EXPLICIT: &str = "1.2.840.10008.1.2.1";
    const ITEM: [u8; 8] = [0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0];

    fn image(
        bytes: &[u8],
        order: ByteOrder,
        is_undefined_length: bool,
        transfer_syntax_uid: &str,
    ) -> Result<ImagePixels> {
        let field = ValueField { offset: 0, length: bytes.len() as u64, vr: Vr::OW, order };
        let value = PixelValue {
            bytes: &in_memory(bytes),
            field,
            is_undefined_length,
            transfer_syntax_uid,
            dataset: None,
        };
        ImagePixels::new(description(16, 16, false), &value)
    }

    #[test]
    fn values_are_fragments_by_what_they_are() {
        use ByteOrder::{Big, Little};
        let big_item = [0xFF, 0xFE, 0xE0, 0x00, 0, 0, 0, 0];
        for (name, bytes, order, is_undefined, uid, is_encapsulated) in [
            ("native", &[0; 8][..], Little, false, EXPLICIT, false),
            ("undefined length", &[0; 8], Little, true, EXPLICIT, true),
            ("items of a known length", &ITEM, Little, false, RLE, true),
            ("big endian", &big_item, Big, false, RLE, true),
            ("items in the other order", &big_item, Little, false, RLE, false),
            ("set in memory before the Transfer Syntax", &ITEM, Little, false, EXPLICIT, true),
            ("pixels under a compressed one", &[1; 8], Little, false, RLE, false),
            ("too short for an item", &ITEM[..7], Little, false, RLE, false),
        ] {
            let image = image(bytes, order, is_undefined, uid).unwrap();
            let found = matches!(image, ImagePixels::Encapsulated(_));
            assert_eq!(found, is_encapsulated, "{name}");
            assert_eq!(image.description(), &description(16, 16, false), "{name}");
        }
    }

    #[test]
    fn a_frame_without_fragments_is_recognised() {
        let jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0];
        let error = image(&jpeg, ByteOrder::Little, false, JPEG).unwrap_err();
        assert_eq!(format!("{:?}", error.kind()), "Image(FrameWithoutFragments)");
        assert_eq!(error.offset(), Some(0));
        let native = image(&jpeg, ByteOrder::Little, false, EXPLICIT).unwrap();
        assert!(matches!(native, ImagePixels::Native(_)), "pixels can be any bytes");
    }

    #[test]
    fn images_keep_what_the_transfer_syntax_says() {
        for (uid, coding) in [(RLE, Coding::Rle), ("", Coding::Native)] {
            let image = image(&ITEM, ByteOrder::Little, true, uid).unwrap();
            let ImagePixels::Encapsulated(pixels) = image else { panic!("fragments") };
            let found = (pixels.coding, pixels.transfer_syntax_uid.as_str());
            assert_eq!(found, (coding, uid));
            assert!(!pixels.is_damage_allowed && pixels.extended.is_none());
        }
    }

    #[test]
    fn pixels_of_an_unknown_transfer_syntax_are_refused() {
        for (name, bytes, is_undefined_length) in
            [("native", &[0; 8][..], false), ("in fragments", &ITEM, true)]
        {
            let error = image(bytes, ByteOrder::Little, is_undefined_length, "1.2.3").unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{name}: {error}");
            assert_eq!(error.tag(), Some(Tag::TRANSFER_SYNTAX_UID), "{name}");
        }
    }

    #[test]
    fn native_pixels_have_the_byte_order_of_their_transfer_syntax() {
        use ByteOrder::{Big, Little};
        const GE: &str = "1.2.840.113619.5.2";
        for (uid, order, expected) in
            [(GE, Little, Big), (EXPLICIT, Little, Little), (EXPLICIT, Big, Big), ("", Big, Big)]
        {
            let ImagePixels::Native(pixels) = image(&[0; 8], order, false, uid).unwrap() else {
                panic!("native pixels")
            };
            assert_eq!(pixels.field.order, expected, "{uid}");
        }
    }

    #[test]
    fn floating_point_pixels_are_never_fragments() {
        let description = ImageDescription {
            pixel_element: PixelElement::FloatPixelData,
            ..description(32, 32, true)
        };
        let field = ValueField { offset: 0, length: 8, vr: Vr::OF, order: ByteOrder::Little };
        let value = PixelValue {
            bytes: &in_memory(&ITEM),
            field,
            is_undefined_length: true,
            transfer_syntax_uid: RLE,
            dataset: None,
        };
        let image = ImagePixels::new(description, &value).unwrap();
        assert!(matches!(image, ImagePixels::Native(_)));
    }

    #[test]
    fn readable_images_have_a_codec_and_colours_that_are_known() {
        let readable =
            |uid| image(&ITEM, ByteOrder::Little, true, uid).unwrap().check_readable().is_ok();
        assert!(readable(RLE) && !readable("1.2.840.10008.1.2.4.100"));
        let field = ValueField { offset: 0, length: 8, vr: Vr::OW, order: ByteOrder::Little };
        let four = ImageDescription { samples_per_pixel: 4, ..colour("YBR_FULL", false) };
        for (description, expected) in [(four, false), (colour("YBR_FULL", false), true)] {
            let native = NativePixels::new(description, field).unwrap();
            assert_eq!(ImagePixels::Native(native).check_readable().is_ok(), expected);
        }
    }
}
