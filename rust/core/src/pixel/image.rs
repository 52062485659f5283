//! The pixels of a data set, however they are written.

use super::encapsulated::EncapsulatedPixels;
use super::native::{NativePixels, ValueField};
use super::part::{FramePart, read_native_part};
use super::read::{FrameOptions, FrameScratch, read_native_frame};
use crate::codec::{SIGNATURE_LENGTH, signature};
use crate::cursor::ByteOrder;
use crate::dataset::{Dataset, FileBytes, OpenBytes};
use crate::encapsulation::ExtendedOffsetTable;
use crate::error::{Error, ErrorKind, Result};
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
    /// What the element is counts for more than the Transfer Syntax: some files have fragments under a native one, or
    /// native pixels under one for compressed ones.
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
        let is_damage_allowed = value.dataset.is_some_and(|dataset| dataset.leniencies().allow(Leniency::Damaged));
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

    /// Reads one frame into `out`.
    ///
    /// # Errors
    ///
    /// If there is no such frame, it is damaged, the file cannot be read, `out` has another length, or the type that is
    /// wanted does not hold every value exactly.
    pub fn read_frame(
        &self,
        bytes: &OpenBytes<'_>,
        index: u64,
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<()> {
        match self {
            ImagePixels::Native(pixels) => read_native_frame(pixels, bytes, index, options, scratch, out),
            ImagePixels::Encapsulated(pixels) => {
                let frames = pixels.frames(bytes)?;
                pixels.decode_frame(&frames, index, bytes, options, scratch, out).map(drop)
            }
        }
    }

    /// Reads part of one frame into `out`. Of native frames only the bytes from the first wanted row to the last are
    /// read; others are decoded as a whole.
    ///
    /// # Errors
    ///
    /// As [`ImagePixels::read_frame`]; or if the part lies beyond the frame.
    pub fn read_part(
        &self,
        bytes: &OpenBytes<'_>,
        index: u64,
        part: &FramePart,
        options: &FrameOptions,
        scratch: &mut FrameScratch,
        out: &mut [u8],
    ) -> Result<()> {
        if let ImagePixels::Native(pixels) = self
            && self.has_rows_in_order()
        {
            return read_native_part(pixels, bytes, index, part, options, scratch, out);
        }
        let description = self.description();
        if let ImagePixels::Encapsulated(pixels) = self {
            // Before there is memory for the whole frame.
            let length = pixels.frames(bytes)?.length(index);
            pixels.limits.check_decoded(description.frame_length() as u64, length)?;
        }
        let sample_type = options.wanted.map_or(description.sample_type(), |wanted| wanted.sample_type);
        let pixel_length = description.samples_per_pixel * sample_type.size();
        let mut whole = std::mem::take(&mut scratch.whole);
        let size = (description.rows, description.columns);
        let result = part.take_from(size, pixel_length, &mut whole, out, |whole| {
            self.read_frame(bytes, index, options, scratch, whole)
        });
        scratch.whole = whole;
        result
    }

    /// Whether part of a frame can be read without the rest of it: its rows lie in the file as in the array.
    pub fn has_rows_in_order(&self) -> bool {
        match self {
            ImagePixels::Native(pixels) => pixels.is_in_order() && !pixels.description.is_ybr_full(),
            ImagePixels::Encapsulated(_) => false,
        }
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
        // Of native pixels that were read anything may be the first bytes; those that were set in memory can be fragments
        // before the Transfer Syntax is.
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
            let why = "a compressed frame stands where there should be fragments".to_owned();
            return Err(Error::from(ErrorKind::InvalidImage { why }).at_offset(self.field.offset));
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
