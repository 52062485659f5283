"""Writing files is not offered: these names say so in one sentence, and where it is."""

from __future__ import annotations

from rapidicom._common.not_offered import NotOffered

__all__ = ["dcmwrite", "write_file_meta_info"]

dcmwrite = NotOffered("write files")
write_file_meta_info = NotOffered("write files")
