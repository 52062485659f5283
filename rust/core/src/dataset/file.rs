//! A DICOM file (PS3.10 §7): opened by its path, from memory, or through another reader.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::bytes::FileBytes;
use super::elements::Dataset;
use super::surroundings::Context;
use crate::error::{Error, Result};
use crate::parse::{
    Deviations, PREAMBLE_LENGTH, ParseOptions, ParsedFile, Rules, Segment, Window, parse_file,
};
use crate::source::{AlignedBuffer, FileSource, OpenFile, ReadAt, SharedBytes, Source};
use crate::tag::Tag;
use crate::transfer_syntax::{self, TransferSyntax};
use crate::uid;

/// A file: its File Meta Information and its data set.
#[derive(Clone)]
pub struct DicomFile {
    /// Whether it starts with a preamble and the prefix.
    pub has_preamble: bool,
    /// The File Meta Information (PS3.10 §7.1).
    pub meta: Dataset,
    /// The Transfer Syntax, if the file names one that is registered.
    pub transfer_syntax: Option<&'static TransferSyntax>,
    /// The data set.
    pub dataset: Arc<Dataset>,
}

thread_local! {
    /// Read buffer and records of the file at hand, used again for the next.
    static SCRATCH: RefCell<(AlignedBuffer, ParsedFile)> = RefCell::default();
}

impl DicomFile {
    /// Reads the header of the file at `path`; long values stay in the file until they are asked
    /// for.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is no DICOM file that is read yet.
    pub fn open(path: &Path, options: &ParseOptions) -> Result<DicomFile> {
        let (file, source) = OpenFile::open(path)?;
        SCRATCH
            .with_borrow_mut(|(buffer, parsed)| {
                let mut segments = Vec::new();
                let mut window =
                    Window::file(&file, buffer, Some(&mut segments), &options.rules.limits)?;
                parse_file(&mut window, options, parsed)?;
                window.keep(parsed.used);
                Ok(DicomFile::from_parsed(
                    parsed,
                    options,
                    Source::File(Arc::new(source)),
                    segments,
                ))
            })
            .map_err(|error: Error| error.in_file(path))
    }

    /// Reads a file that is in memory.
    ///
    /// # Errors
    ///
    /// If it is no DICOM file that is read yet.
    pub fn from_memory(bytes: SharedBytes, options: &ParseOptions) -> Result<DicomFile> {
        let mut parsed = ParsedFile::default();
        parse_file(&mut Window::memory((*bytes).as_ref(), 0), options, &mut parsed)?;
        Ok(DicomFile::from_parsed(&mut parsed, options, Source::Memory(bytes), Vec::new()))
    }

    /// Reads a file that another reads for us, such as an object with `seek` and `read`. Everything
    /// up to where `options` stop is kept, because the object may be closed afterwards.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no DICOM file that is read yet.
    pub fn from_reader(reader: &dyn ReadAt, options: &ParseOptions) -> Result<DicomFile> {
        let options =
            ParseOptions { rules: Rules { deferred_above: u64::MAX, ..options.rules }, ..*options };
        let (mut buffer, mut parsed, mut segments) =
            (AlignedBuffer::default(), ParsedFile::default(), Vec::new());
        let mut window =
            Window::file(reader, &mut buffer, Some(&mut segments), &options.rules.limits)?;
        parse_file(&mut window, &options, &mut parsed)?;
        window.keep(parsed.used);
        let nothing: SharedBytes = Arc::new([]);
        Ok(DicomFile::from_parsed(&mut parsed, &options, Source::Memory(nothing), segments))
    }

    fn from_parsed(
        parsed: &mut ParsedFile,
        options: &ParseOptions,
        source: Source,
        segments: Vec<Segment>,
    ) -> DicomFile {
        let leniencies = options.rules.leniencies;
        let bytes = Arc::new(FileBytes::new(source, segments));
        let context = Context::OUTERMOST;
        let meta = parsed.meta.clone();
        let none = Deviations::default();
        let meta = Dataset::new(
            Arc::clone(&bytes),
            parsed.meta_encoding,
            meta,
            none,
            context.clone(),
            leniencies,
        );
        // What was deflated lies nowhere but in memory.
        let bytes = match parsed.inflated.take() {
            Some(inflated) => {
                Arc::new(FileBytes::new(Source::Memory(Arc::new(inflated)), Vec::new()))
            }
            None => bytes,
        };
        let (elements, deviations) = (parsed.elements.clone(), parsed.deviations.clone());
        let dataset = Arc::new(Dataset::new(
            bytes,
            parsed.encoding,
            elements,
            deviations,
            context,
            leniencies,
        ));
        DicomFile {
            has_preamble: parsed.has_preamble,
            meta,
            transfer_syntax: parsed.transfer_syntax,
            dataset,
        }
    }

    /// A file from its parts.
    pub fn new(has_preamble: bool, meta: Dataset, dataset: Dataset) -> DicomFile {
        let dataset = Arc::new(dataset);
        let mut file = DicomFile { has_preamble, meta, transfer_syntax: None, dataset };
        file.transfer_syntax = transfer_syntax::find(&file.transfer_syntax_uid());
        file
    }

    /// The bytes before the prefix, if there is one.
    ///
    /// # Errors
    ///
    /// If they have to be read from a file that is gone or has been changed.
    pub fn preamble(&self) -> Result<Option<Cow<'_, [u8]>>> {
        if self.has_preamble {
            self.meta.bytes().get(0, PREAMBLE_LENGTH as u64).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The UID of the Transfer Syntax as it is written, empty if there is none.
    pub fn transfer_syntax_uid(&self) -> String {
        let value = self
            .meta
            .find(Tag::TRANSFER_SYNTAX_UID)
            .and_then(|element| self.meta.value(element).ok());
        value.map_or_else(String::new, |value| uid::trim(&value).to_owned())
    }

    /// The file as it was when it was read, unless it was in memory. Of a deflated one only the
    /// File Meta Information lies where its offsets say.
    pub fn file_source(&self) -> Option<&FileSource> {
        match self.meta.bytes().source() {
            Source::File(file) => Some(file),
            Source::Memory(_) => None,
        }
    }
}

// Written by hand, so that no debug output shows the text of a value.
impl std::fmt::Debug for DicomFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DicomFile").field("dataset", &self.dataset).finish_non_exhaustive()
    }
}
