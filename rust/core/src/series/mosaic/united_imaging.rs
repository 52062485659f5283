//! Tiles as scanners of United Imaging (UIH) write them: an image with `VFRAME` in its Image Type.
//!
//! Tiles fill the image row by row, as many beside each other as make the smallest square, without
//! rows that would all be empty. A private sequence has an item a tile, with the position of its
//! own first voxel and the time when it was acquired.

use super::layout::{MOST_TILES, Mosaic};
use crate::dataset::{Dataset, Item};
use crate::geometry::Vector;
use crate::limits::Limits;
use crate::series::header::{
    Acquisition, AxisNumber, FrameHeader, ImagePlane, InstanceHeader, decimals, exactly,
};
use crate::series::private::united_imaging_tag;
use crate::tag::Tag;
use crate::value::are_mixed;

const IMAGE_POSITION_PATIENT: Tag = Tag::new(0x0020, 0x0032);
const IMAGE_ORIENTATION_PATIENT: Tag = Tag::new(0x0020, 0x0037);

/// What the item of a tile says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Tile {
    position: Option<Vector>,
    orientation: Option<[f64; 6]>,
    acquisition: Acquisition,
}

/// The tiles of an image as frames. `None` if its header does not say how many slices it has, has
/// another number of items for them, or they do not fit the image.
pub(super) fn tiles(
    dataset: &Dataset,
    header: &InstanceHeader,
) -> Option<(Mosaic, Vec<FrameHeader>)> {
    let image = header.image.state.description()?;
    let count = count(dataset)?;
    let tiles = items(dataset, count)?;
    let mosaic = Mosaic::full(count, image.rows, image.columns)?;
    let times = || tiles.iter().map(|tile| tile.acquisition.acquired);
    let start = times().flatten().min_by(f64::total_cmp);
    let is_comparable = times().all(|time| time.is_some()) && !are_mixed(times().flatten());
    let start_of_all = start.filter(|_| is_comparable);
    let acquisition = whole(header.acquisition, &tiles, start);
    let since_start = |tile: &Tile| Some(tile.acquisition.acquired? - start_of_all?);
    let frame = |(index, tile): (usize, Tile)| FrameHeader {
        index,
        slice_time: since_start(&tile).map(milliseconds),
        acquisition,
        plane: ImagePlane {
            position: tile.position,
            orientation: tile.orientation.or(header.plane.orientation),
            ..header.plane
        },
        ..FrameHeader::of_instance(header)
    };
    Some((mosaic, tiles.into_iter().enumerate().map(frame).collect()))
}

/// What tells an image from others: its own time, or else that of the first of its tiles, as other
/// makers write it.
fn whole(own: Acquisition, tiles: &[Tile], start: Option<f64>) -> Acquisition {
    const TIME: AxisNumber = AxisNumber::AcquisitionTime;
    let first = tiles.iter().find(|tile| tile.acquisition.acquired == start);
    let mut acquisition = own;
    acquisition.acquired = own.acquired.or(start);
    let time = first.and_then(|tile| tile.acquisition.number(TIME));
    acquisition.set(TIME, own.number(TIME).or(time));
    acquisition
}

/// Of seconds, without what the subtraction of two large numbers adds.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

/// Whether the header says how many slices the image has, whatever it says.
pub(super) fn has_count(dataset: &Dataset) -> bool {
    united_imaging_tag(dataset, 0x50).is_some()
}

/// How many slices the image has.
fn count(dataset: &Dataset) -> Option<usize> {
    let [count] = decimals(dataset, united_imaging_tag(dataset, 0x50)?).try_into().ok()?;
    let is_count = (1.0..=MOST_TILES as f64).contains(&count) && count.fract() == 0.0;
    is_count.then_some(count as usize)
}

