//! What can be wrong with a compressed frame.

use std::fmt;

use super::jpeg::JpegFault;
use super::jpeg_2000::Jpeg2000Fault;
use super::jpeg_ls::JpegLsFault;

/// What is wrong with a compressed frame: one closed list of faults for each family of codecs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameFault {
    /// In JPEG, lossless or not.
    Jpeg(JpegFault),
    /// In JPEG-LS.
    JpegLs(JpegLsFault),
    /// In JPEG 2000 or HTJ2K.
    Jpeg2000(Jpeg2000Fault),
    /// A fault without numbers; the words say what.
    Other(String),
}

impl From<JpegFault> for FrameFault {
    fn from(fault: JpegFault) -> FrameFault {
        FrameFault::Jpeg(fault)
    }
}

impl From<JpegLsFault> for FrameFault {
    fn from(fault: JpegLsFault) -> FrameFault {
        FrameFault::JpegLs(fault)
    }
}

impl From<Jpeg2000Fault> for FrameFault {
    fn from(fault: Jpeg2000Fault) -> FrameFault {
        FrameFault::Jpeg2000(fault)
    }
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
            FrameFault::Jpeg(fault) => fault.fmt(f),
            FrameFault::JpegLs(fault) => fault.fmt(f),
            FrameFault::Jpeg2000(fault) => fault.fmt(f),
            FrameFault::Other(why) => f.write_str(why),
        }
    }
}

/// Declares an enum of faults, each with its numbers and its sentence, which documents it too.
macro_rules! faults {
    (
        $(#[$doc:meta])*
        $fault:ident {
            $($name:ident $({ $($field:ident: $type:ty),* })? =>
                $sentence:literal $(, $argument:expr)*;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "the sentence of a fault says what its numbers are")]
        pub enum $fault {
            $(#[doc = $sentence] $name $({ $($field: $type),* })?,)*
        }

        impl std::fmt::Display for $fault {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match *self {
                    $($fault::$name $({ $($field),* })? => write!(f, $sentence $(, $argument)*),)*
                }
            }
        }
    };
}

pub(super) use faults;
