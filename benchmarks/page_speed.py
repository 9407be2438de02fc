"""How heavy and how quick the briefing is in a browser, of each of some workspaces with an issued forecast.

``python -m benchmarks.page_speed WORKSPACE…`` serves each, opens it in Debian's chromium, and prints the seconds to the
coloured map, the bytes of a first and of a second visit, what moved while it loaded, the milliseconds of processor
time of a recolour, and the 95th percentile of the time between two pictures while the map is dragged.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.pictures import FLAGS, served

SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value; })
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""
FRAMES = """() => {
  window.frameTimes = [];
  let last = performance.now();
  const step = (now) => { window.frameTimes.push(now - last); last = now; requestAnimationFrame(step); };
  requestAnimationFrame(step);
}"""


def measured(page: Page, session: Any, address: str) -> list[str]:
    """The figures of one service."""
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    first, weight = _load(page, address, received)
    _, again = _load(page, address, received)
    moved = page.evaluate(SHIFTS)
    recolours = [_recolour(page, session, view) for view in ("km2", "change", "expected", "km2", "expected")]
    return [
        f"{first:.2f} s",
        f"{weight / 1000:.0f} kB",
        f"{again / 1000:.1f} kB",
        f"{moved:.3f}",
        f"{np.median(recolours):.0f} ms",
        f"{_drag(page):.1f} ms",
    ]


def _load(page: Page, address: str, received: list[float]) -> tuple[float, float]:
    received.clear()
    begin = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("#work[data-coloured]")
    seconds = time.perf_counter() - begin
    page.wait_for_timeout(500)
    return seconds, sum(received)


def _recolour(page: Page, session: Any, view: str) -> float:
    before = _busy(session)
    page.select_option("#view", view)
    page.wait_for_timeout(1500)
    return 1000.0 * (_busy(session) - before)


def _busy(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def _drag(page: Page) -> float:
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(FRAMES)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(60):
        page.mouse.move(x + 3 * step % 200, y + 2 * step % 120)
    page.mouse.up()
    page.wait_for_timeout(300)
    return float(np.percentile(page.evaluate("() => window.frameTimes"), 95))


def main() -> None:
    """Print a row for each workspace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspaces", nargs="+", type=Path)
    heads = ("coloured after", "first visit", "second visit", "moved", "recolour", "drag p95")
    sys.stdout.write(f"{'workspace':<30} {' '.join(f'{head:>14}' for head in heads)}\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for workspace in parser.parse_args().workspaces:
            context = browser.new_context(viewport={"width": 1100, "height": 700})
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Performance.enable")
            with served(workspace) as address:
                figures = measured(page, session, address)
            sys.stdout.write(f"{workspace!s:<30} {' '.join(f'{figure:>14}' for figure in figures)}\n")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
