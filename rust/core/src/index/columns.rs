//! What a column of the header table is: which element, and of what type (PS3.6 §6).

use crate::dictionary::{self, DictionaryVr};
use crate::error::{ColumnFault, ErrorKind, Result};
use crate::tag::Tag;
use crate::vr::Vr;

/// One sequence on the way to a column's element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The sequence.
    pub tag: Tag,
    /// The item to go on in, from 0.
    pub item_index: usize,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IS, and binary whole numbers.
    Int,
    /// DS, FL, FD.
    Float,
    /// Everything else that can be written as text.
    Text,
}

/// How many values a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// One.
    One,
    /// Always this many.
    Fixed(usize),
    /// As many as the widest row.
    Widest,
}

impl Width {
    /// The width that a VM of the dictionary calls for.
    fn of_vm(vm: &str) -> Width {
        match vm.parse() {
            Ok(0 | 1) => Width::One,
            Ok(count) => Width::Fixed(count),
            Err(_) => Width::Widest,
        }
    }

    /// The number of values, where it is always the same.
    pub(super) fn count(self) -> Option<usize> {
        match self {
            Width::One => Some(1),
            Width::Fixed(count) => Some(count),
            Width::Widest => None,
        }
    }
}

/// A column as a caller names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The tag of an element of the data set.
    Tag(Tag),
    /// A keyword or a path of them: see [`ColumnSpec::parse`].
    Path(String),
}

/// A wanted column: an element of the data set or the File Meta Information, or of an item inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    name: String,
    pub(super) steps: Vec<Step>,
    pub(super) tag: Tag,
    kind: Kind,
    width: Width,
}

