"""Nested levels: hand-worked shared parts, and draws whose sums have the spread of each level's distribution."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from contracts import CountDistribution, group_sums
from features.geographies.geography import Geography
from features.views.hierarchy import Hierarchy, Level
from models.sums.level_forecasts import LevelForecasts, reconciled

AREAS, DISTRICTS = 120, 12


def level(name: str, groups: np.ndarray, folder: Path) -> Level:
    size = int(groups.max()) + 1
    codes = [f"{name}{number:03d}" for number in range(size)]
    areas = pd.DataFrame(
        {"area": codes, "name": codes, "parent": None, "area_km2": 1.0, "longitude": 0.0, "latitude": 0.0}
    )
    none = np.empty((size, 0), dtype=np.int64)
    attributes = pd.DataFrame(index=pd.Index(codes))
    geography = Geography(name, areas, attributes, sparse.csr_array((size, size)), none, folder / "none.geojson")
    return Level(name, geography, groups)


@pytest.fixture(scope="module")
def hierarchy(tmp_path_factory) -> Hierarchy:
    folder = tmp_path_factory.mktemp("none")
    groups = (np.arange(AREAS), np.arange(AREAS) % DISTRICTS, np.zeros(AREAS, dtype=np.int64))
    return Hierarchy(tuple(level(name, one, folder) for name, one in zip("FDC", groups, strict=True)))


def own_forecasts(hierarchy: Hierarchy, city: float = 0.01, district: float = 0.03) -> list[CountDistribution]:
    """Two rows of forecasts that add up, from a world with these relative variances of a city and district factor."""
    fine = np.random.default_rng(3).gamma(4.0, 3.0, (2, AREAS))
    finest = CountDistribution(fine, np.array(0.15), np.array(city))
    within = (1 + city) * (1 + district)
    districts = group_sums(fine, hierarchy.levels[1].groups, DISTRICTS)
    squares = group_sums(fine**2, hierarchy.levels[1].groups, DISTRICTS)
    second = 1.15 * squares + within * (districts**2 - squares)
    whole = fine.sum(axis=1, keepdims=True)
    top = second.sum(axis=1, keepdims=True) + (1 + city) * (whole**2 - (districts**2).sum(axis=1, keepdims=True))
    return [
        finest,
        CountDistribution(districts, second / districts**2 - 1.0),
        CountDistribution(whole, top / whole**2 - 1.0),
    ]


@pytest.fixture(scope="module")
def made(hierarchy) -> LevelForecasts:
    return reconciled(hierarchy, own_forecasts(hierarchy))


def test_what_is_shared_is_found_again(made):
    assert made.shared[1] == pytest.approx([1.01, 1.01])
    assert made.shared[0] == pytest.approx([1.01 * 1.03] * 2, rel=1e-5)


def test_without_a_citys_factor_the_citys_own_spread_gives_it(hierarchy):
    own = own_forecasts(hierarchy)
    blind = reconciled(hierarchy, [replace(own[0], shared=np.array(0.0)), *own[1:]])
    assert blind.shared[1] == pytest.approx([1.01, 1.01], rel=1e-4)


def test_the_finest_areas_keep_their_dispersion(made):
    assert made.levels[0].dispersion == pytest.approx(np.full((2, AREAS), 0.15))


def test_means_and_distributions_add_up(made, hierarchy):
    for one, forecast in zip(hierarchy.levels, made.levels, strict=True):
        assert np.abs(forecast.mean - group_sums(made.levels[0].mean, one.groups, forecast.mean.shape[1])).max() < 1e-6


def test_draws_of_each_level_have_its_mean_and_variance(made, hierarchy):
    drawn = made.draws(8000, seed=4)
    for one, forecast in zip(hierarchy.levels, made.levels, strict=True):
        sums = group_sums(drawn, one.groups, forecast.mean.shape[1])
        assert sums.mean(axis=0) == pytest.approx(forecast.mean, rel=0.04)
        assert sums.var(axis=0) == pytest.approx(forecast.variance, rel=0.2)
        assert sums.var(axis=0).mean() == pytest.approx(forecast.variance.mean(), rel=0.05)


def test_an_areas_draws_follow_its_published_distribution(made):
    drawn = made.draws(4000, seed=6)
    forecast = made.levels[0]
    uniforms = np.random.default_rng(1).random(drawn.shape)
    below = forecast.cdf(drawn - 1.0)
    pit = below + uniforms * (forecast.cdf(drawn) - below)
    assert max(stats.kstest(pit[:, 0, area], "uniform").statistic for area in range(AREAS)) < 0.05


def test_areas_of_one_district_move_together_more_than_others(made, hierarchy):
    drawn = made.draws(8000, seed=9)[:, 0].astype(float)
    correlation = np.corrcoef(drawn.T)
    same = hierarchy.levels[1].groups[:, None] == hierarchy.levels[1].groups[None, :]
    apart = ~np.eye(AREAS, dtype=bool)
    assert correlation[same & apart].mean() > 1.8 * correlation[~same].mean() > 0.0


def test_nothing_shares_more_than_the_areas_vary(hierarchy):
    own = own_forecasts(hierarchy)
    wide = [own[0], replace(own[1], dispersion=np.array(5.0)), own[2]]
    made = reconciled(hierarchy, wide)
    assert (made.shared <= 1.15 + 1e-12).all()
    assert (made.shared[0] >= made.shared[1]).all()


def test_the_same_seed_gives_the_same_draws(made):
    assert np.array_equal(made.draws(10, seed=1), made.draws(10, seed=1))
