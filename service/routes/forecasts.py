"""``/v1``: forecasts, hotspots, areas and their history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from service import schemas
from service.routes.answers import PROBLEMS, Served, Told, send

router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["forecasts"])

Target = Annotated[str | None, Query(description="A target; without it, the first of the settings.")]
PeriodName = Annotated[str | None, Query(description="An issued period, like 2025-08; without it, the next period.")]
Limit = Annotated[int | None, Query(ge=1, le=1_000_000, description="Only so many areas, highest expected first.")]
Share = Annotated[float | None, Query(gt=0, le=1, description="Share of the land; without it, that of the settings.")]
Code = Annotated[str, Path(description="Code of an area.")]


@router.get("/summary", responses={200: {"model": schemas.Summary}})
async def summary(request: Request, served: Served) -> Response:
    """What is served: targets, periods, models, approvals and the legend."""
    return send(request, served.summary)


@router.get("/forecasts", responses={200: {"model": schemas.Forecasts}})
async def forecasts(
    request: Request, served: Served, target: Target = None, period: PeriodName = None, limit: Limit = None
) -> Response:
    """Every area's forecast, from the highest expected count to the lowest."""
    return send(request, served.of(target).of(period).first(limit))


@router.get("/levels", responses={200: {"model": schemas.Levels}})
async def levels(request: Request, served: Served, target: Target = None, period: PeriodName = None) -> Response:
    """Districts and the city: sums of the areas' forecasts, with intervals that know what areas share."""
    return send(request, served.of(target).of(period).levels())


@router.get("/hotspots", responses={200: {"model": schemas.Hotspots}})
async def hotspots(
    request: Request, served: Served, target: Target = None, period: PeriodName = None, share: Share = None
) -> Response:
    """The areas of highest expected count per square kilometre that together stay within a share of the land."""
    chosen = served.hotspot_share if share is None else share
    return send(request, served.of(target).of(period).hotspots(chosen))


@router.get("/areas", responses={200: {"model": schemas.Boundaries}})
async def areas(request: Request, served: Served) -> Response:
    """Boundaries of every area, GeoJSON in WGS 84."""
    return send(request, served.boundaries, media_type="application/geo+json")


@router.get("/areas/{code}/forecast", responses={200: {"model": schemas.OneArea}})
async def area_forecast(
    request: Request, served: Served, code: Code, target: Target = None, period: PeriodName = None
) -> Response:
    """One area's forecast of a period with its reasons, and of every issued period."""
    return send(request, served.area_forecast(code, target, period))


@router.get("/areas/{code}/history", responses={200: {"model": schemas.History}})
async def area_history(request: Request, served: Served, code: Code, target: Target = None) -> Response:
    """One area's counts as they were known when the forecast was issued."""
    return send(request, served.area_history(code, target))


@router.get("/models/{target}")
async def model_history(told: Told) -> schemas.ModelHistory:
    """The models of a target: where each stands, their gates and overrides, and all that was decided, with reasons."""
    return schemas.ModelHistory.model_validate(told.history.to_dict())
