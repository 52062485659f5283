//! What is irregular in a series.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::sync::Arc;

use pyo3::prelude::*;
use rapidicom_core::series::Issue;

/// One finding.
#[pyclass(name = "Issue", module = "rapidicom._core", frozen)]
pub struct PyIssue(Issue);

#[pymethods]
impl PyIssue {
    /// What it is about.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.name()
    }

    /// Whether it would make the affine, the order or the content of the volume a lie.
    #[getter]
    fn is_error(&self) -> bool {
        self.0.is_error
    }

    /// The files that it is about.
    #[getter]
    fn paths(&self) -> Vec<&OsStr> {
        self.0.paths.iter().map(|path| path.as_os_str()).collect()
    }

    /// What was measured, by name.
    #[getter]
    fn numbers(&self) -> BTreeMap<&'static str, f64> {
        self.0.numbers.iter().copied().collect()
    }

    /// (step of the leading axis, slice) of each place without an image.
    #[getter]
    fn cells(&self) -> Vec<(usize, usize)> {
        self.0.cells.clone()
    }

    /// All of it in words.
    #[getter]
    fn sentence(&self) -> &str {
        &self.0.sentence
    }
}

impl PyIssue {
    /// Findings as Python objects.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn list(py: Python<'_>, issues: Vec<Issue>) -> PyResult<Vec<Py<PyIssue>>> {
        issues.into_iter().map(|issue| Py::new(py, PyIssue(issue))).collect()
    }
}

/// Lists of findings that reports share, each made into Python objects once.
#[derive(Default)]
pub struct IssueLists {
    /// By the address of the list, which is kept so that no other list comes to have it.
    numbers: HashMap<usize, (usize, Arc<Vec<Issue>>)>,
    pub found: Vec<Vec<Py<PyIssue>>>,
}

impl IssueLists {
    /// The number of a list, counted from 0.
    ///
    /// # Errors
    ///
    /// If there is no memory.
    pub fn number(&mut self, py: Python<'_>, issues: &Arc<Vec<Issue>>) -> PyResult<usize> {
        let address = Arc::as_ptr(issues).addr();
        if let Some((number, _)) = self.numbers.get(&address) {
            return Ok(*number);
        }
        self.found.push(PyIssue::list(py, issues.to_vec())?);
        let number = self.found.len() - 1;
        self.numbers.insert(address, (number, Arc::clone(issues)));
        Ok(number)
    }
}
