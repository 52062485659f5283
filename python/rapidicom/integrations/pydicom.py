"""Data sets for pydicom, and ours under programs that were written for it."""

from rapidicom.integrations.pydicom_dataset import to_pydicom
from rapidicom.integrations.pydicom_patch import patch, unpatch

__all__ = ["patch", "to_pydicom", "unpatch"]
