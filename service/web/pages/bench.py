"""The scientist's bench: runs and publications, and all that one run came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from contracts import BadInput, Frequency, Period, Workspace
from contracts.flat_documents import flattened
from contracts.run_sheets import RunSheet
from service.web.answers.answer import Json
from service.web.answers.drawn_map import CHANGES, Drawing
from service.web.sheets import KeptSheet

KINDS: Mapping[str, str] = {"train": "training", "backtest": "backtest"}
"""Kind of a run → its word."""
SCORES: Mapping[str, str] = {
    "mean_poisson_deviance": "Deviance",
    "vs_ewma": "Against ewma (95%)",
    "crps": "CRPS",
    "mae": "MAE",
    "coverage_50": "In 50%",
    "coverage_80": "In 80%",
    "coverage_95": "In 95%",
    "pai_5": "PAI 5%",
    "city_mape": "City error %",
}
"""Column of a leaderboard → its heading."""
ERROR_ENDS = (-0.5, -0.25, -0.1, 0.1, 0.25, 0.5)
"""Ends of the steps of the map of errors: what came, against what was expected."""
STRIP_WIDTH = 1000
_TOLERANCE = 0.05
"""Of a group's share in an interval from what the interval promises, before it is listed."""


@dataclass(frozen=True)
class RunRow:
    """A run in the list."""

    about: KeptSheet
    deviance: str
    against: str
    coverage: str
    gates: str


@dataclass(frozen=True)
class Stretch:
    """A publication in the strip: where it begins and how wide it is, of ``STRIP_WIDTH``, and what it changed."""

    id: str
    begin: float
    width: float
    words: str
    revised: tuple[tuple[float, float, str], ...]
    """Where a period that it revised lies, the share of its areas that changed, and the same in words."""


@dataclass(frozen=True)
class Strip:
    """Publications on one line of time; ``unit`` is how wide a period is."""

    unit: float
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class ScoreTable:
    """A leaderboard at one level and horizon; ``rows`` hold a cell for each of ``heads``."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def rows_of(sheets: Sequence[KeptSheet]) -> Iterator[RunRow]:
    """A row for each run."""
    for one in sheets:
        row = one.sheet.row() or {}
        verdicts = [gate["verdict"] for gate in one.sheet.gates]
        passed = sum(verdict == "pass" for verdict in verdicts)
        yield RunRow(
            about=one,
            deviance=_number(row.get("mean_poisson_deviance")),
            against=_against(row),
            coverage=_number(row.get("coverage_90")),
            gates=f"{passed} of {len(verdicts)} pass" if verdicts else "none",
        )


def strip_of(sheet: RunSheet) -> Strip:
    """The publications that a run used, on one line of time, each with what it revised of the one before it."""
    frequency = Frequency(sheet.settings["frequency"])
    spans = [
        (Period.parse(one["first"], frequency), Period.parse(one["last"], frequency)) for one in sheet.publications
    ]
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    unit = STRIP_WIDTH / (last - first + 1)
    found = []
    for one, (begin, end) in zip(sheet.publications, spans, strict=True):
        revised = tuple(
            (
                (Period.parse(row["period"], frequency) - first) * unit,
                float(row["share_of_areas"]),
                f"{row['period']}: {row['share_of_areas']:.0%} of areas changed",
            )
            for row in sheet.revisions
            if row["newer"] == one["id"] and row["share_of_areas"]
        )
        words = f"{len(revised)} periods revised" if revised else "nothing revised"
        found.append(
            Stretch(
                id=one["id"],
                begin=(begin - first) * unit,
                width=(end - begin + 1) * unit,
                words=f"{one['first']} to {one['last']}, {words}",
                revised=revised,
            )
        )
    return Strip(unit, tuple(found))


def boards_of(sheet: RunSheet) -> Iterator[ScoreTable]:
    """The leaderboards, areas first, each with the floor that chance alone leaves."""
    for level in ("area", "city"):
        for horizon in sheet.horizons:
            rows = [row for row in sheet.leaderboard if (row["level"], row["horizon"]) == (level, horizon)]
            columns = [name for name in SCORES if any(row.get(name) is not None for row in rows)]
            floors = [one for one in sheet.noise_floor if (one["level"], one["horizon"]) == (level, horizon)]
            cells = [(row["model"], *(_cell(row, name) for name in columns)) for row in rows]
            cells += [
                (f"noise floor, {kind.replace('_', ' ')}", *(_number(floor[kind].get(name)) for name in columns))
                for floor in floors
                for kind in ("negative_binomial", "poisson")
            ]
            yield ScoreTable(
                title=f"{'Areas' if level == 'area' else 'The city'}, horizon {horizon}",
                heads=("Model", *(SCORES[name] for name in columns)),
                rows=tuple(cells),
                notes=tuple(f"{row['model']}: {row['remark']}" for row in rows if row.get("remark")),
            )


def far_groups(sheet: RunSheet) -> list[Json]:
    """Groups whose share in an interval is far from what it promises, at the main horizon, the furthest first."""
    rows = [row for row in sheet.coverage if row["horizon"] == sheet.horizon and row["group"]]
    far = [row for row in rows if abs(row["coverage_80"] - 0.8) > _TOLERANCE]
    return sorted(far, key=lambda row: -abs(row["coverage_80"] - 0.8))


def checks_of(sheet: RunSheet) -> list[tuple[str, list[Json]]]:
    """The audits' figures by verdict, those that are outside their margin first."""
    verdicts = dict.fromkeys(one["verdict"] for one in sheet.checks)
    order = sorted(verdicts, key=lambda verdict: (verdict != "outside", verdict))
    return [(verdict, [one for one in sheet.checks if one["verdict"] == verdict]) for verdict in order]


