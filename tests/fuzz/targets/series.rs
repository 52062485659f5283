//! The series of a list of files: single-frame images in regular stacks, of which the fuzzer
//! changes a few attributes, so that it gets past the first rule.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rapidicom_fuzz::series::{Image, SECRET, check};
use rapidicom_fuzz::{Choices, Elements, Number, put};

/// Files of one run, at most.
const MOST_FILES: usize = 14;

/// What an attribute may be changed to, besides nothing and any bytes.
#[derive(Clone, Copy)]
enum Change {
    /// So many numbers, as text.
    Decimals(usize),
    /// So many numbers, as 64-bit floats.
    Doubles(usize),
    Words(&'static [u16]),
    Texts(&'static [&'static str]),
}

use Change::{Decimals, Doubles, Texts, Words};

const UIDS: Change = Texts(&["1.2", "1.3", "1.4"]);
const TIMES: Change = Texts(&["0930", "093000.5", "235959.999999", "000000", "9", "250000"]);
const DATES: Change = Texts(&["20200101", "20191231", "20200230", "2020"]);

/// What a volume depends on.
const ATTRIBUTES: [(Number, &str, Change); 56] = [
    ((0x0020, 0x0032), "DS", Decimals(3)),
    ((0x0020, 0x0037), "DS", Decimals(6)),
    ((0x0028, 0x0030), "DS", Decimals(2)),
    ((0x0018, 0x0050), "DS", Decimals(1)),
    ((0x0018, 0x0088), "DS", Decimals(1)),
    ((0x0028, 0x1053), "DS", Decimals(1)),
    ((0x0028, 0x1052), "DS", Decimals(1)),
    ((0x0020, 0x0013), "IS", Decimals(1)),
    ((0x0020, 0x0012), "IS", Decimals(1)),
    ((0x0020, 0x0011), "IS", Decimals(1)),
    ((0x0020, 0x0100), "IS", Decimals(1)),
    ((0x0018, 0x1060), "DS", Decimals(1)),
    ((0x0018, 0x0081), "DS", Decimals(1)),
    ((0x0018, 0x0086), "IS", Decimals(1)),
    ((0x0018, 0x0082), "DS", Decimals(1)),
    ((0x0018, 0x1314), "DS", Decimals(1)),
    ((0x0054, 0x1300), "DS", Decimals(1)),
    ((0x0018, 0x9087), "FD", Doubles(1)),
    ((0x0018, 0x9089), "FD", Doubles(3)),
    ((0x0018, 0x1164), "DS", Decimals(2)),
    ((0x0028, 0x0120), "US", Words(&[0, 1, 257])),
    ((0x0028, 0x0010), "US", Words(&[3, 2, 6, 0, 65_535])),
    ((0x0028, 0x0011), "US", Words(&[2, 3, 1, 0, 65_535])),
    ((0x0028, 0x0100), "US", Words(&[16, 8, 32, 12, 1, 64])),
    ((0x0028, 0x0101), "US", Words(&[16, 12, 8, 1])),
    ((0x0028, 0x0102), "US", Words(&[15, 11, 7, 0])),
    ((0x0028, 0x0103), "US", Words(&[0, 1, 2])),
    ((0x0028, 0x0002), "US", Words(&[1, 3, 4, 0])),
    ((0x0028, 0x0006), "US", Words(&[0, 1])),
    ((0x0028, 0x0008), "IS", Decimals(1)),
    ((0x0028, 0x0004), "CS", Texts(&["MONOCHROME2", "RGB", "YBR_FULL", "PALETTE COLOR"])),
    ((0x0008, 0x0060), "CS", Texts(&["CT", "MR", "PT", "NM", "RTDOSE", "US", "SEG", "DX", "XA"])),
    (
        (0x0008, 0x0016),
        "UI",
        Texts(&[
            "1.2.840.10008.5.1.4.1.1.2",
            "1.2.840.10008.5.1.4.1.1.4",
            "1.2.840.10008.5.1.4.1.1.20",
            "1.2.840.10008.5.1.4.1.1.66.4",
            "1.2.840.10008.5.1.4.1.1.481.2",
            "1.2.840.10008.5.1.4.1.1.88.11",
            "1.2.840.10008.5.1.4.1.1.7.2",
        ]),
    ),
    (
        (0x0008, 0x0008),
        "CS",
        Texts(&["ORIGINAL\\PRIMARY", "DERIVED\\SECONDARY\\M", "LOCALIZER", "MOSAIC", "M", "P"]),
    ),
    ((0x0020, 0x000E), "UI", UIDS),
    ((0x0020, 0x000D), "UI", UIDS),
    ((0x0020, 0x0052), "UI", UIDS),
    ((0x0008, 0x0018), "UI", UIDS),
    ((0x0008, 0x0031), "TM", TIMES),
    ((0x0008, 0x0032), "TM", TIMES),
    ((0x0008, 0x0033), "TM", TIMES),
    ((0x0008, 0x0022), "DA", DATES),
    ((0x0008, 0x0023), "DA", DATES),
    ((0x0008, 0x002A), "DT", Texts(&["20200101093000", "20200101093000.5+0100", "2020"])),
    ((0x0018, 0x9074), "DT", Texts(&["20200101093000", "20200101093001", "2020"])),
    ((0x0054, 0x1001), "CS", Texts(&["BQML", "CNTS", "SUV"])),
    ((0x0018, 0x1210), "SH", Texts(&["B30f", "B60f"])),
    ((0x0018, 0x0060), "DS", Decimals(1)),
    ((0x0018, 0x9328), "FD", Doubles(1)),
    ((0x0010, 0x0020), "LO", Texts(&["1", "2"])),
    ((0x3004, 0x000E), "DS", Decimals(1)),
    ((0x3004, 0x000C), "DS", Decimals(4)),
    ((0x0028, 0x0301), "CS", Texts(&["YES", "NO"])),
    ((0x0018, 0x5100), "CS", Texts(&["HFS", "FFP"])),
    ((0x0054, 0x0080), "US", Words(&[1, 2])),
    ((0x0020, 0x4000), "LT", Texts(&[SECRET])),
];

