"""A service under load while models come and go and what it depends on is killed: ``… -m benchmarks.serving_faults``.

A real ``wardcast serve`` answers keep-alive connections. Meanwhile models are registered in a real MLflow, approved,
issued and withdrawn, some of them damaged, and MLflow, the database and, if asked, the service itself are ended with
SIGKILL and started again. Every distinct answer is then judged by ``benchmarks.answer_audit``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.answer_audit import LONGEST_SECONDS, Audit, Verdict, issued_forecasts, withdrawals_of
from benchmarks.fault_city import FaultCity, make_fault_city
from benchmarks.faulty_machines import Machine, Outage, Postgres, WebProcess, free_port, mlflow_server, wardcast_service
from benchmarks.model_lives import Director, Lives, steps_of
from benchmarks.request_load import Asked, Load, RunningLoad, measure, start_load
from contracts import Workspace
from service.ledger.ledger import Entry, open_ledger
from service.proof.whole_record import verify_record

ROUTE_CONNECTIONS = 4
LONGEST_DELAY_SECONDS = 5.0
"""A kill falls at any moment of the first seconds of a step."""
REST_SECONDS = 600.0
"""How much longer than the steps the requests may take, for every 100,000."""


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    requests: int = 1_000_000
    steps: int = 100
    damaged: int = 20
    withdrawn: int = 10
    targets: tuple[str, ...] = ("violence", "robbery")
    sqlite: bool = False
    kills_service: bool = False
    fault_every: int = 3
    """Steps from one kill to the next."""
    down_seconds: float = 3.0
    connections: int = 16
    route_requests: int = 2048
    longest_seconds: float = LONGEST_SECONDS
    """Within so long a withdrawn forecast is refused. The promise; tests on any machine give more."""

    def kills(self) -> tuple[tuple[str, ...], ...]:
        """What is killed together, in turn."""
        faults: list[tuple[str, ...]] = [("registry",)]
        if not self.sqlite:
            faults += [("database",), ("registry", "database")]
        return (*faults, ("service",)) if self.kills_service else tuple(faults)


@dataclass(frozen=True)
class RouteSpeed:
    """One route of one service process, asked from a few connections while nothing else happens."""

    route: str
    bytes: int
    requests_per_second: int
    p50_milliseconds: float
    p99_milliseconds: float


@dataclass(frozen=True)
class Outcome:
    """What happened. ``failures`` must be empty."""

    plan: Plan
    seconds: float
    requests: int
    refusals: int
    distinct_answers: int
    requests_per_second: int
    p50_milliseconds: float
    p99_milliseconds: float
    issues: int
    forecasts_seen: int
    approvals: int
    withdrawals: int
    refused_damage: dict[str, int]
    kills: dict[str, int]
    interruptions: int
    longest_take_up_seconds: float
    longest_refusal_seconds: float
    ledger_entries: int
    clear_errors: dict[str, int]
    routes: list[RouteSpeed]
    failures: list[str] = field(default_factory=list)


def asked_of(workspace: Workspace, first: Entry) -> list[Asked]:
    """The requests: every route, most often the areas' forecasts."""
    about = first.content["targets"]
    features = json.loads((workspace.forecasts / first.content["forecast_id"] / "boundaries.geojson").read_bytes())
    codes = [feature["properties"]["code"] for feature in features["features"]][:4]
    targets = [one["target"] for one in about]
    periods = [one["period"] for one in about[0]["periods"]]
    asked = [Asked("/v1/forecasts", f"/v1/forecasts?target={name}&limit=10", 3) for name in targets]
    for name in targets:
        asked += [Asked("/v1/forecasts", f"/v1/forecasts?target={name}&period={period}", 4) for period in periods]
        asked += [Asked("/v1/levels", f"/v1/levels?target={name}", 3)]
        asked += [Asked(f"/v1/{route}", f"/v1/{route}?target={name}", 3) for route in ("hotspots", "flags")]
        asked += [Asked("/v1/area", f"/v1/areas/{code}/forecast?target={name}", 3) for code in codes]
        asked += [Asked("/v1/history", f"/v1/areas/{codes[0]}/history?target={name}", 2)]
        asked += [Asked("/v1/models", f"/v1/models/{name}", 1)]
    asked += [Asked("/v1/forecasts", "/v1/forecasts", 4), Asked("/v1/summary", "/v1/summary", 4)]
    asked += [Asked("/v1/areas", "/v1/areas", 2), Asked("/healthz", "/healthz", 2)]
    return asked + [replace(one, gzipped=True) for one in asked]


