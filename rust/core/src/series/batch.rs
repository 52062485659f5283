//! Slices that need not belong together, one array of them all.

use std::path::PathBuf;

use super::find::read_instance_headers;
use super::header::InstanceHeader;
use super::read::readable;
use crate::error::{Error, ErrorKind, Result};
use crate::workers::{Tick, Workers};

/// Reads the headers of `paths`, in their order, for [`super::read_slices`].
///
/// # Errors
///
/// The first in order: a file that cannot be read; then one whose pixels are not all there or not read yet, or whose
/// image has not the rows, columns and samples of the first.
pub fn read_batch_headers(paths: &[PathBuf], workers: Workers, tick: Tick<'_>) -> Result<Vec<InstanceHeader>> {
    let headers: Vec<_> = read_instance_headers(paths, workers, tick)?.into_iter().collect::<Result<_>>()?;
    let mut first = None;
    for header in &headers {
        // Before anybody makes room for what a damaged header says.
        let image = readable(header).map_err(|error| error.in_file(&header.path))?.description();
        let own = (image.rows, image.columns, image.samples_per_pixel);
        let first = first.get_or_insert(own);
        if own != *first {
            let why = format!(
                "all images of a batch must have the same shape: the first has {} rows, {} columns and {} samples, \
                 this one {}, {} and {}",
                first.0, first.1, first.2, own.0, own.1, own.2
            );
            return Err(Error::from(ErrorKind::Argument { why }).in_file(&header.path));
        }
    }
    Ok(headers)
}
