//! `rapidicom._core`: what Python may see of the core. Signatures and conversions; no decisions
//! about DICOM.

mod allocator;
mod array;
mod arrived;
mod arrow;
mod arrow_stream;
mod as_read;
mod attributes;
mod cache;
mod classes;
mod copies;
mod current;
mod cycles;
mod dataset;
mod decode;
mod dictionary;
mod element;
mod error;
mod file_meta;
mod foreign;
mod found_series;
mod given;
mod index;
mod issue;
mod keys;
mod labels;
mod lookup;
mod lut;
mod made;
mod memory;
mod path_text;
mod pickle;
mod pixels;
mod read;
mod recent;
mod series_plan;
mod shared;
mod slices;
mod slot;
mod table;
mod tolerances;
mod transfer_syntaxes;
mod value;
mod value_field;
mod warning;
mod work;

/// The native part of Rapidicom. Everything public is re-exported by the package, with its
/// documentation.
#[pyo3::pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::arrived::{PyArena, PyArrived};
    #[pymodule_export]
    use crate::arrow_stream::PyBatch;
    #[pymodule_export]
    use crate::cache::{column_names, scan_again};
    #[pymodule_export]
    use crate::classes::use_classes;
    #[pymodule_export]
    use crate::copies::{copy_reordered, round_to_bfloat16};
    #[pymodule_export]
    use crate::dataset::{PyDataset, new_dataset, new_file_meta};
    #[pymodule_export]
    use crate::decode::decode_frame;
    #[pymodule_export]
    use crate::dictionary::{
        dictionary_entry, is_repeater_keyword, keyword_tag, keyword_uid, keywords, private_entries,
        private_entry, similar_keyword, uid_entry,
    };
    #[pymodule_export]
    use crate::element::{PyDataElement, rebuild_element, rebuild_stored_element};
    #[pymodule_export]
    use crate::foreign::use_pydicom;
    #[pymodule_export]
    use crate::found_series::{PyFoundSeries, find_series};
    #[pymodule_export]
    use crate::given::crc32;
    #[pymodule_export]
    use crate::index::{PyIndex, take_index};
    #[pymodule_export]
    use crate::issue::PyIssue;
    #[pymodule_export]
    use crate::labels::{
        PyContours, PyPlacedContours, PySegmentationFrames, draw_contours, fill_between,
        place_contours, place_frames, read_contours, read_segmentation_frames, resample,
        same_contours,
    };
    #[pymodule_export]
    use crate::lookup::{PyLookup, pydicom_attribute, use_lookup};
    #[pymodule_export]
    use crate::lut::{lut_descriptor, lut_entries, lut_words, palette_entries};
    #[pymodule_export]
    use crate::pickle::rebuild_dataset;
    #[pymodule_export]
    use crate::pixels::PyPixelReader;
    #[pymodule_export]
    use crate::read::{decode_text, read_bytes, read_elements, read_item, read_path, read_stream};
    #[pymodule_export]
    use crate::series_plan::{PyLeadingAxis, PySeriesPlan};
    #[pymodule_export]
    use crate::slices::{PySlices, file_state, read_slice_headers};
    #[pymodule_export]
    use crate::table::{PyTable, rebuild_table, scan};
    #[pymodule_export]
    use crate::tolerances::{PyTolerances, default_tolerances};
    #[pymodule_export]
    use crate::transfer_syntaxes::transfer_syntaxes;
    #[pymodule_export]
    use crate::value_field::{decode_value, pixels_dataset};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
