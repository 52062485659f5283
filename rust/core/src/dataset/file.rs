//! A DICOM file (PS3.10 §7): opened by its path, from memory, or through another reader.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use super::bytes::FileBytes;
use super::elements::Dataset;
use super::surroundings::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::memory::filled;
use crate::parse::{
    Deviations, Element, PREAMBLE_LENGTH, ParseOptions, ParsedFile, Rules, Segment, Window,
    parse_file,
};
use crate::source::{AlignedBuffer, FileSource, Given, Opened, Place, ReadAt, SharedBytes, Source};
use crate::tag::Tag;
use crate::transfer_syntax::{self, TransferSyntax};
use crate::uid;

/// A file: its File Meta Information and its data set.
///
/// ```
/// use std::sync::Arc;
///
/// use rapidicom_core::value::Number;
/// use rapidicom_core::{DicomFile, ParseOptions, Tag, Vr};
///
/// let mut bytes = vec![0; 128];                 // the preamble
/// bytes.extend(b"DICM");                        // the prefix
/// bytes.extend(b"\x02\x00\x10\x00UI\x14\x00");  // (0002,0010), UI, 20 bytes
/// bytes.extend(b"1.2.840.10008.1.2.1\0");       // Explicit VR Little Endian
/// bytes.extend(b"\x28\x00\x10\x00US\x02\x00");  // (0028,0010), US, 2 bytes
/// bytes.extend(b"\x00\x02");                    // 512 rows
///
/// let file = DicomFile::from_memory(Arc::new(bytes), &ParseOptions::default())?;
/// assert_eq!(file.transfer_syntax_uid(), "1.2.840.10008.1.2.1");
/// let rows = file.dataset.find(Tag::new(0x0028, 0x0010)).expect("the bytes have it");
/// assert_eq!(file.dataset.numbers(rows, Vr::US)?, [Number::Int(512)]);
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
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

