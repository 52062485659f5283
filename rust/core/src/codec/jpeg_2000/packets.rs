//! Packets (ISO/IEC 15444-1 §B.9 to §B.12): their order, and what their headers say of code-blocks.

use super::bits::{Ends, HeaderBits};
use super::parameters::{BlockStyle, Progression, ProgressionChange, TileCoding};
use super::tag_tree::Node;
use super::tile::{Block, NO_PART, Part, Precinct, PrecinctBand, Resolution, TileComponent};
use crate::error::Jpeg2000Fault;
use crate::memory::{push, reserve};

/// Most bit-planes of a code-block without bits. No band has more: an exponent of 31 and 7 guard
/// bits.
const MAX_ZERO_PLANES: u8 = 38;
/// Most bits of a length: a codestream of 4 GiB is longer than any fragment.
const MAX_LENGTH_BITS: u8 = 32;

/// How reading the packets of a tile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PacketError {
    /// The bytes end before the packets do.
    Ends,
    /// A packet header says what cannot be.
    Wrong(Jpeg2000Fault),
    /// There is no memory for what they say.
    NoMemory,
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
    /// What was found of code-blocks.
    pub parts: Vec<Part>,
}

/// Bytes of a code-block that the packet will have.
struct Contribution {
    block: usize,
    segment: u32,
    pass_count: u32,
    length: u32,
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
            let packets = order(components, change).ok_or(PacketError::NoMemory)?;
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
            packets.iter().filter_map(|packet| Some(packet.find(components)?.next_layer()));
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
        let Some(mut of) = packet.find(components) else { return Ok(()) };
        for layer in of.next_layer()..layer_end {
            self.packet(&mut of, layer as u32, contributions)?;
            of.precinct.next_layer = layer as u32 + 1;
        }
        Ok(())
    }

    fn packet(
        &mut self,
        of: &mut Found<'_>,
        layer: u32,
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
            for index in 0..of.precinct.bands.len() {
                of.read_band(&mut bits, index, layer, contributions)?;
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
        for found in contributions.iter() {
            let end = self.position.checked_add(found.length as usize);
            let end = end.filter(|end| *end <= self.bytes.len()).ok_or(PacketError::Ends)?;
            let Some(block) = of.blocks.get_mut(found.block) else { continue };
            self.add_part(block, found)?;
            self.position = end;
        }
        Ok(())
    }

    /// Keeps where the next bytes of a block are.
    fn add_part(&mut self, block: &mut Block, found: &Contribution) -> Result<(), PacketError> {
        let &Contribution { segment, pass_count, length, .. } = found;
        let index = self.parts.len() as u32;
        let part = Part { start: self.position, length, segment, next: NO_PART, pass_count };
        push(&mut self.parts, part).map_err(|_| PacketError::NoMemory)?;
        block.pass_count += pass_count;
        match self.parts.get_mut(block.parts.1 as usize) {
            Some(last) => last.next = index,
            None => block.parts.0 = index,
        }
        block.parts.1 = index;
        Ok(())
    }
}

/// A precinct, and what is around it.
struct Found<'c> {
    style: BlockStyle,
    precinct: &'c mut Precinct,
    /// Those of its resolution.
    blocks: &'c mut [Block],
    /// Those of its resolution.
    nodes: &'c mut [Node],
}

impl Found<'_> {
    fn next_layer(&self) -> usize {
        self.precinct.next_layer as usize
    }

    /// Reads what the header of a packet says of the blocks of a band.
    fn read_band(
        &mut self,
        bits: &mut HeaderBits<'_>,
        index: usize,
        layer: u32,
        contributions: &mut Vec<Contribution>,
    ) -> Result<(), PacketError> {
        let Some(part) = self.precinct.bands.get(index).filter(|part| part.columns > 0) else {
            return Ok(());
        };
        read_band(bits, part, self.blocks, self.nodes, layer, self.style, contributions)
    }
}

fn read_band(
    bits: &mut HeaderBits<'_>,
    part: &PrecinctBand,
    blocks: &mut [Block],
    nodes: &mut [Node],
    layer: u32,
    style: BlockStyle,
    contributions: &mut Vec<Contribution>,
) -> Result<(), PacketError> {
    let (mut inclusion, mut zero_planes) = part.trees(nodes);
    let range = part.blocks();
    let columns = (part.columns as usize).max(1);
    let blocks = blocks.get_mut(range.clone()).unwrap_or_default();
    for (index, block) in blocks.iter_mut().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let is_first = block.segment_count == 0;
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
            while !zero_planes.is_less(bits, column, row, u32::from(block.zero_planes) + 1)? {
                block.zero_planes += 1;
                if block.zero_planes > MAX_ZERO_PLANES {
                    let fault = Jpeg2000Fault::ZeroPlanes { limit: MAX_ZERO_PLANES.into() };
                    return Err(PacketError::Wrong(fault));
                }
            }
        }
        let pass_count = pass_count(bits)?;
        while bits.bit()? == 1 {
            block.length_bits += 1;
            if block.length_bits > MAX_LENGTH_BITS {
                return Err(PacketError::Wrong(LENGTH_BITS));
            }
        }
        let mut add = |segment: u32, pass_count: u32, length: u32| {
            let block = range.start + index;
            push(contributions, Contribution { block, segment, pass_count, length })
                .map_err(|_| PacketError::NoMemory)
        };
        if style.is_high_throughput {
            read_high_throughput_lengths(bits, block, pass_count, is_first, &mut add)?;
        } else {
            read_lengths(bits, block, pass_count, style, &mut add)?;
        }
    }
    Ok(())
}

