//! The Modality LUT (PS3.3 §C.11.1): a table from stored values to those of the modality.

use crate::dataset::Dataset;
use crate::limits::Limits;
use crate::tag::Tag;
use crate::value::{self, Number};
use crate::vr::Vr;

const MODALITY_LUT_SEQUENCE: Tag = Tag::new(0x0028, 0x3000);
const LUT_DESCRIPTOR: Tag = Tag::new(0x0028, 0x3002);
const LUT_DATA: Tag = Tag::new(0x0028, 0x3006);

/// Stored values up to the first one that is mapped have the first entry, those behind the last one
/// the last entry.
#[derive(Clone, Debug, PartialEq)]
pub struct ModalityLut {
    first_mapped: f64,
    entries: Vec<u16>,
}

impl ModalityLut {
    /// Whether a data set has one, damaged or not: a sequence without items is none, nor is an item
    /// without any values.
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

    /// That of a data set; `None` if it has none, or its table has not the entries that its
    /// descriptor counts.
    pub fn from_dataset(dataset: &Dataset) -> Option<ModalityLut> {
        let limits = Limits::DEFAULT;
        let items = dataset.items(dataset.find(MODALITY_LUT_SEQUENCE)?, &limits).ok()?;
        let item = items.first()?.parse(&limits).ok()?;
        let descriptor = item.find(LUT_DESCRIPTOR)?;
        let vr = Some(item.vr(descriptor).vr)
            .filter(|vr| value::number_size(*vr) == Some(2))
            .unwrap_or(Vr::US);
        let mut numbers = item.numbers(descriptor, vr).ok()?;
        item.mend_lut_descriptor(LUT_DESCRIPTOR, &mut numbers);
        let [Number::Int(count), Number::Int(first_mapped), Number::Int(bits)] =
            *numbers.as_slice()
        else {
            return None;
        };
        // 65536 entries are counted as 0, which is all that does not fit.
        let count = if count == 0 { 1 << 16 } else { usize::try_from(count).ok()? };
        let first_mapped = first_mapped as f64;
        let data = item.value(item.find(LUT_DATA)?).ok()?;
        let is_in_bytes = bits <= 8 && data.len() < 2 * count;
        let entries: Vec<u16> = if is_in_bytes {
            data.iter().take(count).map(|byte| u16::from(*byte)).collect()
        } else {
            let (words, _) = data.as_chunks::<2>();
            let mask = if bits <= 8 { 0xFF } else { 0xFFFF };
            words.iter().take(count).map(|word| item.order().u16(*word) & mask).collect()
        };
        (entries.len() == count).then_some(ModalityLut { first_mapped, entries })
    }

    /// Turns numbers of type `f64`, in the machine's byte order, into the entries that they are
    /// mapped to.
    pub fn apply(&self, values: &mut [u8]) {
        let (values, _) = values.as_chunks_mut::<8>();
        for value in values {
            // A cast saturates: what lies before the table is at its start.
            let index = (f64::from_ne_bytes(*value) - self.first_mapped) as usize;
            let entry =
                self.entries.get(index).or(self.entries.last()).copied().unwrap_or_default();
            *value = f64::from(entry).to_ne_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_outside_the_table_have_its_ends() {
        let lut = ModalityLut { first_mapped: -1.0, entries: vec![10, 20, 30] };
        let mut values: Vec<u8> =
            [-5.0f64, -1.0, 0.0, 1.0, 9.0].iter().flat_map(|value| value.to_ne_bytes()).collect();
        lut.apply(&mut values);
        let found: Vec<f64> =
            values.as_chunks::<8>().0.iter().map(|value| f64::from_ne_bytes(*value)).collect();
        assert_eq!(found, [10.0, 10.0, 20.0, 30.0, 30.0]);
    }
}
