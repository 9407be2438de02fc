"""Mutated files through every adapter: the short form of ``benchmarks.mutated_files``."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest

from benchmarks.mutated_files import Bench, fault_of_taking, tried, write_mutated
from benchmarks.mutated_sources import AREAS, PUBLISHED, SOURCES, Said, Taken
from benchmarks.mutations import ON_BYTES, ON_TABLES, mutate_bytes, mutate_table
from service.cli import main
from tests.architecture.remedies import faults_in

FILES, TYPED = 200, 4
FEWEST_TAKEN, FEWEST_REFUSED = 20, 60
HEADINGS = ".columns]"
"""Stands in a remedy that gives lines of headings, which have names of columns before their =."""
COMMANDS = {
    "mps-ward": ("mps-ward",),
    "police-uk": ("police-uk",),
    "counts": (
        *("counts", "--area", "area", "--period", "period", "--category", "category", "--count", "count"),
        *("--taxonomy", "counts"),
    ),
    "incidents-gzip": (
        *("incidents", "--time", "t", "--lon", "lon", "--lat", "lat", "--category", "cat", "--id", "id"),
    ),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("mutated") / "city")


@pytest.mark.parametrize("name", SOURCES)
def test_a_mutated_file_is_taken_as_it_says_or_refused_in_one_line(name: str, bench: Bench) -> None:
    taken = refused = 0
    for number in range(FILES):
        outcome = tried(bench, name, number)
        assert outcome.fault is None, f"{outcome.words}\n{outcome.fault}"
        if outcome.error is None:
            taken += 1
        else:
            refused += 1
            assert HEADINGS in outcome.error.remedy or faults_in(outcome.error.remedy) == [], outcome.words
    assert taken >= FEWEST_TAKEN
    assert refused >= FEWEST_REFUSED


@pytest.mark.parametrize("name", COMMANDS)
def test_a_mutated_file_ends_the_command_with_totals_or_with_one_line(
    name: str, bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    about = ["--published-on", str(PUBLISHED), "--geography", "g", "--workspace", str(bench.workspace.root)]
    for number in range(TYPED):
        path, _ = write_mutated(bench, name, number)
        command, *options = COMMANDS[name]
        monkeypatch.setattr(sys, "argv", ["wardcast", "ingest", command, str(path), *options, *about])
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        told = capsys.readouterr()
        assert ("Ingested" in told.out) is (status == 0)
        if status:
            assert told.err.startswith("wardcast: ")
            assert told.err.count("\n") == 1
            assert bench.state() == bench.before
        bench.clear()


def test_what_is_taken_otherwise_than_it_says_is_a_fault() -> None:
    """Planted: an adapter that loses a crime, one that moves it, and one that covers what it does not know."""
    said = Said(Counter({("A000", "theft", "2022-01"): 3, ("A001", "theft", "2022-01"): 2}), 5)
    known = frozenset((area, "2022-01") for area in AREAS)
    right = Taken(Counter(said.cells), known, 0)
    assert fault_of_taking(right, said) is None
    lost = Taken(Counter({("A000", "theft", "2022-01"): 3}), known, 0)
    assert "3 counted and 0 set aside of 5" in str(fault_of_taking(lost, said))
    moved = Taken(Counter({("A000", "theft", "2022-01"): 2, ("A001", "theft", "2022-01"): 3}), known, 0)
    assert "otherwise" in str(fault_of_taking(moved, said))
    silent = Taken(Counter({("A000", "theft", "2022-01"): 3}), known, 2)
    assert "otherwise" in str(fault_of_taking(silent, said))
    assert fault_of_taking(Taken(silent.cells, known - {("A001", "2022-01")}, 2), said) is None


def test_the_mutations_are_of_every_kind_and_the_same_each_time() -> None:
    table = SOURCES["counts"].table(np.random.default_rng(1))
    seen: set[str] = set()
    for number in range(400):
        rows, of_rows = mutate_table(np.random.default_rng(number), table)
        data, of_bytes = mutate_bytes(np.random.default_rng(number), b"a,b\n1,2\n", certainly=True)
        seen |= {mutation.name for mutation in (*of_rows, *of_bytes)}
        assert mutate_table(np.random.default_rng(number), table)[0] == rows
        assert mutate_bytes(np.random.default_rng(number), b"a,b\n1,2\n", certainly=True)[0] == data
    assert seen == {mutation.name for mutation in (*ON_TABLES, *ON_BYTES)}
