//! Headers for tests, and a short way to say what was planned of them.

use std::path::PathBuf;

use crate::cursor::ByteOrder;
use crate::error::{Error, ErrorKind, SeriesFault};
use crate::geometry::{Orientation, Vector, add_scaled, scale};
use crate::image_description::{ImageDescription, PixelElement};
use crate::pixel::{ImagePixels, NativePixels, Rescale, ValueField};
use crate::series::header::{
    Acquisition, Content, Coordinates, FrameHeader, Identity, ImagePlane, InstanceHeader,
    StoredImage, ValueTransform,
};
use crate::series::image_state::ImageState;
use crate::series::plan::{SeriesPlan, Unreadable, plan_series};
use crate::series::report::Issue;
use crate::series::slice_set::Slice;
use crate::series::stack::Entry;
use crate::series::tolerances::Tolerances;
use crate::vr::Vr;

pub(crate) const AXIAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
pub(crate) const SAGITTAL: [f64; 6] = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0];
pub(crate) const CORONAL: [f64; 6] = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0];
/// Turned by 30 degrees about z, then by 20 about the new x.
pub(crate) const OBLIQUE: [f64; 6] = [
    0.866_025_403_784_438_6,
    0.5,
    0.0,
    -0.469_846_310_392_954_2,
    0.813_797_681_349_373_7,
    0.342_020_143_325_668_7,
];

pub(crate) const ORIGIN: Vector = [-12.5, 30.25, -100.0];

pub(crate) fn native(rows: usize, columns: usize) -> ImageState {
    let description = ImageDescription {
        rows,
        columns,
        samples_per_pixel: 1,
        frame_count: 1,
        pixel_element: PixelElement::PixelData,
        bits_allocated: 16,
        bits_stored: 12,
        high_bit: 11,
        is_signed: true,
        is_planar: Some(false),
        photometric_interpretation: "MONOCHROME2".to_owned(),
    };
    let length = (rows * columns * 2) as u64;
    let field = ValueField { offset: 1000, length, vr: Vr::OW, order: ByteOrder::Little };
    ImageState::Readable(ImagePixels::Native(NativePixels { description, field }))
}

/// The image of a header, to change it.
pub(crate) fn image_mut(header: &mut InstanceHeader) -> &mut ImageDescription {
    match &mut header.image.state {
        ImageState::Readable(ImagePixels::Native(pixels)) => &mut pixels.description,
        _ => panic!("an image"),
    }
}

/// An error like any other.
pub(crate) fn why() -> Error {
    ErrorKind::Series(SeriesFault::NoElements).into()
}

/// An axial CT slice at the origin.
pub(crate) fn header(name: &str) -> InstanceHeader {
    InstanceHeader {
        path: PathBuf::from("folder").join(name),
        source: None,
        given_number: None,
        identity: Identity {
            study_instance_uid: "1".to_owned(),
            series_instance_uid: "1.2".to_owned(),
            sop_instance_uid: format!("1.2.{name}"),
            sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            modality: "CT".to_owned(),
            series_description: "Secret".to_owned(),
            series_number: Some(3),
            instance_number: None,
            image_type: "ORIGINAL\\PRIMARY\\AXIAL".to_owned(),
        },
        content: Content::default(),
        plane: ImagePlane {
            position: Some(ORIGIN),
            orientation: Some(AXIAL),
            pixel_spacing: Some([0.75, 0.5]),
            slice_thickness: None,
            spacing_between_slices: None,
        },
        coordinates: Coordinates {
            frame_of_reference_uid: "1.9".to_owned(),
            ..Coordinates::default()
        },
        image: StoredImage {
            state: native(5, 7),
            is_deflated: false,
            has_padding: false,
            background: None,
            mosaic: None,
        },
        transform: ValueTransform {
            rescale: Rescale { slope: 1.0, intercept: -1024.0 },
            has_bad_rescale: false,
            window: None,
        },
        modality_lut: None,
        is_lut_of_intensity: false,
        acquisition: Acquisition::default(),
        frames: Vec::new(),
        dimensions: None,
    }
}

/// A [`header`] with `change` made to it.
pub(crate) fn with(name: &str, change: impl FnOnce(&mut InstanceHeader)) -> InstanceHeader {
    let mut header = header(name);
    change(&mut header);
    header
}

/// What a stack is made of; the others are as in [`header`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stack {
    pub count: usize,
    pub orientation: [f64; 6],
    /// From slice to slice along the normal, in mm.
    pub step: f64,
    /// Degrees by which the step leans towards the rows.
    pub tilt: f64,
}

impl Default for Stack {
    fn default() -> Self {
        Stack { count: 8, orientation: AXIAL, step: 2.5, tilt: 0.0 }
    }
}

