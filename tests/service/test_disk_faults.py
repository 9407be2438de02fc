"""A disk that is full, broken or read-only, and a kill, at calls of every command that writes to the ledger.

The short form: a few calls of each command. ``python -m benchmarks.disk_faults`` lets down every call of the commands
as they are, with MLflow.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import preloaded

CASES = Path(__file__).with_name("disk_fault_cases.py")
STEPS = 2
NAMES = ("propose", "approve", "reject", "withdraw", "issue", "train", "rotate-key", "challenge")


@pytest.mark.skipif(not preloaded.is_there(), reason="it needs gcc")
@pytest.mark.parametrize("names", [NAMES[:4], NAMES[4:]], ids=["decisions", "others"])
def test_whatever_the_disk_does_what_stands_is_told_and_the_next_attempt_works(
    names: tuple[str, ...], tmp_path: Path, repository: Path
) -> None:
    environment = {**preloaded.environment(tmp_path), "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, str(CASES), str(tmp_path), str(STEPS), *names],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-3000:]
