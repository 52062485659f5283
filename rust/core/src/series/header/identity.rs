//! What an instance is, and which study and series it belongs to (PS3.3 §C.7.2.1, §C.7.3.1,
//! §C.12.1).

use super::values::{identifier, text};
use crate::dataset::{Dataset, DicomFile};
use crate::image_description::Attributes;
use crate::tag::Tag;
use crate::uid;

const MEDIA_STORAGE_SOP_CLASS_UID: Tag = Tag::new(0x0002, 0x0002);
const IMAGE_TYPE: Tag = Tag::new(0x0008, 0x0008);
const SOP_CLASS_UID: Tag = Tag::new(0x0008, 0x0016);
const SOP_INSTANCE_UID: Tag = Tag::new(0x0008, 0x0018);
const MODALITY: Tag = Tag::new(0x0008, 0x0060);
const SERIES_DESCRIPTION: Tag = Tag::new(0x0008, 0x103E);
const STUDY_INSTANCE_UID: Tag = Tag::new(0x0020, 0x000D);
pub(in crate::series) const SERIES_INSTANCE_UID: Tag = Tag::new(0x0020, 0x000E);
const SERIES_NUMBER: Tag = Tag::new(0x0020, 0x0011);
const INSTANCE_NUMBER: Tag = Tag::new(0x0020, 0x0013);

const MEDIA_STORAGE_DIRECTORY: &str = "1.2.840.10008.1.3.10";
const SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.4";
const LABEL_MAP_SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.7";

/// What an instance is, and which study and series it belongs to. Text that is absent or cannot be
/// decoded is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// Series Instance UID.
    pub series_instance_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// SOP Class UID.
    pub sop_class_uid: String,
    /// Modality.
    pub modality: String,
    /// Series Description.
    pub series_description: String,
    /// Series Number.
    pub series_number: Option<i64>,
    /// Instance Number.
    pub instance_number: Option<i64>,
    /// Image Type: its values with backslashes between them.
    pub image_type: String,
}

impl Identity {
    pub(super) fn from_file(file: &DicomFile) -> Identity {
        let dataset: &Dataset = &file.dataset;
        let identifier = |tag| identifier(dataset, tag);
        Identity {
            study_instance_uid: identifier(STUDY_INSTANCE_UID),
            series_instance_uid: identifier(SERIES_INSTANCE_UID),
            sop_instance_uid: identifier(SOP_INSTANCE_UID),
            sop_class_uid: sop_class_uid(file),
            modality: text(dataset, MODALITY),
            series_description: text(dataset, SERIES_DESCRIPTION),
            series_number: dataset.integer(SERIES_NUMBER),
            instance_number: dataset.integer(INSTANCE_NUMBER),
            image_type: text(dataset, IMAGE_TYPE),
        }
    }

    /// Whether its frames show where segments lie (PS3.3 §C.8.20): those in which none does may be
    /// left out.
    pub(in crate::series) fn is_segmentation(&self) -> bool {
        self.sop_class_uid == SEGMENTATION || self.is_label_map()
    }

    /// Whether frames that name a segment are those of segments, and what it lacks is empty: it is
    /// a segmentation, or what a program has written of one as another object, whose Modality is
    /// then not that of a device.
    pub(in crate::series) fn may_lack_frames(&self) -> bool {
        self.is_segmentation() || ["SEG", "OT"].contains(&self.modality.as_str())
    }

    /// Whether each of its values is the number of a segment.
    pub(in crate::series) fn is_label_map(&self) -> bool {
        self.sop_class_uid == LABEL_MAP_SEGMENTATION
    }

    /// Whether it is a DICOMDIR (PS3.4 §I.4).
    pub(in crate::series) fn is_directory(&self) -> bool {
        self.sop_class_uid == MEDIA_STORAGE_DIRECTORY
    }

    /// Whether images of this modality are shadows on a detector, which may lack Pixel Spacing
    /// (PS3.3 §C.8.7.1, §10.7).
    pub(super) fn is_projection(&self) -> bool {
        matches!(self.modality.as_str(), "CR" | "DX" | "IO" | "MG" | "PX" | "RF" | "RG" | "XA")
    }
}

/// SOP Class UID. A file that ends before its own has that of its File Meta Information.
fn sop_class_uid(file: &DicomFile) -> String {
    let own = identifier(&file.dataset, SOP_CLASS_UID);
    if !own.is_empty() {
        return own;
    }
    let element = file.meta.find(MEDIA_STORAGE_SOP_CLASS_UID);
    let value = element.and_then(|element| file.meta.value(element).ok());
    value.map(|value| uid::trim(&value).to_owned()).unwrap_or_default()
}

/// Whether `wanted` is one of the values of `image_type`.
pub(in crate::series) fn has_value(image_type: &str, wanted: &str) -> bool {
    image_type.split('\\').any(|value| value.trim() == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shadows_on_a_detector_are_known_by_their_modality() {
        for (modality, expected) in [
            ("CR", true),
            ("DX", true),
            ("IO", true),
            ("MG", true),
            ("PX", true),
            ("RF", true),
            ("RG", true),
            ("XA", true),
            ("CT", false),
            ("", false),
        ] {
            let identity = Identity { modality: modality.to_owned(), ..Identity::default() };
            assert_eq!(identity.is_projection(), expected, "{modality}");
        }
    }

    #[test]
    fn a_type_has_whole_values() {
        for (image_type, expected) in [
            ("LOCALIZER", true),
            ("ORIGINAL\\ LOCALIZER ", true),
            ("ORIGINAL\\LOCALIZERS", false),
            ("LOCAL\\IZER", false),
            ("", false),
        ] {
            assert_eq!(has_value(image_type, "LOCALIZER"), expected, "{image_type}");
        }
    }
}
