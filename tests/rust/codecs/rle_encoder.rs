//! Encodes frames as RLE Lossless (PS3.5 Annex G), in any of the ways that a run can be written.

/// How runs are chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs {
    /// What chance starts with.
    pub seed: u64,
    /// The most bytes of a run, 1 to 128.
    pub longest: usize,
    /// One control byte in so many is the one that stands for nothing; 0 for none.
    pub idle: u64,
}

impl Runs {
    /// As long as can be.
    pub(super) const LONG: Runs = Runs { seed: 1, longest: 128, idle: 0 };
}

/// Steps of a linear congruential generator: the same numbers everywhere.
pub(super) struct Chance(pub u64);

impl Chance {
    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

/// A frame of `samples`, those of a pixel together, of 1, 8, 16 or 32 bits.
pub(super) fn encode(samples: &[i64], samples_per_pixel: usize, bits: u32, runs: Runs) -> Vec<u8> {
    frame_of(&segments_of(samples, samples_per_pixel, bits, runs))
}

/// The segments of a frame: of each sample the most significant byte first (PS3.5 §G.2).
pub(super) fn segments_of(
    samples: &[i64],
    samples_per_pixel: usize,
    bits: u32,
    runs: Runs,
) -> Vec<Vec<u8>> {
    if bits == 1 {
        let bits: Vec<&[i64]> = samples.chunks(8).collect();
        let bytes: Vec<u8> = bits
            .iter()
            .map(|eight| {
                eight.iter().enumerate().fold(0, |byte, (bit, value)| byte | (*value as u8) << bit)
            })
            .collect();
        return vec![segment_of(&bytes, runs)];
    }
    let mut segments = Vec::new();
    for sample in 0..samples_per_pixel {
        for shift in (0..bits).step_by(8).rev() {
            let values = samples.iter().skip(sample).step_by(samples_per_pixel);
            let bytes: Vec<u8> = values.map(|value| (value >> shift) as u8).collect();
            segments.push(segment_of(&bytes, runs));
        }
    }
    segments
}

/// One segment (PS3.5 §G.3): bytes that are the same are sometimes one run, sometimes several,
/// sometimes not one.
pub(super) fn segment_of(bytes: &[u8], runs: Runs) -> Vec<u8> {
    let (mut chance, mut segment, mut rest) = (Chance(runs.seed), Vec::new(), bytes);
    while let Some(first) = rest.first() {
        if runs.idle > 0 && chance.below(runs.idle) == 0 {
            segment.push(128);
        }
        let next = &rest[..rest.len().min(runs.longest)];
        let same = next.iter().take_while(|byte| *byte == first).count();
        // A repeated run of one byte cannot be written: its control byte would be that of a literal
        // run.
        let length = if same > 1 && chance.below(8) > 0 {
            segment.extend([(257 - same) as u8, *first]);
            same
        } else {
            let different = next
                .windows(3)
                .take_while(|three| three[0] != three[1] || three[1] != three[2])
                .count();
            let length = (different + 1).min(1 + chance.below(runs.longest as u64) as usize);
            segment.push((length - 1) as u8);
            segment.extend(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    if segment.len() % 2 == 1 {
        segment.push(0);
    }
    segment
}

/// Header and segments (PS3.5 §G.5).
pub(super) fn frame_of(segments: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![segments.len() as u32];
    let mut offset = 64;
    for segment in segments {
        header.push(offset);
        offset += segment.len() as u32;
    }
    header.resize(16, 0);
    let header = header.iter().flat_map(|word| word.to_le_bytes());
    header.chain(segments.iter().flatten().copied()).collect()
}
