//! The slices that a Siemens scanner was asked for: `sSliceArray` of the protocol that it keeps, as text, in the header
//! of the series.

use super::csa;
use crate::geometry::{Orientation, Vector};
use crate::value;

/// What the headers call the protocol, newer scanners first.
const PROTOCOLS: [&str; 2] = ["MrPhoenixProtocol", "MrProtocol"];

/// More slices than a protocol has.
const MOST_SLICES: usize = 4096;

/// The slices of a protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceArray {
    /// How many there are.
    pub count: usize,
    /// The centre of each in patient coordinates, as far as they are told.
    centres: Vec<Vector>,
}

impl SliceArray {
    /// Those in the header of a series.
    pub fn of_csa(series_header: &[u8]) -> Option<SliceArray> {
        let protocol = PROTOCOLS.iter().find_map(|name| csa::values(series_header, name)?.into_iter().next())?;
        SliceArray::new(&protocol)
    }

    /// Those of a protocol: lines with a name, an equals sign and a value.
    fn new(protocol: &str) -> Option<SliceArray> {
        let assignment = |line: &'_ str| {
            let (name, value) = line.trim().strip_prefix("sSliceArray.")?.split_once('=')?;
            Some((name.trim().to_owned(), value::decimal(value.trim())?))
        };
        let assignments: Vec<(String, f64)> = protocol.lines().filter_map(assignment).collect();
        let count = assignments.iter().find(|(name, _)| name == "lSize")?.1 as usize;
        if !(1..=MOST_SLICES).contains(&count) {
            return None;
        }
        // What is not written is zero.
        let mut centres = vec![[0.0; 3]; count];
        for (name, number) in &assignments {
            let Some((index, rest)) = name.strip_prefix("asSlice[").and_then(|rest| rest.split_once("].sPosition."))
            else {
                continue;
            };
            // Towards the left, the back and the head.
            let axis = ["dSag", "dCor", "dTra"].iter().position(|axis| *axis == rest);
            let centre = index.parse::<usize>().ok().and_then(|index| centres.get_mut(index));
            if let Some(number_there) = centre.zip(axis).and_then(|(centre, axis)| centre.get_mut(axis)) {
                *number_there = *number;
            }
        }
        Some(SliceArray { count, centres })
    }

    /// Whether slices are counted against the normal of their plane, if the one at `first` is the first: it is at one
    /// end of the array, and the others are behind it. `None` if it is at neither.
    pub fn is_against(&self, plane: &Orientation, first: Vector) -> Option<bool> {
        let along = |point: &Vector| plane.along_normal(*point);
        let (one, other) = (along(self.centres.first()?), along(self.centres.last()?));
        let extent = (other - one).abs();
        let (from_one, from_other) = ((along(&first) - one).abs(), (along(&first) - other).abs());
        // Far enough from the middle, though the patient may have moved and the slices with him.
        if extent <= 0.0 || from_one.min(from_other) > extent / 4.0 {
            return None;
        }
        Some((from_one < from_other) == (other < one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOL: &str = "<XProtocol>\n### ASCCONV BEGIN ###\nsSliceArray.asSlice[0].sPosition.dTra\t = \t-30.5\n\
        sSliceArray.asSlice[1].sPosition.dSag = 2\nsSliceArray.asSlice[1].sPosition.dTra = -20.5\n\
        sSliceArray.asSlice[2].sPosition.dTra = -10.5\nsSliceArray.lSize = 3\nsSliceArray.ucMode = 0x4\n### ASCCONV END";

    #[test]
    fn slices_are_counted_and_have_centres() {
        let expected = vec![[0.0, 0.0, -30.5], [2.0, 0.0, -20.5], [0.0, 0.0, -10.5]];
        assert_eq!(SliceArray::new(PROTOCOL), Some(SliceArray { count: 3, centres: expected }));
        for (name, protocol) in [
            ("no slices", "sSliceArray.lSize = 0"),
            ("too many", "sSliceArray.lSize = 100000"),
            ("no number", "sSliceArray.lSize = many"),
            ("not told", "sSliceArray.asSlice[0].sPosition.dTra = 1"),
        ] {
            assert_eq!(SliceArray::new(protocol), None, "{name}");
        }
    }

    #[test]
    fn the_first_slice_is_at_one_end() {
        let slices = SliceArray::new(PROTOCOL).unwrap();
        let axial = |sign: f64| Orientation::new([1.0, 0.0, 0.0, 0.0, sign, 0.0], 1e-3).unwrap();
        for (height, sign, expected) in [
            (-30.5, 1.0, Some(false)),
            (-27.0, 1.0, Some(false)),
            (-10.5, 1.0, Some(true)),
            (-30.5, -1.0, Some(true)),
            (-10.5, -1.0, Some(false)),
            (-20.5, 1.0, None),
            (50.0, 1.0, None),
        ] {
            assert_eq!(slices.is_against(&axial(sign), [0.0, 0.0, height]), expected, "{height} {sign}");
        }
    }
}
