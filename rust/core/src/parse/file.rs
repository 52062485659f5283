//! A file from its first byte (PS3.10 §7): preamble, prefix, File Meta Information, data set.

use super::elements::{Rules, Stop, encoding_of_first, keep_what_was_read, parse_elements};
use super::header::{Element, ElementHeader, Encoding};
use super::leniency::{Deviations, Leniency};
use super::window::Window;
use crate::cursor::ByteOrder;
use crate::error::{Error, ErrorKind, LooksLike, Result};
use crate::tag::Tag;
use crate::transfer_syntax::{self, TransferSyntax};
use crate::uid;
use crate::vr::Vr;

/// The length of the preamble; the prefix `DICM` follows it.
pub(crate) const PREAMBLE_LENGTH: usize = 128;
const PREFIX: &[u8; 4] = b"DICM";

/// What is wanted of a file.
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions {
    /// Where to stop.
    pub stop: Stop,
    /// Read on without the prefix.
    pub force: bool,
    /// What it may cost, what is tolerated, what is put off.
    pub rules: Rules,
}

impl Default for ParseOptions {
    fn default() -> Self {
        ParseOptions { stop: Stop::AtEnd, force: false, rules: Rules::default() }
    }
}

/// What was found in a file. Used again for the next one, so that nothing is allocated for it.
#[derive(Debug)]
pub struct ParsedFile {
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
    /// Bytes of the last window that hold what was parsed.
    pub used: usize,
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
            used: 0,
        }
    }
}

/// Parses the file behind `window`, which stands at its start, into `parsed`.
///
/// # Errors
///
/// If it is no DICOM file, is damaged beyond what is tolerated, or is written in a way that is not
/// read yet; or the operating system refuses.
pub fn parse_file(
    window: &mut Window<'_>,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<()> {
    parsed.meta.clear();
    parsed.elements.clear();
    parsed.inflated = None;
    parsed.deviations = Deviations::default();
    let bytes = window.bytes();
    let start = PREAMBLE_LENGTH + PREFIX.len();
    parsed.has_preamble = bytes.get(PREAMBLE_LENGTH..start) == Some(PREFIX);
    if !parsed.has_preamble && !options.force {
        return Err(ErrorKind::NotDicom(looks_like(bytes)).into());
    }
    let start = if parsed.has_preamble { start as u64 } else { 0 };
    let start = parse_meta(window, start, options, parsed)?;
    match parse_dataset(window, start, options, parsed) {
        // The File Meta Information is better than nothing.
        Err(error) if !parsed.meta.is_empty() => {
            parsed.elements.clear();
            keep_what_was_read(error, start, &options.rules, &mut parsed.deviations).map(drop)
        }
        done => done,
    }
}

/// Parses the data set behind the File Meta Information, which starts at `start`.
fn parse_dataset(
    window: &mut Window<'_>,
    start: u64,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<()> {
    parsed.used = usize::try_from(start.saturating_sub(window.base())).unwrap_or(usize::MAX);
    let start = parse_command(window, start, options, parsed)?;
    let expected = named_encoding(window, parsed);
    if parsed.transfer_syntax.is_some_and(|syntax| syntax.is_deflated) {
        if !is_not_deflated(window, start) {
            return parse_deflated(window, start, options, parsed);
        }
        if !options.rules.leniencies.allow(Leniency::NotDeflated) {
            return Err(Error::from(ErrorKind::NotDeflated).at_offset(start));
        }
        parsed.deviations.add(Leniency::NotDeflated, start);
    }
    parsed.encoding = find_encoding(window, start, expected, options, &mut parsed.deviations)?;
    let ParsedFile { elements, deviations, encoding, .. } = parsed;
    let end = parse_elements(
        window,
        start,
        *encoding,
        options.stop,
        &options.rules,
        elements,
        deviations,
    )?;
    // The last window may have been left behind by a jump to the end of the data.
    let last = elements
        .iter()
        .filter(|element| window.reaches(element.value_end()))
        .map(Element::value_end)
        .max();
    let used = last.unwrap_or(end).max(start).saturating_sub(window.base());
    parsed.used = usize::try_from(used).unwrap_or(usize::MAX);
    Ok(())
}

/// Parses group 0002; returns the offset of the first element that does not belong to it. The
/// group's length is often wrong and is not used.
fn parse_meta(
    window: &mut Window<'_>,
    start: u64,
    options: &ParseOptions,
    parsed: &mut ParsedFile,
) -> Result<u64> {
    let position = usize::try_from(start).unwrap_or(usize::MAX);
    let explicit = Encoding::EXPLICIT_LITTLE;
    let first = ElementHeader::read(window.bytes(), position, explicit);
    parsed.meta_encoding = match first {
        Some(header) if header.tag.group() == 2 && header.vr == Vr::IMPLICIT => {
            Encoding::IMPLICIT_LITTLE
        }
        _ => explicit,
    };
    let ParsedFile { meta, deviations, meta_encoding, .. } = parsed;
    let stop = Stop::AfterGroup(2);
    parse_elements(window, start, *meta_encoding, stop, &options.rules, meta, deviations)
}

/// Parses group 0000, which is implicit little endian whatever follows (PS3.7 §6.3.1) and belongs
/// into no file; returns the offset of the first element behind it.
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
        parsed.encoding = find_encoding(inflated, 0, expected, options, &mut parsed.deviations)?;
        let ParsedFile { elements, deviations, encoding, .. } = parsed;
        parse_elements(inflated, 0, *encoding, options.stop, &options.rules, elements, deviations)
    };
    parse(&mut inflated, parsed).map_err(Error::in_inflated)?;
    if inflated.is_deflated_cut_short() {
        let end = inflated.end();
        if !options.rules.leniencies.allow(Leniency::DeflatedCutShort) {
            return Err(Error::from(ErrorKind::DeflatedCutShort).at_offset(end).in_inflated());
        }
        parsed.deviations.add(Leniency::DeflatedCutShort, end);
    }
    parsed.inflated = inflated.into_inflated();
    Ok(())
}

