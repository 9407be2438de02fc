"""Why an area's forecast is what it is: the same answer as the API's, from any forecast that was issued."""

from __future__ import annotations

from typing import Any

import orjson

from contracts import MissingThing, Workspace
from service.forecasts.issued import read_issued
from service.ledger import Entry, Ledger
from service.web.snapshot_building import build_snapshot


def explain_area(
    workspace: Workspace,
    ledger: Ledger,
    area: str,
    *,
    forecast_id: str | None = None,
    target: str | None = None,
    period: str | None = None,
) -> dict[str, Any]:
    """The reasons of one area's forecast and the forecast itself, of the newest issue where none is named.

    Without a target it is the first of the settings, without a period the next one. Raises ``MissingThing`` where
    there is no such forecast, area, target or period, or where the forecast was issued without reasons.
    """
    issued = read_issued(workspace, _entry_of(ledger, forecast_id))
    answer = orjson.loads(build_snapshot(issued, {}).area_forecast(area, target, period).plain)
    if answer["reasons"] is None:
        raise MissingThing(
            f"The forecast {issued.forecast_id} was issued without reasons.",
            remedy="Issue a new one with: wardcast issue",
        )
    about = ("forecast_id", "issued_at", "as_of", "target", "title", "period", "horizon")
    forecast = {key: answer["forecast"][key] for key in ("area", "name", "mean")}
    return {**{key: answer[key] for key in about}, **forecast, "reasons": answer["reasons"]}


def _entry_of(ledger: Ledger, forecast_id: str | None) -> Entry:
    issues = ledger.entries("issue")
    if not issues:
        raise MissingThing("No forecast was issued yet.", remedy="Issue one with: wardcast issue")
    for entry in reversed(issues):
        if forecast_id in (None, entry.content["forecast_id"]):
            return entry
    raise MissingThing(
        f"There is no issued forecast '{forecast_id}'.", remedy="See what was issued with: wardcast ledger list"
    )
