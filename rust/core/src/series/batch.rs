//! Slices that need not belong together, one array of them all.

use std::sync::Arc;

use super::find::read_instance_headers;
use super::header::InstanceHeader;
use super::read::readable;
use super::slice_set::{Slice, SliceSet};
use crate::error::{Error, ErrorKind, ImageShape, Result, SeriesFault};
use crate::memory::Cushion;
use crate::parse::Prefix;
use crate::source::Sources;
use crate::workers::{Tick, Workers};

/// Reads the headers of `sources`, which are files, in their order, for [`super::read_slices`].
///
/// # Errors
///
/// The first in order: a file that cannot be read; then one whose pixels are not all there or not
/// read yet, or whose image has not the rows, columns and samples of the first.
pub fn read_batch_headers(
    sources: &Sources,
    prefix: Prefix,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<SliceSet> {
    let _cushion = Cushion::for_files(sources.names.len())?;
    let headers = read_all(sources, prefix, workers, tick)?;
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

/// Reads the headers of `sources` again, and of each file the images that are named: its number and
/// that of its frame.
///
/// # Errors
///
/// The first in order: a file that cannot be read, or has no such frame.
pub fn read_slice_headers(
    sources: &Sources,
    slices: &[Option<(usize, usize)>],
    prefix: Prefix,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<SliceSet> {
    let _cushion = Cushion::for_files(sources.names.len())?;
    let files = read_all(sources, prefix, workers, tick)?;
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

fn read_all(
    sources: &Sources,
    prefix: Prefix,
    workers: Workers,
    tick: Tick<'_>,
) -> Result<Vec<InstanceHeader>> {
    let found = read_instance_headers(&sources.names, &sources.given, prefix, workers, tick)?;
    found.into_iter().collect()
}

fn shared(files: Vec<InstanceHeader>) -> Vec<Arc<InstanceHeader>> {
    files.into_iter().map(Arc::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::{Folder, NATIVE, slice_of};

    fn folder() -> Folder {
        let rows = (0x0028, 0x0010, "US", &[1, 0][..]);
        let frames = (0x0028, 0x0008, "IS", &b"2 "[..]);
        let pixels = (0x7FE0, 0x0010, "OW", &[0; 16][..]);
        let short = (0x7FE0, 0x0010, "OW", &[0; 4][..]);
        Folder::new(&[
            ("slice", slice_of(NATIVE, &[])),
            ("other", slice_of(NATIVE, &[(0x0020, 0x0013, "IS", b"9 ")])),
            ("flat", slice_of(NATIVE, &[rows])),
            ("frames", slice_of(NATIVE, &[frames, pixels])),
            ("short", slice_of(NATIVE, &[short])),
        ])
    }

    fn workers() -> Workers {
        Workers::for_headers(Some(1))
    }

    #[test]
    fn images_of_a_batch_have_one_shape() {
        let folder = folder();
        let read = |names: &[&str]| {
            let names = names.iter().map(|name| folder.path(name)).collect();
            let sources = Sources { names, given: Vec::new() };
            read_batch_headers(&sources, Prefix::Needed, workers(), &mut |_| true)
        };
        let set = read(&["other", "slice"]).unwrap();
        let numbers = set.present().map(|(file, _)| file.identity.instance_number);
        assert_eq!(numbers.collect::<Vec<_>>(), [Some(9), Some(7)]);
        for (names, culprit, expected) in [
            (
                ["slice", "flat"],
                "flat",
                "all images of a batch must have the same shape: the first has 2 rows, 2 columns \
                 and 1 samples, this one 1 rows, 2 columns and 1 samples",
            ),
            (
                ["slice", "frames"],
                "frames",
                "a batch of images with several frames or slices cannot be read yet",
            ),
            (
                ["slice", "short"],
                "short",
                "the pixels need 8 bytes, but there are 4 (4 bytes missing)",
            ),
        ] {
            let error = read(&names).unwrap_err();
            assert_eq!(error.what(), expected);
            assert_eq!(error.path(), Some(folder.path(culprit).as_path()));
        }
    }

    #[test]
    fn frames_are_found_again_by_their_numbers() {
        let folder = folder();
        let names = ["slice", "frames"].map(|name| folder.path(name)).into();
        let sources = Sources { names, given: Vec::new() };
        let read = |slices: &[_]| {
            read_slice_headers(&sources, slices, Prefix::Needed, workers(), &mut |_| true)
        };
        let set = read(&[Some((1, 1)), None, Some((0, 0))]).unwrap();
        let places: Vec<_> = set
            .slices
            .iter()
            .map(|slice| slice.as_ref().map(|slice| (slice.file, slice.frame.index)))
            .collect();
        assert_eq!(places, [Some((1, 1)), None, Some((0, 0))]);
        for (place, index, count) in [((1, 2), 2, 2), ((0, 1), 1, 1), ((2, 0), 0, 0)] {
            let error = read(&[Some(place)]).unwrap_err();
            let ErrorKind::FrameIndex { index: own, count: counted } = error.kind() else {
                panic!("{error}")
            };
            assert_eq!((*own, *counted), (index, count));
        }
    }
}
