from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from contracts import Frequency, starts_of
from contracts.tables import FORECASTS, check
from monitoring import forecast_table, from_forecast_table, group_totals


def table_of(verification, as_of="2020-01-10"):
    return forecast_table(
        model=verification.model,
        target=verification.target,
        areas=verification.areas,
        as_of=as_of,
        periods=verification.periods,
        horizon=verification.horizon,
        frequency=Frequency.MONTH,
        forecast=verification.forecast,
    )


def outcome_table(verification):
    period, area = np.nonzero(verification.known)
    return pd.DataFrame(
        {
            "area": np.array(verification.areas)[area],
            "target": verification.target,
            "period": starts_of(verification.periods, Frequency.MONTH)[period],
            "count": verification.outcomes[period, area],
        }
    )


def test_the_table_keeps_its_contract(make):
    verification = make()
    table = check(table_of(verification), FORECASTS)
    assert len(table) == verification.outcomes.size
    row = table[(table["area"] == "E004") & (table["period"] == pd.Timestamp("2020-03-01"))].iloc[0]
    assert row["mean"] == verification.forecast.mean[2, 4]
    assert row["q90"] == verification.forecast.quantile(0.9)[2, 4]
    assert row["p_at_least_one"] == verification.forecast.p_at_least_one()[2, 4]


def test_each_period_may_have_its_own_date(make):
    verification = make()
    dates = starts_of(verification.periods - 1, Frequency.MONTH)
    table = table_of(verification, as_of=dates)
    assert table.groupby("period")["as_of"].nunique().max() == 1
    assert (table["as_of"] < table["period"]).all()


def test_there_and_back(make):
    verification = make()
    shuffled = table_of(verification).sample(frac=1.0, random_state=1)
    (back,) = from_forecast_table(shuffled, outcome_table(verification), Frequency.MONTH)
    assert (back.model, back.target, back.horizon, back.areas) == ("ewma", "violence", 1, verification.areas)
    assert np.array_equal(back.periods, verification.periods)
    assert np.array_equal(back.outcomes, verification.outcomes, equal_nan=True)
    assert np.array_equal(back.forecast.mean, verification.forecast.mean)
    assert np.array_equal(back.forecast.dispersion, verification.forecast.dispersion)


def test_sums_of_forecasts_from_the_table_keep_what_areas_share(make):
    verification = make()
    wide = replace(verification, forecast=replace(verification.forecast, shared=0.04))
    (back,) = from_forecast_table(table_of(wide), outcome_table(wide), Frequency.MONTH)
    city = np.zeros(len(wide.areas), dtype=np.int64)
    ours, theirs = (group_totals(one, city, ["city"]).forecast.variance for one in (wide, back))
    assert np.array_equal(ours, theirs)
    assert (theirs > group_totals(verification, city, ["city"]).forecast.variance).all()


def test_a_model_that_skips_an_area_is_refused(make):
    verification = make()
    with pytest.raises(ValueError, match="lacks forecasts"):
        from_forecast_table(table_of(verification).iloc[1:], outcome_table(verification), Frequency.MONTH)


def test_an_outcome_given_twice_is_refused(make):
    verification = make()
    twice = pd.concat([outcome_table(verification)] * 2)
    with pytest.raises(ValueError, match="twice"):
        from_forecast_table(table_of(verification), twice, Frequency.MONTH)


def test_shapes_that_do_not_fit_are_refused(make, outcomes):
    with pytest.raises(ValueError, match="do not fit"):
        make(outcomes=outcomes[:, :3])
    with pytest.raises(ValueError, match="negative or infinite"):
        make(outcomes=np.where(np.isnan(outcomes), -1.0, outcomes))
    with pytest.raises(ValueError, match="begin at 1"):
        make(horizon=0)
    with pytest.raises(ValueError, match="does not fit"):
        forecast_table(
            model="m",
            target="t",
            areas=["a"],
            as_of="2020-01-10",
            periods=np.arange(3),
            horizon=1,
            frequency=Frequency.MONTH,
            forecast=make().forecast,
        )
