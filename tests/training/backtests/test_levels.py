"""Levels of real places: what is counted, what adds up, and that no level is worse for it."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import Frequency, Period, Workspace
from features.geographies.geography import add_geography
from features.sources.counts import CountColumns
from features.store.ingesting import ingest_counts
from features.views.as_of import AsOfDoor, ViewMode, load_door
from features.views.hierarchy import Hierarchy, load_hierarchy
from models.sums.reconciliation import METHODS
from monitoring import UNRECONCILED, level_scores
from training.backtests.levels import LevelDoor, backtest_levels, reconciled_levels
from training.backtests.rolling_origin import Plan

pytestmark = pytest.mark.real_data

BOROUGHS = ("E09000007", "E09000019", "E09000033")
"""Camden, Islington and Westminster."""


@pytest.fixture(scope="module")
def workspace(real_data: Path, tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Workspace:
    """Burglary of three boroughs by LSOA, with the LSOAs in their wards."""
    folder = tmp_path_factory.mktemp("levels")
    text = (repository / "contracts" / "examples" / "london.toml").read_text(encoding="utf-8")
    (folder / "wardcast.toml").write_text(text, encoding="utf-8")
    shapes = _shapes_of_boroughs(real_data / "geography", folder)
    workspace = Workspace(folder)
    add_geography(
        workspace,
        "lsoa_2021",
        boundaries=shapes[0],
        code="lsoa21_code",
        area_name="lsoa21_name",
        attributes=real_data / "geography" / "lsoa_2021_attributes.parquet",
        parent="ward24_code",
    )
    add_geography(
        workspace, "ward_2022", boundaries=shapes[1], code="ward22_code", area_name="ward22_name", parent="ltla24_code"
    )
    known = load_hierarchy(workspace, ["lsoa_2021", "city"]).finest.codes
    ingest_counts(
        workspace,
        _long_table(real_data, known, folder),
        columns=CountColumns("area", "period", "category", "count"),
        taxonomy="police_uk",
        published_on=date(2025, 3, 10),
        geography="lsoa_2021",
    )
    return workspace


def _shapes_of_boroughs(shapes: Path, folder: Path) -> tuple[Path, Path]:
    import geopandas as gpd

    lsoas = pd.read_parquet(shapes / "lsoa_2021_attributes.parquet").set_index("lsoa21_code")["LAD22CD"]
    small, wards = (
        gpd.read_file(shapes / "london_lsoa_2021.geojson"),
        gpd.read_file(shapes / "london_wards_2022.geojson"),
    )
    small[small["lsoa21_code"].map(lsoas).isin(BOROUGHS)].to_file(folder / "lsoa.geojson", driver="GeoJSON")
    wards[wards["ltla24_code"].isin(BOROUGHS)].to_file(folder / "ward.geojson", driver="GeoJSON")
    return folder / "lsoa.geojson", folder / "ward.geojson"


def _long_table(real_data: Path, known: tuple[str, ...], folder: Path) -> Path:
    wide = pd.read_parquet(real_data / "london" / "burglary_lsoa_month_2010-12_2025-02.parquet")
    long = wide.loc[list(known)].rename_axis("area").melt(ignore_index=False, var_name="period", value_name="count")
    path = folder / "burglary.parquet"
    long.reset_index().assign(category="Burglary").to_parquet(path, index=False)
    return path


@pytest.fixture(scope="module")
def hierarchy(workspace: Workspace) -> Hierarchy:
    return load_hierarchy(workspace, ["lsoa_2021", "ward_2022", "parents", "city"])


@pytest.fixture(scope="module")
def door(workspace: Workspace) -> AsOfDoor:
    return load_door(workspace, geography="lsoa_2021")


@pytest.fixture(scope="module")
def parts(workspace: Workspace, door: AsOfDoor, hierarchy: Hierarchy):
    month = Frequency.MONTH
    plan = Plan(
        target="burglary",
        first=Period.parse("2024-09", month),
        last=Period.parse("2025-02", month),
        horizons=(1,),
        models=("ewma", "wardcast"),
        view=ViewMode.SETTLED,
        seed=7,
        refit_every=6,
    )
    local, backtests = backtest_levels(door, hierarchy, workspace.settings, plan, progress=False)
    return reconciled_levels(local, backtests)


def test_levels_nest(hierarchy: Hierarchy) -> None:
    assert hierarchy.levels[2].geography.codes == BOROUGHS
    sizes = [len(level.geography.codes) for level in hierarchy.levels]
    assert sizes == sorted(sizes, reverse=True)
    assert hierarchy.summing.sum() == 4 * sizes[0]


def test_every_level_counts_the_same_crimes(hierarchy: Hierarchy, door: AsOfDoor) -> None:
    totals = [
        np.nansum(LevelDoor(door, level, hierarchy.finest.codes).view(date(2025, 3, 10)).of("burglary"))
        for level in hierarchy.levels
    ]
    assert totals == pytest.approx([totals[0]] * 4)


def test_reconciled_means_add_up(parts) -> None:
    assert {part.reconciliation for part in parts} == {UNRECONCILED, *METHODS}
    gaps = [part.largest_gap for part in parts if part.reconciliation != UNRECONCILED]
    assert max(gaps) < 1e-6
    assert max(part.largest_gap for part in parts if part.verification.model == "ewma") > 0.1
    assert all((part.verification.forecast.mean > 0).all() for part in parts)


def test_adding_up_leaves_wardcast_as_good_at_each_level(parts) -> None:
    rows = level_scores(parts, seed=7)
    chosen = [r for r in rows if r["model"] == "wardcast" and r["reconciliation"] == "min_trace_variance"]
    assert [row["level"] for row in chosen] == ["lsoa_2021", "ward_2022", "parents", "city"]
    assert max(row["vs_unreconciled_low"] for row in chosen) < 1.005


def test_only_the_recipe_says_what_areas_share(parts) -> None:
    own = [part for part in parts if (part.level, part.reconciliation) == ("lsoa_2021", UNRECONCILED)]
    shares = {part.verification.model: bool(np.asarray(part.verification.forecast.shared).all()) for part in own}
    assert shares == {"ewma": False, "wardcast": True}
