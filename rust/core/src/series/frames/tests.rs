use super::*;
use crate::series::tests::bytes::{NATIVE, dataset_of, element, header_of};
use crate::series::tests::synthetic::{ORIGIN, SAGITTAL, header, image_mut, with};

/// An element as a tuple: group, number, VR, value.
type Value<'a> = (u16, u16, &'a str, &'a [u8]);

const DOSE: Value<'_> = (0x0008, 0x0060, "CS", b"RTDOSE");
const NUCLEAR: Value<'_> = (0x0008, 0x0060, "CS", b"NM");
const RECON: Value<'_> = (0x0008, 0x0008, "CS", b"ORIGINAL\\PRIMARY\\RECON TOMO");
const THREE: Value<'_> = (0x0028, 0x0008, "IS", b"3 ");
const PIXELS: Value<'_> = (0x7FE0, 0x0010, "OW", &[0; 24]);

/// The heights of the frames of an image at z = 30.
fn heights(changes: &[Value<'_>]) -> Vec<Option<f64>> {
    let header = header_of(NATIVE, &[&[THREE, PIXELS], changes].concat());
    header.frames.iter().map(|frame| frame.plane.position.map(|[_, _, z]| z)).collect()
}

#[test]
fn frames_of_a_dose_lie_at_offsets_or_at_heights() {
    let offsets = |value| (0x3004, 0x000C, "DS", value);
    for (name, value, expected) in [
        ("offsets", &b"0\\2.5\\5 "[..], [Some(30.0), Some(32.5), Some(35.0)]),
        ("heights", b"30.0099\\32\\34 ", [Some(30.0099), Some(32.0), Some(34.0)]),
        ("heights of another place", b"30.02\\32\\34", [None; 3]),
        ("too few", b"0\\2.5 ", [None; 3]),
        ("not finite", b"0\\2.5\\inf ", [None; 3]),
    ] {
        assert_eq!(heights(&[DOSE, offsets(value)]), expected, "{name}");
        assert_eq!(heights(&[offsets(value)]), [None; 3], "{name}, but no dose");
    }
    // Heights say nothing of planes that are not axial.
    let sagittal = (0x0020, 0x0037, "DS", &b"0\\1\\0\\0\\0\\-1"[..]);
    assert_eq!(heights(&[DOSE, sagittal, offsets(b"30\\32\\34 ")]), [None; 3]);
    assert_eq!(heights(&[DOSE, sagittal, offsets(b"0\\1\\2 ")]), [Some(30.0); 3]);
}

#[test]
fn frames_of_a_tomogram_lie_at_the_places_of_their_slices() {
    let plane = element(0x0020, 0x0032, "DS", b"0\\0\\50");
    let mut item = vec![0xFE, 0xFF, 0x00, 0xE0];
    item.extend((plane.len() as u32).to_le_bytes());
    item.extend(plane);
    let detector: Value<'_> = (0x0054, 0x0022, "SQ", &item);
    fn slices(value: &[u8]) -> Value<'_> {
        (0x0054, 0x0080, "US", value)
    }
    let order: Value<'_> = slices(&[1, 0, 3, 0, 2, 0]);
    let spacing: Value<'_> = (0x0018, 0x0088, "DS", b"2 ");
    let thickness: Value<'_> = (0x0018, 0x0050, "DS", b"4 ");
    let places = [Some(50.0), Some(54.0), Some(52.0)];
    let thick = [Some(50.0), Some(58.0), Some(54.0)];
    for (name, changes, expected) in [
        ("a spacing", &[NUCLEAR, RECON, detector, order, spacing, thickness][..], places),
        ("a thickness", &[NUCLEAR, RECON, detector, order, thickness], thick),
        ("neither", &[NUCLEAR, RECON, detector, order], [None; 3]),
        ("no tomogram", &[NUCLEAR, detector, order, spacing], [None; 3]),
        ("another modality", &[RECON, detector, order], [None; 3]),
        (
            "another modality with its spacing",
            &[RECON, detector, order, spacing],
            [Some(30.0), Some(32.0), Some(34.0)],
        ),
        ("no detector", &[NUCLEAR, RECON, order, spacing], [None; 3]),
        ("a slice 0", &[NUCLEAR, RECON, detector, slices(&[0, 0, 1, 0, 2, 0]), spacing], [None; 3]),
        ("too few", &[NUCLEAR, RECON, detector, slices(&[1, 0, 2, 0]), spacing], [None; 3]),
    ] {
        assert_eq!(heights(changes), expected, "{name}");
    }
}

