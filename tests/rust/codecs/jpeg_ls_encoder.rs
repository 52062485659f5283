//! An encoder of JPEG-LS, as its standard (ISO/IEC 14495-1, ITU-T T.87) says it and no faster.

/// How components take turns (ILV).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interleave {
    None,
    Line,
    Sample,
}

/// What a frame is coded with.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub rows: usize,
    pub columns: usize,
    pub component_count: usize,
    pub precision: u32,
    pub near: i32,
    pub interleave: Interleave,
    /// MAXVAL, T1, T2, T3 and RESET; 0 for the default.
    pub preset: Option<[i32; 5]>,
    /// Lines between restart markers; 0 for none.
    pub restart_interval: usize,
    /// Puts rows and columns into a segment of their own, as if they were too many for the frame
    /// header.
    pub is_oversize: bool,
    /// Puts the number of lines behind the first scan.
    pub has_dnl: bool,
    /// Marker segments behind the first marker.
    pub other_segments: Vec<u8>,
}

impl Settings {
    pub(super) fn new(
        rows: usize,
        columns: usize,
        component_count: usize,
        precision: u32,
    ) -> Settings {
        Settings {
            rows,
            columns,
            component_count,
            precision,
            near: 0,
            interleave: if component_count == 1 { Interleave::None } else { Interleave::Sample },
            preset: None,
            restart_interval: 0,
            is_oversize: false,
            has_dnl: false,
            other_segments: Vec::new(),
        }
    }
}

const J: [u32; 32] = [
    0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13,
    14, 15,
];

/// The frame that `samples` (row, column, sample) become, and the samples that a decoder must make
/// of it.
pub(super) fn encode(settings: &Settings, samples: &[i32]) -> (Vec<u8>, Vec<i64>) {
    let count = settings.component_count;
    let mut planes: Vec<Vec<i32>> = (0..count)
        .map(|component| samples.iter().skip(component).step_by(count).copied().collect())
        .collect();
    let mut frame = headers(settings);
    let scans: Vec<Vec<usize>> = match settings.interleave {
        Interleave::None => (0..count).map(|component| vec![component]).collect(),
        _ => vec![(0..count).collect()],
    };
    for (index, components) in scans.iter().enumerate() {
        let mut body = vec![components.len() as u8];
        body.extend(components.iter().flat_map(|component| [*component as u8 + 1, 0]));
        body.extend([settings.near as u8, settings.interleave as u8, 0]);
        segment(&mut frame, 0xDA, &body);
        let mut scan_planes: Vec<Vec<i32>> =
            components.iter().map(|component| std::mem::take(&mut planes[*component])).collect();
        scan(settings, &mut scan_planes, &mut frame);
        for (component, plane) in components.iter().zip(scan_planes) {
            planes[*component] = plane;
        }
        if index == 0 && settings.has_dnl {
            segment(&mut frame, 0xDC, &(settings.rows as u16).to_be_bytes());
        }
    }
    frame.extend([0xFF, 0xD9]);
    let pixels = 0..settings.rows * settings.columns;
    let coded =
        pixels.flat_map(|pixel| planes.iter().map(move |plane| i64::from(plane[pixel]))).collect();
    (frame, coded)
}

fn segment(frame: &mut Vec<u8>, marker: u8, body: &[u8]) {
    frame.extend([0xFF, marker]);
    frame.extend((body.len() as u16 + 2).to_be_bytes());
    frame.extend(body);
}

fn headers(settings: &Settings) -> Vec<u8> {
    let mut frame = vec![0xFF, 0xD8];
    frame.extend(&settings.other_segments);
    let (rows, columns) = (settings.rows as u16, settings.columns as u16);
    let mut body = vec![settings.precision as u8];
    body.extend(if settings.is_oversize || settings.has_dnl { 0 } else { rows }.to_be_bytes());
    body.extend(if settings.is_oversize { 0 } else { columns }.to_be_bytes());
    body.push(settings.component_count as u8);
    body.extend((1..=settings.component_count as u8).flat_map(|id| [id, 0x11, 0]));
    segment(&mut frame, 0xF7, &body);
    if settings.is_oversize {
        let (rows, columns) = (rows.to_be_bytes(), columns.to_be_bytes());
        segment(&mut frame, 0xF8, &[4, 3, 0, rows[0], rows[1], 0, columns[0], columns[1]]);
    }
    if let Some(preset) = settings.preset {
        let mut body = vec![1];
        body.extend(preset.iter().flat_map(|value| (*value as u16).to_be_bytes()));
        segment(&mut frame, 0xF8, &body);
    }
    if settings.restart_interval > 0 {
        segment(&mut frame, 0xDD, &(settings.restart_interval as u16).to_be_bytes());
    }
    frame
}

