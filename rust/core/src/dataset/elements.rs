//! One data set (PS3.5 §7): its element records, and what they hold when it is asked for.

use std::borrow::Cow;
use std::sync::Arc;

use super::bytes::FileBytes;
use super::surroundings::{Context, ResolvedVr, Surroundings, items_encoding};
use crate::cursor::ByteOrder;
use crate::dictionary::keyword;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::memory::{push, reserve};
use crate::parse::{
    Deviation, Deviations, Element, Encoding, ItemRange, Leniencies, Leniency, Rules, Segment,
    Stop, Window, keep_what_was_read, parse_elements, parse_items,
};
use crate::source::{FileSource, SharedBytes, Source};
use crate::tag::Tag;
use crate::value::{self, CharacterSet, Number, Spelling};
use crate::vr::Vr;

/// The element records of one data set, in the order of their tags, and what they are read with.
///
/// ```
/// use std::sync::Arc;
///
/// use rapidicom_core::{Dataset, Encoding, Limits, Rules, Stop, Tag};
///
/// let mut bytes = Vec::new();
/// bytes.extend(b"\x08\x00\x40\x11SQ\x00\x00");  // (0008,1140), SQ
/// bytes.extend(b"\x14\x00\x00\x00");            // 20 bytes
/// bytes.extend(b"\xFE\xFF\x00\xE0");            // an item
/// bytes.extend(b"\x0C\x00\x00\x00");            // 12 bytes
/// bytes.extend(b"\x08\x00\x55\x11UI\x04\x00");  // (0008,1155), UI, 4 bytes
/// bytes.extend(b"1.2\0");                       // a UID
///
/// let (encoding, rules) = (Encoding::EXPLICIT_LITTLE, Rules::default());
/// let dataset = Dataset::from_memory(Arc::new(bytes), encoding, Stop::AtEnd, &rules)?;
/// let sequence = dataset.find(Tag::new(0x0008, 0x1140)).expect("the bytes have it");
/// for item in dataset.items(sequence, &Limits::DEFAULT)? {
///     let item = item.parse(&Limits::DEFAULT)?;
///     let uid = item.find(Tag::new(0x0008, 0x1155)).expect("the item has it");
///     assert_eq!(*item.value(uid)?, *b"1.2\0");
/// }
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Dataset {
    bytes: Arc<FileBytes>,
    encoding: Encoding,
    elements: Vec<Element>,
    context: Context,
    leniencies: Leniencies,
    deviations: Deviations,
    /// How many sequences it lies in.
    depth: u32,
    place: Option<Arc<Place>>,
}

/// The item that a data set is, and the way to it.
#[derive(Debug)]
struct Place {
    sequence: Tag,
    item_index: usize,
    parent: Option<Arc<Place>>,
}

impl Drop for Place {
    /// One after the other, so that a long way back is no deep recursion.
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(mut place) = parent.and_then(Arc::into_inner) {
            parent = place.parent.take();
        }
    }
}

/// Everything that a data set is, for another process: what its file still has is left there.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are those of a data set")]
pub struct Parts {
    pub file: Option<FileSource>,
    pub segments: Vec<Segment>,
    pub elements: Vec<Element>,
    pub is_implicit: bool,
    pub is_big_endian: bool,
    pub character_set: String,
    pub is_character_set_fixed: bool,
    pub pixel_representation: Option<u16>,
    pub leniencies: Leniencies,
    pub deviations: Deviations,
    pub depth: u32,
    pub transfer_syntax_uid: String,
}

