//! What the images of one volume share: whose they are, what made them, and what their numbers
//! mean (PS3.3 §C.7.1.1, §C.8.2.1, §C.8.9.1, §C.11.1).
//!
//! Only whether values are the same is kept, never a value: they can identify a patient.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::values::number;
use crate::dataset::Dataset;
use crate::functional_groups::FrameAttributes;
use crate::tag::Tag;

const KVP: Tag = Tag::new(0x0018, 0x0060);
const RECONSTRUCTION_DIAMETER: Tag = Tag::new(0x0018, 0x1100);
const CONVOLUTION_KERNEL: Tag = Tag::new(0x0018, 0x1210);
const RECONSTRUCTION_ALGORITHM: Tag = Tag::new(0x0018, 0x9315);

/// How values of an attribute are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// To the letter, but for blanks around each value.
    Text,
    /// The alphabetic name, in whatever case, without empty components at its end.
    Name,
    /// As numbers, give or take [`SAME_NUMBER`]. Only of CT: projections are exposed each by
    /// itself.
    NumberOfCt,
    /// To the letter, but where each file has another value it only counts them.
    Counting,
}

/// By which part numbers differ as they are rounded or measured: energies of CT are 20 kV apart.
const SAME_NUMBER: f64 = 0.01;

const ATTRIBUTE_COUNT: usize = 24;

#[rustfmt::skip]
const ATTRIBUTES: [(Tag, &str, Form); ATTRIBUTE_COUNT] = [
    (Tag::new(0x0008, 0x0016), "SOPClassUID", Form::Text),
    (Tag::new(0x0008, 0x0060), "Modality", Form::Text),
    (Tag::new(0x0010, 0x0010), "PatientName", Form::Name),
    (Tag::new(0x0010, 0x0020), "PatientID", Form::Text),
    (Tag::new(0x0010, 0x0021), "IssuerOfPatientID", Form::Text),
    (Tag::new(0x0010, 0x0030), "PatientBirthDate", Form::Text),
    (KVP, "KVP", Form::NumberOfCt),
    (Tag::new(0x0018, 0x0085), "ImagedNucleus", Form::Text),
    (RECONSTRUCTION_DIAMETER, "ReconstructionDiameter", Form::NumberOfCt),
    (CONVOLUTION_KERNEL, "ConvolutionKernel", Form::Text),
    (Tag::new(0x0018, 0x5100), "PatientPosition", Form::Text),
    (RECONSTRUCTION_ALGORITHM, "ReconstructionAlgorithm", Form::Text),
    (Tag::new(0x0018, 0x937C), "MonoenergeticEnergyEquivalent", Form::NumberOfCt),
    (Tag::new(0x0020, 0x0011), "SeriesNumber", Form::Counting),
    (Tag::new(0x0028, 0x0051), "CorrectedImage", Form::Text),
    (Tag::new(0x0028, 0x1054), "RescaleType", Form::Text),
    (Tag::new(0x0054, 0x1000), "SeriesType", Form::Text),
    (Tag::new(0x0054, 0x1001), "Units", Form::Text),
    (Tag::new(0x0054, 0x1002), "CountsSource", Form::Text),
    (Tag::new(0x0054, 0x1006), "SUVType", Form::Text),
    (Tag::new(0x0054, 0x1102), "DecayCorrection", Form::Text),
    (Tag::new(0x0054, 0x1103), "ReconstructionMethod", Form::Text),
    (Tag::new(0x3004, 0x0002), "DoseUnits", Form::Text),
    (Tag::new(0x3004, 0x0004), "DoseType", Form::Text),
];

/// What an image must share with the others of its volume: for each attribute its number or a hash
/// of its text, and 0 where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content([u64; ATTRIBUTE_COUNT]);

impl Content {
    pub(super) fn new(dataset: &Dataset, modality: &str) -> Content {
        Content(ATTRIBUTES.map(|(tag, _, form)| match form {
            Form::Text | Form::Counting => text(dataset, tag, |value| Cow::Borrowed(value)),
            Form::Name => text(dataset, tag, alphabetic_name),
            Form::NumberOfCt if modality == "CT" => {
                number(dataset, tag).map_or(0, |number| number.abs().to_bits())
            }
            Form::NumberOfCt => 0,
        }))
    }

    /// That of a frame: what its functional groups do not say is that of the instance.
    pub(super) fn of_frame(&self, frame: &FrameAttributes, modality: &str) -> Content {
        let number = |value: Option<f64>| {
            value.filter(|_| modality == "CT").map_or(0, |number| number.abs().to_bits())
        };
        let text = |value: &Option<Arc<str>>| {
            value.as_ref().map_or(0, |value| hash_of(value.as_bytes(), |part| Cow::Borrowed(part)))
        };
        let mut own = *self;
        for (slot, (tag, ..)) in own.0.iter_mut().zip(ATTRIBUTES) {
            let value = match tag {
                KVP => number(frame.kvp),
                RECONSTRUCTION_DIAMETER => number(frame.reconstruction_diameter),
                CONVOLUTION_KERNEL => text(&frame.convolution_kernel),
                RECONSTRUCTION_ALGORITHM => text(&frame.reconstruction_algorithm),
                _ => 0,
            };
            if value != 0 {
                *slot = value;
            }
        }
        own
    }

