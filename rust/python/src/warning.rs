//! Warnings: what was tolerated and changes what a value means. None shows the text of a value.

use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use rapidicom_core::{Dataset, Leniency, Tag, dictionary};

/// Warns of those deviations of a data set after which its values are a guess.
///
/// # Errors
///
/// If warnings are errors.
pub(crate) fn warn_of(py: Python<'_>, dataset: &Dataset, is_charset_given: bool) -> PyResult<()> {
    for deviation in dataset.deviations().as_slice() {
        let sentence = match deviation.leniency {
            Leniency::MisspeltCharacterSet | Leniency::UnknownCharacterSet if is_charset_given => {
                continue;
            }
            Leniency::MisspeltCharacterSet => {
                "(0008,0005) SpecificCharacterSet is misspelt: the term that it resembles is used"
            }
            Leniency::UnknownCharacterSet => {
                "(0008,0005) SpecificCharacterSet is no defined term: text is read as Latin-1. \
                 Pass charset= to read it with another character set"
            }
            Leniency::UnknownTransferSyntax => {
                "(0002,0010) TransferSyntaxUID is unknown: how the data set is written was guessed \
                 from its first element, and pixels are refused"
            }
            Leniency::SecondFileMeta => {
                "elements of group 0002 after the File Meta Information are ignored"
            }
            // With `force=True` the caller has asked for what can be read.
            Leniency::Damaged if !dataset.leniencies().allow(Leniency::Damaged) => {
                "an item of a sequence is damaged: what follows the damage in it is left out"
            }
            _ => continue,
        };
        warn(py, sentence)?;
    }
    Ok(())
}

/// Warns that the text of an element has bytes that are no characters.
///
/// # Errors
///
/// If warnings are errors.
pub(crate) fn warn_of_text(py: Python<'_>, tag: Tag) -> PyResult<()> {
    let keyword = dictionary::keyword(tag);
    let blank = if keyword.is_empty() { "" } else { " " };
    warn(
        py,
        &format!(
            "{tag}{blank}{keyword}: bytes that the character set does not define are replaced or \
             guessed. Pass charset= to dcmread if the file names the wrong one"
        ),
    )
}

fn warn(py: Python<'_>, sentence: &str) -> PyResult<()> {
    let sentence = std::ffi::CString::new(sentence).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &sentence, 1)
}
