//! Segments that stand in the main header and, for one tile, in headers of tile-parts: coding style
//! (ISO/IEC 15444-1 §A.6.1, §A.6.2), quantization (§A.6.4, §A.6.5), region of interest (§A.6.3) and
//! progression order changes (§A.6.6).

use std::ops::RangeInclusive;

use super::super::parameters::{
    BlockStyle, CodingStyle, ImageSize, Parameters, Progression, ProgressionChange, Quantization,
    QuantizationStyle, TileCoding,
};
use super::super::unsupported;
use super::segment::{COC, COD, Contents, POC, QCC, QCD, RGN, component_index_length};
use crate::error::{Jpeg2000Fault, Result};

/// Markers of the extensions (ISO/IEC 15444-2 Annex A) that change what samples mean.
const EXTENSIONS: RangeInclusive<u16> = 0xFF70..=0xFF79;
/// Most progression order changes: more than one for each resolution and component are not known to
/// exist, and each costs time.
const MAX_PROGRESSION_CHANGES: usize = 256;
/// Most bits by which a region of interest is lifted (§A.6.3).
const MAX_REGION_SHIFT: u8 = 37;
/// Most decomposition levels (Table A.15).
const MAX_LEVELS: u8 = 32;
/// Most of both code-block exponents together, as they are coded: 2 less than they are (§A.6.1).
const MAX_BLOCK_EXPONENTS: u8 = 8;
/// Quantization steps of the most bands: three for each of 32 levels, and one.
const MAX_STEPS: usize = 97;

/// Reads a segment that can stand in the main header and in those of tile-parts; passes over
/// unknown ones.
///
/// # Errors
///
/// If there is no marker, or the segment contradicts itself or needs what this decoder lacks.
pub(super) fn read_parameters(
    marker: u16,
    mut contents: Contents<'_>,
    size: &ImageSize,
    parameters: &mut Parameters,
) -> Result<()> {
    match marker {
        COD => read_cod(&mut contents, parameters)?,
        COC => {
            let component = contents.component(size)?;
            let has_precincts = contents.u8()? & 1 != 0;
            parameters.coding.set(component, coding_style(&mut contents, has_precincts)?);
        }
        QCD => parameters.quantization.default = Some(quantization(&mut contents)?),
        QCC => {
            let component = contents.component(size)?;
            parameters.quantization.set(component, quantization(&mut contents)?);
        }
        RGN => {
            let component = contents.component(size)?;
            parameters.region_shift.set(component, region_shift(&mut contents)?);
        }
        POC => read_poc(&mut contents, size, parameters)?,
        _ if EXTENSIONS.contains(&marker) => {
            return Err(unsupported("a frame that needs the extensions of JPEG 2000 Part 2"));
        }
        // Lengths of tile-parts and packets, registration, comments: not needed.
        0xFF00.. => {}
        _ => return Err(contents.invalid(Jpeg2000Fault::MarkerExpected { found: marker })),
    }
    Ok(())
}

/// COD (§A.6.1).
fn read_cod(contents: &mut Contents<'_>, parameters: &mut Parameters) -> Result<()> {
    let flags = contents.u8()?;
    let progression = progression(contents)?;
    let layer_count = contents.u16()?;
    let transform = contents.u8()?;
    if layer_count == 0 {
        return Err(contents.invalid(Jpeg2000Fault::NoLayers));
    }
    if transform > 1 {
        return Err(unsupported("a component transform of JPEG 2000 Part 2"));
    }
    parameters.tile = Some(TileCoding {
        progression,
        layer_count,
        has_component_transform: transform == 1,
        has_sop: flags & 2 != 0,
        has_eph: flags & 4 != 0,
    });
    parameters.coding.default = Some(coding_style(contents, flags & 1 != 0)?);
    Ok(())
}

