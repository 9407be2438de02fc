"""The picture of a feedback simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monitoring.scores.feedback import MARGIN
from training.feedback.report import ArmReport, FeedbackReport

_SMOOTHED_WEEKS = 13
_COLOURS = ("#1f5a94", "#b3541e", "#3f7f4f", "#7a4a8c", "#8a7a2b")


def write_figure(path: Path, report: FeedbackReport) -> None:
    """Amplification by uplift with its interval, and beside it the weeks that led there; a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), dpi=110, layout="constrained")
    by_uplift, by_week = figure.subplots(1, 2)
    figure.suptitle(f"Simulated feedback: exposure of the areas flagged first, {report.cities} simulated cities")
    for number, arm in enumerate(report.arms):
        colour = _COLOURS[number % len(_COLOURS)]
        amplified = next(iter(arm.amplified.values()))
        uplifts = np.array(list(amplified)) + 0.008 * number
        value, low, high = (
            np.array([getattr(one.factor, end) for one in amplified.values()]) for end in ("value", "low", "high")
        )
        by_uplift.errorbar(
            uplifts, value, yerr=[value - low, high - value], fmt="o-", capsize=3, color=colour, label=arm.title
        )
        weeks, ratio = _path(arm)
        by_week.plot(weeks, ratio, color=colour, label=arm.title)
    by_uplift.axhline(MARGIN, color="#777777", linestyle="--", label=f"margin {MARGIN:g}")
    by_uplift.set(xlabel="detection uplift", ylabel="amplification factor (95% interval)", yscale="log")
    by_uplift.legend(fontsize=7)
    by_week.axhline(1.0, color="#777777", linestyle="--")
    by_week.set(xlabel="week of the deployment", ylabel="exposure ratio, largest uplift over none", yscale="log")
    for axes in (by_uplift, by_week):
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
    figure.savefig(path, metadata={"Software": None})


def _path(arm: ArmReport) -> tuple[np.ndarray, np.ndarray]:
    """The exposure ratio at the largest uplift over that at none, means of the last weeks."""
    window = np.full(_SMOOTHED_WEEKS, 1.0 / _SMOOTHED_WEEKS)
    ratios = []
    for uplift in (max(arm.paths), 0.0):
        group, rest = (np.convolve(column, window, "valid") for column in arm.paths[uplift].T)
        ratios.append(np.divide(group, rest, out=np.full(len(group), np.nan), where=rest > 0))
    weeks = np.arange(_SMOOTHED_WEEKS, _SMOOTHED_WEEKS + len(ratios[0]))
    return weeks, ratios[0] / ratios[1]