/// The Transfer Syntax UID of File Meta Information, whatever its bytes are; empty if there is
/// none.
fn named_syntax(meta: &Dataset) -> String {
    let element = meta.find(Tag::TRANSFER_SYNTAX_UID);
    let value = element.and_then(|element| meta.value(element).ok());
    value.map_or_else(String::new, |value| uid::lossy(&value).into_owned())
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
        DicomFile::open_given(path, None, options)
    }

    /// [`DicomFile::open`] of what was `given` under the name `path`.
    ///
    /// # Errors
    ///
    /// As [`DicomFile::open`].
    pub fn open_given(
        path: &Path,
        given: Option<&Given>,
        options: &ParseOptions,
    ) -> Result<DicomFile> {
        let read = match Opened::new(path, given)? {
            Opened::File(file, source) => DicomFile::read(&file, source, options),
            Opened::Fetched(file) => {
                DicomFile::read(&*file, Source::Fetched(Arc::clone(&file)), options)
            }
            Opened::Memory(bytes) => DicomFile::from_memory(bytes, options),
        };
        let reason = |error| match given {
            Some(given) => given.reason(error),
            None => error,
        };
        read.map_err(|error| reason(error).in_file(path))
    }

    /// Reads the header of an open file.
    fn read(file: &dyn ReadAt, source: Source, options: &ParseOptions) -> Result<DicomFile> {
        SCRATCH.with_borrow_mut(|(buffer, parsed)| {
            let mut segments = Vec::new();
            let mut window =
                Window::file(file, buffer, Some(&mut segments), &options.rules.limits)?;
            parse_file(&mut window, options, parsed)?;
            let used = parsed.used(&window);
            window.keep(used)?;
            Ok(DicomFile::from_parsed(parsed, options, source, segments))
        })
    }

    /// Opens what was read from `source` before once more.
    ///
    /// # Errors
    ///
    /// As [`DicomFile::open`].
    pub(crate) fn open_again(
        path: &Path,
        source: Option<&Source>,
        options: &ParseOptions,
    ) -> Result<DicomFile> {
        let place = match source {
            Some(Source::Memory(bytes)) => Some(Place::Memory(Arc::clone(bytes))),
            Some(Source::Fetched(file)) => Some(Place::Fetched(Arc::clone(file))),
            Some(Source::File(file)) => file.region.as_deref().cloned().map(Place::Region),
            None => None,
        };
        let given = place.map(|place| Given {
            place,
            number: 0,
            is_named: true,
            state: None,
            has_sum: false,
        });
        DicomFile::open_given(path, given.as_ref(), options)
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
    /// up to where `options` stop is kept, because the object may be closed afterwards; of long
    /// values only those of the elements `wanted`, if not all are.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no DICOM file that is read yet.
    pub fn from_reader(
        reader: &dyn ReadAt,
        options: &ParseOptions,
        wanted: Option<&[Tag]>,
    ) -> Result<DicomFile> {
        let deferred_above = wanted.map_or(u64::MAX, |_| options.rules.deferred_above);
        let rules = Rules { deferred_above, ..options.rules };
        let options = ParseOptions { rules, ..*options };
        let (mut buffer, mut parsed, mut segments) =
            (AlignedBuffer::default(), ParsedFile::default(), Vec::new());
        let mut window =
            Window::file(reader, &mut buffer, Some(&mut segments), &options.rules.limits)?;
        parse_file(&mut window, &options, &mut parsed)?;
        let used = parsed.used(&window);
        window.keep(used)?;
        if parsed.inflated.is_none() {
            let is_wanted = |element: &&Element| wanted.is_some_and(|it| it.contains(&element.tag));
            for element in parsed.elements.iter().filter(is_wanted) {
                keep_value(reader, element, &mut segments)?;
            }
        }
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
        let meta = parsed.meta.clone();
        let none = Deviations::default();
        let meta = Dataset::new(
            Arc::clone(&bytes),
            parsed.meta_encoding,
            meta,
            none,
            Context::OUTERMOST,
            leniencies,
        );
        let transfer_syntax_uid = match parsed.transfer_syntax {
            Some(syntax) => syntax.uid.into(),
            None => named_syntax(&meta).into(),
        };
        let context = Context { transfer_syntax_uid, ..Context::OUTERMOST };
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

    /// The bytes of the data set, if they were deflated (PS3.5 §A.5): what its offsets count from.
    pub fn inflated(&self) -> Option<&[u8]> {
        let is_deflated = self.transfer_syntax.is_some_and(|syntax| syntax.is_deflated)
            && !Arc::ptr_eq(self.meta.bytes(), self.dataset.bytes());
        match self.dataset.bytes().source() {
            Source::Memory(bytes) if is_deflated => Some((**bytes).as_ref()),
            _ => None,
        }
    }

    /// The UID of the Transfer Syntax as it is written, empty if there is none.
    pub fn transfer_syntax_uid(&self) -> String {
        named_syntax(&self.meta)
    }

    /// Where its bytes are.
    pub(crate) fn source(&self) -> &Source {
        self.meta.bytes().source()
    }

    /// The file as it was when it was read, unless it was in memory. Of a deflated one only the
    /// File Meta Information lies where its offsets say.
    pub fn file_source(&self) -> Option<&FileSource> {
        match self.meta.bytes().source() {
            Source::File(file) => Some(file),
            Source::Memory(_) | Source::Fetched(_) => None,
        }
    }
}

/// Reads the value of an element that was stepped over.
fn keep_value(reader: &dyn ReadAt, element: &Element, segments: &mut Vec<Segment>) -> Result<()> {
    let Element { value_offset: offset, value_length: length, .. } = *element;
    if segments.iter().any(|segment| segment.get(offset, length).is_some()) {
        return Ok(());
    }
    let cut = |available| ErrorKind::ValueCutShort { needed: length, available };
    // The parser has cut the length to what the reader has.
    let available = reader.length().saturating_sub(offset);
    let mut bytes = match usize::try_from(length) {
        Ok(size) if length <= available => filled(size)?,
        _ => return Err(Error::from(cut(available)).at_offset(offset)),
    };
    let filled = reader.read_at(&mut bytes, offset)?;
    if filled < bytes.len() {
        return Err(Error::from(cut(filled as u64)).at_offset(offset));
    }
    segments.push(Segment { offset, bytes: bytes.into() });
    Ok(())
}

// Written by hand, so that no debug output shows the text of a value.
impl std::fmt::Debug for DicomFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DicomFile").field("dataset", &self.dataset).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::copy_into;
    use crate::parse::{Prefix, Stop};

    /// A file of Explicit VR Little Endian with this data set.
    fn file(dataset: &[u8]) -> Vec<u8> {
        #[rustfmt::skip]
        let fields: [&[u8]; 5] = [
            &[7; 128],
            b"DICM",
            b"\x02\0\x10\0UI\x14\0", b"1.2.840.10008.1.2.1\0",
            dataset,
        ];
        fields.concat()
    }

    const ROWS: &[u8] = b"\x28\0\x10\0US\x02\0\x04\0";

    /// An object of the caller's.
    struct Reader(Vec<u8>);

    impl ReadAt for Reader {
        fn length(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
            Ok(copy_into(buffer, self.0.get(offset as usize..).unwrap_or_default()))
        }
    }

    #[test]
    fn a_file_is_the_same_from_each_source() {
        let long = [b"\x09\0\x01\x10OB\0\0\xA0\x86\x01\0", &[5; 100_000][..], ROWS].concat();
        let bytes = file(&long);
        let path = std::env::temp_dir().join(format!("rapidicom-file-{}", std::process::id()));
        std::fs::write(&path, &bytes).unwrap();
        let options = ParseOptions::default();
        let on_disk = DicomFile::open(&path, &options).unwrap();
        let in_memory = DicomFile::from_memory(Arc::new(bytes.clone()), &options).unwrap();
        let read = DicomFile::from_reader(&Reader(bytes), &options, None).unwrap();
        for (name, found, is_file) in
            [("a path", &on_disk, true), ("memory", &in_memory, false), ("a reader", &read, false)]
        {
            assert_eq!(found.transfer_syntax_uid(), "1.2.840.10008.1.2.1", "{name}");
            assert_eq!(found.preamble().unwrap().as_deref(), Some(&[7; 128][..]), "{name}");
            assert_eq!(found.file_source().map(|file| &*file.path), is_file.then_some(&*path));
            let elements = found.dataset.elements();
            let values: Vec<_> = elements
                .iter()
                .map(|element| found.dataset.value(element).unwrap().into_owned())
                .collect();
            assert_eq!(values, [vec![5; 100_000], vec![4, 0]], "{name}");
        }
        std::fs::remove_file(&path).unwrap();
        let error = on_disk.dataset.value(&on_disk.dataset.elements()[0]).unwrap_err();
        assert_eq!(error.path(), Some(&*path), "long values stay in the file");
        let error = DicomFile::open(&path, &options).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Io(_)), "{error}");
        assert_eq!(error.path(), Some(&*path));
    }

    #[test]
    fn what_is_inflated_is_in_memory() {
        let plain = [ROWS, b"\x28\0\x11\0US\x02\0\x05\0"].concat();
        let deflated = miniz_oxide::deflate::compress_to_vec(&plain, 6);
        let bytes =
            [&[0; 128][..], b"DICM\x02\0\x10\0UI\x16\0", b"1.2.840.10008.1.2.1.99", &deflated]
                .concat();
        let found = DicomFile::from_memory(Arc::new(bytes), &ParseOptions::default()).unwrap();
        let [rows, columns] = found.dataset.elements() else { panic!("two elements") };
        assert_eq!((rows.value_offset, columns.value_offset), (8, 18));
        assert_eq!(found.dataset.value(columns).unwrap(), &[5, 0][..]);
    }

    #[test]
    fn a_file_without_a_prefix_has_no_preamble() {
        let options = ParseOptions { prefix: Prefix::Ignored, ..ParseOptions::default() };
        let found = DicomFile::from_memory(Arc::new(ROWS.to_vec()), &options).unwrap();
        assert!(!found.has_preamble && found.preamble().unwrap().is_none());
        assert_eq!((found.transfer_syntax_uid(), found.transfer_syntax), (String::new(), None));
        let whole = DicomFile::from_memory(Arc::new(file(ROWS)), &options).unwrap();
        let dataset = Dataset::clone(&found.dataset);
        let made = DicomFile::new(true, whole.meta.clone(), dataset);
        assert_eq!(made.transfer_syntax, whole.transfer_syntax);
        assert!(made.has_preamble && made.transfer_syntax.is_some());
        assert_eq!(format!("{made:?}"), "DicomFile { dataset: Dataset { elements: 1, .. }, .. }");
    }

    #[test]
    fn options_say_where_to_stop() {
        let bytes = file(&[ROWS, b"\xE0\x7F\x10\0OW\0\0\x02\0\0\0\x01\0"].concat());
        for (stop, count) in [(Stop::AtEnd, 2), (Stop::BeforePixels, 1)] {
            let options = ParseOptions { stop, ..ParseOptions::default() };
            let found = DicomFile::from_memory(Arc::new(bytes.clone()), &options).unwrap();
            assert_eq!(found.dataset.elements().len(), count, "{stop:?}");
        }
    }
}
