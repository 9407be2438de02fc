"""A second, independent scoring of the forecasts table, in SQL, gives the leaderboard's figures."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from contracts import Frequency, starts_of
from monitoring import forecast_table, leaderboard

SCORED = """
create view scored as
select model, forecasts.area, forecasts.period, mean as mu, dispersion, y, 1 / dispersion as size
from forecasts join outcomes using (area, period)
"""

ACCURACY = """
select model,
       avg(2 * (case when y > 0 then y * ln(y / mu) else 0 end - y + mu)) as mean_poisson_deviance,
       avg(abs(y - mu)) as mae
from scored group by model
"""

# Probabilities by the product P(k) = P(k − 1) · (size + k − 1) / k · q, summed as logarithms by window functions.
PROBABILITIES = """
create table probabilities as
with steps as (
    select model, area, period, y, k, dispersion, mu, size,
           case when k = 0 then -size * ln(1 + dispersion * mu)
                else ln((size + k - 1) / k) + ln(dispersion * mu / (1 + dispersion * mu)) end as step
    from scored, generate_series(0, 400) as counts(k)
),
logarithms as (
    select *, sum(step) over (partition by model, area, period order by k) as log_p from steps
)
select *, sum(exp(log_p)) over (partition by model, area, period order by k) as cdf from logarithms
"""

CRPS = """
select model, avg(one) as crps from (
    select model, area, period, sum(pow(cdf - (case when k >= y then 1 else 0 end), 2)) as one
    from probabilities group by all
) group by model
"""

LOG_SCORE = "select model, avg(log_p) as log_score from probabilities where k = y group by model"

COVERAGE = """
with limits as (
    select model, cdf as high, cdf - exp(log_p) as low from probabilities where k = y
)
select model, {level} as level,
       avg(greatest(0, least(high, (1 + {level}) / 2) - greatest(low, (1 - {level}) / 2)) / (high - low)) as covered
from limits group by model
"""

CONCENTRATION = """
with ranked as (
    select model, period, y,
           row_number() over (partition by model, period order by mu desc, area) as place,
           row_number() over (partition by model, period order by y desc) as best_place,
           count(*) over (partition by model, period) as areas,
           sum(y) over (partition by model, period) as crimes
    from scored
),
limited as (select *, greatest(floor({share} * areas + 1e-9), 1) as k from ranked),
per_period as (
    select model, period,
           sum(y) filter (where place <= k) as captured,
           sum(y) filter (where best_place <= k) as best,
           any_value(crimes) as crimes, any_value(k / areas) as flagged
    from limited group by model, period
)
select model, avg(captured / crimes / flagged) as pai, avg(captured / best) as pei from per_period group by model
"""


@pytest.fixture
def models(make):
    return [make("ewma", 1.2), make("wardcast", 1.0), make("last_value", 0.8)]


@pytest.fixture
def database(models):
    tables = [
        forecast_table(
            model=one.model,
            target=one.target,
            areas=one.areas,
            as_of="2020-01-10",
            periods=one.periods,
            horizon=one.horizon,
            frequency=Frequency.MONTH,
            forecast=one.forecast,
        )
        for one in models
    ]
    period, area = np.nonzero(models[0].known)
    outcomes = pd.DataFrame(
        {
            "area": np.array(models[0].areas)[area],
            "period": starts_of(models[0].periods, Frequency.MONTH)[period],
            "y": models[0].outcomes[period, area],
        }
    )
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.register("forecasts", pd.concat(tables))
        connection.register("outcomes", outcomes)
        connection.execute(SCORED)
        yield connection


def by_model(database, query):
    return database.execute(query).df().set_index("model").to_dict("index")


def test_sql_gives_the_same_figures(models, database, area_km2):
    rows = {row["model"]: row for row in leaderboard(models, area_km2=area_km2, seed=1).rows}
    database.execute(PROBABILITIES)
    queries = [ACCURACY, CRPS, LOG_SCORE]
    for query in queries:
        for model, figures in by_model(database, query).items():
            for name, value in figures.items():
                assert rows[model][name] == pytest.approx(value, rel=1e-6), (model, name)
    for level in (0.5, 0.8, 0.9, 0.95):
        for model, figures in by_model(database, COVERAGE.format(level=level)).items():
            assert rows[model][f"coverage_{round(100 * level)}"] == pytest.approx(figures["covered"], rel=1e-6)
    for share in (0.01, 0.05, 0.1, 0.2):
        for model, figures in by_model(database, CONCENTRATION.format(share=share)).items():
            assert rows[model][f"pai_{round(100 * share)}"] == pytest.approx(figures["pai"], rel=1e-9)
            assert rows[model][f"pei_{round(100 * share)}"] == pytest.approx(figures["pei"], rel=1e-9)


def test_sql_gives_the_same_ratio_to_the_baseline(models, database, area_km2):
    deviance = {model: row["mean_poisson_deviance"] for model, row in by_model(database, ACCURACY).items()}
    for row in leaderboard(models, area_km2=area_km2, seed=1).rows:
        assert row["vs_ewma"] == pytest.approx(deviance[row["model"]] / deviance["ewma"], rel=1e-9)