/// SPcod and SPcoc (§A.6.1).
fn coding_style(contents: &mut Contents<'_>, has_precincts: bool) -> Result<CodingStyle> {
    let [levels, width, height, style, wavelet] = contents.take()?;
    if levels > MAX_LEVELS {
        return Err(contents.invalid(Jpeg2000Fault::LevelCount { levels }));
    }
    if width.saturating_add(height) > MAX_BLOCK_EXPONENTS {
        return Err(contents.invalid(Jpeg2000Fault::BlockExponents { width, height }));
    }
    if wavelet > 1 {
        return Err(contents.invalid(Jpeg2000Fault::Wavelet { code: wavelet }));
    }
    let mut precinct_exponents = [(15, 15); 33];
    if has_precincts {
        let coded = precinct_exponents.iter_mut().take(usize::from(levels) + 1);
        for (resolution, exponents) in coded.enumerate() {
            let both = contents.u8()?;
            *exponents = (both & 15, both >> 4);
            // Bands of all resolutions but the lowest have half of its samples: of 1 none is left.
            if resolution > 0 && (exponents.0 == 0 || exponents.1 == 0) {
                return Err(contents.invalid(Jpeg2000Fault::EmptyPrecinct { resolution }));
            }
        }
    }
    Ok(CodingStyle {
        level_count: levels.into(),
        block_width_exponent: u32::from(width) + 2,
        block_height_exponent: u32::from(height) + 2,
        block_style: BlockStyle::from_code(style).ok_or_else(|| {
            unsupported("code-blocks of JPEG 2000 that are coded in more than one way")
        })?,
        is_reversible: wavelet == 1,
        precinct_exponents,
    })
}

/// Sqcd and SPqcd, Sqcc and SPqcc (§A.6.4).
fn quantization(contents: &mut Contents<'_>) -> Result<Quantization> {
    let style = contents.u8()?;
    let guard_bits = u32::from(style >> 5);
    let mut steps = Vec::new();
    let style = match style & 31 {
        0 => QuantizationStyle::None,
        1 => QuantizationStyle::Derived,
        2 => QuantizationStyle::Expounded,
        code => return Err(contents.invalid(Jpeg2000Fault::QuantizationStyle { code })),
    };
    while !contents.bytes.is_empty() && steps.len() < MAX_STEPS {
        steps.push(match style {
            QuantizationStyle::None => (u32::from(contents.u8()? >> 3), 0),
            _ => {
                let step = u32::from(contents.u16()?);
                (step >> 11, step & 0x7FF)
            }
        });
    }
    Ok(Quantization { style, guard_bits, steps })
}

/// Srgn and SPrgn (§A.6.3).
fn region_shift(contents: &mut Contents<'_>) -> Result<u8> {
    let [style, shift] = contents.take()?;
    if style != 0 {
        return Err(contents.invalid(Jpeg2000Fault::RegionStyle { style }));
    }
    if shift > MAX_REGION_SHIFT {
        return Err(contents.invalid(Jpeg2000Fault::RegionShift { shift }));
    }
    Ok(shift)
}

/// POC (§A.6.6).
fn read_poc(
    contents: &mut Contents<'_>,
    size: &ImageSize,
    parameters: &mut Parameters,
) -> Result<()> {
    let index_length = component_index_length(size);
    while contents.bytes.len() >= 5 + 2 * index_length {
        let limit = MAX_PROGRESSION_CHANGES;
        if parameters.progression_changes.len() == limit {
            return Err(contents.invalid(Jpeg2000Fault::ProgressionChanges { limit }));
        }
        parameters.progression_changes.push(progression_change(contents, index_length)?);
    }
    Ok(())
}

/// One change of a POC segment.
fn progression_change(
    contents: &mut Contents<'_>,
    index_length: usize,
) -> Result<ProgressionChange> {
    let index = |contents: &mut Contents<'_>| -> Result<usize> {
        Ok(if index_length == 1 { contents.u8()?.into() } else { contents.u16()?.into() })
    };
    let first_resolution = contents.u8()?.into();
    let first_component = index(contents)?;
    let layer_end = contents.u16()?.into();
    let resolution_end = contents.u8()?.into();
    let component_end = match index(contents)? {
        // In one byte 0 means 256.
        0 if index_length == 1 => 256,
        end => end,
    };
    Ok(ProgressionChange {
        resolutions: first_resolution..resolution_end,
        components: first_component..component_end,
        layer_end,
        progression: progression(contents)?,
    })
}

fn progression(contents: &mut Contents<'_>) -> Result<Progression> {
    let code = contents.u8()?;
    Progression::from_code(code)
        .ok_or_else(|| contents.invalid(Jpeg2000Fault::Progression { code }))
}

#[cfg(test)]
mod tests;