class Faults:
    """Kills in turn what the plan names and starts it again, beside whatever else goes on."""

    def __init__(self, plan: Plan, machines: Mapping[str, Machine]) -> None:
        self.outages: list[Outage] = []
        self._kills = itertools.cycle(plan.kills())
        self._down_seconds = plan.down_seconds
        self._machines = machines
        self._random = random.Random(plan.steps)
        self._strikers = ThreadPoolExecutor(1, thread_name_prefix="faults")
        self._strike: Future[None] | None = None

    def strike(self) -> None:
        """Kill the next in a moment, unless the last one is not over; raises as ``is_over`` does."""
        if not self.is_over():
            return
        delay = self._random.uniform(0.0, LONGEST_DELAY_SECONDS)
        self._strike = self._strikers.submit(self._outage, next(self._kills), delay)

    def is_over(self) -> bool:
        """Whether nothing is away now; raises what went wrong with the last outage."""
        if self._strike is None:
            return True
        if self._strike.done():
            self._strike.result()
        return self._strike.done()

    def _outage(self, names: Sequence[str], delay: float) -> None:
        time.sleep(delay)
        began = time.monotonic()
        for name in names:
            self._machines[name].kill()
        time.sleep(self._down_seconds)
        for name in reversed(names):
            self._machines[name].start()
            self.outages.append(Outage(name, began, time.monotonic()))

    def end(self) -> None:
        """Wait for the last outage to be over; raises what went wrong with it."""
        if self._strike is not None:
            self._strike.result()
        self._strikers.shutdown()


def run(plan: Plan, folder: Path) -> Outcome:
    """Everything from an empty folder to the judgement."""
    with ExitStack() as opened:
        machines, city = _begin(plan, folder, opened)
        ledger = open_ledger(city.workspace)
        opened.callback(ledger.close)
        director = Director(city, ledger)
        director.begin()
        service = machines["service"]
        service.start()
        asked = asked_of(city.workspace, ledger.entries("issue")[0])
        port = int(str(service.address).rpartition(":")[2])
        routes = _route_speeds(port, asked, plan.route_requests)
        load, faults, seconds = _under_load(plan, director, machines, port, asked)
        entries = ledger.entries()
        audit = Audit(
            issued_forecasts(city.workspace.forecasts, entries),
            withdrawals_of(entries),
            director.lives.damaged_sha256,
            faults.outages,
            longest_seconds=plan.longest_seconds,
        )
        verdict = audit.judge(load)
        broken = [f"ledger: {one.problem}" for one in verify_record(city.workspace, ledger).findings]
    return _outcome(plan, seconds, load, verdict, director.lives, faults, len(entries), routes, broken)


def _begin(plan: Plan, folder: Path, opened: ExitStack) -> tuple[dict[str, Any], FaultCity]:
    """Start the database and MLflow, and make the city meanwhile."""
    folder.chmod(0o755)
    machines: dict[str, Any] = {}
    store, ledger_url = f"sqlite:///{folder / 'mlflow.db'}", ""
    if not plan.sqlite:
        machines["database"] = database = Postgres(folder / "postgres")
        opened.callback(database.close)
        store, ledger_url = database.mlflow_url, database.ledger_url
    port = free_port()
    machines["registry"] = registry = mlflow_server(store, port, folder)
    opened.callback(registry.kill)
    registry.launch()
    root = folder / "workspace"
    city = make_fault_city(root, plan.targets, ledger_url=ledger_url, tracking_url=registry.address)
    registry.wait()
    machines["service"] = service = wardcast_service(root, free_port(), folder)
    opened.callback(service.kill)
    return machines, city


