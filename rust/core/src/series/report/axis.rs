//! Findings about images of one position, and the axis that they make.

use std::borrow::Cow;

use super::issue::Finding;
use super::kind::IssueKind;
use super::words::{count, verb};

/// What is irregular in images that share a position.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::series) enum AxisFinding {
    /// Images of one slice, of which the first is taken.
    Duplicates {
        /// The slice.
        slice_index: usize,
        /// How many there are.
        image_count: usize,
    },
    /// Images of one slice that have the same place on the axis as another.
    NotOnAxis {
        /// The slice.
        slice_index: usize,
        /// How many are left out.
        left_out_count: usize,
    },
    /// Places on the axis without an image.
    Incomplete {
        /// The name of the axis.
        axis: Cow<'static, str>,
        /// (step, slice) of each.
        missing: Vec<(usize, usize)>,
        /// How many places there are.
        cell_count: usize,
        /// An image should be there; the frames of a segmentation need not.
        is_needed: bool,
    },
    /// Only numbers of images tell those of one position apart.
    CountedByOrder {
        /// The name of the axis.
        axis: Cow<'static, str>,
        /// Images at each position.
        phase_count: usize,
        /// Positions.
        position_count: usize,
        /// What they are ordered by.
        by: CountedBy,
    },
    /// Nothing tells images of one position apart.
    NothingTellsApart {
        /// Images at each position.
        phase_count: usize,
        /// Positions.
        position_count: usize,
        /// How many are left out.
        left_out_count: usize,
    },
}

/// What orders images that only their numbers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::series) enum CountedBy {
    /// Their numbers, to which no time is contrary.
    Numbers,
    /// Their times, which numbers run against.
    Times,
    /// Their numbers, as times have another order at each position.
    NumbersAgainstTimes,
}

/// Places that a sentence names; the issue has all of them.
const NAMED_CELLS: usize = 4;

impl Finding for AxisFinding {
    fn kind(&self) -> IssueKind {
        match self {
            AxisFinding::Duplicates { .. } | AxisFinding::NotOnAxis { .. } => {
                IssueKind::DuplicatePosition
            }
            AxisFinding::Incomplete { .. } => IssueKind::IncompleteGrid,
            AxisFinding::CountedByOrder { .. } | AxisFinding::NothingTellsApart { .. } => {
                IssueKind::MultiplePhases
            }
        }
    }

    fn is_error(&self) -> bool {
        match self {
            AxisFinding::Incomplete { is_needed, .. } => *is_needed,
            AxisFinding::CountedByOrder { .. } => false,
            _ => true,
        }
    }

    fn numbers(&self, _: usize) -> Vec<(&'static str, f64)> {
        match *self {
            AxisFinding::Duplicates { slice_index, image_count } => vec![
                ("slice_index", slice_index as f64),
                ("left_out_count", image_count.saturating_sub(1) as f64),
            ],
            AxisFinding::NotOnAxis { slice_index, left_out_count } => {
                vec![("slice_index", slice_index as f64), ("left_out_count", left_out_count as f64)]
            }
            AxisFinding::Incomplete { ref missing, cell_count, .. } => {
                vec![("missing_count", missing.len() as f64), ("cell_count", cell_count as f64)]
            }
            AxisFinding::CountedByOrder { phase_count, position_count, .. } => {
                vec![("phase_count", phase_count as f64), ("position_count", position_count as f64)]
            }
            AxisFinding::NothingTellsApart { phase_count, position_count, left_out_count } => vec![
                ("phase_count", phase_count as f64),
                ("position_count", position_count as f64),
                ("left_out_count", left_out_count as f64),
            ],
        }
    }

    fn cells(&self) -> Vec<(usize, usize)> {
        match self {
            AxisFinding::Incomplete { missing, .. } => missing.clone(),
            _ => Vec::new(),
        }
    }

    fn sentence(&self) -> String {
        let each = |images: usize, positions: usize| {
            format!("{} at each of {}", count(images, "image"), count(positions, "position"))
        };
        match self {
            AxisFinding::Duplicates { slice_index, image_count } => format!(
                "{} have the position of slice {slice_index}: only the one with the lowest \
                 Instance Number is taken",
                count(*image_count, "image")
            ),
            AxisFinding::NotOnAxis { slice_index, left_out_count } => format!(
                "{} of slice {slice_index} {} left out: another has the same place on all axes",
                count(*left_out_count, "image"),
                verb(*left_out_count, "is", "are")
            ),
            AxisFinding::Incomplete { axis, missing, cell_count, is_needed: true } => format!(
                "{} of {cell_count} {} missing; ({axis}, slice): {}",
                count(missing.len(), "image"),
                verb(missing.len(), "is", "are"),
                named(missing)
            ),
            AxisFinding::Incomplete { missing, cell_count, is_needed: false, .. } => format!(
                "{} of {cell_count} {} not in the file, which means that nothing is segmented \
                 there",
                count(missing.len(), "frame"),
                verb(missing.len(), "is", "are")
            ),
            AxisFinding::CountedByOrder { axis, phase_count, position_count, by } => {
                let each = each(*phase_count, *position_count);
                match by {
                    CountedBy::Numbers => format!(
                        "{each}, which nothing but their numbers tells apart: they are taken to \
                         count up along the axis {axis}"
                    ),
                    CountedBy::Times => format!(
                        "{each}, which their numbers tell apart, and which are in the order of \
                         their times along the axis {axis}: the numbers run against these"
                    ),
                    CountedBy::NumbersAgainstTimes => format!(
                        "{each}, which their numbers tell apart: they are taken to count up along \
                         the axis {axis}, although their times have other orders at other positions"
                    ),
                }
            }
            AxisFinding::NothingTellsApart { phase_count, position_count, .. } => format!(
                "{}: no attribute tells them apart everywhere in the same way, and the one with \
                 the lowest Instance Number is taken",
                each(*phase_count, *position_count)
            ),
        }
    }
}

