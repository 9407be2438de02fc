"""Every model's scores on the same forecasts, beside the baseline and the noise floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contracts.arrays import Floats
from contracts.run_files import BASELINE
from monitoring.leaderboard.remarks import finite, remark_on
from monitoring.leaderboard.result import HorizonFloor, Leaderboard, Level, Value
from monitoring.leaderboard.statement import AgainstConstant, against_constant, is_rare, log_losses, statement
from monitoring.scores import accuracy, calibration, hotspots
from monitoring.scores.noise_floor import noise_floor
from monitoring.scores.skill import Ratio, Resampling, block_length, paired_ratio, resampling
from monitoring.scores.verification import Verification, group_totals


def leaderboard(
    verifications: Sequence[Verification],
    *,
    area_km2: Floats,
    baseline: str = BASELINE,
    level: Level = "area",
    area_kind: str = "area",
    seed: int,
) -> Leaderboard:
    """Score all models of one target; ``area_km2`` (A,) in the order of the verifications' areas.

    All models of a horizon are scored on the same areas, periods and outcomes: raises ``ValueError`` if they
    disagree, if a model comes twice, or if there is none. ``vs_ewma`` is None where the baseline is not among them.
    ``level="city"`` scores the totals of the known areas of each period, whose distribution keeps the factor that
    areas share where the model gives one; else it takes areas as independent, and says so.

    A rare target (see ``RARE_BELOW``) is judged by proper scores only: sorted by log score and without MAE, which is
    least for a forecast of none anywhere. Its leaderboard states whether any model beats a constant rate;
    ``area_kind`` names the areas there.
    """
    if not verifications:
        raise ValueError("there is nothing to score")
    if len({verification.target for verification in verifications}) > 1:
        raise ValueError("a leaderboard holds one target")
    if any(len(area_km2) != len(verification.areas) for verification in verifications):
        raise ValueError("area_km2 does not fit the areas")
    rows: list[dict[str, Value]] = []
    floors: list[HorizonFloor] = []
    statements: list[str] = []
    rare = is_rare(np.concatenate([_judged(one, level).outcomes.ravel() for one in verifications]))
    for horizon in sorted({verification.horizon for verification in verifications}):
        same = [verification for verification in verifications if verification.horizon == horizon]
        _check_alike(same)
        scored = [_scored(v, area_km2, level) for v in same]
        compared = _compare(scored, baseline, seed)
        if level == "area":
            statements.append(statement(same[0].target, area_kind, horizon, compared, rare=rare))
        floors.append(_floor(scored, level, seed))
        told = [finite(one.row) | {"remark": remark_on(one.row, baseline)} for one in scored]
        rows += sorted((_shown(row, rare=rare) for row in told), key=lambda row: _place(row, rare=rare))
    said = "\n".join(sentence for sentence in statements if sentence)
    return Leaderboard(verifications[0].target, level, baseline, rows, floors, rare=rare, statement=said or None)


def _judged(verification: Verification, level: Level) -> Verification:
    return city_totals(verification) if level == "city" else verification


def _shown(row: dict[str, Value], *, rare: bool) -> dict[str, Value]:
    return row | {"mae": None} if rare else row


def _place(row: dict[str, Value], *, rare: bool) -> tuple[float, str]:
    """What rows are sorted by: for a rare target the log score, else the deviance; last where it is no number."""
    score = row["log_score"] if rare else row["mean_poisson_deviance"]
    place = np.inf if score is None else float(score) * (-1.0 if rare else 1.0)
    return place, str(row["model"])


def _check_alike(same: Sequence[Verification]) -> None:
    first = same[0]
    if len({verification.model for verification in same}) < len(same):
        raise ValueError(f"a model comes twice at horizon {first.horizon}")
    for other in same[1:]:
        alike = (
            other.areas == first.areas
            and np.array_equal(other.periods, first.periods)
            and np.array_equal(other.outcomes, first.outcomes, equal_nan=True)
        )
        if not alike:
            raise ValueError(
                f"'{other.model}' and '{first.model}' differ in areas, periods or outcomes at horizon {first.horizon}"
            )


@dataclass
class _Scored:
    verification: Verification
    deviances: Floats
    crps: Floats
    row: dict[str, Value]


def city_totals(verification: Verification) -> Verification:
    """One area, the city: sums over the areas with a known outcome in each period; see ``group_totals``."""
    return group_totals(verification, np.zeros(len(verification.areas), dtype=np.int64), ("city",))


def _scored(verification: Verification, area_km2: Floats, level: Level) -> _Scored:
    city = city_totals(verification)
    judged = city if level == "city" else verification
    deviances = accuracy.poisson_deviance_loss(judged.outcomes, judged.forecast.mean)
    crps = accuracy.crps_loss(judged.outcomes, judged.forecast)
    limits = calibration.pit_limits(judged.outcomes, judged.forecast)
    row: dict[str, Value] = {
        "model": verification.model,
        "horizon": verification.horizon,
        "level": level,
        "mean_poisson_deviance": accuracy.mean_of_known(deviances),
        "mae": accuracy.mae(judged.outcomes, judged.forecast.mean),
        "crps": accuracy.mean_of_known(crps),
        "log_score": accuracy.log_score(judged.outcomes, judged.forecast),
        **{f"coverage_{round(100 * share)}": calibration.coverage(limits, share) for share in calibration.LEVELS},
        **_concentrations(verification, area_km2, level),
        "city_mape": _figure(accuracy.mean_absolute_percentage_error(city.outcomes, city.forecast.mean)),
        "pearson_dispersion": calibration.pearson_dispersion(judged.outcomes, judged.forecast),
        "forecasts": int(judged.known.sum()),
        "seconds": _figure(verification.seconds),
        "peak_mb": _figure(verification.peak_mb),
        "refit_every": verification.refit_every,
        "shared_factor": bool(np.asarray(verification.forecast.shared).any()),
    }
    return _Scored(judged, deviances, crps, row)


def _concentrations(verification: Verification, area_km2: Floats, level: Level) -> dict[str, Value]:
    figures: dict[str, Value] = {}
    bases: tuple[tuple[hotspots.Basis, str], ...] = (("areas", ""), ("land", "_land"))
    for basis, ending in bases:
        for share in hotspots.SHARES:
            found = hotspots.concentration(
                verification.outcomes,
                verification.forecast.mean,
                share=share,
                of=basis,
                areas=verification.areas,
                area_km2=area_km2,
            )
            percent = round(100 * share)
            figures[f"pai_{percent}{ending}"] = _figure(found.pai) if level == "area" else None
            figures[f"pei_{percent}{ending}"] = _figure(found.pei) if level == "area" else None
    return figures


def _figure(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _compare(scored: list[_Scored], baseline: str, seed: int) -> list[AgainstConstant]:
    """Add the paired ratios to each row, None where what they compare with is not among the models.

    Returns the comparisons with the constant rate.
    """
    reference = next((one for one in scored if one.verification.model == baseline), None)
    draws = _draws(scored[0].verification, seed)
    for one in scored:
        deviance = _ratio(one.deviances, reference.deviances, draws) if reference else None
        crps = _ratio(one.crps, reference.crps, draws) if reference else None
        one.row |= _ratio_columns("vs_ewma", deviance) | _ratio_columns("crps_vs_ewma", crps)
    judged = {one.verification.model: one.verification for one in scored}
    constant = against_constant({name: log_losses(v.outcomes, v.forecast) for name, v in judged.items()}, draws)
    for one in scored:
        against = constant.get(one.verification.model)
        one.row |= _ratio_columns("log_loss_vs_constant", against.ratio if against else None)
    return list(constant.values())


def _draws(verification: Verification, seed: int) -> Resampling:
    periods, areas = verification.outcomes.shape
    return resampling(periods=periods, areas=areas, block=block_length(periods, verification.horizon), seed=seed)


def _ratio(losses: Floats, baseline: Floats, draws: Resampling) -> Ratio | None:
    """The paired ratio; None where a loss is infinite or the baseline has none."""
    if np.isinf(losses).any() or np.isinf(baseline).any() or np.nansum(baseline) <= 0:
        return None
    return paired_ratio(losses, baseline, draws)


def _ratio_columns(name: str, ratio: Ratio | None) -> dict[str, Value]:
    if ratio is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    ends = {name: ratio.value, f"{name}_low": ratio.low, f"{name}_high": ratio.high}
    return {column: _figure(value) for column, value in ends.items()}


def _floor(scored: list[_Scored], level: Level, seed: int) -> HorizonFloor:
    best = min(scored, key=lambda one: accuracy.mean_of_known(one.crps)).verification
    floors = noise_floor(best.forecast, best.known, areas=best.areas, seed=seed)
    return HorizonFloor(
        horizon=best.horizon,
        level=level,
        reference=best.model,
        negative_binomial=floors["negative_binomial"],
        poisson=floors["poisson"],
    )
