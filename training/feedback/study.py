"""The whole simulation: arms, uplifts and cities, each city with the same draws in every arm."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from contracts import MissingThing, Settings
from contracts.arrays import Floats
from features.simulation import SimulatedCityParameters
from monitoring.scores.feedback import amplification, critical_uplift, exposure, kept, ratio_to_need
from training.feedback.countermeasures import Countermeasures
from training.feedback.deployment import Deployment, Schedule, deploy, needed_flags
from training.feedback.report import Amplified, ArmReport, FeedbackReport
from training.feedback.world import World, make_world

FIRST_FLAGGED = "areas flagged first"
END_WEEKS = 13
"""Exposure at the end is that of the last quarter; the areas flagged first are those of the first."""
UPLIFTS = (0.0, 0.25, 0.5, 1.0)
_ENDS = (0.0, 1.0)


@dataclass(frozen=True)
class Arm:
    """One way to deploy. ``baseline`` names the arm without countermeasures whose crime capture it is held against."""

    name: str
    title: str
    reported_too: bool
    measures: Countermeasures = field(default_factory=Countermeasures)
    uplifts: tuple[float, ...] = UPLIFTS
    baseline: str = ""


EXPLORATION = 0.05
DEFAULT = "default"
ARMS = (
    Arm("all_recorded", "all recorded crime, no countermeasure", reported_too=True),
    Arm("officer_generated", "officer-generated incidents, no countermeasure", reported_too=False),
    Arm(
        DEFAULT,
        "victim-reported crime and exploration (the default)",
        reported_too=True,
        measures=Countermeasures(victim_reported_only=True, exploration=EXPLORATION),
        baseline="all_recorded",
    ),
    Arm(
        "officer_generated_exploration",
        "officer-generated incidents, exploration alone",
        reported_too=False,
        measures=Countermeasures(exploration=EXPLORATION),
        uplifts=_ENDS,
        baseline="officer_generated",
    ),
    Arm(
        "officer_generated_down_weighted",
        "officer-generated incidents, down-weighted, with exploration",
        reported_too=False,
        measures=Countermeasures(down_weighting=True, exploration=EXPLORATION),
        uplifts=_ENDS,
        baseline="officer_generated",
    ),
)


def study_city() -> SimulatedCityParameters:
    """160 areas over 50 months: two years of history and two of deployment, in whole weeks."""
    return replace(
        SimulatedCityParameters(),
        areas=160,
        districts=8,
        night_time_centres=5,
        first_month="2021-01",
        months=50,
        disruption_month=8,
        disruption_months=2,
        break_month=20,
    )


@dataclass(frozen=True)
class Study:
    """What is simulated. ``cities`` cities are drawn from ``seed``; ``processes`` changes nothing but the time."""

    seed: int = 7
    cities: int = 4
    schedule: Schedule = field(default_factory=Schedule)
    parameters: SimulatedCityParameters = field(default_factory=study_city)
    arms: tuple[Arm, ...] = ARMS
    processes: int = 2


def quick_study(study: Study) -> Study:
    """Three cities and the two ends of the uplifts, in arms that the headline needs."""
    arms = tuple(replace(arm, uplifts=_ENDS) for arm in study.arms if arm.uplifts == UPLIFTS)
    return replace(study, cities=3, arms=arms, schedule=replace(study.schedule, refit_every=26))


def feedback_of_settings(
    settings: Settings, *, seed: int | None = None, cities: int | None = None, quick: bool = False
) -> Study:
    """The study with the flags of a workspace, and its seed and so many cities unless others are given.

    Raises ``MissingThing`` for flags by harm where the settings do not weigh the simulated offences.
    """
    schedule = Schedule(flags=settings.flags, harm=_harm(settings) if settings.flags.rule == "harm" else None)
    study = Study(seed=settings.seed if seed is None else seed, schedule=schedule)
    study = quick_study(study) if quick else study
    return study if cities is None else replace(study, cities=cities)


def _harm(settings: Settings) -> dict[str, float]:
    """Harm of one incident of every simulated offence, by the first taxonomy of the settings that weighs them all."""
    names = study_city().offence_names
    for taxonomy in settings.harm.values():
        if set(names) <= taxonomy.weights.keys():
            return {name: taxonomy.weights[name] for name in names}
    raise MissingThing(
        "flags.rule is 'harm', and the settings have no harm weights for the offences of a simulated city.",
        remedy=f"Add {', '.join(names)} to [offences.simulated], each with no wording, and weigh them under "
        "[harm.simulated].",
    )


@dataclass(frozen=True)
class _Run:
    """What is kept of a deployment: exposures by group at the end, (2,) each, and ``path`` (weeks, 2) of the areas
    flagged first."""

    exposures: dict[str, Floats]
    path: Floats
    captured: float
    uplift_estimated: float


@dataclass(frozen=True)
class _City:
    """Every deployment in one city, by arm and uplift, and the exposures that the need warrants, by arm."""

    runs: dict[tuple[str, float], _Run]
    needed: dict[str, dict[str, Floats]]


def simulate_feedback(study: Study, tell: Callable[[str], None]) -> FeedbackReport:
    """Run the study; the same study gives the same report, byte for byte, in however many processes."""
    seeds = [study.seed * 1000 + number for number in range(study.cities)]
    cities: dict[int, _City] = {}
    if study.processes == 1:
        for seed in seeds:
            cities[seed] = _simulate_city(seed, study=study)
            tell(f"Simulated city {len(cities)} of {study.cities}.")
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(study.processes, mp_context=context) as pool:
            jobs = {pool.submit(partial(_simulate_city, study=study), seed): seed for seed in seeds}
            for job in as_completed(jobs):
                cities[jobs[job]] = job.result()
                tell(f"Simulated city {len(cities)} of {study.cities}.")
    return _report(study, [cities[seed] for seed in seeds])


def _simulate_city(seed: int, *, study: Study) -> _City:
    world = make_world(study.parameters, seed)
    runs: dict[tuple[str, float], _Run] = {}
    needed: dict[str, dict[str, Floats]] = {}
    for arm in study.arms:
        schedule = replace(study.schedule, reported_too=arm.reported_too)
        deployments = {uplift: deploy(world, schedule, uplift, arm.measures, seed=study.seed) for uplift in arm.uplifts}
        groups = world.groups | {FIRST_FLAGGED: deployments[0.0].flags[:, :END_WEEKS].mean(axis=1)}
        runs |= {(arm.name, uplift): _kept_of(world, done, groups) for uplift, done in deployments.items()}
        needed[arm.name] = _at_the_end(world, needed_flags(world, schedule), groups)
    return _City(runs, needed)


def _kept_of(world: World, done: Deployment, groups: dict[str, Floats]) -> _Run:
    path = np.array([exposure(week, world.residents, groups[FIRST_FLAGGED]) for week in done.presence.T])
    return _Run(_at_the_end(world, done.presence, groups), path, done.captured, done.uplift_estimated)


def _at_the_end(world: World, presence: Floats, groups: dict[str, Floats]) -> dict[str, Floats]:
    at_end = presence[:, -END_WEEKS:].mean(axis=1)
    return {name: exposure(at_end, world.residents, shares) for name, shares in groups.items()}


def _report(study: Study, cities: list[_City]) -> FeedbackReport:
    return FeedbackReport(
        seed=study.seed,
        cities=study.cities,
        areas=study.parameters.areas,
        schedule=study.schedule,
        arms=tuple(_arm_report(arm, cities) for arm in study.arms),
    )


def _arm_report(arm: Arm, cities: list[_City]) -> ArmReport:
    groups = list(cities[0].needed[arm.name])
    headline = [FIRST_FLAGGED, *(name for name in groups if name != FIRST_FLAGGED)]
    amplified = {name: {uplift: _amplified(arm, uplift, name, cities) for uplift in arm.uplifts} for name in headline}
    return ArmReport(
        name=arm.name,
        title=arm.title,
        measures=arm.measures,
        amplified=amplified,
        critical=critical_uplift({uplift: one.factor for uplift, one in amplified[FIRST_FLAGGED].items()}),
        captured={uplift: float(_captured(arm.name, uplift, cities).mean()) for uplift in arm.uplifts},
        kept={
            uplift: kept(_captured(arm.name, uplift, cities), _captured(arm.baseline, uplift, cities))
            for uplift in arm.uplifts
            if arm.baseline
        },
        uplift_estimated={
            uplift: float(np.mean([city.runs[arm.name, uplift].uplift_estimated for city in cities]))
            for uplift in arm.uplifts
            if arm.measures.down_weighting
        },
        paths={
            uplift: np.mean([city.runs[arm.name, uplift].path for city in cities], axis=0) for uplift in arm.uplifts
        },
    )


def _amplified(arm: Arm, uplift: float, group: str, cities: list[_City]) -> Amplified:
    exposures, reference = (
        np.array([city.runs[arm.name, one].exposures[group] for city in cities]) for one in (uplift, 0.0)
    )
    needed = np.array([city.needed[arm.name][group] for city in cities])
    return Amplified(amplification(exposures, reference), ratio_to_need(exposures, needed))


def _captured(arm: str, uplift: float, cities: list[_City]) -> Floats:
    return np.array([city.runs[arm, uplift].captured for city in cities])
