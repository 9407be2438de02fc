"""The hand-worked examples in the docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import monitoring

MODULES = [module.name for module in pkgutil.walk_packages(monitoring.__path__, "monitoring.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_public_score_has_an_example() -> None:
    scores = ("mae", "mean_poisson_deviance", "crps", "log_score", "concentration", "coverage", "pearson_dispersion")
    assert all(">>>" in (getattr(monitoring, score).__doc__ or "") for score in scores)
