//! The series of a multi-frame file: functional groups and the dimension index (PS3.3 §C.7.6.16,
//! §C.7.6.17), in regular files of which the fuzzer changes a few.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use rapidicom_fuzz::Change::{Decimals, Doubles, Longs, Texts, Words};
use rapidicom_fuzz::series::{ATTRIBUTES, Image, SECRET, check, is_of_pixels};
use rapidicom_fuzz::{Attribute, Choices, EXPLICIT, Elements, IMPLICIT, Number, Written, of, put};

const MOST_FRAMES: usize = 12;

const CLASSES: [&str; 6] = [
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.4.1",
    "1.2.840.10008.5.1.4.1.1.130",
    "1.2.840.10008.5.1.4.1.1.6.2",
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.7.2",
];

const CONTENT: Number = (0x0020, 0x9111);
const POSITION: Number = (0x0020, 0x9113);
const DIFFUSION: Number = (0x0018, 0x9117);

const TIMES: &[&str] = &["20200101093000", "20200101093001.5", "20200101", "x"];

/// What a frame has in a group of its own or in one of all frames.
const GROUPS: [(Number, Attribute); 27] = [
    (POSITION, of((0x0020, 0x0032), "DS", Decimals(3))),
    ((0x0020, 0x9116), of((0x0020, 0x0037), "DS", Decimals(6))),
    ((0x0028, 0x9110), of((0x0028, 0x0030), "DS", Decimals(2))),
    ((0x0028, 0x9110), of((0x0018, 0x0050), "DS", Decimals(1))),
    ((0x0028, 0x9110), of((0x0018, 0x0088), "DS", Decimals(1))),
    ((0x0028, 0x9145), of((0x0028, 0x1052), "DS", Decimals(1))),
    ((0x0028, 0x9145), of((0x0028, 0x1053), "DS", Decimals(1))),
    ((0x0028, 0x9132), of((0x0028, 0x1050), "DS", Decimals(2))),
    ((0x0028, 0x9132), of((0x0028, 0x1051), "DS", Decimals(2))),
    (CONTENT, of((0x0020, 0x9056), "SH", Texts(&["1", "2", SECRET]))),
    (CONTENT, of((0x0020, 0x9057), "UL", Longs(1))),
    (CONTENT, of((0x0020, 0x9128), "UL", Longs(1))),
    (CONTENT, of((0x0020, 0x9157), "UL", Longs(2))),
    (CONTENT, of((0x0020, 0x9157), "UL", Longs(3))),
    (CONTENT, of((0x0020, 0x9156), "US", Words(&[1, 2, 3]))),
    (CONTENT, of((0x0018, 0x9074), "DT", Texts(TIMES))),
    ((0x0020, 0x9310), of((0x0020, 0x930D), "FD", Doubles(1))),
    ((0x0018, 0x9114), of((0x0018, 0x9082), "FD", Doubles(1))),
    ((0x0018, 0x9115), of((0x0018, 0x9079), "FD", Doubles(1))),
    (DIFFUSION, of((0x0018, 0x9087), "FD", Doubles(1))),
    (DIFFUSION, of((0x0018, 0x9089), "FD", Doubles(3))),
    ((0x0018, 0x9118), of((0x0020, 0x9153), "FD", Doubles(1))),
    ((0x0018, 0x9226), of((0x0008, 0x9007), "CS", Texts(&["M", "P", "ORIGINAL\\PRIMARY"]))),
    ((0x0018, 0x9807), of((0x0018, 0x9808), "CS", Texts(&["TISSUE_INTENSITY", "OTHER"]))),
    ((0x0020, 0x930E), of((0x0020, 0x9301), "FD", Doubles(3))),
    ((0x0020, 0x930F), of((0x0020, 0x9302), "FD", Doubles(6))),
    ((0x0062, 0x000A), of((0x0062, 0x000B), "US", Words(&[1, 2, 3]))),
];

/// What dimensions may count, and the group that it is in.
const POINTERS: [(Number, Number); 6] = [
    ((0x0020, 0x9057), CONTENT),
    ((0x0020, 0x9056), CONTENT),
    ((0x0020, 0x9128), CONTENT),
    ((0x0020, 0x0032), POSITION),
    ((0x0018, 0x9087), DIFFUSION),
    ((0x0062, 0x000B), (0x0062, 0x000A)),
];

/// The functional groups of one frame, or of all.
type Groups = BTreeMap<Number, Elements>;

fn item(groups: &Groups, written: Written) -> Elements {
    let mut item = Elements::default();
    for (sequence, elements) in groups {
        let mut elements = elements.clone();
        // The direction lies one deeper than the b-value.
        if let Some((vr, value)) = elements.0.remove(&(0x0018, 0x9089)) {
            let mut direction = Elements::default();
            direction.set((0x0018, 0x9089), vr, value);
            elements.sequence((0x0018, 0x9076), &[direction], written);
        }
        item.sequence(*sequence, &[elements], written);
    }
    item
}

