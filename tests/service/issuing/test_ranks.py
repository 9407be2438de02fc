"""How sure ranks are, what covering the first areas holds, and who lives there, in the signed forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from contracts import CountDistribution, FlagSettings, Frequency, Period, Workspace
from features.views.panel import Panel
from monitoring import Flags
from service.board.champions import current_champions
from service.forecasts.issued import read_issued
from service.forecasts.ranks import COVERS_FILE, PEOPLE_FILE, RANKS_FILE
from service.issuing.contents import Occasion, issue_contents
from service.issuing.ranks import cover_rows, rank_rows

CODES = ("a", "b", "c", "d")


def panel_of(codes=CODES):
    counts = np.ones((1, len(codes), 3))
    first = Period(Frequency.MONTH, 600)
    settled = np.zeros((1, 3), dtype=bool)
    return Panel(date(2020, 5, 1), "squares", Frequency.MONTH, ("violence",), codes, first, counts, settled, ())


def ranks_of(mean, dispersion=1e-9, shared=0.0, share=0.5, codes=CODES, flags=None):
    forecast = CountDistribution(np.array([mean]), np.array(dispersion), shared)
    rule = flags or Flags(FlagSettings(share=share), codes)
    return rank_rows(rule, panel_of(codes), "violence", (2,), forecast, seed=1)


def test_areas_far_apart_have_one_rank_and_equal_ones_share_theirs():
    sure = ranks_of([10_000.0, 1_000.0, 100.0, 10.0])
    assert sure["rank_low"].tolist() == sure["rank_high"].tolist() == [1, 2, 3, 4]
    assert sure["p_highest"].tolist() == [1.0, 1.0, 0.0, 0.0]
    equal = ranks_of([100.0, 100.0, 100.0, 10.0])
    assert equal["rank_low"].tolist() == [1, 1, 1, 4]
    assert equal["rank_high"].tolist() == [3, 3, 3, 4]
    assert equal["p_highest"].tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0.0], abs=0.05)


def test_what_all_areas_share_moves_no_rank():
    mean = [120.0, 110.0, 100.0, 90.0]
    alone, together = ranks_of(mean, 0.01), ranks_of(mean, 0.51, 0.495)
    apart = ranks_of(mean, 0.51)
    assert together["p_highest"].tolist() == pytest.approx(alone["p_highest"].tolist(), abs=0.06)
    assert abs(apart["p_highest"].iloc[0] - alone["p_highest"].iloc[0]) > 0.1


def test_the_chances_of_all_areas_add_up_to_the_number_that_is_flagged_and_ranges_hold_the_rank():
    generator = np.random.default_rng(5)
    mean = generator.gamma(1.0, 3.0, 60)
    codes = tuple(f"c{number:02d}" for number in range(60))
    rows = ranks_of(mean, 0.3, 0.05, share=0.1, codes=codes)
    assert rows["p_highest"].sum() == pytest.approx(6.0)
    rank = pd.Series(-mean).rank(method="first").astype(int)
    assert (rows["rank_low"] <= rank).all()
    assert (rank <= rows["rank_high"]).all()


def test_places_follow_the_rule_of_the_flags():
    by_density = Flags(FlagSettings(rule="density", share=0.5), CODES, size=np.array([100.0, 10.0, 1.0, 0.1]))
    assert ranks_of([40.0, 30.0, 20.0, 10.0], flags=by_density)["place"].tolist() == [4, 3, 2, 1]


def test_what_the_first_areas_hold_grows_to_all_of_it_and_has_an_interval():
    forecast = CountDistribution(np.array([[40.0, 30.0, 20.0, 10.0]]), np.array(0.2), 0.1)
    count = np.array([[10.0, 20.0, 30.0, 40.0]])
    flags = Flags(FlagSettings(share=0.5), CODES)
    rows = cover_rows(flags, panel_of(), "violence", (1,), forecast, count, seed=1)
    assert rows["areas"].tolist() == [1, 2, 3, 4]
    assert rows["share"].tolist() == pytest.approx([0.4, 0.7, 0.9, 1.0])
    assert rows["share_by_count"].tolist() == pytest.approx([0.1, 0.3, 0.6, 1.0])
    assert (rows["share_low"] < rows["share"]).tolist() == [True, True, True, False]
    assert (rows["share_high"] > rows["share"]).tolist() == [True, True, True, False]
    assert rows["share_low"].iloc[-1] == 1.0


def test_an_issue_holds_them_and_one_in_an_older_format_does_not(issued_city):
    issued = read_issued(issued_city.workspace, issued_city.ledger.entries("issue")[0])
    assert issued.ranks is not None
    assert issued.ranks.people is None, "no column is named for residents"
    flagged = set(
        zip(issued.flags.rows["target"], issued.flags.rows["horizon"], issued.flags.rows["area"], strict=True)
    )
    ranks = issued.ranks.ranks
    first = ranks[ranks["place"] <= issued.flags.rule.count_of(ranks["area"].nunique())]
    assert set(zip(first["target"], first["horizon"], first["area"], strict=True)) == flagged
    assert len(ranks) == len(issued.forecasts)
    older = Occasion(date(2025, 7, 10), replay=False, issue_format=2)
    contents = issue_contents(
        issued_city.workspace, issued_city.sources, current_champions(issued_city.ledger), older, lambda _: None
    )
    assert not {RANKS_FILE, COVERS_FILE, PEOPLE_FILE} & contents.keys()


def test_who_lives_there_is_issued_where_the_settings_name_the_columns(city):
    settings = city.workspace.root / "wardcast.toml"
    named = (
        '[geographies.cells]\nresidents = "people"\nworkday = "workers"\n[geographies.cells.groups]\n"Group A" = "a"\n'
    )
    settings.write_text(settings.read_text().replace("[forecast]", f"{named}[forecast]"))
    areas = city.sources.geography.areas["area"]
    known = {"people": 100.0, "workers": 30.0, "a": 0.25}
    table = pd.DataFrame({name: np.full(len(areas), value) for name, value in known.items()}, index=areas)
    table.iloc[0, 2] = np.nan
    city.sources = replace(city.sources, geography=replace(city.sources.geography, attributes=table))
    city.workspace = Workspace(city.workspace.root)
    city.approve()
    city.issue()
    people = read_issued(city.workspace, city.ledger.entries("issue")[0]).ranks.people
    found = people.groupby(["kind", "group"])["people"].agg(["sum", "size"])
    size = len(areas)
    assert found.loc[("residents", "")].tolist() == [100.0 * size, size]
    assert found.loc[("working-day people", "")].tolist() == [30.0 * size, size]
    assert found.loc[("ethnic group", "Group A")].tolist() == [25.0 * (size - 1), size - 1]
