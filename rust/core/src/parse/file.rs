//! A file from its first byte (PS3.10 §7): preamble, prefix, File Meta Information, data set.

use super::detect::{find_encoding, guess_encoding, is_not_deflated, meta_encoding};
use super::elements::{FILE_META_GROUP, keep_what_was_read, parse_elements, parse_outermost};
use super::header::{Element, Encoding};
use super::leniency::{Deviation, Deviations, Leniency};
use super::looks_like::looks_like;
use super::overwritten::check_end;
use super::prefix::{Prefix, bare_start};
use super::rules::Rules;
use super::stop::Stop;
use super::walk::Walk;
use super::window::Window;
use crate::error::{Error, ErrorKind, LooksLike, Result};
use crate::memory::check_memory;
use crate::tag::Tag;
use crate::transfer_syntax::{self, TransferSyntax};
use crate::uid;

/// The length of the preamble; the prefix `DICM` follows it.
pub(crate) const PREAMBLE_LENGTH: usize = 128;
const PREFIX: &[u8; 4] = b"DICM";

/// What is wanted of a file.
///
/// ```
/// use std::sync::Arc;
///
/// use rapidicom_core::{DicomFile, ErrorKind, Leniencies, ParseOptions, Rules, Stop};
///
/// let mut bytes = vec![0; 128];                 // the preamble
/// bytes.extend(b"DICM");                        // the prefix
/// bytes.extend(b"\x02\x00\x10\x00UI\x14\x00");  // (0002,0010), UI, 20 bytes
/// bytes.extend(b"1.2.840.10008.1.2.1\0");       // Explicit VR Little Endian
/// bytes.extend(b"\x28\x00\x10\x00US\x02\x00");  // (0028,0010), US, 2 bytes
/// bytes.extend(b"\x00\x02");                    // 512 rows
/// bytes.push(0);                                // a byte too many
///
/// let header = ParseOptions { stop: Stop::BeforePixels, ..ParseOptions::default() };
/// let file = DicomFile::from_memory(Arc::new(bytes.clone()), &header)?;
/// assert_eq!(file.dataset.deviations().as_slice()[0].leniency.name(), "trailing_bytes");
///
/// let rules = Rules { leniencies: Leniencies::NONE, ..Rules::default() };
/// let strict = ParseOptions { rules, ..header };
/// let error = DicomFile::from_memory(Arc::new(bytes), &strict).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::HeaderCutShort { available: 1, .. }));
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions {
    /// Where to stop.
    pub stop: Stop,
    /// What a file without the prefix is.
    pub prefix: Prefix,
    /// What it may cost, what is tolerated, and which values stay in the file.
    pub rules: Rules,
}

impl Default for ParseOptions {
    fn default() -> Self {
        ParseOptions { stop: Stop::AtEnd, prefix: Prefix::Needed, rules: Rules::default() }
    }
}

/// What was found in a file. Used again for the next one, so that nothing is allocated for it.
#[derive(Debug)]
pub(crate) struct ParsedFile {
    /// The file starts with a preamble and the prefix.
    pub has_preamble: bool,
    /// The elements of the File Meta Information.
    pub meta: Vec<Element>,
    /// How they are written: explicit, but for files that break the rule.
    pub meta_encoding: Encoding,
    /// The Transfer Syntax, if the file names one that is registered.
    pub transfer_syntax: Option<&'static TransferSyntax>,
    /// How the data set is written.
    pub encoding: Encoding,
    /// The elements of the data set.
    pub elements: Vec<Element>,
    /// The data set's bytes as far as they were inflated, if it is deflated (PS3.5 §A.5): the
    /// offsets of its elements and deviations are counted from their start.
    pub inflated: Option<Vec<u8>>,
    /// What was tolerated.
    pub deviations: Deviations,
    /// Where the data set starts, and where the parser stopped.
    range: (u64, u64),
}

impl Default for ParsedFile {
    fn default() -> Self {
        ParsedFile {
            has_preamble: false,
            meta: Vec::new(),
            meta_encoding: Encoding::EXPLICIT_LITTLE,
            transfer_syntax: None,
            encoding: Encoding::IMPLICIT_LITTLE,
            elements: Vec::new(),
            inflated: None,
            deviations: Deviations::default(),
            range: (0, 0),
        }
    }
}

