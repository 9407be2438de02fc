"""The reasons of an issued forecast: recorded, verified, and the same numbers by every way to ask."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from contracts import BadInput, MissingThing
from contracts.tables import REASONS, check
from service.cli import main
from service.forecasts.issued import REASONS_FILE, read_issued
from service.issuing import issuing
from service.web.answers.reasons import period_reasons
from service.web.explaining import explain_area


@pytest.fixture
def run(issued_city, monkeypatch, capsys):
    """Runs ``wardcast reasons`` in this process; returns what it printed, and its exit code where it failed."""
    issued_city.ledger.close()
    capsys.readouterr()

    def run(*words):
        command = ["wardcast", "reasons", *words, "--workspace", str(issued_city.workspace.root)]
        monkeypatch.setattr("sys.argv", command)
        try:
            main()
        except SystemExit as ended:
            return (ended.code or 0, *capsys.readouterr())
        return (0, *capsys.readouterr())

    return run


@pytest.fixture
def without_reasons(city, monkeypatch):
    """The city with a forecast that was issued before there were reasons."""
    whole = issuing.issue_contents
    with monkeypatch.context() as patched:
        patched.setattr(
            issuing,
            "issue_contents",
            lambda *given: {name: content for name, content in whole(*given).items() if name != REASONS_FILE},
        )
        city.approve()
        city.issue()
    return city


def test_the_table_adds_up_to_the_forecasts_and_its_hash_is_in_the_ledger(issued_city):
    entry = issued_city.ledger.entries("issue")[0]
    assert REASONS_FILE in entry.content["files"]
    issued = read_issued(issued_city.workspace, entry)
    key = ["target", "area", "period", "horizon"]
    sums = check(issued.reasons, REASONS).groupby(key)["crimes"].sum()
    means = issued.forecasts.set_index(key)["mean"]
    assert len(sums) == len(means) == 2 * 4 * 30
    np.testing.assert_allclose(sums.loc[means.index], means, rtol=0, atol=1e-6)


def test_changed_reasons_are_refused(issued_city):
    entry = issued_city.ledger.entries("issue")[0]
    file = issued_city.workspace.forecasts / entry.content["forecast_id"] / REASONS_FILE
    table = pd.read_parquet(file)
    table.assign(crimes=table["crimes"] + 1.0).to_parquet(file, index=False)
    with pytest.raises(BadInput, match="is not what was issued"):
        read_issued(issued_city.workspace, entry)


def test_reasons_that_do_not_add_up_are_not_issued(city, monkeypatch):
    load = city.sources.load

    class Wrong:
        def __init__(self, *given):
            self.right = load(*given)

        def predict(self, *given):
            return self.right.predict(*given)

        def explain(self, *given):
            reasons = self.right.explain(*given)
            reasons.crimes[0, 3, 1] += 1e-3
            return reasons

    object.__setattr__(city.sources, "load", Wrong)
    city.approve()
    with pytest.raises(ValueError, match="differ from the forecast"):
        city.issue()
    assert city.ledger.entries("issue") == ()


def test_the_api_gives_every_area_reasons_that_add_up_to_the_mean_it_gives(issued_city, serve_city):
    client = serve_city(issued_city)
    for target in ("violence", "robbery"):
        for period in ("2025-08", "2025-10"):
            for code in issued_city.sources.geography.codes:
                answer = client.get(f"/v1/areas/{code}/forecast?target={target}&period={period}").json()
                total = sum(reason["crimes"] for reason in answer["reasons"])
                assert total == pytest.approx(answer["forecast"]["mean"], abs=1e-6)
                assert [reason["group"] for reason in answer["reasons"]] == ["usual_level", "recent_trend", "season"]


def test_the_command_says_what_the_api_says(issued_city, serve_city, run):
    answer = serve_city(issued_city).get("/v1/areas/C0203/forecast?target=robbery&period=2025-09").json()
    words = ("--area", "C0203", "--target", "robbery", "--period", "2025-09")
    for forecast in ((), (answer["forecast_id"],)):
        code, out, err = run(*forecast, *words, "--json")
        document = json.loads(out)
        assert (code, err) == (0, "")
        assert document["reasons"] == answer["reasons"]
        assert document["mean"] == answer["forecast"]["mean"]
        assert (document["period"], document["target"], document["area"]) == ("2025-09", "robbery", "C0203")


def test_the_printed_numbers_add_up_too(run):
    for number in range(5):
        code, out, _ = run("--area", f"C0{number}03")
        assert code == 0
        heading, *lines = out.splitlines()
        assert heading == f"Violence with injury in Cell {number + 1}/4 (C0{number}03), 2025-08:"
        numbers = [float(re.search(r"([+-]?\d+\.\d\d)  ", line)[1]) for line in lines]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-9)
        assert [line[:14].strip() for line in lines] == ["Usual level", "Recent trend", "Season", "= expected"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--area", "E99"), "There is no area 'E99'"),
        (("--area", "C0203", "--target", "arson"), "No forecast of 'arson'"),
        (("--area", "C0203", "--period", "2024-01"), "No forecast of '2024-01'"),
        (("2099-01-00000000", "--area", "C0203"), "wardcast ledger list"),
    ],
)
def test_what_does_not_exist_is_told_in_one_line(run, words, told):
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (6, "", 1)
    assert told in err


def test_a_forecast_without_reasons_is_served_and_says_so(without_reasons, serve_city):
    answer = serve_city(without_reasons).get("/v1/areas/C0203/forecast").json()
    assert answer["reasons"] is None
    assert answer["forecast"]["mean"] > 0
    with pytest.raises(MissingThing, match="was issued without reasons"):
        explain_area(without_reasons.workspace, without_reasons.ledger, "C0203")


def test_nothing_issued_has_no_reasons(city):
    with pytest.raises(MissingThing, match="No forecast was issued"):
        explain_area(city.workspace, city.ledger, "C0203")


def test_groups_come_in_their_own_order_whatever_the_order_of_the_rows():
    table = pd.DataFrame(
        {
            "area": ["B", "A", "B", "A"],
            "target": "violence",
            "horizon": 2,
            "group": ["season", "usual_level", "usual_level", "season"],
            "crimes": [-0.30004, 1.2, 4.10003, 0.1],
        }
    )
    found = period_reasons(table, "violence", 2)
    assert [reason["label"] for reason in found.of("A", 1.3, 4)] == ["Usual level", "Season"]
    assert [reason["crimes"] for reason in found.of("A", 1.3, 4)] == [1.2, 0.1]
    assert [reason["crimes"] for reason in found.of("B", 3.8, 4)] == [4.1, -0.3]
