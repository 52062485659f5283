//! Inflating a data set that was deflated as a whole (PS3.5 §A.5; RFC 1951), as far as it is
//! wanted.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::cursor::{Run, copy_into};
use crate::error::{ErrorKind, Result};
use crate::limits::Limits;
use crate::memory::resize;

/// Reads the deflated bytes: fills as much of the buffer as there is from an offset on, and returns
/// how much that is.
pub(crate) type ReadDeflated<'r> = &'r dyn Fn(&mut [u8], u64) -> Result<usize>;

/// Bytes of one read of the deflated data: as many as a header that is worth reading takes.
const INPUT_LENGTH: usize = 16 * 1024;
/// The fewest bytes by which the inflated data grow.
const GROWTH: usize = 64 * 1024;
/// A deflated byte gives no more than this: 258 bytes take 2 bits (RFC 1951 §3.2.5).
const MOST_PER_BYTE: u64 = 1032;

/// Deflated bytes, and what they inflate to, from the first on.
pub(crate) struct Inflater {
    state: Box<DecompressorOxide>,
    /// The inflated bytes, and room for more.
    bytes: Vec<u8>,
    /// How many of them there are.
    length: usize,
    /// What was read and is not used up: `start..end` of `input`.
    input: Box<[u8]>,
    start: usize,
    end: usize,
    /// Where the next read starts.
    input_offset: u64,
    /// Where the deflated data end, if that is known.
    input_end: Option<u64>,
    /// Deflated bytes that were used up.
    used: u64,
    limits: Limits,
    is_done: bool,
    is_cut_short: bool,
}

impl Inflater {
    /// Starts at `offset` of what is read; `end` is where that ends, if it is known.
    pub(crate) fn new(offset: u64, end: Option<u64>, limits: &Limits) -> Inflater {
        Inflater {
            state: Box::default(),
            bytes: Vec::new(),
            length: 0,
            input: vec![0; INPUT_LENGTH].into(),
            start: 0,
            end: 0,
            input_offset: offset,
            input_end: end,
            used: 0,
            limits: *limits,
            is_done: false,
            is_cut_short: false,
        }
    }

    /// What was inflated until now.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Takes what was inflated.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.length);
        // Where little was wanted, most of it is room.
        self.bytes.shrink_to_fit();
        self.bytes
    }

    /// Whether there is no more.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Whether the deflated bytes ended before their last block did.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Inflates until there are `wanted` bytes, or no more.
    ///
    /// # Errors
    ///
    /// If the bytes are not deflated, inflate to more than the limit, or cannot be read.
    pub(crate) fn extend_to(&mut self, wanted: u64, read: ReadDeflated<'_>) -> Result<()> {
        if let Some(end) = self.input_end {
            // What is left can give so many bytes that the limit is sure to be met: then there is
            // no use in starting.
            let left = end
                .saturating_sub(self.input_offset)
                .saturating_add((self.end - self.start) as u64);
            let possible = (self.length as u64).saturating_add(left.saturating_mul(MOST_PER_BYTE));
            let limit = self.limit(self.used.saturating_add(left));
            if wanted > limit && wanted <= possible && !self.is_done {
                return Err(ErrorKind::InflatedTooLong { limit }.into());
            }
        }
        while !self.is_done && (self.length as u64) < wanted {
            self.step(wanted, read)?;
        }
        Ok(())
    }

    /// How long the inflated data may become when this many deflated bytes are used up.
    fn limit(&self, used: u64) -> u64 {
        self.limits.inflated_bytes.max(used.saturating_mul(self.limits.inflated_ratio))
    }

    fn step(&mut self, wanted: u64, read: ReadDeflated<'_>) -> Result<()> {
        if self.start == self.end {
            let filled = read(&mut self.input, self.input_offset)?;
            (self.start, self.end) = (0, filled.min(self.input.len()));
            self.input_offset = self.input_offset.saturating_add(self.end as u64);
        }
        if self.length == self.bytes.len() {
            self.grow(wanted)?;
        }
        let input = self.input.get(self.start..self.end).unwrap_or_default();
        // Always: at the end of its input it would otherwise go on with zeros, and make a byte that
        // was not there.
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_HAS_MORE_INPUT;
        let (status, taken, given) =
            decompress(&mut self.state, input, &mut self.bytes, self.length, flags);
        self.start += taken;
        self.length += given;
        self.used = self.used.saturating_add(taken as u64);
        match status {
            TINFLStatus::Done => self.is_done = true,
            TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput
                if !input.is_empty() || given > 0 => {}
            TINFLStatus::HasMoreOutput if self.length == self.bytes.len() => {}
            TINFLStatus::FailedCannotMakeProgress
            | TINFLStatus::NeedsMoreInput
            | TINFLStatus::HasMoreOutput => {
                (self.is_done, self.is_cut_short) = (true, true);
            }
            _ => return Err(ErrorKind::NotDeflated.into()),
        }
        Ok(())
    }

    /// Makes room: twice what there was, so that few bytes are moved, but no more than is wanted by
    /// far.
    fn grow(&mut self, wanted: u64) -> Result<()> {
        let limit = self.limit(self.used);
        let length = self.length as u64;
        if length >= limit {
            return Err(ErrorKind::InflatedTooLong { limit }.into());
        }
        let least = length.saturating_add(GROWTH as u64);
        // A length in the file may be wrong: room comes as bytes come.
        let target = wanted.min(length.saturating_mul(2)).max(least).min(limit);
        let target = usize::try_from(target).map_err(|_| ErrorKind::InflatedTooLong { limit })?;
        resize(&mut self.bytes, target)
    }
}

