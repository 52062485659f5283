//! What scanners keep in private elements, and the standard has no place for or had none when they
//! were built.

mod block;
mod csa;
mod diffusion;
mod diffusion_canon;
mod diffusion_ge;
mod scan_axes;
mod slice_array;
mod united_imaging;

pub(crate) use block::private_tag;
#[cfg(test)]
pub(crate) use csa::tests::csa;
pub(crate) use csa::{Csa, csa_header, numbers};
pub(crate) use diffusion::{DIFFUSION_GRADIENT_ORIENTATION, add_private_diffusion, is_unit};
pub(crate) use slice_array::SliceArray;
pub(crate) use united_imaging::united_imaging_tag;
