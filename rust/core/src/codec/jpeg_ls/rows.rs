//! Lines of components made rows of pixels, which go to the target in groups.

use super::colour::ColourTransform;
use crate::codec::target::{Samples, Target};
use crate::error::Result;

/// Samples of a group, if a row has not more: what follows finds them in the fastest cache.
const GROUP_SAMPLES: usize = 8 << 10;

/// Rows of pixels on their way to the target.
#[derive(Debug)]
pub(super) struct Rows {
    component_count: usize,
    precision: u32,
    transform: ColourTransform,
    group: Vec<u16>,
    /// The same in bytes, where they are enough.
    bytes: Vec<u8>,
    /// Rows that there were.
    pub count: usize,
}

impl Rows {
    pub(super) fn new(component_count: usize, precision: u32, transform: ColourTransform) -> Rows {
        Rows {
            component_count,
            precision,
            transform,
            group: Vec::new(),
            bytes: Vec::new(),
            count: 0,
        }
    }

    /// Takes the next row: a line of each component.
    ///
    /// # Errors
    ///
    /// Those of the target.
    pub(super) fn add<'a>(
        &mut self,
        mut lines: impl Iterator<Item = &'a [u16]>,
        target: &mut Target<'_>,
    ) -> Result<()> {
        let start = self.group.len();
        if self.component_count == 1 {
            self.group.extend_from_slice(lines.next().unwrap_or(&[]));
        } else {
            for (component, line) in lines.enumerate() {
                self.group
                    .resize(self.group.len().max(start + line.len() * self.component_count), 0);
                let places =
                    self.group.iter_mut().skip(start + component).step_by(self.component_count);
                places.zip(line).for_each(|(place, sample)| *place = *sample);
            }
            self.transform.undo(self.group.get_mut(start..).unwrap_or(&mut []), self.precision);
        }
        self.count += 1;
        let row = self.group.len() - start;
        if self.group.len() + row > GROUP_SAMPLES { self.flush(target) } else { Ok(()) }
    }

    /// Gives the target what waits.
    ///
    /// # Errors
    ///
    /// Those of the target.
    pub(super) fn flush(&mut self, target: &mut Target<'_>) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        if self.precision <= 8 {
            self.bytes.clear();
            self.bytes.extend(self.group.iter().map(|sample| *sample as u8));
            target.rows(Samples::U8(&self.bytes))?;
        } else {
            target.rows(Samples::U16(&self.group))?;
        }
        self.group.clear();
        Ok(())
    }
}
