"""Small odd panels through everything a run does: ``python -m benchmarks.odd_panels`` tries 500 of them.

Each has 1 to 12 areas and 3 to 30 months, weeks, days or shifts, and something odd: no crime at all, the same count
always, one giant area, periods that are missing for some areas or for all, areas that begin late or stop, companions
that are empty. Every forecaster of counts is backtested on it, judged, audited and held against the gates; the recipe
is trained, saved, read and asked for its forecast, its reasons and the sums of districts; a few are ingested, trained,
approved, issued, explained and reported by the commands that a user types. What is right: means are finite and not
negative, quantiles rise with their level, reasons add up, no library warns; or one line with a remedy.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.odd_cities import AS_OF, TARGET, OddCity, PanelDoor, odd_city
from contracts import CountDistribution, WardcastError, Workspace, starts_of, sum_over
from contracts.run_files import BASELINE, RECIPE
from features.views.hierarchy import hierarchy_over
from features.views.panel import Panel
from models import save_model
from models.recipe.area_share import ShareSettings
from models.recipe.recipe import FittedRecipe, RecipeForecaster
from models.saved.saved_model import read_model
from monitoring import level_scores
from service.cli import wardcast
from service.ledger.ledger import open_ledger
from training.backtests.experiment import judge
from training.backtests.figures import write_figures
from training.backtests.forecasters import forecaster_names, needs_points
from training.backtests.levels import backtest_levels, reconciled_levels
from training.candidates.city_history import city_history
from training.candidates.gates import judge_gates
from training.candidates.learned import learned
from training.candidates.train import HORIZONS_BEYOND, training_plan

PANELS = 500
COUNTING = tuple(name for name in forecaster_names() if not needs_points(name))
FIGURES_EVERY, LEVELS_EVERY, ISSUED_EVERY = 10, 5, 25
"""Of so many panels one has its pictures drawn, its levels reconciled, its commands typed."""


@dataclass(frozen=True)
class Outcome:
    """How one panel ended: ``error`` is the one line, ``fault`` what must not be, either None."""

    words: str
    error: WardcastError | None = None
    fault: str | None = None


def tried(folder: Path, number: int, *, models: Sequence[str] = COUNTING, issued: bool = False) -> Outcome:
    """Everything that ``backtest``, ``train`` and ``issue`` compute of one odd city; a warning is a fault.

    ``issued`` types the commands as well, in a workspace of its own.
    """
    city = odd_city(folder, number)
    try:
        with warnings.catch_warnings(), threadpool_limits(1), contextlib.redirect_stdout(io.StringIO()):
            _make_warnings_faults()
            fitted = _trained(folder, city)
            _backtested(folder, city, fitted, models, draw=number % FIGURES_EVERY == 0)
            if number % LEVELS_EVERY == 0:
                _reconciled(folder, city)
            if issued:
                _issued(folder / f"city_{number}", city)
    except WardcastError as error:
        lines = str(error).strip().count("\n") + 1
        return Outcome(city.words, error=error, fault=None if lines == 1 else f"{lines} lines: {error}")
    except Exception:  # noqa: BLE001  # every other error is what is looked for
        return Outcome(city.words, fault=traceback.format_exc())
    return Outcome(city.words)


def _make_warnings_faults() -> None:
    """But for those that Python hides from users, and MLflow's about its own types when its models are imported."""
    warnings.simplefilter("error")
    for hidden in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning):
        warnings.simplefilter("ignore", hidden)
    warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType", UserWarning)


def _trained(folder: Path, city: OddCity) -> FittedRecipe:
    """Fit, save, read, forecast, explain and sum as ``train`` and ``issue`` do."""
    panel = city.panel.for_target(TARGET)
    local = city.geography.only(panel.areas)
    horizons = list(range(1, city.settings.forecast.periods_ahead + HORIZONS_BEYOND + 1))
    fitted = _recipe(city).fit(panel, TARGET, local, horizons)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        save_model(fitted, Path(scratch) / "model")
        saved = read_model(Path(scratch) / "model")
    forecast = saved.predict(panel, local, horizons)
    _check(forecast, "the recipe's forecast")
    saved.explain(panel, local, horizons).rows(panel, TARGET, horizons, forecast.mean)
    _check(sum_over(forecast, np.zeros(len(panel.areas), dtype=np.int64), 1), "the city's sum")
    return fitted


def _recipe(city: OddCity) -> RecipeForecaster:
    return RecipeForecaster(city.settings.holidays, ShareSettings(seed=city.settings.seed))


def _backtested(folder: Path, city: OddCity, fitted: FittedRecipe, models: Sequence[str], *, draw: bool) -> None:
    """Backtest, judge, audit, hold against the gates and draw, over the plan that training would make."""
    panel = city.panel.for_target(TARGET)
    plan = replace(training_plan(city.settings, TARGET, panel), models=tuple(models))
    from_what = partial(learned, city.settings, _recipe(city), fitted, panel)
    backtest, scores, fairness = judge(
        Workspace(folder, city.settings),
        PanelDoor(city.panel),
        city.geography,
        plan,
        learned=from_what,
        progress=False,
    )
    for verification in backtest.verifications:
        _check(verification.forecast, verification.model)
    texts = [scores.areas.as_text(), scores.city.as_text(), fairness.as_text(), fairness.to_json(), *backtest.remarks]
    if {RECIPE, BASELINE} <= set(backtest.plan.models):
        total = city_history(PanelDoor(city.panel), city.settings, backtest)
        gates = judge_gates(
            city.settings, backtest, fairness, last_known=panel.last, as_of=AS_OF, fits=("a", "a"), city=total
        )
        texts += [gates.as_text(every_part=True), gates.to_json()]
    if any("NaN" in text for text in texts):
        raise ValueError("a document holds NaN")
    if draw:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            write_figures(Path(scratch), backtest.verifications[0], backtest.geography, panel.frequency)


