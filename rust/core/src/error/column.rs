//! What can be wrong with a column that a caller asks of a header table.

use std::fmt;

/// Why a text names no column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnFault {
    /// A bracket without a whole number in it.
    Index {
        /// The part of the text with the bracket.
        part: String,
    },
    /// Neither a keyword nor a tag.
    Unknown {
        /// The part of the text.
        part: String,
        /// The keyword that may be meant.
        similar: Option<&'static str>,
    },
    /// The keyword of an element whose group repeats (PS3.5 §7.6), such as 60xx.
    RepeatingGroup {
        /// The keyword.
        keyword: String,
    },
    /// Elements are asked of something that is no sequence.
    NotASequence {
        /// Its keyword or tag.
        name: String,
    },
    /// An index without an element of the item to take.
    IndexAtEnd,
    /// A sequence, which is no value.
    WholeSequence {
        /// Its keyword or tag.
        name: String,
    },
    /// Bytes, which are neither text nor numbers.
    NoValues {
        /// The keyword or tag of the element.
        name: String,
    },
}

impl fmt::Display for ColumnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnFault::Index { part } => write!(f, "{part:?} has no whole index"),
            ColumnFault::Unknown { part, similar } => {
                write!(f, "{part:?} is neither a keyword nor a tag")?;
                match similar {
                    Some(keyword) => write!(f, "; did you mean {keyword}?"),
                    None => Ok(()),
                }
            }
            ColumnFault::RepeatingGroup { keyword } => {
                write!(f, "{keyword} names a group that repeats: give a tag, such as (6000,0010)")
            }
            ColumnFault::NotASequence { name } => write!(f, "{name} is no sequence"),
            ColumnFault::IndexAtEnd => {
                f.write_str("an index belongs to a sequence, with an element after it")
            }
            ColumnFault::WholeSequence { name } => {
                write!(f, "{name} is a sequence: say which element of it")
            }
            ColumnFault::NoValues { name } => {
                write!(f, "{name} holds neither text nor numbers that fit a table")
            }
        }
    }
}