const LENGTH_BITS: Jpeg2000Fault = Jpeg2000Fault::LengthBits { limit: MAX_LENGTH_BITS as u32 };

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

fn length(bits: &mut HeaderBits<'_>, length_bits: u8, pass_count: u32) -> Result<u32, PacketError> {
    let count = u32::from(length_bits) + pass_count.max(1).ilog2();
    if count > MAX_LENGTH_BITS.into() {
        return Err(PacketError::Wrong(LENGTH_BITS));
    }
    Ok(bits.bits(count)?)
}

/// Takes the segment, the passes and the length of what a packet has of a block.
type Add<'f> = dyn FnMut(u32, u32, u32) -> Result<(), PacketError> + 'f;

/// The lengths of the codeword segments that the new passes are in (§B.10.7).
fn read_lengths(
    bits: &mut HeaderBits<'_>,
    block: &mut Block,
    mut left: u32,
    style: BlockStyle,
    add: &mut Add<'_>,
) -> Result<(), PacketError> {
    while left > 0 {
        let room = match block.segment_count.checked_sub(1) {
            Some(last) => max_pass_count(style, last).saturating_sub(block.segment_passes),
            None => 0,
        };
        if room == 0 {
            block.segment_count += 1;
            block.segment_passes = 0;
            continue;
        }
        let count = left.min(room);
        add(block.segment_count - 1, count, length(bits, block.length_bits, count)?)?;
        block.segment_passes += count;
        left -= count;
    }
    Ok(())
}

/// Passes that the segment with this index can have (Tables D.8, D.9).
fn max_pass_count(style: BlockStyle, index: u32) -> u32 {
    match (style.terminates_passes, style.has_bypass, index) {
        (true, ..) => 1,
        (false, false, _) => u32::MAX,
        (false, true, 0) => 10,
        // Two raw passes, then a coded one.
        (false, true, _) => {
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
    add: &mut Add<'_>,
) -> Result<(), PacketError> {
    let mut left = pass_count;
    if is_first {
        // Sets of three passes that hold nothing stand for bit-planes that have no bits.
        let empty_sets = (pass_count - 1) / 3;
        block.zero_planes += empty_sets as u8;
        left -= empty_sets * 3;
        block.segment_count = 1;
        add(0, 1, length(bits, block.length_bits, empty_sets * 3 + 1)?)?;
        left -= 1;
    }
    if left > 0 {
        if block.segment_count > 1 || left > 2 {
            return Err(PacketError::Wrong(Jpeg2000Fault::HtSets));
        }
        block.segment_count = 2;
        add(1, left, length(bits, block.length_bits, left)?)?;
    }
    Ok(())
}

/// Which precinct a packet is of.
#[derive(Clone, Copy, Debug)]
struct PacketOf {
    component: u16,
    resolution: u8,
    precinct: u32,
}

impl PacketOf {
    fn find(self, components: &mut [TileComponent]) -> Option<Found<'_>> {
        let component = components.get_mut(usize::from(self.component))?;
        let style = component.block_style;
        let Resolution { precincts, blocks, nodes, .. } =
            component.resolutions.get_mut(usize::from(self.resolution))?;
        let precinct = precincts.get_mut(self.precinct as usize)?;
        Some(Found { style, precinct, blocks, nodes })
    }
}

/// The precincts of a change of the order (§B.12.1), as they follow each other in it within a
/// layer; `None` if there is no memory for them.
fn order(components: &[TileComponent], change: &ProgressionChange) -> Option<Vec<PacketOf>> {
    let mut all = Vec::new();
    for (component, of) in components.iter().enumerate() {
        if !change.components.contains(&component) {
            continue;
        }
        for (resolution, of) in of.resolutions.iter().enumerate() {
            if !change.resolutions.contains(&resolution) {
                continue;
            }
            reserve(&mut all, of.precincts.len()).ok()?;
            all.extend(of.precincts.iter().zip(0..).map(|(of, precinct)| {
                let (component, resolution) = (component as u16, resolution as u8);
                (of.position, PacketOf { component, resolution, precinct })
            }));
        }
    }
    // What is equal in the key comes in the order of components, resolutions and precincts.
    all.sort_unstable_by_key(|(position, packet)| {
        let &PacketOf { component, resolution, precinct } = packet;
        let (component, resolution) = (u32::from(component), u32::from(resolution));
        let none = (0, 0);
        match change.progression {
            Progression::Lrcp | Progression::Rlcp => (resolution, none, component, 0, precinct),
            Progression::Rpcl => (resolution, *position, component, 0, precinct),
            Progression::Pcrl => (0, *position, component, resolution, precinct),
            Progression::Cprl => (component, *position, resolution, 0, precinct),
        }
    });
    let mut packets = Vec::new();
    reserve(&mut packets, all.len()).ok()?;
    packets.extend(all.into_iter().map(|(_, packet)| packet));
    Some(packets)
}

#[cfg(test)]
mod tests;
