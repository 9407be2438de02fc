"""The city's total: level, season and calendar of the daily rate, as a combination weighted by past errors.

Members forecast the logarithm of crimes per day. Each is also run at the last two years of origins, as it would
have been then; a member's weight is the inverse of its squared mean absolute error there, and five years of the
combination's own past errors give the spread of the city's factor (see ``models.recipe.city_spread``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt

from contracts import Frequency, periods_per_year
from contracts.arrays import Floats
from features.building.calendar_terms import days_in, holiday_days, season_of, weekend_days
from features.building.city_totals import city_totals
from features.building.near_repeat import PERIODS_PER_WEEK
from features.views import Panel
from models.recipe.city_spread import SMALLEST_LOG_SD, SPREAD_ORIGINS, combination_weights, spread_of_combination

LONGEST_HORIZON = 12
PAST_ORIGINS = 24
LONGEST_SEASON = 24
YEARS_FOR_SEASON = 3
"""A season, and what weekends and bank holidays add, are learned from so many years; a shorter history has none."""
WEEKS_FOR_WEEKDAYS = 4
SHORTEST_FOR_MODELS = 8
"""Exponential smoothing and theta need so many periods, also at the earliest origin that they are judged at."""
FEW_ORIGINS = 12
"""From fewer past errors the spread is not well known, and taken wider."""
STRUCTURAL_WEIGHTS = (0.35, 0.5, 0.7)
DRIFT_YEARS = 6
CALENDAR_RIDGE = 0.05
MOST_PERIODS = 520
"""The statistical members read no more of the newest periods: days and shifts would take them minutes."""


@dataclass(frozen=True)
class CityForecast:
    """The city's total per horizon: ``mean`` in crimes, ``log_sd`` of its error on the log scale, both (horizons,).

    ``weights`` (members by name) are those of the first horizon.
    """

    mean: Floats
    log_sd: Floats
    weights: dict[str, float]


@dataclass(frozen=True)
class _Series:
    """The log daily rate with its calendar; hashable by content, so that members are run once per series."""

    content: bytes
    first_ordinal: int
    frequency: Frequency
    country: str

    @property
    def log_rate(self) -> Floats:
        return np.frombuffer(self.content)

    def until(self, periods: int) -> _Series:
        return _Series(self.log_rate[:periods].tobytes(), self.first_ordinal, self.frequency, self.country)

    def ordinals(self, ahead: int = 0) -> np.ndarray:
        return self.first_ordinal + np.arange(len(self.log_rate) + ahead, dtype=np.int64)


def forecast_city_total(panel: Panel, target: str, horizons: Sequence[int], *, country: str = "") -> CityForecast:
    """Forecast the sum over the panel's areas. ``country`` names the bank holidays that are used, if any."""
    if not np.nansum(panel.of(target)):
        return _nothing_counted(panel, target, horizons)
    series = _series_of(panel, target, country)
    members = _members(len(series.log_rate), panel.frequency)
    combined = [_combine(series, members, horizon) for horizon in horizons]
    future = days_in(panel.last.ordinal + np.asarray(horizons, dtype=np.int64), panel.frequency)
    return CityForecast(
        mean=np.exp([log_mean for log_mean, _, _ in combined]) * future,
        log_sd=np.array([log_sd for _, log_sd, _ in combined]),
        weights=combined[0][2],
    )


def _nothing_counted(panel: Panel, target: str, horizons: Sequence[int]) -> CityForecast:
    """What no crime at all in so many days leaves possible: Jeffreys' prior, a gamma with shape ½ for the rate.

    Half a crime in the time that was counted is expected, with the spread of the gamma and of a count around it.
    """
    known = (~np.isnan(panel.of(target))).any(axis=0)
    counted = days_in(panel.periods[known], panel.frequency).sum()
    ahead = days_in(panel.last.ordinal + np.asarray(horizons, dtype=np.int64), panel.frequency)
    mean = 0.5 * ahead / counted
    return CityForecast(mean=mean, log_sd=np.sqrt(2.0 + 1.0 / mean), weights={"nothing_counted": 1.0})


