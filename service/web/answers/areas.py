"""The rows of areas in one target and period of an issued forecast, as the API and the pages give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from contracts import QUANTILE_COLUMNS, Frequency, Period, year_before
from contracts.tables import RESIDENTS
from service.forecasts.issued import IssuedForecast
from service.web.answers.histories import Histories
from service.web.answers.levels import DECIMALS_OF, Harm
from service.web.answers.risk import band_of, ranks, risk_scores

Json = dict[str, Any]
DECIMALS = 4
_ABOUT = ("area", "name", "parent")
_NUMBERS = ("mean", *QUANTILE_COLUMNS, "p_at_least_one", "rank", "risk_score")
_RANKS = ("rank_low", "rank_high", "p_highest", "place")


def area_rows(
    issued: IssuedForecast,
    table: pd.DataFrame,
    envelope: Json,
    histories: Histories,
    harm: Harm,
) -> list[Json]:
    """A row for each row of ``table``, which holds the forecasts of one target and horizon, in its order.

    What the forecast was issued without is null: flags, ranges of ranks, residents, a count a year before.
    """
    means = table["mean"].to_numpy(dtype=np.float64)
    frame = table.merge(issued.areas[[*_ABOUT, "area_km2"]], on="area", how="left", validate="one_to_one")
    frame = frame.assign(rank=ranks(means), risk_score=risk_scores(means))
    names = {} if issued.larger is None else issued.larger.names
    flagged = None if issued.flags is None else issued.flags.areas(envelope["target"], envelope["horizon"])
    sure, residents, before = _ranks_of(issued, envelope), _residents_of(issued), _a_year_before(envelope, histories)
    kept = frame[[*_ABOUT, *_NUMBERS]].round({**dict.fromkeys(_NUMBERS, DECIMALS), **DECIMALS_OF})
    rows: list[Json] = [{str(key): value for key, value in row.items()} for row in kept.to_dict(orient="records")]
    for row, score, land in zip(rows, frame["risk_score"], frame["area_km2"], strict=True):
        code = row["area"]
        people = residents.get(code)
        row["parent"] = None if pd.isna(row["parent"]) else row["parent"]
        row["parent_name"] = names.get(row["parent"])
        row["band"] = band_of(score).name
        row["flagged"] = None if flagged is None else code in flagged
        row["harm"] = harm.get((envelope["geography"], code))
        row.update(sure.get(code, dict.fromkeys(_RANKS)))
        row["per_km2"] = round(row["mean"] / land, DECIMALS)
        row["per_1000_residents"] = round(1000.0 * row["mean"] / people, DECIMALS) if people else None
        row["a_year_before"] = before.get(code)
    return rows


def _ranks_of(issued: IssuedForecast, envelope: Json) -> Mapping[str, Json]:
    if issued.ranks is None:
        return {}
    ranks = issued.ranks.ranks
    rows = ranks[(ranks["target"] == envelope["target"]) & (ranks["horizon"] == envelope["horizon"])]
    return dict(zip(rows["area"], rows[list(_RANKS)].round({"p_highest": DECIMALS}).to_dict("records"), strict=True))


def _residents_of(issued: IssuedForecast) -> Mapping[str, float]:
    if issued.ranks is None or issued.ranks.people is None:
        return {}
    people = issued.ranks.people[issued.ranks.people["kind"] == RESIDENTS]
    return dict(zip(people["area"], people["people"], strict=True))


def _a_year_before(envelope: Json, histories: Histories) -> Mapping[str, int]:
    """Each area's known count in the same period a year earlier."""
    return histories.in_period(str(year_before(Period.parse(envelope["period"], Frequency(envelope["frequency"])))))
