"""No module but the clock asks what the time is, or the machine for its zone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDERS = ("contracts", "features", "models", "monitoring", "training", "service")
CLOCK = Path("contracts/clock.py")
TYPES_WITH_A_CLOCK = {"date", "datetime", "Timestamp"}
ASKS_FOR_NOW = {"today", "now", "utcnow"}
USES_THE_MACHINES_ZONE = {"localtime", "ctime", "asctime", "mktime"}


def _faults(tree: ast.AST) -> Iterator[str]:
    """Each use of the machine's clock or zone, called or handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner in TYPES_WITH_A_CLOCK and node.attr in ASKS_FOR_NOW) or (
                owner == "time" and node.attr in USES_THE_MACHINES_ZONE
            ):
                yield f"{owner}.{node.attr}, line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            zoned = len(node.args) + len(node.keywords) > 1
            if node.func.attr == "utcfromtimestamp" or (node.func.attr == "fromtimestamp" and not zoned):
                yield f"{node.func.attr}, line {node.lineno}"
            if node.func.attr == "astimezone" and not node.args and not node.keywords:
                yield f"astimezone without a zone, line {node.lineno}"


def test_only_the_clock_knows_what_the_time_is(repository: Path) -> None:
    found = {}
    for folder in FOLDERS:
        for path in sorted((repository / folder).rglob("*.py")):
            faults = list(_faults(ast.parse(path.read_text(encoding="utf-8"))))
            if faults and path.relative_to(repository) != CLOCK:
                found[str(path.relative_to(repository))] = faults
    assert found == {}
    assert list(_faults(ast.parse((repository / CLOCK).read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "fault",
    [
        "day = date.today()",
        "day = datetime.now().date()",
        "day = datetime.datetime.now(UTC)",
        "day = pd.Timestamp.today()",
        "def f(today=date.today): pass",
        "day = datetime.fromtimestamp(0)",
        "day = time.localtime()",
        "day = moment.astimezone()",
    ],
)
def test_a_second_clock_would_be_found(fault: str) -> None:
    assert list(_faults(ast.parse(fault)))


@pytest.mark.parametrize(
    "sound", ["app.state.today = today", "datetime.fromtimestamp(0, UTC)", "moment.astimezone(ZoneInfo('UTC'))"]
)
def test_what_is_sound_is_left_alone(sound: str) -> None:
    assert not list(_faults(ast.parse(sound)))