/// The first few places in words.
fn named(cells: &[(usize, usize)]) -> String {
    let words = |(step, slice): &(usize, usize)| format!("({step}, {slice})");
    let first: Vec<String> = cells.iter().take(NAMED_CELLS).map(words).collect();
    let more = if cells.len() > NAMED_CELLS { ", ..." } else { "" };
    format!("{}{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finding; the kind, whether it is an error, the numbers and the sentence of its issue.
    type Case = (AxisFinding, IssueKind, bool, &'static [(&'static str, f64)], &'static str);

    fn incomplete(count: usize, is_needed: bool) -> AxisFinding {
        let missing = (0..count).map(|index| (index, index + 1)).collect();
        AxisFinding::Incomplete { axis: "echo".into(), missing, cell_count: 10, is_needed }
    }

    fn check(cases: &[Case]) {
        for (finding, kind, is_error, numbers, sentence) in cases {
            let cells = match finding {
                AxisFinding::Incomplete { missing, .. } => missing.clone(),
                _ => Vec::new(),
            };
            let issue = finding.clone().about([]);
            assert_eq!((issue.kind, issue.is_error), (*kind, *is_error), "{sentence}");
            assert_eq!(issue.numbers, *numbers, "{sentence}");
            assert_eq!(issue.sentence, *sentence);
            assert_eq!(issue.cells, cells);
        }
    }

    #[test]
    fn duplicates_and_gaps_on_the_axis() {
        check(&[
            (
                AxisFinding::Duplicates { slice_index: 4, image_count: 3 },
                IssueKind::DuplicatePosition,
                true,
                &[("slice_index", 4.0), ("left_out_count", 2.0)],
                "3 images have the position of slice 4: only the one with the lowest Instance \
                 Number is taken",
            ),
            (
                AxisFinding::NotOnAxis { slice_index: 4, left_out_count: 1 },
                IssueKind::DuplicatePosition,
                true,
                &[("slice_index", 4.0), ("left_out_count", 1.0)],
                "1 image of slice 4 is left out: another has the same place on all axes",
            ),
            (
                incomplete(4, true),
                IssueKind::IncompleteGrid,
                true,
                &[("missing_count", 4.0), ("cell_count", 10.0)],
                "4 images of 10 are missing; (echo, slice): (0, 1), (1, 2), (2, 3), (3, 4)",
            ),
            (
                incomplete(5, true),
                IssueKind::IncompleteGrid,
                true,
                &[("missing_count", 5.0), ("cell_count", 10.0)],
                "5 images of 10 are missing; (echo, slice): (0, 1), (1, 2), (2, 3), (3, 4), ...",
            ),
            (
                incomplete(1, false),
                IssueKind::IncompleteGrid,
                false,
                &[("missing_count", 1.0), ("cell_count", 10.0)],
                "1 frame of 10 is not in the file, which means that nothing is segmented there",
            ),
        ]);
    }

    #[test]
    fn images_that_no_attribute_tells_apart() {
        let (phase_count, position_count, left_out_count) = (2, 1, 3);
        check(&[
            (
                AxisFinding::CountedByOrder {
                    axis: "echo".into(),
                    phase_count,
                    position_count,
                    by: CountedBy::Numbers,
                },
                IssueKind::MultiplePhases,
                false,
                &[("phase_count", 2.0), ("position_count", 1.0)],
                "2 images at each of 1 position, which nothing but their numbers tells apart: \
                 they are taken to count up along the axis echo",
            ),
            (
                AxisFinding::CountedByOrder {
                    axis: "time".into(),
                    phase_count,
                    position_count: 2,
                    by: CountedBy::Times,
                },
                IssueKind::MultiplePhases,
                false,
                &[("phase_count", 2.0), ("position_count", 2.0)],
                "2 images at each of 2 positions, which their numbers tell apart, and which are in \
                 the order of their times along the axis time: the numbers run against these",
            ),
            (
                AxisFinding::CountedByOrder {
                    axis: "instance".into(),
                    phase_count,
                    position_count: 2,
                    by: CountedBy::NumbersAgainstTimes,
                },
                IssueKind::MultiplePhases,
                false,
                &[("phase_count", 2.0), ("position_count", 2.0)],
                "2 images at each of 2 positions, which their numbers tell apart: they are taken \
                 to count up along the axis instance, although their times have other orders at \
                 other positions",
            ),
            (
                AxisFinding::NothingTellsApart { phase_count, position_count, left_out_count },
                IssueKind::MultiplePhases,
                true,
                &[("phase_count", 2.0), ("position_count", 1.0), ("left_out_count", 3.0)],
                "2 images at each of 1 position: no attribute tells them apart everywhere in the \
                 same way, and the one with the lowest Instance Number is taken",
            ),
        ]);
    }
}
