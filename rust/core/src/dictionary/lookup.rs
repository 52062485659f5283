//! Searches the registries: by tag, by keyword, by private creator and tag, by UID.
//!
//! Answers are pydicom's, whose users this crate serves: which tags a repeating group covers, and
//! in which order the masks of private elements are tried.

use std::borrow::Cow;

use super::dictionary_vr::DictionaryVr;
use super::elements::{ELEMENTS, KEYWORD_ORDER, REPEATERS};
use super::packed::{ANY_BLOCK, ANY_GROUP, RETIRED, Row};
use super::private_elements::{CREATORS, PRIVATE_ELEMENTS};
use super::uids::UIDS;
use crate::tag::Tag;

/// A data element of the registry (PS3.6 §6 to §9, PS3.7 §E).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The tag that was asked for, also where a repeating group answers.
    pub tag: Tag,
    /// The VR, or the VRs to choose from.
    pub vr: DictionaryVr,
    /// The VM, e.g. `1-n`.
    pub vm: &'static str,
    /// The keyword; empty for the few retired elements that have none.
    pub keyword: &'static str,
    /// The name; empty for the few retired elements that have none.
    pub name: &'static str,
    /// Whether the element is retired.
    pub is_retired: bool,
}

/// A private element that a vendor documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateEntry {
    /// The VR, or the VRs to choose from.
    pub vr: DictionaryVr,
    /// The VM, e.g. `1-n`.
    pub vm: &'static str,
    /// The name; empty where none is known.
    pub name: &'static str,
    /// Whether the element is retired.
    pub is_retired: bool,
}

/// A UID of the registry (PS3.6 §A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UidEntry {
    /// The UID.
    pub uid: &'static str,
    /// What it names, e.g. `CT Image Storage`.
    pub name: &'static str,
    /// The kind of thing that it names, e.g. `SOP Class` or `Transfer Syntax`.
    pub kind: &'static str,
    /// What the registry adds to the name, mostly nothing.
    pub info: &'static str,
    /// The keyword; empty for the few retired UIDs that have none.
    pub keyword: &'static str,
    /// Whether the UID is retired.
    pub is_retired: bool,
}

/// An element that stands in a range of groups or element numbers, e.g. `60xx,3000` (PS3.5 §7.6).
pub(super) struct Repeater {
    /// The bits of a tag that must be those of `tag`.
    pub(super) mask: u32,
    /// The tag, zeros outside the mask.
    pub(super) tag: u32,
    pub(super) vr: DictionaryVr,
    pub(super) vm: &'static str,
    pub(super) keyword: &'static str,
    pub(super) name: &'static str,
    pub(super) is_retired: bool,
}

/// The private elements of one creator: rows `start..end` of the table, sorted by (mask flags,
/// tag).
pub(super) struct Creator {
    pub(super) name: &'static str,
    pub(super) start: u16,
    pub(super) end: u16,
}

fn row_of(tag: Tag) -> Option<&'static Row> {
    let rows = ELEMENTS.rows;
    rows.get(rows.binary_search_by_key(&tag.0, |row| row.tag).ok()?)
}

/// Whether the registry has an element of this group; repeating groups do not count.
pub(crate) fn has_group(group: u16) -> bool {
    let first = Tag::new(group, 0);
    let at = ELEMENTS.rows.partition_point(|row| row.tag < first.0);
    ELEMENTS.rows.get(at).is_some_and(|row| Tag(row.tag).group() == group)
}

/// The first repeater whose mask fits, whether the group is odd or even.
fn repeater(tag: Tag) -> Option<&'static Repeater> {
    REPEATERS.iter().find(|repeater| tag.0 & repeater.mask == repeater.tag)
}

/// The repeater that describes `tag`. An odd group is private whatever its number (PS3.5 §7.1).
fn repeater_of(tag: Tag) -> Option<&'static Repeater> {
    if tag.is_private() { None } else { repeater(tag) }
}

/// The registry's entry of a standard element, repeating groups included.
pub fn entry(tag: Tag) -> Option<Entry> {
    if let Some(row) = row_of(tag) {
        return Some(Entry {
            tag,
            vr: row.vr,
            vm: ELEMENTS.vm(row),
            keyword: ELEMENTS.keyword(row),
            name: ELEMENTS.name(row),
            is_retired: row.flags & RETIRED != 0,
        });
    }
    let &Repeater { vr, vm, keyword, name, is_retired, .. } = repeater_of(tag)?;
    Some(Entry { tag, vr, vm, keyword, name, is_retired })
}

/// The VR of a standard element: [`entry`] for those who want nothing else, at the price of the
/// search alone.
pub fn vr(tag: Tag) -> Option<DictionaryVr> {
    match row_of(tag) {
        Some(row) => Some(row.vr),
        None => repeater_of(tag).map(|repeater| repeater.vr),
    }
}

