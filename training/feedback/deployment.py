"""One deployment: every week forecast, patrol, discover; now and then retrain on what that left in the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from contracts import FlagSettings, Frequency
from contracts.arrays import Floats
from features.views import Panel
from models.recipe import ShareModel, ShareSettings, fit_share_model
from monitoring import Flags, flags_of
from training.feedback.countermeasures import Countermeasures, estimated_uplift, patrols
from training.feedback.world import World

TARGET = "target"
HORIZON = 1


@dataclass(frozen=True)
class Schedule:
    """How a forecast is deployed. ``history`` weeks are known before the first of ``weeks`` deployed ones."""

    history: int = 104
    weeks: int = 104
    refit_every: int = 13
    flags: FlagSettings = field(default_factory=FlagSettings)
    harm: Mapping[str, float] | None = None
    """Simulated offence → harm of one incident, for flags by harm; None where the settings weigh none."""
    mislabelled_share: float = 0.1
    """Share of the discoveries that are booked under a victim-reported offence."""
    reported_too: bool = True
    """Whether the target has victim-reported incidents at all; False: the officer-generated alone."""

    def to_dict(self) -> dict[str, Any]:
        """Everything in it as plain values, and the rule of the flags in words."""
        rule = self.flags.model_dump(mode="json")
        return {**asdict(self), "flags": rule, "flags_in_words": self.flags.words}


@dataclass(frozen=True)
class Deployment:
    """What happened. Arrays are (areas, weeks) of the deployment.

    ``flags`` are 1 where the forecast flagged an area, ``presence`` where a patrol went. ``captured`` is the share of
    the expected true incidents of all kinds, recorded or not, that fell in patrolled areas. ``uplift_estimated`` is
    what the down-weighting believed in the last week.
    """

    flags: Floats
    presence: Floats
    captured: float
    uplift_estimated: float


def flag_rule_in(world: World, schedule: Schedule) -> Flags:
    """The schedule's rule of flags over the areas of a simulated city; raises ``MissingThing`` as ``flags_of`` does."""
    mix = np.array(list(world.offences.values()))
    per_incident = None
    if schedule.harm is not None:
        per_incident = np.array([schedule.harm[name] for name in world.offences]) @ mix / mix.sum(axis=0)
    return flags_of(
        schedule.flags,
        world.geography.codes,
        residents=world.residents,
        area_km2=world.geography.areas["area_km2"].to_numpy(np.float64),
        harm_per_crime=per_incident,
    )


class _Records:
    """What is in the records so far: victim-reported incidents, and discoveries by the label they were booked under."""

    def __init__(self, world: World, schedule: Schedule) -> None:
        self._world, self._schedule = world, schedule
        self.reported = world.reported.astype(np.float64)
        self.mislabelled = np.zeros(self.reported.shape)
        self.labelled = np.zeros(self.reported.shape)

    def add(self, week: int, presence: Floats, uplift: float) -> None:
        found = self._world.discovered(week, presence, uplift)
        mistaken = found & (self._world.mislabelling[:, week] < self._schedule.mislabelled_share)
        self.mislabelled[:, week] = mistaken.sum(axis=1)
        self.labelled[:, week] = found.sum(axis=1) - self.mislabelled[:, week]

    def target(self, weeks: int, measures: Countermeasures, weights: Floats) -> Floats:
        """Counts (areas, weeks) that the forecaster learns from; ``weights`` are those of labelled discoveries."""
        counts = np.zeros((len(weights), weeks))
        if self._schedule.reported_too:
            counts += self.reported[:, :weeks] + self.mislabelled[:, :weeks]
        if not measures.victim_reported_only:
            counts += self.labelled[:, :weeks] * weights[:, :weeks]
        return counts


def deploy(world: World, schedule: Schedule, uplift: float, measures: Countermeasures, *, seed: int) -> Deployment:
    """Deploy the recipe's area shares in a city.

    Areas are flagged by the rule of the schedule. An expected count is a share times the city's total: the total is
    the same for all, so the order is that of the shares, and the total is not forecast. The share model is refitted
    every ``refit_every`` weeks and given the newest counts every week.
    """
    records, rule = _Records(world, schedule), flag_rule_in(world, schedule)
    for week in range(schedule.history):
        records.add(week, np.zeros(len(world.residents)), uplift)
    lots = np.random.default_rng([world.seed, 7]).random((schedule.weeks, len(world.residents)))
    shape = (len(world.residents), schedule.history + schedule.weeks)
    flags, presence, drawn = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    weights = np.ones(shape)
    believed = 0.0
    model: ShareModel | None = None
    for step in range(schedule.weeks):
        week = schedule.history + step
        if measures.down_weighting:
            deployed = np.s_[:, schedule.history : week]
            believed = estimated_uplift(records.labelled[deployed], presence[deployed], drawn[deployed])
            weights = 1.0 / (1.0 + believed * presence)
        panel = _panel(world, records.target(week, measures, weights))
        if model is None or step % schedule.refit_every == 0:
            model = fit_share_model(panel, TARGET, world.geography, (HORIZON,), ShareSettings(seed=seed))
        share = model.share(model.features(panel, TARGET, world.geography), week - HORIZON, HORIZON)
        flags[:, week] = rule.of(share[None])[0]
        presence[:, week], drawn[:, week] = patrols(
            _ranks(rule.values(share[None])[0], flags[:, week]), step, lots[step], measures.exploration
        )
        records.add(week, presence[:, week], uplift)
    time = np.s_[:, schedule.history :]
    return Deployment(flags[time], presence[time], _captured(world, schedule, presence), believed)


def needed_flags(world: World, schedule: Schedule) -> Floats:
    """Flags (areas, weeks) of the deployed weeks, had they followed the true rates of what the target counts."""
    weeks = np.s_[:, schedule.history : schedule.history + schedule.weeks]
    expected = world.expected_hidden[weeks] + schedule.reported_too * world.expected_reported[weeks]
    return np.asarray(flag_rule_in(world, schedule).of(expected.T).T)


def _ranks(values: Floats, flags: Floats) -> Floats:
    ranks = np.full(len(values), -1.0)
    flagged = np.flatnonzero(flags)
    ranks[flagged[np.argsort(-values[flagged], kind="stable")]] = np.arange(len(flagged))
    return ranks


def _panel(world: World, counts: Floats) -> Panel:
    weeks = counts.shape[1]
    last = world.first.shift(weeks - 1)
    return Panel(
        as_of=last.end.date(),
        geography=world.geography.name,
        frequency=Frequency.WEEK,
        targets=(TARGET,),
        areas=world.geography.codes,
        first=world.first,
        counts=counts[None],
        settled=np.zeros((1, weeks), dtype=np.bool_),
        publications=(),
    )


def _captured(world: World, schedule: Schedule, presence: Floats) -> float:
    """Of the expected true incidents, so that luck in single incidents does not count."""
    weeks = np.s_[:, schedule.history : schedule.history + schedule.weeks]
    expected = world.expected_hidden[weeks] + world.expected_reported[weeks]
    return float((expected * presence[weeks]).sum() / expected.sum())
