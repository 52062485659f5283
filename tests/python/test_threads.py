"""Threads that share a data set: `tools/threads.py`, which also runs without a global lock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "threads.py"


def test_threads_that_share_a_data_set_find_what_is_there() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(SCRIPT), "--threads", "8", "--seconds", "3"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    jobs = done.stdout.splitlines()[1]
    for job in ("values", "pixels", "as_whole", "changes", "looks_anew", "many_files", "circles"):
        assert f"{job} " in jobs
    assert done.stdout.endswith("0 wrong\n")
