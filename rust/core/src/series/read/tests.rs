use super::*;
use crate::error::{Error, Family, ImageFault};
use crate::pixel::{Rescale, Steps, Wanted};
use crate::series::batch::read_slice_headers;
use crate::series::header::FrameHeader;
use crate::series::mosaic::{Mosaic, TilePlaces};
use crate::series::tests::bytes::{Folder, NATIVE, element, slice_of};
use crate::series::tests::synthetic::{image_mut, regular, why};
use crate::source::Sources;

/// Slices by their files, `None` for places without an image.
fn set(places: &[Option<usize>], change: fn(&mut InstanceHeader)) -> SliceSet {
    let mut headers = regular()[..2].to_vec();
    headers.iter_mut().for_each(change);
    let frame = FrameHeader::of_instance(&headers[0]);
    let slice = |place: &Option<usize>| place.map(|file| Slice { file, frame: frame.clone() });
    SliceSet {
        slices: places.iter().map(slice).collect(),
        files: headers.into_iter().map(Arc::new).collect(),
    }
}

#[test]
fn slices_of_one_file_are_read_together_up_to_a_length() {
    let places = [Some(0), Some(0), Some(0), Some(1), None, None, Some(1), Some(0)];
    let all = [0..3, 3..4, 4..5, 5..6, 6..7, 7..8];
    let pairs = [0..2, 2..3, 3..4, 4..5, 5..6, 6..7, 7..8];
    let third = BYTES_AT_ONCE / 3;
    assert_eq!(jobs(&set(&places, |_| {}), third), all);
    assert_eq!(jobs(&set(&places, |_| {}), third + 1), pairs);
    assert_eq!(jobs(&set(&places, |one| one.image.is_deflated = true), third + 1), all);
    let mosaic = |one: &mut InstanceHeader| {
        let places = TilePlaces::Counted;
        one.image.mosaic = Some(Mosaic { across: 2, count: 3, rows: 2, columns: 3, places });
    };
    assert_eq!(jobs(&set(&places, mosaic), BYTES_AT_ONCE * 2), all);
    assert_eq!(jobs(&set(&[], |_| {}), 10), []);
}

#[test]
fn an_array_without_room_is_refused() {
    let set = set(&[Some(0), Some(1)], |_| {});
    let options = ReadOptions {
        values: Values::Stored,
        sample_type: SampleType::I16,
        fill: 0.0,
        part: None,
        keeps_damaged: false,
    };
    let error =
        read_slices(&set, &options, &mut [0; 1], Workers::for_computing(Some(1)), &mut |_| true)
            .unwrap_err();
    let ErrorKind::Series(fault) = error.kind() else { panic!("{error}") };
    assert_eq!(*fault, SeriesFault::NoRoom { slice_count: 2 });
}

#[test]
fn an_image_that_is_not_read_says_why() {
    let mut header = regular().remove(0);
    assert!(readable(&header).is_ok());
    let description = image_mut(&mut header).clone();
    let text = |header: &InstanceHeader| {
        let error: Error = readable(header).err().unwrap();
        (error.what(), error.family())
    };
    header.image.state = ImageState::None;
    let missing = "PixelData is missing, which a volume needs".to_owned();
    assert_eq!(text(&header), (missing, Family::Invalid));
    header.image.state = ImageState::Invalid(why());
    assert_eq!(text(&header), (why().what(), Family::Invalid));
    header.image.state = ImageState::Unsupported {
        error: ErrorKind::Series(SeriesFault::UncountedMosaic).into(),
        description: None,
        has_own_geometry: true,
    };
    assert_eq!(text(&header).1, Family::Unsupported);
    header.image.state =
        ImageState::Truncated { description, needed: 9, available: 4, whole_frames: None };
    let short = "the pixels need 9 bytes, but there are 4 (5 bytes missing)".to_owned();
    assert_eq!(text(&header), (short, Family::Invalid));
}

type Value<'a> = (u16, u16, &'a str, &'a [u8]);

