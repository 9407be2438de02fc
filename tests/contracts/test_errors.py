"""Every error says what is wrong and what to do, and has its own exit code and status."""

from __future__ import annotations

import doctest
import importlib

import pytest

from contracts import BadInput, MissingThing, RefusedAction, StaleData, WardcastError, WithdrawnModel
from service.problems import PROBLEMS, USAGE_EXIT_CODE, problem_of

KINDS = [BadInput, StaleData, RefusedAction, MissingThing, WithdrawnModel]


def test_an_error_reads_as_its_message_and_its_remedy() -> None:
    error = BadInput("The file is empty.", remedy="Download it again.")
    assert str(error) == "The file is empty. Download it again."
    assert (error.message, error.remedy) == ("The file is empty.", "Download it again.")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_row_in_the_table(kind: type[WardcastError]) -> None:
    problem = problem_of(kind("What.", remedy="Do."))
    assert problem is PROBLEMS[kind]
    assert 400 <= problem.status < 600


def test_no_two_kinds_share_an_exit_code_and_none_has_that_of_usage_or_success() -> None:
    codes = [problem.exit_code for problem in PROBLEMS.values()]
    assert set(PROBLEMS) == set(KINDS) == set(WardcastError.__subclasses__())
    assert len({*codes, 0, 1, USAGE_EXIT_CODE}) == len(codes) + 3


@pytest.mark.parametrize("name", ["distributions", "settings.oversight", "periods", "targets"])
def test_the_examples_in_the_docstrings_are_right(name: str) -> None:
    failures, examples = doctest.testmod(importlib.import_module(f"contracts.{name}"))
    assert failures == 0
    assert examples > 0


def test_an_error_is_one_line_whatever_it_quotes() -> None:
    error = BadInput("row 3: 'a\nb\u202e\x1b🚓'", remedy="Correct\tit.")
    assert str(error) == "row 3: 'a\\nb\\u202e\\x1b🚓' Correct\\tit."