/// The keyword of a standard element, empty if it has none.
pub fn keyword(tag: Tag) -> &'static str {
    match row_of(tag) {
        Some(row) => ELEMENTS.keyword(row),
        None => repeater_of(tag).map_or("", |repeater| repeater.keyword),
    }
}

/// The name of an element as a user sees it. What a vendor documents for a private element stands
/// in brackets.
pub fn name(tag: Tag, private_creator: Option<&str>) -> Cow<'static, str> {
    // Also those below (gggg,0010), which the standard leaves unused, as pydicom names them.
    if tag.is_private() && tag.element() <= 0x00FF && private_creator.is_none_or(str::is_empty) {
        return "Private Creator".into();
    }
    if tag.is_private() {
        let found = private_creator.and_then(|creator| private_entry(creator, tag));
        return found.map_or("Private tag data".into(), |entry| format!("[{}]", entry.name).into());
    }
    match entry(tag) {
        Some(entry) => entry.name.into(),
        None if tag.element() == 0 => "Group Length".into(),
        None => "".into(),
    }
}

/// The VR, or the VRs to choose from, that an element gets whose value is set by its keyword.
pub fn vr_to_set(tag: Tag) -> &'static str {
    match vr(tag) {
        Some(vr) => vr.as_str(),
        None if tag.element() == 0 => DictionaryVr::UL.as_str(),
        None => DictionaryVr::UN.as_str(),
    }
}

/// The tag that a keyword names. The keyword of a repeating group names many, so there is none for
/// it.
pub fn tag_of_keyword(keyword: &str) -> Option<Tag> {
    let row_at = |index: &u16| ELEMENTS.rows.get(usize::from(*index));
    let order = |index: &u16| row_at(index).map(|row| ELEMENTS.keyword(row)).cmp(&Some(keyword));
    let index = KEYWORD_ORDER.get(KEYWORD_ORDER.binary_search_by(order).ok()?)?;
    row_at(index).map(|row| Tag(row.tag))
}

/// Every keyword that [`tag_of_keyword`] knows, sorted.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    KEYWORD_ORDER
        .iter()
        .filter_map(|index| ELEMENTS.rows.get(usize::from(*index)))
        .map(|row| ELEMENTS.keyword(row))
}

/// Whether a keyword belongs to a repeating group, and so names no single tag.
pub fn is_repeater_keyword(keyword: &str) -> bool {
    REPEATERS.iter().any(|repeater| repeater.keyword == keyword)
}

/// What is known of a private element. `creator` is the text of its Private Creator element (PS3.5
/// §7.8.1), without padding. The block (high byte of the element number) matters only where the
/// vendor fixed it.
pub fn private_entry(creator: &str, tag: Tag) -> Option<PrivateEntry> {
    let position = CREATORS.binary_search_by(|candidate| candidate.name.cmp(creator)).ok()?;
    let creator = CREATORS.get(position)?;
    let rows = PRIVATE_ELEMENTS.rows.get(usize::from(creator.start)..usize::from(creator.end))?;
    let find = |flags: u8, tag: u32| {
        let sort_key = |row: &Row| (row.flags & (ANY_BLOCK | ANY_GROUP), row.tag);
        rows.get(rows.binary_search_by_key(&(flags, tag), sort_key).ok()?)
    };
    let row = find(0, tag.0)
        .or_else(|| find(ANY_BLOCK, tag.0 & 0xFFFF_00FF))
        .or_else(|| find(ANY_GROUP, tag.0 & 0xFF00_00FF))?;
    Some(PrivateEntry {
        vr: row.vr,
        vm: PRIVATE_ELEMENTS.vm(row),
        name: PRIVATE_ELEMENTS.name(row),
        is_retired: row.flags & RETIRED != 0,
    })
}

/// Every private element that is known: its creator, its tag with `x` for digits that are any, and
/// what is known of it.
pub fn private_entries() -> impl Iterator<Item = (&'static str, String, PrivateEntry)> {
    CREATORS.iter().flat_map(|creator| {
        let range = usize::from(creator.start)..usize::from(creator.end);
        PRIVATE_ELEMENTS.rows.get(range).unwrap_or_default().iter().map(|row| {
            let (group, element) = (row.tag >> 16, row.tag & 0xFF);
            let pattern = match row.flags & (ANY_BLOCK | ANY_GROUP) {
                0 => format!("{:08X}", row.tag),
                ANY_BLOCK => format!("{group:04X}xx{element:02X}"),
                _ => format!("{:02X}xxxx{element:02X}", group >> 8),
            };
            let entry = PrivateEntry {
                vr: row.vr,
                vm: PRIVATE_ELEMENTS.vm(row),
                name: PRIVATE_ELEMENTS.name(row),
                is_retired: row.flags & RETIRED != 0,
            };
            (creator.name, pattern, entry)
        })
    })
}

