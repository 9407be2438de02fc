"""``make pictures``: the pictures of README and docs, taken of the demonstration as a browser shows it.

``python -m benchmarks.pictures WORKSPACE`` takes them of a workspace in which a forecast was issued.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.__main__ import REPOSITORY, WARDCAST

FOLDER = REPOSITORY / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@dataclass(frozen=True)
class Picture:
    """A page at a size; ``first_area`` chooses the highest area, whose card is shown."""

    name: str
    path: str
    width: int
    height: int
    first_area: bool = False


PICTURES = (
    Picture("briefing.png", "/?target=violence", 1100, 700),
    Picture("area.png", "/?target=violence&view=sure", 1100, 700, first_area=True),
)


def take_pictures(workspace: Path) -> None:
    """Write every picture of a workspace's service."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Pictures need chromium on the PATH.")
    FOLDER.mkdir(exist_ok=True)
    with served(workspace) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in PICTURES:
            page = browser.new_page(viewport={"width": picture.width, "height": picture.height})
            page.goto(address + picture.path)
            page.wait_for_selector("#work[data-coloured]")
            if picture.first_area:
                page.click("#highest a")
                page.wait_for_selector("#area-interval")
                page.locator("#area").screenshot(path=FOLDER / picture.name)
            else:
                page.screenshot(path=FOLDER / picture.name)
            page.close()
        browser.close()


@contextmanager
def served(workspace: Path) -> Iterator[str]:
    """The address of a workspace's service."""
    command = [WARDCAST, "serve", "--port", "0", "--workspace", str(workspace)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        yield next(line.split("Open ")[1].split("/ and")[0] for line in server.stderr if "Open " in line)
        server.terminate()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take_pictures(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            demo = Path(scratch) / "demo"
            subprocess.run([WARDCAST, "demo", "--no-serve", "--workspace", str(demo)], check=True)
            take_pictures(demo)
