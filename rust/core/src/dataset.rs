//! One data set: its element records, and the bytes behind them when they are asked for.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use crate::cursor::ByteOrder;
use crate::dictionary::{self, DictionaryVr};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::parse::{
    Deviations, Element, Encoding, ItemRange, Leniencies, ParseOptions, ParsedFile, Segment, Stop, Window,
    parse_elements, parse_file, parse_items,
};
use crate::source::{AlignedBuffer, FileSource, OpenFile, SharedBytes, Source};
use crate::tag::Tag;
use crate::transfer_syntax::TransferSyntax;
use crate::uid;
use crate::value::{self, CharacterSet, Number};
use crate::vr::Vr;

/// (0028,0103) Pixel Representation, which decides between US and SS where no VR is written.
const PIXEL_REPRESENTATION: Tag = Tag::new(0x0028, 0x0103);
/// (0028,3002) LUT Descriptor, which decides between US and OW for LUT Data.
const LUT_DESCRIPTOR: Tag = Tag::new(0x0028, 0x3002);
/// Values up to this length of data sets in memory are never worth a reference of their own.
const NO_BYTES: &[u8] = &[];

/// The bytes of a file: those that are kept, and where to get the others.
pub struct FileBytes {
    source: Source,
    segments: Vec<Segment>,
}

impl FileBytes {
    /// Keeps `segments` of `source`.
    pub fn new(source: Source, segments: Vec<Segment>) -> FileBytes {
        FileBytes { source, segments }
    }

    /// Where the bytes are from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The runs of bytes that are kept.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// `length` bytes from `offset` of the file on: borrowed if they are in memory, else read from the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has been changed since.
    pub fn get(&self, offset: u64, length: u64) -> Result<Cow<'_, [u8]>> {
        if length == 0 {
            return Ok(Cow::Borrowed(NO_BYTES));
        }
        if let Some(kept) = self.segments.iter().find_map(|segment| segment.get(offset, length)) {
            return Ok(Cow::Borrowed(kept));
        }
        let cut_short =
            |available| Error::from(ErrorKind::ValueCutShort { needed: length, available }).at_offset(offset);
        match &self.source {
            Source::Memory(bytes) => {
                let bytes = (**bytes).as_ref();
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
                let available = (bytes.len() as u64).saturating_sub(offset);
                bytes.get(start..end).map(Cow::Borrowed).ok_or_else(|| cut_short(available))
            }
            Source::File(file) => {
                let available = file.length.saturating_sub(offset);
                let mut value = match usize::try_from(length) {
                    Ok(size) if length <= available => vec![0; size],
                    _ => return Err(cut_short(available)),
                };
                file.reopen()?.read_exact_at(&mut value, offset).map_err(|error| error.in_file(&file.path))?;
                Ok(Cow::Owned(value))
            }
        }
    }
}

/// The element records of one data set, in the order of their tags, and what they are read with.
#[derive(Clone)]
pub struct Dataset {
    bytes: Arc<FileBytes>,
    encoding: Encoding,
    elements: Vec<Element>,
    context: Context,
    deviations: Deviations,
}

/// What a data set inherits from the one that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Context {
    characters: CharacterSet,
    pixel_representation: Option<u16>,
}

/// A VR that was looked up where the data set does not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedVr {
    /// What the value is read as.
    pub vr: Vr,
    /// The choice of the dictionary, where nothing in the data set decides it.
    pub undecided: Option<&'static str>,
}

impl From<Vr> for ResolvedVr {
    fn from(vr: Vr) -> Self {
        ResolvedVr { vr, undecided: None }
    }
}

/// One item of a sequence, not parsed yet.
#[derive(Clone)]
pub struct Item {
    bytes: Arc<FileBytes>,
    range: ItemRange,
    context: Context,
}

impl Item {
    /// Where it lies and how it is written.
    pub fn range(&self) -> ItemRange {
        self.range
    }

    /// Parses its elements; sequences inside stay unparsed.
    ///
    /// # Errors
    ///
    /// If its bytes are no elements, or a limit is exceeded.
    pub fn parse(&self, limits: &Limits) -> Result<Dataset> {
        let ItemRange { offset, length, encoding, .. } = self.range;
        let bytes = self.bytes.get(offset, length)?;
        let mut window = Window::memory(&bytes, offset);
        let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
        let (stop, leniencies) = (Stop::AtEnd, Leniencies::ALL);
        parse_elements(&mut window, offset, encoding, stop, limits, leniencies, &mut elements, &mut deviations)?;
        let bytes = Arc::clone(&self.bytes);
        Ok(Dataset::new(bytes, encoding, elements, deviations, self.context.clone()))
    }
}

