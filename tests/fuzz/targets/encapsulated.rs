//! Which bytes of encapsulated Pixel Data are which frame's (PS3.5 §A.4): fragments, the Basic and
//! the Extended Offset Table.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rapidicom_core::{
    AlignedBuffer, ByteOrder, ExtendedOffsetTable, FileBytes, Fragments, Frames, Limits, OpenBytes,
    Source,
};
use rapidicom_fuzz::Choices;

/// Bytes before the value, which belong to something else.
const BEFORE: usize = 6;

/// Frames as they were written.
#[derive(Default)]
struct Made {
    value: Vec<u8>,
    extended: Option<ExtendedOffsetTable>,
    /// None if the fuzzer has changed anything.
    frames: Option<Vec<Vec<u8>>>,
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let order = if choices.is_one_of(4) { ByteOrder::Big } else { ByteOrder::Little };
    let made = if choices.is_one_of(4) { any(&mut choices) } else { frames(order, &mut choices) };
    let said = match &made.frames {
        Some(frames) => frames.len() as u64,
        None => choices.below(12) as u64 + 1,
    };
    check(&made, order, said);
});

fn any(choices: &mut Choices<'_>) -> Made {
    let mut table = || Some(choices.bytes(8).iter().copied().map(u64::from).collect());
    let extended = table().zip(table());
    let extended = extended.map(|(offsets, lengths)| ExtendedOffsetTable { offsets, lengths });
    Made { value: choices.rest().to_vec(), extended, frames: None }
}

/// A value of a few frames; its tables are right, absent or changed.
fn frames(order: ByteOrder, choices: &mut Choices<'_>) -> Made {
    let count = choices.below(8) + 1;
    let (tables, changes) = (choices.byte() % 4, choices.byte().saturating_sub(128) % 4);
    let starts_alike = choices.is_one_of(2);
    let (mut items, mut frames) = (Vec::new(), Vec::new());
    let (mut basic, mut extended) = (Vec::new(), ExtendedOffsetTable::default());
    let fragments = choices.below(3);
    for _ in 0..count {
        basic.push(items.len() as u32);
        extended.offsets.push(items.len() as u64);
        let mut frame = Vec::new();
        // The Extended Offset Table knows one fragment a frame.
        for fragment in 0..if tables == 1 { fragments + 1 } else { 1 } {
            let mut bytes = choices.bytes(9).to_vec();
            bytes.push(0x5A);
            if starts_alike && fragment == 0 {
                bytes.splice(..0, [0xFF, 0xD8, 0xFF]);
            }
            bytes.resize(bytes.len().next_multiple_of(2), 0);
            item(&mut items, order, &bytes);
            frame.extend(bytes);
        }
        extended.lengths.push(frame.len() as u64);
        frames.push(frame);
    }
    let mut value = Vec::new();
    let table = basic.iter().flat_map(|offset| bytes_of(order, *offset));
    let table: Vec<u8> = if tables == 1 { table.collect() } else { Vec::new() };
    item(&mut value, order, &table);
    value.extend(items);
    value.extend(tag(order, 0xFFFE, 0xE0DD));
    value.extend([0; 4]);
    let mut extended = (tables == 2).then_some(extended);
    for _ in 0..changes {
        match (choices.byte() % 3, &mut extended) {
            (0, Some(table)) => *choose(&mut table.offsets, choices) = choices.byte().into(),
            (1, Some(table)) => *choose(&mut table.lengths, choices) = choices.byte().into(),
            _ => *choose(&mut value, choices) = choices.byte(),
        }
    }
    if changes > 0 && choices.is_one_of(4) {
        value.truncate(choices.below(value.len()));
    }
    Made { value, extended, frames: Some(frames).filter(|_| changes == 0) }
}

fn choose<'v, T>(values: &'v mut [T], choices: &mut Choices<'_>) -> &'v mut T {
    let index = choices.below(values.len());
    &mut values[index]
}

fn bytes_of(order: ByteOrder, number: u32) -> [u8; 4] {
    match order {
        ByteOrder::Little => number.to_le_bytes(),
        ByteOrder::Big => number.to_be_bytes(),
    }
}

fn tag(order: ByteOrder, group: u16, element: u16) -> [u8; 4] {
    let [a, b, c, d] = bytes_of(order, u32::from(group) << 16 | u32::from(element));
    if order == ByteOrder::Big { [a, b, c, d] } else { [c, d, a, b] }
}

fn item(out: &mut Vec<u8>, order: ByteOrder, bytes: &[u8]) {
    out.extend(tag(order, 0xFFFE, 0xE000));
    out.extend(bytes_of(order, bytes.len() as u32));
    out.extend(bytes);
}

fn check(made: &Made, order: ByteOrder, said: u64) {
    let file = [&[0xFE; BEFORE], &made.value[..], &[0xE0; 7]].concat();
    let (offset, length) = (BEFORE as u64, made.value.len() as u64);
    let bytes = FileBytes::new(Source::Memory(Arc::new(file.clone())), Vec::new());
    let open = OpenBytes::new(&bytes).expect("bytes in memory are open");
    let read = Fragments::read(&open, offset, length, order, &Limits::DEFAULT);
    assert!(read.is_ok() || made.frames.is_none());
    let Ok(fragments) = read else { return };
    let mut end = offset;
    for fragment in &fragments.fragments {
        assert!(fragment.offset >= end, "fragments overlap");
        end = fragment.offset + fragment.length;
        assert!(fragment.length == 0 || end <= offset + length, "a fragment past the value");
    }
    let missing = fragments.missing_length;
    let found = Frames::find(fragments, made.extended.as_ref(), said, &open);
    assert!(found.is_ok() || made.frames.is_none(), "{found:?}");
    let Ok(found) = found else { return };
    assert!(found.count() > 0);
    let (mut total, mut buffer) = (0, AlignedBuffer::default());
    for index in 0..found.count() {
        let frame = found.read(index, &open, &mut buffer).expect("frames lie in the value");
        assert_eq!(frame.len() as u64, found.length(index));
        let parts = found
            .fragments(index)
            .iter()
            .flat_map(|fragment| &file[fragment.offset as usize..][..fragment.length as usize]);
        assert!(parts.eq(frame), "a frame is its fragments");
        total += frame.len() as u64;
        assert_eq!(found.check_whole(index).is_ok(), found.missing_length(index) == 0);
        if let Some(frames) = &made.frames {
            assert_eq!(frame, frames[index as usize], "frame {index}");
        }
    }
    assert!(total <= length, "frames share bytes");
    assert!(found.fragments(found.count()).is_empty());
    assert_eq!(found.missing_length(found.count() - 1), missing);
    if let Some(frames) = &made.frames {
        assert_eq!(found.count(), frames.len() as u64);
        assert!(missing == 0 && found.irregularities.is_empty());
    }
}