/// Writes bits, and a bit 0 behind each byte 0xFF (§A.1).
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    byte: u32,
    /// Bits that the byte has room for yet.
    room: u32,
}

impl Bits<'_> {
    fn bit(&mut self, bit: u32) {
        self.room -= 1;
        self.byte |= bit << self.room;
        if self.room == 0 {
            self.out.push(self.byte as u8);
            self.room = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = 0;
        }
    }

    fn bits(&mut self, value: u32, count: u32) {
        (0..count).rev().for_each(|index| self.bit(value >> index & 1));
    }

    fn finish(&mut self) {
        // A byte that is not full, or one that must stand behind 0xFF.
        while self.room != 8 {
            self.bit(0);
        }
    }
}

struct Coder {
    max_value: i32,
    near: i32,
    range: i32,
    qbpp: u32,
    limit: u32,
    thresholds: [i32; 3],
    reset: i32,
    a: [i32; 367],
    b: [i32; 365],
    c: [i32; 365],
    n: [i32; 367],
    nn: [i32; 2],
}

fn default_thresholds(max_value: i32, near: i32) -> [i32; 3] {
    let clamp =
        |value: i32, least: i32| if value > max_value || value < least { least } else { value };
    if max_value >= 128 {
        let factor = (max_value.min(4095) + 128) / 256;
        let t1 = clamp(factor + 2 + 3 * near, near + 1);
        let t2 = clamp(factor * 4 + 3 + 5 * near, t1);
        [t1, t2, clamp(factor * 17 + 4 + 7 * near, t2)]
    } else {
        let factor = 256 / (max_value + 1);
        let t1 = clamp(2.max(3 / factor + 3 * near), near + 1);
        let t2 = clamp(3.max(7 / factor + 5 * near), t1);
        [t1, t2, clamp(4.max(21 / factor + 7 * near), t2)]
    }
}

/// The number of bits that `count` things need.
fn bits_for(count: i32) -> u32 {
    (0..).find(|bits| 1 << bits >= count).unwrap()
}

impl Coder {
    fn new(settings: &Settings) -> Coder {
        let preset = settings.preset.unwrap_or_default();
        let or = |value: i32, default: i32| if value == 0 { default } else { value };
        let (max_value, near) = (or(preset[0], (1 << settings.precision) - 1), settings.near);
        let defaults = default_thresholds(max_value, near);
        let range = (max_value + 2 * near) / (2 * near + 1) + 1;
        let bpp = bits_for(max_value + 1).max(2);
        let a = 2.max((range + 32) / 64);
        Coder {
            max_value,
            near,
            range,
            qbpp: bits_for(range),
            limit: 2 * (bpp + bpp.max(8)),
            thresholds: [0, 1, 2].map(|index| or(preset[index + 1], defaults[index])),
            reset: or(preset[4], 64),
            a: [a; 367],
            b: [0; 365],
            c: [0; 365],
            n: [1; 367],
            nn: [0; 2],
        }
    }

    /// §A.3.3.
    fn region(&self, difference: i32) -> i32 {
        let [t1, t2, t3] = self.thresholds;
        match difference {
            d if d <= -t3 => -4,
            d if d <= -t2 => -3,
            d if d <= -t1 => -2,
            d if d < -self.near => -1,
            d if d <= self.near => 0,
            d if d < t1 => 1,
            d if d < t2 => 2,
            d if d < t3 => 3,
            _ => 4,
        }
    }

    /// §A.4.4: the error in steps, and the sample that it stands for.
    fn quantize(&self, error: i32, predicted: i32, sign: i32) -> (i32, i32) {
        let step = 2 * self.near + 1;
        let error =
            if error > 0 { (error + self.near) / step } else { -((self.near - error) / step) };
        (error, (predicted + sign * error * step).clamp(0, self.max_value))
    }

