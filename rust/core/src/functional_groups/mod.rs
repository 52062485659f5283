//! Functional groups (PS3.3 §C.7.6.16): the attributes that frames share, and those that each has
//! for itself.
//!
//! [`walk`] goes through the items without keeping one, [`attributes`] takes from them what a
//! volume depends on, and [`dimensions`] what frames are counted by.

mod attributes;
mod dimensions;
mod walk;

pub(crate) use attributes::FrameAttributes;
pub(crate) use dimensions::{Dimension, Dimensions};
pub(crate) use walk::read_functional_groups;
