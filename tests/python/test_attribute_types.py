"""Types of attributes by keyword: `make lint` checks annotations, these tests check values."""

from collections.abc import Sequence
from pathlib import Path
from typing import assert_type

import rapidicom as rd
from rapidicom.multival import MultiValue
from rapidicom.uid import UID
from rapidicom.valuerep import IS, DSfloat, PersonName

# Not of `data_paths`: mypy checks this file as a user would write it, on its own.
BRAIN = Path(__file__).resolve().parents[1] / "data" / "brain-mr" / "0001.dcm"


def spacing_sum(values: Sequence[float]) -> float:
    return sum(values)


def test_one_value_has_the_type_of_its_vr() -> None:
    ds = rd.dcmread(BRAIN)
    assert isinstance(assert_type(ds.Rows, int), int)
    assert isinstance(assert_type(ds.PatientName, PersonName), PersonName)
    assert isinstance(assert_type(ds.SOPInstanceUID, UID), UID)
    assert isinstance(assert_type(ds.StudyDate, str), str)
    assert isinstance(assert_type(ds.SliceThickness, DSfloat), float)
    assert isinstance(assert_type(ds.PixelData, bytes), bytes)


def test_several_values_are_a_sequence_of_their_type() -> None:
    ds = rd.dcmread(BRAIN)
    assert_type(ds.PixelSpacing, MultiValue[DSfloat])
    assert spacing_sum(ds.PixelSpacing) > 0
    assert_type(ds.WindowCenter, DSfloat | MultiValue[DSfloat])
    assert_type(ds.InstanceNumber, IS)


def test_what_can_be_converted_can_be_set() -> None:
    ds = rd.Dataset()
    ds.PixelSpacing = [0.5, 0.5]
    ds.SliceThickness = "1.25"
    ds.PatientName = "A^B"
    assert ds.PixelSpacing == [0.5, 0.5]
    assert float(ds.SliceThickness) == 1.25
    del ds.PatientName
    assert "PatientName" not in ds


def test_other_names_are_of_any_type() -> None:
    ds = rd.Dataset()
    ds.note = 3
    assert ds.note == 3
    item: rd.Dataset = ds
    assert item is ds
