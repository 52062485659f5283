//! Findings about images that lie beside the stack, and are left out.

use std::borrow::Cow;

use super::issue::Finding;
use super::kind::IssueKind;
use super::words::{count, verb};
use crate::series::header::Differences;

/// Images that one difference sets apart from the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::series) struct LeftOut {
    /// The difference.
    pub kind: IssueKind,
    /// The attributes by which their content differs, if that is the difference.
    pub attributes: Differences,
    /// How many images.
    pub image_count: usize,
    /// How many files they are in.
    pub file_count: usize,
    /// How many groups of like images they make.
    pub group_count: usize,
    /// Those of them that lie where the stack is or would go on.
    pub in_stack_count: usize,
    /// Where those of some lie is written elsewhere than in Image Position (Patient), and not read.
    pub has_own_geometry: bool,
    /// How many images the stack has.
    pub stack_count: usize,
    /// The stack is clearly the main one of the series.
    pub is_main: bool,
}

impl LeftOut {
    /// Whether they lack their place, which may be one in the stack.
    fn is_placeless(&self) -> bool {
        self.has_own_geometry
            || matches!(self.kind, IssueKind::MissingPosition | IssueKind::MissingOrientation)
    }

    fn difference(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self.kind {
            IssueKind::MixedContent => return format!("another {}", self.attributes).into(),
            IssueKind::MixedOrientation => "another plane",
            IssueKind::MixedShape => "another number of rows or columns",
            IssueKind::MixedPhotometric => {
                "another Photometric Interpretation or number of samples"
            }
            IssueKind::MixedSpacing => "another Pixel Spacing",
            IssueKind::MissingOrientation => "no usable Image Orientation (Patient)",
            IssueKind::MissingPosition => "no usable Image Position (Patient)",
            _ => "pixels that cannot be read yet",
        })
    }

    /// `2 files are left out`, or `3 frames of 1 file are left out`.
    fn images(&self) -> String {
        let files = count(self.file_count, "file");
        let are = verb(self.image_count, "is", "are");
        match self.file_count == self.image_count {
            true => format!("{files} {are} left out"),
            false => format!("{} of {files} {are} left out", count(self.image_count, "frame")),
        }
    }
}

impl Finding for LeftOut {
    fn kind(&self) -> IssueKind {
        self.kind
    }

    fn is_error(&self) -> bool {
        let is_needed = || !self.is_main || self.in_stack_count > 0 || self.is_placeless();
        // One Series Instance UID of two patients is wrong, wherever their images lie.
        self.kind == IssueKind::MixedContent || (self.kind != IssueKind::Localizer && is_needed())
    }

    fn numbers(&self, file_count: usize) -> Vec<(&'static str, f64)> {
        vec![
            ("file_count", file_count as f64),
            ("image_count", self.image_count as f64),
            ("group_count", self.group_count as f64),
            ("in_stack_count", self.in_stack_count as f64),
        ]
    }

    fn sentence(&self) -> String {
        if self.kind == IssueKind::Localizer {
            let localizers = verb(self.image_count, "a localizer", "localizers");
            return format!("{}: {localizers}", self.images());
        }
        let inside = match self.in_stack_count {
            _ if self.is_placeless() => String::new(),
            0 if self.is_main => String::new(),
            0 => "; neither is clearly the main stack".to_owned(),
            inside => format!("; {inside} of them where the stack is or would go on"),
        };
        format!(
            "{} of the stack of {}, with {}{inside}",
            self.images(),
            count(self.stack_count, "slice"),
            self.difference()
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Two files beside a main stack of eight.
    const FEW: LeftOut = LeftOut {
        kind: IssueKind::MixedShape,
        attributes: Differences::NONE,
        image_count: 2,
        file_count: 2,
        group_count: 1,
        in_stack_count: 0,
        has_own_geometry: false,
        stack_count: 8,
        is_main: true,
    };

    const ONE: LeftOut = LeftOut { image_count: 1, file_count: 1, ..FEW };

    /// The images; whether they are an error; the sentence.
    const CASES: &[(LeftOut, bool, &str)] = &[
        (
            FEW,
            false,
            "2 files are left out of the stack of 8 slices, with another number of rows or \
             columns",
        ),
        (
            LeftOut { is_main: false, ..FEW },
            true,
            "2 files are left out of the stack of 8 slices, with another number of rows or \
             columns; neither is clearly the main stack",
        ),
        (
            LeftOut { in_stack_count: 1, ..FEW },
            true,
            "2 files are left out of the stack of 8 slices, with another number of rows or \
             columns; 1 of them where the stack is or would go on",
        ),
        (
            LeftOut { image_count: 3, kind: IssueKind::MixedOrientation, ..FEW },
            false,
            "3 frames of 2 files are left out of the stack of 8 slices, with another plane",
        ),
        (
            LeftOut { kind: IssueKind::MixedPhotometric, stack_count: 1, ..ONE },
            false,
            "1 file is left out of the stack of 1 slice, with another Photometric \
             Interpretation or number of samples",
        ),
        (
            LeftOut { kind: IssueKind::MixedSpacing, ..ONE },
            false,
            "1 file is left out of the stack of 8 slices, with another Pixel Spacing",
        ),
        (
            LeftOut { kind: IssueKind::MissingOrientation, in_stack_count: 1, ..ONE },
            true,
            "1 file is left out of the stack of 8 slices, with no usable Image Orientation \
             (Patient)",
        ),
        (
            LeftOut { kind: IssueKind::MissingPosition, ..ONE },
            true,
            "1 file is left out of the stack of 8 slices, with no usable Image Position \
             (Patient)",
        ),
        (
            LeftOut { kind: IssueKind::Unsupported, ..ONE },
            false,
            "1 file is left out of the stack of 8 slices, with pixels that cannot be read yet",
        ),
        (
            LeftOut { kind: IssueKind::Unsupported, has_own_geometry: true, ..ONE },
            true,
            "1 file is left out of the stack of 8 slices, with pixels that cannot be read yet",
        ),
        (
            LeftOut { kind: IssueKind::Localizer, is_main: false, in_stack_count: 1, ..ONE },
            false,
            "1 file is left out: a localizer",
        ),
        (LeftOut { kind: IssueKind::Localizer, ..FEW }, false, "2 files are left out: localizers"),
        // Of the same patient or not, it is wrong.
        (
            LeftOut { kind: IssueKind::MixedContent, ..FEW },
            true,
            "2 files are left out of the stack of 8 slices, with another ",
        ),
    ];

    #[test]
    fn images_are_an_error_where_the_volume_may_lack_them() {
        for &(finding, is_error, sentence) in CASES {
            let issue = finding.about([]);
            assert_eq!((issue.sentence.as_str(), issue.is_error), (sentence, is_error));
            assert_eq!(issue.kind, finding.kind);
        }
        let finding = LeftOut { image_count: 3, group_count: 4, in_stack_count: 5, ..FEW };
        assert_eq!(
            finding.about(["a", "b"].map(PathBuf::from)).numbers,
            [
                ("file_count", 2.0),
                ("image_count", 3.0),
                ("group_count", 4.0),
                ("in_stack_count", 5.0),
            ]
        );
    }
}