/// Whether the data set at `start` is not deflated though its Transfer Syntax says so: somebody has
/// inflated it and left the File Meta Information alone. What starts like an element is nothing
/// that deflating gives: a stored block, as which an even low byte of a group number would pass,
/// has its length twice, once with all bits turned (RFC 1951 §3.2.4).
fn is_not_deflated(window: &Window<'_>, start: u64) -> bool {
    let position = usize::try_from(start.saturating_sub(window.base())).unwrap_or(usize::MAX);
    let header = ElementHeader::read(window.bytes(), position, Encoding::EXPLICIT_LITTLE);
    header.is_some_and(|header| header.tag.group() == 8 && header.vr.is_known())
}

/// Looks up the Transfer Syntax that the File Meta Information names, and how it says that the data
/// set is written; `None` if it names none.
fn named_encoding(window: &Window<'_>, parsed: &mut ParsedFile) -> Option<Encoding> {
    let named = parsed.meta.iter().find(|element| element.tag == Tag::TRANSFER_SYNTAX_UID);
    let text = named.and_then(|element| {
        let from = usize::try_from(element.value_offset.checked_sub(window.base())?).ok()?;
        let to = from.checked_add(usize::try_from(element.value_length).ok()?)?;
        Some(uid::trim(window.bytes().get(from..to)?))
    });
    parsed.transfer_syntax = text.and_then(transfer_syntax::find);
    match parsed.transfer_syntax {
        Some(syntax) => Some(Encoding { order: syntax.order, is_implicit: syntax.is_implicit }),
        // A private or unregistered one: every Transfer Syntax but the first two registered is
        // explicit and little endian (PS3.5 §A.4).
        None => text.filter(|text| !text.is_empty()).map(|_| Encoding::EXPLICIT_LITTLE),
    }
}

/// The encoding of the data set that starts at `start`: the expected one (PS3.5 §10), unless the
/// first element shows another.
fn find_encoding(
    window: &mut Window<'_>,
    start: u64,
    expected: Option<Encoding>,
    options: &ParseOptions,
    deviations: &mut Deviations,
) -> Result<Encoding> {
    let Some(expected) = expected else {
        deviations.add(Leniency::MissingTransferSyntax, start);
        return guess_encoding(window, start);
    };
    let found = encoding_of_first(window, start, expected)?;
    if found != expected {
        if !options.rules.leniencies.allow(Leniency::OtherVrEncoding) {
            let what = "the VR of the first element";
            return Err(Error::from(ErrorKind::BadValue {
                what,
                found: 0,
                expected: "as in the Transfer Syntax",
            })
            .at_offset(start));
        }
        deviations.add(Leniency::OtherVrEncoding, start);
    }
    Ok(found)
}

/// The encoding of a data set that nothing is known of. Groups are small numbers, so that a first
/// group that reads as 0x0100 or more is one of the other byte order.
fn guess_encoding(window: &mut Window<'_>, start: u64) -> Result<Encoding> {
    window.extend_to(start.saturating_add(8))?;
    let position = usize::try_from(start.saturating_sub(window.base())).unwrap_or(usize::MAX);
    let header = ElementHeader::read(window.bytes(), position, Encoding::EXPLICIT_LITTLE);
    Ok(match header {
        Some(header) if header.vr.is_known() => {
            let order =
                if header.tag.group() >= 0x0100 { ByteOrder::Big } else { ByteOrder::Little };
            Encoding { order, is_implicit: false }
        }
        _ => Encoding::IMPLICIT_LITTLE,
    })
}

/// What a file without the prefix is, for the message.
fn looks_like(bytes: &[u8]) -> LooksLike {
    const KNOWN: [(&[u8], LooksLike); 8] = [
        (b"PK\x03\x04", LooksLike::Zip),
        (b"\x1F\x8B", LooksLike::Gzip),
        (b"\x89PNG", LooksLike::Known("PNG")),
        (b"\xFF\xD8\xFF", LooksLike::Known("JPEG")),
        (b"%PDF", LooksLike::Known("PDF")),
        (b"\x5C\x01\x00\x00", LooksLike::Known("NIfTI")),
        (b"BZh", LooksLike::Known("bzip2")),
        (b"\x7FELF", LooksLike::Known("program")),
    ];
    if bytes.is_empty() {
        return LooksLike::Empty;
    }
    if let Some((_, found)) = KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return *found;
    }
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7E | 0x80..=0xFF);
    if bytes.iter().take(512).all(is_text) {
        return LooksLike::Text;
    }
    // ACR-NEMA and bare data sets start with group 0002 or 0008, low byte first, and a low element
    // number.
    match ElementHeader::read(bytes, 0, Encoding::EXPLICIT_LITTLE) {
        Some(header)
            if matches!(header.tag.group(), 0x0002 | 0x0008) && header.tag.element() < 0x2000 =>
        {
            LooksLike::BareDataset
        }
        _ => LooksLike::Unknown,
    }
}