    /// §A.4.5.
    fn wrap(&self, error: i32) -> i32 {
        let error = if error < 0 { error + self.range } else { error };
        if error >= (self.range + 1) / 2 { error - self.range } else { error }
    }

    /// §A.5.3.
    fn golomb(&self, bits: &mut Bits<'_>, value: i32, k: u32, limit: u32) {
        let zeros = (value >> k) as u32;
        let escape = limit - self.qbpp - 1;
        (0..zeros.min(escape)).for_each(|_| bits.bit(0));
        bits.bit(1);
        if zeros < escape {
            bits.bits(value as u32, k);
        } else {
            bits.bits(value as u32 - 1, self.qbpp);
        }
    }

    fn regular(
        &mut self,
        bits: &mut Bits<'_>,
        sample: i32,
        [ra, rb, rc, _]: [i32; 4],
        regions: i32,
    ) -> i32 {
        let (sign, q) = if regions < 0 { (-1, -regions as usize) } else { (1, regions as usize) };
        let predicted = if rc >= ra.max(rb) {
            ra.min(rb)
        } else if rc <= ra.min(rb) {
            ra.max(rb)
        } else {
            ra + rb - rc
        };
        let predicted = (predicted + sign * self.c[q]).clamp(0, self.max_value);
        let (error, coded) = self.quantize(sign * (sample - predicted), predicted, sign);
        let error = self.wrap(error);
        let k = (0..).find(|k| self.n[q] << k >= self.a[q]).unwrap();
        let mapped = if self.near == 0 && k == 0 && 2 * self.b[q] <= -self.n[q] {
            if error >= 0 { 2 * error + 1 } else { -2 * (error + 1) }
        } else if error >= 0 {
            2 * error
        } else {
            -2 * error - 1
        };
        self.golomb(bits, mapped, k, self.limit);
        // §A.6.
        self.b[q] += error * (2 * self.near + 1);
        self.a[q] += error.abs();
        if self.n[q] == self.reset {
            self.a[q] >>= 1;
            self.b[q] = if self.b[q] >= 0 { self.b[q] >> 1 } else { -((1 - self.b[q]) >> 1) };
            self.n[q] >>= 1;
        }
        self.n[q] += 1;
        if self.b[q] <= -self.n[q] {
            self.b[q] += self.n[q];
            self.c[q] -= i32::from(self.c[q] > -128);
            self.b[q] = self.b[q].max(1 - self.n[q]);
        } else if self.b[q] > 0 {
            self.b[q] -= self.n[q];
            self.c[q] += i32::from(self.c[q] < 127);
            self.b[q] = self.b[q].min(0);
        }
        coded
    }

    /// §A.7.2.
    fn run_end(
        &mut self,
        bits: &mut Bits<'_>,
        sample: i32,
        [ra, rb]: [i32; 2],
        run_index: usize,
        is_pixel: bool,
    ) -> i32 {
        let ri_type = usize::from(!is_pixel && (ra - rb).abs() <= self.near);
        let predicted = if ri_type == 1 { ra } else { rb };
        let sign = if ri_type == 0 && ra > rb { -1 } else { 1 };
        let (error, coded) = self.quantize(sign * (sample - predicted), predicted, sign);
        let error = self.wrap(error);
        let q = 365 + ri_type;
        let temp = if ri_type == 0 { self.a[q] } else { self.a[q] + (self.n[q] >> 1) };
        let k = (0..).find(|k| self.n[q] << k >= temp).unwrap();
        let is_mostly_negative = 2 * self.nn[ri_type] >= self.n[q];
        let map = (k == 0 && error > 0 && !is_mostly_negative)
            || (error < 0 && is_mostly_negative)
            || (error < 0 && k != 0);
        let mapped = 2 * error.abs() - ri_type as i32 - i32::from(map);
        self.golomb(bits, mapped, k, self.limit - J[run_index] - 1);
        self.nn[ri_type] += i32::from(error < 0);
        self.a[q] += (mapped + 1 - ri_type as i32) >> 1;
        if self.n[q] == self.reset {
            self.a[q] >>= 1;
            self.n[q] >>= 1;
            self.nn[ri_type] >>= 1;
        }
        self.n[q] += 1;
        coded
    }
}