def settings_changed(sheet: RunSheet, before: RunSheet) -> list[tuple[str, str, str]]:
    """Name, older and newer value of each setting that differs."""
    older, newer = flattened(before.settings), flattened(sheet.settings)
    names = [name for name in {**older, **newer} if older.get(name) != newer.get(name)]
    return [(name, str(older.get(name, "not set")), str(newer.get(name, "not set"))) for name in names]


def error_map(sheet: RunSheet, drawing: Drawing, names: Mapping[str, str]) -> str:
    """A map of what came against what was expected; raises ``BadInput`` where no area of the run is on it."""
    known = {code: sums for code, sums in sheet.errors.items() if code in drawing.paths}
    if not known:
        raise BadInput(
            f"The run {sheet.run_id} is of areas of '{sheet.geography}', and others are served.",
            remedy="Serve a forecast of the same geography.",
        )
    steps = {code: _error_step(*sums) for code, sums in known.items()}
    title = f"{sheet.title}, {sheet.first} to {sheet.last}: what came against what {sheet.model} expected."
    return drawing.svg(steps, names, title=title, fills=CHANGES)


def error_legend() -> list[tuple[str, str]]:
    """Colour and words of each step of the map of errors, the highest first."""
    ends = [f"{end:+.0%}".replace("-", "\u2212") for end in ERROR_ENDS]
    words = [f"under {ends[0]}", *(f"{low} to {high}" for low, high in pairwise(ends))]
    return list(reversed(list(zip(CHANGES, [*words, f"{ends[-1]} or more"], strict=True))))


def mlflow_of(workspace: Workspace, run_id: str) -> str | None:
    """The address of a run in MLflow, where MLflow is on a server."""
    url = workspace.tracking_url
    return f"{url.rstrip('/')}/#/runs/{run_id}" if url.startswith(("http://", "https://")) else None


def _error_step(expected: float, came: float) -> int | None:
    if not expected:
        return None
    return sum(came / expected - 1.0 >= end for end in ERROR_ENDS)


def _cell(row: Json, name: str) -> str:
    return _against(row) if name == "vs_ewma" else _number(row.get(name))


def _against(row: Json) -> str:
    value, low, high = (row.get(name) for name in ("vs_ewma", "vs_ewma_low", "vs_ewma_high"))
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.3f}–{high:.3f})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
