//! One compressed frame by itself, for programs that have its bytes from elsewhere.

use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rapidicom_core::codec::DecodeOptions;
use rapidicom_core::pixel::{EncapsulatedPixels, FrameOptions, FrameScratch};
use rapidicom_core::{ImageDescription, PixelElement, transfer_syntax};

use crate::array::fill;
use crate::error::to_python;

/// Fills `out`, a one-dimensional array of bytes, with the stored values of a frame that is written
/// as `transfer_syntax_uid` says and has the size and the samples of the other arguments.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the attributes that describe an image")]
pub fn decode_frame(
    py: Python<'_>,
    transfer_syntax_uid: &str,
    frame: &[u8],
    rows: u16,
    columns: u16,
    samples_per_pixel: u16,
    bits_allocated: u32,
    bits_stored: u32,
    is_signed: bool,
    photometric_interpretation: &str,
    raw: bool,
    reduce: u32,
    out: &Bound<'_, PyArray1<u8>>,
) -> PyResult<()> {
    let Some(syntax) = transfer_syntax::find(transfer_syntax_uid) else {
        return Err(PyValueError::new_err("transfer_syntax_uid is not that of a Transfer Syntax"));
    };
    let is_image = (1..=4).contains(&samples_per_pixel) && rows > 0 && columns > 0;
    if !is_image
        || !matches!(bits_allocated, 1 | 8 | 16 | 32)
        || !(1..=bits_allocated).contains(&bits_stored)
    {
        return Err(PyValueError::new_err(
            "there is no image with such rows, columns, samples and bits",
        ));
    }
    let description = ImageDescription {
        rows: rows.into(),
        columns: columns.into(),
        samples_per_pixel: samples_per_pixel.into(),
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated,
        bits_stored,
        high_bit: bits_stored - 1,
        is_signed,
        is_planar: Some(false),
        photometric_interpretation: photometric_interpretation.to_owned(),
    };
    let pixels = EncapsulatedPixels::of_frame(description, syntax);
    let options = FrameOptions { wanted: None, is_raw: raw, decode: DecodeOptions { reduce } };
    fill(out, |out| {
        py.detach(|| pixels.decode_bytes(frame, &options, &mut FrameScratch::default(), out))
            .map_err(to_python)
    })
}
