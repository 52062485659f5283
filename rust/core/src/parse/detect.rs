//! How a data set is written: as the Transfer Syntax says, unless its first element shows another
//! encoding.

use super::header::{ElementHeader, Encoding};
use super::leniency::{Deviation, Deviations, Leniency};
use super::rules::Rules;
use super::window::Window;
use crate::cursor::{ByteOrder, Cursor};
use crate::error::{ErrorKind, Result};
use crate::vr::Vr;

/// The encoding of the data set that starts at `start`: the expected one (PS3.5 §10), unless the
/// first element shows another.
pub(super) fn find_encoding(
    window: &mut Window<'_>,
    start: u64,
    expected: Option<Encoding>,
    rules: &Rules,
    deviations: &mut Deviations,
) -> Result<Encoding> {
    let Some(expected) = expected else {
        let leniency = Leniency::MissingTransferSyntax;
        deviations.add(Deviation { leniency, offset: start });
        return guess_encoding(window, start);
    };
    let found = encoding_of_first(window, start, expected)?;
    if found != expected {
        let (what, expected) = ("the VR of the first element", "as in the Transfer Syntax");
        let error = ErrorKind::BadValue { what, found: 0, expected };
        deviations.add(rules.leniencies.tolerate(Leniency::OtherVrEncoding, start, error)?);
    }
    Ok(found)
}

/// The encoding that the first element at `start` shows; `expected` where it shows none.
fn encoding_of_first(window: &mut Window<'_>, start: u64, expected: Encoding) -> Result<Encoding> {
    window.extend_to(start.saturating_add(8))?;
    if expected.is_implicit {
        let explicit = Encoding::EXPLICIT_LITTLE;
        let found = first_header(window, start, explicit);
        let is_explicit = found.is_some_and(|header| header.vr != Vr::IMPLICIT);
        return Ok(if is_explicit { explicit } else { expected });
    }
    Ok(item_encoding(window.run().from(start), expected))
}

/// The encoding of a data set of which nothing is known. Groups are small numbers: a first group
/// that reads as 0x0100 or more has the other byte order.
fn guess_encoding(window: &mut Window<'_>, start: u64) -> Result<Encoding> {
    window.extend_to(start.saturating_add(8))?;
    Ok(match first_header(window, start, Encoding::EXPLICIT_LITTLE) {
        Some(header) if header.vr.is_known() => {
            let is_big = header.tag.group() >= 0x0100;
            if is_big { Encoding::EXPLICIT_BIG } else { Encoding::EXPLICIT_LITTLE }
        }
        _ => Encoding::IMPLICIT_LITTLE,
    })
}

/// The encoding of an item's elements; `first` starts with the first of them.
///
/// An item of an explicit data set can be implicit: inside UN it has to be (PS3.5 §6.2.2 note 2),
/// and some writers copy private sequences as they are. The reverse does not occur.
pub(super) fn item_encoding(first: Option<&[u8]>, parent: Encoding) -> Encoding {
    if parent.is_implicit || parent.order == ByteOrder::Big {
        return parent;
    }
    let mut cursor = Cursor::new(first.unwrap_or_default(), 0, parent.order);
    match (cursor.tag(), cursor.pair()) {
        (Some(tag), Some(vr)) if tag.group() != 0xFFFE => {
            Encoding { is_implicit: !Vr(vr).is_written(), ..parent }
        }
        _ => parent,
    }
}

/// The encoding of the File Meta Information that starts at `start`: explicit (PS3.10 §7.1), but
/// for files that break the rule.
pub(super) fn meta_encoding(window: &Window<'_>, start: u64) -> Encoding {
    match first_header(window, start, Encoding::EXPLICIT_LITTLE) {
        Some(header) if header.tag.group() == 2 && header.vr == Vr::IMPLICIT => {
            Encoding::IMPLICIT_LITTLE
        }
        _ => Encoding::EXPLICIT_LITTLE,
    }
}

/// Whether the data set at `start` is not deflated though its Transfer Syntax says so: somebody has
/// inflated it and left the File Meta Information alone. What starts like an element is nothing
/// that deflating gives: a stored block, as which an even low byte of a group number would pass,
/// has its length twice, once with all bits turned (RFC 1951 §3.2.4).
pub(super) fn is_not_deflated(window: &Window<'_>, start: u64) -> bool {
    let header = first_header(window, start, Encoding::EXPLICIT_LITTLE);
    header.is_some_and(|header| header.tag.group() == 8 && header.vr.is_known())
}

/// The header at `start`, as far as it was read.
fn first_header(window: &Window<'_>, start: u64, encoding: Encoding) -> Option<ElementHeader> {
    ElementHeader::read(window.bytes(), window.run().position(start)?, encoding)
}
