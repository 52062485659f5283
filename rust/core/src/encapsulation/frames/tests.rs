//! Frames of fragments, by each way that says which are whose.

use std::sync::Arc;

use super::*;
use crate::dataset::FileBytes;
use crate::source::Source;

const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0];
const REST: &[u8] = &[1, 2];

/// Fragments of these bytes, each after the 8 bytes of its item's header.
fn fragments(values: &[&[u8]]) -> (Fragments, FileBytes) {
    let (mut file, mut found) = (Vec::new(), Fragments::default());
    for value in values {
        file.extend([0xEE; 8]);
        let (offset, length) = (file.len() as u64, value.len() as u64);
        found.fragments.push(Fragment { offset, length });
        file.extend(*value);
    }
    (found, FileBytes::new(Source::Memory(Arc::new(file)), Vec::new()))
}

fn pairs(ranges: &[Range<usize>]) -> Vec<(usize, usize)> {
    ranges.iter().map(|range| (range.start, range.end)).collect()
}

/// Fragments, the number of frames that there should be, and the fragments of each frame.
type Case =
    (&'static str, &'static [&'static [u8]], u64, Result<&'static [(usize, usize)], String>);

#[test]
fn fragments_are_told_apart_by_what_they_are() {
    let error = |fragments, frames| {
        Err(format!("Image(UnassignedFragments {{ fragments: {fragments}, frames: {frames} }})"))
    };
    #[rustfmt::skip]
    let table: [Case; 14] = [
        ("one of each", &[REST, REST], 2, Ok(&[(0, 1), (1, 2)])),
        ("one frame in one", &[REST], 1, Ok(&[(0, 1)])),
        ("one frame in three", &[JPEG, REST, REST], 1, Ok(&[(0, 3)])),
        ("one frame without a signature", &[REST, REST], 1, Ok(&[(0, 2)])),
        ("more frames than one, whole each", &[JPEG, JPEG], 1, Ok(&[(0, 1), (1, 2)])),
        ("one whole frame", &[JPEG], 1, Ok(&[(0, 1)])),
        ("empty ones", &[JPEG, b"", JPEG, b""], 2, Ok(&[(0, 1), (1, 2)])),
        ("empty ones count where they must", &[REST, b""], 2, Ok(&[(0, 1), (1, 2)])),
        ("by signatures", &[JPEG, REST, JPEG, REST], 2, Ok(&[(0, 2), (2, 4)])),
        ("more by signatures than said", &[JPEG, REST, JPEG, JPEG], 2,
         Ok(&[(0, 2), (2, 3), (3, 4)])),
        ("fewer than said, whole each", &[JPEG, JPEG], 3, Ok(&[(0, 1), (1, 2)])),
        ("fewer than said, not whole", &[JPEG, REST, JPEG], 4, error(3, 4)),
        ("none that says it", &[REST, REST, REST], 2, error(3, 2)),
        ("other bytes first", &[REST, JPEG, JPEG], 2, error(3, 2)),
    ];
    for (name, values, said_count, expected) in table {
        let (fragments, bytes) = fragments(values);
        let open = OpenBytes::new(&bytes).unwrap();
        let found = Frames::find(fragments, None, said_count, &open);
        if let Err(error) = &found {
            assert_eq!(error.offset(), Some(8), "{name}");
        }
        let found = found.map(|frames| pairs(&frames.ranges));
        let expected = expected.map(<[_]>::to_vec);
        assert_eq!(found.map_err(|error| format!("{:?}", error.kind())), expected, "{name}");
    }
}

#[test]
fn a_signature_of_another_codec_starts_no_frame() {
    let jpeg_2000: &[u8] = &[0xFF, 0x4F, 0xFF, 0x51];
    let (fragments, bytes) = fragments(&[b"", JPEG, jpeg_2000, JPEG]);
    let open = OpenBytes::new(&bytes).unwrap();
    let frames = Frames::find(fragments, None, 2, &open).unwrap();
    assert_eq!(frames.ranges, [0..2, 2..3]);
}

#[test]
fn no_fragments_are_an_error() {
    let (fragments, bytes) = fragments(&[]);
    let open = OpenBytes::new(&bytes).unwrap();
    let error = Frames::find(fragments, None, 1, &open).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Image(ImageFault::NoFragments)), "{error}");
}