def _reconciled(folder: Path, city: OddCity) -> None:
    """Backtest the areas and the city, and make them add up."""
    panel = city.panel.for_target(TARGET)
    plan = replace(training_plan(city.settings, TARGET, panel), models=(BASELINE, RECIPE))
    hierarchy = hierarchy_over(Workspace(folder), city.geography, ["city"])
    local, backtests = backtest_levels(PanelDoor(city.panel), hierarchy, city.settings, plan, progress=False)
    level_scores(reconciled_levels(local, backtests), seed=plan.seed)


def _issued(folder: Path, city: OddCity) -> None:
    """From the ingest to the oversight report, by the commands that a user types."""
    folder.mkdir()
    panel, geography = city.panel, city.geography
    table = _table(panel)
    table.to_csv(folder / "counts.csv", index=False)
    root = folder / "workspace"
    _type(root, "init")
    (root / "wardcast.toml").write_text(_toml(city), encoding="utf-8")
    nested = ("--parent", "parent") if geography.areas["parent"].notna().any() else ()
    files = ("--boundaries", str(city.files[0]), "--attributes", str(city.files[1]))
    _type(root, "geography", "add", geography.name, *files, "--code", "code", "--name", "name", *nested)
    columns = ("--area", "area", "--period", "period", "--category", "category", "--count", "count")
    about = ("--taxonomy", "counts", "--geography", geography.name, "--published-on", str(AS_OF))
    _type(root, "ingest", "counts", str(folder / "counts.csv"), *columns, *about)
    _type(root, "train", "--target", TARGET)
    ledger = open_ledger(Workspace(root))
    (trained,) = ledger.entries("trained")
    ledger.close()
    failed = [gate for gate, verdict in trained.content["gates"].items() if verdict == "fail"]
    override = [word for gate in failed for word in ("--override", gate)]
    _type(root, "approve", "--by", "Ann", "--reason", "An odd panel.", "--inconclusive", "So few counts.", *override)
    _type(root, "issue")
    _type(root, "reasons", "--area", panel.areas[0])
    _type(root, "audit", "--latest", "--out", str(folder / "report"))


def _toml(city: OddCity) -> str:
    """The city's settings as a ``wardcast.toml``."""
    about = city.settings
    lines = [f'city = "{about.city}"', f'geography = "{about.geography}"', f'frequency = "{about.frequency}"']
    lines += [f'holidays = "{about.holidays}"', "[forecast]", "replay = true"]
    lines += [f"periods_ahead = {about.forecast.periods_ahead}", "[offences.counts]"]
    lines += [f'{name} = ["{name.title()}"]' for name in about.targets]
    for name, target in about.targets.items():
        lines += [f"[targets.{name}]", f'title = "{target.title}"', f"forecast = {str(target.forecast).lower()}"]
        lines += [f'borrows_from = "{target.borrows_from}"', f'offences.counts = ["{name}"]']
    for name, meaning in about.geographies.items():
        lines.append(f"[geographies.{name}]")
        for field in ("residents", "deprivation", "need", "workday"):
            lines.append(f'{field} = "{getattr(meaning, field)}"')
        lines += [f'groups.{group} = "{column}"' for group, column in meaning.groups.items()]
    return "\n".join(lines) + "\n"


def _type(root: Path, *words: str) -> None:
    with contextlib.redirect_stderr(io.StringIO()):
        wardcast.main([*words, "--workspace", str(root)], prog_name="wardcast", standalone_mode=False)


def _table(panel: Panel) -> pd.DataFrame:
    """The counts as a long table; a period that an area does not know has no row."""
    shape = panel.counts.shape
    long = pd.DataFrame(
        {
            "area": np.tile(np.repeat(np.array(panel.areas, dtype=object), shape[2]), shape[0]),
            "period": np.tile(starts_of(panel.periods, panel.frequency), shape[0] * shape[1]),
            "category": np.repeat([name.title() for name in panel.targets], shape[1] * shape[2]),
            "count": panel.counts.ravel(),
        }
    )
    return long.dropna().astype({"count": int})


def _check(forecast: CountDistribution, what: str) -> None:
    """Raise ``ValueError`` unless every mean is finite and not negative and quantiles rise with their level."""
    quantiles = np.stack(list(forecast.quantiles().values()))
    if not np.isfinite(forecast.mean).all() or (forecast.mean < 0).any():
        raise ValueError(f"{what}: a mean is not finite or negative")
    if not np.isfinite(quantiles).all() or (np.diff(quantiles, axis=0) < 0).any():
        raise ValueError(f"{what}: quantiles are not finite or not in order")


def main(first: int, panels: int) -> None:
    """Print how many panels were forecast and how many refused, by reason; end with 1 if one ended otherwise."""
    began, refused, faults = time.perf_counter(), Counter[str](), []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(first, first + panels):
            outcome = tried(Path(scratch), number, issued=number % ISSUED_EVERY == 0)
            if outcome.fault is not None:
                faults.append(outcome)
                print(f"{outcome.words}\n{outcome.fault}", flush=True)
            elif outcome.error is not None:
                refused[f"{type(outcome.error).__name__}: {outcome.error.message.split(',')[-1].strip()}"] += 1
    seconds = time.perf_counter() - began
    forecast = panels - len(faults) - refused.total()
    print(
        f"{panels} odd panels in {seconds:.0f} s: {forecast} forecast, {refused.total()} refused, {len(faults)} faults"
    )
    for reason, number in refused.most_common():
        print(f"{number:5d}  {reason}")
    if faults:
        sys.exit(1)


if __name__ == "__main__":
    main(int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[1]) if len(sys.argv) > 1 else PANELS)
