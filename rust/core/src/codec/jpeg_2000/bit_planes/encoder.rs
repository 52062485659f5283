//! A block encoder written from Annex D of ISO/IEC 15444-1 alone, sample by sample, for tests.

use super::super::arithmetic::encoder::{Encoder, EncoderContexts, new_contexts};
use super::*;

/// A code-block that is encoded.
pub(super) struct Block {
    pub width: usize,
    pub height: usize,
    pub orientation: Orientation,
    pub style: BlockStyle,
    pub plane_count: u32,
    /// Row by row, with their signs.
    pub values: Vec<i32>,
}

/// What is known of the samples so far, and where symbols go.
struct State<'b> {
    block: &'b Block,
    is_significant: Vec<bool>,
    is_refined: Vec<bool>,
    is_visited: Vec<bool>,
    contexts: EncoderContexts,
    sink: Sink,
}

enum Sink {
    Coded(Encoder),
    Raw(Vec<u32>),
}

impl Sink {
    fn finish(self) -> Vec<u8> {
        match self {
            Sink::Coded(encoder) => encoder.finish(),
            Sink::Raw(bits) => raw_bytes(&bits),
        }
    }
}

/// Bits as they are, with a zero stuffed after 0xFF.
fn raw_bytes(bits: &[u32]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut rest = bits;
    while !rest.is_empty() {
        let count = if bytes.last() == Some(&0xFF) { 7 } else { 8 };
        let (now, after) = rest.split_at(count.min(rest.len()));
        let number = now.iter().fold(0, |number, bit| number << 1 | *bit as u8);
        // Padded with zeros, so that no byte is 0xFF by its padding.
        bytes.push(number << (count - now.len()));
        rest = after;
    }
    bytes
}

impl Block {
    /// Codeword segments, each with its number of passes.
    pub(super) fn encode(&self) -> Vec<(Vec<u8>, u32)> {
        let count = self.values.len();
        let mut state = State {
            block: self,
            is_significant: vec![false; count],
            is_refined: vec![false; count],
            is_visited: vec![false; count],
            contexts: new_contexts(),
            sink: Sink::Coded(Encoder::new()),
        };
        let passes = 3 * self.plane_count - 2;
        let mut segments = Vec::new();
        let mut pass_count = 0;
        for pass in 0..passes {
            let (plane, kind) = (self.plane_count - 1 - pass.div_ceil(3), (pass + 2) % 3);
            state.pass(plane, kind);
            pass_count += 1;
            if self.style.resets_contexts {
                state.contexts = new_contexts();
            }
            // After the first four bit-planes two raw passes, which end together, follow each
            // coded one (Table D.9).
            let (is_raw, is_next_raw) = (self.is_raw(pass), self.is_raw(pass + 1));
            let ends = self.style.terminates_passes || is_raw != is_next_raw || pass + 1 == passes;
            if ends {
                let next = match is_next_raw {
                    true => Sink::Raw(Vec::new()),
                    false => Sink::Coded(Encoder::new()),
                };
                let sink = std::mem::replace(&mut state.sink, next);
                segments.push((sink.finish(), pass_count));
                pass_count = 0;
            }
        }
        segments
    }

    fn is_raw(&self, pass: u32) -> bool {
        self.style.has_bypass && pass >= 10 && (pass + 2) % 3 < 2
    }
}