impl ParsedFile {
    /// How many bytes of `window` hold what was parsed; what was deflated is not of them.
    pub(crate) fn used(&self, window: &Window<'_>) -> usize {
        let (start, end) = self.range;
        let elements = if self.inflated.is_some() { &[][..] } else { &self.elements };
        // The window may have been left behind by a jump to the end of the data.
        let ends = elements.iter().rev().map(Element::value_end);
        let mut reached = ends.filter(|value_end| window.reaches(*value_end));
        // Nearly all files have their elements in order.
        let last = match self.deviations.as_slice() {
            [] => reached.next(),
            _ => reached.max(),
        };
        let used = last.unwrap_or(end).max(start).saturating_sub(window.base());
        usize::try_from(used).unwrap_or(usize::MAX)
    }
}

/// Parses the file that `window` sees, from its start, into `parsed`.
///
/// # Errors
///
/// If it is no DICOM file, is damaged beyond what is tolerated, or is written in a way that is not
/// read yet; or the operating system refuses.
pub(crate) fn parse_file(
    window: &mut Window<'_>,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<()> {
    check_memory()?;
    parsed.meta.clear();
    parsed.elements.clear();
    parsed.inflated = None;
    parsed.deviations = Deviations::default();
    let bytes = window.bytes();
    let start = PREAMBLE_LENGTH + PREFIX.len();
    parsed.has_preamble = bytes.get(PREAMBLE_LENGTH..start) == Some(PREFIX);
    let start =
        if parsed.has_preamble { Some(start) } else { start_without(options.prefix, bytes) };
    let Some(start) = start else { return Err(ErrorKind::NotDicom(looks_like(bytes)).into()) };
    let start = start as u64;
    let start = parse_meta(window, start, options, parsed)?;
    match parse_dataset(window, start, options, parsed) {
        // The File Meta Information is better than nothing.
        Err(error) if !parsed.meta.is_empty() => {
            parsed.elements.clear();
            parsed.deviations.add(keep_what_was_read(error, start, &options.rules)?);
            Ok(())
        }
        done => done,
    }
}

/// Where to start in a file that has no prefix; `None` if it is not read.
fn start_without(prefix: Prefix, bytes: &[u8]) -> Option<usize> {
    match prefix {
        Prefix::Needed => None,
        Prefix::OrElements => match looks_like(bytes) {
            LooksLike::BareDataset => bare_start(bytes),
            _ => None,
        },
        Prefix::Ignored => Some(bare_start(bytes).unwrap_or(0)),
    }
}

