"""An issue killed at any moment is complete or absent, and the next one goes through."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from datetime import date

import pytest

from contracts import Workspace
from service.forecasts.issued import RECORD_FILE, read_files
from service.issuing.issuing import issue
from service.ledger.ledger import open_ledger
from service.web.watcher import SnapshotWatcher

KILLS = 30
MOST_KILLS = 150
"""More are tried only until one has fallen between the folder and its entry."""
ISSUES = 3
"""Kills are spread over the time that so many issues take here and now, so that they fall into every step of one."""


def _issue_until_killed(city_maker, root, started):
    city = city_maker(root)
    city.approve()
    started.set()
    for day in range(1, 29):
        for month in (6, 7, 8):
            city.issue(today=date(2025, month, day))


def _kill_an_issue(city_maker, root, seconds):
    context = multiprocessing.get_context("fork")
    started = context.Event()
    child = context.Process(target=_issue_until_killed, args=(city_maker, root, started))
    child.start()
    assert started.wait(300)
    time.sleep(seconds)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL


def _folders(workspace):
    return {folder.name for folder in workspace.forecasts.glob("*")}


def _named(ledger):
    return [entry.content["forecast_id"] for entry in ledger.entries("issue")]


def _seconds_of_issues(city_maker, root):
    city = city_maker(root)
    city.approve()
    city.issue(today=date(2025, 6, 30))
    began = time.monotonic()
    for day in range(1, ISSUES + 1):
        city.issue(today=date(2025, 7, day))
    city.ledger.close()
    return time.monotonic() - began


@pytest.mark.slow
def test_thirty_kills_leave_every_issue_complete_or_absent(city, city_maker, tmp_path):
    generator = random.Random(7)
    cut_off, longest = 0, _seconds_of_issues(city_maker, tmp_path / "timed")
    for attempt in range(MOST_KILLS):
        if attempt >= KILLS and cut_off:
            break
        workspace = Workspace(tmp_path / str(attempt))
        _kill_an_issue(city_maker, workspace.root, generator.uniform(0.0, longest))
        ledger = open_ledger(workspace)
        assert ledger.verify().findings == ()
        for entry in ledger.entries("issue"):
            assert json.loads(read_files(workspace, entry)[RECORD_FILE])["city"] == "Testham"
        assert set(_named(ledger)) <= _folders(workspace)
        cut_off += len(_folders(workspace) - set(_named(ledger)))
        _assert_the_newest_is_served(workspace, ledger)
        issue(workspace, ledger, city.sources, today=date(2025, 7, 31), tell=city.told.append)
        assert {name for name in _folders(workspace) if not name.startswith(".without-entry-")} == set(_named(ledger))
        _assert_the_newest_is_served(workspace, ledger)
        ledger.close()
    assert cut_off > 0, "no kill fell into an issue: the test shows nothing"


def _assert_the_newest_is_served(workspace, ledger):
    watcher = SnapshotWatcher(workspace, ledger)
    watcher.poll()
    standing, named = watcher.standing, _named(ledger)
    assert standing.refused == ()
    served = None if standing.snapshot is None else standing.snapshot.forecast_id
    assert served == (named[-1] if named else None)
