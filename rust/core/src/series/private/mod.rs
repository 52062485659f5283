//! What scanners keep in private elements, and the standard has no place for or had none when they
//! were built.

mod block;
mod csa;
mod diffusion;
mod diffusion_ge;
mod slice_array;

pub use block::private_tag;
#[cfg(test)]
pub use csa::tests::csa;
pub use csa::{Csa, csa_header, numbers};
pub use diffusion::{DIFFUSION_GRADIENT_ORIENTATION, add_private_diffusion, is_unit};
pub use slice_array::SliceArray;
