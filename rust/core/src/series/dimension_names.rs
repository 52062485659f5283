//! What axes and coordinates along the dimensions of a file are called.

use std::borrow::Cow;

use crate::dictionary::keyword;
use crate::functional_groups::Dimension;

/// What attributes that the vectors of nuclear medicine name end with: their values are the numbers
/// themselves.
const VECTOR: &str = "_vector";
/// What the indices of other attributes end with: they count its values, and are none of them.
const INDEX: &str = "_index";

/// The name of an axis along the dimension `which`: the keyword of its attribute, without what says
/// that it counts.
pub(super) fn axis_name(all: &[Dimension], which: usize) -> Cow<'static, str> {
    let Some(name) = all.get(which).and_then(snake) else { return Cow::Borrowed("dimension") };
    let short = name
        .strip_suffix(VECTOR)
        .or_else(|| name.strip_suffix(INDEX))
        .or_else(|| name.strip_suffix("_number"));
    Cow::Owned(short.unwrap_or(&name).to_owned())
}

/// The name of the coordinate that has the indices. Those of attributes without a keyword, and of
/// several with the same, have the number of the dimension in their name, from 1.
pub(super) fn coordinate_name(all: &[Dimension], which: usize) -> Cow<'static, str> {
    let is_only =
        |name: &String| all.iter().filter_map(snake).filter(|other| other == name).count() == 1;
    Cow::Owned(match all.get(which).and_then(snake).filter(is_only) {
        Some(name) => match name.strip_suffix(VECTOR) {
            Some(short) => short.to_owned(),
            None => format!("{}{INDEX}", name.strip_suffix(INDEX).unwrap_or(&name)),
        },
        None => format!("dimension_{}{INDEX}", which.saturating_add(1)),
    })
}

/// The keyword of a dimension's attribute in small letters, with underscores between its words.
fn snake(dimension: &Dimension) -> Option<String> {
    let keyword = keyword(dimension.pointer);
    let mut name = String::with_capacity(keyword.len() + 4);
    let letters: Vec<char> = keyword.chars().collect();
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| letters.get(before));
        let is_behind_small = before.is_some_and(|before| !before.is_ascii_uppercase());
        let is_before_small = letters.get(place + 1).is_some_and(|next| next.is_ascii_lowercase());
        // The last capital of several starts the next word.
        if before.is_some() && letter.is_ascii_uppercase() && (is_behind_small || is_before_small) {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::Tag;

    #[test]
    fn names_of_dimensions() {
        let dimension = |tag: u32| Dimension {
            pointer: Tag(tag),
            private_creator: String::new(),
            organization_uid: String::new(),
        };
        for (tags, axis, coordinate) in [
            (&[0x0018_9082][..], "effective_echo_time", "effective_echo_time_index"),
            (&[0x0020_9128], "temporal_position", "temporal_position_index"),
            (&[0x0020_9156], "frame_acquisition", "frame_acquisition_number_index"),
            (&[0x0018_0088], "spacing_between_slices", "spacing_between_slices_index"),
            (&[0x0018_9226], "mr_image_frame_type_sequence", "mr_image_frame_type_sequence_index"),
            (&[0x0062_000B], "referenced_segment", "referenced_segment_number_index"),
            (&[0x0054_0010], "energy_window", "energy_window"),
            (&[0x0054_0060], "rr_interval", "rr_interval"),
            (&[0x2005_1011], "dimension", "dimension_1_index"),
            (&[0x0018_9082, 0x0018_9082], "effective_echo_time", "dimension_1_index"),
        ] {
            let all: Vec<Dimension> = tags.iter().copied().map(dimension).collect();
            assert_eq!(
                (&*axis_name(&all, 0), &*coordinate_name(&all, 0)),
                (axis, coordinate),
                "{tags:x?}"
            );
        }
    }
}