#[test]
fn vectors_count_frames_of_nuclear_medicine() {
    let phase: Value<'_> = (0x0054, 0x0030, "US", &[1, 0, 2, 0, 2, 0]);
    let slices: Value<'_> = (0x0054, 0x0080, "US", &[3, 0, 1, 0, 1, 0]);
    let header = header_of(NATIVE, &[THREE, PIXELS, NUCLEAR, phase, slices]);
    let numbers: Vec<_> = header.frames.iter().map(|frame| frame.place_number).collect();
    let place = |number| Some(PlaceNumber { source: PlaceSource::SliceVector, number });
    assert_eq!(numbers, [place(3), place(1), place(1)]);
    let dimensions = header.dimensions.unwrap();
    let pointers: Vec<Tag> = dimensions.all().iter().map(|one| one.pointer).collect();
    assert_eq!(pointers, [Tag::new(0x0054, 0x0030)]);
    let cut: Value<'_> = (0x0054, 0x0010, "US", &[1, 0, 2, 0]);
    let constant: Value<'_> = (0x0054, 0x0020, "US", &[1, 0, 1, 0]);
    let header = header_of(NATIVE, &[THREE, PIXELS, NUCLEAR, cut, constant]);
    assert_eq!(header.dimensions.unwrap().all().len(), 1, "one that says something");
    let header = header_of(NATIVE, &[THREE, PIXELS, phase]);
    assert!(header.dimensions.is_none() && header.frames.len() == 3);
    assert!(header_of(NATIVE, &[]).frames.is_empty(), "a single frame");
}

#[test]
fn there_are_as_many_frames_as_there_can_be() {
    let image = |frame_count| {
        let mut header = with("a", |one| one.plane.orientation = Some(SAGITTAL));
        image_mut(&mut header).frame_count = frame_count;
        image_mut(&mut header).clone()
    };
    let dataset = dataset_of(&[(0x7FE0, 0x0010, "OW", &[0; 4])]);
    for (frame_count, room) in [(1, None), (32, None), (33, Some(32))] {
        let found = check_count(&dataset, &image(frame_count)).err();
        let found = found.map(|error| match error.kind() {
            ErrorKind::Series(SeriesFault::FrameCount { found, room }) => (*found, *room),
            _ => panic!("{error}"),
        });
        assert_eq!(found, room.map(|room| (frame_count, room)));
    }
    let empty = dataset_of(&[(0x7FE0, 0x0010, "OW", b"")]);
    assert!(check_count(&empty, &image(1)).is_ok() && check_count(&empty, &image(2)).is_err());
    assert!(check_count(&dataset_of(&[]), &image(9)).is_ok());

    let groups = dataset_of(&[(0x5200, 0x9230, "SQ", &[0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0])]);
    assert!(has_groups_of(&groups, 1) && !has_groups_of(&groups, 2));
    assert!(!has_groups_of(&dataset, 0));
}

#[test]
fn dimensions_of_places_tell_no_images_apart() {
    for tag in OF_PLACES {
        assert!(is_of_places(tag));
    }
    assert!(!is_of_places(SLICE_VECTOR));
}

