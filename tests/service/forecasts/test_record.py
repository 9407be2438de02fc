"""The record of an issue is read and written without a loss, in every format that there was."""

from __future__ import annotations

import json
from datetime import date

import pytest

from contracts import BadInput
from service.board.champions import current_champions
from service.forecasts.issued import RECORD_FILE
from service.forecasts.record import IssueRecord, Step, target_records
from service.issuing import Occasion, issue_contents

LATER = {
    1: {"earlier_periods", "judged_horizons", "notes", "baselines", "superseded", "settled", "patterns"},
    2: {"patterns"},
    3: {"patterns"},
    4: set(),
}


def record_bytes(city, issue_format):
    occasion = Occasion(date(2025, 7, 10), replay=False, issue_format=issue_format)
    champions = current_champions(city.ledger)
    return issue_contents(city.workspace, city.sources, champions, occasion, lambda _: None)[RECORD_FILE]


@pytest.mark.parametrize("issue_format", [1, 2, 3, 4])
def test_a_record_of_each_format_is_written_as_it_was_read(issued_city, issue_format):
    content = record_bytes(issued_city, issue_format)
    record = IssueRecord.of(content)
    assert record.to_bytes() == content
    assert record.format == issue_format
    told = json.loads(content)
    assert ("format" in told) == (issue_format > 1)
    assert not LATER[issue_format] & told["targets"][0].keys()
    assert list(told)[:3] == ["city", "geography", "frequency"]


def test_an_older_record_says_nothing_of_what_came_later(issued_city):
    (about, _) = IssueRecord.of(record_bytes(issued_city, 1)).targets
    assert (about.earlier_periods, about.baselines, about.patterns, about.settled) == ((), (), None, None)
    assert about.every_horizon == (2, 3, 4)


def test_what_a_newer_version_wrote_besides_is_left_out(issued_city):
    told = json.loads(record_bytes(issued_city, 4))
    told["targets"][0]["moon"] = "full"
    told["tide"] = "high"
    record = IssueRecord.of(json.dumps(told).encode())
    assert record.targets[0].periods[0] == Step("2025-08", 2)
    assert "moon" not in record.targets[0].document()


@pytest.mark.parametrize(("part", "name"), [("record", "as_of"), ("target", "sha256"), ("target", "periods")])
def test_a_record_that_lacks_what_every_version_wrote_is_refused_by_name(issued_city, part, name):
    told = json.loads(record_bytes(issued_city, 4))
    del (told if part == "record" else told["targets"][1])[name]
    with pytest.raises(BadInput, match=f"lacks {name}"):
        IssueRecord.of(json.dumps(told).encode())


def test_the_entry_of_the_ledger_says_the_same(issued_city):
    entry = issued_city.ledger.entries("issue")[0]
    folder = issued_city.workspace.forecasts / entry.content["forecast_id"]
    assert target_records(entry) == IssueRecord.of((folder / RECORD_FILE).read_bytes()).targets