@dataclass(frozen=True)
class CityPattern:
    """The city before its level is forecast anew.

    ``usual`` is the mean total of a period over the past year, in crimes. ``season`` and ``weekday``, both (horizons,),
    are the logarithms of what the time of year with the length of the period, and the weekday with the shift, make of
    it. Of days and shifts ``season`` knows the length only: a day of the year has too few counts.
    """

    usual: float
    season: Floats
    weekday: Floats


def city_pattern(panel: Panel, target: str, horizons: Sequence[int], *, country: str = "") -> CityPattern:
    """What is usual in the city at each horizon, by the factors that the seasonal members use."""
    series = _series_of(panel, target, country)
    past, year = len(series.log_rate), periods_per_year(panel.frequency)
    ordinals, calendar = series.ordinals(LONGEST_HORIZON), _calendar_effect(series)
    season, weekday = np.log(days_in(ordinals, panel.frequency)), np.zeros(len(ordinals))
    if panel.frequency in PERIODS_PER_WEEK:
        weekday = calendar
    else:
        season = season + calendar
        if past >= YEARS_FOR_SEASON * year:
            position = season_of(ordinals, panel.frequency)
            season = season + _seasonal_factors(series.log_rate - calendar[:past], position[:past], year)[position]

    def above_usual(effect: Floats) -> Floats:
        lately = np.log(np.exp(effect[max(past - year, 0) : past]).mean())
        return np.asarray(effect[past - 1 + np.asarray(horizons, dtype=np.int64)] - lately)

    totals, known = _totals(panel, target)
    return CityPattern(float(totals[known][-year:].mean()), above_usual(season), above_usual(weekday))


def level_without_season(panel: Panel, target: str, *, country: str = "") -> Floats:
    """The logarithm of the city's crimes per day without season, weekends and bank holidays, (periods,)."""
    series = _series_of(panel, target, country)
    past = len(series.log_rate)
    adjusted = series.log_rate - _calendar_effect(series)[:past]
    season = season_of(series.ordinals(), panel.frequency)
    return np.asarray(adjusted - _seasonal_factors(adjusted, season, periods_per_year(panel.frequency))[season])


def _totals(panel: Panel, target: str) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The city's total of each period (0 where not known), and whether it is known."""
    totals = city_totals(panel.of(target))
    return np.nan_to_num(totals), ~np.isnan(totals)


def _series_of(panel: Panel, target: str, country: str) -> _Series:
    """The log daily rate of the city; what is missing lies on a line between its neighbours."""
    totals, known = _totals(panel, target)
    log_rate = np.log((totals + 0.5) / days_in(panel.periods, panel.frequency))
    filled = np.interp(panel.periods, panel.periods[known], log_rate[known])
    return _Series(filled.tobytes(), panel.first.ordinal, panel.frequency, country)


Member = Callable[[_Series], Floats]
"""A path of log rates, (LONGEST_HORIZON,), after the end of the series."""


