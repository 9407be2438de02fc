"""The running service is held against its own description, by questions that nobody here thought of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
CASES = os.environ.get("WARDCAST_QUESTIONS", "15")
"""Questions put to each route."""


def test_no_answer_is_other_than_described(trained: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from service.cli import program; program()", "serve", "--port", "0"]
    with subprocess.Popen([*command, "--workspace", str(trained)], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = next(line.split("Open ")[1].split("/ and")[0] for line in server.stderr if "Open " in line)
        asked = [f"{address}/openapi.json", "--checks", "all", "--max-examples", CASES, "--seed", "1"]
        schemathesis = Path(sys.executable).parent / "schemathesis"
        # It keeps what failed in a folder of the place where it runs.
        done = subprocess.run([schemathesis, "run", *asked], capture_output=True, text=True, check=False, cwd=tmp_path)
        server.terminate()
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
