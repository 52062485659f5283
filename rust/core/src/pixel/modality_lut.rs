//! The Modality LUT (PS3.3 §C.11.1): a table from stored values to those of the modality.

use super::lookup_table::{LutDescriptor, LutEntries, lut_words};
use crate::dataset::Dataset;
use crate::dictionary::keyword;
use crate::error::{Error, Family, ImageFault, Result};
use crate::limits::Limits;
use crate::tag::Tag;
use crate::value::{self, Number};
use crate::vr::Vr;

const MODALITY_LUT_SEQUENCE: Tag = Tag::new(0x0028, 0x3000);
const LUT_DESCRIPTOR: Tag = Tag::new(0x0028, 0x3002);
const LUT_DATA: Tag = Tag::new(0x0028, 0x3006);

/// The table. Stored values up to the first that is mapped get the first entry, those from the last
/// on the last entry.
#[derive(Clone, Debug, PartialEq)]
pub struct ModalityLut {
    first_mapped: i32,
    entries: LutEntries,
}

impl ModalityLut {
    /// Whether a data set has one, damaged or not. A sequence without items is none, nor is an item
    /// without values.
    pub fn is_in(dataset: &Dataset) -> bool {
        let limits = Limits::DEFAULT;
        let Some(sequence) = dataset.find(MODALITY_LUT_SEQUENCE) else { return false };
        let Ok(items) = dataset.items(sequence, &limits) else { return true };
        let has_values = |item: &Dataset| {
            [LUT_DESCRIPTOR, LUT_DATA]
                .iter()
                .any(|tag| item.find(*tag).is_some_and(|found| found.value_length > 0))
        };
        items.first().is_some_and(|item| item.parse(&limits).map_or(true, |item| has_values(&item)))
    }

    /// That of a data set; `None` if it has none.
    ///
    /// # Errors
    ///
    /// If it is damaged, or has entries of more than 16 bits.
    pub fn from_dataset(dataset: &Dataset) -> Result<Option<ModalityLut>> {
        if !ModalityLut::is_in(dataset) {
            return Ok(None);
        }
        let limits = Limits::DEFAULT;
        let Some(sequence) = dataset.find(MODALITY_LUT_SEQUENCE) else { return Ok(None) };
        let items = dataset.items(sequence, &limits)?;
        let Some(item) = items.first() else { return Ok(None) };
        ModalityLut::of_item(&item.parse(&limits)?).map(Some)
    }

    fn of_item(item: &Dataset) -> Result<ModalityLut> {
        const SEQUENCE: Tag = MODALITY_LUT_SEQUENCE;
        let at = |tag: Tag| {
            move |error: Error| {
                error.at_tag(tag, keyword(tag), None).at_tag(SEQUENCE, keyword(SEQUENCE), Some(0))
            }
        };
        let numbers = descriptor(item).ok_or_else(|| ImageFault::LutDescriptorMissing.into());
        let described = numbers.and_then(LutDescriptor::new).map_err(at(LUT_DESCRIPTOR))?;
        let missing = || at(LUT_DATA)(ImageFault::LutDataMissing.into());
        let element = item.find(LUT_DATA).filter(|found| found.value_length > 0);
        let element = element.ok_or_else(missing)?;
        let words = lut_words(item.value(element)?, item.vr(element).vr, item.order());
        let entries = described.entries(&words).map_err(|error| match error.family() {
            // Of their width, which the descriptor has.
            Family::Unsupported => at(LUT_DESCRIPTOR)(error),
            _ => at(LUT_DATA)(error),
        })?;
        Ok(ModalityLut { first_mapped: described.first_mapped, entries })
    }

    /// Replaces numbers of type `f64`, in the machine's byte order, with their entries.
    pub fn apply(&self, values: &mut [u8]) {
        self.entries.look_up(self.first_mapped, values);
    }
}

