//! VRs of no two capital letters in explicit data sets: misspelt, or none at all
//! ([`Leniency::MisspeltVr`](super::Leniency::MisspeltVr)).

use super::header::{ElementHeader, Encoding};
use crate::error::Result;
use crate::tag::Tag;
use crate::vr::Vr;

/// What follows a value that an element may have.
#[derive(Clone, Copy)]
pub(super) enum Next {
    /// The data end exactly there.
    End,
    /// They end before that, or inside the next header.
    Beyond,
    /// The next header.
    Header([u8; 8]),
}

/// Decides whether the two bytes in place of a VR are a misspelt one or the half of a length: what
/// follows the value that each would give tells. Returns the header of the misspelt element, or
/// `None` if it is implicit after all, as `implicit` is.
///
/// `header` starts with the tag; bytes past the end of the data are zero. `next` looks so many
/// bytes after the start of the header.
///
/// # Errors
///
/// Those of `next`.
pub(super) fn spell_vr(
    implicit: &ElementHeader,
    header: [u8; 12],
    encoding: Encoding,
    mut next: impl FnMut(u64) -> Result<Next>,
) -> Result<Option<ElementHeader>> {
    let spelt = spell(header, encoding);
    let mut leads_on = |header: &ElementHeader| -> Result<bool> {
        match header.value_length {
            Some(length) => {
                let next = next(header.header_length as u64 + u64::from(length))?;
                Ok(is_likely_after(header, next, encoding))
            }
            None => Ok(header.vr == Vr::SQ),
        }
    };
    Ok((!leads_on(implicit)? && leads_on(&spelt)?).then_some(spelt))
}

/// The header if its VR is a misspelt one: in capitals it is that VR, else it is unknown and its
/// length has 2 bytes, as that of two letters that are no VR.
fn spell([a, b, c, d, v, r, rest @ ..]: [u8; 12], encoding: Encoding) -> ElementHeader {
    let capitals = Vr([v.to_ascii_uppercase(), r.to_ascii_uppercase()]);
    let is_known = capitals.is_known();
    let Vr([v, r]) = if is_known { capitals } else { Vr(*b"ZZ") };
    let [e, f, g, h, i, j] = rest;
    let spelt = ElementHeader::decode(&[a, b, c, d, v, r, e, f, g, h, i, j], encoding);
    ElementHeader { vr: if is_known { capitals } else { Vr::UN }, ..spelt }
}

/// Whether `next` can follow the value of the element with this header: the end, a delimiter, or an
/// element with a greater tag and a VR.
fn is_likely_after(header: &ElementHeader, next: Next, encoding: Encoding) -> bool {
    let [a, b, c, d, v, r, e, f] = match next {
        Next::End => return true,
        Next::Beyond => return false,
        Next::Header(bytes) => bytes,
    };
    let next = ElementHeader::decode(&[a, b, c, d, v, r, e, f, 0, 0, 0, 0], encoding);
    let delimiters = [Tag::ITEM, Tag::ITEM_DELIMITATION, Tag::SEQUENCE_DELIMITATION];
    // Where one VR is misspelt, others are.
    let has_vr = next.vr.is_known() || Vr([v, r]).is_written() || [v, r] == *b"  ";
    delimiters.contains(&next.tag) || (next.tag > header.tag && has_vr)
}
