//! How far a window reads, what it keeps, and what it says where the data end.

use std::cell::RefCell;

use super::*;
use miniz_oxide::deflate::compress_to_vec;

/// A file of numbers that counts its reads, and may be shorter than it says.
struct Numbers {
    length: u64,
    really: u64,
    reads: RefCell<Vec<(u64, u64)>>,
}

impl Numbers {
    fn new(length: u64) -> Numbers {
        Numbers { length, really: length, reads: RefCell::default() }
    }

    /// Offset and length of each read so far.
    fn reads(&self) -> Vec<(u64, u64)> {
        self.reads.borrow().clone()
    }
}

/// The byte at an offset.
fn number(offset: u64) -> u8 {
    (offset % 251) as u8
}

impl ReadAt for Numbers {
    fn length(&self) -> u64 {
        self.length
    }
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.reads.borrow_mut().push((offset, buffer.len() as u64));
        let count = self.really.saturating_sub(offset).min(buffer.len() as u64) as usize;
        for (index, byte) in buffer.iter_mut().take(count).enumerate() {
            *byte = number(offset + index as u64);
        }
        Ok(count)
    }
}

fn is_numbers(window: &Window<'_>) -> bool {
    let base = window.base();
    window.bytes().iter().enumerate().all(|(index, byte)| *byte == number(base + index as u64))
}

#[test]
fn a_segment_has_what_lies_inside_it() {
    let segment = Segment { offset: 10, bytes: [0, 1, 2, 3].into() };
    assert_eq!(segment.get(10, 4), Some(&[0, 1, 2, 3][..]));
    assert_eq!(segment.get(13, 1), Some(&[3][..]));
    assert_eq!((segment.get(9, 2), segment.get(13, 2)), (None, None));
    for (first, end, expected) in [
        (0, 100, Some((10, 4))),
        (11, 13, Some((11, 2))),
        (13, 14, Some((13, 1))),
        (12, 100, Some((12, 2))),
        (14, 100, None),
        (0, 10, None),
        (12, 12, None),
        (13, 11, None),
    ] {
        let found = segment.between(first, end);
        let found = found.map(|found| {
            assert_eq!(
                found.bytes[..],
                segment.bytes[found.offset as usize - 10..][..found.bytes.len()]
            );
            (found.offset, found.bytes.len())
        });
        assert_eq!(found, expected, "{first}..{end}");
    }
}

#[test]
fn memory_is_there_from_the_start() {
    let mut window = Window::memory(&[1, 2, 3, 4], 100);
    assert_eq!((window.base(), window.end(), window.bytes()), (100, 104, &[1, 2, 3, 4][..]));
    assert!(window.reaches(104) && !window.reaches(105));
    window.extend_to(u64::MAX).unwrap();
    window.jump_to(103, 2).unwrap();
    assert_eq!((window.base(), window.bytes().len()), (100, 4), "nothing is left behind");
    assert!(!window.is_sequential() && !window.is_deflated_cut_short());
    assert_eq!((window.length(), window.into_inflated()), (104, None));
}

#[test]
fn a_file_is_read_in_few_reads() {
    let file = Numbers::new(200_000);
    let mut buffer = AlignedBuffer::default();
    let mut window = Window::file(&file, &mut buffer, None, &Limits::DEFAULT).unwrap();
    assert_eq!((window.base(), window.end(), window.length()), (0, 200_000, 200_000));
    assert_eq!(file.reads(), [(0, 8192)]);
    window.extend_to(8192).unwrap();
    assert_eq!(file.reads().len(), 1, "it is there");
    window.extend_to(8193).unwrap();
    assert_eq!(file.reads()[1..], [(8192, 3 * 8192)], "four times as much");
    window.extend_to(100_000).unwrap();
    assert_eq!(file.reads()[2..], [(4 * 8192, 12 * 8192)]);
    window.extend_to(u64::MAX).unwrap();
    assert_eq!(file.reads()[3..], [(16 * 8192, 200_000 - 16 * 8192)], "no more than there is");
    assert!(window.reaches(200_000) && is_numbers(&window));
}

#[test]
fn a_short_file_is_read_at_once() {
    for length in [0, 1, 8192] {
        let (file, mut buffer) = (Numbers::new(length), AlignedBuffer::default());
        let window = Window::file(&file, &mut buffer, None, &Limits::DEFAULT).unwrap();
        assert_eq!((window.bytes().len() as u64, window.end()), (length, length));
        assert!(is_numbers(&window) && file.reads().len() <= 1, "{length}");
    }
}

