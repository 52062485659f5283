//! The fuzzer's bytes as a list of decisions.

/// Takes decisions from the front of the fuzzer's bytes; all are 0 once those are used up, so that
/// every input makes a whole file.
#[derive(Clone, Debug)]
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices(bytes)
    }

    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// One of few in `count`, and seldom: never once the bytes are used up.
    pub fn is_one_of(&mut self, count: u8) -> bool {
        self.byte() % count == count - 1
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// At most `most` bytes as they are, their number first.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let length = self.below(most + 1).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number: one that files have, or one that no file should have.
    pub fn number(&mut self) -> f64 {
        const ODD: [f64; 12] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            1e-300,
            1e300,
            f64::INFINITY,
            f64::NAN,
            1e6,
            4_294_967_296.0,
            0.707_106_8,
        ];
        match self.byte() {
            low @ 0..128 => f64::from(low) - 32.0,
            low @ 128..224 => f64::from(i16::from_le_bytes([low, self.byte()])) / 100.0,
            _ => self.pick(&ODD),
        }
    }

    /// The text of a number, or of what is none.
    pub fn number_text(&mut self) -> String {
        const ODD: [&str; 12] = [
            "",
            " ",
            "1,5",
            "1.",
            ".5",
            "+1",
            "1e",
            "0x10",
            "1 2",
            "12345678901234567890",
            "--1",
            "9e99999",
        ];
        if self.is_one_of(16) { self.pick(&ODD).to_owned() } else { self.number().to_string() }
    }

    /// `count` numbers as text.
    pub fn numbers_text(&mut self, count: usize) -> String {
        let numbers: Vec<String> = (0..count).map(|_| self.number_text()).collect();
        numbers.join("\\")
    }
}
