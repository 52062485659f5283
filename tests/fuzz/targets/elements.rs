//! The elements of a data set in each encoding; the first byte chooses it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rapidicom_core::{Deviations, Encoding, Rules, Stop, Window, parse_elements};

const ENCODINGS: [Encoding; 3] =
    [Encoding::IMPLICIT_LITTLE, Encoding::EXPLICIT_LITTLE, Encoding::EXPLICIT_BIG];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let encoding = ENCODINGS[usize::from(*choice) % ENCODINGS.len()];
    let (mut elements, mut deviations) = (Vec::new(), Deviations::default());
    let mut window = Window::memory(bytes, 0);
    let rules = Rules::default();
    parse_elements(&mut window, 0, encoding, Stop::AtEnd, &rules, &mut elements, &mut deviations)
        .ok();
    assert!(elements.iter().all(|element| element.value_end() <= bytes.len() as u64));
});
