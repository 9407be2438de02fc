"""The short form of ``benchmarks.serving_faults``: a real service, MLflow and database, and SIGKILL in between."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from benchmarks.serving_faults import Plan, run

SHORT = Plan(
    requests=5_000,
    steps=6,
    damaged=2,
    withdrawn=1,
    targets=("violence",),
    fault_every=2,
    down_seconds=1.0,
    connections=8,
    route_requests=256,
    longest_seconds=120.0,
)


@pytest.mark.slow
def test_no_answer_fails_or_mixes_forecasts_while_models_come_and_go(postgres_server):
    # A folder of its own, as for ``postgres_server``.
    with tempfile.TemporaryDirectory(prefix="wardcast-faults-") as folder:
        outcome = run(SHORT, Path(folder))
    assert outcome.failures == []
    assert outcome.requests >= SHORT.requests
    assert sum(outcome.refused_damage.values()) == SHORT.damaged
    assert outcome.issues == outcome.approvals - SHORT.damaged - _approved_again(outcome)
    assert outcome.kills["registry"] + outcome.kills["database"] >= 2
    assert outcome.interruptions == 0


def _approved_again(outcome):
    """Champions that were approved again after a damaged one."""
    return SHORT.damaged - (outcome.withdrawals - SHORT.withdrawn)