/// One item of a sequence, not parsed yet.
#[derive(Clone)]
pub struct Item {
    bytes: Arc<FileBytes>,
    range: ItemRange,
    context: Context,
    leniencies: Leniencies,
    sequence: Tag,
    item_index: usize,
    depth: u32,
    parent: Option<Arc<Place>>,
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
        let ItemRange { offset, length, encoding, deviation, .. } = self.range;
        let parent = self.parent.clone();
        let place =
            Arc::new(Place { sequence: self.sequence, item_index: self.item_index, parent });
        let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
        if let Some(found) = deviation {
            deviations.add(found);
        }
        let leniencies = self.leniencies.in_items();
        let rules = Rules { limits: *limits, leniencies, ..Rules::default() };
        let mut parse = || -> Result<()> {
            let bytes = self.bytes.get(offset, length)?;
            let mut window = Window::memory(&bytes, offset);
            let (stop, notes) = (Stop::AtEnd, &mut deviations);
            match parse_elements(&mut window, offset, encoding, stop, &rules, &mut elements, notes)
            {
                // Not even the first of its elements makes sense.
                Err(error) => {
                    deviations.add(keep_what_was_read(error, offset, &rules)?);
                    Ok(())
                }
                Ok(_) => Ok(()),
            }
        };
        parse().map_err(|error| locate(error, Some(&place), &self.bytes))?;
        let mut dataset = Dataset::new(
            Arc::clone(&self.bytes),
            encoding,
            elements,
            deviations,
            self.context.clone(),
            self.leniencies,
        );
        dataset.depth = self.depth;
        dataset.place = Some(place);
        Ok(dataset)
    }
}

/// Adds to an error the items that it happened in, innermost first, and the file.
fn locate(mut error: Error, place: Option<&Arc<Place>>, bytes: &FileBytes) -> Error {
    let mut place = place;
    while let Some(item) = place {
        error = error.at_tag(item.sequence, keyword(item.sequence), Some(item.item_index));
        place = item.parent.as_ref();
    }
    match bytes.source() {
        Source::File(file) => error.in_file(&file.path),
        Source::Memory(_) | Source::Fetched(_) => error,
    }
}

impl Dataset {
    /// A data set that lies in one that gives it `context`.
    pub(super) fn new(
        bytes: Arc<FileBytes>,
        encoding: Encoding,
        elements: Vec<Element>,
        deviations: Deviations,
        context: Context,
        leniencies: Leniencies,
    ) -> Dataset {
        let mut dataset = Dataset {
            bytes,
            encoding,
            elements,
            context,
            leniencies,
            deviations,
            depth: 0,
            place: None,
        };
        dataset.context = dataset.own_context();
        dataset.note_character_set();
        dataset
    }

    /// Reads a data set without File Meta Information in front of it: the caller knows how it
    /// is written.
    ///
    /// # Errors
    ///
    /// If the bytes are no elements, or a limit is exceeded.
    pub fn from_memory(
        bytes: SharedBytes,
        encoding: Encoding,
        stop: Stop,
        rules: &Rules,
    ) -> Result<Dataset> {
        let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
        let mut window = Window::memory((*bytes).as_ref(), 0);
        parse_elements(&mut window, 0, encoding, stop, rules, &mut elements, &mut deviations)?;
        let bytes = Arc::new(FileBytes::new(Source::Memory(bytes), Vec::new()));
        Ok(Dataset::new(
            bytes,
            encoding,
            elements,
            deviations,
            Context::OUTERMOST,
            rules.leniencies,
        ))
    }

    /// The parts to make it again from. Of the bytes in memory those from its first value to its
    /// last are copied, so that a sequence of many items does not take the whole header along with
    /// each.
    pub fn to_parts(&self) -> Parts {
        let first = self.elements.iter().map(|element| element.value_offset).min().unwrap_or(0);
        let end = self.elements.iter().map(Element::value_end).max().unwrap_or(0);
        let kept = self.bytes.segments().iter().filter_map(|segment| segment.between(first, end));
        let (file, segments) = match self.bytes.source() {
            Source::File(file) => (Some((**file).clone()), kept.collect()),
            Source::Memory(bytes) if (**bytes).as_ref().is_empty() => (None, kept.collect()),
            Source::Memory(_) | Source::Fetched(_) => {
                let all = self.bytes.get(first, end.saturating_sub(first)).ok();
                (
                    None,
                    all.map(|all| Segment { offset: first, bytes: all.into() })
                        .into_iter()
                        .collect(),
                )
            }
        };
        Parts {
            file,
            segments,
            elements: self.elements.clone(),
            is_implicit: self.encoding.is_implicit,
            is_big_endian: self.encoding.order == ByteOrder::Big,
            character_set: self.context.characters.to_value(),
            is_character_set_fixed: self.context.is_character_set_fixed,
            pixel_representation: self.context.pixel_representation,
            leniencies: self.leniencies,
            deviations: self.deviations.clone(),
            depth: self.depth,
            transfer_syntax_uid: self.context.transfer_syntax_uid.to_string(),
        }
    }

