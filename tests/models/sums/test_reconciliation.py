"""Reconciled forecasts: hand-worked hierarchies, coherence, and the library's own dense algebra as oracle."""

import numpy as np
import pandas as pd
import pytest
from hierarchicalforecast.methods import MinTrace
from scipy import sparse

from contracts import BadInput, group_sums
from features.geographies.geography import Geography
from features.views.hierarchy import Hierarchy, Level
from models.sums.reconciliation import METHODS, SMALLEST_SHARE, reconcile


def geography(name: str, size: int, folder) -> Geography:
    codes = [f"{name}{number:03d}" for number in range(size)]
    areas = pd.DataFrame(
        {"area": codes, "name": codes, "parent": None, "area_km2": 1.0, "longitude": 0.0, "latitude": 0.0}
    )
    return Geography(
        name=name,
        areas=areas,
        attributes=pd.DataFrame(index=pd.Index(codes)),
        adjacency=sparse.csr_array((size, size)),
        nearest=np.empty((size, 0), dtype=np.int64),
        boundaries=folder / "none.geojson",
    )


@pytest.fixture
def make(tmp_path):
    def hierarchy(*groups: list[int]) -> Hierarchy:
        levels = [Level("fine", geography("F", len(groups[0]), tmp_path), np.arange(len(groups[0])))]
        for number, inside in enumerate(groups):
            levels.append(Level(f"up{number}", geography(f"U{number}", max(inside) + 1, tmp_path), np.array(inside)))
        return Hierarchy(tuple(levels))

    return hierarchy


@pytest.fixture
def big(make):
    """60 areas in 9 districts in one city; one district has a single area."""
    return make([0, *(1 + np.arange(59) % 8).tolist()], [0] * 60)


def forecasts_of(hierarchy: Hierarchy, rows: int = 3, shape: float = 1.0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    generator = np.random.default_rng(5)
    fine = generator.gamma(shape, 3.0, (rows, len(hierarchy.levels[0].groups)))
    means = [fine]
    for level in hierarchy.levels[1:]:
        sums = group_sums(fine, level.groups, len(level.geography.codes))
        means.append(sums * generator.uniform(0.6, 1.4, sums.shape))
    return means, [mean + 0.1 * mean**2 for mean in means]


def largest_gap(hierarchy: Hierarchy, means: list[np.ndarray]) -> float:
    return max(
        float(np.abs(mean - group_sums(means[0], level.groups, mean.shape[1])).max())
        for level, mean in zip(hierarchy.levels, means, strict=True)
    )


def test_two_areas_and_their_sum_by_hand(make):
    """Forecasts 10 and 20, their sum forecast as 36: 6 are missing."""
    pair = make([0, 0])
    means, variances = [np.array([[10.0, 20.0]]), np.array([[36.0]])], [np.array([[2.0, 4.0]]), np.array([[6.0]])]
    assert reconcile(pair, means, variances, "bottom_up")[1].tolist() == [[30.0]]
    assert reconcile(pair, means, variances, "top_down")[0] == pytest.approx(np.array([[12.0, 24.0]]))
    # Each node gives way by its variance over all of them: 6 · (2, 4, 6) / 12.
    by_variance = reconcile(pair, means, variances, "min_trace_variance")
    assert by_variance[0] == pytest.approx(np.array([[11.0, 22.0]]), rel=1e-4)
    assert by_variance[1] == pytest.approx(np.array([[33.0]]), rel=1e-4)
    # By the number of areas below: 6 · (1, 1, 2) / 4.
    by_structure = reconcile(pair, means, variances, "min_trace_structure")
    assert by_structure[0] == pytest.approx(np.array([[11.5, 21.5]]), rel=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_the_sum_of_children_is_the_parent(big, method):
    means, variances = forecasts_of(big)
    assert largest_gap(big, means) > 1.0
    made = reconcile(big, means, variances, method)
    assert largest_gap(big, made) < 1e-6
    assert [mean.shape for mean in made] == [mean.shape for mean in means]


@pytest.mark.parametrize("method", METHODS)
def test_no_mean_is_negative(make, method):
    """A sum that is forecast far under its parts would push the smallest part under zero."""
    pair = make([0, 0, 0])
    means = [np.array([[0.1, 30.0, 30.0]]), np.array([[5.0]])]
    made = reconcile(pair, means, [np.array([[60.0, 1.0, 1.0]]), np.array([[0.01]])], method)
    assert (made[0] >= SMALLEST_SHARE * means[0] * (1 - 1e-12)).all()
    assert largest_gap(pair, made) < 1e-6


@pytest.mark.parametrize("method", METHODS)
def test_what_adds_up_already_stays(big, method):
    fine, variances = forecasts_of(big)[0][0], forecasts_of(big)[1]
    means = [group_sums(fine, level.groups, len(level.geography.codes)) for level in big.levels]
    for before, after in zip(means, reconcile(big, means, variances, method), strict=True):
        assert after == pytest.approx(before, rel=1e-3)


@pytest.mark.parametrize(("method", "dense"), [("min_trace_structure", "wls_struct"), ("min_trace_variance", "oracle")])
def test_the_sparse_answer_is_the_dense_one(big, method, dense):
    means, variances = forecasts_of(big, rows=1, shape=20.0)
    summing = big.summing.toarray()
    nodes = np.concatenate([mean[0] for mean in reversed(means)])
    if dense == "oracle":
        inverse = np.diag(1.0 / np.concatenate([variance[0] for variance in reversed(variances)]))
        expected = summing @ np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ nodes)
    else:
        expected = MinTrace(method=dense).fit_predict(S=summing, y_hat=nodes[:, None])["mean"][:, 0]
    made = np.concatenate([mean[0] for mean in reversed(reconcile(big, means, variances, method))])
    assert (expected > 0).all()
    assert made == pytest.approx(expected, rel=2e-3, abs=2e-3)


def test_an_unknown_method_is_told(big):
    means, variances = forecasts_of(big)
    with pytest.raises(BadInput, match="bottom_up"):
        reconcile(big, means, variances, "average")