/// The three numbers of the descriptor.
fn descriptor(item: &Dataset) -> Option<[i64; 3]> {
    let element = item.find(LUT_DESCRIPTOR)?;
    let vr =
        Some(item.vr(element).vr).filter(|vr| value::number_size(*vr) == Some(2)).unwrap_or(Vr::US);
    let mut numbers = item.numbers(element, vr).ok()?;
    item.mend_lut_descriptor(LUT_DESCRIPTOR, &mut numbers);
    match *numbers.as_slice() {
        [Number::Int(count), Number::Int(first_mapped), Number::Int(bits)] => {
            Some([count, first_mapped, bits])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dataset::DicomFile;
    use crate::parse::ParseOptions;

    /// An element in explicit VR of a short length, little endian or big.
    fn element(tag: u32, vr: &[u8; 2], value: &[u8], is_big: bool) -> Vec<u8> {
        let two = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
        let mut bytes = [two((tag >> 16) as u16), two(tag as u16), *vr].concat();
        match vr {
            b"US" | b"SS" | b"LO" => bytes.extend(two(value.len() as u16)),
            _ => {
                let length = value.len() as u32;
                bytes.extend([0, 0]);
                bytes.extend(if is_big { length.to_be_bytes() } else { length.to_le_bytes() });
            }
        }
        [&bytes, value].concat()
    }

    /// A data set with a Modality LUT Sequence of one item, of these elements.
    fn dataset(elements: &[u8], is_big: bool) -> DicomFile {
        let item = match is_big {
            false => [&[0xFE, 0xFF, 0x00, 0xE0][..], &(elements.len() as u32).to_le_bytes()],
            true => [&[0xFF, 0xFE, 0xE0, 0x00][..], &(elements.len() as u32).to_be_bytes()],
        };
        let item = [&item.concat(), elements].concat();
        let syntax: &[u8] =
            if is_big { b"1.2.840.10008.1.2.2\0" } else { b"1.2.840.10008.1.2.1\0" };
        let mut file = vec![0; 128];
        file.extend(b"DICM\x02\0\x10\0UI");
        file.extend((syntax.len() as u16).to_le_bytes());
        file.extend(syntax);
        file.extend(element(0x0028_3000, b"SQ", &item, is_big));
        DicomFile::from_memory(Arc::new(file), &ParseOptions::default()).unwrap()
    }

    /// The descriptor, of 3 entries and 8 bits unless `numbers` say otherwise, and LUT Data.
    fn lut(vr: &[u8; 2], numbers: &[u16], data: (&[u8; 2], &[u8]), is_big: bool) -> Vec<u8> {
        let two = |number: &u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
        let numbers: Vec<u8> = numbers.iter().flat_map(two).collect();
        [element(0x0028_3002, vr, &numbers, is_big), element(0x0028_3006, data.0, data.1, is_big)]
            .concat()
    }

    #[test]
    fn tables_are_those_of_the_first_item() {
        let minus_one = 0xFFFF;
        let words = |words: &[u16]| LutEntries::Words(words.to_vec());
        let bytes = |bytes: &[u8]| LutEntries::Bytes(bytes.to_vec());
        #[rustfmt::skip]
        let table = [
            ("signed", lut(b"SS", &[2, minus_one, 16], (b"OW", &[1, 2, 3, 4]), false), false,
             Ok((-1, words(&[0x201, 0x403])))),
            ("unsigned", lut(b"US", &[2, minus_one, 16], (b"OW", &[1, 2, 3, 4]), false), false,
             Ok((65_535, words(&[0x201, 0x403])))),
            ("big endian", lut(b"US", &[2, 5, 16], (b"OW", &[1, 2, 3, 4]), true), true,
             Ok((5, words(&[0x102, 0x304])))),
            ("bytes in big-endian words", lut(b"US", &[4, 0, 8], (b"OW", &[1, 2, 3, 4]), true),
             true, Ok((0, bytes(&[2, 1, 4, 3])))),
            ("bytes in bytes", lut(b"US", &[4, 0, 8], (b"OB", &[1, 2, 3, 4]), true), true,
             Ok((0, bytes(&[1, 2, 3, 4])))),
            ("words wider than 8 bits", lut(b"US", &[2, 0, 8], (b"OW", &[1, 2, 3, 4]), false),
             false, Err("(0028,3006) LUTData: an entry of the LUT is 513, which has more bits than \
                         the 8 that its descriptor says")),
            ("too few entries", lut(b"US", &[3, 0, 16], (b"OW", &[1, 2, 3, 4]), false), false,
             Err("(0028,3006) LUTData: the LUT has 2 entries, but its descriptor says 3")),
            ("two numbers", lut(b"US", &[2, 0], (b"OW", &[1, 2, 3, 4]), false), false,
             Err("(0028,3002) LUTDescriptor: LUTDescriptor is missing, or does not have three \
                  numbers")),
            ("wide entries", lut(b"US", &[2, 0, 20], (b"OW", &[1, 2, 3, 4]), false), false,
             Err("(0028,3002) LUTDescriptor: a LUT with entries of this width (20 bits) cannot be \
                  read yet")),
            ("no data", lut(b"US", &[2, 0, 16], (b"OW", &[]), false), false,
             Err("(0028,3006) LUTData: LUTData is missing")),
        ];
        for (name, elements, is_big, expected) in table {
            let file = dataset(&elements, is_big);
            let expected =
                expected.map(|(first_mapped, entries)| ModalityLut { first_mapped, entries });
            let found = ModalityLut::from_dataset(&file.dataset);
            let what = |error: Error| {
                let place = "(0028,3000)[0] > ";
                error.to_string().strip_prefix(place).unwrap().to_owned()
            };
            let expected = expected.map(Some).map_err(str::to_owned);
            assert_eq!(found.map_err(what), expected, "{name}");
            assert!(ModalityLut::is_in(&file.dataset), "{name}");
        }
    }

    #[test]
    fn many_entries_are_counted_as_a_negative_number_or_as_0() {
        let data = [7; 2 * 65_536];
        for (count, expected) in [(0, 65_536), (0xFFFF, 65_535)] {
            let file = dataset(&lut(b"SS", &[count, 0, 16], (b"OW", &data), false), false);
            let found = ModalityLut::from_dataset(&file.dataset).unwrap().unwrap();
            assert_eq!(found.entries.count(), expected);
        }
    }

    #[test]
    fn sequences_without_items_or_values_are_no_table() {
        let empty = lut(b"US", &[], (b"OW", &[]), false);
        for (name, elements, expected) in [
            ("no values", empty, false),
            ("other elements", element(0x0028_3003, b"LO", b"HU", false), false),
            ("a descriptor", lut(b"US", &[2, 0, 16], (b"OW", &[]), false), true),
            ("data", lut(b"US", &[], (b"OW", &[1, 2]), false), true),
        ] {
            assert_eq!(ModalityLut::is_in(&dataset(&elements, false).dataset), expected, "{name}");
        }
        let file = dataset(&[], false);
        assert!(
            !ModalityLut::is_in(&file.meta)
                && ModalityLut::from_dataset(&file.meta).unwrap().is_none()
        );
    }

    #[test]
    fn values_are_looked_up() {
        let lut = ModalityLut { first_mapped: -1, entries: LutEntries::Bytes(vec![10, 20]) };
        let mut values = 0f64.to_ne_bytes();
        lut.apply(&mut values);
        assert_eq!(f64::from_ne_bytes(values), 20.0);
    }
}
