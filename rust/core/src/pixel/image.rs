//! The pixels of a data set, however they are written.

use super::encapsulated::EncapsulatedPixels;
use super::native::{NativePixels, ValueField};
use crate::codec::{SIGNATURE_LENGTH, signature};
use crate::cursor::ByteOrder;
use crate::dataset::{Dataset, FileBytes};
use crate::encapsulation::ExtendedOffsetTable;
use crate::error::{Error, ImageFault, Result};
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
    /// What the element is counts for more than the Transfer Syntax: some files have fragments
    /// under a native one, or native pixels under one for compressed ones.
    ///
    /// # Errors
    ///
    /// If native bytes are missing, or the data are written in a way that is not read.
    pub fn new(description: ImageDescription, value: &PixelValue<'_>) -> Result<ImagePixels> {
        let is_pixel_data = description.pixel_element == PixelElement::PixelData;
        let syntax = transfer_syntax::find(value.transfer_syntax_uid);
        if !is_pixel_data || !value.is_encapsulated(syntax)? {
            return NativePixels::new(description, value.field).map(ImagePixels::Native);
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

    /// Checks, without decoding anything, that there is somebody who reads such pixels.
    ///
    /// # Errors
    ///
    /// If nobody does, or the colours cannot be turned into RGB.
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
        // Of native pixels that were read anything may be the first bytes; those that were set in
        // memory can be fragments before the Transfer Syntax is.
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
