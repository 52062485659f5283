//! Why bytes cannot be fetched.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Why the one who fetches bytes of files cannot: see [`crate::Fetch`].
#[derive(Clone)]
pub struct FetchFault {
    /// In words, which name no value of the file.
    pub what: String,
    /// What the one who fetches has raised.
    pub cause: Arc<dyn Any + Send + Sync>,
    /// Whether it is about the bytes, which are damaged or not read, and not about getting them.
    pub is_invalid: bool,
    /// Whether all work ends with it: somebody has stopped it, or there is no memory.
    pub is_end: bool,
}

impl fmt::Debug for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchFault").field("is_end", &self.is_end).finish_non_exhaustive()
    }
}
