"""A small workspace that went through everything, for tests of what happens to a workspace afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from service.cli import wardcast

SETTINGS = """
city = "Tiny"
geography = "squares"
frequency = "month"
[forecast]
replay = true
[offences.counts]
assault = ["Assault"]
theft = ["Theft"]
[targets.violence]
title = "Violence"
[targets.violence.offences]
counts = ["assault"]
[targets.theft]
title = "Theft"
[targets.theft.offences]
counts = ["theft"]
"""


def _run(*arguments: str, workspace: Path) -> Any:
    result = CliRunner().invoke(wardcast, [*arguments, "--workspace", str(workspace)])
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def _write_sources(folder: Path) -> None:
    """Sixteen squares of some 600 m in two districts, and four years of two offences."""
    codes = [f"A{index:02d}" for index in range(16)]
    features = []
    for index, code in enumerate(codes):
        west, south = 0.01 * (index % 4), 51.5 + 0.01 * (index // 4)
        ring = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01], [west, south]]
        properties = {"code": code, "name": f"Area {code}", "district": f"D{index // 8}"}
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    (folder / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    rng = np.random.default_rng(3)
    rates = rng.gamma(3.0, 3.0, 16)
    rows = [
        f"{code},{2020 + month // 12}-{month % 12 + 1:02d},{offence},{rng.poisson(rate)}"
        for month in range(48)
        for code, rate in zip(codes, rates, strict=True)
        for offence in ("Assault", "Theft")
    ]
    (folder / "counts.csv").write_text("\n".join(["area,period,category,count", *rows]) + "\n")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a champion, an issued forecast, a report and an export; for reading only: copy it to write."""
    folder = tmp_path_factory.mktemp("original")
    _write_sources(folder)
    root = folder / "workspace"
    _run("init", workspace=root)
    (root / "wardcast.toml").write_text(SETTINGS)
    areas = ("--boundaries", str(folder / "areas.geojson"), "--code", "code", "--name", "name", "--parent", "district")
    _run("geography", "add", "squares", *areas, workspace=root)
    columns = ("--area", "area", "--period", "period", "--category", "category", "--count", "count")
    told = ("--taxonomy", "counts", "--published-on", "2024-01-10")
    _run("ingest", "counts", str(folder / "counts.csv"), *columns, *told, workspace=root)
    _run("train", "--target", "violence", workspace=root)
    reasons = ("--reason", "Read and agreed.", "--inconclusive", "Four years of sixteen squares decide no audit.")
    _run("approve", "--by", "B. Member", *reasons, workspace=root)
    _run("issue", workspace=root)
    return root
