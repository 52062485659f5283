"""Waveforms (PS3.3 §C.10.9): the samples of multiplex groups as NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rapidicom._common.errors import InvalidDicomError, UnsupportedError
from rapidicom._common.items import items
from rapidicom._common.numbers import as_integer
from rapidicom._common.parsing import parsed
from rapidicom._core import Dataset
from rapidicom._dataset.companding import a_law, mu_law

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["generate_multiplex", "multiplex_array"]

# By Waveform Bits Allocated and Waveform Sample Interpretation (PS3.3 §C.10.9.1.5).
_DTYPES: dict[tuple[int, str], str] = {
    (8, "SB"): "i1",
    (8, "UB"): "u1",
    (8, "MB"): "u1",
    (8, "AB"): "u1",
    (16, "SS"): "i2",
    (16, "US"): "u2",
    (32, "SL"): "i4",
    (32, "UL"): "u4",
    (64, "SV"): "i8",
    (64, "UV"): "u8",
}

# What the bytes of companded samples stand for.
_LINEAR = {"MB": mu_law, "AB": a_law}

_NEEDED = (
    "NumberOfWaveformChannels",
    "NumberOfWaveformSamples",
    "WaveformBitsAllocated",
    "WaveformSampleInterpretation",
    "WaveformData",
)


def multiplex_array(ds: Dataset, index: int, as_raw: bool = True) -> npt.NDArray[Any]:
    """Read the samples of one multiplex group.

    Args:
        ds: The data set, with a Waveform Sequence.
        index: The group, from 0.
        as_raw: Whether to return stored samples, instead of applying each channel's sensitivity,
            its correction factor and the baseline (PS3.3 §C.10.9.1.4.2). Companded samples, mu-law
            (MB) and A-law (AB), are expanded before that, to the whole numbers of ITU-T G.711:
            -8031 to 8031, and -4032 to 4032. Waveform Padding Value is treated as any sample.

    Returns:
        Shape (sample, channel); float64 if `as_raw` is false.

    Raises:
        AttributeError: The data set has no waveform, or the group lacks an attribute that describes
            it.
        InvalidDicomError: The attributes contradict the samples or one another.
        UnsupportedError: The samples are of a kind that cannot be read yet.
        IndexError: No group has this index.
    """
    return _group(_groups(ds)[index], index, as_raw=as_raw)


def generate_multiplex(ds: Dataset, as_raw: bool = True) -> Iterator[npt.NDArray[Any]]:
    """Yield the samples of each multiplex group.

    Args:
        ds: As for `multiplex_array`.
        as_raw: As for `multiplex_array`.

    Raises:
        As `multiplex_array`.
    """
    for index, group in enumerate(_groups(ds)):
        yield _group(group, index, as_raw=as_raw)


def _groups(ds: Dataset) -> Any:
    if "WaveformSequence" not in ds:
        raise AttributeError("the data set has no (5400,0100) Waveform Sequence")
    return items(ds, "WaveformSequence")


def _group(item: Dataset, index: int, *, as_raw: bool) -> npt.NDArray[Any]:
    missing = [keyword for keyword in _NEEDED if keyword not in item]
    if missing:
        raise AttributeError(f"the multiplex group with index {index} has no {', '.join(missing)}")
    counts = [_count(item, keyword) for keyword in _NEEDED[:3]]
    channel_count, sample_count, bits = counts
    interpretation = str(item.WaveformSampleInterpretation).strip()
    name = _DTYPES.get((bits, interpretation))
    if name is None:
        raise UnsupportedError(
            f"waveforms of {bits} bits in this sample interpretation cannot be read yet"
        )
    dtype = np.dtype(f"{'>' if item.is_little_endian is False else '<'}{name}")
    data = item.WaveformData
    if not isinstance(data, bytes):
        raise InvalidDicomError(
            "Waveform Data is not a value of bytes", tag=item["WaveformData"].tag
        )
    needed = channel_count * sample_count * dtype.itemsize
    if len(data) < needed:
        raise InvalidDicomError(
            f"the waveform needs {needed} bytes, but Waveform Data has {len(data)}",
            tag=item["WaveformData"].tag,
        )
    stored = np.frombuffer(data, dtype, channel_count * sample_count).reshape(
        sample_count, channel_count
    )
    # A writable copy in the machine's byte order.
    if as_raw:
        return stored.astype(name)
    linear = _LINEAR.get(interpretation)
    return _calibrated(item, stored if linear is None else linear()[stored])


def _calibrated(item: Dataset, stored: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    array = stored.astype(np.float64)
    if "ChannelDefinitionSequence" not in item:
        raise AttributeError("the multiplex group has no ChannelDefinitionSequence")
    definitions, count = items(item, "ChannelDefinitionSequence"), array.shape[1]
    if len(definitions) != count:
        raise InvalidDicomError(
            f"the waveform has {count} channels, but {len(definitions)} are defined",
            tag=item["ChannelDefinitionSequence"].tag,
        )
    for channel, definition in enumerate(definitions):
        factor = _number(definition, "ChannelSensitivity", 1.0)
        factor *= _number(definition, "ChannelSensitivityCorrectionFactor", 1.0)
        array[:, channel] = array[:, channel] * factor + _number(definition, "ChannelBaseline", 0.0)
    return array


def _count(item: Dataset, keyword: str) -> int:
    number = as_integer(item[keyword].value)
    if number is None or number < 1:
        raise InvalidDicomError(f"{keyword} must be a whole number above 0", tag=item[keyword].tag)
    return number


def _number(item: Dataset, keyword: str, default: float) -> float:
    value = item.get(keyword)
    if value is None:
        return default
    number = parsed(float, value, errors=(TypeError, ValueError))
    if number is None:
        raise InvalidDicomError(f"{keyword} is not a number", tag=item[keyword].tag)
    return number
