//! What every codec goes through: whole rows of the image at hand, and nothing else.

use rapidicom_core::codec::{
    Codec, CodedColour, CodedImage, DecodeOptions, Decoded, Samples, Target,
};
use rapidicom_core::{ImageDescription, Result};

use super::{Kept, decode, image};

const CODED: CodedImage = CodedImage {
    rows: 3,
    columns: 2,
    samples_per_pixel: 1,
    precision: 8,
    is_signed: false,
    colour: CodedColour::AsDescribed,
    has_unused_bits: false,
};

/// Gives the bytes of the frame as they are, two rows at a time.
struct Plain;

impl Codec for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn decode(&self, frame: &[u8], target: &mut Target<'_>) -> Result<Decoded> {
        target.begin(self.name(), &CODED)?;
        for rows in frame.chunks(4) {
            target.rows(Samples::U8(rows))?;
        }
        Ok(Decoded::Whole)
    }
}

#[test]
fn whole_rows_pass_and_no_others() {
    assert_eq!(
        decode(&Plain, &[1, 2, 3, 4, 5, 6], &image(3, 2, 1, 8)).unwrap(),
        (vec![1, 2, 3, 4, 5, 6], true)
    );
    for wrong in [&[1, 2, 3, 4, 5][..], &[1, 2, 3, 4, 5, 6, 7, 8]] {
        assert!(decode(&Plain, wrong, &image(3, 2, 1, 8)).is_err(), "{} samples", wrong.len());
    }
}

#[test]
fn another_image_is_refused_before_it_is_decoded() {
    fn begin(coded: &CodedImage, image: &ImageDescription) -> Result<()> {
        Target::new(image, DecodeOptions::default(), &mut Kept::default()).begin("plain", coded)
    }
    for (other, why) in [
        (
            image(2, 3, 1, 8),
            "3 rows, 2 columns and 1 samples a pixel, but the data set says 2, 3 and 1",
        ),
        (image(3, 2, 3, 8), "but the data set says 3, 2 and 3"),
    ] {
        let error = begin(&CODED, &other).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    assert!(begin(&CODED, &image(3, 2, 1, 16)).is_ok(), "more room than it takes");
    assert!(
        begin(&CodedImage { precision: 9, ..CODED }, &image(3, 2, 1, 8)).is_err(),
        "more bits than there is room"
    );
}

#[test]
fn halves_are_rounded_up_each_time() {
    for (length, reduce, expected) in
        [(512, 0, 512), (513, 1, 257), (5, 2, 2), (5, 3, 1), (5, 70, 1)]
    {
        let (image, mut kept) = (image(length, 1, 1, 8), Kept::default());
        let target = Target::new(&image, DecodeOptions { reduce, area: None }, &mut kept);
        assert_eq!(target.rows_expected(), expected, "{length} halved {reduce} times");
    }
}