    /// The attributes whose values differ; those that one of both lacks only if there are no
    /// others.
    pub(in crate::series) fn differences(&self, other: &Content) -> Differences {
        let of = |is_told: fn(u64, u64) -> bool| {
            let pairs = self.0.iter().zip(&other.0).zip(ATTRIBUTES).enumerate();
            pairs.fold(0, |found, (index, ((a, b), (.., form)))| {
                found | u32::from(is_told(*a, *b) && !form.is_same(*a, *b)) << index
            })
        };
        let told = of(|a, b| a != 0 && b != 0);
        Differences(if told == 0 { of(|a, b| (a == 0) != (b == 0)) } else { told })
    }
}

impl Form {
    fn is_same(self, a: u64, b: u64) -> bool {
        match self {
            Form::NumberOfCt => {
                let (a, b) = (f64::from_bits(a), f64::from_bits(b));
                (a - b).abs() <= SAME_NUMBER * a.max(b)
            }
            _ => a == b,
        }
    }
}

/// What parts images of `contents`, each of a file: for each image a number of its part. `None` if
/// they share all. Images without a value belong to the only one that there is.
pub(in crate::series) fn parting(contents: &[(usize, Content)]) -> Option<Vec<Vec<u64>>> {
    let (_, first) = contents.first()?;
    if contents.iter().all(|(_, content)| content == first) {
        return None;
    }
    let mut files: Vec<usize> = contents.iter().map(|(file, _)| *file).collect();
    files.dedup();
    let mut keys: Vec<Vec<u64>> = vec![Vec::new(); contents.len()];
    for (index, (.., form)) in ATTRIBUTES.iter().enumerate() {
        let of = |content: &Content| content.0.get(index).copied().unwrap_or_default();
        let mut values: Vec<u64> = contents.iter().map(|(_, content)| of(content)).collect();
        values.retain(|value| *value != 0);
        values.sort_unstable();
        values.dedup_by(|next, kept| form.is_same(*kept, *next));
        let is_count = *form == Form::Counting && values.len() == files.len() && values.len() > 2;
        if values.len() < 2 || is_count {
            continue;
        }
        for (key, (_, content)) in keys.iter_mut().zip(contents) {
            // Bits of positive numbers rise with them: a part starts with its lowest.
            let value = of(content);
            let part = values.partition_point(|start| *start <= value).checked_sub(1);
            key.push(part.and_then(|part| values.get(part)).copied().unwrap_or_default());
        }
    }
    keys.iter().any(|key| Some(key) != keys.first()).then_some(keys)
}

/// A hash of the values of an element, as `shape` gives them; 0 if it has none.
fn text(dataset: &Dataset, tag: Tag, shape: fn(&[u8]) -> Cow<'_, [u8]>) -> u64 {
    let Some(element) = dataset.find(tag) else { return 0 };
    let Ok(value) = dataset.value(element) else { return 0 };
    hash_of(&value, shape)
}

fn hash_of(value: &[u8], shape: fn(&[u8]) -> Cow<'_, [u8]>) -> u64 {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    if value.iter().all(is_blank) {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    for part in value.split(|byte| *byte == b'\\') {
        let start = part.iter().position(|byte| !is_blank(byte)).unwrap_or(part.len());
        let end = part.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
        shape(part.get(start..end).unwrap_or_default()).hash(&mut hasher);
    }
    hasher.finish().max(1)
}

fn alphabetic_name(value: &[u8]) -> Cow<'_, [u8]> {
    let alphabetic = value.split(|byte| *byte == b'=').next().unwrap_or_default();
    let is_empty = |byte: &u8| *byte == b'^' || byte.is_ascii_whitespace();
    let end = alphabetic.iter().rposition(|byte| !is_empty(byte)).map_or(0, |last| last + 1);
    Cow::Owned(alphabetic.get(..end).unwrap_or_default().to_ascii_uppercase())
}

/// Attributes by which images differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::series) struct Differences(u32);

impl Differences {
    pub(in crate::series) const NONE: Differences = Differences(0);

    pub(in crate::series) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of both.
    pub(in crate::series) fn and(self, other: Differences) -> Differences {
        Differences(self.0 | other.0)
    }
}

