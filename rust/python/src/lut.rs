//! Lookup tables: the numbers of a descriptor and the bytes of its data in, entries out.

use std::borrow::Cow;

use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::PyInt;
use rapidicom_core::dictionary::keyword;
use rapidicom_core::pixel::{LutDescriptor, LutEntries, lut_words as words_of};
use rapidicom_core::{ByteOrder, Tag, Vr};

use crate::error::to_python;

const LUT_DATA: Tag = Tag::new(0x0028, 0x3006);

/// Entries, the first value that is mapped, bits of an entry.
type Numbers = (usize, i32, u32);

/// The table that the numbers of the descriptor with this tag describe.
#[pyfunction]
pub(crate) fn lut_descriptor(tag: u32, numbers: [Bound<'_, PyInt>; 3]) -> PyResult<Numbers> {
    // What does not fit describes no table either.
    let numbers = numbers.map(|number| number.extract().unwrap_or(i64::MAX));
    let tag = Tag(tag);
    let LutDescriptor { entry_count, first_mapped, bits } = LutDescriptor::new(numbers)
        .map_err(|error| to_python(error.at_tag(tag, keyword(tag), None)))?;
    Ok((entry_count, first_mapped, bits))
}

/// LUT Data as little-endian words.
#[pyfunction]
pub(crate) fn lut_words<'a>(data: &'a [u8], vr: &str, is_big_endian: bool) -> Cow<'a, [u8]> {
    let vr = vr.as_bytes().first_chunk().map_or(Vr::UN, |letters| Vr(*letters));
    let order = if is_big_endian { ByteOrder::Big } else { ByteOrder::Little };
    words_of(Cow::Borrowed(data), vr, order)
}

/// The entries of a Modality, VOI or Presentation LUT.
#[pyfunction]
pub(crate) fn lut_entries<'py>(
    py: Python<'py>,
    descriptor: Numbers,
    words: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let entries = as_core(descriptor).entries(words);
    let place = |error: rapidicom_core::Error| error.at_tag(LUT_DATA, keyword(LUT_DATA), None);
    Ok(to_array(py, entries.map_err(|error| to_python(place(error)))?))
}

/// The entries of one colour of a palette, or as many as there are.
#[pyfunction]
pub(crate) fn palette_entries<'py>(
    py: Python<'py>,
    descriptor: Numbers,
    words: &[u8],
) -> Bound<'py, PyAny> {
    to_array(py, as_core(descriptor).palette_entries(words))
}

fn as_core((entry_count, first_mapped, bits): Numbers) -> LutDescriptor {
    LutDescriptor { entry_count, first_mapped, bits }
}

fn to_array(py: Python<'_>, entries: LutEntries) -> Bound<'_, PyAny> {
    match entries {
        LutEntries::Bytes(bytes) => PyArray1::from_vec(py, bytes).into_any(),
        LutEntries::Words(words) => PyArray1::from_vec(py, words).into_any(),
    }
}
