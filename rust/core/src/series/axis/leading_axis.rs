//! The axis in front of the slices, and the coordinates along it.

use std::borrow::Cow;

use super::attribute::{ATTRIBUTES, Attribute, AxisValue, INSTANCE, Moment, names, value};
use crate::geometry::Vector;
use crate::series::header::AxisNumber;
use crate::series::stack::Entry;
use crate::value::from_midnight;

/// Where one of them changes along an axis, or images are weighted, both are coordinates: a table
/// of weightings has all of it, and one b-value a step also where it is the same.
const WEIGHTING: [Attribute; 2] =
    [Attribute::Number(AxisNumber::DiffusionBValue), Attribute::Gradient];

/// The axis in front of the slices.
#[derive(Clone, Debug, PartialEq)]
pub struct LeadingAxis {
    /// Its name: that of what it counts.
    pub name: Cow<'static, str>,
    /// How long it is.
    pub length: usize,
    /// What changes along it: that which it is sorted by first.
    pub coordinates: Vec<Coordinate>,
}

/// The values of one attribute along the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// Its name.
    pub name: Cow<'static, str>,
    /// One a step of the axis.
    pub values: CoordinateValues,
}

/// Values of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum CoordinateValues {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
    /// Unit vectors in the patient's coordinates; NaN where there is none.
    Vectors(Vec<Vector>),
    /// Codes; empty where there is none.
    Texts(Vec<String>),
}

