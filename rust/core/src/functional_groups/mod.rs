//! Functional groups (PS3.3 §C.7.6.16): the attributes that frames share, and those that each has for itself.
//!
//! [`walk`] goes through the items without keeping one, and [`attributes`] takes from them what a volume depends on.

mod attributes;
mod walk;

pub use attributes::FrameAttributes;
pub use walk::read_functional_groups;
