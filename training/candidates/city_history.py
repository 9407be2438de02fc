"""The recipe's forecasts of the city's total over years, as they would have been made then: what the gate looks at.

The total comes first in the recipe and needs no shares: it is forecast at many more origins than the areas at little
cost. Its intervals are those that the areas' forecasts add up to (``models.dispersion.Dispersion.around_city``).
"""

from __future__ import annotations

import numpy as np

from contracts import CountDistribution, Frequency, Period, Settings, periods_per_year
from contracts.run_files import RECIPE
from features.views import Panel
from models.dispersion import SLIGHT
from models.recipe import forecast_city_total
from monitoring import Verification, city_totals
from training.backtests import Backtest, Door, as_of_date

CITY_PERIODS = 48
"""So many of the newest periods are looked at, where there are so many."""
FEWEST_YEARS = 3
"""Of history before the first origin: the total is forecast otherwise from less."""
COARSE = (Frequency.MONTH, Frequency.WEEK)
"""Of days and shifts the year of areas' forecasts holds enough, and each fit takes long."""


def city_history(door: Door, settings: Settings, backtest: Backtest) -> list[Verification]:
    """Verifications of the city's total, one a horizon, over the newest ``CITY_PERIODS`` or as many as there are.

    Where history is short, or periods are days or shifts, the totals of the backtest itself.
    """
    plan = backtest.plan
    own = [city_totals(backtest.of(RECIPE, horizon)) for horizon in plan.horizons]
    outcomes = door.outcomes().only(backtest.geography.codes)
    beyond = plan.last - outcomes.first + 1 - max(plan.horizons) - FEWEST_YEARS * periods_per_year(plan.last.frequency)
    periods = min(CITY_PERIODS, beyond)
    if plan.last.frequency not in COARSE or periods <= len(own[0].periods):
        return own
    known = _known_totals(outcomes, plan.target)
    first = plan.last.shift(1 - periods)
    made: dict[int, dict[int, CountDistribution]] = {horizon: {} for horizon in plan.horizons}
    for step in range(periods + max(plan.horizons) - 1):
        origin = first.shift(step - max(plan.horizons))
        horizons = [one for one in plan.horizons if first <= origin.shift(one) <= plan.last]
        for horizon, forecast in _forecasts(door, settings, backtest, origin, horizons).items():
            made[horizon][origin.shift(horizon).ordinal] = forecast
    return [_verification(backtest, horizon, made[horizon], known, outcomes.first.ordinal) for horizon in plan.horizons]


def _forecasts(
    door: Door, settings: Settings, backtest: Backtest, origin: Period, horizons: list[int]
) -> dict[int, CountDistribution]:
    """The city's total from one origin; none where it was not known then."""
    plan = backtest.plan
    panel = door.view(as_of_date(origin, settings), plan.view).until(origin).for_target(plan.target)
    if not horizons or panel.last != origin or not set(backtest.geography.codes) <= set(panel.areas):
        return {}
    city = forecast_city_total(panel.only(backtest.geography.codes), plan.target, horizons, country=settings.holidays)
    return {
        horizon: SLIGHT.around_city(city.mean[at : at + 1], log_sd=float(city.log_sd[at]))
        for at, horizon in enumerate(horizons)
    }


def _known_totals(outcomes: Panel, target: str) -> np.ndarray:
    """The city's total of each period, NaN where an area's count is unknown."""
    return np.asarray(outcomes.of(target).sum(axis=0))


def _verification(
    backtest: Backtest, horizon: int, made: dict[int, CountDistribution], known: np.ndarray, first: int
) -> Verification:
    if not made:
        return city_totals(backtest.of(RECIPE, horizon))
    periods = np.array(sorted(made), dtype=np.int64)
    return Verification(
        model=RECIPE,
        target=backtest.plan.target,
        horizon=horizon,
        areas=("city",),
        periods=periods,
        forecast=CountDistribution.stack([made[period] for period in periods.tolist()]),
        outcomes=known[periods - first][:, None],
    )