/// The registry's entry of a UID.
pub fn uid_entry(uid: &str) -> Option<&'static UidEntry> {
    UIDS.get(UIDS.binary_search_by(|entry| entry.uid.cmp(uid)).ok()?)
}

/// Whether instances of the SOP Class with this UID are images, so that one without is damaged.
pub(crate) fn is_image_class(uid: &str) -> bool {
    const OTHERS: [&str; 3] =
        ["EnhancedUSVolumeStorage", "ParametricMapStorage", "SegmentationStorage"];
    uid_entry(uid).is_some_and(|entry| {
        entry.keyword.contains("ImageStorage") || OTHERS.contains(&entry.keyword)
    })
}

/// The UID with this keyword. Goes through all of them: it is asked for once a name, when a script
/// is loaded.
pub fn uid_of_keyword(keyword: &str) -> Option<&'static str> {
    UIDS.iter().find(|entry| entry.keyword == keyword && !keyword.is_empty()).map(|entry| entry.uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_so_that_the_searches_find() {
        assert!(ELEMENTS.rows.is_sorted_by(|a, b| a.tag < b.tag));
        assert!(keywords().is_sorted_by(|a, b| a < b));
        assert!(UIDS.is_sorted_by(|a, b| a.uid < b.uid));
        assert!(CREATORS.is_sorted_by(|a, b| a.name < b.name));
        assert!(REPEATERS.iter().all(|repeater| repeater.tag & !repeater.mask == 0));

        let mut end = 0;
        for creator in &CREATORS {
            assert_eq!(creator.start, end, "{}", creator.name);
            end = creator.end;
            let rows = &PRIVATE_ELEMENTS.rows[usize::from(creator.start)..usize::from(end)];
            assert!(
                rows.is_sorted_by(|a, b| (a.flags, a.tag) < (b.flags, b.tag)),
                "{}",
                creator.name
            );
        }
        assert_eq!(usize::from(end), PRIVATE_ELEMENTS.rows.len());
    }

    #[test]
    fn every_row_is_found_by_tag_and_keyword() {
        for row in ELEMENTS.rows {
            let (tag, keyword) = (Tag(row.tag), ELEMENTS.keyword(row));
            assert_eq!(entry(tag).map(|entry| (entry.tag, entry.keyword)), Some((tag, keyword)));
            assert_eq!((vr(tag), super::keyword(tag)), (Some(row.vr), keyword));
            assert_eq!(tag_of_keyword(keyword), (!keyword.is_empty()).then_some(tag), "{keyword}");
        }
        assert_eq!(
            keywords().count(),
            ELEMENTS.rows.iter().filter(|row| !ELEMENTS.keyword(row).is_empty()).count()
        );
    }

    #[test]
    fn elements_are_described() {
        for (group, element, expected) in [
            (
                0x0000,
                0x0000,
                Some((DictionaryVr::UL, "1", "CommandGroupLength", "Command Group Length", false)),
            ),
            (0x0010, 0x0010, Some((DictionaryVr::PN, "1", "PatientName", "Patient's Name", false))),
            (0x0018, 0x0061, Some((DictionaryVr::DS, "1", "", "", true))),
            (
                0x0028,
                0x0106,
                Some((
                    DictionaryVr::UsOrSs,
                    "1",
                    "SmallestImagePixelValue",
                    "Smallest Image Pixel Value",
                    false,
                )),
            ),
            (0x7FE0, 0x0010, Some((DictionaryVr::ObOrOw, "1", "PixelData", "Pixel Data", false))),
            (0xFFFE, 0xE000, Some((DictionaryVr::Absent, "1", "Item", "Item", false))),
            (0x0010, 0x0000, None),
            (0x0011, 0x0010, None),
            (0xFFFF, 0xFFFF, None),
        ] {
            let found = entry(Tag::new(group, element))
                .map(|e| (e.vr, e.vm, e.keyword, e.name, e.is_retired));
            assert_eq!(found, expected, "{group:04X},{element:04X}");
        }
    }

    #[test]
    fn repeating_groups_share_an_entry_and_odd_groups_have_none() {
        for (group, element, keyword) in [
            (0x6000, 0x3000, Some("OverlayData")),
            (0x601E, 0x3000, Some("OverlayData")),
            (0x60FE, 0x3000, Some("OverlayData")),
            (0x6001, 0x3000, None),
            (0x6002, 0x3001, None),
            (0x5002, 0x3000, Some("CurveData")),
            (0x0020, 0x3142, Some("SourceImageIDs")),
            (0x0028, 0x0451, Some("ColumnsForNthOrderCoefficients")),
            (0x1000, 0xABC2, Some("HuffmanTableSize")),
            (0x1010, 0x1234, Some("ZonalMap")),
            (0x7F02, 0x0010, Some("VariablePixelData")),
            // Main table first: the mask 7Fxx,0010 fits as well.
            (0x7FE0, 0x0010, Some("PixelData")),
        ] {
            let tag = Tag::new(group, element);
            assert_eq!(entry(tag).map(|entry| entry.keyword), keyword, "{tag}");
            assert_eq!(entry(tag).map(|entry| entry.tag), keyword.map(|_| tag), "{tag}");
            assert_eq!(vr(tag), entry(tag).map(|entry| entry.vr), "{tag}");
            assert_eq!(super::keyword(tag), keyword.unwrap_or(""), "{tag}");
        }
        assert!(
            repeater(Tag::new(0x6002, 0x3000)).is_some()
                && repeater(Tag::new(0x6001, 0x3000)).is_some()
        );
        assert!(repeater(Tag::new(0x0010, 0x0010)).is_none());
    }

    #[test]
    fn keywords_name_one_tag() {
        for (keyword, tag) in [
            ("PatientName", Some(Tag::new(0x0010, 0x0010))),
            ("PixelData", Some(Tag::PIXEL_DATA)),
            ("TransferSyntaxUID", Some(Tag::TRANSFER_SYNTAX_UID)),
            ("OverlayData", None),
            ("patientname", None),
            ("PatientNam", None),
            ("PatientNames", None),
            ("", None),
            ("zzz", None),
        ] {
            assert_eq!(tag_of_keyword(keyword), tag, "{keyword}");
        }
        assert!(is_repeater_keyword("OverlayData"));
        assert!(!is_repeater_keyword("PatientName"));
    }

    #[test]
    fn private_masks_are_tried_from_exact_to_widest() {
        for (creator, group, element, expected) in [
            (
                "SIEMENS CSA HEADER",
                0x0029,
                0x1010,
                Some((DictionaryVr::OB, "CSA Image Header Info")),
            ),
            (
                "SIEMENS CSA HEADER",
                0x0029,
                0x1110,
                Some((DictionaryVr::OB, "CSA Image Header Info")),
            ),
            ("SIEMENS CSA HEADER", 0x0029, 0x10FE, None),
            ("SIEMENS CSA HEADE", 0x0029, 0x1010, None),
            ("", 0x0029, 0x1010, None),
            // The low byte of the group is any.
            ("PAPYRUS 3.0", 0x6001, 0x1000, Some((DictionaryVr::IS, "Overlay ID"))),
            ("PAPYRUS 3.0", 0x60FF, 0xFF00, Some((DictionaryVr::IS, "Overlay ID"))),
        ] {
            let found = private_entry(creator, Tag::new(group, element)).map(|e| (e.vr, e.name));
            assert_eq!(found, expected, "{creator} {group:04X},{element:04X}");
        }
    }

    #[test]
    fn every_element_has_a_name_and_a_vr_to_set() {
        for (group, element, creator, expected_name, expected_vr) in [
            (0x0010, 0x0010, None, "Patient's Name", "PN"),
            (0x0028, 0x0106, None, "Smallest Image Pixel Value", "US or SS"),
            (0x0012, 0x0000, None, "Group Length", "UL"),
            (0x0012, 0xFFFF, None, "", "UN"),
            (0x0029, 0x0010, None, "Private Creator", "UN"),
            (0x0029, 0x1010, None, "Private tag data", "UN"),
            (0x0029, 0x1010, Some("SIEMENS CSA HEADER"), "[CSA Image Header Info]", "UN"),
        ] {
            let tag = Tag::new(group, element);
            assert_eq!(
                (&*name(tag, creator), vr_to_set(tag)),
                (expected_name, expected_vr),
                "{tag}"
            );
        }
    }

    #[test]
    fn uids_are_described() {
        let explicit =
            uid_entry("1.2.840.10008.1.2.1").map(|e| (e.name, e.kind, e.keyword, e.is_retired));
        assert_eq!(
            explicit,
            Some(("Explicit VR Little Endian", "Transfer Syntax", "ExplicitVRLittleEndian", false))
        );
        assert!(uid_entry("1.2.840.10008.1.2.2").is_some_and(|entry| entry.is_retired));
        for unknown in ["", "1.2.840.10008.1.2.1.", "1.2.3", "9"] {
            assert_eq!(uid_entry(unknown), None, "{unknown}");
        }
    }
}
