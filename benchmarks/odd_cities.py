"""Small odd cities, each by its number: few areas, few periods, and something odd about the counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from contracts import Frequency, Period, Settings, Workspace
from contracts.arrays import Floats
from features.geographies.geography import Geography, add_geography
from features.views.as_of import ViewMode
from features.views.panel import Panel

MOST_AREAS, FEWEST_PERIODS, MOST_PERIODS = 12, 3, 30
AS_OF = date(2024, 6, 1)
LEVELS = (0.02, 0.3, 3.0, 40.0)
ODD = ("ordinary", "zeros", "constant", "giant", "nearly_zero", "one_event", "zeros_since", "step")
GAPS = ("whole", "whole", "scattered", "periods", "late_areas", "ended_areas", "one_area_last")
TARGET, COMPANIONS = "violence", ("theft", "robbery")


@dataclass(frozen=True)
class OddCity:
    """One odd panel with the geography and the settings it is judged by; ``words`` say what is odd about it."""

    words: str
    panel: Panel
    geography: Geography
    settings: Settings
    files: tuple[Path, Path]
    """Boundaries and attributes as files."""


@dataclass(frozen=True)
class PanelDoor:
    """An as-of door that shows the periods of one panel up to the last one that was over on a day."""

    panel: Panel
    lag: int = 10

    def view(self, as_of: date, mode: ViewMode = ViewMode.AS_OF) -> Panel:
        """What was known on a day."""
        over = Period.containing(date.fromordinal(as_of.toordinal() - self.lag), self.panel.frequency).shift(-1)
        return self.panel.until(min(over, self.panel.last))

    def outcomes(self) -> Panel:
        """All of it, for the judge."""
        return self.panel


def odd_city(folder: Path, number: int, seed: int = 7) -> OddCity:
    """The odd city of that number; the same numbers make the same city."""
    generator = np.random.default_rng([seed, number])
    areas = int(generator.integers(1, MOST_AREAS + 1))
    periods = int(generator.integers(FEWEST_PERIODS, MOST_PERIODS + 1))
    frequency = list(Frequency)[int(generator.choice(4, p=(0.55, 0.2, 0.15, 0.1)))]
    odd, gap = str(generator.choice(ODD)), str(generator.choice(GAPS))
    companions = COMPANIONS[: int(generator.integers(0, 3))]
    counts = np.stack(
        [_counts(generator, odd, areas, periods)]
        + [_counts(generator, str(generator.choice(ODD)), areas, periods) for _ in companions]
    )
    counts[0] = _with_gaps(generator, gap, counts[0])
    if companions and generator.random() < 0.3:
        counts[1] = np.nan if generator.random() < 0.5 else _with_gaps(generator, "scattered", counts[1])
    last = Period.containing(AS_OF, frequency).shift(-1)
    geography, files = _geography(folder, areas, parents=bool(generator.random() < 0.7))
    panel = Panel(
        as_of=AS_OF,
        geography=geography.name,
        frequency=frequency,
        targets=(TARGET, *companions),
        areas=geography.codes,
        first=last.shift(1 - periods),
        counts=counts,
        settled=np.zeros(counts.shape[::2], dtype=bool),
        publications=("odd",),
    )
    ahead = int(generator.integers(1, 4))
    words = f"panel {number}: {areas} areas, {periods} {frequency}s, {odd}, {gap}, {len(companions)} companions"
    settings = _settings(geography, frequency, companions, ahead, attributed=bool(generator.random() < 0.7))
    return OddCity(f"{words}, {ahead} ahead", panel, geography, settings, files)


def _counts(generator: np.random.Generator, odd: str, areas: int, periods: int) -> Floats:
    """Counts (areas, periods) with one oddity."""
    rates = float(generator.choice(LEVELS)) * generator.gamma(2.0, 0.5, (areas, 1)) * np.ones((1, periods))
    if odd == "giant":
        rates[0] = 5000.0
    if odd == "step":
        rates[:, periods // 2 :] *= 10.0
    counts = generator.poisson(rates).astype(np.float64)
    if odd == "zeros":
        counts[:] = 0.0
    elif odd == "constant":
        counts[:] = np.round(generator.gamma(1.0, 4.0, (areas, 1)))
    elif odd == "nearly_zero":
        counts[:] = 0.0
        counts[generator.integers(0, areas), generator.integers(0, periods)] = 1.0
    elif odd == "one_event":
        counts[generator.integers(0, areas), generator.integers(0, periods)] = 10_000.0
    elif odd == "zeros_since":
        counts[:, periods // 3 :] = 0.0
    return counts


def _with_gaps(generator: np.random.Generator, gap: str, counts: Floats) -> Floats:
    areas, periods = counts.shape
    some = generator.random(areas) < 0.5
    if gap == "scattered":
        counts[generator.random(counts.shape) < 0.3] = np.nan
    elif gap == "periods":
        counts[:, generator.random(periods) < 0.4] = np.nan
    elif gap == "late_areas":
        counts[some, : int(generator.integers(1, periods))] = np.nan
    elif gap == "ended_areas":
        counts[some, int(generator.integers(1, periods)) :] = np.nan
    elif gap == "one_area_last":
        counts[1:, -int(generator.integers(1, 4)) :] = np.nan
    if np.isnan(counts).all():
        counts[0, -1] = 1.0
    return counts


def _geography(folder: Path, areas: int, *, parents: bool) -> tuple[Geography, tuple[Path, Path]]:
    """Squares, four in a row, with residents, two groups of them and deprivation, and the files they come from."""
    name = f"squares_{areas}{'_nested' if parents else ''}"
    workspace = Workspace(folder)
    features, rows = [], ["code,residents,deprivation,some,others,need"]
    for number in range(areas):
        west, south, code = 0.01 * (number % 4), 51.0 + 0.01 * (number // 4), f"A{number:02d}"
        ring = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01], [west, south]]
        about = {"code": code, "name": f"Area {number}", "parent": f"D{number // 4}"}
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": about, "geometry": shape})
        rows.append(
            f"{code},{1000 + 100 * number},{number % 5},{0.1 * (number % 7):.1f},{1 - 0.1 * (number % 7):.1f},5"
        )
    boundaries, attributes = folder / f"{name}.geojson", folder / f"{name}.csv"
    boundaries.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    attributes.write_text("\n".join(rows) + "\n", encoding="utf-8")
    geography = add_geography(
        workspace,
        name,
        boundaries=boundaries,
        code="code",
        area_name="name",
        parent="parent" if parents else None,
        attributes=attributes,
    )
    return geography, (boundaries, attributes)


def _settings(
    geography: Geography, frequency: Frequency, companions: Sequence[str], ahead: int, *, attributed: bool
) -> Settings:
    names = (TARGET, *companions)
    targets: dict[str, dict[str, object]] = {
        name: {"title": name.title(), "offences": {"counts": [name]}, "forecast": name == TARGET} for name in names
    }
    if companions:
        targets[TARGET]["borrows_from"] = companions[0]
    meaning = {
        "residents": "residents",
        "deprivation": "deprivation",
        "need": "need",
        "workday": "residents",
        "groups": {"some": "some", "others": "others"},
    }
    return Settings.model_validate(
        {
            "city": "Odd",
            "geography": geography.name,
            "frequency": frequency,
            "holidays": "GB-ENG",
            "forecast": {"periods_ahead": ahead},
            "audit": {"replicates": 1000},
            "geographies": {geography.name: meaning} if attributed else {},
            "offences": {"counts": {name: [name.title()] for name in names}},
            "targets": targets,
        }
    )
