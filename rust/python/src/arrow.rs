//! Columns as Arrow's arrays: the core's buffers are moved into them, and read back as plain
//! slices.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, FixedSizeListArray, LargeStringArray, PrimitiveArray,
    RecordBatch,
};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use rapidicom_core::index::{ColumnSpec, Kind, Numbers, Texts, Values, Width};

use crate::path_text::to_text;

/// A column of the core, its buffers moved.
///
/// # Errors
///
/// If its buffers contradict each other.
pub(crate) fn from_values(values: Values) -> Result<ArrayRef, ArrowError> {
    match values {
        Values::Int(numbers) => from_numbers::<Int64Type>(numbers),
        Values::Float(numbers) => from_numbers::<Float64Type>(numbers),
        Values::Text(texts) => {
            let nulls = nulls(
                texts.offsets.windows(2).map(|pair| matches!(pair, [start, end] if start < end)),
            );
            let offsets = OffsetBuffer::new(texts.offsets.into());
            let text = Buffer::from_vec(texts.text.into_bytes());
            Ok(Arc::new(LargeStringArray::try_new(offsets, text, nulls)?))
        }
    }
}

fn from_numbers<T: ArrowPrimitiveType>(
    numbers: Numbers<T::Native>,
) -> Result<ArrayRef, ArrowError> {
    let rows = nulls(numbers.lengths.iter().map(|length| *length > 0));
    let Some(width) = numbers.width else {
        return Ok(Arc::new(PrimitiveArray::<T>::try_new(numbers.values.into(), rows)?));
    };
    let is_padded = numbers.lengths.iter().any(|length| *length > 0 && *length < width);
    let padding = is_padded.then(|| {
        let padding = |length: &usize| (0..width).map(|index| index < *length).collect::<Vec<_>>();
        NullBuffer::from_iter(numbers.lengths.iter().flat_map(padding))
    });
    list(PrimitiveArray::<T>::try_new(numbers.values.into(), padding)?, width, rows)
}

fn list<T: ArrowPrimitiveType>(
    items: PrimitiveArray<T>,
    width: usize,
    rows: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let field = Arc::new(Field::new("item", T::DATA_TYPE, true));
    let width = i32::try_from(width)
        .map_err(|_| ArrowError::InvalidArgumentError("a list is too wide".into()))?;
    Ok(Arc::new(FixedSizeListArray::try_new(field, width, Arc::new(items), rows)?))
}

fn nulls(is_valid: impl Iterator<Item = bool>) -> Option<NullBuffer> {
    Some(is_valid.collect::<NullBuffer>()).filter(|nulls| nulls.null_count() > 0)
}

/// A column of the core from one that [`from_values`] made; `None` if it is none.
pub(crate) fn to_values(array: &ArrayRef) -> Option<Values> {
    Some(match View::of(array)? {
        View::Int(view) => Values::Int(view.to_numbers()),
        View::Float(view) => Values::Float(view.to_numbers()),
        View::Text(texts) => {
            let (mut text, mut offsets) = (String::new(), vec![0]);
            for value in texts {
                text.push_str(value.unwrap_or_default());
                offsets.push(i64::try_from(text.len()).ok()?);
            }
            Values::Text(Texts { text, offsets })
        }
    })
}

/// Whether an array is one that [`from_values`] makes for a column, in its type and its values.
pub(crate) fn fits(array: &ArrayRef, spec: &ColumnSpec) -> bool {
    match (View::of(array), spec.kind()) {
        (Some(View::Int(view)), Kind::Int) => view.fits(spec.width()),
        (Some(View::Float(view)), Kind::Float) => view.fits(spec.width()),
        (Some(View::Text(texts)), Kind::Text) => {
            texts.iter().all(|text| text.is_none_or(|text| !text.is_empty()))
        }
        _ => false,
    }
}

/// A column of single numbers.
pub(crate) fn from_singles<T: ArrowPrimitiveType>(values: Vec<Option<T::Native>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<PrimitiveArray<T>>())
}

/// A column of lists that are all `width` long.
///
/// # Errors
///
/// If one is not.
pub(crate) fn from_rows<T: ArrowPrimitiveType>(
    values: &[Option<Vec<Option<T::Native>>>],
    width: usize,
) -> Result<ArrayRef, ArrowError> {
    let rows = nulls(values.iter().map(Option::is_some));
    let empty = vec![None; width];
    let items = values.iter().flat_map(|row| row.as_ref().unwrap_or(&empty).iter().copied());
    list(items.collect::<PrimitiveArray<T>>(), width, rows)
}

/// A column of text.
pub(crate) fn from_texts(values: &[Option<String>]) -> ArrayRef {
    Arc::new(values.iter().collect::<LargeStringArray>())
}

