//! From the bytes of code-blocks to the coefficients of bands, blocks side by side on several
//! threads.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::arithmetic::LANES;
use super::bit_planes::{self, CodedBlock, Orientation, Segment};
use super::features::wide;
use super::parameters::Rectangle;
use super::plane::Plane;
use super::sample_block::SampleBlock;
use super::tile::{Band, Block, Part, Resolution, TileComponent};
use super::wavelet::Coefficient;
use super::{NAME, ht_block, unsupported};
use crate::codec::invalid;
use crate::error::{Jpeg2000Fault, Result};
use crate::memory::{push, reserve};
use crate::workers::share;

/// Bit-planes that a coefficient has room for, beside its sign and a bit of fraction.
const MAX_PLANES: u32 = 30;
/// Samples that are worth a thread: they take about half a millisecond, and a thread a tenth of it.
const SAMPLES_OF_A_THREAD: usize = 1 << 14;
/// Samples for whose memory a second thread is worth it: getting it takes a millisecond.
const SAMPLES_TO_SHARE: usize = 1 << 20;

/// Coefficients to each side that a sample depends on, at most. The four lifting steps of a level
/// look at four samples to a side, which are two of a band; of those of the level above half are
/// left, and so on: fewer than four. One more is for what is rounded down.
const REACH: u32 = 5;

/// What the packets of a tile have of code-blocks.
pub(super) struct Packets<'a> {
    /// The bodies of the packets.
    pub bytes: &'a [u8],
    /// Where in them the parts of blocks are.
    pub parts: &'a [Part],
    /// Where the first damaged block starts, as far as one was found; the highest number if none
    /// was.
    pub damaged: AtomicUsize,
}

/// Blocks that are decoded side by side: as many as there are lanes, or half as many so that
/// several threads have something to do.
const GROUP: usize = LANES;

/// Memory that one block leaves to the next.
struct Scratch {
    samples: SampleBlock,
    /// As soon as there is a block for them.
    bit_planes: Option<bit_planes::BlockDecoder>,
    high_throughput: Option<ht_block::BlockDecoder>,
}

impl Scratch {
    fn new() -> Scratch {
        Scratch { samples: SampleBlock::new(), bit_planes: None, high_throughput: None }
    }
}

/// Blocks side by side, and where in the plane of their band they go.
struct Strip<'s, T> {
    component: &'s TileComponent,
    resolution: &'s Resolution,
    band: &'s Band,
    /// Their numbers among those of the resolution.
    blocks: &'s [u32],
    /// Whole rows of the band.
    out: &'s mut [T],
}

/// The coefficients of the bands of the lowest `kept` resolutions, in their order: those without
/// any take no memory. With samples of the component that are `wanted`, those that these need.
///
/// # Errors
///
/// If a block is coded in a way that is not read, or there is no memory.
pub(super) fn bands<T: Coefficient>(
    component: &TileComponent,
    kept: usize,
    wanted: Option<Rectangle>,
    packets: &Packets<'_>,
    threads: usize,
) -> Result<Vec<Plane<T>>> {
    let resolutions = component.resolutions.get(..kept).unwrap_or(&component.resolutions);
    let mut coded = Vec::new();
    for (number, resolution) in resolutions.iter().enumerate() {
        let levels = component.resolutions.len().saturating_sub(number.max(1));
        let wanted = wanted.map(|wanted| needed(&wanted, levels as u32));
        for (index, band) in resolution.bands.iter().enumerate() {
            push(&mut coded, (resolution, band, coded_blocks(resolution, index, wanted)?))?;
        }
    }
    let mut planes = empty_planes(&coded, threads)?;
    let mut groups = Vec::new();
    let mut sample_count = 0;
    let most_blocks = match (component.block_style.is_high_throughput, threads) {
        (true, _) => 1,
        (false, 0..=1) => GROUP,
        (false, _) => GROUP / 2,
    };
    // The highest resolution has most blocks: with it first, all threads end at about one time.
    for (plane, (resolution, band, blocks)) in planes.iter_mut().zip(&coded).rev() {
        sample_count += plane.samples.len();
        let whole = Strip { component, resolution, band, blocks, out: &mut plane.samples };
        whole.cut(most_blocks, &mut groups)?;
    }
    let threads = threads.min(sample_count / SAMPLES_OF_A_THREAD);
    share(groups, threads, Scratch::new, |scratch, strips| scratch.decode(strips, packets))?;
    Ok(planes)
}