impl ColumnSpec {
    /// Reads what a caller wrote: a keyword, a tag as `0020000E` or `(0020,000E)`, or several of
    /// them with dots between, the sequences that lead there first. `[2]` after a sequence takes
    /// its third item; without it, it is the first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Column`] if that names no element, or one whose value is no text and no
    /// numbers.
    ///
    /// ```
    /// use rapidicom_core::index::{ColumnSpec, Kind, Width};
    ///
    /// let column = ColumnSpec::parse("ImagePositionPatient")?;
    /// assert_eq!((column.kind(), column.width()), (Kind::Float, Width::Fixed(3)));
    /// let nested = ColumnSpec::parse("PlanePositionSequence[0].ImagePositionPatient")?;
    /// assert_eq!(nested.kind(), Kind::Float);
    /// assert!(ColumnSpec::parse("SliceThicknes").is_err());
    /// # Ok::<(), rapidicom_core::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<ColumnSpec> {
        let wrong = |fault| ErrorKind::Column { text: text.to_owned(), fault };
        let (path, last) = match text.rsplit_once('.') {
            Some((path, last)) => (Some(path), last),
            None => (None, text),
        };
        let mut names = Vec::new();
        let mut steps = Vec::new();
        for part in path.iter().flat_map(|path| path.split('.')) {
            let (step, name) = step_of(part).map_err(wrong)?;
            names.push(name);
            steps.push(step);
        }
        let (tag, index) = tag_and_index(last).map_err(wrong)?;
        if index.is_some() {
            return Err(wrong(ColumnFault::IndexAtEnd).into());
        }
        names.push(name_of(tag));
        Ok(ColumnSpec::new(names.join("."), steps, tag).map_err(wrong)?)
    }

    /// The column of an element of the data set.
    ///
    /// # Errors
    ///
    /// If its value is no text and no numbers.
    fn of_tag(tag: Tag) -> Result<ColumnSpec> {
        let wrong = |fault| ErrorKind::Column { text: tag.to_string(), fault };
        Ok(ColumnSpec::new(name_of(tag), Vec::new(), tag).map_err(wrong)?)
    }

    fn new(name: String, steps: Vec<Step>, tag: Tag) -> Result<ColumnSpec, ColumnFault> {
        let entry = dictionary::entry(tag);
        let vr = entry.map(|entry| entry.vr);
        let kind = kind_of(vr).ok_or_else(|| match vr {
            Some(DictionaryVr::SQ) => ColumnFault::WholeSequence { name: name_of(tag) },
            _ => ColumnFault::NoValues { name: name_of(tag) },
        })?;
        let width = entry.map_or(Width::One, |entry| Width::of_vm(entry.vm));
        Ok(ColumnSpec { name, steps, tag, kind, width })
    }

    /// The columns that are wanted. One that is there twice, and `path`, which every table has, are
    /// left out.
    ///
    /// # Errors
    ///
    /// As [`ColumnSpec::parse`].
    pub fn of_all(wanted: impl IntoIterator<Item = Wanted>) -> Result<Vec<ColumnSpec>> {
        let mut columns: Vec<ColumnSpec> = Vec::new();
        for each in wanted {
            let column = match each {
                Wanted::Path(path) if path == "path" => continue,
                Wanted::Path(path) => ColumnSpec::parse(&path)?,
                Wanted::Tag(tag) => ColumnSpec::of_tag(tag)?,
            };
            if columns.iter().all(|other| other.name != column.name) {
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// Its name in the table: keywords, and tags where there are none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many values a row has.
    pub fn width(&self) -> Width {
        self.width
    }

    /// Whether its element, or the sequence that leads there, is of the File Meta Information.
    pub(super) fn is_in_meta(&self) -> bool {
        self.tag_at(0).group() == 2
    }

    /// The tag that is looked for after `depth` sequences.
    pub(super) fn tag_at(&self, depth: usize) -> Tag {
        self.steps.get(depth).map_or(self.tag, |step| step.tag)
    }
}

/// A sequence on the way to an element, and its name.
fn step_of(part: &str) -> Result<(Step, String), ColumnFault> {
    let (tag, index) = tag_and_index(part)?;
    let name = name_of(tag);
    // A private or unknown element may well be a sequence: the file decides.
    if dictionary::entry(tag).is_some_and(|entry| entry.vr != DictionaryVr::SQ) {
        return Err(ColumnFault::NotASequence { name });
    }
    let name = index.map_or(name.clone(), |index| format!("{name}[{index}]"));
    Ok((Step { tag, item_index: index.unwrap_or(0) }, name))
}

/// The tag of `Name[2]`, and the index if it has one.
fn tag_and_index(part: &str) -> Result<(Tag, Option<usize>), ColumnFault> {
    let (name, index) =
        split_index(part).ok_or_else(|| ColumnFault::Index { part: part.to_owned() })?;
    let tag = tag_of(name).ok_or_else(|| match dictionary::is_repeater_keyword(name) {
        true => ColumnFault::RepeatingGroup { keyword: name.to_owned() },
        false => {
            let similar = dictionary::similar_keyword(name);
            ColumnFault::Unknown { part: name.to_owned(), similar }
        }
    })?;
    Ok((tag, index))
}

/// `Name[2]` as name and index; `None` if there is a bracket and no index in it.
fn split_index(part: &str) -> Option<(&str, Option<usize>)> {
    match part.trim().split_once('[') {
        None => Some((part.trim(), None)),
        Some((name, index)) => Some((name, Some(index.strip_suffix(']')?.parse().ok()?))),
    }
}

fn tag_of(text: &str) -> Option<Tag> {
    if let Some(tag) = dictionary::tag_of_keyword(text) {
        return Some(tag);
    }
    let bare = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let (group, element) = match bare.split_once(',') {
        Some((group, element)) => (group.trim(), element.trim()),
        None => bare.split_at_checked(4)?,
    };
    let number = |digits: &str| {
        let is_hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    };
    Some(Tag::new(number(group)?, number(element)?))
}

fn name_of(tag: Tag) -> String {
    match dictionary::keyword(tag) {
        "" => tag.to_string(),
        keyword => keyword.to_owned(),
    }
}

/// The type for a VR. What the dictionary does not know (private elements: their owner may differ
/// from file to file) is text, whatever its VR turns out to be.
fn kind_of(vr: Option<DictionaryVr>) -> Option<Kind> {
    use DictionaryVr as V;
    match vr {
        Some(V::IS | V::US | V::SS | V::UL | V::SL | V::SV | V::UV | V::UsOrSs) => Some(Kind::Int),
        Some(V::DS | V::FL | V::FD) => Some(Kind::Float),
        Some(vr) => {
            vr.single().is_some_and(|vr| vr.is_text() || vr == Vr::AT).then_some(Kind::Text)
        }
        None => Some(Kind::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: Tag = Tag::new(0x0028, 0x0010);

    #[test]
    fn columns_are_named_and_typed_by_the_dictionary() {
        for (text, name, kind, width) in [
            ("InstanceNumber", "InstanceNumber", Kind::Int, Width::One),
            ("0020000E", "SeriesInstanceUID", Kind::Text, Width::One),
            ("(0020,000e)", "SeriesInstanceUID", Kind::Text, Width::One),
            ("0020,0032", "ImagePositionPatient", Kind::Float, Width::Fixed(3)),
            ("Rows", "Rows", Kind::Int, Width::One),
            ("ImageType", "ImageType", Kind::Text, Width::Widest),
            ("WindowCenter", "WindowCenter", Kind::Float, Width::Widest),
            ("SmallestImagePixelValue", "SmallestImagePixelValue", Kind::Int, Width::One),
            ("TransferSyntaxUID", "TransferSyntaxUID", Kind::Text, Width::One),
            ("FrameIncrementPointer", "FrameIncrementPointer", Kind::Text, Width::Widest),
            ("(6002,0010)", "OverlayRows", Kind::Int, Width::One),
            ("(0019,100C)", "(0019,100C)", Kind::Text, Width::One),
            (
                "PerFrameFunctionalGroupsSequence[2].00209113.ImagePositionPatient",
                "PerFrameFunctionalGroupsSequence[2].PlanePositionSequence.ImagePositionPatient",
                Kind::Float,
                Width::Fixed(3),
            ),
            ("(2005,140F)[0].Rows", "(2005,140F)[0].Rows", Kind::Int, Width::One),
        ] {
            let column = ColumnSpec::parse(text).unwrap();
            assert_eq!(
                (column.name(), column.kind(), column.width()),
                (name, kind, width),
                "{text}"
            );
        }
        let steps =
            ColumnSpec::parse("ReferencedSeriesSequence[7].SeriesInstanceUID").unwrap().steps;
        assert_eq!(steps, [Step { tag: Tag::new(0x0008, 0x1115), item_index: 7 }]);
    }

    #[test]
    fn what_is_no_column_is_refused_with_its_fault() {
        let unknown = |part: &str| ColumnFault::Unknown {
            part: part.to_owned(),
            similar: (part == "InstanceNumbre").then_some("InstanceNumber"),
        };
        let name = || "RequestAttributesSequence".to_owned();
        for (text, expected) in [
            ("InstanceNumbre", unknown("InstanceNumbre")),
            ("", unknown("")),
            ("0020,00EG", unknown("0020,00EG")),
            ("+020,0032", unknown("+020,0032")),
            ("0020,032", unknown("0020,032")),
            ("(0020,0032", unknown("(0020,0032")),
            ("RequestAttributesSequence.", unknown("")),
            ("Rows.Columns", ColumnFault::NotASequence { name: "Rows".to_owned() }),
            ("Rows[0].Columns", ColumnFault::NotASequence { name: "Rows".to_owned() }),
            ("PixelData", ColumnFault::NoValues { name: "PixelData".to_owned() }),
            ("RequestAttributesSequence", ColumnFault::WholeSequence { name: name() }),
            ("RequestAttributesSequence[0]", ColumnFault::IndexAtEnd),
            (
                "RequestAttributesSequence[x].StudyInstanceUID",
                ColumnFault::Index { part: "RequestAttributesSequence[x]".to_owned() },
            ),
            (
                "RequestAttributesSequence[1.StudyInstanceUID",
                ColumnFault::Index { part: "RequestAttributesSequence[1".to_owned() },
            ),
            ("OverlayRows", ColumnFault::RepeatingGroup { keyword: "OverlayRows".to_owned() }),
        ] {
            let error = ColumnSpec::parse(text).unwrap_err();
            let ErrorKind::Column { text: own, fault } = error.kind() else { panic!("{error}") };
            assert_eq!((own.as_str(), fault), (text, &expected));
            assert_eq!(error.what(), format!("column {text:?}: {expected}"));
        }
    }

    #[test]
    fn a_column_has_the_width_of_its_multiplicity() {
        for (vm, expected, count) in [
            ("0", Width::One, Some(1)),
            ("1", Width::One, Some(1)),
            ("2", Width::Fixed(2), Some(2)),
            ("1-n", Width::Widest, None),
            ("", Width::Widest, None),
        ] {
            assert_eq!((Width::of_vm(vm), expected.count()), (expected, count), "{vm}");
        }
    }

    #[test]
    fn a_column_has_the_type_of_its_vr() {
        for (vr, expected) in [
            (Some(DictionaryVr::IS), Some(Kind::Int)),
            (Some(DictionaryVr::UV), Some(Kind::Int)),
            (Some(DictionaryVr::UsOrSs), Some(Kind::Int)),
            (Some(DictionaryVr::DS), Some(Kind::Float)),
            (Some(DictionaryVr::FD), Some(Kind::Float)),
            (Some(DictionaryVr::AT), Some(Kind::Text)),
            (Some(DictionaryVr::UI), Some(Kind::Text)),
            (Some(DictionaryVr::OB), None),
            (Some(DictionaryVr::SQ), None),
            (None, Some(Kind::Text)),
        ] {
            assert_eq!(kind_of(vr), expected, "{vr:?}");
        }
    }

    #[test]
    fn a_column_is_of_the_level_where_its_path_starts() {
        for (path, is_in_meta) in [
            ("00081115[1].(0040,A730).Rows", false),
            ("TransferSyntaxUID", true),
            ("(0002,0201).Rows", true),
            ("Rows", false),
        ] {
            assert_eq!(ColumnSpec::parse(path).unwrap().is_in_meta(), is_in_meta, "{path}");
        }
    }

    #[test]
    fn a_column_is_there_once() {
        let path = |path: &str| Wanted::Path(path.to_owned());
        let wanted =
            [path("Rows"), path("path"), path("0028,0010"), Wanted::Tag(ROWS), path("Columns")];
        let columns = ColumnSpec::of_all(wanted).unwrap();
        assert_eq!(columns.iter().map(ColumnSpec::name).collect::<Vec<_>>(), ["Rows", "Columns"]);
        assert!(ColumnSpec::of_all([path("Rows"), path("Row")]).is_err());
        assert!(ColumnSpec::of_all([Wanted::Tag(Tag::PIXEL_DATA)]).is_err());
    }

    #[test]
    fn a_tag_is_the_column_that_its_digits_are() {
        for tag in [ROWS, Tag::TRANSFER_SYNTAX_UID, Tag::new(0x0019, 0x100C)] {
            let digits = format!("{:08X}", tag.0);
            assert_eq!(ColumnSpec::of_tag(tag).unwrap(), ColumnSpec::parse(&digits).unwrap());
        }
        for (tag, name, fault) in [
            (Tag::PIXEL_DATA, "(7FE0,0010)", "PixelData holds neither text nor numbers"),
            (Tag::new(0x0040, 0x0275), "(0040,0275)", "RequestAttributesSequence is a sequence"),
        ] {
            let message = ColumnSpec::of_tag(tag).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(fault), "{message}");
        }
    }
}
