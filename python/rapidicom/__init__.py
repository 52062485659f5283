"""Rapidicom reads DICOM: files, header tables and volumes as NumPy arrays, from a Rust core."""

from rapidicom.dataset import Dataset
from rapidicom.filereader import dcmread, read_file

__all__ = ["Dataset", "dcmread", "read_file"]
