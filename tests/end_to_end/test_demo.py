"""The demonstration, as a new user runs it, without the page that the browser test opens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

WARDCAST = str(Path(sys.executable).parent / "wardcast")


def test_the_demonstration_ends_with_an_issued_forecast(tmp_path: Path) -> None:
    done = subprocess.run(
        [WARDCAST, "demo", "--no-serve", "--workspace", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for target in ("demand", "violence", "robbery"):
        assert f"{target}, area level, horizon 1" in done.stdout
        assert f"Trained {target} version 1 on simulated counts" in done.stdout
    assert "Issued 2025-02-" in done.stdout
    verified = subprocess.run(
        [WARDCAST, "ledger", "verify", "--workspace", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0
    assert "7 entries" in verified.stdout


def test_the_demonstration_leaves_a_real_city_alone(tmp_path: Path) -> None:
    subprocess.run([WARDCAST, "init", "--workspace", str(tmp_path / "real")], check=True, capture_output=True)
    refused = subprocess.run(
        [WARDCAST, "demo", "--no-serve", "--workspace", str(tmp_path / "real")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 5
    assert refused.stderr.count("\n") == 1
    assert "not of a simulated city" in refused.stderr