def _under_load(
    plan: Plan, director: Director, machines: Mapping[str, WebProcess], port: int, asked: Sequence[Asked]
) -> tuple[Load, Faults, float]:
    began = time.monotonic()
    ready = [Asked("/readyz", "/readyz", 2)]
    load = start_load(port, [*asked, *ready], plan.requests, connections=plan.connections)
    faults = Faults(plan, machines)
    director.look = lambda: _look(faults, load)
    for step in steps_of(plan.targets, plan.steps, damaged=plan.damaged, withdrawn=plan.withdrawn):
        if step.number % plan.fault_every == 0:
            faults.strike()
        director.take(step)
        told = f"{step.number} steps, {len(faults.outages)} kills, {load.count():,} answers"
        print(f"{told}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    while load.count() < plan.requests:
        _look(faults, load)
        time.sleep(0.2)
    faults.end()
    return load.finish(REST_SECONDS), faults, time.monotonic() - began


def _look(faults: Faults, load: RunningLoad) -> None:
    """Raise where something that was killed could not be started again, or the client has ended."""
    faults.is_over()
    if not load.process.is_alive():
        raise RuntimeError(f"The client ended by itself after {load.count()} answers.")


def _route_speeds(port: int, asked: Sequence[Asked], requests: int) -> list[RouteSpeed]:
    speeds = []
    for one in {one.route: one for one in reversed(asked) if not one.gzipped}.values():
        load = measure(port, one, requests, ROUTE_CONNECTIONS)
        per_second = round(load.answers / load.seconds)
        size = len(load.seen[0].body)
        speeds.append(RouteSpeed(one.path, size, per_second, load.percentile(0.5), load.percentile(0.99)))
    return speeds


def _outcome(
    plan: Plan,
    seconds: float,
    load: Load,
    verdict: Verdict,
    lives: Lives,
    faults: Faults,
    entries: int,
    routes: list[RouteSpeed],
    broken: list[str],
) -> Outcome:
    kills = [one.what for one in faults.outages]
    return Outcome(
        plan=plan,
        seconds=round(seconds, 1),
        requests=load.answers,
        refusals=verdict.refusals,
        distinct_answers=verdict.distinct,
        requests_per_second=round(load.answers / load.seconds),
        p50_milliseconds=load.percentile(0.5),
        p99_milliseconds=load.percentile(0.99),
        issues=lives.issues,
        forecasts_seen=verdict.forecasts_seen,
        approvals=lives.approvals,
        withdrawals=lives.withdrawals,
        refused_damage=dict(lives.refused_damage),
        kills={name: kills.count(name) for name in sorted(set(kills))},
        interruptions=len(load.interruptions),
        longest_take_up_seconds=verdict.longest_take_up_seconds,
        longest_refusal_seconds=verdict.longest_refusal_seconds,
        ledger_entries=entries,
        clear_errors=dict(lives.clear_errors),
        routes=routes,
        failures=[*verdict.findings, *lives.failures, *broken, *_shortfalls(plan, load, lives)],
    )


def _shortfalls(plan: Plan, load: Load, lives: Lives) -> list[str]:
    """Where less happened than was planned, so that the run shows nothing."""
    found = []
    if load.answers < plan.requests:
        found.append(f"only {load.answers} requests were answered")
    if sum(lives.refused_damage.values()) < plan.damaged:
        found.append(f"only {sum(lives.refused_damage.values())} damaged models were refused")
    return found


def table_of(outcome: Outcome) -> str:
    """The speeds of the routes and the counts, for people."""
    lines = [f"{'route':<44} {'bytes':>7} {'a second':>9} {'p50 ms':>7} {'p99 ms':>7}"]
    for one in outcome.routes:
        figures = f"{one.bytes:>7} {one.requests_per_second:>9} {one.p50_milliseconds:>7} {one.p99_milliseconds:>7}"
        lines.append(f"{one.route:<44} {figures}")
    counted = {name: value for name, value in asdict(outcome).items() if isinstance(value, (int, float, dict))}
    counted.pop("plan")
    lines += [f"{name.replace('_', ' '):<32} {value}" for name, value in counted.items() if name != "clear_errors"]
    lines += [f"{times:>5} × {error}" for error, times in outcome.clear_errors.items()]
    return "\n".join([*lines, *(f"FAILED: {failure}" for failure in outcome.failures)])


def main() -> None:
    """Print a table to standard error and the outcome as JSON; the exit code is 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("requests", "steps", "damaged", "withdrawn", "fault_every", "connections"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Plan(), name))
    parser.add_argument("--sqlite", action="store_true", help="ledger and MLflow in SQLite; only MLflow is killed")
    parser.add_argument("--kills-service", action="store_true", help="kill and restart the service too")
    plan = Plan(**vars(parser.parse_args()))
    # What was started is ended too where the bench is asked to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="wardcast-faults-") as folder:
        outcome = run(plan, Path(folder))
    print(table_of(outcome), file=sys.stderr)
    print(json.dumps(asdict(outcome), indent=2))
    raise SystemExit(1 if outcome.failures else 0)


os.environ |= {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # The bench itself tries again, and wants to see what is said of a server that does not answer.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}

if __name__ == "__main__":
    main()