    /// A data set from its parts.
    pub fn from_parts(parts: Parts) -> Dataset {
        let nothing: SharedBytes = Arc::new([]);
        let source =
            parts.file.map_or(Source::Memory(nothing), |file| Source::File(Arc::new(file)));
        let order = if parts.is_big_endian { ByteOrder::Big } else { ByteOrder::Little };
        Dataset {
            bytes: Arc::new(FileBytes::new(source, parts.segments)),
            encoding: Encoding { order, is_implicit: parts.is_implicit },
            elements: parts.elements,
            context: Context {
                characters: CharacterSet::from_value(parts.character_set.as_bytes()),
                is_character_set_fixed: parts.is_character_set_fixed,
                pixel_representation: parts.pixel_representation,
                transfer_syntax_uid: parts.transfer_syntax_uid.into(),
            },
            leniencies: parts.leniencies,
            deviations: parts.deviations,
            depth: parts.depth,
            place: None,
        }
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

    /// Whether the caller has named the character set, whatever (0008,0005) says.
    pub fn is_character_set_fixed(&self) -> bool {
        self.context.is_character_set_fixed
    }

    /// Reads text with another character set than (0008,0005) names, here and in all items.
    pub fn fix_character_set(&mut self, characters: CharacterSet) {
        self.context.characters = characters;
        self.context.is_character_set_fixed = true;
    }

    /// The UID of the Transfer Syntax of the file that it is in; empty if there is none.
    pub fn transfer_syntax_uid(&self) -> &str {
        &self.context.transfer_syntax_uid
    }

    /// How many sequences it lies in.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// What is tolerated in it.
    pub fn leniencies(&self) -> Leniencies {
        self.leniencies
    }

    /// What was tolerated in it, sequences not counted.
    pub fn deviations(&self) -> &Deviations {
        &self.deviations
    }

    /// Notes a Specific Character Set that is not spelt as the standard has it.
    fn note_character_set(&mut self) {
        let Some(element) = self.find(Tag::SPECIFIC_CHARACTER_SET) else { return };
        let leniency = match self.value(element).map(|value| Spelling::of(&value)) {
            Ok(Spelling::Misspelt) => Leniency::MisspeltCharacterSet,
            Ok(Spelling::Unknown) => Leniency::UnknownCharacterSet,
            Ok(Spelling::Defined) | Err(_) => return,
        };
        let offset = element.value_offset;
        self.deviations.add(Deviation { leniency, offset });
    }

    /// The bytes that its values are read from.
    pub fn bytes(&self) -> &Arc<FileBytes> {
        &self.bytes
    }

    /// Forgets every element but these and the Specific Character Set, which the text of the others
    /// needs.
    pub fn retain(&mut self, tags: &[Tag]) {
        let is_wanted = |tag: Tag| tag == Tag::SPECIFIC_CHARACTER_SET || tags.contains(&tag);
        self.elements.retain(|element| is_wanted(element.tag));
    }

    /// The element with this tag.
    pub fn find(&self, tag: Tag) -> Option<&Element> {
        self.elements.get(self.index(tag)?)
    }

    /// Where in [`Dataset::elements`] the one with this tag is.
    pub fn index(&self, tag: Tag) -> Option<usize> {
        self.elements.binary_search_by_key(&tag, |element| element.tag).ok()
    }

    /// The bytes of an element's value field, as they are written.
    ///
    /// # Errors
    ///
    /// If they have to be read from a file that is gone or has been changed.
    pub fn value(&self, element: &Element) -> Result<Cow<'_, [u8]>> {
        self.bytes
            .get(element.value_offset, element.value_length)
            .map_err(|error| self.locate(error, element.tag))
    }

