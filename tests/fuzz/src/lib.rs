//! What the targets share: decisions out of the fuzzer's bytes, DICOM written as bytes, and what
//! must hold of the result. None of it uses the reader's own code to write or to expect.

mod attributes;
mod choices;
mod elements;
mod folder;
pub mod frame;
pub mod series;

pub use attributes::{Attribute, Change, of};
pub use choices::Choices;
pub use elements::{
    DEFLATED, EXPLICIT, Elements, IMPLICIT, Number, Value, Written, file, items_of, write,
};
pub use folder::put;
