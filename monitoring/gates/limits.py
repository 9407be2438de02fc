"""What each gate asks, in words: the same in reports and records."""

from __future__ import annotations

from contracts import GateLimits


def gate_limits(limits: GateLimits) -> dict[str, str]:
    """Gate → its limit in words."""
    exposure = (
        "exposure shown and not judged"
        if limits.exposure_ratio is None
        else f"exposure at most {limits.exposure_ratio:g}"
    )
    skill = f"deviance over that of ewma at most {limits.skill_ratio:g}"
    calibrated = f"{1.0 / limits.calibration_ratio:.3g} to {limits.calibration_ratio:g}"
    return {
        "skill": skill,
        "skill-by-group": f"{skill}, in every group of areas (district), at each horizon",
        "calibration": f"forecast over outcome {calibrated}, in the city and in fifths of areas, at each horizon",
        "coverage": f"share inside an interval within {limits.coverage_margin:g} of its probability",
        "city": (
            f"errors of the city's total {1.0 / limits.city_spread_ratio:.3g} to {limits.city_spread_ratio:g} times as "
            f"wide as its intervals say, and forecast over outcome {calibrated}, at each horizon"
        ),
        "audit": f"{', '.join(('calibration of every group', *limits.audits))} inside their margins; {exposure}",
        "freshness": f"at most {limits.oldest_periods} periods from the last known one to the next one",
        "reproducibility": "a second fit gives the same bytes",
    }
