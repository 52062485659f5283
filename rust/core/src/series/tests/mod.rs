//! Whole series, without files: headers that are made up, and the plans that they make. `synthetic`
//! makes headers and `bytes` data sets for the tests beside the code too.

pub(super) mod bytes;
mod content;
mod dimensions;
mod parts;
mod properties;
mod stacks;
pub(super) mod synthetic;
