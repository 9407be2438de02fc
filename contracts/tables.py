"""The tables that pass between the layers: columns, keys, units and meanings, checked with pandera.

A frame of our own that breaks its contract is a bug and raises ``pandera.errors.SchemaError``; rows of a
source that break theirs are set aside and counted by the source's adapter.
"""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from contracts.distributions import QUANTILE_COLUMNS
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
        **{name: pa.Column(float, pa.Check.ge(0)) for name in QUANTILE_COLUMNS},
        "p_at_least_one": pa.Column(float, pa.Check.in_range(0, 1), description="P(count ≥ 1)"),
    },
    unique=["model", "area", "target", "as_of", "period"],
    strict=True,
    ordered=True,
    title="predictive distributions; one row per model, area, target, origin and horizon",
)


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """The frame, if it keeps the contract; else ``pandera.errors.SchemaError``."""
    return schema.validate(frame)