/// Inflates the bytes of a frame, of which `needed` are wanted, and says whether the deflated ones
/// ended too early.
///
/// # Errors
///
/// If the bytes are not deflated.
pub(crate) fn inflate_frame(deflated: &[u8], needed: u64) -> Result<(Vec<u8>, bool)> {
    let read = |buffer: &mut [u8], offset: u64| {
        Ok(copy_into(buffer, Run::new(deflated, 0).from(offset).unwrap_or_default()))
    };
    // As much as is needed is allowed: the caller has checked it.
    let limits = Limits { inflated_bytes: needed.saturating_add(GROWTH as u64), ..Limits::DEFAULT };
    let mut inflater = Inflater::new(0, Some(deflated.len() as u64), &limits);
    // One more, so that the end of the stream is seen: padding can pass for the last bits of one
    // that is cut short.
    inflater.extend_to(needed.saturating_add(1), &read)?;
    let is_cut_short = inflater.is_cut_short();
    Ok((inflater.into_bytes(), is_cut_short))
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;

    fn inflate(deflated: &[u8], wanted: u64, limits: &Limits) -> Result<Inflater> {
        let read = |buffer: &mut [u8], offset: u64| {
            let rest = deflated.get(offset as usize..).unwrap_or_default();
            // Short reads, as a stream may give them.
            let count = rest.len().min(buffer.len()).min(1000);
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        };
        let mut inflater = Inflater::new(0, Some(deflated.len() as u64), limits);
        inflater.extend_to(wanted, &read)?;
        Ok(inflater)
    }

    fn text(length: usize) -> Vec<u8> {
        (0..length as u32)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes())
            .take(length)
            .collect()
    }

    #[test]
    fn what_was_deflated_comes_back() {
        for length in [0, 1, 1000, 300_000] {
            for level in [0, 1, 9] {
                let deflated = compress_to_vec(&text(length), level);
                let inflater = inflate(&deflated, u64::MAX, &Limits::DEFAULT).unwrap();
                assert!(
                    inflater.is_done() && !inflater.is_cut_short(),
                    "{length} bytes at level {level}"
                );
                assert_eq!(inflater.into_bytes(), text(length));
            }
        }
    }

    #[test]
    fn no_more_is_inflated_than_is_wanted() {
        let deflated = compress_to_vec(&text(3_000_000), 1);
        let inflater = inflate(&deflated, 10, &Limits::DEFAULT).unwrap();
        assert!((10..=2 * GROWTH).contains(&inflater.bytes().len()), "{}", inflater.bytes().len());
        assert_eq!(inflater.bytes(), &text(3_000_000)[..inflater.bytes().len()]);
    }

    #[test]
    fn what_is_cut_short_goes_as_far_as_it_goes() {
        let deflated = compress_to_vec(&text(100_000), 1);
        for length in (0..50).chain([5000, deflated.len() - 1]) {
            let inflater = inflate(&deflated[..length], u64::MAX, &Limits::DEFAULT).unwrap();
            assert!(inflater.is_done() && inflater.is_cut_short(), "{length} bytes");
            assert_eq!(inflater.bytes(), &text(100_000)[..inflater.bytes().len()]);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let error = inflate(&[0xFF; 100], u64::MAX, &Limits::DEFAULT).map(|_| ()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotDeflated), "{error}");
    }

    #[test]
    fn a_bomb_is_refused() {
        let limits = Limits { inflated_bytes: 1 << 20, inflated_ratio: 10, ..Limits::DEFAULT };
        let bomb = compress_to_vec(&vec![0; 20 << 20], 9);
        for wanted in [2 << 20, u64::MAX] {
            let error = inflate(&bomb, wanted, &limits).map(|_| ()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::InflatedTooLong { .. }), "{error}");
        }
        assert!(inflate(&bomb, 1 << 20, &limits).is_ok(), "as much as is allowed");
        let incompressible = compress_to_vec(&text(5 << 20), 1);
        assert!(inflate(&incompressible, u64::MAX, &limits).is_ok(), "much that was much before");
    }

    #[test]
    fn the_limit_grows_with_what_was_used_up() {
        let limits = Limits { inflated_bytes: 1000, inflated_ratio: 10, ..Limits::DEFAULT };
        let inflater = Inflater::new(0, None, &limits);
        assert_eq!([0, 99, 100, 101].map(|used| inflater.limit(used)), [1000, 1000, 1000, 1010]);
        assert_eq!(inflater.limit(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_frame_says_whether_its_end_is_missing() {
        let plain = text(10_000);
        let deflated = compress_to_vec(&plain, 6);
        let (found, is_cut_short) = inflate_frame(&deflated, 10_000).unwrap();
        assert_eq!((&found[..], is_cut_short), (&plain[..], false));
        let cut = &deflated[..deflated.len() - 1];
        let (found, is_cut_short) = inflate_frame(cut, 10_000).unwrap();
        assert!(is_cut_short && found == plain[..found.len()]);
        let (found, _) = inflate_frame(&deflated, 100).unwrap();
        assert_eq!(found[..100], plain[..100], "less is wanted than there is");
        let error = inflate_frame(&[0xFF; 8], 10).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotDeflated), "{error}");
    }

    #[test]
    fn errors_of_the_reader_are_passed_on() {
        let mut inflater = Inflater::new(7, None, &Limits::DEFAULT);
        let read = |_: &mut [u8], offset: u64| {
            assert_eq!(offset, 7);
            Err(ErrorKind::FileChanged.into())
        };
        let error = inflater.extend_to(1, &read).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::FileChanged), "{error}");
        assert!(inflater.bytes().is_empty() && !inflater.is_done());
    }
}