#[test]
fn a_window_becomes_no_longer_than_the_limit() {
    let limits = Limits { header_bytes: 10_000, ..Limits::DEFAULT };
    let (file, mut buffer) = (Numbers::new(100_000), AlignedBuffer::default());
    let mut window = Window::file(&file, &mut buffer, None, &limits).unwrap();
    window.extend_to(10_000).unwrap();
    assert_eq!(window.bytes().len(), 10_000);
    let error = window.extend_to(10_001).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::HeaderTooLong { limit: 10_000 }), "{error}");
    window.jump_to(50_000, 0).unwrap();
    window.extend_to(60_000).unwrap();
    let error = window.extend_to(60_001).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::HeaderTooLong { limit: 10_000 }), "{error}");
}

#[test]
fn a_file_that_was_cut_ends_where_its_bytes_do() {
    let file = Numbers { really: 9000, ..Numbers::new(20_000) };
    let mut buffer = AlignedBuffer::default();
    let mut window = Window::file(&file, &mut buffer, None, &Limits::DEFAULT).unwrap();
    assert_eq!(window.end(), 20_000, "that is not known yet");
    window.extend_to(20_000).unwrap();
    assert_eq!((window.end(), window.bytes().len()), (9000, 9000));
    window.extend_to(20_000).unwrap();
    assert_eq!(file.reads().len(), 2, "nothing is asked for twice");
}

#[test]
fn a_jump_leaves_bytes_behind_and_keeps_what_was_used() {
    let (file, mut segments) = (Numbers::new(100_000), Vec::new());
    let mut buffer = AlignedBuffer::default();
    let kept = Some(&mut segments);
    let mut window = Window::file(&file, &mut buffer, kept, &Limits::DEFAULT).unwrap();
    window.jump_to(50_000, 100).unwrap();
    assert_eq!((window.base(), window.bytes().len()), (50_000, 8192));
    assert!(is_numbers(&window));
    window.jump_to(99_999, usize::MAX).unwrap();
    assert_eq!((window.base(), window.bytes().len()), (99_999, 1));
    window.keep(1).unwrap();
    let kept: Vec<_> = segments.iter().map(|kept| (kept.offset, kept.bytes.len())).collect();
    assert_eq!(kept, [(0, 100), (50_000, 8192), (99_999, 1)]);
    let is_right = |kept: &Segment| kept.bytes[0] == number(kept.offset);
    assert!(segments.iter().all(is_right));
}

#[test]
fn eight_bytes_are_seen_without_a_longer_window() {
    let expect = |offset: u64| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(offset..).for_each(|(byte, offset)| *byte = number(offset));
        Some(bytes)
    };
    let (file, mut buffer) = (Numbers::new(20_000), AlignedBuffer::default());
    let mut window = Window::file(&file, &mut buffer, None, &Limits::DEFAULT).unwrap();
    assert_eq!(window.peek(8184).unwrap(), expect(8184));
    assert_eq!(file.reads().len(), 1, "they are in the window");
    assert_eq!(window.peek(8185).unwrap(), expect(8185));
    assert_eq!(window.peek(19_992).unwrap(), expect(19_992));
    assert_eq!(file.reads()[1..], [(8185, 8), (19_992, 8)]);
    assert_eq!(window.peek(19_993).unwrap(), None);
    assert_eq!(window.peek(u64::MAX).unwrap(), None);
    assert_eq!((window.bytes().len(), file.reads().len()), (8192, 3));
    let cut = Numbers { really: 10_000, ..Numbers::new(20_000) };
    let mut window = Window::file(&cut, &mut buffer, None, &Limits::DEFAULT).unwrap();
    assert_eq!(window.peek(9_993).unwrap(), None, "the file was cut");
    let mut window = Window::memory(&[7; 9], 100);
    let found = [100, 101, 102, 99].map(|offset| window.peek(offset).unwrap().is_some());
    assert_eq!(found, [true, true, false, false]);
}

