//! The series of images with what only scanners write: Siemens' CSA headers and mosaics, diffusion
//! weightings of Siemens, GE, Philips and United Imaging.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rapidicom_fuzz::series::{Image, SECRET, check};
use rapidicom_fuzz::{Choices, EXPLICIT, Elements, Number, Written, put};

const MOST_FILES: usize = 5;

/// What is changed in a private element.
#[derive(Clone, Copy)]
enum Kind {
    Decimals(usize),
    Doubles(usize),
    Floats(usize),
    Words(usize),
    Csa,
    /// A sequence of tiles.
    Tiles,
    Texts(&'static [&'static str]),
}

use Kind::{Csa, Decimals, Doubles, Floats, Texts, Tiles, Words};

/// Group, owner, number in its block, VR, and what it holds.
const ELEMENTS: [(u16, &str, u8, &str, Kind); 26] = [
    (0x0019, "SIEMENS MR HEADER", 0x0A, "US", Words(1)),
    (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", Decimals(1)),
    (0x0019, "SIEMENS MR HEADER", 0x0E, "FD", Doubles(3)),
    (0x0019, "SIEMENS MR HEADER", 0x29, "FD", Doubles(4)),
    (0x0029, "SIEMENS CSA HEADER", 0x10, "OB", Csa),
    (0x0029, "SIEMENS CSA HEADER", 0x20, "OB", Csa),
    (0x0043, "GEMS_PARM_01", 0x39, "IS", Decimals(4)),
    (0x0043, "GEMS_PARM_01", 0x30, "SS", Words(1)),
    (0x0019, "GEMS_ACQU_01", 0xBB, "DS", Decimals(1)),
    (0x0019, "GEMS_ACQU_01", 0xBC, "DS", Decimals(1)),
    (0x0019, "GEMS_ACQU_01", 0xBD, "DS", Decimals(1)),
    (0x0019, "GEMS_ACQU_01", 0xE0, "DS", Decimals(1)),
    (0x2001, "Philips Imaging DD 001", 0x03, "FL", Floats(1)),
    (0x2005, "Philips MR Imaging DD 001", 0xB0, "FL", Floats(1)),
    (0x2005, "Philips MR Imaging DD 001", 0xB1, "FL", Floats(1)),
    (0x2005, "Philips MR Imaging DD 001", 0xB2, "FL", Floats(1)),
    (0x0065, "Image Private Header", 0x09, "FD", Doubles(1)),
    (0x0065, "Image Private Header", 0x37, "FD", Doubles(3)),
    (0x0065, "Image Private Header", 0x50, "DS", Decimals(1)),
    (0x0065, "Image Private Header", 0x51, "SQ", Tiles),
    (0x0018, "", 0x20, "CS", Texts(&["EP", "EP\\SE", "GR"])),
    (0x0018, "", 0x24, "SH", Texts(&["*ep_b1000#4", "ep2d", "*ep_b0"])),
    (0x0018, "", 0x23, "CS", Texts(&["2D", "3D"])),
    (0x0018, "", 0x88, "DS", Decimals(1)),
    (0x0020, "", 0x37, "DS", Texts(&["1\\0\\0\\0\\0\\-1", "0\\1\\0\\0\\0\\-1", ""])),
    (0x0008, "", 0x08, "CS", Texts(&["ORIGINAL\\PRIMARY\\MOSAIC", "DIFFUSION", "M"])),
];

/// Names of entries in CSA headers that are read, and one that is not.
const ENTRIES: [&str; 8] = [
    "B_value",
    "DiffusionGradientDirection",
    "NumberOfImagesInMosaic",
    "SliceNormalVector",
    "MosaicRefAcqTimes",
    "MrPhoenixProtocol",
    "MrProtocol",
    "EchoLinePosition",
];

/// What the last value of Image Type says: that slices are tiles of the image, two by two.
const TILED: [&str; 3] = ["", "\\MOSAIC", "\\VFRAME"];

/// A slice of an MR, two steps of each position.
fn regular(number: usize, tiled: &str) -> Elements {
    let mut image = Elements::default();
    image.set((0x0008, 0x0008), "CS", format!("ORIGINAL\\PRIMARY\\M{tiled}"));
    image.set((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.4");
    image.set((0x0008, 0x0018), "UI", format!("1.5.{number}"));
    image.set((0x0008, 0x0060), "CS", "MR");
    image.set((0x0010, 0x0010), "PN", SECRET);
    image.set((0x0018, 0x1020), "LO", "29\\LX\\MR Software release");
    image.set((0x0018, 0x0023), "CS", "2D");
    image.set((0x0018, 0x0050), "DS", "2");
    image.set((0x0018, 0x1312), "CS", "COL");
    image.set((0x0018, 0x5100), "CS", "HFS");
    image.set((0x0020, 0x000D), "UI", "1.2");
    image.set((0x0020, 0x000E), "UI", "1.3");
    image.set((0x0020, 0x0013), "IS", (number + 1).to_string());
    image.set((0x0020, 0x0032), "DS", format!("-10\\20.5\\{}", 2 * (number / 2)));
    image.set((0x0020, 0x0037), "DS", "1\\0\\0\\0\\1\\0");
    image.set((0x0028, 0x0030), "DS", "1\\1");
    image.set((0x0028, 0x0004), "CS", "MONOCHROME2");
    for (element, word) in [(2, 1), (0x10, 4), (0x11, 4), (0x100, 16), (0x101, 16), (0x102, 15)] {
        image.words((0x0028, element), &[word]);
    }
    image.words((0x0028, 0x0103), &[0]);
    image.set((0x7FE0, 0x0010), "OW", [number as u8 + 1; 32]);
    if tiled == TILED[2] {
        image.0.remove(&(0x0020, 0x0032));
        image.set((0x0065, 0x0010), "LO", "Image Private Header");
        image.set((0x0065, 0x1050), "DS", "4");
        let tiles: Vec<Elements> = (0..4).map(|slice| tile(&format!("0\\0\\{slice}"))).collect();
        image.sequence((0x0065, 0x1051), &tiles, Written::default());
    }
    image
}

/// The item of a tile of United Imaging.
fn tile(position: &str) -> Elements {
    let mut tile = Elements::default();
    tile.set((0x0020, 0x0032), "DS", position);
    tile.set((0x0008, 0x0022), "DA", "20200101");
    tile.set((0x0008, 0x0032), "TM", "093000.5");
    tile
}

/// A CSA header, of the first or the second layout, with a few bytes changed.
fn csa(choices: &mut Choices<'_>) -> Vec<u8> {
    let is_second = !choices.is_one_of(4);
    let count = choices.below(5);
    let mut bytes = if is_second { b"SV10\x04\x03\x02\x01".to_vec() } else { Vec::new() };
    let word = |bytes: &mut Vec<u8>, word: usize| bytes.extend((word as u32).to_le_bytes());
    word(&mut bytes, count);
    word(&mut bytes, 77);
    let mut first = None;
    for _ in 0..count {
        let name = choices.pick(&ENTRIES);
        let values: Vec<String> = match name {
            "MrPhoenixProtocol" | "MrProtocol" => vec![protocol(choices)],
            "DiffusionGradientDirection" | "SliceNormalVector" => {
                (0..3).map(|_| choices.number_text()).collect()
            }
            _ => (0..choices.below(5)).map(|_| choices.number_text()).collect(),
        };
        let offset = *first.get_or_insert(values.len());
        bytes.extend(name.bytes().chain(std::iter::repeat(0)).take(64));
        word(&mut bytes, values.len());
        bytes.extend(b"IS\0\0");
        word(&mut bytes, 6);
        word(&mut bytes, values.len());
        word(&mut bytes, 77);
        for value in values {
            let length = value.len() + 1;
            let words = [length + if is_second { 0 } else { offset }, length, 77, length];
            words.into_iter().for_each(|one| word(&mut bytes, one));
            bytes.extend(value.bytes().chain([0]));
            bytes.resize(bytes.len() + length.next_multiple_of(4) - length, 0);
        }
    }
    for _ in 0..choices.byte().saturating_sub(224) % 4 {
        let place = usize::from(u16::from_le_bytes([choices.byte(), choices.byte()]));
        let length = bytes.len();
        bytes[place % length] = choices.byte();
    }
    bytes
}

/// The slices that a scanner was asked for.
fn protocol(choices: &mut Choices<'_>) -> String {
    let mut text = format!("sSliceArray.lSize = {}\n", choices.byte() % 6);
    for slice in 0..choices.below(5) {
        let axis = choices.pick(&["dSag", "dCor", "dTra", "x"]);
        let number =
            if choices.is_one_of(4) { choices.number_text() } else { (2 * slice).to_string() };
        text += &format!("sSliceArray.asSlice[{slice}].sPosition.{axis} = {number}\n");
    }
    text
}

fn change(image: &mut Elements, choices: &mut Choices<'_>) {
    let (group, owner, number, vr, kind) = choices.pick(&ELEMENTS);
    let block: u16 = if owner.is_empty() { 0 } else { 0x10 + u16::from(choices.is_one_of(8)) };
    let tag: Number = (group, block << 8 | u16::from(number));
    if !owner.is_empty() && !choices.is_one_of(16) {
        image.set((group, block), "LO", owner);
    }
    let bytes = |words: Vec<[u8; 2]>| words.concat();
    match kind {
        _ if choices.is_one_of(16) => image.set(tag, vr, choices.bytes(24)),
        Decimals(count) => image.set(tag, vr, choices.numbers_text(count)),
        Doubles(count) => {
            let numbers: Vec<f64> = (0..count).map(|_| choices.number()).collect();
            image.doubles(tag, &numbers);
        }
        Floats(count) => {
            let numbers = (0..count).flat_map(|_| (choices.number() as f32).to_le_bytes());
            image.set(tag, vr, numbers.collect::<Vec<u8>>());
        }
        Words(count) => {
            let words = (0..count).map(|_| u16::from(choices.byte() % 20).to_le_bytes());
            image.set(tag, vr, bytes(words.collect()));
        }
        Csa => image.set(tag, vr, csa(choices)),
        Tiles => {
            let count = choices.below(6);
            let tiles: Vec<Elements> = (0..count).map(|_| tile(&choices.numbers_text(3))).collect();
            image.sequence(tag, &tiles, Written::default());
        }
        Texts(texts) => image.set(tag, vr, choices.pick(texts)),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let (count, tiled) = (choices.below(MOST_FILES) + 1, choices.pick(&TILED));
    let mut files = Vec::new();
    for number in 0..count {
        let mut image = regular(number, tiled);
        for _ in 0..choices.below(6) {
            change(&mut image, &mut choices);
        }
        let pixel = f64::from(257 * (number as u16 + 1));
        files.push(Image { path: put(number, &image.file(EXPLICIT)), pixel: Some((pixel, 0.0)) });
    }
    check(&files);
});
