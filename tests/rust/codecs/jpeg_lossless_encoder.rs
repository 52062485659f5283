//! An encoder of JPEG Lossless over all its parameters, from ITU-T T.81 alone (Annexes B, C, H).

/// How an image is to be coded.
#[derive(Clone, Debug)]
pub(super) struct Encoding {
    pub rows: usize,
    pub columns: usize,
    pub components: usize,
    /// Bits of a sample, 2 to 16.
    pub precision: u32,
    /// 1 to 7.
    pub predictor: u8,
    /// Low bits that are left out.
    pub point_transform: u32,
    /// Lines of a restart interval; 0 for no restarts.
    pub restart_lines: usize,
    /// Components of each scan.
    pub scans: Vec<Vec<usize>>,
    pub codes: Codes,
    /// Lines are given behind the first scan rather than in the frame header.
    pub has_lines_behind: bool,
    /// Differences are those that are congruent modulo the range of the samples and negative.
    pub wraps: bool,
}

/// Which Huffman codes are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codes {
    /// The same for any image, with all categories.
    Fixed,
    /// The more often a category is there the shorter its code, and each a bit longer than the one
    /// before.
    ByFrequency,
}

impl Encoding {
    /// One component of 16 bits, predictor 1, nothing special.
    pub(super) fn plain(rows: usize, columns: usize) -> Encoding {
        Encoding {
            rows,
            columns,
            components: 1,
            precision: 16,
            predictor: 1,
            point_transform: 0,
            restart_lines: 0,
            scans: vec![vec![0]],
            codes: Codes::Fixed,
            has_lines_behind: false,
            wraps: false,
        }
    }

    /// Codes samples in the order (row, column, component).
    pub(super) fn encode(&self, samples: &[u16]) -> Vec<u8> {
        assert_eq!(samples.len(), self.rows * self.columns * self.components);
        let mut frame = vec![0xFF, 0xD8];
        let rows = if self.has_lines_behind { 0 } else { self.rows as u16 };
        let mut header = vec![self.precision as u8];
        header.extend(rows.to_be_bytes());
        header.extend((self.columns as u16).to_be_bytes());
        header.push(self.components as u8);
        header.extend((0..self.components).flat_map(|component| [component as u8 + 1, 0x11, 0]));
        frame.extend(segment(0xC3, &header));
        if self.restart_lines > 0 {
            frame
                .extend(segment(0xDD, &((self.restart_lines * self.columns) as u16).to_be_bytes()));
        }
        for (index, components) in self.scans.iter().enumerate() {
            self.encode_scan(samples, components, &mut frame);
            if index == 0 && self.has_lines_behind {
                frame.extend(segment(0xDC, &(self.rows as u16).to_be_bytes()));
            }
        }
        frame.extend([0xFF, 0xD9]);
        frame
    }

    /// The tables of each component, whose destinations are used again by each scan, the scan
    /// header, and the samples.
    fn encode_scan(&self, samples: &[u16], components: &[usize], frame: &mut Vec<u8>) {
        let mut scan = vec![components.len() as u8];
        let differences: Vec<Vec<u16>> =
            components.iter().map(|component| self.differences(samples, *component)).collect();
        let tables: Vec<Table> =
            differences.iter().map(|differences| Table::new(self.codes, differences)).collect();
        for (destination, (component, table)) in components.iter().zip(&tables).enumerate() {
            frame.extend(segment(0xC4, &table.segment(destination as u8)));
            scan.extend([*component as u8 + 1, (destination as u8) << 4]);
        }
        scan.extend([self.predictor, 0, self.point_transform as u8]);
        frame.extend(segment(0xDA, &scan));

        let mut bits = Bits::default();
        for row in 0..self.rows {
            if self.restart_lines > 0 && row > 0 && row % self.restart_lines == 0 {
                bits.flush();
                bits.bytes.extend([0xFF, 0xD0 + ((row / self.restart_lines - 1) % 8) as u8]);
            }
            for column in 0..self.columns {
                for (differences, table) in differences.iter().zip(&tables) {
                    table.put(differences[row * self.columns + column], &mut bits);
                }
            }
        }
        bits.flush();
        frame.extend(bits.bytes);
    }

