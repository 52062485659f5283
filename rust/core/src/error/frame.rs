//! What can be wrong with a compressed frame.

use std::fmt;

/// What is wrong with a compressed frame: one closed list of faults for each family of codecs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameFault {
    /// A fault without numbers; the words say what.
    Other(String),
}

impl From<String> for FrameFault {
    fn from(why: String) -> FrameFault {
        FrameFault::Other(why)
    }
}

impl From<&str> for FrameFault {
    fn from(why: &str) -> FrameFault {
        FrameFault::Other(why.to_owned())
    }
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameFault::Other(why) => f.write_str(why),
        }
    }
}
