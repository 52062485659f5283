//! What series become, without files: headers that are made up, and the plans that they make.

mod content;
mod dimensions;
mod parts;
mod properties;
mod stacks;
mod synthetic;
