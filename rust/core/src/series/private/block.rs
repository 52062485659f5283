//! Private elements by their owner (PS3.5 §7.8.1): which block is whose differs from file to file.

use crate::dataset::Dataset;
use crate::parse::Element;
use crate::tag::Tag;

/// The element `number` (its low 8 bits) of a block of `group` whose owner is `creator`.
pub(crate) fn private_tag(dataset: &Dataset, group: u16, creator: &str, number: u8) -> Option<Tag> {
    let tag_of = |owner: &Element| Tag::new(group, owner.tag.element() << 8 | u16::from(number));
    owners(dataset, group)
        .filter(|owner| is_owner(dataset, owner, creator))
        .map(tag_of)
        .find(|tag| dataset.find(*tag).is_some_and(|element| element.value_length > 0))
}

/// Whether anybody owns a block of `group`.
pub(crate) fn has_owners(dataset: &Dataset, group: u16) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::dataset_of;

    #[test]
    fn an_element_is_found_in_the_block_of_its_owner() {
        let dataset = dataset_of(&[
            (0x0019, 0x0010, "LO", b"OTHER "),
            (0x0019, 0x0011, "LO", b" OWNER  "),
            (0x0019, 0x0012, "LO", b"OWNER\0"),
            (0x0019, 0x1005, "LO", b"a "),
            (0x0019, 0x1105, "LO", b"b "),
            (0x0019, 0x1106, "LO", b""),
            (0x0019, 0x1206, "LO", b"c "),
            (0x0029, 0x1005, "LO", b"d "),
        ]);
        for (name, group, creator, number, expected) in [
            ("its own", 0x0019, "OWNER", 0x05, Some(0x1105)),
            ("of another owner", 0x0019, "OTHER", 0x05, Some(0x1005)),
            ("in the second block", 0x0019, "OWNER", 0x06, Some(0x1206)),
            ("absent", 0x0019, "OWNER", 0x07, None),
            ("of an unknown owner", 0x0019, "OWNE", 0x05, None),
            ("of a group without owners", 0x0029, "OWNER", 0x05, None),
        ] {
            let found = private_tag(&dataset, group, creator, number);
            assert_eq!(found, expected.map(|element| Tag::new(group, element)), "{name}");
        }
        assert!(has_owners(&dataset, 0x0019) && !has_owners(&dataset, 0x0029));
        assert!(!has_owners(&dataset, 0x0017));
    }
}
