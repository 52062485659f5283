//! The elements as a file has them, for pydicom, whose data sets decode values themselves.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};
use rapidicom_core::{Element, Tag, Vr};

use super::class::PyDataset;
use crate::array::new_bytes;
use crate::error::to_python;
use crate::keys::tag_of;
use crate::memory::Known;

/// A length that is undefined (PS3.5 §7.1).
const UNDEFINED: u64 = 0xFFFF_FFFF;

/// Tag, VR (none if none is written), Value Length, Value Field (none if it was not read) and its
/// offset: pydicom's `RawDataElement`, without what all elements have in common.
type Raw<'py> = (u32, Option<Bound<'py, PyString>>, u64, Option<Bound<'py, PyBytes>>, u64);

impl PyDataset {
    fn raw<'py>(&self, py: Python<'py>, element: &Element, is_read: bool) -> PyResult<Raw<'py>> {
        let Element { tag, vr, value_offset, value_length, is_undefined_length, .. } = *element;
        let text = (vr != Vr::IMPLICIT).then(|| PyString::intern(py, &vr.to_string()));
        let value = match self.parsed()?.filter(|_| is_read) {
            Some(dataset) => Some(new_bytes(py, &dataset.value(element).map_err(to_python)?)?),
            None => None,
        };
        let length = if is_undefined_length { UNDEFINED } else { value_length };
        Ok((tag.0, text, length, value, value_offset))
    }

    /// All that were read, in order; pixel data without its bytes.
    pub(super) fn all_raw<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let Some(dataset) = self.parsed()? else { return Ok(list) };
        for element in dataset.elements() {
            list.append(self.raw(py, element, !element.tag.is_pixel_data())?)?;
        }
        Ok(list)
    }

    /// One of them; `None` if there is none with this tag.
    pub(super) fn one_raw<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Raw<'py>>> {
        let tag: Tag = tag_of(key)?;
        let Some(dataset) = self.parsed()? else { return Ok(None) };
        dataset.find(tag).map(|element| self.raw(key.py(), element, true)).transpose()
    }

    /// One of them, if its value has not been looked at, nor set.
    pub(super) fn untouched_raw<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Raw<'py>>> {
        let tag: Tag = tag_of(key)?;
        let index = self.parsed()?.and_then(|dataset| dataset.index(tag));
        match self.memory.look(key.py(), tag, index) {
            Known::Nothing => self.one_raw(key),
            Known::Element(_) | Known::Value(_) => Ok(None),
        }
    }
}
