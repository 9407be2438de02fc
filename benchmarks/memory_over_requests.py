"""How much memory a service takes before, during and after very many requests.

``python -m benchmarks.memory_over_requests WORKSPACE`` serves an issued forecast, asks for areas, lists, tables, pages
and maps of all kinds over 16 connections, and prints the resident memory and the processor time after each tenth.
``--requests N`` asks as often as it says, a million times where nothing is said.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.pictures import WARDCAST
from benchmarks.request_load import Asked, Client

PARTS = 10
AREAS = 200
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def service(workspace: Path) -> Iterator[tuple[int, int]]:
    """The process and the port of a workspace's service, once it serves."""
    command = [WARDCAST, "serve", "--port", "0", "--workspace", str(workspace)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        if server.stderr is None:
            raise RuntimeError("the service has no standard error")
        address = next(line.split("Open ")[1].split("/ and")[0] for line in server.stderr if "Open " in line)
        try:
            yield server.pid, int(address.rpartition(":")[2])
        finally:
            server.terminate()


def questions_about(port: int) -> list[Asked]:
    """What a client asks: many areas, and every kind of table and page, some of them rarely."""
    base = f"http://127.0.0.1:{port}"
    summary = httpx.get(f"{base}/v1/summary").json()
    rows = httpx.get(f"{base}/v1/forecasts").json()["areas"]
    codes = [row["area"] for row in rows[:AREAS]]
    targets = [one["target"] for one in summary["targets"]]
    periods = [one["period"] for one in summary["targets"][0]["periods"]]
    asked = [Asked("area", f"/v1/areas/{code}/forecast", weight=40) for code in codes]
    asked += [Asked("history", f"/v1/areas/{code}/history", weight=10) for code in codes]
    asked += [Asked("page of an area", f"/areas/{code}") for code in codes]
    for target, period in itertools.product(targets, periods):
        query = f"target={target}&period={period}"
        asked += [
            Asked("list", f"/v1/forecasts?{query}&limit=20", weight=100),
            Asked("table", f"/v1/forecasts?{query}&format=csv&limit=20", weight=20),
            Asked("briefing", f"/?{query}", weight=20),
            Asked("map", f"/map.svg?{query}"),
            Asked("comparison", f"/compare?{query}"),
        ]
    rare = [Asked("board", "/board"), Asked("ledger", "/v1/ledger")]
    return [*asked, *rare, Asked("readiness", "/readyz", weight=100)]


def resident_mb(process: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


def processor_seconds(process: int) -> float:
    """Processor time that a process took."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def main() -> None:
    """Print a row for each part; ends with 1 where an answer failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--requests", type=int, default=1_000_000)
    chosen = parser.parse_args()
    failed = 0
    with service(chosen.workspace) as (process, port):
        asked = questions_about(port)
        sys.stdout.write(f"{0:>10,} requests{resident_mb(process):>8.0f} MB{processor_seconds(process):>8.1f} s\n")
        each = chosen.requests // PARTS
        for part in range(1, PARTS + 1):
            load = asyncio.run(Client(port, asked, lambda answers: answers >= each, seed=part).run())
            failed += sum(one.count for one in load.seen if one.status != httpx.codes.OK) + len(load.interruptions)
            done = f"{part * each:>10,} requests"
            sys.stdout.write(f"{done}{resident_mb(process):>8.0f} MB{processor_seconds(process):>8.1f} s\n")
            sys.stdout.flush()
    sys.stdout.write(f"{failed} answers failed or were cut.\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