/// What is said of each of `count` tiles: nothing if the sequence is missing. `None` if it has
/// another number of items.
fn items(dataset: &Dataset, count: usize) -> Option<Vec<Tile>> {
    let Some(tag) = united_imaging_tag(dataset, 0x51) else {
        return Some(vec![Tile::default(); count]);
    };
    let limits = Limits::DEFAULT;
    let items = dataset.items(dataset.find(tag)?, &limits).ok()?;
    let tile = |item: &Item| {
        let Ok(item) = item.parse(&limits) else { return Tile::default() };
        Tile {
            position: exactly(&item, IMAGE_POSITION_PATIENT),
            orientation: exactly(&item, IMAGE_ORIENTATION_PATIENT),
            acquisition: Acquisition::new(&item),
        }
    };
    (items.len() == count).then(|| items.iter().map(tile).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::{NATIVE, element, header_of};
    use crate::series::tests::synthetic::AXIAL;
    use crate::value;

    type Value<'a> = (u16, u16, &'a str, &'a [u8]);

    const MR: Value<'_> = (0x0008, 0x0060, "CS", b"MR");
    const GRID: Value<'_> = (0x0008, 0x0008, "CS", b"ORIGINAL\\PRIMARY\\M\\VFRAME");
    const OWNER: Value<'_> = (0x0065, 0x0010, "LO", b"Image Private Header");
    const NOWHERE: Value<'_> = (0x0020, 0x0032, "--", b"");
    const COUNT: Value<'_> = (0x0065, 0x1050, "DS", b"2 ");

    /// A sequence of tiles: the elements of each.
    fn sequence(items: &[&[Value<'_>]]) -> Vec<u8> {
        let item = |elements: &&[Value<'_>]| {
            let content: Vec<u8> =
                elements.iter().flat_map(|(g, e, vr, value)| element(*g, *e, vr, value)).collect();
            let length = (content.len() as u32).to_le_bytes();
            [&[0xFE, 0xFF, 0x00, 0xE0][..], &length, &content].concat()
        };
        items.iter().flat_map(item).collect()
    }

    const FIRST: &[Value<'_>] = &[
        (0x0008, 0x0022, "DA", b"20240229"),
        (0x0008, 0x0032, "TM", b"235959.5"),
        (0x0020, 0x0032, "DS", b"1\\2\\3 "),
    ];
    const SECOND: &[Value<'_>] = &[
        (0x0008, 0x0022, "DA", b"20240301"),
        (0x0008, 0x0032, "TM", b"000001"),
        (0x0020, 0x0032, "DS", b"1\\2\\5 "),
        (0x0020, 0x0037, "DS", b"0\\1\\0\\0\\0\\1 "),
    ];

    #[test]
    fn tiles_have_the_places_and_times_of_their_items() {
        let tiles = sequence(&[SECOND, FIRST]);
        // Two columns and one row of tiles.
        let header = header_of(NATIVE, &[MR, GRID, OWNER, COUNT, (0x0065, 0x1051, "SQ", &tiles)]);
        let mosaic = header.image.mosaic.unwrap();
        assert_eq!((mosaic.across, mosaic.count, mosaic.rows, mosaic.columns), (2, 2, 2, 1));
        let of = |frame: &FrameHeader| (frame.index, frame.plane.position, frame.slice_time);
        let found: Vec<_> = header.frames.iter().map(of).collect();
        let times = [Some(1500.0), Some(0.0)];
        assert_eq!(
            found,
            [(0, Some([1.0, 2.0, 5.0]), times[0]), (1, Some([1.0, 2.0, 3.0]), times[1])]
        );
        let planes = header.frames.iter().map(|frame| frame.plane.orientation);
        let own = Some([0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(planes.collect::<Vec<_>>(), [own, Some(AXIAL)]);
        for frame in &header.frames {
            let time = frame.acquisition.number(AxisNumber::AcquisitionTime);
            let day = value::day_number("20240229").unwrap();
            let expected = day * value::SECONDS_OF_DAY + 86_399.5;
            assert_eq!(time, Some(expected), "that of the first");
        }
    }

    #[test]
    fn tiles_lack_what_their_items_lack() {
        let none = sequence(&[&[], FIRST]);
        let header = header_of(NATIVE, &[MR, GRID, OWNER, COUNT, (0x0065, 0x1051, "SQ", &none)]);
        let places: Vec<_> = header.frames.iter().map(|frame| frame.plane.position).collect();
        assert_eq!(places, [None, Some([1.0, 2.0, 3.0])]);
        assert!(header.frames.iter().all(|frame| frame.slice_time.is_none()));
        let header = header_of(NATIVE, &[MR, GRID, OWNER, COUNT]);
        assert_eq!(header.frames.len(), 2);
        assert!(header.frames.iter().all(|frame| frame.plane.position.is_none()));
    }

    #[test]
    fn what_is_no_grid_is_refused() {
        let (one, two) = (sequence(&[FIRST]), sequence(&[FIRST, SECOND]));
        let list: Value<'_> = (0x0065, 0x1051, "SQ", &two);
        fn count(value: &[u8]) -> Value<'_> {
            (0x0065, 0x1050, "DS", value)
        }
        for (name, elements) in [
            ("no owner", &[COUNT, list][..]),
            ("no count", &[OWNER, list]),
            ("zero", &[OWNER, count(b"0 "), list]),
            ("half a slice", &[OWNER, count(b"2.5 "), list]),
            ("two counts", &[OWNER, count(b"2\\2 "), list]),
            ("more than the image holds", &[OWNER, count(b"5 ")]),
            ("fewer items", &[OWNER, COUNT, (0x0065, 0x1051, "SQ", &one)]),
        ] {
            let header = header_of(NATIVE, &[&[MR, GRID, NOWHERE], elements].concat());
            assert!(header.image.state.has_own_geometry(), "{name}");
            assert!(header.frames.is_empty() && header.image.mosaic.is_none(), "{name}");
        }
    }
}