impl State<'_> {
    /// Whether the sample at a place is significant; those outside are not, nor those of the next
    /// stripe of `row` if contexts are causal.
    fn at(&self, row: usize, column: usize, down: isize, right: isize) -> Option<usize> {
        let (y, x) = (row.checked_add_signed(down)?, column.checked_add_signed(right)?);
        let is_hidden = self.block.style.is_vertically_causal && y / 4 > row / 4;
        let is_inside = y < self.block.height && x < self.block.width && !is_hidden;
        let index = y * self.block.width + x;
        (is_inside && self.is_significant[index]).then_some(index)
    }

    /// Significant neighbours to the sides, above and below, and diagonally.
    fn around(&self, row: usize, column: usize) -> (usize, usize, usize) {
        let count = |places: &[(isize, isize)]| {
            places.iter().filter(|(y, x)| self.at(row, column, *y, *x).is_some()).count()
        };
        let diagonal = count(&[(-1, -1), (-1, 1), (1, -1), (1, 1)]);
        (count(&[(0, -1), (0, 1)]), count(&[(-1, 0), (1, 0)]), diagonal)
    }

    /// Table D.1.
    fn significance_context(&self, row: usize, column: usize) -> usize {
        let (mut h, mut v, d) = self.around(row, column);
        if self.block.orientation == Orientation::Diagonal {
            return match (h + v, d) {
                (_, 3..) => 8,
                (1.., 2) => 7,
                (0, 2) => 6,
                (2.., 1) => 5,
                (1, 1) => 4,
                (0, 1) => 3,
                (2.., _) => 2,
                (both, _) => both,
            };
        }
        if self.block.orientation == Orientation::Horizontal {
            (h, v) = (v, h);
        }
        match (h, v, d) {
            (2, ..) => 8,
            (1, 1.., _) => 7,
            (1, 0, 1..) => 6,
            (1, 0, 0) => 5,
            (_, 2, _) => 4,
            (_, 1, _) => 3,
            (_, _, 2..) => 2,
            _ => d,
        }
    }

    fn put(&mut self, context: usize, symbol: u32) {
        match &mut self.sink {
            Sink::Coded(encoder) => encoder.encode(&mut self.contexts, context, symbol),
            Sink::Raw(bits) => bits.push(symbol),
        }
    }

    /// Tables D.2 and D.3.
    fn put_sign(&mut self, row: usize, column: usize) {
        let sum = |one: (isize, isize), other: (isize, isize)| {
            let signs = [one, other].map(|(y, x)| {
                self.at(row, column, y, x).map_or(0, |index| self.block.values[index].signum())
            });
            (signs[0] + signs[1]).signum()
        };
        let (h, v) = (sum((0, -1), (0, 1)), sum((-1, 0), (1, 0)));
        let (context, flips) = match (h, v) {
            (1, 1) => (13, 0),
            (1, 0) => (12, 0),
            (1, _) => (11, 0),
            (0, 1) => (10, 0),
            (0, 0) => (9, 0),
            (0, _) => (10, 1),
            (_, 1) => (11, 1),
            (_, 0) => (12, 1),
            _ => (13, 1),
        };
        let index = row * self.block.width + column;
        let sign = u32::from(self.block.values[index] < 0);
        // Raw signs are as they are.
        let flips = if matches!(self.sink, Sink::Raw(_)) { 0 } else { flips };
        self.put(context, sign ^ flips);
        self.is_significant[index] = true;
    }

    fn pass(&mut self, plane: u32, kind: u32) {
        for stripe in (0..self.block.height).step_by(4) {
            for column in 0..self.block.width {
                let end = (stripe + 4).min(self.block.height);
                let first = if kind == 2 { self.run_length(plane, stripe, column) } else { stripe };
                for row in first..end {
                    self.sample(plane, kind, row, column);
                }
            }
        }
        if kind == 2 {
            self.is_visited.fill(false);
            if self.block.style.has_segmentation_symbols {
                for bit in [1, 0, 1, 0] {
                    self.put(UNIFORM, bit);
                }
            }
        }
    }

    fn bit(&self, plane: u32, row: usize, column: usize) -> u32 {
        self.block.values[row * self.block.width + column].unsigned_abs() >> plane & 1
    }

    /// The start of a column of four whose neighbours are all insignificant (§D.3.4). Returns the
    /// row that is coded next.
    fn run_length(&mut self, plane: u32, stripe: usize, column: usize) -> usize {
        let mut rows = stripe..stripe + 4;
        let is_plain = stripe + 4 <= self.block.height
            && rows.clone().all(|row| {
                let index = row * self.block.width + column;
                self.around(row, column) == (0, 0, 0)
                    && !self.is_significant[index]
                    && !self.is_visited[index]
            });
        if !is_plain {
            return stripe;
        }
        let Some(found) = rows.find(|row| self.bit(plane, *row, column) == 1) else {
            self.put(RUN_LENGTH, 0);
            return stripe + 4;
        };
        self.put(RUN_LENGTH, 1);
        let run = (found - stripe) as u32;
        self.put(UNIFORM, run >> 1);
        self.put(UNIFORM, run & 1);
        self.put_sign(found, column);
        found + 1
    }

    fn sample(&mut self, plane: u32, kind: u32, row: usize, column: usize) {
        let index = row * self.block.width + column;
        let (is_significant, is_visited) = (self.is_significant[index], self.is_visited[index]);
        let bit = self.bit(plane, row, column);
        let around = self.around(row, column);
        match kind {
            1 if is_significant && !is_visited => {
                let context = match (self.is_refined[index], around == (0, 0, 0)) {
                    (true, _) => 16,
                    (false, true) => 14,
                    (false, false) => 15,
                };
                self.put(context, bit);
                self.is_refined[index] = true;
            }
            0 if !is_significant && around != (0, 0, 0) => {
                self.put(self.significance_context(row, column), bit);
                self.is_visited[index] = true;
                if bit == 1 {
                    self.put_sign(row, column);
                }
            }
            2 if !is_significant && !is_visited => {
                self.put(self.significance_context(row, column), bit);
                if bit == 1 {
                    self.put_sign(row, column);
                }
            }
            _ => {}
        }
    }
}