/// Parses the data set after the File Meta Information, which starts at `start`.
fn parse_dataset(
    window: &mut Window<'_>,
    start: u64,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<()> {
    parsed.range = (start, start);
    let named = named_encoding(window, parsed)?;
    let is_deflated = parsed.transfer_syntax.is_some_and(|syntax| syntax.is_deflated);
    // Before a group 0000 is looked for: what looks like one here is no deflated data.
    if is_deflated && !is_not_deflated(window, start) {
        return parse_deflated(window, start, options, parsed);
    }
    let start = parse_command(window, start, options, parsed)?;
    if is_deflated {
        let (granted, error) = (options.rules.leniencies, ErrorKind::NotDeflated);
        parsed.deviations.add(granted.tolerate(Leniency::NotDeflated, start, error)?);
    }
    let expected = match named {
        Named::Known(encoding) => Some(encoding),
        Named::Nothing => None,
        Named::Unknown(deviation) => {
            let granted = options.rules.leniencies;
            let error = ErrorKind::unsupported("a data set of an unknown Transfer Syntax", "");
            parsed.deviations.add(granted.tolerate(deviation.leniency, deviation.offset, error)?);
            Some(guess_encoding(window, start)?)
        }
    };
    parsed.encoding =
        find_encoding(window, start, expected, &options.rules, &mut parsed.deviations)?;
    parsed.range.1 = parse_rest(window, start, options, parsed)?;
    Ok(())
}

/// Parses the elements from `start` on, whose encoding is known; returns the offset at which the
/// parser stopped.
fn parse_rest(
    window: &mut Window<'_>,
    start: u64,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<u64> {
    let ParsedFile { elements, deviations, encoding, .. } = parsed;
    let rules = &options.rules;
    let walk = Walk { window: &mut *window, rules, deviations: &mut *deviations };
    let end = parse_outermost(walk, *encoding, start, options.stop, elements)?;
    if !rules.leniencies.allow(Leniency::Damaged) {
        check_end(window, elements, deviations)?;
    }
    Ok(end)
}

/// Parses group 0002; returns the offset of the first element that does not belong to it. The
/// group's length is often wrong and is not used.
fn parse_meta(
    window: &mut Window<'_>,
    start: u64,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<u64> {
    parsed.meta_encoding = meta_encoding(window, start);
    let ParsedFile { meta, deviations, meta_encoding, .. } = parsed;
    if meta_encoding.is_implicit {
        deviations.add(Deviation { leniency: Leniency::OtherVrEncoding, offset: start });
    }
    let stop = Stop::AfterGroup(FILE_META_GROUP);
    parse_elements(window, start, *meta_encoding, stop, &options.rules, meta, deviations)
}

/// Parses group 0000, which is implicit little endian whatever follows (PS3.7 §6.3.1) and belongs
/// into no file; returns the offset of the first element after it.
fn parse_command(
    window: &mut Window<'_>,
    start: u64,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<u64> {
    // Its first elements have a length of 4 (group length), or one that no VR would be read from.
    match window.peek(start)? {
        Some([0, 0, _, 0, _, length, 0, 0]) if !length.is_ascii_uppercase() => {}
        _ => return Ok(start),
    }
    let ParsedFile { elements, deviations, .. } = parsed;
    let stop = Stop::AfterGroup(0);
    parse_elements(
        window,
        start,
        Encoding::IMPLICIT_LITTLE,
        stop,
        &options.rules,
        elements,
        deviations,
    )
}

/// Inflates and parses the data set whose deflated bytes start at `start`.
fn parse_deflated(
    window: &Window<'_>,
    start: u64,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<()> {
    let mut inflated = Window::inflated(window, start, &options.rules.limits);
    let parse = |inflated: &mut Window<'_>, parsed: &mut ParsedFile| {
        let expected = Some(Encoding::EXPLICIT_LITTLE);
        parsed.encoding =
            find_encoding(inflated, 0, expected, &options.rules, &mut parsed.deviations)?;
        parse_rest(inflated, 0, options, parsed)
    };
    parse(&mut inflated, parsed).map_err(Error::in_inflated)?;
    if inflated.is_deflated_cut_short() {
        let has_pixels = parsed.elements.iter().any(|element| element.tag.is_pixel_data());
        let after_pixels = options.rules.after_pixels.filter(|_| has_pixels);
        let granted = after_pixels.unwrap_or(options.rules.leniencies);
        let error = ErrorKind::DeflatedCutShort;
        let found = granted.tolerate(Leniency::DeflatedCutShort, inflated.end(), error);
        parsed.deviations.add(found.map_err(Error::in_inflated)?);
    }
    parsed.inflated = inflated.into_inflated();
    Ok(())
}

/// What File Meta Information tells of how the data set is written.
enum Named {
    Known(Encoding),
    /// The Transfer Syntax is private or newer than this code.
    Unknown(Deviation),
    /// No Transfer Syntax UID, or an empty one.
    Nothing,
}

/// Looks up the Transfer Syntax that the File Meta Information names, and how it says that the data
/// set is written.
///
/// # Errors
///
/// If the operating system refuses.
fn named_encoding(window: &Window<'_>, parsed: &mut ParsedFile) -> Result<Named> {
    let named = parsed.meta.iter().find(|element| element.tag == Tag::TRANSFER_SYNTAX_UID);
    let text = named.map(|element| window.uid(element)).transpose()?;
    let text = text.as_deref().map(uid::lossy);
    parsed.transfer_syntax = text.as_deref().and_then(transfer_syntax::find);
    Ok(match parsed.transfer_syntax {
        Some(syntax) => {
            Named::Known(Encoding { order: syntax.order, is_implicit: syntax.is_implicit })
        }
        None => match named {
            Some(element) if text.is_some_and(|text| !text.is_empty()) => {
                let leniency = Leniency::UnknownTransferSyntax;
                Named::Unknown(Deviation { leniency, offset: element.value_offset })
            }
            _ => Named::Nothing,
        },
    })
}

#[cfg(test)]
mod tests;
