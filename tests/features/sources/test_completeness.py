"""Every adapter × every fault: a planted file is ingested for each pair, and no pair is without an answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput
from contracts.settings.source_limits import SOURCES
from features.sources.completeness import ANSWERS, Fault, Outcome, answer, answers_table
from features.store.publications import PublicationStore
from features.views.as_of import load_door

Mask = np.ndarray
AREAS = tuple(f"A{number:03d}" for number in range(30))
PERIODS, NORTH = 24, 20
MIDDLE, STOP, AREA = 12, 16, 7


def _nothing_missing() -> Mask:
    return np.zeros((len(AREAS), PERIODS), dtype=bool)


def _periods(*periods: int) -> Mask:
    missing = _nothing_missing()
    missing[:, list(periods)] = True
    return missing


def _area(first: int, last: int) -> Mask:
    missing = _nothing_missing()
    missing[AREA, first : last + 1] = True
    return missing


@dataclass(frozen=True)
class Plant:
    """How a fault is planted in a sound table, what is missing then, and what the refusal or the note says."""

    change: Callable[[pd.DataFrame], pd.DataFrame] = lambda table: table
    missing: Mask = field(default_factory=_nothing_missing)
    said: str = ""
    twice: str = ""


def _at(table: pd.DataFrame, period: int = MIDDLE) -> pd.Series:
    return table["period"] == period


def _number(table: pd.DataFrame) -> pd.Series:
    return table["area"].str[1:].astype(int)


def _recode(table: pd.DataFrame, rows: pd.Series, code: str) -> pd.DataFrame:
    return table.assign(area=table["area"].where(~rows, code))


def _thin(table: pd.DataFrame, period: int) -> pd.DataFrame:
    """Three crimes in each of five areas are left."""
    left = table[_at(table, period) & (table["offence"] == "Assault") & _number(table).isin([0, 1, 2, 20, 21])]
    return pd.concat([table[~_at(table, period)], left.assign(count=3)])


def _unmarked(table: pd.DataFrame, column: str, rows: pd.Series) -> pd.DataFrame:
    return table.assign(**{column: table[column] & ~rows})


PLANTS: dict[Fault, Plant] = {
    Fault.UNKNOWN_AREAS: Plant(
        lambda table: _recode(table, _number(table) < 3, "Z9"), said="Use the geography of the file's year"
    ),
    Fault.UNKNOWN_AREAS_OF_A_FORCE: Plant(
        lambda table: _recode(table, (_number(table) == 25) & (table["period"] < 8), "Z9"), said=r"\(south\)"
    ),
    Fault.UNKNOWN_AREAS_OF_A_PERIOD: Plant(
        lambda table: _recode(table, _at(table) & (_number(table) % 5 < 2), "Z9"),
        missing=_periods(MIDDLE),
        said=r"2023-01 lie in no area \((unknown area|outside of all areas): .*lost_share",
    ),
    Fault.NO_AREA: Plant(
        lambda table: _recode(table, _at(table) & (_number(table) % 5 < 3), ""),
        missing=_periods(MIDDLE),
        said=r"2023-01 lie in no area \(no area: .*lost_share",
    ),
    Fault.NO_POSITION: Plant(
        lambda table: _unmarked(table, "placed", _at(table) & (_number(table) % 5 < 3)),
        missing=_periods(MIDDLE),
        said=r"2023-01 lie in no area \(no position: .*lost_share",
    ),
    Fault.NO_TIME: Plant(
        lambda table: _unmarked(table, "timed", _at(table) & (_number(table) == 4)), said="'' is not a month|is of ''"
    ),
    Fault.REPEATED_ROW: Plant(twice="rows", said="repeat"),
    Fault.REPEATED_KEY: Plant(twice="key", said="row 6 repeats the area"),
    Fault.REPEATED_ID: Plant(twice="id", said="stands 41 times"),
    Fault.REPEATED_FILE: Plant(twice="file", said="2023-12-(north|south)-street.csv twice"),
    Fault.FIRST_IN_PART: Plant(lambda table: _thin(table, 0), missing=_periods(0)),
    Fault.MIDDLE_IN_PART: Plant(
        lambda table: _thin(table, MIDDLE), missing=_periods(MIDDLE), said="2023-01: .* are usual: missing"
    ),
    Fault.LAST_IN_PART: Plant(
        lambda table: _thin(table, PERIODS - 1),
        missing=_periods(PERIODS - 1),
        said="the last month 2023-12 has .* it is a stub",
    ),
    Fault.CATEGORY_LACKS: Plant(
        lambda table: table[~(_at(table) & (table["offence"] == "Theft"))],
        missing=_periods(MIDDLE),
        said="2023-01: no 'theft' at all",
    ),
    Fault.AREAS_LACK: Plant(
        lambda table: table[~(_at(table) & (_number(table) % 2 == 0))],
        missing=_periods(MIDDLE),
        said="2023-01: .* busy areas have no crime",
    ),
    Fault.AREA_STOPS: Plant(
        lambda table: table[~((table["period"] >= STOP) & (_number(table) == AREA))],
        missing=_area(STOP, PERIODS - 1),
        said="A007 has no row in 2023-05 to 2023-12",
    ),
    Fault.AREA_BEGINS: Plant(
        lambda table: table[~((table["period"] < STOP) & (_number(table) == AREA))],
        missing=_area(0, STOP - 1),
        said="A007 has no row in 2022-01 to 2023-04",
    ),
    Fault.AREA_PAUSES: Plant(
        lambda table: table[~(table["period"].between(8, STOP) & (_number(table) == AREA))],
        missing=_area(8, STOP),
        said="A007 has no row in 2022-09 to 2023-05",
    ),
    Fault.SILENT_PERIOD: Plant(lambda table: table[~_at(table)], missing=_periods(MIDDLE)),
    Fault.ABSENT_AREAS: Plant(lambda table: table[_number(table) % 2 == 0], said="of the (30|20) areas"),
}
PAIRS = [(source, fault) for source in SOURCES for fault in Fault]


def test_the_table_has_an_answer_for_every_source_and_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(ANSWERS) == set(SOURCES)
    for source, fault in PAIRS:
        found = ANSWERS[source][fault]
        assert (found.outcome is Outcome.CANNOT) == bool(found.because), (source, fault)
    assert set(PLANTS) == set(Fault)
    with capsys.disabled():
        sys.stdout.write(f"\n{answers_table()}\n")


@pytest.mark.parametrize("source", SOURCES)
def test_a_sound_delivery_is_taken_whole(source: str, office: Any) -> None:
    table = office.sound()
    publication = office.ingest(source, table)
    assert publication.crimes == table["count"].sum()
    assert (publication.rows_set_aside, publication.periods, publication.areas) == (0, PERIODS, 30)
    assert not np.isnan(load_door(office.workspace).outcomes().of("crime")).any()


@pytest.mark.parametrize(("source", "fault"), PAIRS, ids=[f"{source}-{fault.name}" for source, fault in PAIRS])
def test_a_planted_fault_has_the_outcome_of_the_table(source: str, fault: Fault, office: Any) -> None:
    outcome = answer(source, fault)
    if outcome is Outcome.CANNOT:
        return
    plant = PLANTS[fault]
    table = plant.change(office.sound())
    if outcome is Outcome.REFUSED:
        with pytest.raises(BadInput, match=plant.said) as refused:
            office.ingest(source, table, twice=plant.twice)
        assert "\n" not in f"{refused.value.message} {refused.value.remedy}"
        assert PublicationStore(office.workspace.publications).list() == ()
        return
    publication = office.ingest(source, table, twice=plant.twice)
    counts = load_door(office.workspace).outcomes().of("crime")
    expected = _dense(table)
    missing = plant.missing
    assert np.isnan(counts).tolist() == missing[:, _span(missing)].tolist()
    assert np.nansum(counts) == expected[~missing].sum() == publication.crimes
    if outcome is Outcome.MISSING:
        assert any(re.search(plant.said, note) for note in publication.notes), publication.notes
    else:
        assert publication.rows_set_aside > 0


def _span(missing: Mask) -> slice:
    """The door begins with the first known period and ends with the last."""
    known = np.flatnonzero(~missing.all(axis=0))
    return slice(int(known[0]), int(known[-1]) + 1)


def _dense(table: pd.DataFrame) -> np.ndarray:
    """What can be counted of a table, by area and period."""
    counted = table[table["area"].isin(AREAS) & table["placed"] & table["timed"]]
    dense = np.zeros((len(AREAS), PERIODS), dtype=int)
    np.add.at(dense, (_number(counted).to_numpy(), counted["period"].to_numpy()), counted["count"].to_numpy())
    return dense


@pytest.mark.parametrize("source", SOURCES)
def test_silence_is_zero_where_the_user_says_so(source: str, office: Any) -> None:
    table = PLANTS[Fault.AREA_STOPS].change(office.sound())
    publication = office.ingest(source, table, silence_is_zero=True)
    counts = load_door(office.workspace).outcomes().of("crime")
    assert counts[AREA, STOP:].tolist() == [0.0] * (PERIODS - STOP)
    assert publication.crimes == table["count"].sum()


@pytest.mark.parametrize("source", SOURCES)
def test_a_limit_of_one_source_stands_before_the_common_one(source: str, office: Any) -> None:
    office.configure(f"[ingest.sources.{source}]\nunknown_area_share = 0.2\nabsent_area_share = 0.2\n")
    table = PLANTS[Fault.UNKNOWN_AREAS].change(office.sound())
    publication = office.ingest(source, table)
    assert publication.crimes == table.loc[table["area"] != "Z9", "count"].sum()


def test_a_force_s_fault_leaves_the_other_force_alone(office: Any) -> None:
    table = office.sound()
    table = table[~((table["force"] == "south") & _at(table))]
    thin = office.sound()[lambda one: (one["force"] == "south") & _at(one)].head(4).assign(count=1)
    publication = office.ingest("police-uk", pd.concat([table, thin]))
    counts = load_door(office.workspace).outcomes().of("crime")
    assert np.isnan(counts[NORTH:, MIDDLE]).all()
    assert not np.isnan(counts[:NORTH]).any()
    assert publication.crimes == table["count"].sum()


@pytest.mark.parametrize("source", ["mps-ward", "mps-lsoa", "counts"])
def test_a_table_of_zeros_is_taken(source: str, office: Any) -> None:
    table = office.sound().assign(count=0)
    publication = office.ingest(source, table)
    assert (publication.crimes, publication.periods) == (0, PERIODS)
    assert load_door(office.workspace).outcomes().of("crime").sum() == 0.0


def _lull(table: pd.DataFrame, period: int) -> pd.DataFrame:
    """A quarter of a period's crimes, everywhere alike."""
    drawn = np.random.default_rng(9).binomial(table["count"], 0.25)
    lulled = table.assign(count=np.where(_at(table, period), drawn, table["count"]))
    return lulled[lulled["count"] > 0]


@pytest.mark.parametrize("period", [0, MIDDLE, PERIODS - 1])
@pytest.mark.parametrize("source", SOURCES)
def test_a_month_at_a_quarter_of_the_others_is_taken(source: str, period: int, office: Any) -> None:
    table = _lull(office.sound(), period)
    publication = office.ingest(source, table)
    assert (publication.crimes, publication.periods) == (table["count"].sum(), PERIODS)
    assert not np.isnan(load_door(office.workspace).outcomes().of("crime")).any()


def test_rows_whose_silence_is_told_add_up(office: Any) -> None:
    publication = office.ingest("police-uk", PLANTS[Fault.NO_AREA].change(office.sound()))
    assert publication.rows_read == office.sound()["count"].sum()
    told = publication.set_aside()
    assert publication.crimes + told["crimes"].sum() == publication.rows_read