/// The coefficients of a band, so many levels down, that samples of a component need.
fn needed(wanted: &Rectangle, levels: u32) -> Rectangle {
    let start = |at: u32| at.checked_shr(levels).unwrap_or(0).saturating_sub(REACH);
    let end = |at: u32| at.checked_shr(levels).unwrap_or(0).saturating_add(1 + REACH);
    let Rectangle { x0, y0, x1, y1 } = *wanted;
    Rectangle { x0: start(x0), y0: start(y0), x1: end(x1), y1: end(y1) }
}

/// The numbers of the blocks of a band that have coefficients, row by row; with those that are
/// `wanted`, of the blocks that have some of these.
fn coded_blocks(
    resolution: &Resolution,
    band: usize,
    wanted: Option<Rectangle>,
) -> Result<Vec<u32>> {
    let mut coded = Vec::new();
    for precinct in &resolution.precincts {
        let Some(part) = precinct.bands.get(band) else { continue };
        let blocks = part.blocks();
        let found = resolution.blocks.get(blocks.clone()).unwrap_or_default();
        let is_wanted = |block: &Block| wanted.is_none_or(|wanted| block.area.intersects(&wanted));
        let is_coded = |block: &Block| block.pass_count > 0 && is_wanted(block);
        for (number, _) in blocks.zip(found).filter(|(_, block)| is_coded(block)) {
            push(&mut coded, number as u32)?;
        }
    }
    let corner = |number: &u32| {
        let area = resolution.blocks.get(*number as usize).map(|block| block.area);
        area.map(|area| (area.y0, area.x0))
    };
    coded.sort_unstable_by_key(corner);
    Ok(coded)
}

/// Planes for the bands of these resolutions, before their blocks are decoded.
fn empty_planes<T: Coefficient>(
    coded: &[(&Resolution, &Band, Vec<u32>)],
    threads: usize,
) -> Result<Vec<Plane<T>>> {
    let counts = coded.iter().map(|(_, band, _)| band.area.width() * band.area.height());
    // Of a large frame memory comes page by page from the system: each thread gets its part.
    let threads = if counts.sum::<usize>() < SAMPLES_TO_SHARE { 1 } else { threads };
    let mut planes = Vec::new();
    reserve(&mut planes, coded.len())?;
    planes.resize_with(coded.len(), Plane::default);
    let items: Vec<_> = coded.iter().zip(&mut planes).rev().collect();
    share(
        items,
        threads,
        || (),
        |(), ((resolution, band, blocks), plane)| {
            let (width, height) = (band.area.width(), band.area.height());
            *plane = match covered(resolution, blocks) {
                0 => Plane::zero(width, height),
                count if count == width * height => Plane::any(width, height)?,
                _ => Plane::new(width, height)?,
            };
            Ok(())
        },
    )?;
    Ok(planes)
}

/// The samples in these blocks.
fn covered(resolution: &Resolution, blocks: &[u32]) -> usize {
    let blocks = blocks.iter().filter_map(|number| resolution.blocks.get(*number as usize));
    blocks.map(|block| block.area.width() * block.area.height()).sum()
}

impl<'s, T: Coefficient> Strip<'s, T> {
    /// Cuts a band where one row of blocks ends and the next starts: all precincts of a resolution
    /// have theirs on one grid. The last group gets a row if it has no more blocks then than this.
    fn cut(self, most_blocks: usize, groups: &mut Vec<Vec<Strip<'s, T>>>) -> Result<()> {
        let Strip { component, resolution, band, blocks, out: mut left } = self;
        let area = |number: u32| {
            resolution.blocks.get(number as usize).map(|block| block.area).unwrap_or_default()
        };
        let width = band.area.width();
        let mut top = band.area.y0;
        for blocks in blocks.chunk_by(|one, other| area(*one).y0 == area(*other).y0) {
            let rows = blocks.first().map(|first| area(*first)).unwrap_or_default();
            let skipped = rows.y0.saturating_sub(top) as usize * width;
            let (_, rest) = left.split_at_mut(skipped.min(left.len()));
            let (out, rest) = rest.split_at_mut((rows.height() * width).min(rest.len()));
            (left, top) = (rest, rows.y1);
            let strip = Strip { component, resolution, band, blocks, out };
            let count = |group: &[Strip<'_, T>]| -> usize {
                group.iter().map(|strip| strip.blocks.len()).sum()
            };
            let last = groups.last_mut();
            match last.filter(|group| count(group) + blocks.len() <= most_blocks) {
                Some(group) => push(group, strip)?,
                None => {
                    let mut group = Vec::new();
                    push(&mut group, strip)?;
                    push(groups, group)?;
                }
            }
        }
        Ok(())
    }

