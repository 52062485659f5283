//! The deviations from the standard that are tolerated, each with a name.

/// A way in which real files break the standard and are read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Leniency {
    /// An element of an explicit VR data set whose VR is no two capital letters is read as implicit.
    ImplicitElement,
    /// The data set is implicit where the Transfer Syntax says explicit, or the reverse; its first element decides.
    OtherVrEncoding,
    /// No Transfer Syntax UID: the encoding is guessed from the first element.
    MissingTransferSyntax,
    /// The last value of the data is shorter than its length says, and is taken as far as it goes.
    ValueCutShort,
    /// The data end without the delimiter of an undefined length.
    MissingDelimiter,
    /// 1 to 7 bytes follow the last element, too few for another.
    TrailingBytes,
    /// Elements are not in the order of their tags, or stand twice; the last of equals counts.
    UnorderedElements,
    /// Deflated data end before their last block does; what was inflated until then is the data set.
    DeflatedCutShort,
    /// The Transfer Syntax says that the data set is deflated, and it is not.
    NotDeflated,
}

impl Leniency {
    /// All of them, in order.
    pub const ALL: [Leniency; 9] = [
        Leniency::ImplicitElement,
        Leniency::OtherVrEncoding,
        Leniency::MissingTransferSyntax,
        Leniency::ValueCutShort,
        Leniency::MissingDelimiter,
        Leniency::TrailingBytes,
        Leniency::UnorderedElements,
        Leniency::DeflatedCutShort,
        Leniency::NotDeflated,
    ];

    /// Its name for users.
    pub fn name(self) -> &'static str {
        match self {
            Leniency::ImplicitElement => "implicit_element",
            Leniency::OtherVrEncoding => "other_vr_encoding",
            Leniency::MissingTransferSyntax => "missing_transfer_syntax",
            Leniency::ValueCutShort => "value_cut_short",
            Leniency::MissingDelimiter => "missing_delimiter",
            Leniency::TrailingBytes => "trailing_bytes",
            Leniency::UnorderedElements => "unordered_elements",
            Leniency::DeflatedCutShort => "deflated_cut_short",
            Leniency::NotDeflated => "not_deflated",
        }
    }
}

/// A set of [`Leniency`]: which are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leniencies(u32);

impl Leniencies {
    /// None: only what the standard allows.
    pub const NONE: Leniencies = Leniencies(0);
    /// Every one, which is what a reader of archives needs.
    pub const ALL: Leniencies = Leniencies(u32::MAX);

    /// Whether this one is granted.
    pub fn allow(self, leniency: Leniency) -> bool {
        self.0 & (1 << leniency as u8) != 0
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, leniency: Leniency) -> Leniencies {
        Leniencies(self.0 | (1 << leniency as u8))
    }
}

/// One tolerated deviation and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Which.
    pub leniency: Leniency,
    /// Bytes from the start of the file.
    pub offset: u64,
}

/// What was tolerated in one file. A damaged file can break the same rule at every element, so only the first few
/// places are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviations(Vec<Deviation>);

/// Enough to see the pattern of what is wrong.
const KEPT: usize = 32;

impl Deviations {
    pub(crate) fn add(&mut self, leniency: Leniency, offset: u64) {
        if self.0.len() < KEPT {
            self.0.push(Deviation { leniency, offset });
        }
    }

    /// In the order in which they were met.
    pub fn as_slice(&self) -> &[Deviation] {
        &self.0
    }
}
