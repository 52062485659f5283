//! One step of every walk over elements, whether it records them or skips them.
//!
//! [`elements`](super::elements) takes steps through a data set and keeps a record of each element;
//! [`skip`](super::skip) takes them through the items of a value whose end it looks for.

use super::header::{ElementHeader, Encoding, ItemHeader};
use super::leniency::{Deviation, Deviations, Leniency};
use super::rules::Rules;
use super::spelling::{Next, spell_vr};
use super::window::Window;
use crate::cursor::{ByteOrder, copy_into};
use crate::error::{ErrorKind, Result};
use crate::vr::Vr;

/// What a walk sees, by which rules, and where it notes what it tolerates.
pub(super) struct Walk<'p, 'w> {
    pub window: &'p mut Window<'w>,
    pub rules: &'p Rules,
    pub deviations: &'p mut Deviations,
    /// Whether plain elements take the shorter way, which finds the same.
    pub is_fast: bool,
}

impl<'p, 'w> Walk<'p, 'w> {
    pub fn new(
        window: &'p mut Window<'w>,
        rules: &'p Rules,
        deviations: &'p mut Deviations,
    ) -> Walk<'p, 'w> {
        Walk { window, rules, deviations, is_fast: true }
    }

    /// Grants a leniency and notes it.
    ///
    /// # Errors
    ///
    /// `error` at `offset`, if it is not granted.
    pub fn tolerate(&mut self, leniency: Leniency, offset: u64, error: ErrorKind) -> Result<()> {
        self.deviations.add(self.rules.leniencies.tolerate(leniency, offset, error)?);
        Ok(())
    }

    /// The header at `offset`, as it is written; `None` if the data end before it or inside.
    ///
    /// # Errors
    ///
    /// Those of the window.
    pub fn header(&mut self, offset: u64, encoding: Encoding) -> Result<Option<ElementHeader>> {
        self.window.extend_to(offset.saturating_add(12))?;
        let run = self.window.run();
        let position = run.position(offset);
        Ok(position.and_then(|at| ElementHeader::read(self.window.bytes(), at, encoding)))
    }

    /// The header of the item, or the delimiter, at `offset`; `None` if the data end before it or
    /// inside.
    ///
    /// # Errors
    ///
    /// Those of the window.
    pub fn item_header(&mut self, offset: u64, order: ByteOrder) -> Result<Option<ItemHeader>> {
        self.window.extend_to(offset.saturating_add(ItemHeader::LENGTH))?;
        let bytes = self.window.run().chunk(offset);
        Ok(bytes.map(|bytes| ItemHeader::decode(bytes, order)))
    }

    /// What the header of the element at `offset` means: with its VR spelt right if it is
    /// misspelt, and allowed to have an undefined length.
    ///
    /// # Errors
    ///
    /// If the length is undefined where it must not be, and those of the window.
    pub fn settle(
        &mut self,
        header: ElementHeader,
        offset: u64,
        encoding: Encoding,
    ) -> Result<ElementHeader> {
        let mut header = header;
        if header.lacks_vr(encoding)
            && let Some(spelt) = self.spell(&header, offset, encoding)?
        {
            self.deviations.add(Deviation { leniency: Leniency::MisspeltVr, offset });
            header = spelt;
        }
        if header.value_length.is_none() && !can_be_undefined(header.vr) {
            let error = ErrorKind::UndefinedLength { vr: header.vr };
            self.tolerate(Leniency::UndefinedLengthVr, offset, error)?;
        }
        Ok(header)
    }

    /// See [`spell_vr`]; `None` also if [`Leniency::MisspeltVr`] is not granted.
    #[cold]
    fn spell(
        &mut self,
        header: &ElementHeader,
        offset: u64,
        encoding: Encoding,
    ) -> Result<Option<ElementHeader>> {
        if !self.rules.leniencies.allow(Leniency::MisspeltVr) {
            return Ok(None);
        }
        let mut bytes = [0; 12];
        copy_into(&mut bytes, self.window.run().from(offset).unwrap_or_default());
        spell_vr(header, bytes, encoding, |distance| {
            let at = offset.saturating_add(distance);
            Ok(match self.window.peek(at)? {
                Some(header) => Next::Header(header),
                None if at == self.window.end() => Next::End,
                None => Next::Beyond,
            })
        })
    }
}

/// Whether a value of this VR may have an undefined length: sequences, and what can be encapsulated
/// or unknown (PS3.5 §7.1.1).
fn can_be_undefined(vr: Vr) -> bool {
    matches!(vr, Vr::SQ | Vr::UN | Vr::OB | Vr::OW | Vr::IMPLICIT)
}