/// Images of 2 rows and 2 columns of 16 bits, unsigned, with values that are stored values.
const IDENTITY: [Value<'static>; 2] =
    [(0x0028, 0x1052, "DS", b"0 "), (0x0028, 0x1053, "DS", b"1 ")];

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A file of the frames whose values are given, with `changes`.
fn native(values: &[u16], changes: &[Value<'_>]) -> Vec<u8> {
    let (pixels, count) = (words(values), format!("{} ", values.len() / 4));
    let own: [Value<'_>; 2] =
        [(0x0028, 0x0008, "IS", count.as_bytes()), (0x7FE0, 0x0010, "OW", &pixels)];
    slice_of(NATIVE, &[&own, changes].concat())
}

/// A file of 8 bits in RLE Lossless (PS3.5 §G), a literal run each frame.
fn compressed(frames: &[[u8; 4]]) -> Vec<u8> {
    let count = format!("{} ", frames.len());
    let mut bytes = slice_of(
        b"1.2.840.10008.1.2.5\0",
        &[
            (0x0028, 0x0008, "IS", count.as_bytes()),
            (0x0028, 0x0100, "US", &[8, 0]),
            (0x0028, 0x0101, "US", &[8, 0]),
            (0x7FE0, 0x0010, "--", b""),
        ],
    );
    #[rustfmt::skip]
    bytes.extend([
        0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, // Pixel Data
        0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0, // no Basic Offset Table
    ]);
    for [a, b, c, d] in frames {
        bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 70, 0, 0, 0]); // a fragment
        let header = [1_u32, 64].into_iter().chain([0; 14]); // one segment
        bytes.extend(header.flat_map(u32::to_le_bytes));
        bytes.extend([3, *a, *b, *c, *d, 0]); // four bytes follow; padding
    }
    bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    bytes
}

/// The file with its data set deflated (PS3.5 §A.5).
fn deflated(file: &[u8]) -> Vec<u8> {
    let syntax = element(0x0002, 0x0010, "UI", b"1.2.840.10008.1.2.1.99");
    let start = 132 + element(0x0002, 0x0010, "UI", NATIVE).len();
    let dataset = miniz_oxide::deflate::compress_to_vec(&file[start..], 6);
    [&file[..132], &syntax, &dataset].concat()
}

/// A Modality LUT: 1 and less are 100, 2 is 200, 3 and more are 300.
fn table() -> Vec<u8> {
    let lut = [
        element(0x0028, 0x3002, "US", &words(&[3, 1, 16])),
        element(0x0028, 0x3006, "US", &words(&[100, 200, 300])),
    ]
    .concat();
    [&[0xFE, 0xFF, 0x00, 0xE0][..], &(lut.len() as u32).to_le_bytes(), &lut].concat()
}

fn options(values: Values, sample_type: SampleType) -> ReadOptions {
    ReadOptions { values, sample_type, fill: 7.0, part: None, keeps_damaged: false }
}

const STORED: ReadOptions = ReadOptions {
    values: Values::Stored,
    sample_type: SampleType::U16,
    fill: 7.0,
    part: None,
    keeps_damaged: false,
};

/// Rows from the last on, and the last column.
const CORNER: FramePart = FramePart {
    rows: Steps { first: 1, step: -1, count: 2 },
    columns: Steps { first: 1, step: 1, count: 1 },
};

/// Files named by their numbers, and images of them, by the numbers of file and frame.
struct Files {
    folder: Folder,
    set: SliceSet,
}

impl Files {
    fn new(files: &[Vec<u8>], places: &[Option<(usize, usize)>]) -> Files {
        let names: Vec<String> = (0..files.len()).map(|index| index.to_string()).collect();
        let named = names.iter().zip(files).map(|(name, bytes)| (name.as_str(), bytes.clone()));
        let folder = Folder::new(&named.collect::<Vec<_>>());
        let names = names.iter().map(|name| folder.path(name)).collect();
        let sources = Sources { names, given: Vec::new() };
        let workers = Workers::for_headers(Some(1));
        let set =
            read_slice_headers(&sources, places, Prefix::Needed, workers, &mut |_| true).unwrap();
        Files { folder, set }
    }

    /// What each of `value_count` values is as a number.
    fn read(&self, value_count: usize, options: &ReadOptions) -> Result<Vec<f64>> {
        let size = options.sample_type.size();
        let mut out = vec![0xAA; value_count * size];
        let workers = Workers::for_computing(Some(1));
        read_slices(&self.set, options, &mut out, workers, &mut |_| true)?;
        let number = |bytes: &[u8]| match options.sample_type {
            SampleType::U8 => f64::from(bytes[0]),
            SampleType::U16 => f64::from(u16::from_ne_bytes(bytes.try_into().unwrap())),
            SampleType::I16 => f64::from(i16::from_ne_bytes(bytes.try_into().unwrap())),
            SampleType::F64 => f64::from_ne_bytes(bytes.try_into().unwrap()),
            other => panic!("{}", other.name()),
        };
        Ok(out.chunks_exact(size).map(number).collect())
    }

    /// Makes tiles of 2 rows and 1 column of the first file.
    fn tile(&mut self) {
        let file = Arc::make_mut(&mut self.set.files[0]);
        let places = TilePlaces::Counted;
        file.image.mosaic = Some(Mosaic { across: 2, count: 2, rows: 2, columns: 1, places });
        for (index, slice) in self.set.slices.iter_mut().flatten().enumerate() {
            slice.frame.index = 1 - index;
        }
    }
}

#[test]
fn frames_of_files_lie_in_the_order_of_the_array() {
    let one = || native(&[1, 2, 3, 4], &IDENTITY);
    let two = || native(&[11, 12, 13, 14, 21, 22, 23, 24], &IDENTITY);
    for (name, places, expected) in [
        ("one", &[Some((0, 0))][..], &[1, 2, 3, 4][..]),
        ("another file", &[Some((1, 1)), Some((0, 0))], &[21, 22, 23, 24, 1, 2, 3, 4]),
        ("a run", &[Some((1, 0)), Some((1, 1))], &[11, 12, 13, 14, 21, 22, 23, 24]),
        ("backwards", &[Some((1, 1)), Some((1, 0))], &[21, 22, 23, 24, 11, 12, 13, 14]),
        ("twice", &[Some((1, 0)), Some((1, 0))], &[11, 12, 13, 14, 11, 12, 13, 14]),
        (
            "nothing between",
            &[Some((0, 0)), None, None, Some((0, 0))],
            &[1, 2, 3, 4, 7, 7, 7, 7, 7, 7, 7, 7, 1, 2, 3, 4],
        ),
    ] {
        let files = Files::new(&[one(), two(), deflated(&one()), deflated(&two())], places);
        let expected: Vec<f64> = expected.iter().copied().map(f64::from).collect();
        assert_eq!(files.read(expected.len(), &STORED).unwrap(), expected, "{name}");
        let floats = options(Values::Modality, SampleType::F64);
        assert_eq!(files.read(expected.len(), &floats).unwrap(), expected, "{name}");
        let places: Vec<_> =
            places.iter().map(|place| place.map(|(file, frame)| (file + 2, frame))).collect();
        let files = Files::new(&[one(), two(), deflated(&one()), deflated(&two())], &places);
        assert_eq!(files.read(expected.len(), &STORED).unwrap(), expected, "{name}, deflated");
    }
    assert_eq!(Files::new(&[], &[]).read(0, &STORED).unwrap(), []);
}

#[test]
fn values_are_stored_or_those_of_the_modality() {
    let sloped: [Value<'_>; 2] = [(0x0028, 0x1052, "DS", b"-1"), (0x0028, 0x1053, "DS", b"2 ")];
    let table = table();
    let looked_up: [Value<'_>; 1] = [(0x0028, 0x3000, "SQ", &table)];
    let values = [1, 2, 3, 4];
    let (by_slope, by_table) = (native(&values, &sloped), native(&values, &looked_up));
    let small = compressed(&[[1, 2, 3, 4]]);
    use SampleType::{F64, I16, U8, U16};
    for (name, file, values, sample_type, expected) in [
        ("stored", &by_slope, Values::Stored, U16, [1.0, 2.0, 3.0, 4.0]),
        ("stored, as another type", &by_slope, Values::Stored, I16, [1.0, 2.0, 3.0, 4.0]),
        ("by a slope", &by_slope, Values::Modality, U16, [1.0, 3.0, 5.0, 7.0]),
        ("by a slope, as another type", &by_slope, Values::Modality, F64, [1.0, 3.0, 5.0, 7.0]),
        ("stored, with a table", &by_table, Values::Stored, U16, [1.0, 2.0, 3.0, 4.0]),
        ("by a table", &by_table, Values::Modality, U16, [100.0, 200.0, 300.0, 300.0]),
        ("by a table, as floats", &by_table, Values::Modality, F64, [100.0, 200.0, 300.0, 300.0]),
        ("compressed", &small, Values::Stored, U8, [1.0, 2.0, 3.0, 4.0]),
        ("compressed, as another type", &small, Values::Stored, I16, [1.0, 2.0, 3.0, 4.0]),
        (
            "compressed, of the modality",
            &small,
            Values::Modality,
            F64,
            [-1023.0, -1022.0, -1021.0, -1020.0],
        ),
    ] {
        let files = Files::new(std::slice::from_ref(file), &[Some((0, 0))]);
        let mut wanted = options(values, sample_type);
        assert_eq!(files.read(4, &wanted).unwrap(), expected, "{name}");
        let [_, b, _, d] = expected;
        wanted.part = Some(CORNER);
        assert_eq!(files.read(2, &wanted).unwrap(), [d, b], "a part, {name}");
    }
}

#[test]
fn frames_of_compressed_files_are_read_one_by_one() {
    let files = [compressed(&[[1, 2, 3, 4], [5, 6, 7, 8]])];
    let files = Files::new(&files, &[Some((0, 1)), None, Some((0, 0))]);
    let expected = [5.0, 6.0, 7.0, 8.0, 7.0, 7.0, 7.0, 7.0, 1.0, 2.0, 3.0, 4.0];
    assert_eq!(files.read(12, &STORED).unwrap(), expected);
    let wanted = ReadOptions { part: Some(CORNER), ..STORED };
    assert_eq!(files.read(6, &wanted).unwrap(), [8.0, 6.0, 7.0, 7.0, 4.0, 2.0]);
}

#[test]
fn tiles_are_cut_out_of_one_image() {
    for file in [native(&[1, 2, 3, 4], &IDENTITY), compressed(&[[1, 2, 3, 4]])] {
        let mut files = Files::new(&[file], &[Some((0, 0)), Some((0, 0))]);
        files.tile();
        assert_eq!(files.read(4, &STORED).unwrap(), [2.0, 4.0, 1.0, 3.0]);
        let rows = Steps { first: 1, step: 1, count: 1 };
        let part = Some(FramePart { rows, columns: Steps::all(1) });
        let wanted = ReadOptions { part, ..STORED };
        assert_eq!(files.read(2, &wanted).unwrap(), [4.0, 3.0]);
        let part = Some(FramePart { rows, columns: Steps { first: 1, ..rows } });
        assert!(files.read(2, &ReadOptions { part, ..STORED }).is_err(), "a tile has one column");
    }
}

#[test]
fn slices_are_counted_as_they_are_read() {
    let file = native(&[1, 2, 3, 4, 5, 6, 7, 8], &IDENTITY);
    let files = Files::new(&[file], &[Some((0, 0)), Some((0, 1)), None]);
    let mut counts = Vec::new();
    let mut out = [0; 24];
    let workers = Workers::for_computing(Some(1));
    let mut count = |done| (counts.push(done), true).1;
    read_slices(&files.set, &STORED, &mut out, workers, &mut count).unwrap();
    assert_eq!(counts.last(), Some(&3));
    let stopped = read_slices(&files.set, &STORED, &mut out, workers, &mut |_| false);
    assert!(matches!(stopped.unwrap_err().kind(), ErrorKind::Cancelled));
}

#[test]
fn an_error_names_its_file() {
    let file = || native(&[1, 2, 3, 4], &IDENTITY);
    let mut files = Files::new(&[file(), file()], &[Some((0, 0)), Some((1, 0))]);
    let gone = files.folder.path("1");
    std::fs::remove_file(&gone).unwrap();
    let error = files.read(8, &STORED).unwrap_err();
    assert_eq!((error.path(), error.family()), (Some(gone.as_path()), Family::Io));

    let first = Arc::make_mut(&mut files.set.files[0]);
    first.modality_lut = Some(Err(ImageFault::LutDataMissing.into()));
    let error = files.read(8, &options(Values::Modality, SampleType::F64)).unwrap_err();
    assert_eq!(error.path(), Some(files.folder.path("0").as_path()));
    assert!(matches!(error.kind(), ErrorKind::Image(ImageFault::LutDataMissing)), "{error}");
    assert!(options(Values::Stored, SampleType::U8).fill == 7.0);
    let wide = ReadOptions { fill: 0.5, ..STORED };
    let files = Files::new(&[file()], &[Some((0, 0)), None]);
    assert!(files.read(8, &wide).is_err(), "no whole number");
}

/// Looks at the first file of `files` when it is open.
fn open<T>(files: &Files, options: &ReadOptions, look: impl Fn(&OpenImage<'_>) -> T) -> T {
    let file = &files.set.files[0];
    let bytes = OpenBytes::File(file.file().unwrap().reopen().unwrap());
    let pixels = OpenPixels::new(readable(file).unwrap(), &bytes, None).unwrap();
    look(&OpenImage { file, pixels, bytes: &bytes, options })
}

#[test]
fn frames_that_follow_each_other_are_read_at_once() {
    let values = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let sloped: [Value<'_>; 2] = [(0x0028, 0x1052, "DS", b"0 "), (0x0028, 0x1053, "DS", b"2 ")];
    let frames = |places: &[usize]| {
        let places: Vec<_> = places.iter().map(|frame| Some((0, *frame))).collect();
        Files::new(&[native(&values, &IDENTITY)], &places)
    };
    let run = |files: &Files, options: &ReadOptions| {
        open(files, options, |image| image.plain_run(&files.set.slices).map(|(_, first)| first))
    };
    for (places, expected) in [
        (&[0, 1, 2][..], Some(0)),
        (&[1, 2], Some(1)),
        (&[2], Some(2)),
        (&[1, 1], None),
        (&[1, 0], None),
        (&[0, 2], None),
        (&[], None),
    ] {
        assert_eq!(run(&frames(places), &STORED), expected, "{places:?}");
    }
    use SampleType::{I16, U16};
    let files = frames(&[1, 2]);
    let other = Files::new(&[native(&values, &sloped)], &[Some((0, 1)), Some((0, 2))]);
    for (name, files, values, sample_type, expected) in [
        ("stored", &files, Values::Stored, U16, Some(1)),
        ("of the modality, which are stored", &files, Values::Modality, U16, Some(1)),
        ("of another type", &files, Values::Stored, I16, None),
        ("of the modality, of another type", &files, Values::Modality, I16, None),
        ("stored, with a slope", &other, Values::Stored, U16, Some(1)),
        ("with a slope", &other, Values::Modality, U16, None),
    ] {
        assert_eq!(run(files, &options(values, sample_type)), expected, "{name}");
    }
    assert_eq!(run(&files, &ReadOptions { part: Some(CORNER), ..STORED }), None);
}

#[test]
fn rows_are_in_order_unless_something_is_between() {
    let of = |change: fn(&mut InstanceHeader), values| {
        let mut files = Files::new(&[native(&[1, 2, 3, 4], &IDENTITY)], &[Some((0, 0))]);
        change(Arc::make_mut(&mut files.set.files[0]));
        open(&files, &options(values, SampleType::U16), |image| image.rows_in_order().is_some())
    };
    let tile: fn(&mut InstanceHeader) = |one| {
        let places = TilePlaces::Counted;
        one.image.mosaic = Some(Mosaic { across: 2, count: 2, rows: 1, columns: 1, places });
    };
    for (name, change, stored, of_modality) in [
        ("plain", (|_| {}) as fn(&mut InstanceHeader), true, true),
        ("a table", |one| one.modality_lut = Some(Err(why())), true, false),
        ("tiles", tile, false, false),
        (
            "colours",
            |one| {
                let image = image_mut(one);
                image.samples_per_pixel = 3;
                image.photometric_interpretation = "YBR_FULL".to_owned();
            },
            false,
            false,
        ),
    ] {
        assert_eq!(of(change, Values::Stored), stored, "{name}");
        assert_eq!(of(change, Values::Modality), of_modality, "{name}");
    }
    let files = Files::new(&[compressed(&[[1, 2, 3, 4]])], &[Some((0, 0))]);
    assert!(open(&files, &STORED, |image| image.rows_in_order().is_none()), "compressed");
}

#[test]
fn values_that_are_stored_need_no_conversion() {
    let files = Files::new(&[native(&[1, 2, 3, 4], &IDENTITY)], &[Some((0, 0))]);
    let sloped = Rescale { slope: 2.0, intercept: 0.0 };
    for (rescale, sample_type, is_stored) in [
        (Rescale::IDENTITY, SampleType::U16, true),
        (Rescale::IDENTITY, SampleType::I16, false),
        (sloped, SampleType::U16, false),
        (sloped, SampleType::I16, false),
    ] {
        let wanted = Wanted { rescale, sample_type };
        let found = open(&files, &STORED, |image| image.frame_options(wanted).wanted);
        assert_eq!(found, (!is_stored).then_some(wanted));
    }
}

#[test]
fn memory_is_asked_for_only_what_compressed_bytes_may_become() {
    let places = [Some((0, 0)), Some((0, 1))];
    let mut files = Files::new(&[compressed(&[[1, 2, 3, 4], [5, 6, 7, 8]])], &places);
    let image = &mut Arc::make_mut(&mut files.set.files[0]).image;
    let ImageState::Readable(ImagePixels::Encapsulated(pixels)) = &mut image.state else {
        panic!("{:?}", image.state)
    };
    (pixels.limits.decoded_bytes, pixels.limits.decoded_ratio) = (3, 0);
    open(&files, &STORED, |image| {
        for index in [0, 1] {
            let error = image.check_memory(index).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::DecodedTooLong { limit: 3 }), "{error}");
            let slice = files.set.slices[index as usize].as_ref().unwrap();
            assert!(image.checked_size(slice).is_err());
        }
    });
    let files = Files::new(&[native(&[1, 2, 3, 4], &IDENTITY)], &[Some((0, 0))]);
    open(&files, &STORED, |image| {
        assert!(image.check_memory(0).is_ok());
        let slice = files.set.slices[0].as_ref().unwrap();
        assert_eq!(image.checked_size(slice).unwrap(), (2, 2));
    });
}
