//! Lookup tables (LUTs): the rule that Modality, VOI and Presentation LUTs and palettes share
//! (PS3.3 §C.11.1.1, §C.11.2.1.1, §C.7.6.3.1.5, §C.7.6.3.1.6).

use std::borrow::Cow;

use crate::cursor::ByteOrder;
use crate::error::{ErrorKind, ImageFault, Result};
use crate::vr::Vr;

/// The most entries of a table. Their number does not fit the 16 bits of the descriptor, which has
/// 0 in its place.
const MOST_ENTRIES: usize = 1 << 16;
/// Bits of the entries that are read.
const ENTRY_BITS: std::ops::RangeInclusive<u32> = 1..=16;

/// The three numbers of a LUT Descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LutDescriptor {
    /// Entries of the table, 1 to 65536.
    pub entry_count: usize,
    /// The value that is mapped to the first entry: 16 bits, with a sign or without.
    pub first_mapped: i32,
    /// Bits of an entry, at most 64.
    pub bits: u32,
}

impl LutDescriptor {
    /// The table that the numbers of a LUT Descriptor describe: entries, where 0 stands for 65536;
    /// the first value that is mapped; bits of an entry.
    ///
    /// # Errors
    ///
    /// If one of them is out of its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use rapidicom_core::pixel::LutDescriptor;
    ///
    /// let descriptor = LutDescriptor::new([0, -1024, 16])?;
    /// assert_eq!((descriptor.entry_count, descriptor.first_mapped), (65_536, -1024));
    /// # Ok::<(), rapidicom_core::Error>(())
    /// ```
    pub fn new(numbers: [i64; 3]) -> Result<LutDescriptor> {
        let [entry_count, first_mapped, bits] = numbers;
        let count = usize::try_from(entry_count).ok().filter(|count| *count <= MOST_ENTRIES);
        // The second is unsigned or signed, with 16 bits.
        let first = i32::try_from(first_mapped)
            .ok()
            .filter(|first| (i32::from(i16::MIN)..=i32::from(u16::MAX)).contains(first));
        let width = u32::try_from(bits).ok().filter(|bits| *bits <= 64);
        let (Some(count), Some(first_mapped), Some(bits)) = (count, first, width) else {
            return Err(ImageFault::LutDescriptor { entry_count, first_mapped, bits }.into());
        };
        let entry_count = if count == 0 { MOST_ENTRIES } else { count };
        Ok(LutDescriptor { entry_count, first_mapped, bits })
    }

    /// The entries of a Modality, VOI or Presentation LUT in LUT Data, the little-endian words of
    /// [`lut_words`].
    ///
    /// Entries of 8 bits or fewer fill a word each, or, where there are too few words for that, a
    /// byte each.
    ///
    /// # Errors
    ///
    /// If an entry has other than 1 to 16 bits, there are fewer entries than the descriptor says,
    /// or words have more bits than the 8 that it says.
    pub fn entries(&self, words: &[u8]) -> Result<LutEntries> {
        let LutDescriptor { entry_count, bits, .. } = *self;
        if !ENTRY_BITS.contains(&bits) {
            let coded = format!("{bits} bits");
            return Err(
                ErrorKind::Unsupported { what: "a LUT with entries of this width", coded }.into()
            );
        }
        let is_narrow = bits <= 8;
        let entries = if is_narrow && words.len() / 2 < entry_count {
            LutEntries::Bytes(first_bytes(words, entry_count))
        } else {
            LutEntries::Words(first_words(words, entry_count))
        };
        if entries.count() < entry_count {
            let (found, expected) = (entries.count(), entry_count);
            return Err(ImageFault::LutEntries { found, expected }.into());
        }
        match entries {
            LutEntries::Words(words) if is_narrow => {
                let narrow = |word: u16| {
                    u8::try_from(word).map_err(|_| ImageFault::LutEntryWidth { entry: word, bits })
                };
                let bytes = words.into_iter().map(narrow).collect::<Result<_, _>>()?;
                Ok(LutEntries::Bytes(bytes))
            }
            entries => Ok(entries),
        }
    }

    /// The entries of one colour of a Palette Color Lookup Table, or as many as there are.
    ///
    /// Entries fill a byte each where there are as many bytes as entries, whatever the descriptor
    /// says of their bits, else a word each.
    pub fn palette_entries(&self, words: &[u8]) -> LutEntries {
        let padding = words.len().checked_sub(self.entry_count);
        if words.len() / 2 < self.entry_count && matches!(padding, Some(0 | 1)) {
            LutEntries::Bytes(first_bytes(words, self.entry_count))
        } else {
            LutEntries::Words(first_words(words, self.entry_count))
        }
    }
}

