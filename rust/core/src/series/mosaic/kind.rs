//! Which images have slices as tiles.

use super::layout::Mosaic;
use super::{siemens, united_imaging};
use crate::dataset::Dataset;
use crate::series::header::{FrameHeader, InstanceHeader, has_value};

/// Finds the tiles of an image, as frames. `None` if its header does not say how many slices it
/// has, or they do not fit.
pub(in crate::series) type FindTiles =
    fn(&Dataset, &InstanceHeader) -> Option<(Mosaic, Vec<FrameHeader>)>;

/// What finds the tiles of an image whose Image Type says that it has them. Grids of United Imaging
/// have no position but those of their tiles.
pub(in crate::series) fn tiles_by_image_type(
    dataset: &Dataset,
    header: &InstanceHeader,
) -> Option<FindTiles> {
    let has = |wanted| has_value(&header.identity.image_type, wanted);
    if has("MOSAIC") {
        return Some(siemens::tiles);
    }
    let is_grid = header.identity.modality == "MR"
        && has("VFRAME")
        && (header.plane.position.is_none() || united_imaging::has_count(dataset));
    is_grid.then_some(united_imaging::tiles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::bytes::dataset_of;
    use crate::series::tests::synthetic::with;

    #[test]
    fn image_type_says_who_wrote_the_tiles() {
        let owner = (0x0065, 0x0010, "LO", &b"Image Private Header"[..]);
        let counted = dataset_of(&[owner, (0x0065, 0x1050, "DS", b"2 ")]);
        let (plain, at) = (dataset_of(&[]), Some([0.0; 3]));
        for (name, image_type, modality, position, dataset, expected) in [
            ("a mosaic", "M\\MOSAIC", "MR", at, &plain, Some(siemens::tiles as FindTiles)),
            ("of no modality", "M\\MOSAIC", "", at, &plain, Some(siemens::tiles)),
            ("a grid", "M\\VFRAME", "MR", None, &plain, Some(united_imaging::tiles)),
            ("with a place", "M\\VFRAME", "MR", at, &counted, Some(united_imaging::tiles)),
            ("a slice", "M\\VFRAME", "MR", at, &plain, None),
            ("of another modality", "M\\VFRAME", "CT", None, &plain, None),
            ("of another type", "M\\VFRAMES", "MR", None, &plain, None),
        ] {
            let header = with("a", |one| {
                one.identity.image_type = image_type.to_owned();
                one.identity.modality = modality.to_owned();
                one.plane.position = position;
            });
            let address = |found: Option<FindTiles>| found.map(|found| found as usize);
            let found = tiles_by_image_type(dataset, &header);
            assert_eq!(address(found), address(expected), "{name}");
        }
    }
}