    fn blocks(&self) -> impl Iterator<Item = &'s Block> + use<'s, T> {
        let (numbers, resolution) = (self.blocks, self.resolution);
        numbers.iter().filter_map(|number| resolution.blocks.get(*number as usize))
    }

    /// Puts the samples of a block where they go.
    fn put(&mut self, block: &Block, samples: &SampleBlock, is_sound: bool, packets: &Packets<'_>) {
        if !is_sound {
            let part = packets.parts.get(block.parts.0 as usize);
            packets.damaged.fetch_min(part.map_or(0, |part| part.start), Ordering::Relaxed);
        }
        let stride = self.band.area.width().max(1);
        let column = (block.area.x0 - self.band.area.x0) as usize;
        for (out, coded) in self.out.chunks_exact_mut(stride).zip(samples.rows()) {
            let out = out.get_mut(column..).unwrap_or_default();
            dequantize(coded, self.component.region_shift, self.band.step, out);
        }
    }
}

wide! {
    /// Turns a row of coded coefficients into what they stand for.
    fn dequantize<T: Coefficient>(coded: &[u32], shift: u32, step: f32, out: &mut [T]) =
        dequantize_inline;
}

#[inline(always)]
fn dequantize_inline<T: Coefficient>(coded: &[u32], shift: u32, step: f32, out: &mut [T]) {
    if shift == 0 {
        for (out, coded) in out.iter_mut().zip(coded) {
            *out = T::dequantize(*coded, step);
        }
    } else {
        for (out, coded) in out.iter_mut().zip(coded) {
            *out = T::dequantize(lower_region(*coded, shift), step);
        }
    }
}

/// Puts a coefficient of a region of interest, which is lifted above all others, back to its place
/// (§H.1).
fn lower_region(coded: u32, shift: u32) -> u32 {
    let magnitude = coded & 0x7FFF_FFFF;
    // There is one bit of fraction.
    if magnitude >> 1 >> shift.min(31) != 0 {
        coded & 0x8000_0000 | magnitude >> shift.min(31)
    } else {
        coded
    }
}

/// The codeword segments of a block.
fn segments<'a>(block: &Block, packets: &Packets<'a>) -> Vec<Segment<'a>> {
    let mut segments: Vec<Segment<'a>> = Vec::new();
    let mut next = block.parts.0;
    while let Some(part) = packets.parts.get(next as usize) {
        let end = part.start.saturating_add(part.length as usize);
        let bytes = packets.bytes.get(part.start..end).unwrap_or_default();
        match segments.get_mut(part.segment as usize) {
            Some(Segment { bytes: before, pass_count, has_seam }) => {
                *has_seam |= before.last() == Some(&0xFF) && bytes.first() > Some(&0x8F);
                before.to_mut().extend_from_slice(bytes);
                *pass_count += part.pass_count;
            }
            None => segments.push(Segment {
                bytes: Cow::Borrowed(bytes),
                pass_count: part.pass_count,
                has_seam: false,
            }),
        }
        next = part.next;
    }
    segments
}

/// The bit-planes that a block has room for; none if its header makes no sense.
///
/// # Errors
///
/// If they are more than are read, or the block has more samples than one can have.
fn plane_count(component: &TileComponent, band: &Band, block: &Block) -> Result<Option<u32>> {
    let (width, height) = (block.area.width(), block.area.height());
    if !SampleBlock::has_room(width, height) {
        return Err(invalid(NAME, 0, Jpeg2000Fault::BlockSize { width, height }));
    }
    let most = band.plane_count + component.region_shift;
    match most.checked_sub(block.zero_planes.into()) {
        Some(planes) if planes > MAX_PLANES => {
            Err(unsupported("a JPEG 2000 frame with more than 30 bit-planes"))
        }
        planes => Ok(planes),
    }
}

