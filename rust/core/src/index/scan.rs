//! Reads the headers of many files into a table: each file opened once, its elements gone through
//! to the last, because a wanted one may be anywhere. Long values are stepped over.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::columns::ColumnSpec;
use super::table::{Chunk, InvalidValue, Table, merge};
use super::values::{HeaderBytes, Level, Place};
use crate::dataset::Context;
use crate::error::{Error, ErrorKind, Family, Result, watched};
use crate::memory::Cushion;
use crate::parse::{
    Element, Leniencies, Leniency, ParseOptions, ParsedFile, Prefix, Rules, Segment, Stop, Window,
    parse_file,
};
use crate::source::{
    AlignedBuffer, Fetched, FileList, Given, Needs, OpenFile, Opened, SharedBytes, add_special,
    in_rounds,
};
use crate::workers::{Tick, Workers, for_each};

/// Values longer than this are stepped over: few columns are about one, and one read more costs as
/// much as some 16 KB.
const DEFERRED_ABOVE: u64 = 16 * 1024;

/// What a file that cannot be read does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// It costs its own row.
    Collect,
    /// It ends the scan; of several, the first one in the order of the files.
    Stop,
}

/// Reads `columns` of the headers of `files`.
///
/// ```
/// use rapidicom_core::index::{ColumnSpec, OnError, Values, scan};
/// use rapidicom_core::{Prefix, Workers, list_files};
///
/// # fn main() -> rapidicom_core::Result<()> {
/// let files = list_files(&["../../tests/data/brain-mr".into()], true, 1, &mut |_| true)?;
/// let columns = [ColumnSpec::parse("Modality")?, ColumnSpec::parse("Rows")?];
/// let workers = Workers::for_headers(None);
/// let table = scan(files, &columns, Prefix::Needed, workers, OnError::Collect, &mut |_| true)?;
/// assert_eq!(table.paths.len(), 40);
/// let Some(Values::Text(modalities)) = table.column("Modality") else { panic!() };
/// assert_eq!(modalities.get(0), Some("MR"));
/// # Ok(())
/// # }
/// ```
///
/// A file in which the prefix `DICM` is missing counts
/// as skipped, unless the caller has named it or `prefix` lets it through.
///
/// # Errors
///
/// If `tick` said to stop, or the machine failed, which says nothing about a file; or the error of
/// a file: of any, if that is asked for, and see [`FileList::is_unasked`].
pub fn scan(
    files: FileList,
    columns: &[ColumnSpec],
    prefix: Prefix,
    workers: Workers,
    on_error: OnError,
    tick: Tick<'_>,
) -> Result<Table> {
    let _cushion = Cushion::for_files(files.files.len())?;
    let chunks = read_chunks(&files, None, columns, prefix, workers, on_error, tick)?;
    finish(files, columns, chunks, on_error)
}

