"""The benchmark of the training loop checks its answers, and gives a row a loop."""

from __future__ import annotations

import os
import subprocess
import sys

from data_paths import REPOSITORY

LOOPS = ["rapidicom, prefetch", "MONAI, RapidicomReader", "nibabel, NIfTI"]


def test_a_short_run_has_a_row_for_each_loop() -> None:
    command = [
        sys.executable, str(REPOSITORY / "benches" / "training.py"), "--short",
        "--codecs", "native", "--loops", *LOOPS,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()[1:]
    for what in ("crop", "whole"):
        for loop in LOOPS:
            (row,) = [
                row for row in rows if row.startswith("native") and what in row and loop in row
            ]
            assert float(row.split()[-4]) > 0
