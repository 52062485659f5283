"""Writing files is not offered: these functions raise, and name what writes."""

from __future__ import annotations

from rapidicom._common.not_offered import NotOffered

__all__ = ["dcmwrite", "write_file_meta_info"]

dcmwrite = NotOffered("write files")
write_file_meta_info = NotOffered("write files")
