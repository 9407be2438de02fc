"""The published figures of a one-parameter smoother on real London counts come out again."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import CountDistribution, FlagSettings, Frequency, ordinals_of
from monitoring import Flags, Verification, leaderboard
from monitoring.audits.audit import audit
from monitoring.audits.groups import deprivation_groups, shares_of_residents
from monitoring.audits.material import Material

pytestmark = pytest.mark.real_data
ALPHA = 0.1


def violence(path: Path) -> pd.DataFrame:
    """Violence with injury by ward, columns the months as in the file."""
    table = pd.read_csv(path)
    months = [column for column in table.columns if column.isdigit()]
    chosen = table[table["MinorText"].str.upper() == "VIOLENCE WITH INJURY"]
    return chosen.groupby("WardCode")[months].sum()


@pytest.fixture(scope="module")
def counts(real_data: Path) -> pd.DataFrame:
    folder = real_data / "london" / "mps_ward"
    older = violence(folder / "historical_published_2026-04.csv")
    newer = violence(folder / "recent_24_months_published_2025-07.csv")
    return older.join(newer.loc[:, "202403":]).fillna(0.0).sort_index()


@pytest.fixture(scope="module")
def smoothed(counts: pd.DataFrame) -> Verification:
    """Exponentially weighted means of what was known before each of the 24 months to 2025-02."""
    history = counts.to_numpy(float)
    level = counts.T.reset_index(drop=True).ewm(alpha=ALPHA, adjust=False).mean().T.to_numpy()
    first, last = counts.columns.get_loc("202303"), counts.columns.get_loc("202502")
    months = np.array([f"{name[:4]}-{name[4:]}" for name in counts.columns[first : last + 1]], dtype="datetime64[M]")
    mean = level[:, first - 1 : last].T
    return Verification(
        model="ewma",
        target="violence",
        horizon=1,
        areas=tuple(counts.index),
        periods=ordinals_of(months, Frequency.MONTH),
        forecast=CountDistribution(np.maximum(mean, 0.01), np.array(0.05)),
        outcomes=history[:, first : last + 1].T,
    )


def test_the_published_figures_come_out(smoothed):
    (row,) = leaderboard([smoothed], area_km2=np.ones(679), seed=1).rows
    assert row["forecasts"] == 24 * 679
    assert row["mean_poisson_deviance"] == pytest.approx(1.491, abs=0.002)
    assert row["mae"] == pytest.approx(2.75, abs=0.005)
    assert row["pei_10"] == pytest.approx(0.901, abs=0.0005)


def centres_km(path: Path, codes: tuple[str, ...]) -> np.ndarray:
    """Mean of the corners of each ward's boundary, near enough for neighbours."""
    found = {}
    for ward in json.loads(path.read_text())["features"]:
        shape = ward["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        corners = np.concatenate([np.array(part[0]) for part in parts])
        found[ward["properties"]["ward22_code"]] = corners.mean(axis=0) * (69.5, 111.2)
    return np.array([found[code] for code in codes])


def test_every_group_can_be_audited(smoothed, real_data):
    attributes = pd.read_parquet(real_data / "geography" / "ward_2022_attributes.parquet").set_index("ward24_code")
    wards = attributes.loc[list(smoothed.areas)]
    result = audit(
        Material(
            forecast=smoothed.forecast,
            outcomes=smoothed.outcomes,
            positions=centres_km(real_data / "geography" / "london_wards_2022.geojson", smoothed.areas),
            groups=(
                deprivation_groups(wards["iod2025_IMD_score"].to_numpy(float)),
                shares_of_residents("ethnic group", wards.filter(like="eth21_")),
            ),
            residents=wards["residents_2021"].to_numpy(float),
            flag_rule=Flags(FlagSettings(share=0.1), smoothed.areas),
            seed=1,
        )
    )
    frame = result.to_frame().query("stratum.isna()")
    assert frame["value"].notna().all()
    assert len(frame.query("audit == 'calibration'")) == 10
    assert set(frame.loc[frame["audit"] == "calibration", "verdict"]) == {"inside"}
    assert {row["verdict"] for row in result.tables["completeness of groups"]} == {"inside"}
