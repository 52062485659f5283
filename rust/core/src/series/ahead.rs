//! Work on instances of a series while others are still under way.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::find::read_instance_header;
use super::image_state::ImageState;
use super::open_image::OpenPixels;
use crate::dataset::OpenBytes;
use crate::error::Result;
use crate::memory::filled;
use crate::parse::Prefix;
use crate::pixel::{FrameOptions, FrameScratch, ImagePixels};
use crate::source::{Arrived, Given, Place};

/// An instance that came before it is known where it lies in its volume.
pub struct InstanceAhead {
    /// Its SOP Instance UID; empty if it has none, or its header is damaged.
    pub sop_instance_uid: String,
    arrived: Arc<Arrived>,
    /// `None` where there is nothing to decode: native pixels are copied once, when their place is
    /// known.
    pixels: Option<ImagePixels>,
}

impl InstanceAhead {
    /// Reads the header of an instance. What is wrong with it those say who read it as part of its
    /// series.
    ///
    /// # Errors
    ///
    /// If the machine fails.
    pub fn new(arrived: Arc<Arrived>) -> Result<InstanceAhead> {
        let place = Place::Memory(Arc::clone(arrived.bytes()));
        let given = Given { place, number: 0, is_named: true, state: None, has_sum: false };
        let header = match read_instance_header(Path::new(""), Some(&given), Prefix::Needed) {
            Err(error) if error.is_of_machine() => return Err(error),
            Err(_) => {
                return Ok(InstanceAhead {
                    sop_instance_uid: String::new(),
                    arrived,
                    pixels: None,
                });
            }
            Ok(header) => header,
        };
        let pixels = match header.image.state {
            ImageState::Readable(pixels) if !header.image.is_deflated => Some(pixels),
            _ => None,
        };
        let pixels = pixels.filter(|pixels| matches!(pixels, ImagePixels::Encapsulated(_)));
        Ok(InstanceAhead { sop_instance_uid: header.identity.sop_instance_uid, arrived, pixels })
    }

    /// Bytes of its frames after they are decoded; 0 if they are native.
    pub fn decoded_length(&self) -> u64 {
        let Some(ImagePixels::Encapsulated(pixels)) = &self.pixels else { return 0 };
        let image = &pixels.description;
        (image.frame_length() as u64).saturating_mul(image.frame_count)
    }

    /// Decodes its frames, and keeps the sound ones: the others are decoded again where the errors
    /// are raised or reported.
    pub fn decode(&self) {
        // Nobody asked for it yet.
        drop(self.decode_all());
    }

    fn decode_all(&self) -> Result<()> {
        let Some(pixels) = &self.pixels else { return Ok(()) };
        let bytes = OpenBytes::Memory(self.arrived.bytes());
        let OpenPixels::Encapsulated(pixels, frames) =
            OpenPixels::new(pixels, &bytes, None::<&OnceLock<_>>)?
        else {
            return Ok(());
        };
        let (image, mut scratch) = (&pixels.description, FrameScratch::default());
        for index in 0..frames.count().min(image.frame_count) {
            pixels.limits.check_decoded(image.frame_length() as u64, frames.length(index))?;
            let mut stored = filled(image.frame_length())?;
            let options = FrameOptions::default();
            let found =
                pixels.decode_frame(&frames, index, &bytes, &options, &mut scratch, &mut stored);
            if let Ok(None) = found {
                self.arrived.keep_frame(index, stored);
            }
        }
        Ok(())
    }
}
