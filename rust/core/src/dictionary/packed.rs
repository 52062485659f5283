//! Packs rows of text into one string and offsets into it, while the crate is compiled.
//!
//! A table of `&str` would need the dynamic linker to write some 47,000 pointers into private
//! memory each time the library is loaded. Offsets need none: the tables are read-only pages that
//! processes share.

use super::dictionary_vr::DictionaryVr;

/// Flag of a row: the entry is retired.
pub(super) const RETIRED: u8 = 1;
/// Flag of a private row: the element number's high byte, the block, is any (PS3.5 §7.8.1).
pub(super) const ANY_BLOCK: u8 = 2;
/// Flag of a private row: the group number's low byte and the block are any.
pub(super) const ANY_GROUP: u8 = 4;

/// A row as the generated files have it: tag with zeros where anything matches, VR, VM, keyword
/// (none: empty), name, flags.
pub(super) type Source = (u32, DictionaryVr, &'static str, &'static str, &'static str, u8);

/// A row of a [`Packed`] table.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The tag, with zeros where anything matches.
    pub(super) tag: u32,
    /// Where the row's text starts: keyword, name, VM.
    text_offset: u32,
    keyword_length: u8,
    name_length: u8,
    vm_length: u8,
    pub(super) vr: DictionaryVr,
    pub(super) flags: u8,
}

/// Rows, and the text that they share.
pub(super) struct Packed {
    /// The rows, in the order of the sources.
    pub(super) rows: &'static [Row],
    text: &'static str,
}

/// Makes the static `$table`, a [`Packed`], of [`Source`]s.
macro_rules! packed_table {
    ($table:ident: $((
        $tag:literal, $vr:expr, $vm:literal, $keyword:literal, $name:literal, $flags:expr
    ),)*) => {
        pub(super) static $table: $crate::dictionary::packed::Packed = {
            use $crate::dictionary::packed::{Packed, Row, Source, rows};
            const SOURCES: &[Source] = &[$(($tag, $vr, $vm, $keyword, $name, $flags)),*];
            static ROWS: [Row; SOURCES.len()] = rows(SOURCES);
            Packed::new(&ROWS, concat!($($keyword, $name, $vm),*))
        };
    };
}
pub(super) use packed_table;

/// `text` as the length of a part of a row. The table does not compile if it does not fit.
const fn length(text: &str) -> u8 {
    assert!(text.len() <= u8::MAX as usize);
    text.len() as u8
}

/// The rows of the sources, for a text in which they follow each other as keyword, name, VM.
pub(super) const fn rows<const N: usize>(mut sources: &[Source]) -> [Row; N] {
    const EMPTY: Row = Row {
        tag: 0,
        text_offset: 0,
        keyword_length: 0,
        name_length: 0,
        vm_length: 0,
        vr: DictionaryVr::Absent,
        flags: 0,
    };
    let mut rows = [EMPTY; N];
    let mut rows_left = rows.as_mut_slice();
    let mut text_offset = 0;
    while let (Some((row, rows_rest)), Some((&(tag, vr, vm, keyword, name, flags), sources_rest))) =
        (rows_left.split_first_mut(), sources.split_first())
    {
        let (keyword_length, name_length, vm_length) = (length(keyword), length(name), length(vm));
        *row = Row { tag, text_offset, keyword_length, name_length, vm_length, vr, flags };
        text_offset += keyword_length as u32 + name_length as u32 + vm_length as u32;
        (rows_left, sources) = (rows_rest, sources_rest);
    }
    rows
}

impl Packed {
    /// `rows` of the sources whose keywords, names and VMs are `text`.
    pub(super) const fn new(rows: &'static [Row], text: &'static str) -> Packed {
        Packed { rows, text }
    }

    /// The keyword of a row; empty where it has none.
    pub(super) fn keyword(&self, row: &Row) -> &'static str {
        self.part(row, 0, row.keyword_length)
    }

    /// The name of a row.
    pub(super) fn name(&self, row: &Row) -> &'static str {
        self.part(row, usize::from(row.keyword_length), row.name_length)
    }

    /// The VM of a row.
    pub(super) fn vm(&self, row: &Row) -> &'static str {
        self.part(
            row,
            usize::from(row.keyword_length) + usize::from(row.name_length),
            row.vm_length,
        )
    }

    fn part(&self, row: &Row, before: usize, length: u8) -> &'static str {
        let start = row.text_offset as usize + before;
        self.text.get(start..start + usize::from(length)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    packed_table! {
        TABLE:
        (0x0010_0010, DictionaryVr::PN, "1", "PatientName", "Patient's Name", 0),
        (0x0018_0061, DictionaryVr::DS, "1-n", "", "", RETIRED),
        (0x0025_0034, DictionaryVr::SS, "2", "", "tan θ", ANY_BLOCK),
    }

    #[test]
    fn rows_unpack_to_their_sources() {
        let unpack = |row| (TABLE.vm(row), TABLE.keyword(row), TABLE.name(row));
        let unpacked: Vec<_> =
            TABLE.rows.iter().map(|row| (row.tag, row.vr, row.flags, unpack(row))).collect();
        assert_eq!(
            unpacked,
            [
                (0x0010_0010, DictionaryVr::PN, 0, ("1", "PatientName", "Patient's Name")),
                (0x0018_0061, DictionaryVr::DS, RETIRED, ("1-n", "", "")),
                (0x0025_0034, DictionaryVr::SS, ANY_BLOCK, ("2", "", "tan θ")),
            ]
        );
    }
}