impl Stack {
    /// The vector from slice to slice.
    pub(crate) fn step_vector(&self) -> Vector {
        let plane = Orientation::new(self.orientation, 1e-6).unwrap();
        let along = scale(self.step, plane.normal());
        add_scaled(along, self.step * self.tilt.to_radians().tan(), plane.along_column())
    }

    /// Where the slice with this number lies.
    pub(crate) fn position(&self, index: usize) -> Vector {
        add_scaled(ORIGIN, index as f64, self.step_vector())
    }

    /// Slices named `00`, `01` and so on along the normal, with Instance Numbers from 1.
    pub(crate) fn headers(&self) -> Vec<InstanceHeader> {
        let slice = |index| {
            with(&format!("{index:02}"), |one| {
                one.plane.position = Some(self.position(index));
                one.plane.orientation = Some(self.orientation);
                one.identity.instance_number = Some(index as i64 + 1);
            })
        };
        (0..self.count).map(slice).collect()
    }
}

/// Eight axial slices.
pub(crate) fn regular() -> Vec<InstanceHeader> {
    Stack::default().headers()
}

/// The same slices again with other names, UIDs and Instance Numbers.
pub(crate) fn again(headers: &[InstanceHeader], prefix: &str) -> Vec<InstanceHeader> {
    let other = |one: &InstanceHeader| {
        let name = format!("{prefix}{}", one.path.file_name().unwrap().to_str().unwrap());
        let mut other = one.clone();
        other.path = PathBuf::from("folder").join(&name);
        other.identity.sop_instance_uid = format!("1.2.{name}");
        other.identity.instance_number = one.identity.instance_number.map(|number| number + 100);
        other
    };
    headers.iter().map(other).collect()
}

/// Plans headers of one series.
pub(crate) fn plan(headers: Vec<InstanceHeader>) -> SeriesPlan {
    plan_with(headers, Vec::new())
}

/// Plans headers of one series beside files that cannot be read.
pub(crate) fn plan_with(headers: Vec<InstanceHeader>, unreadable: Vec<Unreadable>) -> SeriesPlan {
    let mut plans = plan_series(headers, unreadable, &Tolerances::DEFAULT);
    assert_eq!(plans.len(), 1, "one series");
    plans.remove(0)
}

pub(crate) fn name(path: &std::path::Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The names of the slices with blanks between them, `-` where there is none.
pub(crate) fn slices(plan: &SeriesPlan) -> String {
    let one = |slice: &Option<Slice>| {
        slice.as_ref().map_or("-", |slice| name(&plan.set.files[slice.file].path))
    };
    plan.set.slices.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Each issue as `kind: names`, with `!` after the kind of an error.
pub(crate) fn findings(plan: &SeriesPlan) -> Vec<String> {
    let words = |issue: &Issue| {
        let names: Vec<&str> = issue.paths.iter().map(|path| name(path)).collect();
        format!("{}{}: {}", issue.kind, if issue.is_error { "!" } else { "" }, names.join(" "))
            .trim_end()
            .to_owned()
    };
    plan.report.all().map(words).collect()
}

/// The names of [`regular`].
pub(crate) const ALL: &str = "00 01 02 03 04 05 06 07";

/// Changes regular headers; the slices that are kept; the findings.
pub(crate) type Case =
    (&'static str, fn(&mut Vec<InstanceHeader>), &'static str, &'static [&'static str]);

pub(crate) fn check(cases: &[Case]) {
    for (name, change, kept, expected) in cases {
        let mut headers = regular();
        change(&mut headers);
        let plan = plan(headers);
        assert_eq!(slices(&plan), *kept, "{name}");
        assert_eq!(findings(&plan), *expected, "{name}");
        assert!(plan.report.all().all(|issue| !issue.sentence.contains("Secret")), "{name}");
    }
}

/// Headers with their frames, of which entries are made.
pub(crate) struct Images {
    headers: Vec<InstanceHeader>,
    frames: Vec<Vec<FrameHeader>>,
}

impl Images {
    pub(crate) fn new(headers: Vec<InstanceHeader>) -> Images {
        let frames = headers.iter().map(|header| header.all_frames().into_owned()).collect();
        Images { headers, frames }
    }

    /// An entry for each frame, in order.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        let all = self.headers.iter().zip(&self.frames).enumerate();
        let all = all.flat_map(|(file, (header, frames))| {
            frames.iter().map(move |frame| (file, header, frame))
        });
        let mut entries = Vec::new();
        for (index, (file, header, frame)) in all.enumerate() {
            let cosine = Tolerances::DEFAULT.cosine;
            let plane = frame.plane.orientation;
            let orientation = plane.and_then(|plane| Orientation::new(plane, cosine));
            entries.push(Entry { index, file, header, frame, orientation });
        }
        entries
    }
}