/// Reads the headers of the files with the indices `chosen`, or of all, in whatever order.
pub(super) fn read_chunks(
    files: &FileList,
    chosen: Option<&[usize]>,
    columns: &[ColumnSpec],
    prefix: Prefix,
    workers: Workers,
    on_error: OnError,
    tick: Tick<'_>,
) -> Result<Vec<Chunk>> {
    let (in_meta, in_dataset) = places(columns);
    let job = Job {
        named_count: files.named_count,
        is_unasked: files.is_unasked,
        columns,
        in_meta,
        in_dataset,
        options: ParseOptions {
            stop: Stop::AtEnd,
            prefix,
            rules: Rules {
                leniencies: leniencies(),
                after_pixels: Some(Leniencies::DEFAULT),
                deferred_above: DEFERRED_ABOVE,
                ..Rules::default()
            },
        },
        on_error,
        first_failed: AtomicUsize::new(usize::MAX),
        unreadable: OnceLock::new(),
        chunks: Mutex::default(),
    };
    let read = |worker: &mut Worker<'_>, index: usize| {
        if let Some(path) = files.files.get(index) {
            worker.read(index, path, files.given(index));
        }
    };
    let each = |chosen: &[usize], workers, tick: Tick<'_>| {
        for_each(
            chosen.len(),
            workers,
            tick,
            || Worker::new(&job),
            |worker, number| {
                if let Some(index) = chosen.get(number) {
                    read(worker, *index);
                }
            },
        )
    };
    match chosen {
        _ if files.has_fetched() => {
            let all: Vec<usize> = (0..files.files.len()).collect();
            let chosen = chosen.unwrap_or(&all);
            scan_fetched(files, chosen, tick, |chosen, tick| each(chosen, workers, tick))?
        }
        Some(chosen) => each(chosen, workers, tick)?,
        None => for_each(files.files.len(), workers, tick, || Worker::new(&job), read)?,
    }
    if let Some(error) = job.unreadable.into_inner() {
        return Err(error);
    }
    Ok(job.chunks.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Calls `each` with those of the files `chosen` whose bytes are at hand, then with those that are
/// fetched, some at a time; a file that needs more than was fetched comes again.
fn scan_fetched(
    files: &FileList,
    chosen: &[usize],
    tick: Tick<'_>,
    each: impl Fn(&[usize], Tick<'_>) -> Result<()>,
) -> Result<()> {
    let fetched = |index: usize| files.given(index).and_then(Given::fetched);
    let (far, near): (Vec<usize>, Vec<usize>) =
        chosen.iter().copied().partition(|index| fetched(*index).is_some());
    each(&near, &mut *tick)?;
    let needs: Vec<_> = far.iter().filter_map(|index| fetched(*index)).map(Needs::header).collect();
    let chosen = |numbers: &[usize]| -> Vec<usize> {
        numbers.iter().filter_map(|number| far.get(*number).copied()).collect()
    };
    in_rounds(
        &needs,
        &mut |done| tick(near.len() + done),
        |numbers, tick| each(&chosen(numbers), tick),
        |numbers| {
            for need in numbers.iter().filter_map(|number| needs.get(*number)) {
                need.file.forget();
            }
        },
    )
}

/// Makes the table of what was read.
pub(super) fn finish(
    files: FileList,
    columns: &[ColumnSpec],
    chunks: Vec<Chunk>,
    on_error: OnError,
) -> Result<Table> {
    let mut table = merge(files.files, columns, chunks);
    table.errors.extend(files.errors);
    add_special(&mut table.skipped, files.special_count);
    match on_error {
        OnError::Stop if !table.errors.is_empty() => Err(table.errors.swap_remove(0)),
        _ => Ok(table),
    }
}

/// Whether the first element of a data set is one of a DICOMDIR (PS3.3 §F.3).
pub(crate) fn is_of_directory(element: &Element) -> bool {
    element.tag.group() == 0x0004
}

/// What is tolerated in a header. That it ends too early is not: what is missing then is not
/// absent.
fn leniencies() -> Leniencies {
    let refused = [
        Leniency::ValueCutShort,
        Leniency::MissingDelimiter,
        Leniency::TrailingBytes,
        Leniency::DeflatedCutShort,
        Leniency::StrayItemEnd,
        Leniency::Damaged,
    ];
    refused.into_iter().fold(Leniencies::ALL, Leniencies::without)
}

/// Where columns are looked for: those of the File Meta Information, and the others.
fn places(columns: &[ColumnSpec]) -> (Vec<Place<'_>>, Vec<Place<'_>>) {
    let place =
        |(column, spec): (usize, _)| Place { tag: ColumnSpec::tag_at(spec, 0), column, spec };
    let mut all: Vec<_> = columns.iter().enumerate().map(place).collect();
    all.sort_by_key(|place| place.tag);
    all.into_iter().partition(|place| place.spec.is_in_meta())
}

struct Job<'j> {
    named_count: usize,
    columns: &'j [ColumnSpec],
    /// Those of the File Meta Information, and the others, in the order of their tags.
    in_meta: Vec<Place<'j>>,
    in_dataset: Vec<Place<'j>>,
    options: ParseOptions,
    on_error: OnError,
    /// The number of the first file that failed; with [`OnError::Stop`] those after it are left
    /// out.
    first_failed: AtomicUsize,
    /// See [`FileList::is_unasked`].
    is_unasked: bool,
    /// What ends the scan.
    unreadable: OnceLock<Error>,
    chunks: Mutex<Vec<Chunk>>,
}

/// One thread's buffers, which are used for one file after the other, and its rows.
struct Worker<'j> {
    job: &'j Job<'j>,
    buffer: AlignedBuffer,
    segments: Vec<Segment>,
    parsed: ParsedFile,
    chunk: Chunk,
}

impl Drop for Worker<'_> {
    /// Hands the rows in when the thread ends.
    fn drop(&mut self) {
        let chunk = std::mem::replace(&mut self.chunk, Chunk::new(&[]));
        self.job.chunks.lock().unwrap_or_else(PoisonError::into_inner).push(chunk);
    }
}