/// What all frames share.
fn shared() -> Groups {
    let mut groups = Groups::new();
    groups.entry((0x0020, 0x9116)).or_default().set((0x0020, 0x0037), "DS", "1\\0\\0\\0\\1\\0");
    let measures = groups.entry((0x0028, 0x9110)).or_default();
    measures.set((0x0028, 0x0030), "DS", "0.5\\0.75");
    measures.set((0x0018, 0x0050), "DS", "2.5");
    let transformation = groups.entry((0x0028, 0x9145)).or_default();
    transformation.set((0x0028, 0x1052), "DS", "-1024");
    transformation.set((0x0028, 0x1053), "DS", "2");
    groups
}

/// A frame `slice` steps up, the `step`-th of its position.
fn frame(slice: usize, step: usize) -> Groups {
    let mut groups = Groups::new();
    let position = format!("-10\\20.5\\{}", 2.5 * slice as f64);
    groups.entry(POSITION).or_default().set((0x0020, 0x0032), "DS", position);
    let content = groups.entry(CONTENT).or_default();
    content.set((0x0020, 0x9056), "SH", "1");
    let long = |number: usize| (number as u32 + 1).to_le_bytes();
    content.set((0x0020, 0x9057), "UL", long(slice));
    content.set((0x0020, 0x9128), "UL", long(step));
    content.set((0x0020, 0x9157), "UL", [long(slice), long(step)].concat());
    groups
}

fn change(groups: &mut Groups, choices: &mut Choices<'_>) {
    let (sequence, attribute) = choices.pick(&GROUPS);
    if choices.is_one_of(16) {
        groups.remove(&sequence);
    } else {
        attribute.change(groups.entry(sequence).or_default(), choices);
    }
}

fn image(class: &str, frame_count: usize) -> Elements {
    let mut image = Elements::default();
    image.set((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\AXIAL");
    image.set((0x0008, 0x0016), "UI", class);
    image.set((0x0008, 0x0018), "UI", "1.5");
    image.set((0x0008, 0x0060), "CS", "MR");
    image.set((0x0008, 0x103E), "LO", SECRET);
    image.set((0x0020, 0x000D), "UI", "1.2");
    image.set((0x0020, 0x000E), "UI", "1.3");
    image.set((0x0020, 0x0052), "UI", "1.4");
    image.set((0x0028, 0x0004), "CS", "MONOCHROME2");
    image.set((0x0028, 0x0008), "IS", frame_count.to_string());
    for (element, word) in [(2, 1), (0x10, 3), (0x11, 2), (0x100, 16), (0x101, 16), (0x102, 15)] {
        image.words((0x0028, element), &[word]);
    }
    image.words((0x0028, 0x0103), &[0]);
    let pixels: Vec<u8> = (1..=frame_count).flat_map(|frame| [frame as u8; 12]).collect();
    image.set((0x7FE0, 0x0010), "OW", pixels);
    image
}

/// Dimension Index Sequence: where the indices point to.
fn dimensions(choices: &mut Choices<'_>) -> Vec<Elements> {
    let mut places = vec![POINTERS[0], POINTERS[2]];
    for _ in 0..choices.byte().saturating_sub(192) % 4 {
        places.insert(choices.below(places.len() + 1), choices.pick(&POINTERS));
    }
    let bytes = |(group, element): Number| [group.to_le_bytes(), element.to_le_bytes()].concat();
    let one = |(pointer, group): &(Number, Number)| {
        let mut item = Elements::default();
        item.set((0x0020, 0x9164), "UI", "1.6");
        item.set((0x0020, 0x9165), "AT", bytes(*pointer));
        item.set((0x0020, 0x9167), "AT", bytes(*group));
        item
    };
    places.iter().map(one).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let (count, across) = (choices.below(MOST_FRAMES) + 1, choices.below(4) + 1);
    let class = choices.pick(&CLASSES);
    let kind = choices.byte();
    let written = Written { is_implicit: kind & 1 != 0, is_undefined: kind & 2 != 0 };
    let mut image = image(class, count);
    let mut common = shared();
    let few = |choices: &mut Choices<'_>| choices.byte().saturating_sub(192) % 8;
    for _ in 0..few(&mut choices) {
        change(&mut common, &mut choices);
    }
    let mut frames = Vec::new();
    for number in 0..count {
        let mut groups = frame(number / across, number % across);
        for _ in 0..few(&mut choices) {
            change(&mut groups, &mut choices);
        }
        frames.push(item(&groups, written));
    }
    if choices.is_one_of(32) {
        frames.truncate(choices.below(count + 1));
    }
    image.sequence((0x0020, 0x9222), &dimensions(&mut choices), written);
    image.sequence((0x5200, 0x9229), &[item(&common, written)], written);
    image.sequence((0x5200, 0x9230), &frames, written);
    let mut has_pixels = true;
    for _ in 0..few(&mut choices) {
        let attribute = choices.pick(&ATTRIBUTES);
        attribute.change(&mut image, &mut choices);
        has_pixels &= !is_of_pixels(attribute.number);
    }
    let mut bytes = image.file(if written.is_implicit { IMPLICIT } else { EXPLICIT });
    if choices.is_one_of(16) {
        let place = usize::from(u16::from_le_bytes([choices.byte(), choices.byte()]));
        let length = bytes.len();
        bytes[place % length] ^= choices.byte();
        has_pixels = false;
    }
    check(&[Image { path: put(0, &bytes), pixel: has_pixels.then_some((257.0, 257.0)) }]);
});
