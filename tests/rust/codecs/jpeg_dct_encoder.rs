//! Writes JPEG frames from quantized coefficients (T.81 Annexes F and G): any sampling factors, any
//! scans.

use std::collections::BTreeMap;

/// A frame, by its coefficients.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub precision: u32,
    pub rows: usize,
    pub columns: usize,
    /// Horizontal and vertical sampling factors of each component.
    pub factors: Vec<(usize, usize)>,
    /// In zig-zag order.
    pub quantization: [u16; 64],
    /// MCUs; 0 for no restarts.
    pub restart_interval: usize,
    /// By component: all blocks of all MCUs, row by row, each in zig-zag order.
    pub coefficients: Vec<Vec<[i16; 64]>>,
}

/// What a scan has of which components.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub components: Vec<usize>,
    pub start: u8,
    pub end: u8,
    pub high: u8,
    pub low: u8,
}

impl Scan {
    pub(super) fn new(components: &[usize], (start, end): (u8, u8), (high, low): (u8, u8)) -> Scan {
        Scan { components: components.to_vec(), start, end, high, low }
    }

    pub(super) fn sequential(components: &[usize]) -> Scan {
        Scan::new(components, (0, 63), (0, 0))
    }
}

/// What entropy-coded bytes are made of.
enum Token {
    /// A symbol of one of the tables: of class 0 or 1.
    Symbol(u8, u8),
    /// A number of so many bits.
    Bits(u32, u32),
    Restart(u8),
}

pub(super) fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 2) as u16;
    [&[0xFF, marker][..], &length.to_be_bytes(), body].concat()
}

impl Frame {
    pub(super) fn highest_factors(&self) -> (usize, usize) {
        // Those of a component alone do not count.
        if self.factors.len() == 1 {
            return (1, 1);
        }
        self.factors.iter().fold((1, 1), |high, (x, y)| (high.0.max(*x), high.1.max(*y)))
    }

    pub(super) fn factors_of(&self, component: usize) -> (usize, usize) {
        if self.factors.len() == 1 { (1, 1) } else { self.factors[component] }
    }

    pub(super) fn mcus(&self) -> (usize, usize) {
        let (x, y) = self.highest_factors();
        (self.columns.div_ceil(8 * x), self.rows.div_ceil(8 * y))
    }

    /// Blocks of all MCUs, across and down.
    pub(super) fn blocks(&self, component: usize) -> (usize, usize) {
        let ((mcus_x, mcus_y), (x, y)) = (self.mcus(), self.factors_of(component));
        (mcus_x * x, mcus_y * y)
    }

    /// Samples of a component, across and down.
    pub(super) fn size(&self, component: usize) -> (usize, usize) {
        let ((high_x, high_y), (x, y)) = (self.highest_factors(), self.factors_of(component));
        ((self.columns * x).div_ceil(high_x), (self.rows * y).div_ceil(high_y))
    }

    /// Everything up to the first scan. `before` stands behind SOI.
    pub(super) fn headers(&self, sof: u8, before: &[u8]) -> Vec<u8> {
        let mut bytes = [&[0xFF, 0xD8][..], before].concat();
        let is_wide = self.quantization.iter().any(|value| *value > 255);
        let mut table = vec![u8::from(is_wide) << 4];
        for value in self.quantization {
            if is_wide { table.extend(value.to_be_bytes()) } else { table.push(value as u8) }
        }
        bytes.extend(segment(0xDB, &table));
        let mut header = vec![self.precision as u8];
        header.extend((self.rows as u16).to_be_bytes());
        header.extend((self.columns as u16).to_be_bytes());
        header.push(self.factors.len() as u8);
        for (index, (x, y)) in self.factors.iter().enumerate() {
            header.extend([index as u8 + 1, (x << 4 | y) as u8, 0]);
        }
        bytes.extend(segment(sof, &header));
        if self.restart_interval > 0 {
            bytes.extend(segment(0xDD, &(self.restart_interval as u16).to_be_bytes()));
        }
        bytes
    }