impl<'j> Worker<'j> {
    fn new(job: &'j Job<'j>) -> Worker<'j> {
        Worker {
            job,
            buffer: AlignedBuffer::default(),
            segments: Vec::new(),
            parsed: ParsedFile::default(),
            chunk: Chunk::new(job.columns),
        }
    }

    fn read(&mut self, index: usize, path: &Path, given: Option<&Given>) {
        let job = self.job;
        if job.unreadable.get().is_some() {
            return;
        }
        if job.on_error == OnError::Stop && index > job.first_failed.load(Ordering::Relaxed) {
            return;
        }
        let mut added = watched(|| match (self.add_row(path, given), given) {
            (Err(error), Some(given)) => Err(given.reason(error)),
            (added, _) => added,
        });
        if let Some(fetched) = given.and_then(Given::fetched) {
            if fetched.is_waiting() {
                return self.undo();
            }
            added = fetched.unless_failed(added);
        }
        let is_named_path = index < job.named_count && given.is_none();
        match added {
            Ok(()) => {
                self.chunk.files.push(index);
                if is_named_path && self.parsed.elements.first().is_some_and(is_of_directory) {
                    self.chunk.may_hold.push(index);
                }
            }
            Err(error)
                if error.is_of_machine() || job.is_unasked && error.family() == Family::Io =>
            {
                job.unreadable.set(error.in_file(path)).ok();
            }
            Err(error) => {
                if let ErrorKind::NotDicom(looks_like) = error.kind()
                    && index >= job.named_count
                {
                    self.chunk.skipped.push((index, looks_like.to_string()));
                    return;
                }
                if is_named_path && matches!(error.kind(), ErrorKind::NotDicom(_)) {
                    self.chunk.may_hold.push(index);
                }
                job.first_failed.fetch_min(index, Ordering::Relaxed);
                self.chunk.errors.push((index, error.in_file(path)));
                self.undo();
            }
        }
    }

    /// Takes back what a file has added that gets no row.
    fn undo(&mut self) {
        let row = self.chunk.files.len();
        self.chunk.columns.iter_mut().for_each(|rows| rows.truncate(row));
        while self.chunk.invalid.pop_if(|entry| entry.row == row).is_some() {}
    }

    fn add_row(&mut self, path: &Path, given: Option<&Given>) -> Result<()> {
        let job = self.job;
        let Worker { buffer, segments, parsed, chunk, .. } = self;
        segments.clear();
        let limits = &job.options.rules.limits;
        let opened = match given {
            None => OpenedHeader::File(OpenFile::open_once(path)?),
            Some(given) => OpenedHeader::given(path, given)?,
        };
        let bytes = match &opened {
            OpenedHeader::File(file) => {
                let mut window = Window::file(file, buffer, Some(&mut *segments), limits)?;
                parse_file(&mut window, &job.options, parsed)?;
                let base = window.base();
                HeaderBytes { file: Some(file), segments, window: buffer.as_slice(), base }
            }
            OpenedHeader::Memory(bytes) => {
                let window = (**bytes).as_ref();
                parse_file(&mut Window::memory(window, 0), &job.options, parsed)?;
                HeaderBytes { file: None, segments: &[], window, base: 0 }
            }
            OpenedHeader::Fetched(file) => {
                let file: &Fetched = file;
                let mut window = Window::file(file, buffer, Some(&mut *segments), limits)?;
                parse_file(&mut window, &job.options, parsed)?;
                let base = window.base();
                HeaderBytes { file: Some(file), segments, window: buffer.as_slice(), base }
            }
        };
        // What was deflated lies in memory, as far as it is wanted.
        let inflated = parsed.inflated.as_deref().map(|window| HeaderBytes {
            file: None,
            segments: &[],
            window,
            base: 0,
        });
        let level = |elements, encoding, bytes| {
            Level::new(elements, encoding, bytes, Context::OUTERMOST, &job.options.rules)
        };
        let meta = level(&parsed.meta, parsed.meta_encoding, bytes);
        let dataset = level(&parsed.elements, parsed.encoding, inflated.unwrap_or(bytes));
        let row = chunk.files.len();
        let (columns, invalid) = (&mut chunk.columns, &mut chunk.invalid);
        let mut note = |column| invalid.push(InvalidValue { row, column });
        meta.add_rows(&job.in_meta, columns, &mut note)?;
        dataset.add_rows(&job.in_dataset, columns, &mut note)?;
        Ok(())
    }
}

/// A file that is open for its header.
enum OpenedHeader {
    File(OpenFile),
    Memory(SharedBytes),
    Fetched(Arc<Fetched>),
}

impl OpenedHeader {
    #[cold]
    fn given(path: &Path, given: &Given) -> Result<OpenedHeader> {
        Ok(match Opened::new(path, Some(given))? {
            Opened::File(file, _) => OpenedHeader::File(file),
            Opened::Memory(bytes) => OpenedHeader::Memory(bytes),
            Opened::Fetched(file) => OpenedHeader::Fetched(file),
        })
    }
}