impl Dataset {
    fn new(
        bytes: Arc<FileBytes>,
        encoding: Encoding,
        elements: Vec<Element>,
        deviations: Deviations,
        context: Context,
    ) -> Dataset {
        let mut dataset = Dataset { bytes, encoding, elements, context, deviations };
        if let Some(Ok(value)) = dataset.find(Tag::SPECIFIC_CHARACTER_SET).map(|element| dataset.value(element)) {
            let characters = CharacterSet::from_value(&value);
            dataset.context.characters = characters;
        }
        if let Some(representation) = dataset.unsigned(PIXEL_REPRESENTATION) {
            dataset.context.pixel_representation = Some(representation);
        }
        dataset
    }

    /// The element records, in the order of their tags.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// How the elements are written.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How its text becomes characters.
    pub fn character_set(&self) -> &CharacterSet {
        &self.context.characters
    }

    /// What was tolerated in it, sequences not counted.
    pub fn deviations(&self) -> &Deviations {
        &self.deviations
    }

    /// The bytes behind it.
    pub fn bytes(&self) -> &Arc<FileBytes> {
        &self.bytes
    }

    /// The element with this tag.
    pub fn find(&self, tag: Tag) -> Option<&Element> {
        let index = self.elements.binary_search_by_key(&tag, |element| element.tag).ok()?;
        self.elements.get(index)
    }

    /// The bytes of an element's value field, as they are written.
    ///
    /// # Errors
    ///
    /// If they have to be read from a file that is gone or has been changed.
    pub fn value(&self, element: &Element) -> Result<Cow<'_, [u8]>> {
        self.bytes
            .get(element.value_offset, element.value_length)
            .map_err(|error| error.at_tag(element.tag, keyword(element.tag), None))
    }

    /// The first 16-bit number of an element.
    fn unsigned(&self, tag: Tag) -> Option<u16> {
        let value = self.value(self.find(tag)?).ok()?;
        match value::numbers(&value, Vr::US, self.encoding.order).next()? {
            Number::Int(number) => u16::try_from(number).ok(),
            _ => None,
        }
    }

    /// The VR that an element's value is read with.
    ///
    /// Where none is written, or only that it is unknown, the dictionary says it (PS3.5 §6.2.2, §7.1.3), and where it
    /// leaves a choice, the data set decides (PS3.5 §A.1).
    pub fn vr(&self, element: &Element) -> ResolvedVr {
        let tag = element.tag;
        let is_unknown = element.vr == Vr::UN;
        if element.vr != Vr::IMPLICIT && !is_unknown {
            return element.vr.into();
        }
        if element.is_undefined_length && is_unknown {
            return Vr::SQ.into();
        }
        let found = if tag.is_private() {
            return self.private_vr(element).unwrap_or(Vr::UN).into();
        } else if is_unknown && element.value_length >= 0xFFFF {
            // Its writer may have had no other choice than UN for a value that long (PS3.5 §6.2.2 note).
            None
        } else {
            dictionary::vr(tag)
        };
        match found {
            Some(found) => self.decide(element, found),
            None if element.vr == Vr::IMPLICIT && tag.element() == 0 => Vr::UL.into(),
            None if element.is_undefined_length => Vr::SQ.into(),
            None => Vr::UN.into(),
        }
    }

    fn private_vr(&self, element: &Element) -> Option<Vr> {
        let tag = element.tag;
        if tag.is_private_creator() {
            return Some(Vr::LO);
        }
        let found = self.private_creator(tag).and_then(|creator| dictionary::private_entry(&creator, tag));
        match found.and_then(|entry| entry.vr.single()) {
            None if element.is_undefined_length => Some(Vr::SQ),
            found => found,
        }
    }

    /// The owner of the block that a private element lies in (PS3.5 §7.8.1).
    pub fn private_creator(&self, tag: Tag) -> Option<String> {
        if !tag.is_private() || tag.element() < 0x1000 {
            return None;
        }
        let creator = self.find(Tag::new(tag.group(), tag.element() >> 8))?;
        let value = self.value(creator).ok()?;
        value::text(&value, Vr::LO, &self.context.characters).ok().map(Cow::into_owned)
    }

    fn decide(&self, element: &Element, found: DictionaryVr) -> ResolvedVr {
        if let Some(vr) = found.single() {
            return vr.into();
        }
        match found {
            DictionaryVr::UsOrSs => match self.context.pixel_representation {
                Some(1) => Vr::SS.into(),
                _ => Vr::US.into(),
            },
            DictionaryVr::ObOrOw if element.is_undefined_length => Vr::OB.into(),
            DictionaryVr::ObOrOw => Vr::OW.into(),
            DictionaryVr::UsOrOw if self.unsigned(LUT_DESCRIPTOR) == Some(1) => Vr::US.into(),
            DictionaryVr::UsOrOw => Vr::OW.into(),
            other => ResolvedVr { vr: Vr::OW, undecided: Some(other.as_str()) },
        }
    }

    /// The numbers of an element of a binary VR.
    ///
    /// # Errors
    ///
    /// If the value cannot be read, or is no whole number of numbers long.
    pub fn numbers(&self, element: &Element, vr: Vr) -> Result<Vec<Number>> {
        let value = self.value(element)?;
        let size = value::number_size(vr).unwrap_or(1);
        if value.len() % size != 0 {
            let kind = ErrorKind::ValueLength { vr, length: value.len() as u64, size };
            let error = Error::from(kind).at_offset(element.value_offset);
            return Err(error.at_tag(element.tag, keyword(element.tag), None));
        }
        Ok(value::numbers(&value, vr, self.order()).collect())
    }

    /// The byte order of its numbers.
    pub fn order(&self) -> ByteOrder {
        self.encoding.order
    }

    /// The items of a sequence, not parsed yet.
    ///
    /// # Errors
    ///
    /// If the value cannot be read, or does not consist of items.
    pub fn items(&self, element: &Element, limits: &Limits) -> Result<Vec<Item>> {
        let place = |error: Error| error.at_tag(element.tag, keyword(element.tag), None);
        let value = self.bytes.get(element.value_offset, element.value_length).map_err(place)?;
        // Under an element that was read as implicit its items are so too.
        let encoding =
            Encoding { is_implicit: self.encoding.is_implicit || element.vr == Vr::IMPLICIT, ..self.encoding };
        let ranges = parse_items(&value, element.value_offset, encoding, limits).map_err(place)?;
        let bytes = match value {
            Cow::Borrowed(_) => Arc::clone(&self.bytes),
            Cow::Owned(value) => {
                let segment = Segment { offset: element.value_offset, bytes: value.into() };
                Arc::new(FileBytes::new(self.bytes.source.clone(), vec![segment]))
            }
        };
        let item = |range| Item { bytes: Arc::clone(&bytes), range, context: self.context.clone() };
        Ok(ranges.into_iter().map(item).collect())
    }
}

