"""Weights of a mixture, learned on the past."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from models.recipe.share_mixture import mixture_weights


def _drawn(weights: np.ndarray, observations: int) -> np.ndarray:
    """What three components give to observations that were drawn from their mixture."""
    generator = np.random.default_rng(11)
    shares = generator.dirichlet(np.full(40, 0.3), size=3)
    happened = generator.choice(40, size=observations, p=weights @ shares)
    return np.asarray(shares[:, happened])


def test_planted_weights_are_found_again() -> None:
    planted = np.array([0.6, 0.3, 0.1])
    densities = _drawn(planted, 20_000)
    np.testing.assert_allclose(mixture_weights(densities, np.ones(densities.shape[1])), planted, atol=0.02)


def test_no_other_weights_are_likelier() -> None:
    densities = _drawn(np.array([0.5, 0.5, 0.0]), 3_000)
    times = np.random.default_rng(2).integers(1, 4, size=densities.shape[1]).astype(float)

    def loss(free: np.ndarray) -> float:
        weights = np.exp(free - free.max())
        return -float(times @ np.log(weights / weights.sum() @ densities))

    oracle = optimize.minimize(loss, np.zeros(3), method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-6})
    ours = mixture_weights(densities, times)
    assert ours.sum() == pytest.approx(1.0)
    assert -float(times @ np.log(ours @ densities)) <= oracle.fun + 0.05


def test_a_component_that_never_saw_it_gets_nothing() -> None:
    densities = np.array([[0.2, 0.1, 0.3], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(mixture_weights(densities, np.ones(3)), [1.0, 0.0], atol=1e-9)