/// What a table gives for each value, from the first that is mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LutEntries {
    /// Of 8 bits or fewer.
    Bytes(Vec<u8>),
    /// Of more.
    Words(Vec<u16>),
}

impl LutEntries {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            LutEntries::Bytes(bytes) => bytes.len(),
            LutEntries::Words(words) => words.len(),
        }
    }

    /// Replaces numbers of type `f64`, in the machine's byte order, with the entries that they are
    /// mapped to, the first entry being that of `first_mapped`. Numbers before it get the first
    /// entry, numbers after the last entry's the last one.
    pub(super) fn look_up(&self, first_mapped: i32, values: &mut [u8]) {
        match self {
            LutEntries::Bytes(bytes) => look_up(bytes, first_mapped, values),
            LutEntries::Words(words) => look_up(words, first_mapped, values),
        }
    }
}

fn look_up<T: Copy + Into<f64>>(entries: &[T], first_mapped: i32, values: &mut [u8]) {
    let (first_mapped, last) = (f64::from(first_mapped), entries.len().saturating_sub(1));
    for value in values.as_chunks_mut::<8>().0 {
        // A cast saturates: numbers before the first that is mapped become 0.
        let index = (f64::from_ne_bytes(*value) - first_mapped) as usize;
        let entry = entries.get(index.min(last)).copied();
        *value = entry.map_or(0.0, T::into).to_ne_bytes();
    }
}

