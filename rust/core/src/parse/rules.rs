//! What holds for every data set of a file: its limits, and what is tolerated in it.

use super::leniency::Leniencies;
use crate::limits::Limits;

/// What holds for every data set of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What the file may cost.
    pub limits: Limits,
    /// What is tolerated.
    pub leniencies: Leniencies,
    /// What is tolerated of a file's pixel data and of what follows it; `None` for the same. What
    /// makes a header incomplete does not make one so there.
    pub after_pixels: Option<Leniencies>,
    /// Values up to this length are read along with the elements around them; longer ones stay in
    /// the file until they are asked for.
    pub deferred_above: u64,
}

/// A read costs as much as copying some 20 KB more, and few values but pixels, overlays and LUTs
/// are longer.
const DEFERRED_ABOVE: u64 = 64 * 1024;

impl Default for Rules {
    fn default() -> Self {
        Rules {
            limits: Limits::DEFAULT,
            leniencies: Leniencies::DEFAULT,
            after_pixels: None,
            deferred_above: DEFERRED_ABOVE,
        }
    }
}