/// Keywords: `Modality, Units and KVP`.
impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_in = |index: &usize| self.0 >> index & 1 == 1;
        let keywords = ATTRIBUTES.iter().enumerate().filter(|(index, _)| is_in(index));
        let keywords: Vec<&str> = keywords.map(|(_, (_, keyword, _))| *keyword).collect();
        match keywords.as_slice() {
            [] => Ok(()),
            [only] => f.write_str(only),
            [first @ .., last] => write!(f, "{} and {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dictionary;
    use crate::series::tests::bytes::dataset_of;

    /// That of an image of CT with some elements.
    pub(in crate::series) fn content(elements: &[(u16, u16, &str, &[u8])]) -> Content {
        Content::new(&dataset_of(elements), "CT")
    }

    #[test]
    fn keywords_are_those_of_the_dictionary_in_the_order_of_tags() {
        for (tag, keyword, _) in ATTRIBUTES {
            assert_eq!(dictionary::entry(tag).map(|entry| entry.keyword), Some(keyword));
        }
        assert!(ATTRIBUTES.is_sorted_by_key(|(tag, ..)| *tag));
    }

    #[test]
    fn values_are_compared_by_what_they_mean() {
        type Value = (u16, u16, &'static str, &'static [u8]);
        const fn kvp(value: &'static [u8]) -> Value {
            (0x0018, 0x0060, "DS", value)
        }
        const fn name(value: &'static [u8]) -> Value {
            (0x0010, 0x0010, "PN", value)
        }
        const fn kernel(value: &'static [u8]) -> Value {
            (0x0018, 0x1210, "SH", value)
        }
        for (a, b, expected) in [
            (kvp(b"120 "), kvp(b"120.0 "), ""),
            (kvp(b"120 "), kvp(b"120.9 "), ""),
            (kvp(b"120 "), kvp(b"100 "), "KVP"),
            (kernel(b"B31f"), kernel(b" B31f "), ""),
            (kernel(b"Br40\\3"), kernel(b"Br40 \\ 3"), ""),
            (kernel(b"Br40\\3"), kernel(b"Br40\\4"), "ConvolutionKernel"),
            (kernel(b"Br40"), kernel(b"BR40"), "ConvolutionKernel"),
            (kernel(b"Br40"), kernel(b"  "), "ConvolutionKernel"),
            (name(b"Yamada^Tarou=\x1b$B;3\x1b(B "), name(b"YAMADA^TAROU^^"), ""),
            (name(b"Yamada^Tarou"), name(b"Yamada^Hanako"), "PatientName"),
        ] {
            let found = content(&[a]).differences(&content(&[b]));
            assert_eq!(found.to_string(), expected, "{a:?} {b:?}");
        }
        let of_projection = Content::new(&dataset_of(&[kvp(b"60")]), "DX");
        assert_eq!(of_projection, Content::default());
    }

    #[test]
    fn differences_that_both_tell_come_before_those_that_one_lacks() {
        let [modality, units]: [(u16, u16, &str, &[u8]); 2] =
            [(0x0008, 0x0060, "CS", b"PT"), (0x0054, 0x1001, "CS", b"BQML")];
        let a = content(&[modality, units]);
        let b = content(&[(0x0008, 0x0060, "CS", b"CT")]);
        assert_eq!(a.differences(&b).to_string(), "Modality");
        assert_eq!(a.differences(&content(&[units])).to_string(), "Modality");
        let other = content(&[modality, (0x0054, 0x1001, "CS", b"GML ")]);
        let both = a.differences(&other).and(a.differences(&b));
        assert_eq!(both.to_string(), "Modality and Units");
        assert!(Differences::NONE.is_empty() && !both.is_empty());
    }

    #[test]
    fn images_part_by_values_of_which_there_are_several() {
        let of = |value: &[u8]| content(&[(0x0020, 0x0011, "IS", value)]);
        let kvp = |value: &[u8]| content(&[(0x0018, 0x0060, "DS", value)]);
        for (name, contents, expected) in [
            ("the same", &[of(b"1 "), of(b"1 ")][..], None),
            ("one that some lack", &[of(b"1 "), of(b""), of(b"1 ")], None),
            ("two", &[of(b"1 "), of(b"2 "), of(b"2 ")], Some(vec![0, 1, 1])),
            ("two that some lack", &[of(b"1 "), of(b""), of(b"2 ")], Some(vec![0, 1, 2])),
            ("a count of files", &[of(b"1 "), of(b"2 "), of(b"3 ")], None),
            ("rounding", &[kvp(b"120 "), kvp(b"120.5"), kvp(b"119.9")], None),
            ("energies", &[kvp(b"140 "), kvp(b"80"), kvp(b"140.1")], Some(vec![0, 1, 0])),
        ] {
            let contents: Vec<(usize, Content)> = contents.iter().copied().enumerate().collect();
            let found = parting(&contents).map(|keys| {
                let first = |key: &Vec<u64>| keys.iter().position(|other| other == key).unwrap();
                keys.iter().map(first).collect::<Vec<_>>()
            });
            assert_eq!(found, expected, "{name}");
        }
    }
}
