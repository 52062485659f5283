//! Slices that need not belong together, one array of them all.

use std::path::PathBuf;
use std::sync::Arc;

use super::find::read_instance_headers;
use super::header::InstanceHeader;
use super::read::readable;
use super::slice_set::{Slice, SliceSet};
use crate::error::{Error, ErrorKind, ImageShape, Result, SeriesFault};
use crate::workers::{Tick, Workers};

/// Reads the headers of `paths`, in their order, for [`super::read_slices`].
///
/// # Errors
///
/// The first in order: a file that cannot be read; then one whose pixels are not all there or not
/// read yet, or whose image has not the rows, columns and samples of the first.
pub fn read_batch_headers(paths: &[PathBuf], workers: Workers, tick: Tick<'_>) -> Result<SliceSet> {
    let headers: Vec<InstanceHeader> =
        read_instance_headers(paths, workers, tick)?.into_iter().collect::<Result<_>>()?;
    let mut first = None;
    for header in &headers {
        // Before anybody makes room for what a damaged header says.
        let image = readable(header).map_err(|error| error.in_file(&header.path))?.description();
        if header.all_frames().len() > 1 {
            let kind =
                ErrorKind::unsupported("a batch of images with several frames or slices", "");
            return Err(Error::from(kind).in_file(&header.path));
        }
        let found = ImageShape {
            rows: image.rows,
            columns: image.columns,
            samples: image.samples_per_pixel,
        };
        let expected = *first.get_or_insert(found);
        if found != expected {
            let fault = SeriesFault::BatchShape { expected, found };
            return Err(Error::from(ErrorKind::Series(fault)).in_file(&header.path));
        }
    }
    let only = |(file, header): (usize, &InstanceHeader)| {
        header.all_frames().first().map(|frame| Slice { file, frame: frame.clone() })
    };
    Ok(SliceSet { slices: headers.iter().enumerate().map(only).collect(), files: shared(headers) })
}

/// Reads the headers of `paths` again, and of each file the images that are named: its number and
/// that of its frame.
///
/// # Errors
///
/// The first in order: a file that cannot be read, or has no such frame.
pub fn read_slice_headers(
    paths: &[PathBuf],
    slices: &[Option<(usize, usize)>],
    workers: Workers,
    tick: Tick<'_>,
) -> Result<SliceSet> {
    let files: Vec<InstanceHeader> =
        read_instance_headers(paths, workers, tick)?.into_iter().collect::<Result<_>>()?;
    let frames: Vec<_> = files.iter().map(InstanceHeader::all_frames).collect();
    let find = |place: &(usize, usize)| {
        let (file, index) = *place;
        let frame = frames.get(file).and_then(|frames| frames.get(index));
        let count = frames.get(file).map_or(0, |frames| frames.len() as u64);
        let missing = || Error::from(ErrorKind::FrameIndex { index: index as u64, count });
        frame.map(|frame| Slice { file, frame: frame.clone() }).ok_or_else(missing)
    };
    let slices =
        slices.iter().map(|place| place.as_ref().map(find).transpose()).collect::<Result<_>>()?;
    drop(frames);
    Ok(SliceSet { files: shared(files), slices })
}

fn shared(files: Vec<InstanceHeader>) -> Vec<Arc<InstanceHeader>> {
    files.into_iter().map(Arc::new).collect()
}
