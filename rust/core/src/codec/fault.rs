//! The error that all codecs share: the bytes are no frame of theirs.

use crate::error::{Error, ErrorKind, FrameFault};

/// The error of a frame that `codec` cannot decode, `offset` bytes from the start of the frame if
/// the place is known.
#[cold]
pub(crate) fn invalid(
    codec: &'static str,
    offset: impl Into<Option<usize>>,
    fault: impl Into<FrameFault>,
) -> Error {
    let offset = offset.into().map(|offset| offset as u64);
    ErrorKind::InvalidFrame { codec, offset, fault: fault.into() }.into()
}

/// The place and the fault of an error that [`invalid`] made, for tests.
#[cfg(test)]
pub(crate) fn fault_of(error: &Error) -> (Option<u64>, FrameFault) {
    match error.kind() {
        ErrorKind::InvalidFrame { offset, fault, .. } => (*offset, fault.clone()),
        other => panic!("no InvalidFrame: {other}"),
    }
}
