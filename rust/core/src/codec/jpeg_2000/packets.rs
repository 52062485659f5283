//! Packets (ISO/IEC 15444-1 §B.9 to §B.12): their order, and what their headers say of code-blocks.

use super::bits::{Ends, HeaderBits};
use super::parameters::{BlockStyle, Progression, ProgressionChange, TileCoding};
use super::tile::{Block, Precinct, PrecinctBand, Segment, TileComponent};
use crate::error::Jpeg2000Fault;

/// Most bit-planes of a code-block without bits. No band has more: an exponent of 31 and 7 guard
/// bits.
const MAX_ZERO_PLANES: u32 = 38;
/// Most bits of a length: a codestream of 4 GiB is longer than any fragment.
const MAX_LENGTH_BITS: u32 = 32;

/// How reading the packets of a tile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketError {
    /// The bytes end before the packets do.
    Ends,
    /// A packet header says what cannot be.
    Wrong(Jpeg2000Fault),
}

impl From<Ends> for PacketError {
    fn from(Ends: Ends) -> Self {
        PacketError::Ends
    }
}

/// Reads the packets of a tile, and leaves in its code-blocks where their bytes are.
pub(crate) struct PacketReader<'a> {
    /// The bodies of the tile-parts, one after the other.
    pub bytes: &'a [u8],
    /// Where the next packet starts.
    pub position: usize,
    /// The packet headers, if they do not stand before their packets, and where the next one
    /// starts.
    pub packed_headers: Option<(&'a [u8], usize)>,
    /// What holds for all packets.
    pub coding: TileCoding,
}

/// Bytes of a code-block that the packet will have.
struct Contribution {
    band: usize,
    block: usize,
    segment: usize,
    pass_count: u32,
    length: usize,
}