    /// The whole frame.
    pub(super) fn encode(&self, sof: u8, scans: &[Scan]) -> Vec<u8> {
        let mut bytes = self.headers(sof, &[]);
        scans.iter().for_each(|scan| bytes.extend(self.scan(sof, scan)));
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    /// A scan with its tables.
    pub(super) fn scan(&self, sof: u8, scan: &Scan) -> Vec<u8> {
        let tokens = self.tokens(sof, scan);
        let mut bytes = Vec::new();
        let mut codes = BTreeMap::new();
        for class in [0, 1] {
            let mut frequencies = BTreeMap::new();
            for token in &tokens {
                if let Token::Symbol(of_class, symbol) = token
                    && *of_class == class
                {
                    *frequencies.entry(*symbol).or_insert(0u32) += 1;
                }
            }
            if frequencies.is_empty() {
                continue;
            }
            let mut symbols: Vec<u8> = frequencies.keys().copied().collect();
            symbols.sort_by_key(|symbol| std::cmp::Reverse(frequencies[symbol]));
            let counts = counts(symbols.len());
            let mut next = 0u32;
            let mut left = symbols.iter();
            for (length, count) in (1..).zip(counts) {
                for symbol in left.by_ref().take(usize::from(count)) {
                    codes.insert((class, *symbol), (next, length));
                    next += 1;
                }
                next <<= 1;
            }
            bytes.extend(segment(0xC4, &[&[class << 4][..], &counts, &symbols].concat()));
        }
        let mut header = vec![scan.components.len() as u8];
        scan.components.iter().for_each(|component| header.extend([*component as u8 + 1, 0]));
        header.extend([scan.start, scan.end, scan.high << 4 | scan.low]);
        bytes.extend(segment(0xDA, &header));

        let mut writer = BitWriter::default();
        for token in tokens {
            match token {
                Token::Symbol(class, symbol) => {
                    let (code, length) = codes[&(class, symbol)];
                    writer.put(code, length);
                }
                Token::Bits(bits, length) => writer.put(bits, length),
                Token::Restart(number) => {
                    writer.pad();
                    writer.bytes.extend([0xFF, 0xD0 + number]);
                }
            }
        }
        writer.pad();
        bytes.extend(writer.bytes);
        bytes
    }

    fn tokens(&self, sof: u8, scan: &Scan) -> Vec<Token> {
        let mut coder =
            Coder { scan: scan.clone(), is_progressive: sof == 0xC2, ..Coder::default() };
        coder.predictions = vec![0; scan.components.len()];
        let is_interleaved = scan.components.len() > 1;
        let (across, down) = match is_interleaved {
            true => self.mcus(),
            false => {
                let (columns, rows) = self.size(scan.components[0]);
                (columns.div_ceil(8), rows.div_ceil(8))
            }
        };
        for mcu in 0..across * down {
            if self.restart_interval > 0 && mcu > 0 && mcu % self.restart_interval == 0 {
                coder.end_run();
                coder.tokens.push(Token::Restart((mcu / self.restart_interval - 1) as u8 % 8));
                coder.predictions.fill(0);
            }
            let (column, row) = (mcu % across, mcu / across);
            for (index, component) in scan.components.iter().enumerate() {
                let (x, y) = if is_interleaved { self.factors_of(*component) } else { (1, 1) };
                let blocks_across = self.blocks(*component).0;
                for place in 0..x * y {
                    let block = (row * y + place / x) * blocks_across + column * x + place % x;
                    coder.block(index, &self.coefficients[*component][block]);
                }
            }
        }
        coder.end_run();
        coder.tokens
    }
}

/// How many codes of each length there are for so many symbols: few short ones, and codes of all
/// lengths.
fn counts(mut symbols: usize) -> [u8; 16] {
    [0, 1, 2, 2, 2, 2, 2, 2, 4, 4, 8, 8, 8, 8, 8, 255].map(|most: u8| {
        let count = symbols.min(usize::from(most));
        symbols -= count;
        count as u8
    })
}

#[derive(Default)]
struct Coder {
    scan: Scan,
    is_progressive: bool,
    tokens: Vec<Token>,
    predictions: Vec<i32>,
    /// Blocks that end, and the bits of coefficients in them.
    run: u32,
    run_bits: Vec<u32>,
}

impl Default for Scan {
    fn default() -> Scan {
        Scan::sequential(&[])
    }
}

/// Bits of a number (T.81 Table F.1).
fn size(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}

impl Coder {
    fn block(&mut self, index: usize, block: &[i16; 64]) {
        match (self.is_progressive, self.scan.start, self.scan.high) {
            (false, _, _) => {
                self.dc(index, block);
                self.ac_first(block, 1, 63);
            }
            (true, 0, 0) => self.dc(index, block),
            (true, 0, _) => {
                self.tokens.push(Token::Bits((block[0] >> self.scan.low & 1) as u32, 1))
            }
            (true, start, 0) => self.ac_first(block, start, self.scan.end),
            (true, start, _) => self.ac_refinement(block, start, self.scan.end),
        }
    }