/// A block that is coded by bit-planes.
fn coded_block<'a>(
    component: &TileComponent,
    band: &Band,
    block: &Block,
    packets: &Packets<'a>,
) -> Result<CodedBlock<'a>> {
    let plane_count = plane_count(component, band, block)?;
    let orientation = match (band.is_high_x, band.is_high_y) {
        (true, true) => Orientation::Diagonal,
        (true, false) => Orientation::Horizontal,
        _ => Orientation::Vertical,
    };
    Ok(CodedBlock {
        width: block.area.width(),
        height: block.area.height(),
        orientation,
        style: component.block_style,
        plane_count: plane_count.unwrap_or(0),
        pass_count: block.pass_count,
        // Encoders exist that write passes of no bit-plane: nothing is coded in them.
        segments: if plane_count == Some(0) { Vec::new() } else { segments(block, packets) },
    })
}

impl Scratch {
    /// Decodes the blocks of several strips, of which all are coded in the same way.
    fn decode<T: Coefficient>(
        &mut self,
        mut strips: Vec<Strip<'_, T>>,
        packets: &Packets<'_>,
    ) -> Result<()> {
        let mut blocks = Vec::new();
        for (index, strip) in strips.iter().enumerate() {
            for block in strip.blocks() {
                push(&mut blocks, (index, strip.component, strip.band, block))?;
            }
        }
        for blocks in blocks.chunks(GROUP) {
            let mut coded = Vec::new();
            for (index, component, band, block) in blocks {
                if component.block_style.is_high_throughput {
                    let is_sound = self.decode_high_throughput(component, band, block, packets)?;
                    if let Some(strip) = strips.get_mut(*index) {
                        strip.put(block, &self.samples, is_sound, packets);
                    }
                } else {
                    push(&mut coded, coded_block(component, band, block, packets)?)?;
                }
            }
            if coded.is_empty() {
                continue;
            }
            let decoder = self.bit_planes.get_or_insert_with(bit_planes::BlockDecoder::new);
            let decoded = decoder.decode(&coded)?;
            for ((index, _, _, block), (samples, is_sound)) in blocks.iter().zip(decoded) {
                if let Some(strip) = strips.get_mut(*index) {
                    strip.put(block, samples, is_sound, packets);
                }
            }
        }
        Ok(())
    }

    /// Decodes a block of HTJ2K into `self.samples`. Says whether its bytes make sense.
    fn decode_high_throughput(
        &mut self,
        component: &TileComponent,
        band: &Band,
        block: &Block,
        packets: &Packets<'_>,
    ) -> Result<bool> {
        let planes = plane_count(component, band, block)?;
        self.samples.reset(block.area.width(), block.area.height());
        let planes = match planes {
            None => return Ok(false),
            // Encoders exist that write passes of no bit-plane: nothing is coded in them.
            Some(0) => return Ok(true),
            Some(planes) => planes,
        };
        let segments = segments(block, packets);
        let cleanup = segments.first().map_or(&[][..], |segment| &segment.bytes);
        let refinement = segments.get(1).map_or(&[][..], |segment| &segment.bytes);
        let is_causal = component.block_style.is_vertically_causal;
        let decoder = self.high_throughput.get_or_insert_with(ht_block::BlockDecoder::new);
        Ok(decoder.decode(
            cleanup,
            refinement,
            block.pass_count,
            planes - 1,
            is_causal,
            &mut self.samples,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_interest_are_lowered() {
        // Magnitudes have a bit of fraction: 16 is 8.
        for (coded, shift, expected) in [
            (16, 3, 2),
            (15, 3, 15),
            (0x8000_0010, 3, 0x8000_0002),
            (0x8000_000F, 3, 0x8000_000F),
            (0x7FFF_FFFF, 29, 3),
            (0x7FFF_FFFF, 37, 0x7FFF_FFFF),
            (0, 1, 0),
        ] {
            assert_eq!(lower_region(coded, shift), expected, "{coded:X} by {shift}");
        }
    }
}
