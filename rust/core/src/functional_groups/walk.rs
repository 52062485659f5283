//! The items of the functional groups, one after the other, none of them kept.

use super::attributes::{Field, FrameAttributes, is_wanted_sequence};
use super::dimensions::Dimensions;
use crate::cursor::Run;
use crate::dataset::{Dataset, items_encoding};
use crate::dictionary::keyword;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::memory::reserve;
use crate::parse::{
    Deviations, Element, Encoding, ItemRange, ItemRanges, Rules, Stop, Window, parse_elements,
    parse_items,
};
use crate::tag::Tag;
use crate::vr::Vr;

const SHARED: Tag = Tag::new(0x5200, 0x9229);
const PER_FRAME: Tag = Tag::new(0x5200, 0x9230);
const DIMENSION_INDEX_VALUES: Tag = Tag::new(0x0020, 0x9157);

/// Sequences in sequences of a frame's item that are looked into: Diffusion Gradient Direction lies
/// deepest.
const DEPTH: usize = 3;

/// What is read of functional groups.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FunctionalGroups {
    /// One entry a frame, in their order.
    pub frames: Vec<FrameAttributes>,
    /// What the frames are counted by.
    pub dimensions: Dimensions,
}

/// Reads what a volume depends on of the Shared and the Per-Frame Functional Groups: one entry a
/// frame, in their order. `None` if the data set has neither.
///
/// # Errors
///
/// If the sequences do not consist of items, the elements of an item cannot be parsed, a limit is
/// exceeded, or the file is gone or has been changed.
pub(crate) fn read_functional_groups(
    dataset: &Dataset,
    frame_count: usize,
) -> Result<Option<FunctionalGroups>> {
    let limits = Limits::DEFAULT;
    let rules = Rules { limits, leniencies: dataset.leniencies(), ..Rules::default() };
    let mut walk = Walk {
        rules: &rules,
        elements: Default::default(),
        last: (Vec::new(), None),
        dimensions: Dimensions::default(),
        deviations: Deviations::default(),
    };
    let (shared, per_frame) = (dataset.find(SHARED), dataset.find(PER_FRAME));
    if shared.is_none() && per_frame.is_none() {
        return Ok(None);
    }
    if frame_count > limits.element_count {
        return Err(ErrorKind::TooMany { limit: limits.element_count }.into());
    }
    let mut common = FrameAttributes::default();
    if let Some(element) = shared {
        walk.each_item(dataset, element, 1, |walk, bytes, item| {
            walk.item(bytes, item, 0, &mut common)
        })?;
    }
    let mut frames: Vec<FrameAttributes> = Vec::new();
    reserve(&mut frames, frame_count)?;
    if let Some(element) = per_frame {
        walk.dimensions = Dimensions::of(dataset);
        walk.each_item(dataset, element, frame_count, |walk, bytes, item| {
            let mut frame = common.clone();
            walk.frame(bytes, item, frames.last(), &mut frame)?;
            if let Some(last) = frames.last() {
                frame.share_text(last);
            }
            frames.push(frame);
            Ok(())
        })?;
    }
    frames.resize(frame_count, common);
    Ok(Some(FunctionalGroups { frames, dimensions: walk.dimensions }))
}

/// What is used again for the next item.
struct Walk<'r> {
    rules: &'r Rules,
    elements: [Vec<Element>; DEPTH],
    /// Those of the last frame's item, and how they are written.
    last: (Vec<Element>, Option<Encoding>),
    /// With the indices of the frames so far.
    dimensions: Dimensions,
    deviations: Deviations,
}