/// The attributes that the pixels depend on.
fn is_of_pixels((group, element): Number) -> bool {
    group == 0x0028 && !matches!(element, 0x0030 | 0x0120 | 0x0301 | 0x1052 | 0x1053)
}

/// What tells the images of one position apart.
const LEADING: [(Number, &str); 8] = [
    ((0x0020, 0x0012), "IS"),
    ((0x0020, 0x0100), "IS"),
    ((0x0018, 0x1060), "DS"),
    ((0x0018, 0x0081), "DS"),
    ((0x0018, 0x0086), "IS"),
    ((0x0054, 0x1300), "DS"),
    ((0x0018, 0x1314), "DS"),
    ((0x0008, 0x0032), "TM"),
];

/// A slice of a CT: `slice` steps up, and the `step`-th of its position.
fn regular(number: usize, slice: usize, step: usize, leading: (Number, &'static str)) -> Elements {
    let mut image = Elements::default();
    image.set((0x0008, 0x0016), "UI", "1.2.840.10008.5.1.4.1.1.2");
    image.set((0x0008, 0x0018), "UI", format!("1.5.{number}"));
    image.set((0x0008, 0x0008), "CS", "ORIGINAL\\PRIMARY\\AXIAL");
    image.set((0x0008, 0x0060), "CS", "CT");
    image.set((0x0008, 0x103E), "LO", SECRET);
    image.set((0x0010, 0x0010), "PN", SECRET);
    image.set((0x0020, 0x000D), "UI", "1.2");
    image.set((0x0020, 0x000E), "UI", "1.3");
    image.set((0x0020, 0x0052), "UI", "1.4");
    image.set((0x0020, 0x0013), "IS", format!("{}", number + 1));
    image.set((0x0020, 0x0032), "DS", format!("-10\\20.5\\{}", 2.5 * slice as f64));
    image.set((0x0020, 0x0037), "DS", "1\\0\\0\\0\\1\\0");
    image.set((0x0028, 0x0030), "DS", "0.5\\0.75");
    image.set((0x0028, 0x1052), "DS", "-1024");
    image.set((0x0028, 0x1053), "DS", "1");
    image.set((0x0028, 0x0004), "CS", "MONOCHROME2");
    for (element, word) in [(2, 1), (0x10, 3), (0x11, 2), (0x100, 16), (0x101, 16), (0x102, 15)] {
        image.words((0x0028, element), &[word]);
    }
    image.words((0x0028, 0x0103), &[0]);
    image.set((0x7FE0, 0x0010), "OW", [number as u8 + 1; 12]);
    if step > 0 {
        image.set(leading.0, leading.1, step.to_string());
    }
    image
}

fn change(image: &mut Elements, choices: &mut Choices<'_>) -> Number {
    let (number, vr, change) = choices.pick(&ATTRIBUTES);
    match choices.byte() % 8 {
        0 => drop(image.0.remove(&number)),
        1 => image.set(number, vr, choices.bytes(24)),
        _ => match change {
            Decimals(count) => image.set(number, vr, choices.numbers_text(count)),
            Doubles(count) => {
                let numbers: Vec<f64> = (0..count).map(|_| choices.number()).collect();
                image.doubles(number, &numbers);
            }
            Words(words) => image.words(number, &[choices.pick(words)]),
            Texts(texts) => image.set(number, vr, choices.pick(texts)),
        },
    }
    number
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let count = choices.below(MOST_FILES) + 1;
    let (across, leading) = (choices.below(4) + 1, choices.pick(&LEADING));
    let is_missing = choices.byte();
    let mut files = Vec::new();
    for number in (0..count).filter(|number| *number != usize::from(is_missing)) {
        let mut image = regular(number, number / across, number % across, leading);
        let mut has_pixels = true;
        // Most images are regular: else nothing is a stack.
        for _ in 0..choices.byte().saturating_sub(192) % 8 {
            has_pixels &= !is_of_pixels(change(&mut image, &mut choices));
        }
        let syntaxes = [rapidicom_fuzz::EXPLICIT, rapidicom_fuzz::IMPLICIT];
        let mut bytes = image.file(syntaxes[usize::from(choices.is_one_of(32))]);
        if choices.is_one_of(64) {
            bytes.truncate(bytes.len().saturating_sub(usize::from(choices.byte())));
            has_pixels = false;
        }
        let pixel = f64::from(257 * (number as u16 + 1));
        files.push(Image { path: put(number, &bytes), pixel: has_pixels.then_some((pixel, 0.0)) });
    }
    if !files.is_empty() {
        check(&files);
    }
});