#[test]
fn frames_past_the_limit_are_refused_before_they_are_looked_for() {
    let kind = |frame_count: u64| {
        let mut header = with("a", |_| {});
        image_mut(&mut header).frame_count = frame_count;
        frames(&dataset_of(&[(0x7FE0, 0x0010, "OW", &[0; 4])]), &header).unwrap_err()
    };
    let (error, limit) = (kind(MOST_FRAMES as u64), MOST_FRAMES as u64);
    let ErrorKind::Series(fault) = error.kind() else { panic!("{error}") };
    assert_eq!(*fault, SeriesFault::FrameCount { found: limit, room: 32 });
    let error = kind(limit + 1);
    assert!(matches!(error.kind(), ErrorKind::TooMany { limit: MOST_FRAMES }), "{error}");
}

/// The value of a sequence with these items.
fn items(all: &[Vec<u8>]) -> Vec<u8> {
    let item = |bytes: &Vec<u8>| {
        [&[0xFE, 0xFF, 0x00, 0xE0][..], &(bytes.len() as u32).to_le_bytes(), bytes].concat()
    };
    all.iter().flat_map(item).collect()
}

#[test]
fn frames_without_their_pixels_have_places_all_the_same() {
    let group = |position: &[u8]| {
        let plane = items(&[element(0x0020, 0x0032, "DS", position)]);
        element(0x0020, 0x9113, "SQ", &plane)
    };
    let groups = items(&[group(b"0\\0\\1 "), group(b"0\\0\\2 "), group(b"0\\0\\3 ")]);
    let groups: Value<'_> = (0x5200, 0x9230, "SQ", &groups);
    let short: Value<'_> = (0x7FE0, 0x0010, "OW", &[0; 4]);
    let wide: [Value<'_>; 2] = [(0x0028, 0x0100, "US", &[64, 0]), (0x0028, 0x0101, "US", &[64, 0])];
    let heights = |header: &InstanceHeader| -> Vec<Option<f64>> {
        header.frames.iter().map(|frame| frame.plane.position.map(|[_, _, z]| z)).collect()
    };
    let expected = [Some(1.0), Some(2.0), Some(3.0)];
    let header = header_of(NATIVE, &[THREE, groups, PIXELS]);
    assert!(matches!(header.image.state, ImageState::Readable(_)));
    assert_eq!(heights(&header), expected);
    let header = header_of(NATIVE, &[THREE, groups, short]);
    assert!(matches!(header.image.state, ImageState::Truncated { .. }));
    assert_eq!(heights(&header), expected);
    let header = header_of(NATIVE, &[&[THREE, groups, PIXELS], &wide[..]].concat());
    assert!(matches!(header.image.state, ImageState::Unsupported { .. }));
    assert_eq!(heights(&header), expected);
    assert!(heights(&header_of(NATIVE, &[THREE, short])).is_empty(), "without groups");
}

/// A frame with a place in coordinates of the volume.
fn in_volume(position: Option<Vector>, orientation: Option<[f64; 6]>) -> FrameAttributes {
    let mut frame = FrameAttributes::default();
    let plane = frame.volume_plane.get_or_insert_default();
    (plane.position, plane.orientation) = (position, orientation);
    frame
}

/// Frames at these heights, each that in the patient and that in the volume.
fn placed(all: &[(Option<f64>, Option<f64>)]) -> Vec<FrameAttributes> {
    let at = |height: f64| [0.0, 0.0, height];
    let frame = |(patient, volume): &(Option<f64>, Option<f64>)| {
        let volume = volume.map(|height| in_volume(Some(at(height)), Some(SAGITTAL)));
        FrameAttributes { image_position: patient.map(at), ..volume.unwrap_or_default() }
    };
    all.iter().map(frame).collect()
}

#[test]
fn functional_groups_place_frames_in_the_patient_or_in_the_volume() {
    let header = header("a");
    let [.., own] = ORIGIN;
    for (name, frames, is_in_volume, expected) in [
        (
            "patient",
            &[(Some(1.0), None), (Some(2.0), None)][..],
            false,
            &[Some(1.0), Some(2.0)][..],
        ),
        ("volume", &[(None, Some(3.0)), (None, Some(4.0))], true, &[Some(3.0), Some(4.0)]),
        ("both", &[(Some(1.0), Some(3.0)), (Some(2.0), Some(4.0))], false, &[Some(1.0), Some(2.0)]),
        ("one of each", &[(Some(1.0), None), (None, Some(4.0))], false, &[Some(1.0), None]),
        ("part of a volume", &[(None, None), (None, Some(4.0))], true, &[None, Some(4.0)]),
        ("nowhere", &[(None, None), (None, None)], false, &[None, None]),
        ("one frame, as its instance", &[(None, None)], false, &[Some(own)]),
        (
            "one frame, as its instance and not the volume",
            &[(None, Some(3.0))],
            false,
            &[Some(own)],
        ),
        ("one frame of its own", &[(Some(1.0), None)], false, &[Some(1.0)]),
    ] {
        let found = of_functional_groups(&header, placed(frames), Dimensions::default());
        let heights = found.all.iter().map(|frame| frame.plane.position.map(|[_, _, z]| z));
        assert_eq!(heights.collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(found.is_in_volume, is_in_volume, "{name}");
        assert!(found.dimensions.is_none(), "{name}");
        let indices: Vec<usize> = found.all.iter().map(|frame| frame.index).collect();
        assert_eq!(indices, (0..frames.len()).collect::<Vec<_>>(), "{name}");
    }
    let lone = placed(&[(None, Some(3.0))]);
    let unplaced = with("a", |one| one.plane.position = None);
    let found = of_functional_groups(&unplaced, lone.clone(), Dimensions::default());
    assert!(found.is_in_volume);
    assert_eq!(found.all[0].plane.orientation, Some(SAGITTAL));
    let unturned = with("a", |one| one.plane.orientation = None);
    assert!(of_functional_groups(&unturned, lone, Dimensions::default()).is_in_volume);
    for frame in [in_volume(None, Some(SAGITTAL)), in_volume(Some([0.0; 3]), None)] {
        let found = of_functional_groups(&unplaced, vec![frame.clone()], Dimensions::default());
        assert!(!found.is_in_volume, "{frame:?}");
    }
}

#[test]
fn a_dimension_numbers_places_where_frames_have_no_number_of_their_own() {
    let numbered = |numbers: [Option<u32>; 2]| {
        let frame = |number: Option<u32>| FrameAttributes {
            in_stack_position_number: number,
            ..FrameAttributes::default()
        };
        numbers.map(frame).to_vec()
    };
    let own = |number| Some(PlaceNumber { source: PlaceSource::InStackPosition, number });
    let counted = |number| Some(PlaceNumber { source: PlaceSource::DimensionIndex, number });
    let [position, time] = [Tag::new(0x0020, 0x9057), Tag::new(0x0020, 0x9128)];
    for (name, numbers, tag, expected) in [
        ("no number", [None, None], position, [counted(5), counted(4)]),
        ("one number", [Some(1), None], position, [counted(5), counted(4)]),
        ("all numbers", [Some(1), Some(2)], position, [own(1), own(2)]),
        ("a dimension of something else", [None, None], time, [None, None]),
    ] {
        let vectors = [(Tag::new(0x0018, 0x9087), vec![1.0, 1.0]), (tag, vec![5.0, 4.0])];
        let dimensions = Dimensions::of_vectors(&vectors);
        let found = of_functional_groups(&header("a"), numbered(numbers), dimensions.clone());
        let places: Vec<_> = found.all.iter().map(|frame| frame.place_number).collect();
        assert_eq!(places, expected, "{name}");
        assert_eq!(found.dimensions.as_deref(), Some(&dimensions), "{name}");
    }
}