/// The keyword of a tag, empty if it has none.
pub fn keyword(tag: Tag) -> &'static str {
    dictionary::entry(tag).map_or("", |entry| entry.keyword)
}

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
    pub dataset: Dataset,
}

thread_local! {
    /// Read buffer and records of the file at hand, used again for the next.
    static SCRATCH: RefCell<(AlignedBuffer, ParsedFile)> = RefCell::default();
}

impl DicomFile {
    /// Reads the header of the file at `path`; long values stay in the file until they are asked for.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is no DICOM file that is read yet.
    pub fn open(path: &Path, options: &ParseOptions) -> Result<DicomFile> {
        let (file, source) = OpenFile::open(path)?;
        SCRATCH
            .with_borrow_mut(|(buffer, parsed)| {
                let mut segments = Vec::new();
                let mut window = Window::file(&file, buffer, Some(&mut segments), &options.limits)?;
                parse_file(&mut window, options, parsed)?;
                window.keep(parsed.used);
                drop(window);
                Ok(DicomFile::from_parsed(parsed, Source::File(Arc::new(source)), segments))
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
        Ok(DicomFile::from_parsed(&parsed, Source::Memory(bytes), Vec::new()))
    }

    fn from_parsed(parsed: &ParsedFile, source: Source, segments: Vec<Segment>) -> DicomFile {
        let bytes = Arc::new(FileBytes::new(source, segments));
        let context = Context { characters: CharacterSet::Latin1, pixel_representation: None };
        let meta = parsed.meta.clone();
        let meta = Dataset::new(Arc::clone(&bytes), parsed.meta_encoding, meta, Deviations::default(), context.clone());
        let (elements, deviations) = (parsed.elements.clone(), parsed.deviations.clone());
        let dataset = Dataset::new(bytes, parsed.encoding, elements, deviations, context);
        DicomFile { has_preamble: parsed.has_preamble, meta, transfer_syntax: parsed.transfer_syntax, dataset }
    }

    /// The UID of the Transfer Syntax as it is written, empty if there is none.
    pub fn transfer_syntax_uid(&self) -> String {
        let value = self.meta.find(Tag::TRANSFER_SYNTAX_UID).and_then(|element| self.meta.value(element).ok());
        value.map_or_else(String::new, |value| uid::trim(&value).to_owned())
    }

    /// The file as it was when it was read, unless it was in memory.
    pub fn file_source(&self) -> Option<&FileSource> {
        match self.dataset.bytes.source() {
            Source::File(file) => Some(file),
            Source::Memory(_) => None,
        }
    }
}
