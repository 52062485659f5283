//! Value fields that are at hand without their data set.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use rapidicom_core::{ByteOrder, Encoding, Leniencies, LoneValue, Tag, Vr};

use crate::dataset::PyDataset;
use crate::error::to_python;
use crate::read::characters;
use crate::value::to_object;

/// A private tag without a meaning, so that the VR alone says what the value is.
const NO_TAG: u32 = 0x0009_1001;

/// The VR that a value field is read as, and its value.
///
/// Without a `vr`, or with a choice of several (`US or SS`), it is that of the dictionary. The
/// other arguments are what a data set would say.
#[pyfunction]
#[pyo3(signature = (
    vr, value_field, *, tag=NO_TAG, is_implicit=false, is_little_endian=true, charset=None,
    pixel_representation=None, private_creator=None,
))]
#[expect(clippy::too_many_arguments, reason = "what a data set would say")]
pub(crate) fn decode_value<'py>(
    py: Python<'py>,
    vr: Option<&str>,
    value_field: PyBackedBytes,
    tag: u32,
    is_implicit: bool,
    is_little_endian: bool,
    charset: Option<Vec<String>>,
    pixel_representation: Option<u16>,
    private_creator: Option<String>,
) -> PyResult<(String, Bound<'py, PyAny>)> {
    let encoding = Encoding { order: order(is_little_endian), is_implicit };
    let field = LoneValue {
        characters: charset.map(|terms| characters(&terms)).transpose()?,
        pixel_representation,
        private_creator,
        ..LoneValue::new(Tag(tag), letters(vr.unwrap_or_default()), encoding)
    };
    let (dataset, element) = field.into_dataset(Arc::new(value_field)).map_err(to_python)?;
    let vr = dataset.vr(&element);
    let vr = vr.undecided.unwrap_or(vr.vr.as_str()).to_owned();
    Ok((vr, to_object(py, &dataset, &element)?))
}

/// A data set whose only element has these pixels: native ones, or fragments, which end with a
/// delimiter or with the bytes.
#[pyfunction]
pub(crate) fn pixels_dataset<'py>(
    py: Python<'py>,
    tag: u32,
    vr: &str,
    value_field: PyBackedBytes,
    is_encapsulated: bool,
    is_little_endian: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let encoding = Encoding { order: order(is_little_endian), is_implicit: false };
    let field = LoneValue {
        is_undefined_length: is_encapsulated,
        leniencies: Leniencies::ALL,
        ..LoneValue::new(Tag(tag), letters(vr), encoding)
    };
    let (dataset, _) = field.into_dataset(Arc::new(value_field)).map_err(to_python)?;
    PyDataset::from_elements(py, dataset)
}

fn order(is_little_endian: bool) -> ByteOrder {
    if is_little_endian { ByteOrder::Little } else { ByteOrder::Big }
}

/// The VR of two letters; that of the dictionary for anything else.
fn letters(vr: &str) -> Vr {
    match vr.as_bytes() {
        [first, second] => Vr([*first, *second]),
        _ => Vr::IMPLICIT,
    }
}