    pub(crate) fn locate(&self, error: Error, tag: Tag) -> Error {
        locate(error.at_tag(tag, keyword(tag), None), self.place.as_ref(), &self.bytes)
    }

    /// The VR that an element's value is read with, looked up where none is written.
    pub fn vr(&self, element: &Element) -> ResolvedVr {
        self.resolve_vr(element)
    }

    /// The owner of the block that a private element lies in (PS3.5 §7.8.1).
    pub fn private_creator(&self, tag: Tag) -> Option<String> {
        self.creator(tag)
    }

    /// The numbers of an element of a binary VR.
    ///
    /// # Errors
    ///
    /// If the value cannot be read, or is no whole number of numbers long.
    pub fn numbers(&self, element: &Element, vr: Vr) -> Result<Vec<Number>> {
        let value = self.value(element)?;
        self.check_length(element, vr)?;
        let mut numbers = Vec::new();
        for number in value::numbers(&value, vr, self.order_of(element)) {
            push(&mut numbers, number)?;
        }
        Ok(numbers)
    }

    /// Makes the first number of a LUT Descriptor, how many entries the table has, unsigned
    /// whatever the VR (PS3.3 §C.11.1.1): as SS, 65536 - n would be negative.
    pub fn mend_lut_descriptor(&self, tag: Tag, numbers: &mut [Number]) {
        let is_descriptor = matches!(tag.0, 0x0028_1101..=0x0028_1103 | 0x0028_3002);
        if let (true, [Number::Int(entries @ ..0), _, ..]) = (is_descriptor, numbers) {
            *entries += 65_536;
        }
    }

    /// The byte order of its numbers.
    pub fn order(&self) -> ByteOrder {
        self.encoding.order
    }

    /// The items of a sequence, not parsed yet.
    ///
    /// # Errors
    ///
    /// If the value cannot be read, does not consist of items, or they are nested too deep.
    pub fn items(&self, element: &Element, limits: &Limits) -> Result<Vec<Item>> {
        let place = |error: Error| self.locate(error, element.tag);
        self.check_depth(element, limits.sequence_depth).map_err(place)?;
        let leniencies = self.leniencies.in_items();
        let rules = Rules { limits: *limits, leniencies, ..Rules::default() };
        let value = self.bytes.get(element.value_offset, element.value_length).map_err(place)?;
        let encoding = items_encoding(element, &value, self.encoding);
        let ranges = parse_items(&value, element.value_offset, encoding, &rules).map_err(place)?;
        let bytes = match value {
            Cow::Borrowed(_) => Arc::clone(&self.bytes),
            Cow::Owned(value) => {
                let segment = Segment { offset: element.value_offset, bytes: value.into() };
                Arc::new(FileBytes::new(self.bytes.source().clone(), vec![segment]))
            }
        };
        let item = |(item_index, range)| Item {
            bytes: Arc::clone(&bytes),
            range,
            context: self.context.clone(),
            leniencies: self.leniencies,
            sequence: element.tag,
            item_index,
            depth: self.depth.saturating_add(1),
            parent: self.place.clone(),
        };
        let mut items = Vec::new();
        reserve(&mut items, ranges.len()).map_err(place)?;
        items.extend(ranges.into_iter().enumerate().map(item));
        Ok(items)
    }
}

impl Surroundings for Dataset {
    fn find(&self, tag: Tag) -> Option<&Element> {
        Dataset::find(self, tag)
    }

    fn value(&self, element: &Element) -> Result<Cow<'_, [u8]>> {
        Dataset::value(self, element)
    }

    fn order(&self) -> ByteOrder {
        self.encoding.order
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

// Written by hand, so that no debug output shows the text of a value.
impl std::fmt::Debug for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dataset").field("elements", &self.elements.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
