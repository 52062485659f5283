//! The slices that a Siemens scanner was asked for: `sSliceArray` of the protocol that it keeps, as
//! text, in the header of the series.

use super::csa;
use crate::geometry::{Orientation, Vector};
use crate::value;

/// What the headers call the protocol, newer scanners first.
const PROTOCOLS: [&str; 2] = ["MrPhoenixProtocol", "MrProtocol"];

/// More slices than a protocol has.
const MOST_SLICES: usize = 4096;

/// By how much of it steps between slices differ that are one: their numbers have many digits.
const STEP_TOLERANCE: f64 = 0.01;

/// The slices of a protocol.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SliceArray {
    /// The centre of each in patient coordinates.
    centres: Vec<Vector>,
}

impl SliceArray {
    /// Those in the header of a series.
    pub(crate) fn of_csa(series_header: &[u8]) -> Option<SliceArray> {
        PROTOCOLS
            .iter()
            .find_map(|name| SliceArray::new(csa::values(series_header, name)?.first()?))
    }

    /// Those of a protocol: lines with a name, an equals sign and a value.
    fn new(protocol: &str) -> Option<SliceArray> {
        let assignment = |line: &'_ str| {
            let (name, value) = line.trim().strip_prefix("sSliceArray.")?.split_once('=')?;
            Some((name.trim().to_owned(), value::decimal(value.trim())?))
        };
        let assignments: Vec<(String, f64)> = protocol.lines().filter_map(assignment).collect();
        let count = assignments.iter().find(|(name, _)| name == "lSize")?.1;
        if !(1.0..=MOST_SLICES as f64).contains(&count) || count.fract() != 0.0 {
            return None;
        }
        // What is not written is zero.
        let mut centres = vec![[0.0; 3]; count as usize];
        for (name, number) in &assignments {
            let Some((index, rest)) =
                name.strip_prefix("asSlice[").and_then(|rest| rest.split_once("].sPosition."))
            else {
                continue;
            };
            // Towards the left, the back and the head.
            let axis = ["dSag", "dCor", "dTra"].iter().position(|axis| *axis == rest);
            let centre = index.parse::<usize>().ok().and_then(|index| centres.get_mut(index));
            if let Some(number_there) =
                centre.zip(axis).and_then(|(centre, axis)| centre.get_mut(axis))
            {
                *number_there = *number;
            }
        }
        Some(SliceArray { centres })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.centres.len()
    }

    /// The distance from slice to slice in mm, negative if they are counted against the normal of
    /// their plane. `None` if it is not the same everywhere: what lacks lines of a protocol, or
    /// counts something else.
    pub(crate) fn step(&self, plane: &Orientation) -> Option<f64> {
        let along: Vec<f64> =
            self.centres.iter().map(|centre| plane.along_normal(*centre)).collect();
        let first = along.get(1)? - along.first()?;
        let is_first = |pair: &[f64]| match pair {
            [one, next] => (next - one - first).abs() <= STEP_TOLERANCE * first.abs(),
            _ => false,
        };
        (first.is_finite() && first != 0.0 && along.windows(2).all(is_first)).then_some(first)
    }

    /// Whether slices are counted against the normal of their plane, if the one at `first` is the
    /// first: it is at one end of the array, and the others follow it. `None` if it is at
    /// neither, or they are not `spacing` mm apart.
    pub(crate) fn is_against(
        &self,
        plane: &Orientation,
        first: Vector,
        spacing: f64,
    ) -> Option<bool> {
        let step = self.step(plane)?;
        let along = |point: &Vector| plane.along_normal(*point);
        let (one, other) = (along(self.centres.first()?), along(self.centres.last()?));
        let (from_one, from_other) = ((along(&first) - one).abs(), (along(&first) - other).abs());
        let is_spacing = (step.abs() - spacing).abs() <= STEP_TOLERANCE * spacing;
        // Far enough from the middle, though the patient may have moved and the slices with him.
        let is_at_end = from_one.min(from_other) <= (other - one).abs() / 4.0;
        (is_spacing && is_at_end).then_some((from_one < from_other) == (step < 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOL: &str = "<XProtocol>\n### ASCCONV BEGIN ###\n\
        sSliceArray.asSlice[0].sPosition.dTra\t = \t-30.5\n\
        sSliceArray.asSlice[1].sPosition.dSag = 2\nsSliceArray.asSlice[1].sPosition.dTra = -20.5\n\
        sSliceArray.asSlice[2].sPosition.dTra = -10.5\nsSliceArray.lSize = 3\n\
        sSliceArray.ucMode = 0x4\n### ASCCONV END";

    #[test]
    fn slices_are_counted_and_have_centres() {
        let expected = vec![[0.0, 0.0, -30.5], [2.0, 0.0, -20.5], [0.0, 0.0, -10.5]];
        assert_eq!(SliceArray::new(PROTOCOL), Some(SliceArray { centres: expected }));
        for (name, protocol) in [
            ("no slices", "sSliceArray.lSize = 0"),
            ("too many", "sSliceArray.lSize = 100000"),
            ("no number", "sSliceArray.lSize = many"),
            ("not finite", "sSliceArray.lSize = nan"),
            ("not whole", "sSliceArray.lSize = 2.5"),
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
            // A quarter of the array from its end.
            (-25.5, 1.0, Some(false)),
            (-25.25, 1.0, None),
            (-15.5, 1.0, Some(true)),
            (-35.75, 1.0, None),
            (-10.5, 1.0, Some(true)),
            (-30.5, -1.0, Some(true)),
            (-10.5, -1.0, Some(false)),
            (-20.5, 1.0, None),
            (50.0, 1.0, None),
        ] {
            assert_eq!(
                slices.is_against(&axial(sign), [0.0, 0.0, height], 10.0),
                expected,
                "{height} {sign}"
            );
        }
    }

    #[test]
    fn slices_that_are_not_all_told_have_no_step() {
        let axial = Orientation::new([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 1e-3).unwrap();
        for (name, heights, expected) in [
            ("rising", &["50", "52.5", "55"][..], Some(2.5)),
            ("falling", &["55", "52.5", "50"], Some(-2.5)),
            ("the last is not told", &["50", "52.5", "0"], None),
            ("the first is not told", &["0", "52.5", "55"], None),
            ("no number", &["50", "52.5", "nan"], None),
            ("too large", &["-1e308", "1e308", "-1e308"], None),
            ("all in one place", &["50", "50", "50"], None),
            ("one slice", &["50"], None),
            ("off by a hundredth", &["0", "100", "201"], Some(100.0)),
            ("off by more", &["0", "100", "201.5"], None),
            ("short by a hundredth", &["0", "-100", "-199"], Some(-100.0)),
            ("short by more", &["0", "-100", "-198.5"], None),
        ] {
            let line = |(index, height): (usize, &&str)| {
                format!("sSliceArray.asSlice[{index}].sPosition.dTra = {height}\n")
            };
            let lines: String = heights.iter().enumerate().map(line).collect();
            let slices =
                SliceArray::new(&format!("{lines}sSliceArray.lSize = {}", heights.len())).unwrap();
            assert_eq!((slices.count(), slices.step(&axial)), (heights.len(), expected), "{name}");
            assert_eq!(slices.is_against(&axial, [0.0, 0.0, 50.0], 5.0), None, "{name}");
        }
    }

    #[test]
    fn slices_are_as_far_apart_as_the_header_says() {
        let slices = SliceArray::new(PROTOCOL).unwrap();
        let axial = Orientation::new([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], 1e-3).unwrap();
        for (spacing, is_known) in
            [(10.0, true), (10.1, true), (10.2, false), (9.91, true), (9.9, false), (-10.0, false)]
        {
            let found = slices.is_against(&axial, [0.0, 0.0, -30.5], spacing);
            assert_eq!(found, is_known.then_some(false), "{spacing}");
        }
    }

    #[test]
    fn a_header_has_the_protocol_under_one_of_two_names() {
        let slices = |count: usize| format!("sSliceArray.lSize = {count}");
        let count = |entries: &[(&str, &[&str])]| {
            SliceArray::of_csa(&csa(entries, true)).map(|slices| slices.count())
        };
        let (two, three) = (slices(2), slices(3));
        let old: (&str, &[&str]) = ("MrProtocol", &[&two]);
        let new: (&str, &[&str]) = ("MrPhoenixProtocol", &[&three]);
        assert_eq!(count(&[old, new]), Some(3));
        assert_eq!(count(&[old]), Some(2));
        assert_eq!(count(&[("Other", &[&two])]), None);
        assert_eq!(count(&[("MrProtocol", &[])]), None);
        for (number, expected) in [(MOST_SLICES, Some(MOST_SLICES)), (MOST_SLICES + 1, None)] {
            let found = SliceArray::new(&slices(number)).map(|slices| slices.count());
            assert_eq!(found, expected);
        }
    }
}
