//! The items of the functional groups, one after the other, none of them kept.

use super::attributes::{Field, FrameAttributes, LAST_WANTED, is_wanted_sequence};
use crate::dataset::Dataset;
use crate::dictionary::keyword;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::parse::{
    Deviations, Element, Encoding, ItemRange, ItemRanges, Rules, Stop, Window, parse_elements, parse_items,
};
use crate::tag::Tag;
use crate::vr::Vr;

const SHARED: Tag = Tag::new(0x5200, 0x9229);
const PER_FRAME: Tag = Tag::new(0x5200, 0x9230);

/// Sequences in sequences of a frame's item that are looked into: Diffusion Gradient Direction lies deepest.
const DEPTH: usize = 3;

/// Reads what a volume depends on of the Shared and the Per-Frame Functional Groups: one entry a frame, in their order.
/// `None` if the data set has neither.
///
/// # Errors
///
/// If the sequences do not consist of items, the elements of an item cannot be parsed, a limit is exceeded, or the file
/// is gone or has been changed.
pub fn read_functional_groups(dataset: &Dataset, frame_count: usize) -> Result<Option<Vec<FrameAttributes>>> {
    let limits = Limits::DEFAULT;
    let rules = Rules { limits, leniencies: dataset.leniencies(), ..Rules::default() };
    let mut walk = Walk { rules: &rules, elements: Default::default(), deviations: Deviations::default() };
    let (shared, per_frame) = (dataset.find(SHARED), dataset.find(PER_FRAME));
    if shared.is_none() && per_frame.is_none() {
        return Ok(None);
    }
    if frame_count > limits.element_count {
        return Err(ErrorKind::TooMany { limit: limits.element_count }.into());
    }
    let mut common = FrameAttributes::default();
    if let Some(element) = shared {
        walk.sequence(dataset, element, 1, |walk, bytes, item| walk.item(bytes, item, 0, &mut common))?;
    }
    let mut frames: Vec<FrameAttributes> = Vec::with_capacity(frame_count);
    if let Some(element) = per_frame {
        walk.sequence(dataset, element, frame_count, |walk, bytes, item| {
            let mut frame = common.clone();
            walk.item(bytes, item, 0, &mut frame)?;
            if let Some(last) = frames.last() {
                frame.share_text(last);
            }
            frames.push(frame);
            Ok(())
        })?;
    }
    frames.resize(frame_count, common);
    Ok(Some(frames))
}

/// What is used again for the next item.
struct Walk<'r> {
    rules: &'r Rules,
    elements: [Vec<Element>; DEPTH],
    deviations: Deviations,
}

/// Bytes of the file, and where the first is.
#[derive(Clone, Copy)]
struct Run<'a> {
    bytes: &'a [u8],
    offset: u64,
}

impl<'a> Run<'a> {
    fn get(&self, offset: u64, length: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        self.bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }
}

impl Walk<'_> {
    /// Calls `each` with the first `count` items of a sequence of the data set.
    fn sequence(
        &mut self,
        dataset: &Dataset,
        element: &Element,
        count: usize,
        mut each: impl FnMut(&mut Self, Run<'_>, ItemRange) -> Result<()>,
    ) -> Result<()> {
        let value = dataset.value(element)?;
        let encoding = dataset.items_encoding(element);
        let place = |error: Error, index| error.at_tag(element.tag, keyword(element.tag), index);
        let items =
            parse_items(&value, element.value_offset, encoding, self.rules).map_err(|error| place(error, None))?;
        let run = Run { bytes: &value, offset: element.value_offset };
        for (index, item) in items.into_iter().take(count).enumerate() {
            each(self, run, item).map_err(|error| place(error, Some(index)))?;
        }
        Ok(())
    }

    /// Takes the elements of an item, and those in the first item of each sequence in it that is wanted.
    fn item(&mut self, run: Run<'_>, item: ItemRange, depth: usize, into: &mut FrameAttributes) -> Result<()> {
        let Some(bytes) = run.get(item.offset, item.length) else { return Ok(()) };
        let Some(mut elements) = self.elements.get_mut(depth).map(std::mem::take) else { return Ok(()) };
        elements.clear();
        let mut window = Window::memory(bytes, item.offset);
        let stop = Stop::After(LAST_WANTED);
        let (rules, deviations) = (self.rules, &mut self.deviations);
        parse_elements(&mut window, item.offset, item.encoding, stop, rules, &mut elements, deviations)?;
        for element in &elements {
            let Some(bytes) = run.get(element.value_offset, element.value_length) else { continue };
            if is_wanted_sequence(element.tag) {
                let is_implicit = item.encoding.is_implicit || element.vr == Vr::IMPLICIT;
                let encoding = Encoding { is_implicit, ..item.encoding };
                if let Some(inner) = ItemRanges::new(bytes, element.value_offset, encoding, rules).next()? {
                    self.item(Run { bytes, offset: element.value_offset }, inner, depth + 1, into)?;
                }
            } else if depth > 0 {
                into.take(element.tag, Field { bytes, vr: element.vr, order: item.encoding.order });
            }
        }
        if let Some(kept) = self.elements.get_mut(depth) {
            *kept = elements;
        }
        Ok(())
    }
}
