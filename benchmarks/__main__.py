"""``make bench``: prints the leaderboards that ``docs/benchmarks.md`` shows.

Each case makes a workspace in a scratch folder by the commands that a user types, and backtests in it; the forecasters
of a table ran side by side in one process. Name cases to run only those: ``python -m benchmarks wards chicago_weekly``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("WARDCAST_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
WARDCAST = str(Path(sys.executable).parent / "wardcast")
COUNTING = "seasonal_naive,last_value,mean_12,mean_36,all_history,ewma,gamma_poisson"
INTERMITTENT = "croston_sba,tsb,imapa"
LEARNING = "lightgbm_lags,wardcast"
EVERY_SERIES = f"{COUNTING},auto_ets,auto_theta,{LEARNING}"
POINTS = f"mean_12,ewma,gamma_poisson,kde,prospective_hotspot,self_exciting,{LEARNING}"
MONTHS = ("--from", "2023-03", "--to", "2025-02", "--view", "settled")

Wardcast = Callable[..., None]
"""Runs one command in the case's workspace; its tables go to standard output."""


@dataclass(frozen=True)
class Case:
    """A workspace to make and the backtests to run in it."""

    prepare: Callable[[Wardcast, Path], None]
    backtests: tuple[tuple[str, ...], ...]


def _london(wardcast: Wardcast, _: Path) -> None:
    shapes, wards = DATA / "geography", DATA / "london" / "mps_ward"
    wardcast("init", "--example", "london")
    wardcast(
        *("geography", "add", "ward_2022", "--boundaries", str(shapes / "london_wards_2022.geojson")),
        *("--code", "ward22_code", "--name", "ward22_name", "--parent", "ltla24_code"),
        *("--attributes", str(shapes / "ward_2022_attributes.parquet"), "--attributes-code", "ward24_code"),
    )
    for name, published_on in (
        ("historical_published_2026-04.csv", "2026-04-10"),
        ("recent_24_months_published_2023-12.csv", "2023-12-10"),
        ("recent_24_months_published_2025-07.csv", "2025-07-10"),
    ):
        wardcast("ingest", "mps-ward", str(wards / name), "--published-on", published_on)


def burglary_by_lsoa() -> pd.DataFrame:
    """Real burglaries as a long table (area, month, crimes): a month of an area without a row is a zero."""
    wide = pd.read_parquet(DATA / "london" / "burglary_lsoa_month_2010-12_2025-02.parquet")
    table = wide.rename_axis(index="area").reset_index().melt("area", var_name="month", value_name="crimes")
    return table.assign(month=table["month"].astype(str) + "-01")


def lsoa_workspace(wardcast: Wardcast, scratch: Path, table: pd.DataFrame) -> None:
    """A workspace of 4,994 LSOAs with the counts of a long table (area, month, category, crimes)."""
    table.to_csv(scratch / "counts.csv", index=False)
    shapes = DATA / "geography"
    wardcast("init", "--example", "london")
    wardcast(
        *("geography", "add", "lsoa_2021", "--boundaries", str(shapes / "london_lsoa_2021.geojson")),
        *("--code", "lsoa21_code", "--name", "lsoa21_name", "--parent", "LAD22CD"),
        *("--attributes", str(shapes / "lsoa_2021_attributes.parquet"), "--attributes-code", "lsoa21_code"),
    )
    wardcast(
        *("ingest", "counts", str(scratch / "counts.csv"), "--area", "area", "--period", "month"),
        *("--category", "category", "--count", "crimes", "--geography", "lsoa_2021", "--taxonomy", "police_uk"),
        *("--published-on", "2025-03-31"),
    )


def _burglary(wardcast: Wardcast, scratch: Path) -> None:
    lsoa_workspace(wardcast, scratch, burglary_by_lsoa().assign(category="Burglary"))


def _chicago(wardcast: Wardcast, _: Path) -> None:
    _incidents(wardcast, "--geography", "grid_500m", "--period", "week")


def _chicago_districts(wardcast: Wardcast, _: Path) -> None:
    _incidents(wardcast, "--geography", "district", "--area", "district", "--period", "day")


def _incidents(wardcast: Wardcast, *areas: str) -> None:
    source = DATA / "chicago" / "aggravated_assaults_2010_2018.csv.gz"
    wardcast("init", "--example", "chicago")
    wardcast("ingest", "incidents", str(source), "--time", "date", "--lon", "longitude", "--lat", "latitude", *areas)


def _backtests(targets: Sequence[str], *words: str) -> tuple[tuple[str, ...], ...]:
    return tuple(("--target", target, *words) for target in targets)


OWN = ("--models", "ewma,wardcast")
HORIZONS = ("--horizon", "1", "--horizon", "2", "--horizon", "3")
CASES = {
    "wards": Case(
        _london,
        (
            *_backtests(["violence"], *MONTHS, *HORIZONS, "--models", EVERY_SERIES),
            *_backtests(["demand", "robbery"], *MONTHS, "--models", EVERY_SERIES),
        ),
    ),
    "speed": Case(
        _london,
        (
            ("--target", "violence", *MONTHS, "--models", "wardcast"),
            ("--target", "violence", *MONTHS, "--models", "auto_ets", "--refit-every", "1"),
        ),
    ),
    "burglary": Case(
        _burglary,
        _backtests(
            ["burglary"], *MONTHS, "--geography", "lsoa_2021", "--models", f"{COUNTING},{INTERMITTENT},{LEARNING}"
        ),
    ),
    "levels": Case(
        _london,
        (("--target", "violence", *MONTHS, "--levels", "ward_2022,parents,city", *OWN, "--refit-every", "4"),),
    ),
    "levels_burglary": Case(
        _burglary,
        (("--target", "burglary", *MONTHS, "--levels", "lsoa_2021,parents,city", *OWN, "--refit-every", "12"),),
    ),
    "chicago_weekly": Case(
        _chicago,
        _backtests(["violence"], "--from", "2018-W27", "--to", "2018-W52", "--view", "settled", "--models", POINTS),
    ),
    "chicago_daily": Case(
        _chicago_districts,
        _backtests(
            ["violence"],
            *("--from", "2018-11-01", "--to", "2018-12-31", "--view", "settled", "--period", "day"),
            *("--geography", "district", "--models", f"mean_12,ewma,gamma_poisson,{LEARNING}"),
        ),
    ),
}


def commands_in(workspace: Path) -> Wardcast:
    """Commands as a user types them, in one workspace."""

    def wardcast(*words: str, quiet: bool = True) -> None:
        subprocess.run(
            [WARDCAST, *words, "--workspace", str(workspace)],
            check=True,
            stdout=subprocess.DEVNULL if quiet else None,
            stderr=subprocess.DEVNULL if quiet else None,
        )

    return wardcast


def _run(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        wardcast = commands_in(scratch / "workspace")
        case.prepare(wardcast, scratch)
        for words in case.backtests:
            print(f"\n$ wardcast backtest {' '.join(words)}", flush=True)
            wardcast("backtest", *words, quiet=False)


def main(names: Sequence[str]) -> None:
    """Run the named cases, or all."""
    unknown = sorted(set(names) - set(CASES))
    if unknown:
        sys.exit(f"There is no case '{unknown[0]}'; there are {', '.join(CASES)}.")
    if not DATA.is_dir():
        sys.exit(f"The real data are not at {DATA}; name their folder with WARDCAST_REAL_DATA.")
    for name in names or CASES:
        _run(CASES[name])


if __name__ == "__main__":
    main(sys.argv[1:])