impl Walk<'_> {
    /// Calls `each` with the first `count` items of a sequence of the data set.
    fn each_item(
        &mut self,
        dataset: &Dataset,
        element: &Element,
        count: usize,
        mut each: impl FnMut(&mut Self, Run<'_>, ItemRange) -> Result<()>,
    ) -> Result<()> {
        let value = dataset.value(element)?;
        let encoding = items_encoding(element, &value, dataset.encoding());
        let place = |error: Error, index| error.at_tag(element.tag, keyword(element.tag), index);
        let items = parse_items(&value, element.value_offset, encoding, self.rules)
            .map_err(|error| place(error, None))?;
        let run = Run::new(&value, element.value_offset);
        for (index, item) in items.into_iter().take(count).enumerate() {
            each(self, run, item).map_err(|error| place(error, Some(index)))?;
        }
        Ok(())
    }

    /// Takes the elements of a frame's item. Most of its sequences are the same as those of the
    /// frame before, to the byte: comparing them costs a tenth of reading them.
    fn frame(
        &mut self,
        run: Run<'_>,
        item: ItemRange,
        before: Option<&FrameAttributes>,
        into: &mut FrameAttributes,
    ) -> Result<()> {
        self.dimensions.start_frame();
        let (last, encoding) = std::mem::take(&mut self.last);
        let is_written_alike = encoding == Some(item.encoding);
        let mut elements = Vec::with_capacity(last.len());
        self.parse(run, item, &mut elements)?;
        for (index, element) in elements.iter().enumerate() {
            let same = last
                .get(index)
                .zip(before)
                .filter(|(last, _)| is_written_alike && is_same(run, last, element));
            if same.is_none_or(|(_, before)| !into.take_same(element.tag, before)) {
                self.element(run, item, element, 0, into)?;
            }
        }
        self.last = (elements, Some(item.encoding));
        Ok(())
    }

    /// Takes the elements of an item, and those in the first item of each sequence in it that is
    /// wanted.
    fn item(
        &mut self,
        run: Run<'_>,
        item: ItemRange,
        depth: usize,
        into: &mut FrameAttributes,
    ) -> Result<()> {
        let Some(mut elements) = self.elements.get_mut(depth).map(std::mem::take) else {
            return Ok(());
        };
        elements.clear();
        self.parse(run, item, &mut elements)?;
        for element in &elements {
            self.element(run, item, element, depth, into)?;
        }
        if let Some(kept) = self.elements.get_mut(depth) {
            *kept = elements;
        }
        Ok(())
    }

    fn parse(&mut self, run: Run<'_>, item: ItemRange, elements: &mut Vec<Element>) -> Result<()> {
        let Some(bytes) = run.get(item.offset, item.length) else { return Ok(()) };
        let mut window = Window::memory(bytes, item.offset);
        let (stop, rules) = (Stop::AtEnd, self.rules);
        parse_elements(
            &mut window,
            item.offset,
            item.encoding,
            stop,
            rules,
            elements,
            &mut self.deviations,
        )
        .map(drop)
    }

    /// Takes an element of an item.
    fn element(
        &mut self,
        run: Run<'_>,
        item: ItemRange,
        element: &Element,
        depth: usize,
        into: &mut FrameAttributes,
    ) -> Result<()> {
        let Some(bytes) = run.get(element.value_offset, element.value_length) else {
            return Ok(());
        };
        if is_wanted_sequence(element.tag) {
            let is_implicit = item.encoding.is_implicit || element.vr == Vr::IMPLICIT;
            let encoding = Encoding { is_implicit, ..item.encoding };
            if let Some(inner) =
                ItemRanges::new(bytes, element.value_offset, encoding, self.rules).next()?
            {
                self.item(Run::new(bytes, element.value_offset), inner, depth + 1, into)?;
            }
        } else if depth > 0 {
            let field = Field { bytes, vr: element.vr, order: item.encoding.order };
            match element.tag {
                DIMENSION_INDEX_VALUES => field.indices(Vr::UL, self.dimensions.last_frame()),
                tag => into.take(tag, field),
            }
        }
        Ok(())
    }
}