/// All columns, the paths first, as [`to_text`] writes them.
///
/// # Errors
///
/// If the columns are not equally long.
pub(crate) fn batch(
    path: &str,
    paths: &[PathBuf],
    columns: &[(String, ArrayRef)],
) -> Result<RecordBatch, ArrowError> {
    let names = LargeStringArray::from_iter_values(paths.iter().map(|path| to_text(path)));
    let mut fields = vec![Field::new(path, DataType::LargeUtf8, true)];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(names)];
    for (name, array) in columns {
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(Arc::clone(array));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// A column to read.
pub(crate) enum View<'a> {
    Int(NumberView<'a, Int64Type>),
    Float(NumberView<'a, Float64Type>),
    Text(&'a LargeStringArray),
}

impl<'a> View<'a> {
    /// A view of one of the arrays that this module makes.
    pub(crate) fn of(array: &'a ArrayRef) -> Option<View<'a>> {
        let array = array.as_any();
        if let Some(texts) = array.downcast_ref() {
            return Some(View::Text(texts));
        }
        if let Some(rows) = array.downcast_ref::<FixedSizeListArray>() {
            let items = rows.values().as_any();
            return match items.downcast_ref() {
                Some(items) => Some(View::Int(NumberView { items, rows: Some(rows) })),
                None => items
                    .downcast_ref()
                    .map(|items| View::Float(NumberView { items, rows: Some(rows) })),
            };
        }
        match array.downcast_ref() {
            Some(items) => Some(View::Int(NumberView { items, rows: None })),
            None => array.downcast_ref().map(|items| View::Float(NumberView { items, rows: None })),
        }
    }
}

/// A column of numbers, or of lists of them.
pub(crate) struct NumberView<'a, T: ArrowPrimitiveType> {
    items: &'a PrimitiveArray<T>,
    rows: Option<&'a FixedSizeListArray>,
}

impl<T: ArrowPrimitiveType> NumberView<'_, T> {
    /// Numbers of a row, if it is a list.
    pub(crate) fn width(&self) -> Option<usize> {
        self.rows.map(|rows| usize::try_from(rows.value_length()).unwrap_or(0))
    }

    /// Whether a row, or a number in one, is missing.
    pub(crate) fn has_gaps(&self) -> bool {
        self.items.null_count() > 0 || self.rows.is_some_and(|rows| rows.null_count() > 0)
    }

    /// The numbers of all rows, zero where there is none.
    pub(crate) fn all(&self) -> &[T::Native] {
        self.items.values()
    }

    /// Whether rows are so wide, and lack at most their last numbers; all or none if their width is
    /// given. Where it is not, the widest row has it.
    fn fits(&self, wanted: Width) -> bool {
        let width = self.width();
        let is_right = match wanted {
            Width::One => width.is_none(),
            Width::Fixed(count) => width == Some(count),
            Width::Widest => width.is_some_and(|width| width > 0),
        };
        let rows = self.items.len() / width.unwrap_or(1).max(1);
        // Most columns are full.
        if !is_right || wanted == Width::One || (rows > 0 && !self.has_gaps()) {
            return is_right;
        }
        let is_there: Vec<bool> = (0..self.items.len()).map(|index| self.has(index)).collect();
        let mut rows = is_there.chunks_exact(width.unwrap_or(1).max(1));
        let is_full = |row: &[bool]| row.iter().all(|is_there| *is_there);
        if wanted == Width::Widest {
            let has_full = width == Some(1) || rows.clone().any(is_full);
            return has_full && rows.all(|row| row.is_sorted_by_key(|is_there| !is_there));
        }
        rows.all(|row| is_full(row) || !row.contains(&true))
    }

    fn has(&self, index: usize) -> bool {
        let width = self.width().unwrap_or(1).max(1);
        self.items.is_valid(index) && self.rows.is_none_or(|rows| rows.is_valid(index / width))
    }

    /// The numbers of all rows, `missing` where there is none.
    pub(crate) fn filled<U: Copy>(&self, convert: impl Fn(T::Native) -> U, missing: U) -> Vec<U> {
        let all = self.all().iter();
        if !self.has_gaps() {
            return all.map(|value| convert(*value)).collect();
        }
        all.enumerate()
            .map(|(index, value)| if self.has(index) { convert(*value) } else { missing })
            .collect()
    }

    /// The numbers in the core's form. Those that a row lacks are its last.
    fn to_numbers(&self) -> Numbers<T::Native>
    where
        T::Native: Default,
    {
        let width = self.width();
        let length = width.unwrap_or(1).max(1);
        let is_there: Vec<bool> = (0..self.items.len()).map(|index| self.has(index)).collect();
        let lengths = is_there
            .chunks_exact(length)
            .map(|row| row.iter().filter(|is_there| **is_there).count());
        Numbers {
            width,
            values: self.filled(|value| value, T::Native::default()),
            lengths: lengths.collect(),
        }
    }

    /// Each number.
    pub(crate) fn singles(&self) -> Vec<Option<T::Native>> {
        self.items.iter().collect()
    }

    /// Each row.
    pub(crate) fn rows(&self) -> Vec<Option<Vec<Option<T::Native>>>> {
        let items = self.singles();
        let rows = items.chunks_exact(self.width().unwrap_or(1).max(1)).enumerate();
        let is_valid = |row: usize| self.rows.is_none_or(|rows| rows.is_valid(row));
        rows.map(|(row, items)| is_valid(row).then(|| items.to_vec())).collect()
    }
}
