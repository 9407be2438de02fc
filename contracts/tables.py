"""The tables that pass between the layers: columns, keys, units and meanings, checked with pandera.

A frame of our own that breaks its contract is a bug and raises ``pandera.errors.SchemaError``; rows of a
source that break theirs are set aside and counted by the source's adapter.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa

from contracts.arrays import Floats
from contracts.distributions import QUANTILE_COLUMNS, CountDistribution
from contracts.reasons import ReasonGroup

COUNTS = pa.DataFrameSchema(
    {
        "area": pa.Column(str, description="code in the publication's geography"),
        "offence": pa.Column(str, description="offence in the publication's taxonomy"),
        "period": pa.Column("datetime64[s]", description="first moment of the period"),
        "count": pa.Column("int64", pa.Check.gt(0), description="crimes recorded; a zero is left out"),
    },
    unique=["area", "offence", "period"],
    strict=True,
    ordered=True,
    title="counts of one publication; one row per area, offence and period with at least one crime",
)

COVERAGE = pa.DataFrameSchema(
    {
        "cover": pa.Column(str, description="name of a set of areas that the publication covers together"),
        "period": pa.Column("datetime64[s]", description="first moment of a period it covers"),
    },
    unique=["cover", "period"],
    strict=True,
    ordered=True,
    title="which areas a publication knows in which period: there, no row in the counts means zero; elsewhere, missing",
)

AREAS = pa.DataFrameSchema(
    {
        "area": pa.Column(str, unique=True, description="code"),
        "name": pa.Column(str),
        "parent": pa.Column(str, nullable=True, description="code of the area it nests in"),
        "area_km2": pa.Column(float, pa.Check.gt(0), description="square kilometres"),
        "longitude": pa.Column(float, pa.Check.in_range(-180, 180), description="of its centre, degrees WGS 84"),
        "latitude": pa.Column(float, pa.Check.in_range(-90, 90), description="of its centre, degrees WGS 84"),
    },
    strict=True,
    ordered=True,
    title="areas of one geography, ordered by code",
)

REASONS = pa.DataFrameSchema(
    {
        "area": pa.Column(str),
        "target": pa.Column(str),
        "period": pa.Column("datetime64[s]", description="first moment of the forecast period"),
        "horizon": pa.Column("int64", pa.Check.ge(1), description="whole periods after the last known one"),
        "group": pa.Column(str, pa.Check.isin([str(group) for group in ReasonGroup])),
        "crimes": pa.Column(float, description="what the group adds to the expected crimes in the area and period"),
    },
    unique=["area", "target", "period", "group"],
    strict=True,
    ordered=True,
    title="reasons of forecasts; the rows of an area, target and period add up to the mean of its forecast",
)

FORECASTS = pa.DataFrameSchema(
    {
        "model": pa.Column(str, description="forecaster, as in the leaderboard"),
        "area": pa.Column(str),
        "target": pa.Column(str),
        "as_of": pa.Column("datetime64[s]", description="the day whose knowledge the forecast used"),
        "period": pa.Column("datetime64[s]", description="first moment of the forecast period"),
        "horizon": pa.Column("int64", pa.Check.ge(1), description="whole periods after the last known one"),
        "mean": pa.Column(float, pa.Check.gt(0), description="expected crimes in the area and period"),
        "dispersion": pa.Column(
            float, pa.Check.gt(0), description="variance = mean + dispersion × mean², negative binomial"
        ),
        "shared": pa.Column(
            float,
            pa.Check.ge(0),
            description="the part of the dispersion that comes from a factor which all areas of the period share: its "
            "relative variance. A sum over areas has variance Σ mean + Σ (dispersion − shared) × mean² + (Σ √shared × "
            "mean)²",
        ),
        **{name: pa.Column(float, pa.Check.ge(0)) for name in QUANTILE_COLUMNS},
        "p_at_least_one": pa.Column(float, pa.Check.in_range(0, 1), description="P(count ≥ 1)"),
    },
    checks=pa.Check(lambda table: table["shared"] <= table["dispersion"], error="shared is more than the dispersion"),
    unique=["model", "area", "target", "as_of", "period"],
    strict=True,
    ordered=True,
    title="predictive distributions; one row per model, area, target, origin and horizon",
)

LEVEL_FORECASTS = pa.DataFrameSchema(
    {
        "level": pa.Column(str, description="name of a set of areas that nest: a geography, 'parents' or 'city'"),
        "reconciliation": pa.Column(str, description="how the levels were made to add up; 'none' where they were not"),
        **FORECASTS.columns,
    },
    checks=FORECASTS.checks,
    unique=["level", "reconciliation", *FORECASTS.unique],
    strict=True,
    ordered=True,
    title="predictive distributions of several levels; one row per level, reconciliation and row of a forecasts table",
)

NESTING = pa.DataFrameSchema(
    {
        "level": pa.Column(str, description="as in the forecasts of levels"),
        "area": pa.Column(str, description="code of one of the finest areas"),
        "within": pa.Column(str, description="code of the area of the level that holds it"),
        "name": pa.Column(str, description="name of that area, or its code where no name is known"),
    },
    unique=["level", "area"],
    strict=True,
    ordered=True,
    title="which larger areas each of the finest areas lies in; one row per level after the finest, and finest area",
)

HARM = pa.DataFrameSchema(
    {
        "level": pa.Column(str, description="as in the forecasts of levels; the geography's name for the finest"),
        "area": pa.Column(str),
        "target": pa.Column(str),
        "period": pa.Column("datetime64[s]", description="first moment of the forecast period"),
        "horizon": pa.Column("int64", pa.Check.ge(1), description="whole periods after the last known one"),
        "mean": pa.Column(float, pa.Check.ge(0), description="expected harm, in the unit of the weights"),
        "low": pa.Column(float, pa.Check.ge(0), description="lower end of the central 80% interval"),
        "high": pa.Column(float, pa.Check.ge(0), description="upper end of the central 80% interval"),
    },
    unique=["level", "area", "target", "period"],
    strict=True,
    ordered=True,
    title="expected harm; one row per level, area, target and period",
)


FLAGS = pa.DataFrameSchema(
    {
        "area": pa.Column(str),
        "target": pa.Column(str),
        "period": pa.Column("datetime64[s]", description="first moment of the forecast period"),
        "horizon": pa.Column("int64", pa.Check.ge(1), description="whole periods after the last known one"),
    },
    unique=["area", "target", "period"],
    strict=True,
    ordered=True,
    title="flags; one row per flagged area, target and period",
)

RANKS = pa.DataFrameSchema(
    {
        "area": pa.Column(str),
        "target": pa.Column(str),
        "period": pa.Column("datetime64[s]", description="first moment of the forecast period"),
        "horizon": pa.Column("int64", pa.Check.ge(1), description="whole periods after the last known one"),
        "rank_low": pa.Column("int64", pa.Check.ge(1), description="nearest the top, of the central 80% of its ranks"),
        "rank_high": pa.Column("int64", pa.Check.ge(1), description="furthest from the top, of the same"),
        "p_highest": pa.Column(
            float, pa.Check.in_range(0, 1), description="P(its count is among the highest), as many as are flagged"
        ),
        "place": pa.Column("int64", pa.Check.ge(1), description="its place in the order in which areas are flagged"),
    },
    checks=pa.Check(lambda table: table["rank_low"] <= table["rank_high"], error="a range of ranks is turned round"),
    unique=["area", "target", "period"],
    strict=True,
    ordered=True,
    title="how sure ranks by count are; one row per area, target and period",
)

COVERS = pa.DataFrameSchema(
    {
        "target": pa.Column(str),
        "period": pa.Column("datetime64[s]", description="first moment of the forecast period"),
        "horizon": pa.Column("int64", pa.Check.ge(1), description="whole periods after the last known one"),
        "areas": pa.Column("int64", pa.Check.ge(1), description="how many areas are covered, in the order of places"),
        "share": pa.Column(float, pa.Check.in_range(0, 1 + 1e-9), description="of the expected crimes that they hold"),
        "share_low": pa.Column(float, pa.Check.in_range(0, 1), description="lower end of the central 80% interval"),
        "share_high": pa.Column(float, pa.Check.in_range(0, 1), description="upper end of the central 80% interval"),
        "share_by_count": pa.Column(
            float,
            pa.Check.in_range(0, 1 + 1e-9),
            description="of the same expected crimes, in as many areas put in order by the simple count",
        ),
    },
    unique=["target", "period", "areas"],
    strict=True,
    ordered=True,
    title="what covering the first areas holds; one row per target, period and number of areas",
)

RESIDENTS, WORKDAY, ETHNIC_GROUP = "residents", "working-day people", "ethnic group"

PEOPLE = pa.DataFrameSchema(
    {
        "area": pa.Column(str),
        "kind": pa.Column(str, pa.Check.isin([RESIDENTS, WORKDAY, ETHNIC_GROUP])),
        "group": pa.Column(str, description="name of a group of residents, empty for all"),
        "people": pa.Column(float, pa.Check.ge(0), description="how many are there"),
    },
    unique=["area", "kind", "group"],
    strict=True,
    ordered=True,
    title="people of areas, for showing beside a forecast; one row per area, kind and group that is known",
)


HOURS = pa.DataFrameSchema(
    {
        "area": pa.Column(str),
        "target": pa.Column(str),
        "weekday": pa.Column("int64", pa.Check.in_range(1, 7), description="1 is Monday"),
        "hour": pa.Column("int64", pa.Check.in_range(0, 23), description="local time"),
        "crimes": pa.Column("int64", pa.Check.gt(0), description="recorded; a zero is left out"),
    },
    unique=["area", "target", "weekday", "hour"],
    strict=True,
    ordered=True,
    title="when in the week crime happened; one row per area, target, weekday and hour with at least one crime",
)

REPEATS = pa.DataFrameSchema(
    {
        "area": pa.Column(str),
        "target": pa.Column(str),
        **{
            name: pa.Column(float, pa.Check.ge(0), nullable=True, description=description)
            for name, description in (
                ("incidents", "rounded down; not known where there are few"),
                ("repeats", "of them, at a place where another happened shortly before; as above"),
                ("near_repeats", "of the others, soon after one nearby; as above"),
            )
        },
    },
    unique=["area", "target"],
    strict=True,
    ordered=True,
    title="incidents that followed others at the same place or near it; one row per area and target",
)

NEAR_REPEATS = pa.DataFrameSchema(
    {
        "target": pa.Column(str),
        "metres": pa.Column("int64", pa.Check.ge(0), description="end of the band of distance; 0 is the same place"),
        "days": pa.Column("int64", pa.Check.gt(0), description="end of the band of days"),
        "pairs": pa.Column("int64", pa.Check.ge(0), description="of incidents that lie in both bands"),
        "expected": pa.Column(float, pa.Check.ge(0), description="pairs if the days were dealt out anew, on average"),
        "p": pa.Column(float, pa.Check.in_range(0, 1), description="share of deals with as many pairs or more"),
    },
    unique=["target", "metres", "days"],
    strict=True,
    ordered=True,
    title="Knox's table of the city; one row per target, band of distance and band of days",
)


def distribution_columns(forecast: CountDistribution) -> dict[str, Floats]:
    """The columns of a forecasts table that describe the distributions, flat and in the table's order."""
    values = {"mean": forecast.mean, "dispersion": forecast.dispersion, "shared": np.asarray(forecast.shared)}
    values |= {**forecast.quantiles(), "p_at_least_one": forecast.p_at_least_one()}
    return {name: value.ravel() for name, value in values.items()}


def distribution_of(rows: pd.DataFrame) -> CountDistribution:
    """The distributions of the rows of a forecasts table, (rows,)."""
    return CountDistribution(*(rows[name].to_numpy(np.float64) for name in ("mean", "dispersion", "shared")))


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The frame, if it keeps the contract; else ``pandera.errors.SchemaError``."""
    return schema.validate(frame)
