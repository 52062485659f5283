//! Private elements by their owner (PS3.5 §7.8.1): which block is whose differs from file to file.

use crate::dataset::Dataset;
use crate::parse::Element;
use crate::tag::Tag;

/// The element `number` (its low 8 bits) of a block of `group` whose owner is `creator`.
pub fn private_tag(dataset: &Dataset, group: u16, creator: &str, number: u8) -> Option<Tag> {
    let tag_of = |owner: &Element| Tag::new(group, owner.tag.element() << 8 | u16::from(number));
    owners(dataset, group)
        .filter(|owner| is_owner(dataset, owner, creator))
        .map(tag_of)
        .find(|tag| dataset.find(*tag).is_some_and(|element| element.value_length > 0))
}

/// Whether anybody owns a block of `group`.
pub fn has_owners(dataset: &Dataset, group: u16) -> bool {
    owners(dataset, group).next().is_some()
}

/// The elements that say who owns a block, which follow each other: a group without them costs one
/// search.
fn owners(dataset: &Dataset, group: u16) -> impl Iterator<Item = &Element> {
    let elements = dataset.elements();
    let first = elements.partition_point(|element| element.tag < Tag::new(group, 0x0010));
    let behind = elements.get(first..).unwrap_or_default();
    behind.iter().take_while(move |element| element.tag <= Tag::new(group, 0x00FF))
}

fn is_owner(dataset: &Dataset, owner: &Element, creator: &str) -> bool {
    let Ok(name) = dataset.value(owner) else { return false };
    let is_padding = |byte: &u8| *byte == b' ' || *byte == 0;
    // Names of owners are of the default repertoire (PS3.5 §7.8.1).
    let end = name.iter().rposition(|byte| !is_padding(byte)).map_or(0, |last| last + 1);
    name.get(..end).map(<[u8]>::trim_ascii_start) == Some(creator.as_bytes())
}