/// LUT Data as little-endian words: the bytes of each word turned round where the data set is
/// big-endian, unless their VR is one of bytes. 0 completes a last single byte.
pub fn lut_words(data: Cow<'_, [u8]>, vr: Vr, order: ByteOrder) -> Cow<'_, [u8]> {
    let is_swapped = order == ByteOrder::Big && vr != Vr::OB;
    if !is_swapped && data.len().is_multiple_of(2) {
        return data;
    }
    let mut words = data.into_owned();
    words.resize(words.len().next_multiple_of(2), 0);
    if is_swapped {
        words.as_chunks_mut::<2>().0.iter_mut().for_each(|word| word.reverse());
    }
    Cow::Owned(words)
}

fn first_bytes(words: &[u8], count: usize) -> Vec<u8> {
    words.iter().take(count).copied().collect()
}

fn first_words(words: &[u8], count: usize) -> Vec<u16> {
    words.as_chunks().0.iter().take(count).map(|word| u16::from_le_bytes(*word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of<T: std::fmt::Debug>(result: Result<T>) -> String {
        format!("{:?}", result.unwrap_err().kind())
    }

    #[test]
    fn descriptors_describe_tables_of_1_to_65536_entries() {
        let wrong = |numbers: [i64; 3]| {
            let [entry_count, first_mapped, bits] = numbers;
            let fault = ImageFault::LutDescriptor { entry_count, first_mapped, bits };
            assert_eq!(kind_of(LutDescriptor::new(numbers)), format!("Image({fault:?})"));
        };
        for (numbers, entry_count) in [
            ([0, 0, 16], 65_536),
            ([1, 0, 16], 1),
            ([65_536, 0, 16], 65_536),
            ([256, -32_768, 0], 256),
            ([256, 65_535, 64], 256),
        ] {
            let first_mapped = numbers[1] as i32;
            let expected = LutDescriptor { entry_count, first_mapped, bits: numbers[2] as u32 };
            assert_eq!(LutDescriptor::new(numbers).unwrap(), expected);
        }
        for numbers in [
            [-1, 0, 16],
            [65_537, 0, 16],
            [1, -32_769, 16],
            [1, 65_536, 16],
            [1, 0, -1],
            [1, 0, 65],
            [i64::MAX, i64::MAX, i64::MAX],
        ] {
            wrong(numbers);
        }
    }

    fn descriptor(entry_count: usize, bits: u32) -> LutDescriptor {
        LutDescriptor { entry_count, first_mapped: 0, bits }
    }

    #[test]
    fn entries_fill_words_or_where_there_are_too_few_bytes() {
        let words = LutEntries::Words;
        let bytes = LutEntries::Bytes;
        #[rustfmt::skip]
        let table: [(&str, LutDescriptor, &[u8], LutEntries); 8] = [
            ("16 bits", descriptor(2, 16), &[1, 2, 3, 4], words(vec![0x0201, 0x0403])),
            ("more than there should be", descriptor(1, 16), &[1, 2, 3, 4], words(vec![0x0201])),
            ("9 bits", descriptor(2, 9), &[1, 2, 3, 4], words(vec![0x0201, 0x0403])),
            ("8 bits, a byte each", descriptor(4, 8), &[1, 2, 3, 4], bytes(vec![1, 2, 3, 4])),
            ("8 bits, with padding", descriptor(3, 8), &[1, 2, 3, 0], bytes(vec![1, 2, 3])),
            ("8 bits, a word each", descriptor(2, 8), &[255, 0, 3, 0], bytes(vec![255, 3])),
            ("1 bit", descriptor(1, 1), &[1, 0], bytes(vec![1])),
            ("a wide word that is not used", descriptor(1, 8), &[1, 0, 3, 4], bytes(vec![1])),
        ];
        for (name, descriptor, data, expected) in table {
            assert_eq!(descriptor.entries(data).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn damaged_tables_are_refused() {
        #[rustfmt::skip]
        let table: [(&str, LutDescriptor, &[u8], &str); 6] = [
            ("too few words", descriptor(3, 16), &[1, 2, 3, 4],
             "Image(LutEntries { found: 2, expected: 3 })"),
            ("too few bytes", descriptor(5, 8), &[1, 2, 3, 4],
             "Image(LutEntries { found: 4, expected: 5 })"),
            ("9 bits are no bytes", descriptor(4, 9), &[1, 2, 3, 4],
             "Image(LutEntries { found: 2, expected: 4 })"),
            ("a wide word", descriptor(2, 8), &[255, 0, 0, 1],
             "Image(LutEntryWidth { entry: 256, bits: 8 })"),
            ("no bits", descriptor(1, 0), &[1, 2],
             "Unsupported { what: \"a LUT with entries of this width\", coded: \"0 bits\" }"),
            ("17 bits", descriptor(1, 17), &[1, 2],
             "Unsupported { what: \"a LUT with entries of this width\", coded: \"17 bits\" }"),
        ];
        for (name, descriptor, data, expected) in table {
            assert_eq!(kind_of(descriptor.entries(data)), expected, "{name}");
        }
    }

    #[test]
    fn palettes_have_bytes_where_there_are_as_many_as_entries() {
        let words = LutEntries::Words;
        let bytes = LutEntries::Bytes;
        #[rustfmt::skip]
        let table: [(&str, LutDescriptor, &[u8], LutEntries); 6] = [
            ("a byte each, of 16 bits", descriptor(4, 16), &[1, 2, 3, 4], bytes(vec![1, 2, 3, 4])),
            ("with padding", descriptor(3, 16), &[1, 2, 3, 0], bytes(vec![1, 2, 3])),
            ("a word each, of 8 bits", descriptor(2, 8), &[1, 2, 3, 4], words(vec![0x201, 0x403])),
            ("one byte too few", descriptor(5, 8), &[1, 2, 3, 4], words(vec![0x201, 0x403])),
            ("two bytes more", descriptor(4, 8), &[1, 2, 3, 4, 5, 6],
             words(vec![0x201, 0x403, 0x605])),
            ("one entry", descriptor(1, 8), &[1, 2], words(vec![0x201])),
        ];
        for (name, descriptor, data, expected) in table {
            assert_eq!(descriptor.palette_entries(data), expected, "{name}");
        }
    }

    #[test]
    fn words_are_little_endian_and_whole() {
        use ByteOrder::{Big, Little};
        #[rustfmt::skip]
        let table: [(&[u8], Vr, ByteOrder, &[u8]); 6] = [
            (&[1, 2, 3, 4], Vr::OW, Little, &[1, 2, 3, 4]),
            (&[1, 2, 3, 4], Vr::OW, Big, &[2, 1, 4, 3]),
            (&[1, 2, 3, 4], Vr::US, Big, &[2, 1, 4, 3]),
            (&[1, 2, 3, 4], Vr::OB, Big, &[1, 2, 3, 4]),
            (&[1, 2, 3], Vr::OW, Little, &[1, 2, 3, 0]),
            (&[1, 2, 3], Vr::OW, Big, &[2, 1, 0, 3]),
        ];
        for (data, vr, order, expected) in table {
            assert_eq!(&*lut_words(Cow::Borrowed(data), vr, order), expected, "{vr} {order:?}");
        }
    }

    #[test]
    fn values_outside_the_table_get_its_ends() {
        for entries in [LutEntries::Bytes(vec![10, 20, 30]), LutEntries::Words(vec![10, 20, 30])] {
            let numbers = [-5.0, -1.5, -1.0, -0.5, 0.0, 0.9, 1.0, 1.5, 2.0, 1e300, f64::INFINITY];
            let mut values: Vec<u8> =
                numbers.iter().flat_map(|value| value.to_ne_bytes()).collect();
            entries.look_up(-1, &mut values);
            let found: Vec<f64> =
                values.as_chunks().0.iter().map(|value| f64::from_ne_bytes(*value)).collect();
            let expected = [10.0, 10.0, 10.0, 10.0, 20.0, 20.0, 30.0, 30.0, 30.0, 30.0, 30.0];
            assert_eq!((found.as_slice(), entries.count()), (&expected[..], 3));
        }
    }
}
