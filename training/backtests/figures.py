"""The pictures of a run: reliability, where the errors are, and the city's total beside its forecast."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from contracts import Frequency, starts_of
from features.geographies.geography import Geography
from monitoring import Verification, pit_histogram, pit_limits, reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def write_figures(folder: Path, verification: Verification, geography: Geography, frequency: Frequency) -> None:
    """Write reliability.png, pit.png, error_map.png and city_total.png of one model at one horizon."""
    title = f"{verification.model}, {verification.target}, horizon {verification.horizon}"
    for name, draw in (("reliability", _reliability), ("pit", _pit)):
        figure, axes = _axes(title)
        draw(axes, verification)
        _save(figure, folder / f"{name}.png")
    figure, axes = _axes(title)
    _city_total(axes, verification, frequency)
    _save(figure, folder / "city_total.png")
    figure, axes = _axes(title)
    _error_map(figure, axes, verification, geography)
    _save(figure, folder / "error_map.png")


def _axes(title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Software": None})


def _reliability(axes: Axes, verification: Verification) -> None:
    table = reliability(verification.outcomes, verification.forecast.mean)
    axes.loglog(table["forecast"], table["outcome"], "o-", color="#1f5a94", label="tenths of the forecasts")
    ends = [float(table["forecast"].min()), float(table["forecast"].max())]
    axes.plot(ends, ends, "--", color="#777777", label="perfectly reliable")
    axes.set(xlabel="mean forecast (crimes)", ylabel="mean outcome (crimes)")
    axes.legend()


def _pit(axes: Axes, verification: Verification) -> None:
    histogram = pit_histogram(pit_limits(verification.outcomes, verification.forecast))
    axes.bar(histogram["from"], histogram["share"], width=histogram["to"] - histogram["from"], align="edge")
    axes.axhline(1.0 / len(histogram), color="#777777", linestyle="--")
    axes.set(xlabel="randomised probability integral transform", ylabel="share of forecasts")


def _city_total(axes: Axes, verification: Verification, frequency: Frequency) -> None:
    dates = pd.DatetimeIndex(starts_of(verification.periods, frequency)).to_pydatetime()
    known = verification.known
    axes.plot(dates, np.where(known, verification.outcomes, 0.0).sum(axis=1), "o-", color="#222222", label="happened")
    axes.plot(
        dates, np.where(known, verification.forecast.mean, 0.0).sum(axis=1), "s--", color="#b3541e", label="forecast"
    )
    axes.set(ylabel="crimes in the city", ylim=(0, None))
    axes.legend()


def _error_map(figure: Figure, axes: Axes, verification: Verification, geography: Geography) -> None:
    """Mean of forecast less outcome per area, as Pearson residuals: positive where too many were forecast."""
    from matplotlib.collections import PolyCollection

    residuals = (verification.forecast.mean - verification.outcomes) / np.sqrt(verification.forecast.variance)
    scored = np.flatnonzero(verification.known.any(axis=0))
    areas = [verification.areas[position] for position in scored]
    mean = dict(zip(areas, np.nanmean(residuals[:, scored], axis=0), strict=True))
    rings, values = [], []
    for feature in json.loads(geography.boundaries.read_text(encoding="utf-8"))["features"]:
        code = feature["properties"]["code"]
        for ring in outer_rings(feature["geometry"]) if code in mean else ():
            rings.append(ring)
            values.append(mean[code])
    limit = float(np.abs(values).max())
    polygons = PolyCollection(rings, cmap="PuOr", edgecolors="none")
    polygons.set_array(np.array(values))
    polygons.set_clim(-limit, limit)
    axes.add_collection(polygons)
    axes.autoscale_view()
    axes.set_aspect(1.0 / np.cos(np.radians(geography.areas["latitude"].mean())))
    axes.set_axis_off()
    figure.colorbar(polygons, label="mean standardised error (forecast − outcome)")


def outer_rings(geometry: dict[str, object]) -> list[np.ndarray]:
    """The outer ring of each polygon of a GeoJSON geometry: longitudes and latitudes, (n, 2)."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [np.array(polygon[0], dtype=float)[:, :2] for polygon in polygons]  # type: ignore[attr-defined]  # GeoJSON