#[test]
fn the_basic_table_is_believed_where_it_leads_to_fragments() {
    let values: &[&[u8]] = &[JPEG, REST, JPEG];
    let broken = vec![Irregularity::BasicOffsetTable];
    // Fragments at 0, 12 and 22 from the first item.
    for (name, table, said_count, expected, irregularities) in [
        ("it fits", vec![0, 22], 2, vec![0..2, 2..3], vec![]),
        ("it fits, whatever the signatures", vec![0, 12], 2, vec![0..1, 1..3], vec![]),
        ("more frames than said", vec![0, 12, 22], 2, vec![0..1, 1..2, 2..3], vec![]),
        ("not from the first on", vec![12, 22], 2, vec![0..2, 2..3], broken.clone()),
        ("between fragments", vec![0, 13], 2, vec![0..2, 2..3], broken.clone()),
        ("not rising", vec![0, 0], 2, vec![0..2, 2..3], broken.clone()),
        ("past the end", vec![0, u64::MAX], 2, vec![0..2, 2..3], broken.clone()),
        (
            "of two frames, where three are fragments",
            vec![0, 22],
            3,
            vec![0..1, 1..2, 2..3],
            broken.clone(),
        ),
    ] {
        let (fragments, bytes) = fragments(values);
        let fragments = Fragments { basic_offset_table: table, ..fragments };
        let open = OpenBytes::new(&bytes).unwrap();
        let frames = Frames::find(fragments, None, said_count, &open).unwrap();
        assert_eq!((frames.ranges, frames.irregularities), (expected, irregularities), "{name}");
    }
    let (fragments, bytes) = fragments(values);
    let open = OpenBytes::new(&bytes).unwrap();
    let fragments = Fragments { is_table_broken: true, ..fragments };
    assert_eq!(Frames::find(fragments, None, 2, &open).unwrap().irregularities, broken);
}

#[test]
fn the_extended_table_gives_one_fragment_a_frame_and_its_length() {
    let values: &[&[u8]] = &[b"abcd", b"efgh"];
    let broken = vec![Irregularity::ExtendedOffsetTable];
    for (name, offsets, lengths, said_count, expected, irregularities) in [
        ("it fits", vec![0, 12], vec![4, 4], 2, [4, 4], vec![]),
        ("with padding", vec![0, 12], vec![3, 4], 2, [3, 4], vec![]),
        ("with too much padding", vec![0, 12], vec![4, 2], 2, [4, 4], broken.clone()),
        ("longer than the fragment", vec![0, 12], vec![4, 5], 2, [4, 4], broken.clone()),
        ("elsewhere", vec![0, 11], vec![4, 4], 2, [4, 4], broken.clone()),
        ("fewer lengths", vec![0, 12], vec![4], 2, [4, 4], broken.clone()),
        ("another count", vec![0], vec![4], 2, [4, 4], broken.clone()),
        ("no offsets", vec![], vec![], 2, [4, 4], vec![]),
    ] {
        let (fragments, bytes) = fragments(values);
        let open = OpenBytes::new(&bytes).unwrap();
        let table = ExtendedOffsetTable { offsets, lengths };
        let frames = Frames::find(fragments, Some(&table), said_count, &open).unwrap();
        assert_eq!([frames.length(0), frames.length(1)], expected, "{name}");
        assert_eq!((frames.count(), &frames.irregularities), (2, &irregularities), "{name}");
    }
}

#[test]
fn irregularities_are_sentences() {
    let sentences = [Irregularity::ExtendedOffsetTable, Irregularity::BasicOffsetTable]
        .map(Irregularity::sentence);
    assert!(sentences[0].starts_with("the Extended Offset Table does not fit"));
    assert!(sentences[1].starts_with("the Basic Offset Table does not fit"));
}

#[test]
fn frames_are_read_with_their_fragments_joined() {
    let (fragments, bytes) = fragments(&[b"ab", b"cde", b"f"]);
    let fragments = Fragments { basic_offset_table: vec![0, 21], missing_length: 5, ..fragments };
    let open = OpenBytes::new(&bytes).unwrap();
    let frames = Frames::find(fragments, None, 2, &open).unwrap();
    let read = |index| {
        let mut buffer = AlignedBuffer::default();
        frames.read(index, &open, &mut buffer).map(<[u8]>::to_vec)
    };
    assert_eq!((read(0).unwrap(), read(1).unwrap()), (b"abcde".to_vec(), b"f".to_vec()));
    let error = read(2).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::FrameIndex { index: 2, count: 2 }), "{error}");
    assert!(read(u64::MAX).is_err());

    let whole = |index| (frames.length(index), frames.missing_length(index));
    assert_eq!([whole(0), whole(1), whole(2)], [(5, 0), (1, 5), (0, 0)]);
    assert_eq!(frames.fragments(1), [Fragment { offset: 29, length: 1 }]);
    assert!(frames.check_whole(0).is_ok());
    let error = frames.check_whole(1).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::ValueCutShort { needed: 6, available: 1 }),
        "{error}"
    );
}