/// §A.7.1.2.
fn run_length(bits: &mut Bits<'_>, mut length: usize, is_line_end: bool, run_index: &mut usize) {
    while length >= 1 << J[*run_index] {
        bits.bit(1);
        length -= 1 << J[*run_index];
        *run_index = (*run_index + 1).min(31);
    }
    if !is_line_end {
        bits.bit(0);
        bits.bits(length as u32, J[*run_index]);
    } else if length > 0 {
        bits.bit(1);
    }
}

/// Codes the planes of a scan, which become what a decoder makes of them.
fn scan(settings: &Settings, planes: &mut [Vec<i32>], frame: &mut Vec<u8>) {
    let rows = settings.rows;
    let interval = if settings.restart_interval == 0 { rows } else { settings.restart_interval };
    for (index, start) in (0..rows).step_by(interval).enumerate() {
        if index > 0 {
            frame.extend([0xFF, 0xD0 + ((index - 1) % 8) as u8]);
        }
        let mut bits = Bits { out: frame, byte: 0, room: 8 };
        let mut coder = Coder::new(settings);
        let mut run_indices = vec![0; planes.len()];
        for row in start..rows.min(start + interval) {
            if settings.interleave == Interleave::Sample {
                line(settings, &mut coder, &mut bits, planes, start, row, &mut run_indices[0]);
            } else {
                for (plane, run_index) in planes.iter_mut().zip(&mut run_indices) {
                    line(
                        settings,
                        &mut coder,
                        &mut bits,
                        std::slice::from_mut(plane),
                        start,
                        row,
                        run_index,
                    );
                }
            }
        }
        bits.finish();
    }
}

/// Codes a row of components that take turns by samples, or of one. The first row of the restart
/// interval is `start`.
fn line(
    settings: &Settings,
    coder: &mut Coder,
    bits: &mut Bits<'_>,
    planes: &mut [Vec<i32>],
    start: usize,
    row: usize,
    run_index: &mut usize,
) {
    let columns = settings.columns;
    let is_pixel = settings.interleave == Interleave::Sample && planes.len() > 1;
    // §A.2.1: what has no neighbour.
    let neighbours = |plane: &[i32], column: usize| {
        let above = |lines: usize, column: usize| {
            if row >= start + lines { plane[(row - lines) * columns + column] } else { 0 }
        };
        let rb = above(1, column);
        let ra = if column > 0 { plane[row * columns + column - 1] } else { rb };
        let rc = if column > 0 { above(1, column - 1) } else { above(2, 0) };
        let rd = if column + 1 < columns { above(1, column + 1) } else { rb };
        [ra, rb, rc, rd]
    };
    let mut column = 0;
    while column < columns {
        let all: Vec<[i32; 4]> = planes.iter().map(|plane| neighbours(plane, column)).collect();
        let regions = |[ra, rb, rc, rd]: [i32; 4]| {
            81 * coder.region(rd - rb) + 9 * coder.region(rb - rc) + coder.region(rc - ra)
        };
        let regions: Vec<i32> = all.iter().map(|neighbours| regions(*neighbours)).collect();
        if regions.iter().any(|regions| *regions != 0) {
            for ((plane, neighbours), regions) in planes.iter_mut().zip(all).zip(regions) {
                let place = &mut plane[row * columns + column];
                *place = coder.regular(bits, *place, neighbours, regions);
            }
            column += 1;
            continue;
        }
        let first = column;
        while column < columns
            && planes
                .iter()
                .zip(&all)
                .all(|(plane, [ra, ..])| (plane[row * columns + column] - ra).abs() <= coder.near)
        {
            planes
                .iter_mut()
                .zip(&all)
                .for_each(|(plane, [ra, ..])| plane[row * columns + column] = *ra);
            column += 1;
        }
        run_length(bits, column - first, column == columns, run_index);
        if column < columns {
            for (plane, [ra, ..]) in planes.iter_mut().zip(all) {
                let [_, rb, ..] = neighbours(plane, column);
                let place = &mut plane[row * columns + column];
                *place = coder.run_end(bits, *place, [ra, rb], *run_index, is_pixel);
            }
            *run_index = run_index.saturating_sub(1);
            column += 1;
        }
    }
}
