"""The harm of an issued forecast: read and checked. Nothing here loads a model."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pandas as pd
from pandera.errors import SchemaError

from contracts import BadInput
from contracts.tables import HARM, check
from service.forecasts.larger_areas import CHANGED, LARGEST_GAP

HARM_FILE = "harm.parquet"


def read_harm(contents: Mapping[str, bytes], nesting: pd.DataFrame | None) -> pd.DataFrame | None:
    """The harm of an issue, None where it has none; raises ``BadInput`` where it does not add up."""
    if HARM_FILE not in contents:
        return None
    try:
        harm = check(pd.read_parquet(io.BytesIO(contents[HARM_FILE])), HARM)
    except SchemaError as error:
        raise BadInput(f"{HARM_FILE} breaks its contract: {str(error).splitlines()[0]}", remedy=CHANGED) from error
    if nesting is not None:
        refuse_incoherent_harm(harm, nesting)
    return harm


def refuse_incoherent_harm(harm: pd.DataFrame, nesting: pd.DataFrame) -> None:
    """Raise ``BadInput`` unless the mean harm of every larger area is the sum of its areas'."""
    key = ["target", "period", "within"]
    finest = harm[~harm["level"].isin(nesting["level"])]
    for level, inside in nesting.groupby("level", sort=False):
        sums = finest.merge(inside[["area", "within"]], on="area").groupby(key)["mean"].sum()
        ours = harm[harm["level"] == level].rename(columns={"area": "within"}).set_index(key)["mean"]
        gap = (ours - sums).abs()
        if gap.isna().any() or gap.max() > LARGEST_GAP:
            target, period, area = gap.index[int(gap.isna().argmax() if gap.isna().any() else gap.argmax())]
            raise BadInput(
                f"The harm of '{area}' ({level}), '{target}', {period:%Y-%m-%d} is not the sum of its areas'.",
                remedy=CHANGED,
            )
