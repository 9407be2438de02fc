"""The sheet and the report of a run as a training leaves them, made up."""

from __future__ import annotations

import json

import pytest

from contracts import TrainedModel, settings_bytes
from contracts.run_sheets import REPORT_DOCUMENT, REPORT_PAGE, RunSheet, write_sheet
from service.board.trained import enter_trained

SCORES = {
    **{"mean_poisson_deviance": 1.2, "vs_ewma": 0.95, "vs_ewma_low": 0.9, "vs_ewma_high": 0.99, "crps": 1.1},
    **{"mae": 1.5, "coverage_50": 0.5, "coverage_80": 0.81, "coverage_90": 0.905, "coverage_95": 0.95, "pai_5": 4.0},
}
ROW = {"level": "area", "horizon": 2, "model": "wardcast", "city_mape": None, "remark": None, **SCORES}
SIMPLE = {**ROW, "model": "ewma", "vs_ewma": 1.0, "vs_ewma_low": 1.0, "vs_ewma_high": 1.0, "pai_5": 3.9}
FLOOR = {"crps": 1.0, "mean_poisson_deviance": 1.1, "mae": 1.4, "log_score": None, "pei_10": None}
FLOORS = {"negative_binomial": FLOOR, "poisson": FLOOR}
BINS = [{"from": at / 10, "to": (at + 1) / 10, "share": 0.1} for at in range(10)]
GATE = {
    "gate": "skill",
    "verdict": "pass",
    "findings": [
        {"part": "the <city>", "verdict": "pass", "measure": "ratio", "value": 0.95, "low": 0.9, "high": None}
    ],
}


CHECKS = [
    {"check": "skill", "found": "not enough evidence", "counts": True, "decided_by": "the package"},
    {"check": "scan", "found": "2 outside", "counts": False, "decided_by": "the settings"},
]
PART = {
    "target": "Violence <i>",
    "sentences": ["One result is outside."],
    "items": [{"text": "Half as often.", "verdict": "outside"}],
    "after": [],
}
UNKNOWN = {"target": None, "sentences": [], "items": [], "after": [], "list": ["We see only recorded crimes."]}
DOCUMENT = {
    "summary": {
        "introduction": ["This tool forecasts."],
        "glance": [{"target": "Violence", "elsewhere": "The table is of horizon 1."}],
        "sections": [
            {"id": "over-exposed", "question": "Who is over-exposed?", "parts": [PART]},
            {"id": "unknown", "question": "What can we not know?", "parts": [UNKNOWN]},
        ],
    },
    "subjects": [{"checks": CHECKS}],
}
REPORT = {
    REPORT_PAGE: b"<!doctype html><title>Report</title><style>h1 { color: red }</style>",
    REPORT_DOCUMENT: json.dumps(DOCUMENT).encode(),
    "records/violence/model-card.md": b"# Card",
}


def sheet_of(city, run_id, **other):
    about = {
        "run_id": run_id, "kind": "train", "made_at": "2025-07-10T09:00:00Z", "target": "violence", "title": "Violence",
        "first": "2024-07", "last": "2025-06", "view": "as-of", "geography": "cells", "seed": 7, "model": "wardcast",
        "horizon": 2, "horizons": [2], "statement": None, "remarks": ["Short <b>history</b>."], "level_shifts": [],
        "leaderboard": [ROW, SIMPLE],
        "noise_floor": [{"horizon": 2, "level": "area", "reference": "wardcast", **FLOORS}],
        "coverage": [{"grouping": "district", "group": "D1", "horizon": 2, "coverage_80": 0.7, "forecasts": 60}],
        "pit": [{"model": "wardcast", "horizon": 2, "bins": BINS}],
        "gates": [GATE], "checks": [
            {"audit": "calibration", "attribute": "district", "group": "D1", "value": 1.2, "low": 1.1, "high": None,
             "unit": "ratio", "margin": [0.9, None], "verdict": "outside"},
            {"audit": "calibration", "attribute": "district", "group": "D2", "value": None, "low": None, "high": None,
             "unit": "ratio", "margin": [0.9, 1.1], "verdict": "inside"},
        ],
        "errors": {"C0203": (10.0, 16.0), "C0001": (0.0, 1.0)},
        "publications": [
            {"id": "p-1", "published_on": "2025-01-10", "first": "2021-07", "last": "2024-12"},
            {"id": "p-2", "published_on": "2025-07-10", "first": "2023-07", "last": "2025-06"},
        ],
        "revisions": [
            {"older": "p-1", "newer": "p-2", "target": "violence", "period": "2024-12", "share_of_areas": 0.4,
             "city_change": 0.1},
        ],
        "settings": json.loads(settings_bytes(city.workspace.settings)), "code": {"wardcast.version": "0.1.0"},
    }  # fmt: skip
    return RunSheet(**{**about, **other})


@pytest.fixture(scope="session")
def make_sheet():
    """Makes the sheet of a run of a city."""
    return sheet_of


def add_trained(city):
    """Train another model of violence, as the ledger tells it: with a sheet and a report; returns its run."""
    content = dict(city.ledger.entries("trained")[0].content)
    del content["account"]
    city.registry.ledger = None
    model = city.registry.add("violence", city.workspace.root / "violence")
    sha256 = write_sheet(city.workspace, sheet_of(city, model.run_id), REPORT)
    about = {"version": model.version, "run_id": model.run_id, "sha256": model.sha256, "sheet_sha256": sha256}
    enter_trained(city.ledger, TrainedModel(**{**content, **about}))
    return model.run_id


@pytest.fixture(scope="session")
def train_with_report():
    """Adds a trained model with a report to a city; returns its run."""
    return add_trained


@pytest.fixture(scope="session")
def report_of_training():
    """Path → content of the report that such a training wrote."""
    return REPORT


@pytest.fixture
def trained(city, train_with_report):
    """A city whose newest model of violence has a sheet that the ledger vouches for, and the model's run."""
    run_id = train_with_report(city)
    city.approve()
    city.issue()
    return city, run_id