    fn value(&mut self, value: i32, size: u32) {
        let bits = if value < 0 { value - 1 } else { value };
        self.tokens.push(Token::Bits(bits as u32 & ((1 << size) - 1), size));
    }

    fn dc(&mut self, index: usize, block: &[i16; 64]) {
        let value = i32::from(block[0] >> self.scan.low);
        let difference = value - self.predictions[index];
        self.predictions[index] = value;
        self.tokens.push(Token::Symbol(0, size(difference) as u8));
        self.value(difference, size(difference));
    }

    fn ac_first(&mut self, block: &[i16; 64], start: u8, end: u8) {
        let mut zeros = 0;
        for coefficient in &block[usize::from(start)..=usize::from(end)] {
            let value = i32::from(coefficient.unsigned_abs() >> self.scan.low)
                * i32::from(coefficient.signum());
            if value == 0 {
                zeros += 1;
                continue;
            }
            self.end_run();
            while zeros > 15 {
                self.tokens.push(Token::Symbol(1, 0xF0));
                zeros -= 16;
            }
            self.tokens.push(Token::Symbol(1, (zeros << 4) | size(value) as u8));
            self.value(value, size(value));
            zeros = 0;
        }
        if zeros > 0 {
            self.run += 1;
            if !self.is_progressive || self.run == 0x7FFF {
                self.end_run();
            }
        }
    }

    fn ac_refinement(&mut self, block: &[i16; 64], start: u8, end: u8) {
        let values = block.map(|coefficient| coefficient.unsigned_abs() >> self.scan.low);
        let band = usize::from(start)..=usize::from(end);
        let last_new = band.clone().rev().find(|index| values[*index] == 1).unwrap_or(0);
        let (mut zeros, mut bits) = (0, Vec::new());
        for index in band {
            if values[index] == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 && index <= last_new {
                self.end_run();
                self.tokens.push(Token::Symbol(1, 0xF0));
                self.correct(&mut bits);
                zeros -= 16;
            }
            if values[index] > 1 {
                bits.push(u32::from(values[index] & 1));
                continue;
            }
            self.end_run();
            self.tokens.push(Token::Symbol(1, zeros << 4 | 1));
            self.tokens.push(Token::Bits(u32::from(block[index] > 0), 1));
            self.correct(&mut bits);
            zeros = 0;
        }
        if zeros > 0 || !bits.is_empty() {
            self.run += 1;
            self.run_bits.append(&mut bits);
            if self.run == 0x7FFF {
                self.end_run();
            }
        }
    }

    fn correct(&mut self, bits: &mut Vec<u32>) {
        self.tokens.extend(bits.drain(..).map(|bit| Token::Bits(bit, 1)));
    }

    /// Writes that blocks have ended.
    fn end_run(&mut self) {
        if self.run > 0 {
            let length = self.run.ilog2();
            self.tokens.push(Token::Symbol(1, (length << 4) as u8));
            self.tokens.push(Token::Bits(self.run - (1 << length), length));
            self.run = 0;
            let mut bits = std::mem::take(&mut self.run_bits);
            self.correct(&mut bits);
        }
    }
}

#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitWriter {
    fn put(&mut self, bits: u32, length: u32) {
        self.bits = self.bits << length | u64::from(bits);
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.bits >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xFF {
                self.bytes.push(0);
            }
        }
    }

    /// Ones up to the next byte (T.81 §F.1.2.3).
    fn pad(&mut self) {
        let length = (8 - self.count) % 8;
        self.put((1 << length) - 1, length);
    }
}