/// Whether two elements are the same, to the byte.
fn is_same(run: Run<'_>, a: &Element, b: &Element) -> bool {
    let is_alike = (a.tag, a.vr, a.value_length) == (b.tag, b.vr, b.value_length);
    let bytes = |element: &Element| run.get(element.value_offset, element.value_length);
    is_alike && bytes(a).is_some_and(|of_a| Some(of_a) == bytes(b))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::DicomFile;
    use crate::parse::ParseOptions;

    /// An element in Explicit VR Little Endian.
    fn element(group: u16, number: u16, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
        bytes.extend(vr.as_bytes());
        match vr {
            "SQ" => bytes.extend([&[0, 0], &(value.len() as u32).to_le_bytes()[..]].concat()),
            _ => bytes.extend((value.len() as u16).to_le_bytes()),
        }
        bytes.extend(value);
        bytes
    }

    /// A sequence of items.
    fn sequence(group: u16, number: u16, items: &[Vec<u8>]) -> Vec<u8> {
        let item = |item: &Vec<u8>| {
            [&[0xFE, 0xFF, 0x00, 0xE0], &(item.len() as u32).to_le_bytes()[..], item].concat()
        };
        element(group, number, "SQ", &items.iter().flat_map(item).collect::<Vec<u8>>())
    }

    /// The item of a frame at `z` with a slope, if it has one.
    fn frame(z: &str, slope: Option<&str>) -> Vec<u8> {
        let position = element(0x0020, 0x0032, "DS", format!("1\\2\\{z} ").as_bytes());
        let slope = slope.map(|slope| {
            sequence(0x0028, 0x9145, &[element(0x0028, 0x1053, "DS", slope.as_bytes())])
        });
        // A private sequence with a place of its own, which is that of another image.
        let private = sequence(0x2005, 0x140F, &[element(0x0020, 0x0032, "DS", b"9\\9\\9 ")]);
        [sequence(0x0020, 0x9113, &[position]), slope.unwrap_or_default(), private].concat()
    }

    fn file(shared: &[Vec<u8>], frames: &[Vec<u8>]) -> Vec<u8> {
        let syntax = element(0x0002, 0x0010, "UI", b"1.2.840.10008.1.2.1\0");
        let groups = [sequence(0x5200, 0x9229, shared), sequence(0x5200, 0x9230, frames)].concat();
        [&[0; 128][..], b"DICM", &syntax, &element(0x0008, 0x0060, "CS", b"MR"), &groups].concat()
    }

    fn read(bytes: Vec<u8>, count: usize) -> Result<Option<FunctionalGroups>> {
        let file = DicomFile::from_memory(Arc::new(bytes), &ParseOptions::default())?;
        read_functional_groups(&file.dataset, count)
    }

    #[test]
    fn each_frame_has_its_own_and_else_what_is_shared() {
        let shared = [sequence(0x0028, 0x9145, &[element(0x0028, 0x1053, "DS", b"2 ")])];
        let slopes = [None, Some("3 "), Some("3 "), None, Some("4 "), Some("x ")];
        let frames: Vec<Vec<u8>> =
            slopes.iter().enumerate().map(|(z, slope)| frame(&z.to_string(), *slope)).collect();
        let read = read(file(&shared, &frames), 7).unwrap().unwrap().frames;
        let found: Vec<_> = read.iter().map(|frame| frame.rescale_slope).collect();
        assert_eq!(found, [Some(2.0), Some(3.0), Some(3.0), Some(2.0), Some(4.0), None, Some(2.0)]);
        let bad: Vec<_> = read.iter().map(|frame| frame.has_bad_rescale).collect();
        assert_eq!(bad, [false, false, false, false, false, true, false]);
        let places: Vec<_> =
            read.iter().map(|frame| frame.image_position.map(|[_, _, z]| z)).collect();
        assert_eq!(
            places,
            [Some(0.0), Some(1.0), Some(2.0), Some(3.0), Some(4.0), Some(5.0), None]
        );
    }

    #[test]
    fn frames_have_an_index_in_each_dimension() {
        let dimension = |pointer: &[u8]| element(0x0020, 0x9165, "AT", pointer);
        let uid = element(0x0020, 0x9164, "UI", b"1.2\0");
        let private =
            [dimension(&[0x05, 0x20, 0x11, 0x10]), element(0x0020, 0x9213, "LO", b"Maker ")]
                .concat();
        let dimensions = [[uid, dimension(&[0x20, 0x00, 0x57, 0x90])].concat(), private];
        let content =
            |values: &[u8]| sequence(0x0020, 0x9111, &[element(0x0020, 0x9157, "UL", values)]);
        let frames = [
            content(&[3, 0, 0, 0, 2, 0, 0, 0]),
            content(&[4, 0, 0, 0]),
            // A stack's number is beside its indices.
            sequence(0x0020, 0x9111, &[element(0x0020, 0x9057, "UL", &[7, 0, 0, 0])]),
            content(&[1, 1, 0, 0, 0, 0, 0, 0]),
        ];
        let mut bytes =
            [&[0; 128][..], b"DICM", &element(0x0002, 0x0010, "UI", b"1.2.840.10008.1.2.1\0")]
                .concat();
        bytes.extend(sequence(0x0020, 0x9222, &dimensions));
        bytes.extend(sequence(0x5200, 0x9230, &frames));
        let groups = read(bytes, 5).unwrap().unwrap();
        let pointers: Vec<_> = groups
            .dimensions
            .all()
            .iter()
            .map(|one| (one.pointer.0, &*one.private_creator))
            .collect();
        assert_eq!(pointers, [(0x0020_9057, ""), (0x2005_1011, "Maker")]);
        let found: Vec<_> =
            (0..5).map(|frame| [0, 1].map(|which| groups.dimensions.index(frame, which))).collect();
        assert_eq!(
            found,
            [[Some(3), Some(2)], [None; 2], [None; 2], [Some(257), Some(0)], [None; 2]]
        );
        assert_eq!(groups.frames[2].in_stack_position_number, Some(7));
    }

    #[test]
    fn a_data_set_without_them_has_none() {
        let bytes = [&[0; 128][..], b"DICM", &element(0x0008, 0x0060, "CS", b"MR")].concat();
        assert_eq!(read(bytes, 1).unwrap(), None);
    }

    #[test]
    fn damage_is_an_error_or_less_than_there_was() {
        let whole = file(&[frame("0", None)], &[frame("1", Some("2 ")), frame("2", Some("2 "))]);
        for length in 140..whole.len() {
            drop(read(whole.get(..length).unwrap().to_vec(), 2));
        }
        for position in 140..whole.len() {
            for flipped in [0x01, 0x80, 0xFF] {
                let mut bytes = whole.clone();
                bytes[position] ^= flipped;
                drop(read(bytes, 2));
            }
        }
    }
}