impl PacketReader<'_> {
    /// Reads all packets, in their order.
    pub(crate) fn read(
        &mut self,
        components: &mut [TileComponent],
        changes: &[ProgressionChange],
    ) -> Result<(), PacketError> {
        let all = [ProgressionChange {
            resolutions: 0..33,
            components: 0..components.len(),
            layer_end: self.coding.layer_count.into(),
            progression: self.coding.progression,
        }];
        let changes = if changes.is_empty() { &all } else { changes };
        let mut contributions = Vec::new();
        for change in changes {
            let layer_end = change.layer_end.min(self.coding.layer_count.into());
            let packets = order(components, change);
            match change.progression {
                Progression::Lrcp => {
                    self.read_by_layer(components, &packets, layer_end, &mut contributions)?
                }
                Progression::Rlcp => {
                    for same in packets.chunk_by(|one, other| one.resolution == other.resolution) {
                        self.read_by_layer(components, same, layer_end, &mut contributions)?;
                    }
                }
                _ => {
                    for packet in packets {
                        self.read_layers(components, packet, layer_end, &mut contributions)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads a layer of all packets, then the next.
    fn read_by_layer(
        &mut self,
        components: &mut [TileComponent],
        packets: &[PacketOf],
        layer_end: usize,
        contributions: &mut Vec<Contribution>,
    ) -> Result<(), PacketError> {
        // Each layer from here on has at least one packet that was not read.
        let next_layers =
            packets.iter().filter_map(|packet| Some(packet.find(components)?.1.next_layer));
        for layer in next_layers.min().unwrap_or(layer_end)..layer_end {
            for packet in packets {
                self.read_layers(components, *packet, layer + 1, contributions)?;
            }
        }
        Ok(())
    }

    /// Reads the layers of a precinct that were not read before, up to `layer_end`.
    fn read_layers(
        &mut self,
        components: &mut [TileComponent],
        packet: PacketOf,
        layer_end: usize,
        contributions: &mut Vec<Contribution>,
    ) -> Result<(), PacketError> {
        let Some((style, precinct)) = packet.find(components) else { return Ok(()) };
        for layer in precinct.next_layer..layer_end {
            self.packet(precinct, layer as u32, style, contributions)?;
            precinct.next_layer = layer + 1;
        }
        Ok(())
    }

    fn packet(
        &mut self,
        precinct: &mut Precinct,
        layer: u32,
        style: BlockStyle,
        contributions: &mut Vec<Contribution>,
    ) -> Result<(), PacketError> {
        let starts_with = |bytes: &[u8], position: usize, marker: [u8; 2]| {
            bytes.get(position..).is_some_and(|bytes| bytes.starts_with(&marker))
        };
        if self.coding.has_sop && starts_with(self.bytes, self.position, [0xFF, 0x91]) {
            self.position += 6;
        }
        let (bytes, position) = self.packed_headers.unwrap_or((self.bytes, self.position));
        let mut bits = HeaderBits::new(bytes, position);
        contributions.clear();
        if bits.bit()? == 1 {
            for (band_index, band) in precinct.bands.iter_mut().enumerate() {
                read_band(&mut bits, band, band_index, layer, style, contributions)?;
            }
        }
        let mut end = bits.end()?;
        if self.coding.has_eph && starts_with(bytes, end, [0xFF, 0x92]) {
            end += 2;
        }
        match &mut self.packed_headers {
            Some((_, position)) => *position = end,
            None => self.position = end,
        }
        for part in contributions.iter() {
            let end = self.position.checked_add(part.length).filter(|end| *end <= self.bytes.len());
            let end = end.ok_or(PacketError::Ends)?;
            let block =
                precinct.bands.get_mut(part.band).and_then(|band| band.blocks.get_mut(part.block));
            if let Some(block) = block {
                block.pass_count += part.pass_count;
                if let Some(segment) = block.segments.get_mut(part.segment) {
                    segment.pass_count += part.pass_count;
                    segment.parts.push((self.position, part.length));
                }
            }
            self.position = end;
        }
        Ok(())
    }
}

fn read_band(
    bits: &mut HeaderBits<'_>,
    band: &mut PrecinctBand,
    band_index: usize,
    layer: u32,
    style: BlockStyle,
    contributions: &mut Vec<Contribution>,
) -> Result<(), PacketError> {
    let PrecinctBand { columns, inclusion, zero_planes, blocks } = band;
    for (block_index, block) in blocks.iter_mut().enumerate() {
        let (row, column) = (block_index / *columns, block_index % *columns);
        let is_first = block.segments.is_empty();
        let is_included = if is_first {
            inclusion.is_less(bits, column, row, layer + 1)?
        } else {
            bits.bit()? == 1
        };
        if !is_included {
            continue;
        }
        if is_first {
            block.zero_planes = 0;
            while !zero_planes.is_less(bits, column, row, block.zero_planes + 1)? {
                block.zero_planes += 1;
                if block.zero_planes > MAX_ZERO_PLANES {
                    let fault = Jpeg2000Fault::ZeroPlanes { limit: MAX_ZERO_PLANES };
                    return Err(PacketError::Wrong(fault));
                }
            }
        }
        let pass_count = pass_count(bits)?;
        while bits.bit()? == 1 {
            block.length_bits += 1;
            if block.length_bits > MAX_LENGTH_BITS {
                let fault = Jpeg2000Fault::LengthBits { limit: MAX_LENGTH_BITS };
                return Err(PacketError::Wrong(fault));
            }
        }
        let mut add = |segment: usize, pass_count: u32, length: u32| {
            let length = length as usize;
            contributions.push(Contribution {
                band: band_index,
                block: block_index,
                segment,
                pass_count,
                length,
            });
        };
        if style.is_high_throughput {
            read_high_throughput_lengths(bits, block, pass_count, is_first, &mut add)?;
        } else {
            read_lengths(bits, block, pass_count, style, &mut add)?;
        }
    }
    Ok(())
}

/// The number of new coding passes (Table B.4).
fn pass_count(bits: &mut HeaderBits<'_>) -> Result<u32, Ends> {
    if bits.bit()? == 0 {
        return Ok(1);
    }
    if bits.bit()? == 0 {
        return Ok(2);
    }
    let two = bits.bits(2)?;
    if two < 3 {
        return Ok(3 + two);
    }
    let five = bits.bits(5)?;
    if five < 31 {
        return Ok(6 + five);
    }
    Ok(37 + bits.bits(7)?)
}

fn length(
    bits: &mut HeaderBits<'_>,
    length_bits: u32,
    pass_count: u32,
) -> Result<u32, PacketError> {
    let count = length_bits + pass_count.max(1).ilog2();
    if count > MAX_LENGTH_BITS {
        let fault = Jpeg2000Fault::LengthBits { limit: MAX_LENGTH_BITS };
        return Err(PacketError::Wrong(fault));
    }
    Ok(bits.bits(count)?)
}

/// The lengths of the codeword segments that the new passes are in (§B.10.7).
fn read_lengths(
    bits: &mut HeaderBits<'_>,
    block: &mut Block,
    mut left: u32,
    style: BlockStyle,
    add: &mut impl FnMut(usize, u32, u32),
) -> Result<(), PacketError> {
    // Passes of the last segment that were read in this packet are not yet counted in it; none is
    // left half full.
    let mut used = block.segments.last().map_or(0, |segment| segment.pass_count);
    while left > 0 {
        let room = block
            .segments
            .last()
            .map_or(0, |segment| segment.max_pass_count - used.min(segment.max_pass_count));
        if room == 0 {
            block.segments.push(Segment {
                pass_count: 0,
                max_pass_count: max_pass_count(style, block.segments.last(), block.segments.len()),
                parts: Vec::new(),
            });
            used = 0;
            continue;
        }
        let count = left.min(room);
        add(block.segments.len() - 1, count, length(bits, block.length_bits, count)?);
        used += count;
        left -= count;
    }
    Ok(())
}

/// Passes of the next segment (Tables D.8, D.9).
fn max_pass_count(style: BlockStyle, last: Option<&Segment>, index: usize) -> u32 {
    match (style.terminates_passes, style.has_bypass, last) {
        (true, ..) => 1,
        (false, false, _) => u32::MAX,
        (false, true, None) => 10,
        // Two raw passes, then a coded one.
        (false, true, Some(_)) => {
            if index % 2 == 1 {
                2
            } else {
                1
            }
        }
    }
}

/// The lengths of the cleanup pass and of the two that refine it (ISO/IEC 15444-15 §B).
fn read_high_throughput_lengths(
    bits: &mut HeaderBits<'_>,
    block: &mut Block,
    pass_count: u32,
    is_first: bool,
    add: &mut impl FnMut(usize, u32, u32),
) -> Result<(), PacketError> {
    let mut left = pass_count;
    let empty = |max_pass_count| Segment { pass_count: 0, max_pass_count, parts: Vec::new() };
    if is_first {
        // Sets of three passes that hold nothing stand for bit-planes that have no bits.
        let empty_sets = (pass_count - 1) / 3;
        block.zero_planes += empty_sets;
        left -= empty_sets * 3;
        block.segments.push(empty(1));
        add(0, 1, length(bits, block.length_bits, empty_sets * 3 + 1)?);
        left -= 1;
    }
    if left > 0 {
        if block.segments.len() > 1 || left > 2 {
            return Err(PacketError::Wrong(Jpeg2000Fault::HtSets));
        }
        block.segments.push(empty(2));
        add(1, left, length(bits, block.length_bits, left)?);
    }
    Ok(())
}

/// Which precinct a packet is of.
#[derive(Clone, Copy, Debug)]
struct PacketOf {
    component: usize,
    resolution: usize,
    precinct: usize,
}

impl PacketOf {
    fn find(self, components: &mut [TileComponent]) -> Option<(BlockStyle, &mut Precinct)> {
        let component = components.get_mut(self.component)?;
        let resolution = component.resolutions.get_mut(self.resolution)?;
        Some((component.block_style, resolution.precincts.get_mut(self.precinct)?))
    }
}

/// The precincts of a change of the order (§B.12.1), as they follow each other in it within a
/// layer.
fn order(components: &[TileComponent], change: &ProgressionChange) -> Vec<PacketOf> {
    let mut all = Vec::new();
    for (component, of) in components.iter().enumerate() {
        if !change.components.contains(&component) {
            continue;
        }
        for (resolution, of) in of.resolutions.iter().enumerate() {
            if !change.resolutions.contains(&resolution) {
                continue;
            }
            let packets = of.precincts.iter().enumerate();
            all.extend(
                packets.map(|(precinct, of)| {
                    (of.position, PacketOf { component, resolution, precinct })
                }),
            );
        }
    }
    match change.progression {
        Progression::Lrcp | Progression::Rlcp => all.sort_by_key(|(_, packet)| packet.resolution),
        Progression::Rpcl => {
            all.sort_by_key(|(position, packet)| (packet.resolution, *position, packet.component))
        }
        Progression::Pcrl => {
            all.sort_by_key(|(position, packet)| (*position, packet.component, packet.resolution))
        }
        Progression::Cprl => {
            all.sort_by_key(|(position, packet)| (packet.component, *position, packet.resolution))
        }
    }
    all.into_iter().map(|(_, packet)| packet).collect()
}

#[cfg(test)]
mod tests;