    /// What is coded of a component, modulo 65536 (T.81 §H.1.2.1).
    fn differences(&self, samples: &[u16], component: usize) -> Vec<u16> {
        let sample = |row: usize, column: usize| {
            i32::from(
                samples[(row * self.columns + column) * self.components + component]
                    >> self.point_transform,
            )
        };
        let predict = |row: usize, column: usize| {
            let is_first_line =
                row == 0 || self.restart_lines > 0 && row.is_multiple_of(self.restart_lines);
            match (is_first_line, column) {
                (true, 0) => return 1 << (self.precision - self.point_transform - 1),
                (true, _) => return sample(row, column - 1),
                (false, 0) => return sample(row - 1, 0),
                _ => {}
            }
            let (a, b, c) =
                (sample(row, column - 1), sample(row - 1, column), sample(row - 1, column - 1));
            match self.predictor {
                1 => a,
                2 => b,
                3 => c,
                4 => a + b - c,
                5 => a + ((b - c) >> 1),
                6 => b + ((a - c) >> 1),
                7 => (a + b) >> 1,
                other => panic!("predictor {other}"),
            }
        };
        let pixels =
            (0..self.rows).flat_map(|row| (0..self.columns).map(move |column| (row, column)));
        let differences = pixels.map(|(row, column)| sample(row, column) - predict(row, column));
        let wrapped = differences.map(|difference| {
            let range = 1 << (self.precision - self.point_transform);
            if self.wraps && difference > 0 { difference - range } else { difference }
        });
        wrapped.map(|difference| difference as u16).collect()
    }
}

/// A marker segment.
pub(super) fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    [&[0xFF, marker], &(body.len() as u16 + 2).to_be_bytes()[..], body].concat()
}

/// The category of a difference, and how many bits follow its code (T.81 Table H.2).
fn category(difference: u16) -> (u8, u32) {
    if difference == 1 << 15 {
        return (16, 0);
    }
    let bits = 16 - (difference as i16).unsigned_abs().leading_zeros();
    (bits as u8, bits)
}

struct Table {
    counts: [u8; 16],
    categories: Vec<u8>,
}

impl Table {
    fn new(codes: Codes, differences: &[u16]) -> Table {
        let mut frequencies = [0; 17];
        for difference in differences {
            frequencies[usize::from(category(*difference).0)] += 1;
        }
        let mut categories: Vec<u8> =
            (0..17).filter(|category| frequencies[usize::from(*category)] > 0).collect();
        if codes == Codes::Fixed || categories.len() > 16 {
            // Of 2 bits, five of 3, and then one each.
            return Table {
                counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
                categories: (0..17).collect(),
            };
        }
        categories.sort_by_key(|category| usize::MAX - frequencies[usize::from(*category)]);
        let mut counts = [0; 16];
        counts[..categories.len()].fill(1);
        Table { counts, categories }
    }

    /// The DHT segment's body.
    fn segment(&self, destination: u8) -> Vec<u8> {
        [&[destination], &self.counts[..], &self.categories].concat()
    }

    /// Writes a difference: the code of its category (T.81 Annex C), and its low bits.
    fn put(&self, difference: u16, bits: &mut Bits) {
        let (category, extra) = category(difference);
        let (mut code, mut index) = (0, 0);
        for (length, count) in (1..).zip(self.counts) {
            code <<= 1;
            for _ in 0..count {
                if self.categories[index] == category {
                    bits.put(code, length);
                    let low = if (difference as i16) < 0 {
                        difference.wrapping_sub(1)
                    } else {
                        difference
                    };
                    bits.put(u32::from(low) & ((1 << extra) - 1), extra);
                    return;
                }
                code += 1;
                index += 1;
            }
        }
        panic!("category {category} has no code");
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    waiting: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, bits: u32, count: u32) {
        for place in (0..count).rev() {
            self.waiting = self.waiting << 1 | (bits >> place & 1);
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.waiting as u8);
                if self.waiting == 0xFF {
                    self.bytes.push(0);
                }
                (self.waiting, self.count) = (0, 0);
            }
        }
    }

    /// Fills the last byte with ones.
    fn flush(&mut self) {
        while self.count > 0 {
            self.put(1, 1);
        }
    }
}
