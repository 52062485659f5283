//! A data set that is deflated as a whole (PS3.5 §A.5), against the same data set as it is.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};
use rapidicom_core::{
    Dataset, DicomFile, Encoding, Leniencies, Leniency, Limits, ParseOptions, Rules, Stop,
};
use rapidicom_fuzz::{Choices, DEFLATED, Elements, Written, file};

/// Small, so that bombs are met.
const LIMITS: Limits = Limits { inflated_bytes: 1 << 16, inflated_ratio: 100, ..Limits::DEFAULT };

/// Bytes that are inflated in a second way, to compare.
const MOST: usize = 1 << 22;

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let (kind, level) = (choices.byte() % 4, choices.byte() % 11);
    let cut = usize::from(choices.byte());
    let zeros = usize::from(choices.byte()) << choices.below(12);
    let mut plain = choices.rest().to_vec();
    let deflated = match kind {
        // As the fuzzer has it.
        0 => plain,
        // A data set that inflates to more than it was.
        1 => {
            let mut elements = Elements::default();
            elements.set((0x0009, 0x1001), "OB", vec![0; zeros]);
            plain.splice(..0, elements.bytes(Written::default()));
            compress_to_vec(&plain, level)
        }
        // One that is cut short, or followed by something.
        2 => {
            let mut deflated = compress_to_vec(&plain, level);
            deflated.truncate(deflated.len().saturating_sub(cut));
            deflated
        }
        _ => [compress_to_vec(&plain, level), vec![cut as u8; cut]].concat(),
    };
    check(&deflated);
});

fn check(deflated: &[u8]) {
    let rules = Rules { limits: LIMITS, leniencies: Leniencies::DEFAULT, ..Rules::default() };
    let options = ParseOptions { rules, ..ParseOptions::default() };
    let found = DicomFile::from_memory(Arc::new(file(DEFLATED, deflated)), &options);
    let Ok(found) = found else { return };
    let deviations = found.dataset.deviations().as_slice();
    let has = |leniency| deviations.iter().any(|deviation| deviation.leniency == leniency);
    if has(Leniency::NotDeflated) {
        return;
    }
    let end = found.dataset.elements().iter().map(|element| element.value_end()).max();
    let allowed = LIMITS.inflated_bytes.max(LIMITS.inflated_ratio * deflated.len() as u64);
    // Of what it has inflated, a reader may keep what lies after the limit in the same block.
    assert!(end.unwrap_or(0) <= allowed, "more bytes than are allowed: {end:?}");
    let (inflated, is_whole) = inflate_all(deflated);
    assert!(end.unwrap_or(0) <= inflated.len() as u64, "a data set out of what is not deflated");
    if !is_whole && !has(Leniency::DeflatedCutShort) {
        return;
    }
    let encoding = found.dataset.encoding();
    let plain =
        Dataset::from_memory(Arc::new(inflated), encoding, Stop::AtEnd, &rules).expect("as before");
    if encoding == Encoding::EXPLICIT_LITTLE {
        assert_eq!(plain.elements().len(), found.dataset.elements().len());
    }
    for (one, other) in plain.elements().iter().zip(found.dataset.elements()) {
        assert_eq!((one.tag, one.vr, one.value_offset), (other.tag, other.vr, other.value_offset));
        assert_eq!(plain.value(one).ok(), found.dataset.value(other).ok());
    }
}

/// What the bytes inflate to as far as they are deflated, and whether they are.
fn inflate_all(mut deflated: &[u8]) -> (Vec<u8>, bool) {
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let (mut inflated, mut part) = (Vec::new(), vec![0; 1 << 15]);
    loop {
        let done = inflate(&mut state, deflated, &mut part, MZFlush::None);
        inflated.extend(&part[..done.bytes_written]);
        deflated = &deflated[done.bytes_consumed..];
        match done.status {
            Ok(MZStatus::Ok) if inflated.len() < MOST && done.bytes_written > 0 => {}
            status => return (inflated, status == Ok(MZStatus::StreamEnd)),
        }
    }
}
