//! Private elements by their owner (PS3.5 §7.8.1): which block is whose differs from file to file.

use crate::dataset::Dataset;
use crate::parse::Element;
use crate::tag::Tag;

/// The element `number` (its low 8 bits) of a block of `group` whose owner is `creator`.
pub(super) fn private_tag(dataset: &Dataset, group: u16, creator: &str, number: u8) -> Option<Tag> {
    let elements = dataset.elements();
    // Owners follow each other, so that a group without them costs one search.
    let first = elements.partition_point(|element| element.tag < Tag::new(group, 0x0010));
    let owners = elements.get(first..)?.iter().take_while(|element| element.tag <= Tag::new(group, 0x00FF));
    let tag_of = |owner: &Element| Tag::new(group, owner.tag.element() << 8 | u16::from(number));
    owners
        .filter(|owner| is_owner(dataset, owner, creator))
        .map(tag_of)
        .find(|tag| dataset.find(*tag).is_some_and(|element| element.value_length > 0))
}

fn is_owner(dataset: &Dataset, owner: &Element, creator: &str) -> bool {
    let Ok(name) = dataset.value(owner) else { return false };
    let is_padding = |byte: &u8| *byte == b' ' || *byte == 0;
    // Names of owners are of the default repertoire (PS3.5 §7.8.1).
    let end = name.iter().rposition(|byte| !is_padding(byte)).map_or(0, |last| last + 1);
    name.get(..end).map(<[u8]>::trim_ascii_start) == Some(creator.as_bytes())
}
