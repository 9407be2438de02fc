"""Two runs compared: what changed in settings, data and code, and whose forecasts were better, on the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contracts import BadInput, Frequency, Workspace
from contracts.flat_documents import flattened
from contracts.run_files import ENVIRONMENT_FILE, PUBLICATIONS_FILE, SETTINGS_FILE
from monitoring import (
    Verification,
    block_length,
    from_forecast_table,
    paired_ratio,
    poisson_deviance_loss,
    resampling,
)
from training.runs.runs import PastRun, RunSummary, past_run


@dataclass(frozen=True)
class Change:
    """One thing that is not the same in both runs; None where a run does not have it."""

    what: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Skill:
    """The second run's skill over the first at one horizon: 1 − mean deviance of the second over that of the first.

    Over 0 the second is better; ``low`` and ``high`` end the 95% interval, which resamples areas and blocks of periods
    that both runs met alike (``monitoring.scores.skill``). ``areas`` and ``periods`` are those that both forecast.
    """

    horizon: int
    first_model: str
    second_model: str
    first_deviance: float
    second_deviance: float
    skill: float
    low: float
    high: float
    areas: int
    periods: int

    @property
    def verdict(self) -> str:
        """In words."""
        if self.low > 0:
            return "the second is better"
        return "the first is better" if self.high < 0 else "no difference that the interval leaves sure"


@dataclass(frozen=True)
class Comparison:
    """Two runs of one target, and how they differ."""

    first: RunSummary
    second: RunSummary
    skill: tuple[Skill, ...]
    parameters: tuple[Change, ...]
    settings: tuple[Change, ...]
    data: tuple[Change, ...]
    code: tuple[Change, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return {**asdict(self), "skill": [{**asdict(one), "verdict": one.verdict} for one in self.skill]}


def compare(workspace: Workspace, first_id: str, second_id: str, *, model: str | None = None) -> Comparison:
    """Compare two runs by their ids, or the starts of them.

    ``model`` is compared with itself; by default the model that stands for each run. Outcomes are those that the later
    run knew. Raises ``BadInput`` where the runs have nothing to compare.
    """
    first, second = past_run(workspace, first_id), past_run(workspace, second_id)
    one, two = first.summary, second.summary
    if (one.target, one.geography) != (two.target, two.geography):
        raise BadInput(
            f"The runs forecast different things: {one.target} by {one.geography}, and {two.target} by "
            f"{two.geography}.",
            remedy="Choose two runs of one target and geography; see: wardcast runs",
        )
    seed, frequency = workspace.settings.seed, _frequency(workspace, first)
    skill, notes = _skills(first, second, model, frequency, seed)
    return Comparison(
        first=one,
        second=two,
        skill=tuple(skill),
        parameters=tuple(_changes(first.parameters, second.parameters)),
        settings=tuple(_changes(*(flattened(run.document(SETTINGS_FILE)) for run in (first, second)))),
        data=tuple(_changes(*map(_data, (first, second)))),
        code=tuple(_changes(*map(_code, (first, second)))),
        notes=tuple(notes),
    )


def _frequency(workspace: Workspace, run: PastRun) -> Frequency:
    return Frequency(run.parameters.get("frequency", str(workspace.settings.frequency)))


def _skills(
    first: PastRun, second: PastRun, model: str | None, frequency: Frequency, seed: int
) -> tuple[list[Skill], list[str]]:
    later = max((first, second), key=lambda run: run.summary.started_at)
    ours, theirs = (_verifications(run, model, later.outcomes, frequency) for run in (first, second))
    horizons = sorted(ours.keys() & theirs.keys())
    if not horizons:
        raise BadInput(
            "The runs have no horizon in common for that model.", remedy="Name a model that both hold with --model."
        )
    skills = [_skill(ours[horizon], theirs[horizon], seed) for horizon in horizons]
    revised = _share_revised(first.outcomes, second.outcomes)
    notes = [f"{revised:.1%} of the counts were revised between the runs; those of the later run are used."]
    return skills, notes if revised else []


def _verifications(
    run: PastRun, model: str | None, outcomes: pd.DataFrame, frequency: Frequency
) -> dict[int, Verification]:
    name = model or run.summary.model
    table = run.forecasts[run.forecasts["model"] == name]
    if table.empty:
        held = ", ".join(sorted(run.forecasts["model"].unique()))
        raise BadInput(f"The run {run.summary.run_id} has no forecasts of '{name}'.", remedy=f"It holds {held}.")
    return {one.horizon: one for one in from_forecast_table(table, outcomes, frequency)}


def _skill(first: Verification, second: Verification, seed: int) -> Skill:
    areas = tuple(sorted(set(first.areas) & set(second.areas)))
    periods = np.intersect1d(first.periods, second.periods)
    if not areas or not periods.size:
        raise BadInput(
            f"At horizon {first.horizon} the runs forecast no area and period in common.",
            remedy="Choose runs whose periods overlap; see: wardcast runs",
        )
    losses, baseline = (_losses(one, areas, periods) for one in (second, first))
    draws = resampling(
        periods=len(periods), areas=len(areas), block=block_length(len(periods), first.horizon), seed=seed
    )
    ratio = paired_ratio(losses, baseline, draws)
    if not np.isfinite(ratio.value):
        raise BadInput(
            f"At horizon {first.horizon} {first.model} of the first run missed nothing: no skill over it is defined.",
            remedy="Name another model with --model.",
        )
    return Skill(
        horizon=first.horizon,
        first_model=first.model,
        second_model=second.model,
        first_deviance=float(np.nanmean(baseline)),
        second_deviance=float(np.nanmean(losses)),
        skill=1.0 - ratio.value,
        low=1.0 - ratio.high,
        high=1.0 - ratio.low,
        areas=len(areas),
        periods=len(periods),
    )


def _losses(one: Verification, areas: tuple[str, ...], periods: npt.NDArray[Any]) -> npt.NDArray[Any]:
    place = {area: position for position, area in enumerate(one.areas)}
    cells = np.ix_(np.searchsorted(one.periods, periods), np.array([place[area] for area in areas]))
    return poisson_deviance_loss(one.outcomes[cells], one.forecast.mean[cells])


def _share_revised(first: pd.DataFrame, second: pd.DataFrame) -> float:
    both = first.merge(second, on=["area", "target", "period"])
    return float((both["count_x"] != both["count_y"]).mean()) if len(both) else 0.0


def _data(run: PastRun) -> dict[str, Any]:
    return {one["id"]: one["content_sha256"] for one in run.document(PUBLICATIONS_FILE)}


def _code(run: PastRun) -> dict[str, Any]:
    code = run.summary.code
    return {**(asdict(code) if code else {}), **run.document(ENVIRONMENT_FILE)["libraries"]}


def _changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(first.keys() | second.keys()):
        if first.get(name) != second.get(name):
            yield Change(name, first.get(name), second.get(name))


def as_text(comparison: Comparison) -> str:
    """For a terminal, in plain English."""
    lines = [
        f"{order} {one.run_id} ({one.kind}, {one.target} {one.first} to {one.last}, {one.started_at[:16]}Z)"
        for order, one in (("First: ", comparison.first), ("Second:", comparison.second))
    ]
    lines += ["", "Skill of the second over the first: 1 − the ratio of mean deviances, with its 95% interval"]
    lines += [
        f"  horizon {one.horizon}: {one.skill:+.4f} ({one.low:+.4f} to {one.high:+.4f}), {one.second_model} "
        f"{one.second_deviance:.4f} against {one.first_model} {one.first_deviance:.4f}, {one.areas:,} areas × "
        f"{one.periods} periods: {one.verdict}"
        for one in comparison.skill
    ]
    lines += [f"  {note}" for note in comparison.notes]
    parts = {
        "Parameters": comparison.parameters,
        "Settings": comparison.settings,
        "Data": comparison.data,
        "Code and libraries": comparison.code,
    }
    for title, changes in parts.items():
        lines += ["", f"{title}: {'the same' if not changes else ''}".rstrip()]
        lines += [f"  {one.what}: {_shown(one.first)} → {_shown(one.second)}" for one in changes]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