#[test]
fn chunks_are_read_where_they_are_missing() {
    let (file, mut buffer) = (Numbers::new(9000), AlignedBuffer::default());
    let mut window = Window::file(&file, &mut buffer, None, &Limits::DEFAULT).unwrap();
    assert_eq!(window.chunk(8190).unwrap(), Some(&[number(8190), number(8191)]));
    assert_eq!(file.reads().len(), 1);
    assert_eq!(window.chunk(8191).unwrap(), Some(&[number(8191), number(8192)]));
    assert_eq!(window.chunk(8998).unwrap(), Some(&[number(8998), number(8999)]));
    assert_eq!(window.chunk::<2>(8999).unwrap(), None);
    assert_eq!(window.run().get(8999, 1), Some(&[number(8999)][..]));
}

#[test]
fn patterns_are_found_wherever_they_lie() {
    // Before, across and after the ends of the chunks that are searched.
    for at in [0, 1, 250, 252, 253, 254, 255, 256, 1270, 1277, 5000, 70_000, 199_996] {
        let mut bytes = vec![0; 200_000];
        bytes[at..at + 4].copy_from_slice(b"DICM");
        let mut window = Window::memory(&bytes, 100);
        let found = 100 + at as u64;
        assert_eq!(window.find(*b"DICM", 100).unwrap(), Some(found), "{at}");
        assert_eq!(window.find(*b"DICM", found).unwrap(), Some(found), "{at}");
        assert_eq!(window.find(*b"DICM", found + 1).unwrap(), None, "{at}");
        assert_eq!(window.find_other_than_zero(100).unwrap(), Some(found), "{at}");
        assert_eq!(window.find_other_than_zero(found + 2).unwrap(), Some(found + 2), "{at}");
        assert_eq!(window.find_other_than_zero(found + 4).unwrap(), None, "{at}");
    }
    let mut window = Window::memory(b"DIC", 0);
    assert_eq!(window.find(*b"DICM", 0).unwrap(), None);
    let (file, mut buffer) = (Numbers::new(100_000), AlignedBuffer::default());
    let mut window = Window::file(&file, &mut buffer, None, &Limits::DEFAULT).unwrap();
    let pattern = [250, 0, 1, 2];
    assert_eq!(window.find(pattern, 90_000).unwrap(), Some(90_108));
    assert_eq!(window.bytes().len(), 8192, "the window did not become longer");
}

#[test]
fn deflated_bytes_are_inflated_as_far_as_they_are_wanted() {
    let plain: Vec<u8> = (0..300_000).map(number).collect();
    let deflated = [&[9; 5][..], &compress_to_vec(&plain, 0)].concat();
    let source = Window::memory(&deflated, 0);
    let mut window = Window::inflated(&source, 5, &Limits::DEFAULT);
    assert_eq!((window.base(), window.end(), window.bytes().len()), (0, u64::MAX, 0));
    assert!(window.is_sequential());
    assert_eq!(window.peek(1000).unwrap(), plain[1000..].first_chunk().copied());
    assert!(window.bytes().len() < 200_000 && window.end() == u64::MAX);
    assert_eq!(window.find([plain[249_998], 0, 1, 2], 200_000).unwrap(), None);
    assert_eq!(window.find_other_than_zero(300_000).unwrap(), None);
    assert_eq!((window.end(), window.bytes().len()), (300_000, 300_000));
    assert!(!window.is_deflated_cut_short());
    assert_eq!(window.into_inflated(), Some(plain.clone()));

    let source = Window::memory(&deflated[..100_000], 0);
    let mut window = Window::inflated(&source, 5, &Limits::DEFAULT);
    window.extend_to(300_000).unwrap();
    assert!(window.is_deflated_cut_short());
    assert_eq!(window.end(), window.bytes().len() as u64);
    assert_eq!(window.bytes(), &plain[..window.bytes().len()]);
}

#[test]
fn a_window_is_read_like_a_file() {
    let window = Window::memory(&[1, 2, 3, 4], 100);
    for (offset, length, expected) in [
        (100, 4, &[1, 2, 3, 4][..]),
        (102, 4, &[3, 4]),
        (101, 1, &[2]),
        (104, 4, &[]),
        (99, 4, &[]),
    ] {
        let mut found = vec![9; length];
        let count = window.read_at(&mut found, offset).unwrap();
        assert_eq!(&found[..count], expected, "{offset}");
    }
    let (file, mut buffer) = (Numbers::new(20_000), AlignedBuffer::default());
    let window = Window::file(&file, &mut buffer, None, &Limits::DEFAULT).unwrap();
    let mut found = [0; 2];
    assert_eq!(window.read_at(&mut found, 15_000).unwrap(), 2);
    assert_eq!(found, [number(15_000), number(15_001)]);
}