def _combine(series: _Series, members: dict[str, Member], horizon: int) -> tuple[float, float, dict[str, float]]:
    """Log mean, standard deviation of its error, and weights at one horizon."""
    length = len(series.log_rate)
    season = periods_per_year(series.frequency)
    earliest = max(min(2 * season, length // 2), 4)
    origins = range(max(earliest, length - horizon - SPREAD_ORIGINS + 1), length - horizon + 1)
    paths = np.array([[run(series.until(end))[horizon - 1] for run in members.values()] for end in origins])
    now = np.array([run(series)[horizon - 1] for run in members.values()])
    if len(paths) == 0:
        weights = np.full(len(members), 1.0 / len(members))
        return float(weights @ now), _spread_of_steps(series.log_rate, horizon), _named(members, weights)
    outcomes = series.log_rate[[end + horizon - 1 for end in origins]]
    errors = paths - outcomes[:, None]
    weights = combination_weights(errors[-PAST_ORIGINS:])
    return float(weights @ now), spread_of_combination(errors) * _wider(len(errors)), _named(members, weights)


def _spread_of_steps(log_rate: Floats, horizon: int) -> float:
    """Where no past forecast so far ahead can be judged: as if the series took its steps at random."""
    steps = np.diff(log_rate)
    if not steps.size:
        return 1.0
    return max(float(np.sqrt(horizon * (steps**2).mean())), SMALLEST_LOG_SD) * _wider(len(steps))


def _wider(errors: int) -> float:
    """The standard deviation of Student's t with so many and two degrees of freedom, where errors are few."""
    return float(np.sqrt((errors + 2.0) / errors)) if errors < FEW_ORIGINS else 1.0


def _named(members: dict[str, Member], weights: Floats) -> dict[str, float]:
    return dict(zip(members, weights.tolist(), strict=True))


def _members(length: int, frequency: Frequency) -> dict[str, Member]:
    """The members that a series of this length supports: a season is learned from two years at least."""
    seasonal = length >= YEARS_FOR_SEASON * periods_per_year(frequency)
    members: dict[str, Member] = {"ets": _ets, "theta": _theta} if length // 2 >= SHORTEST_FOR_MODELS else {}
    if not seasonal:
        return members | {f"level_{weight}": _level_member(weight) for weight in STRUCTURAL_WEIGHTS}
    members |= {f"season_{weight}": partial(_structural, weight=weight) for weight in STRUCTURAL_WEIGHTS}
    return members | {"ets_without_trend": _ets_without_trend, "season_drift": _season_drift}


@lru_cache(maxsize=4096)
def _ets(series: _Series) -> Floats:
    return _ets_on_adjusted(series, "ZZZ")


@lru_cache(maxsize=4096)
def _ets_without_trend(series: _Series) -> Floats:
    return _ets_on_adjusted(series, "ANA" if _statistical_season(series) > 1 else "ANN")


def _ets_on_adjusted(series: _Series, kind: str) -> Floats:
    """Exponential smoothing of the rate without its calendar effect, which is added again."""
    from statsforecast.models import AutoETS

    effect = _calendar_effect(series)
    past = len(series.log_rate)
    model = AutoETS(season_length=_statistical_season(series), model=kind)
    path = model.forecast(y=(series.log_rate - effect[:past])[-MOST_PERIODS:], h=LONGEST_HORIZON)["mean"]
    return np.asarray(path + effect[past:])


@lru_cache(maxsize=4096)
def _theta(series: _Series) -> Floats:
    from statsforecast.models import AutoTheta

    model = AutoTheta(season_length=_statistical_season(series))
    past = len(series.log_rate)
    weekly = series.frequency in PERIODS_PER_WEEK
    effect = _calendar_effect(series) if weekly else np.zeros(past + LONGEST_HORIZON)
    path = model.forecast(y=(series.log_rate - effect[:past])[-MOST_PERIODS:], h=LONGEST_HORIZON)["mean"]
    return np.asarray(path + effect[past:])


def _statistical_season(series: _Series) -> int:
    season = periods_per_year(series.frequency)
    return season if season <= LONGEST_SEASON and len(series.log_rate) >= 2 * season + 1 else 1


def _level_member(weight: float) -> Member:
    def run(series: _Series) -> Floats:
        return np.full(LONGEST_HORIZON, _level(series.log_rate, weight))

    return run


def _season_drift(series: _Series) -> Floats:
    """The newest rate moved by the median change from the same season to each horizon, over up to six years."""
    year, past = periods_per_year(series.frequency), len(series.log_rate)
    starts = [past - 1 - year * years for years in range(1, DRIFT_YEARS + 1) if past - 1 - year * years >= 0]
    changes = [_after(series.log_rate, start) - series.log_rate[start] for start in starts]
    return np.asarray(series.log_rate[-1] + np.median(changes, axis=0))


def _after(values: Floats, start: int) -> Floats:
    return values[start + 1 : start + 1 + LONGEST_HORIZON]


@lru_cache(maxsize=4096)
def _structural(series: _Series, *, weight: float) -> Floats:
    """Exponentially weighted level with median seasonal factors, weekends and bank holidays."""
    season = season_of(series.ordinals(LONGEST_HORIZON), series.frequency)
    effect = _calendar_effect(series)
    past = len(series.log_rate)
    adjusted = series.log_rate - effect[:past]
    factors = _seasonal_factors(adjusted, season[:past], periods_per_year(series.frequency))
    level = _level(adjusted - factors[season[:past]], weight)
    return np.asarray(level + factors[season[past:]] + effect[past:])


def _level(values: Floats, weight: float) -> float:
    weights = (1.0 - weight) ** np.arange(len(values))[::-1]
    return float(weights @ values / weights.sum())


def _seasonal_factors(values: Floats, season: np.ndarray, length: int) -> Floats:
    """Median distance of each season from a centred yearly mean, which neither a step nor a strange year moves."""
    half = length // 2
    window = np.ones(2 * half + 1)
    window[[0, -1]] = 0.5
    centred = values[half:-half] - np.convolve(values, window / window.sum(), "valid")
    inner = season[half:-half]
    factors = np.array([np.median(centred[inner == s]) if (inner == s).any() else 0.0 for s in range(length)])
    return np.asarray(factors - factors.mean())


def _weekday_effect(series: _Series, week: int) -> Floats:
    """What weekday and shift add to the log rate: the median distance from the week around, over two years."""
    position = series.ordinals(LONGEST_HORIZON) % week
    values = series.log_rate[-2 * periods_per_year(series.frequency) :]
    if len(values) < WEEKS_FOR_WEEKDAYS * week:
        return np.zeros(len(position))
    around = np.convolve(values, np.full(week, 1.0 / week), "valid")
    half = week // 2
    apart = values[half : half + len(around)] - around
    phase = position[len(series.log_rate) - len(values) + half :][: len(around)]
    factors = np.array([np.median(apart[phase == one]) for one in range(week)])
    return np.asarray((factors - factors.mean())[position])


@lru_cache(maxsize=4096)
def _calendar_effect(series: _Series) -> Floats:
    """What weekends and bank holidays add to the log rate, past and ahead; learned from year-on-year changes.

    A day or shift has its weekday instead. Nothing for weeks, which all have the same days, and for short series.
    """
    ordinals = series.ordinals(LONGEST_HORIZON)
    if series.frequency in PERIODS_PER_WEEK:
        return _weekday_effect(series, PERIODS_PER_WEEK[series.frequency])
    if series.frequency is not Frequency.MONTH or len(series.log_rate) < YEARS_FOR_SEASON * periods_per_year(
        series.frequency
    ):
        return np.zeros(len(ordinals))
    days = days_in(ordinals, series.frequency)
    terms = [weekend_days(ordinals, series.frequency) / days]
    if series.country:
        terms.append(holiday_days(ordinals, series.frequency, series.country) / days)
    design = np.stack(terms, axis=1)
    season, past = periods_per_year(series.frequency), len(series.log_rate)
    change = np.diff(series.log_rate[season:] - series.log_rate[:-season])
    moved = np.diff(design[season:past] - design[: past - season], axis=0)
    ordinary = np.abs(change - np.median(change)) < 4.0 * np.median(np.abs(change - np.median(change)))
    x, y = moved[ordinary], change[ordinary]
    coefficients = np.linalg.solve(x.T @ x + CALENDAR_RIDGE * np.eye(x.shape[1]), x.T @ y)
    return np.asarray(design @ coefficients)
