"""Issuing: the right periods, the same bytes, complete or absent."""

from __future__ import annotations

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, MissingThing, RefusedAction, StaleData
from contracts.tables import FORECASTS, check
from service.forecasts.issued import FORECASTS_FILE, HISTORY_FILE, RECORD_FILE, read_files, read_issued
from service.forecasts.record import Step


def test_issued_in_july_from_counts_to_june_the_next_period_is_august_two_ahead(issued_city):
    issued = read_issued(issued_city.workspace, issued_city.ledger.entries("issue")[0])
    table = check(issued.forecasts, FORECASTS)
    steps = table[["period", "horizon"]].drop_duplicates()
    assert list(steps["period"].dt.strftime("%Y-%m")) == ["2025-07", "2025-08", "2025-09", "2025-10"]
    assert list(steps["horizon"]) == [1, 2, 3, 4]
    about = issued.record.targets[0]
    assert about.earlier_periods == (Step("2025-07", 1),)
    assert [one.horizon for one in about.periods] == [2, 3, 4]
    assert issued.record.next_period == "2025-08"
    assert issued.record.targets[0].last_known_period == "2025-06"
    assert len(table) == 2 * 4 * 30


def test_the_answer_says_in_words_how_far_ahead_it_looks(city):
    city.approve()
    notes = city.issue().notes
    assert (
        "Violence with injury: The next period, 2025-08, is two periods ahead of the last known one, 2025-06." in notes
    )


def test_history_is_what_was_known_and_no_longer_than_36_periods(issued_city):
    history = read_issued(issued_city.workspace, issued_city.ledger.entries("issue")[0]).history
    one = history[(history["area"] == "C0203") & (history["target"] == "robbery")]
    panel = issued_city.sources.door.panel
    known = panel.of("robbery")[panel.areas.index("C0203"), -36:]
    np.testing.assert_array_equal(one["count"], known)
    assert one["period"].iloc[-1] == pd.Timestamp("2025-06-01")


def test_the_same_inputs_give_the_same_bytes_and_are_issued_once(city, city_maker, tmp_path):
    city.approve()
    first, second = city.issue(), city.issue()
    assert (first.is_new, second.is_new) == (True, False)
    assert first.entry == second.entry
    assert len(city.ledger.entries("issue")) == 1
    other = city_maker(tmp_path / "other")
    other.approve()
    other.issue()
    ours, theirs = (
        read_files(place.workspace, place.ledger.entries("issue")[0])[FORECASTS_FILE] for place in (city, other)
    )
    assert ours == theirs


def test_nothing_approved_is_refused_with_the_commands_to_run(city):
    with pytest.raises(RefusedAction, match=r"wardcast train.*wardcast approve"):
        city.issue()
    assert not city.workspace.forecasts.exists()


def test_counts_that_are_too_old_are_refused_unless_replayed(city, city_maker, tmp_path):
    city.approve()
    assert city.issue(today=date(2025, 9, 30)).next_period == "2025-10"
    with pytest.raises(StaleData, match="5 periods before"):
        city.issue(today=date(2025, 10, 1))
    replayed = city_maker(tmp_path / "replay", replay=True)
    replayed.approve()
    issued = replayed.issue(today=date(2026, 11, 22))
    assert (issued.as_of, issued.replay, issued.next_period) == ("2025-07-10", True, "2025-08")
    assert any("Replayed" in note for note in issued.notes)


def test_another_day_than_today_is_a_replay_and_a_day_to_come_is_refused(city):
    city.approve()
    assert city.issue(today=date(2025, 7, 20), on=date(2025, 7, 12)).replay
    with pytest.raises(BadInput, match="after today"):
        city.issue(on=date(2025, 8, 1))


def test_a_damaged_or_lost_folder_is_refused_and_mended_by_the_same_issue(issued_city):
    entry = issued_city.ledger.entries("issue")[0]
    file = issued_city.workspace.forecasts / entry.content["forecast_id"] / HISTORY_FILE
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BadInput, match="is not what was issued"):
        read_issued(issued_city.workspace, entry)
    file.unlink()
    with pytest.raises(MissingThing, match="has lost"):
        read_issued(issued_city.workspace, entry)
    assert not issued_city.issue().is_new
    assert read_issued(issued_city.workspace, entry).forecast_id == entry.content["forecast_id"]


def test_the_next_issue_clears_away_what_a_killed_one_left(city):
    city.approve()
    for name in (".unfinished-2025-08-00000000", "2025-08-00000000"):
        folder = city.workspace.forecasts / name
        folder.mkdir(parents=True)
        (folder / RECORD_FILE).write_text("{}")
    forecast_id = city.issue().forecast_id
    aside = ".without-entry-2025-08-00000000"
    assert sorted(folder.name for folder in city.workspace.forecasts.iterdir()) == [aside, forecast_id]
    assert "Removed .unfinished-2025-08-00000000, which an interrupted issue left behind." in city.told
    assert f"Set aside 2025-08-00000000 as {aside}: no entry of the ledger names it." in city.told


def test_a_file_that_is_no_forecast_is_left_alone(issued_city):
    note = issued_city.workspace.forecasts / "note.txt"
    note.write_text("kept by hand")
    issued_city.issue(today=date(2025, 8, 2))
    assert note.read_text() == "kept by hand"


def test_a_folder_that_the_ledger_does_not_name_is_not_served(issued_city, serve_city):
    """A forecast that was written whole, and killed before its entry, was never issued."""
    forecasts = issued_city.workspace.forecasts
    (served,) = [folder.name for folder in forecasts.iterdir()]
    shutil.copytree(forecasts / served, forecasts / "2099-01-00000000")
    assert serve_city(issued_city).get("/v1/summary").json()["forecast_id"] == served


def test_a_damaged_folder_is_refused_by_the_service_until_it_is_issued_again(issued_city, serve_city):
    entry = issued_city.ledger.entries("issue")[0]
    file = issued_city.workspace.forecasts / entry.content["forecast_id"] / FORECASTS_FILE
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused = serve_city(issued_city).get("/v1/forecasts")
    assert refused.status_code == 404
    assert "is not what was issued" in refused.json()["detail"]
    assert not issued_city.issue().is_new
    assert file.read_bytes() == whole
    assert serve_city(issued_city).get("/v1/forecasts").status_code == 200


def test_an_issue_cut_off_before_its_entry_is_made_whole_by_the_next(city, monkeypatch):
    city.approve()

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(city.ledger, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        city.issue()
    monkeypatch.undo()
    (left,) = [folder.name for folder in city.workspace.forecasts.iterdir()]
    assert city.ledger.entries("issue") == ()
    issued = city.issue()
    assert (issued.forecast_id, issued.is_new) == (left, True)
    assert read_issued(city.workspace, city.ledger.entries("issue")[0]).forecast_id == left


def test_a_period_further_on_is_not_called_next(city):
    """Issued on the first day of August, August has begun: the next period is September."""
    city.approve()
    issued = city.issue(today=date(2025, 8, 1))
    assert issued.next_period == "2025-09"
    assert issued.targets[0]["periods"][0] == {"period": "2025-09", "horizon": 3}
    assert any("three periods ahead of the last known one, 2025-06" in note for note in issued.notes)