/// The attributes that change along the axis: those of the key, and others that each step has one
/// value of.
pub(super) fn axis<'a>(
    cells: &[Option<Entry<'a>>],
    places: &[Vec<Entry<'a>>],
    key: &[Attribute],
    length: usize,
) -> LeadingAxis {
    let mut coordinates: Vec<Coordinate> = Vec::new();
    let steps: Vec<&[Option<Entry<'a>>]> = cells.chunks(places.len().max(1)).collect();
    let of_step = |attribute: Attribute, step: &[Option<Entry<'a>>]| -> Option<AxisValue<'a>> {
        let mut values = step
            .iter()
            .zip(places)
            .filter_map(|(cell, place)| Some(value(cell.as_ref()?, attribute, place)));
        let first = values.next()?;
        values.all(|value| value.compare(&first).is_eq()).then_some(first)
    };
    let rest = ATTRIBUTES
        .iter()
        .map(|(attribute, ..)| *attribute)
        .filter(|attribute| !key.contains(attribute));
    let changes = |values: &[AxisValue<'a>]| {
        values.windows(2).any(|pair| matches!(pair, [a, b] if a.compare(b).is_ne()))
    };
    let values_of = |attribute: Attribute| -> Option<Vec<AxisValue<'a>>> {
        steps.iter().map(|step| of_step(attribute, step)).collect()
    };
    let is_above_0 = |value: &AxisValue<'a>| matches!(value, AxisValue::Number(b) if *b > 0.0);
    let b_values = values_of(Attribute::Number(AxisNumber::DiffusionBValue));
    let is_weighted = b_values.is_some_and(|values| values.iter().any(is_above_0))
        || WEIGHTING
            .iter()
            .any(|attribute| values_of(*attribute).is_some_and(|values| changes(&values)));
    for attribute in key.iter().copied().chain(rest) {
        if attribute == Attribute::Order {
            let values = CoordinateValues::Numbers((0..length).map(|step| step as f64).collect());
            coordinates.push(Coordinate { name: INSTANCE, values });
            continue;
        }
        if let Attribute::Rank(moment) = attribute {
            let values = CoordinateValues::Numbers(earliest(&steps, moment));
            coordinates.push(Coordinate { name: names(attribute, places).0, values });
            continue;
        }
        let (Some(values), (name, _)) = (values_of(attribute), names(attribute, places)) else {
            continue;
        };
        let is_told = values.iter().any(|value| !matches!(value, AxisValue::Absent));
        if changes(&values)
            || key.contains(&attribute)
            || (is_told && is_weighted && WEIGHTING.contains(&attribute))
        {
            let mut values = coordinate_values(&values);
            if let (
                Attribute::Number(AxisNumber::AcquisitionTime),
                CoordinateValues::Numbers(times),
            ) = (attribute, &mut values)
            {
                from_midnight(times);
            }
            coordinates.push(Coordinate { name, values });
        }
    }
    let name = key.first().map_or(INSTANCE, |first| names(*first, places).1);
    LeadingAxis { name, length, coordinates }
}

/// The earliest time of each step, from the midnight before the first.
fn earliest(steps: &[&[Option<Entry<'_>>]], moment: Moment) -> Vec<f64> {
    let of_step = |step: &&[Option<Entry<'_>>]| {
        let times = step.iter().flatten().filter_map(|entry| moment.of(entry));
        times.fold(f64::INFINITY, f64::min)
    };
    let mut times: Vec<f64> = steps.iter().map(of_step).collect();
    if matches!(moment, Moment::Acquired | Moment::ContentMade) {
        from_midnight(&mut times);
    }
    times
}

fn coordinate_values(values: &[AxisValue<'_>]) -> CoordinateValues {
    let is = |kind: fn(&AxisValue<'_>) -> bool| values.iter().any(kind);
    if is(|value| matches!(value, AxisValue::Text(_))) {
        let text = |value: &AxisValue<'_>| {
            if let AxisValue::Text(text) = value { (*text).to_owned() } else { String::new() }
        };
        CoordinateValues::Texts(values.iter().map(text).collect())
    } else if is(|value| matches!(value, AxisValue::Vector(_))) {
        let vector = |value: &AxisValue<'_>| {
            if let AxisValue::Vector(vector) = value { *vector } else { [f64::NAN; 3] }
        };
        CoordinateValues::Vectors(values.iter().map(vector).collect())
    } else {
        let number = |value: &AxisValue<'_>| {
            if let AxisValue::Number(number) = value { *number } else { f64::NAN }
        };
        CoordinateValues::Numbers(values.iter().map(number).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::tests::synthetic::{Images, header};

    /// The axis of one slice at each of whose steps the images of `change` lie, along `key`.
    fn axis_of(key: &[Attribute], steps: &[fn(&mut crate::series::InstanceHeader)]) -> LeadingAxis {
        let headers = steps.iter().enumerate().map(|(index, change)| {
            let mut one = header(&index.to_string());
            change(&mut one);
            one
        });
        let images = Images::new(headers.collect());
        let places = vec![images.entries()];
        let cells: Vec<Option<Entry<'_>>> = places[0].iter().copied().map(Some).collect();
        axis(&cells, &places, key, steps.len())
    }

    fn numbers(name: &'static str, values: &[f64]) -> Coordinate {
        Coordinate { name: name.into(), values: CoordinateValues::Numbers(values.to_vec()) }
    }

    #[test]
    fn coordinates_are_what_changes() {
        let found = axis_of(
            &[Attribute::Number(AxisNumber::EchoTime)],
            &[
                |one| {
                    one.acquisition.set(AxisNumber::EchoTime, Some(5.0));
                    one.acquisition.set(AxisNumber::FlipAngle, Some(30.0));
                    one.acquisition.set(AxisNumber::InversionTime, Some(7.0));
                    one.identity.image_type = "M".to_owned();
                },
                |one| {
                    one.acquisition.set(AxisNumber::EchoTime, Some(9.0));
                    one.acquisition.set(AxisNumber::FlipAngle, Some(30.0));
                    one.identity.image_type = "P".to_owned();
                },
            ],
        );
        assert_eq!((&*found.name, found.length), ("echo", 2));
        let types = CoordinateValues::Texts(vec!["M".to_owned(), "P".to_owned()]);
        assert_eq!(found.coordinates[0], numbers("echo_time", &[5.0, 9.0]));
        assert_eq!(found.coordinates[1].name, "inversion_time");
        let CoordinateValues::Numbers(times) = &found.coordinates[1].values else { panic!() };
        assert!(times[0] == 7.0 && times[1].is_nan());
        assert_eq!(found.coordinates[2], Coordinate { name: "image_type".into(), values: types });
        assert_eq!(found.coordinates.len(), 3);
    }

    #[test]
    fn a_weighting_has_its_b_value_and_its_direction() {
        let found = axis_of(
            &[Attribute::Gradient],
            &[
                |one| {
                    one.acquisition.set(AxisNumber::DiffusionBValue, Some(800.0));
                    one.acquisition.gradient = Some([1.0, 0.0, 0.0]);
                },
                |one| {
                    one.acquisition.set(AxisNumber::DiffusionBValue, Some(800.0));
                    one.acquisition.gradient = Some([0.0, 1.0, 0.0]);
                },
            ],
        );
        let directions = vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let gradients = Coordinate {
            name: "gradient_direction".into(),
            values: CoordinateValues::Vectors(directions),
        };
        assert_eq!(found.coordinates, [gradients, numbers("b_value", &[800.0, 800.0])]);
        assert_eq!(found.name, "gradient_direction");
    }

    #[test]
    fn images_that_are_counted_have_their_number() {
        let found = axis_of(&[Attribute::Order], &[|_| {}, |_| {}, |_| {}]);
        assert_eq!(found.coordinates, [numbers("instance", &[0.0, 1.0, 2.0])]);
        assert_eq!((&*found.name, found.length), ("instance", 3));
    }
}
