"""The London walk-through of the README, typed as a user types it, on the real publications."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

WARDCAST = str(Path(sys.executable).parent / "wardcast")
FIRST, LAST = "2023-12", "2024-02"


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [WARDCAST, *words, "--workspace", "london"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """A folder with the workspace ``london`` as the walk-through leaves it before the backtest."""
    folder = tmp_path_factory.mktemp("walkthrough")
    shapes, wards = real_data / "geography", real_data / "london" / "mps_ward"
    run(folder, "init", "--example", "london")
    run(
        folder,
        *("geography", "add", "ward_2022", "--boundaries", str(shapes / "london_wards_2022.geojson")),
        *("--code", "ward22_code", "--name", "ward22_name", "--parent", "ltla24_code"),
        *("--attributes", str(shapes / "ward_2022_attributes.parquet"), "--attributes-code", "ward24_code"),
    )
    for name, published_on in (
        ("historical_published_2026-04.csv", "2026-04-10"),
        ("recent_24_months_published_2023-12.csv", "2023-12-10"),
        ("recent_24_months_published_2025-07.csv", "2025-07-10"),
    ):
        run(folder, "ingest", "mps-ward", str(wards / name), "--published-on", published_on)
    return folder


@pytest.fixture(scope="module")
def backtest(folder: Path) -> dict[str, Any]:
    """The document of a backtest on a slice of months; its forecasts are in forecasts.parquet."""
    done = run(
        folder,
        *("backtest", "--target", "violence", "--from", FIRST, "--to", LAST, "--horizon", "1", "--view", "settled"),
        *("--models", "ewma,mean_12,wardcast", "--forecasts-out", "forecasts.parquet", "--json"),
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def row_of(document: dict[str, Any], model: str) -> dict[str, Any]:
    return next(row for row in document["leaderboard"] if row["model"] == model and row["level"] == "area")


def test_the_champion_recipe_beats_counting_and_covers_what_it_says(backtest: dict[str, Any]) -> None:
    wardcast, ewma = row_of(backtest, "wardcast"), row_of(backtest, "ewma")
    assert wardcast["mean_poisson_deviance"] < 0.97 * ewma["mean_poisson_deviance"]
    assert 0.85 <= wardcast["coverage_90"] <= 0.95
    assert backtest["noise_floor"]


def test_an_independent_scoring_of_the_forecasts_gives_the_same_figures(
    folder: Path, backtest: dict[str, Any], real_data: Path
) -> None:
    """DuckDB scores the file against the counts of the publication itself; neither our reader nor our judge is used."""
    source = real_data / "london" / "mps_ward" / "historical_published_2026-04.csv"
    months = "'202312', '202401', '202402'"
    scored = duckdb.sql(
        f"""
        WITH counts AS (
            UNPIVOT (SELECT * FROM read_csv('{source}', header = true) WHERE MinorText = 'VIOLENCE WITH INJURY')
            ON COLUMNS('^20[0-9]{{4}}$') INTO NAME month VALUE crimes
        ), outcomes AS (
            SELECT WardCode AS area, month, sum(crimes)::DOUBLE AS y FROM counts WHERE month IN ({months}) GROUP BY ALL
        )
        SELECT model, count(*) AS n, avg(abs(y - mean)) AS mae,
            2 * avg(CASE WHEN y > 0 THEN y * ln(y / mean) ELSE 0 END - (y - mean)) AS deviance
        FROM read_parquet('{folder / "forecasts.parquet"}') f
        JOIN outcomes o ON o.area = f.area AND o.month = strftime(f.period, '%Y%m')
        GROUP BY model
        """
    ).fetchall()
    assert {model for model, *_ in scored} == {"ewma", "mean_12", "wardcast"}
    for model, forecasts, mae, deviance in scored:
        row = row_of(backtest, model)
        assert forecasts == 679 * 3
        assert mae == pytest.approx(row["mae"], rel=1e-9)
        assert deviance == pytest.approx(row["mean_poisson_deviance"], rel=1e-9)


def test_training_approving_and_issuing_end_in_a_forecast_of_august(folder: Path) -> None:
    (trained,) = json.loads(run(folder, "train", "--target", "violence", "--json").stdout)
    assert (trained["version"], trained["last_known"], trained["as_of"]) == (1, "2025-06", "2025-07-10")
    run(folder, "approve", "--by", "Ada Board", "--reason", "Calibrated in every fifth.", "--inconclusive", "Read.")
    issued = json.loads(run(folder, "issue", "--json").stdout)
    assert issued["next_period"] == "2025-08"
    assert issued["replay"] is True
    assert [period["horizon"] for period in issued["targets"][0]["periods"]] == [2, 3, 4]
    assert "two periods ahead of the last known one" in " ".join(issued["notes"])
    assert run(folder, "ledger", "verify").stdout.startswith("3 entries")
