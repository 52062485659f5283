//! The series of a list of files: single-frame images in regular stacks, of which the fuzzer
//! changes a few attributes, so that it gets past the first rule.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rapidicom_fuzz::series::{ATTRIBUTES, Image, SECRET, check, is_of_pixels};
use rapidicom_fuzz::{Choices, EXPLICIT, Elements, IMPLICIT, Number, put};

/// Files of one run, at most.
const MOST_FILES: usize = 14;

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
            let attribute = choices.pick(&ATTRIBUTES);
            attribute.change(&mut image, &mut choices);
            has_pixels &= !is_of_pixels(attribute.number);
        }
        let syntaxes = [EXPLICIT, IMPLICIT];
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
