//! Files without the preamble and the prefix `DICM` (PS3.10 §7.1): data sets alone, with group 0002
//! or without, and files that lost only the prefix.

use super::file::PREAMBLE_LENGTH;
use super::header::{ElementHeader, Encoding};
use crate::dictionary::{self, DictionaryVr};
use crate::tag::Tag;
use crate::vr::Vr;

/// What a file without the prefix `DICM` is taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefix {
    /// No DICOM file.
    #[default]
    Needed,
    /// A DICOM file if its bytes start with data elements: among the files of a folder, other files
    /// stay out.
    OrElements,
    /// A DICOM file, whatever its bytes are.
    Ignored,
}

/// Where data sets start that have no prefix: at once, after a preamble, or after a preamble and
/// four bytes that are another prefix.
const STARTS: [usize; 3] = [0, PREAMBLE_LENGTH, PREAMBLE_LENGTH + 4];

/// Groups with which data sets begin, commands apart: File Meta Information, directories, and what
/// images, reports and their fragments have first.
const FIRST_GROUPS: [u16; 8] = [2, 4, 8, 0x0010, 0x0018, 0x0020, 0x0028, 0x0040];

/// Values with which a data set begins are short; longer ones are other bytes that are read as a
/// length.
const LONGEST_FIRST: u32 = 0xFFFF;

/// The offset at which `bytes`, the start of a file without the prefix, show data elements.
pub(super) fn bare_start(bytes: &[u8]) -> Option<usize> {
    STARTS.into_iter().find(|start| starts_with_elements(bytes, *start))
}

/// Whether the first two elements at `start` are such as data sets begin with, in any encoding.
fn starts_with_elements(bytes: &[u8], start: usize) -> bool {
    [Encoding::EXPLICIT_LITTLE, Encoding::EXPLICIT_BIG, Encoding::IMPLICIT_LITTLE].into_iter().any(
        |encoding| {
            let Some(first) = ElementHeader::read(bytes, start, encoding) else { return false };
            let is_first = match first.tag.group() {
                // A command begins with its length (PS3.7 §9.3).
                0 => first.tag == Tag::ZERO,
                group => FIRST_GROUPS.contains(&group),
            };
            if !is_first || !is_element(&first, encoding) {
                return false;
            }
            let Some(length) = first.value_length else {
                return first.vr == Vr::SQ || is_sequence(first.tag);
            };
            if length > LONGEST_FIRST || (first.tag.element() == 0 && length != 4) {
                return false;
            }
            let next = start.saturating_add(first.header_length).saturating_add(length as usize);
            match ElementHeader::read(bytes, next, encoding) {
                // What follows group 0000 or 0002 may be written in another way.
                Some(second) => {
                    second.tag.group() != first.tag.group() || is_element(&second, encoding)
                }
                None => true,
            }
        },
    )
}

/// Whether a header is one of a data element: it has a VR of the standard, or needs none, and is
/// not zeros.
fn is_element(header: &ElementHeader, encoding: Encoding) -> bool {
    if header.tag == Tag::ZERO && header.value_length != Some(4) {
        return false;
    }
    match encoding.is_implicit {
        true => {
            let tag = header.tag;
            let is_group_length = tag.element() == 0;
            is_group_length || tag.group() % 2 == 1 || dictionary::vr(tag).is_some()
        }
        false => header.vr.is_known(),
    }
}

fn is_sequence(tag: Tag) -> bool {
    dictionary::vr(tag) == Some(DictionaryVr::SQ)
}
