//! One compressed frame by itself, for programs that have its bytes from elsewhere.

use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rapidicom_core::codec::DecodeOptions;
use rapidicom_core::pixel::{EncapsulatedPixels, FrameOptions, FrameScratch};
use rapidicom_core::{CodedFrame, transfer_syntax, watched};

use crate::array::fill;
use crate::error::to_python;

/// Fills `out`, a one-dimensional array of bytes, with the stored values of a frame that is written
/// as `transfer_syntax_uid` says and has the size and the samples of the other arguments.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the attributes that describe an image")]
pub(crate) fn decode_frame(
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
    let coded = CodedFrame {
        rows,
        columns,
        samples_per_pixel,
        bits_allocated,
        bits_stored,
        is_signed,
        photometric_interpretation,
    };
    let description = coded.description().map_err(to_python)?;
    let pixels = EncapsulatedPixels::of_frame(description, syntax);
    let options =
        FrameOptions { wanted: None, is_raw: raw, decode: DecodeOptions { reduce, area: None } };
    fill(out, |out| {
        let decode = || pixels.decode_bytes(frame, &options, &mut FrameScratch::default(), out);
        py.detach(|| watched(decode)).map_err(to_python)
    })
}
