//! Rows to and from other libraries by Arrow's C stream.

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{Array, RecordBatch, RecordBatchIterator};
use arrow_schema::ArrowError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// What an Arrow consumer looks for in a capsule.
const NAME: &std::ffi::CStr = c"arrow_array_stream";

/// A batch as a capsule that holds an `ArrowArrayStream`.
///
/// # Errors
///
/// If there is no memory for one.
pub(crate) fn to_stream(py: Python<'_>, batch: RecordBatch) -> PyResult<Bound<'_, PyCapsule>> {
    let schema = batch.schema();
    let stream = FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)));
    PyCapsule::new_with_value(py, stream, NAME)
}

/// Arrow's rows, for consumers of its C stream.
#[pyclass(name = "Batch", module = "rapidicom._core", frozen)]
pub struct PyBatch(RecordBatch);

impl PyBatch {
    pub(crate) fn new(batch: RecordBatch) -> PyBatch {
        PyBatch(batch)
    }
}

#[pymethods]
impl PyBatch {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        to_stream(py, self.0.clone())
    }
}

/// The rows of an Arrow table that has at most one chunk; without any, those of an empty one.
///
/// Their contents are checked: offsets lie inside their text and do not run backwards, text is
/// UTF-8, counts of missing values are right.
///
/// # Errors
///
/// The outer one is the library's that has the table, the inner one says what is wrong with it.
#[allow(unsafe_code, reason = "Arrow's C interface hands structures over by their address")]
pub(crate) fn take_batch(table: &Bound<'_, PyAny>) -> PyResult<Result<RecordBatch, ArrowError>> {
    let capsule = table.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(NAME))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds an initialized `ArrowArrayStream`, which the capsule
    // keeps alive here. It is moved out, and what stays behind is marked as released, so that
    // nobody releases it twice. Its producer vouches for the memory of the buffers, not for what
    // is in them: `checked` looks at that before anybody reads a string.
    let reader = unsafe { RecordBatchStreamReader::from_raw(pointer.as_ptr()) };
    Ok(reader.and_then(checked))
}

fn checked(mut reader: RecordBatchStreamReader) -> Result<RecordBatch, ArrowError> {
    let schema = arrow_array::RecordBatchReader::schema(&reader);
    let first = reader.next().transpose()?.unwrap_or_else(|| RecordBatch::new_empty(schema));
    if reader.next().is_some() {
        return Err(ArrowError::InvalidArgumentError("the table has several chunks".into()));
    }
    for column in first.columns() {
        column.to_data().validate_full()?;
    }
    Ok(first)
}
