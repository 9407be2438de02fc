"""Every group of reasons has its words, and rounded reasons still add up."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import REASON_WORDS, ReasonGroup, reasons, rounded_to_add_up


def test_examples_hold() -> None:
    assert doctest.testmod(reasons).failed == 0


def test_every_group_has_words_of_its_own() -> None:
    assert set(REASON_WORDS) == set(ReasonGroup)
    labels = [words.label for words in REASON_WORDS.values()]
    assert len(set(labels)) == len(labels)
    assert all(words.meaning.endswith(".") for words in REASON_WORDS.values())


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=9), st.integers(0, 4))
def test_rounded_values_add_up_and_none_moves_by_a_step(values: list[float], decimals: int) -> None:
    total = round(sum(values), decimals)
    rounded = rounded_to_add_up(values, total, decimals)
    assert sum(rounded) == pytest.approx(total, abs=1e-9)
    assert rounded == [round(value, decimals) for value in rounded]
    assert np.abs(np.subtract(rounded, values)).max() < 10.0**-decimals + 1e-9
