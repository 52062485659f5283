//! The order in time of steps that only numbers of images tell apart: numbers may run against it.

use std::cmp::Ordering;

use super::attribute::{Attribute, Key, Moment};
use crate::series::report::CountedBy;
use crate::series::stack::Entry;
use crate::value::are_mixed;

/// Steps in the order of a time.
#[derive(Debug, PartialEq)]
struct Ordered {
    /// The steps.
    steps: Vec<usize>,
    /// Whether no step is later than one behind it, at any position.
    is_everywhere: bool,
}

/// Puts steps with these values of `key` in the order of their times, if it ends with the numbers
/// of images; a time that rises along the axis takes their place. Says what orders the steps.
pub(super) fn sort_counted<'a>(
    cells: &mut Vec<Option<Entry<'a>>>,
    key: &mut [Attribute],
    values: &[Key<'a>],
) -> Option<CountedBy> {
    let (last, before) = key.split_last_mut().filter(|(last, _)| **last == Attribute::Order)?;
    let is_alike = |a: &Key<'a>, b: &Key<'a>| {
        a.0.iter().zip(&b.0).take(before.len()).all(|(a, b)| a.compare(b).is_eq())
    };
    let groups: Vec<usize> = values.chunk_by(is_alike).map(<[Key<'a>]>::len).collect();
    let width = cells.len() / values.len().max(1);
    let (by, moment) = sort_by_time(cells, width, &groups);
    if let Some(moment) = moment {
        *last = Attribute::Rank(moment);
    }
    Some(by)
}

/// Puts steps in the order of the first time that has one order at every position. `width`: how
/// many cells a step has; `groups`: how many steps follow each other that differ in their numbers
/// only. Says what orders them, and the time whose earliest in each step rises.
fn sort_by_time<'a>(
    cells: &mut Vec<Option<Entry<'a>>>,
    width: usize,
    groups: &[usize],
) -> (CountedBy, Option<Moment>) {
    let mut by = CountedBy::Numbers;
    for moment in Moment::ALL {
        let times: Option<Vec<Vec<f64>>> = cells
            .chunks(width.max(1))
            .map(|step| step.iter().map(|cell| moment.of(cell.as_ref()?)).collect())
            .collect();
        let is_clock = matches!(moment, Moment::Acquired | Moment::ContentMade);
        let Some(times) =
            times.filter(|times| !(is_clock && are_mixed(times.iter().flatten().copied())))
        else {
            continue;
        };
        let found = ordered(&times, groups);
        if !found.is_everywhere {
            by = CountedBy::NumbersAgainstTimes;
            continue;
        }
        if times.iter().zip(times.iter().skip(1)).all(|(a, b)| a == b) {
            continue;
        }
        if found.steps.is_sorted() {
            return (CountedBy::Numbers, None);
        }
        let steps: Vec<&[Option<Entry<'a>>]> = cells.chunks(width.max(1)).collect();
        let sorted = found.steps.iter().filter_map(|step| steps.get(*step));
        *cells = sorted.flat_map(|step| step.iter().copied()).collect();
        let earliest = |step: &usize| {
            times.get(*step).into_iter().flatten().copied().fold(f64::INFINITY, f64::min)
        };
        let mut rest = found.steps.iter().map(earliest);
        let does_rise =
            groups.iter().all(|length| rest.by_ref().take(*length).is_sorted_by(|a, b| a < b));
        return (CountedBy::Times, does_rise.then_some(moment));
    }
    (by, None)
}

/// The order of steps whose times these are, each at every position.
fn ordered(times: &[Vec<f64>], groups: &[usize]) -> Ordered {
    let mut all: Vec<(usize, &Vec<f64>)> = times.iter().enumerate().collect();
    let mut rest = all.as_mut_slice();
    let mut is_everywhere = true;
    for length in groups {
        let Some((group, behind)) = rest.split_at_mut_checked(*length) else { break };
        group.sort_by(|(_, a), (_, b)| compare(a, b));
        is_everywhere &= group
            .windows(2)
            .all(|pair| matches!(pair, [(_, a), (_, b)] if a.iter().zip(*b).all(|(a, b)| a <= b)));
        rest = behind;
    }
    Ordered { steps: all.into_iter().map(|(step, _)| step).collect(), is_everywhere }
}

/// By the first position where they differ.
fn compare(a: &[f64], b: &[f64]) -> Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
    pairs.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_in_the_order_of_times_that_agree_everywhere() {
        for (name, times, groups, expected) in [
            ("as they are", &[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]][..], &[3][..], Some([0, 1, 2])),
            ("backwards", &[[4.0, 5.0], [2.0, 3.0], [0.0, 1.0]], &[3], Some([2, 1, 0])),
            ("a tie", &[[4.0, 5.0], [2.0, 1.0], [0.0, 1.0]], &[3], Some([2, 1, 0])),
            ("the first position", &[[0.0, 5.0], [0.0, 3.0], [0.0, 1.0]], &[3], Some([2, 1, 0])),
            ("all the same", &[[0.0, 1.0]; 3], &[3], Some([0, 1, 2])),
            ("in groups", &[[4.0, 5.0], [2.0, 3.0], [0.0, 1.0]], &[2, 1], Some([1, 0, 2])),
            ("another at each", &[[0.0, 5.0], [2.0, 3.0], [4.0, 1.0]], &[3], None),
        ] {
            let times: Vec<Vec<f64>> = times.iter().map(|step| step.to_vec()).collect();
            let found = ordered(&times, groups);
            assert_eq!(found.is_everywhere, expected.is_some(), "{name}");
            if let Some(expected) = expected {
                assert_eq!(found.steps, expected, "{name}");
            }
        }
    }
}
