"""What the documents say exists: commands, settings, files, make targets, pictures and links."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from pydantic import BaseModel

from benchmarks.pictures import PICTURES
from contracts import Settings
from service.cli import wardcast
from service.problems import PROBLEMS, USAGE_EXIT_CODE

REPOSITORY = Path(__file__).resolve().parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MAKE_TARGET = re.compile(r"(?:^(?:RUN )?|`)make ([a-z]+)\b", re.MULTILINE)
SHELL_COMMAND = re.compile(r"^\$?\s*wardcast ((?:[^\\\n]|\\\n)*)", re.MULTILINE)
MOST_DECISIONS = 10
LONGEST_DECISION = 60
"""Lines: a page."""

DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])


def _names(documents: list[Path]) -> list[str]:
    return [str(path.relative_to(REPOSITORY)) for path in documents]


def _text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def _targets_of_makefile() -> set[str]:
    return set(re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE))


def _leaves(command: click.Command = wardcast, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command, info_name="wardcast")
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None, name
        yield from _leaves(below, (*path, name))
    if command.invoke_without_command:
        yield " ".join(path), command


def _parts(model: type[BaseModel] = Settings) -> Iterator[tuple[type[BaseModel], str]]:
    """Every field of the settings, those of nested tables included."""
    for name, field in model.model_fields.items():
        yield model, name
        for found in _models_in(field.annotation):
            yield from _parts(found)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def test_the_documents_are_there() -> None:
    assert {"README.md", "GLOSSARY.md", "CHANGELOG.md", "docs/settings.md", "docs/commands.md"} <= set(
        _names(DOCUMENTS)
    )


@pytest.mark.parametrize("name", _names(DOCUMENTS))
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    document = REPOSITORY / name
    links = [link.partition("#") for link in LINK.findall(_text(name)) if "://" not in link]
    missing = [path for path, _, _ in links if path and not (document.parent / path).exists()]
    headings = {_anchor(line) for line in _text(name).splitlines() if line.startswith("#")}
    missing += [f"#{anchor}" for path, _, anchor in links if not path and anchor not in headings]
    assert missing == []


def _anchor(heading: str) -> str:
    words = re.sub(r"[^\w\s-]", "", heading.lstrip("#").strip().lower())
    return re.sub(r"\s", "-", words)


def test_a_broken_link_would_be_found() -> None:
    assert LINK.findall("see [this](docs/nowhere.md) and ![that](a.png)") == ["docs/nowhere.md", "a.png"]
    assert _anchor("## Data and their licences") == "data-and-their-licences"


def test_every_command_is_documented() -> None:
    documented = _text("docs/commands.md")
    assert [path for path, _ in _leaves() if f"`wardcast {path}`" not in documented] == []


def test_every_documented_command_exists() -> None:
    listed = set(re.findall(r"^\| `wardcast ([a-z -]+)` \|", _text("docs/commands.md"), re.MULTILINE))
    assert listed == {path for path, _ in _leaves()}


@pytest.mark.parametrize("name", _names(DOCUMENTS))
def test_examples_use_options_that_exist(name: str) -> None:
    commands = dict(_leaves())
    for example in SHELL_COMMAND.findall(_text(name)):
        words = example.replace("\\\n", " ").split()
        path = next((found for found in commands if " ".join(words).startswith(f"{found} ")), None)
        if path is None and not words[0].islower():
            continue
        assert path is not None, f"wardcast {example}"
        known = {"--help", *(option for parameter in commands[path].params for option in parameter.opts)}
        assert {word for word in words if word.startswith("--")} <= known, f"wardcast {example}"


def test_every_exit_code_is_documented() -> None:
    codes = {0, USAGE_EXIT_CODE, 130, *(problem.exit_code for problem in PROBLEMS.values())}
    documented = set(re.findall(r"^\| (\d+) \|", _text("docs/commands.md"), re.MULTILINE))
    assert documented == {str(code) for code in codes}
    readme = _text("README.md")
    assert all(re.search(rf"\b{code} ", readme) for code in codes)


def test_every_setting_is_documented() -> None:
    documented = _text("docs/settings.md")
    containers = {
        *("ingest", "forecast", "flags", "audit", "disclosure", "life_cycle", "gates", "people", "records"),
        *("geographies", "police_forces", "offences", "targets", "harm"),
    }
    sections = set(re.findall(r"\[([a-z_]+)", "\n".join(re.findall(r"^## .*$", documented, re.MULTILINE))))
    assert sections == containers
    fields = {(model.__name__, name) for model, name in _parts()} - {("Settings", name) for name in containers}
    assert len(fields) > 20
    assert [f"{model}.{name}" for model, name in sorted(fields) if f"| `{name}` |" not in documented] == []


def test_no_setting_is_documented_that_does_not_exist() -> None:
    tables = _text("docs/settings.md").partition("## Environment")[0]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", tables, re.MULTILINE))
    assert documented <= {name for _, name in _parts()}


def test_documented_defaults_are_the_defaults() -> None:
    documented = 0
    for part in _text("docs/settings.md").partition("## Environment")[0].split("\n## ")[1:]:
        table = re.search(r"\[([a-z_]+)", part.partition("\n")[0])
        models = list(_models_in(Settings.model_fields[table.group(1)].annotation)) if table else [Settings]
        defaults = {name: field.default for model in models for name, field in model.model_fields.items()}
        for name, value in re.findall(r"^\| `([a-z_]+)` \| `([\d.]+)` \|", part, re.MULTILINE):
            assert float(value) == defaults[name], f"{part.partition(chr(10))[0]}: {name}"
            documented += 1
    assert documented > 20


@pytest.mark.parametrize("name", [*_names(DOCUMENTS), ".ci/run", "Dockerfile", "compose.yaml"])
def test_only_make_targets_that_exist_are_named(name: str) -> None:
    text = _code_in(_text(name)) if name.endswith(".md") else _text(name)
    assert set(MAKE_TARGET.findall(text)) <= _targets_of_makefile()


def _code_in(text: str) -> str:
    """The fenced blocks of a Markdown document and its inline code, a line each."""
    return "\n".join(
        [*re.findall(r"^ *```\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL), *re.findall(r"`[^`\n]+`", text)]
    )


def test_a_make_target_that_does_not_exist_would_be_found() -> None:
    assert MAKE_TARGET.findall("Call `make nothing`.\n\nmake demo  # now\nRUN make install\nto make one") == [
        "nothing",
        "demo",
        "install",
    ]
    assert {"demo", "test", "check", "bench", "install"} <= _targets_of_makefile()


def test_the_readme_begins_with_the_two_commands() -> None:
    readme = _text("README.md")
    assert readme.index("make demo") < readme.index("make test") < readme.index("wardcast init")


def test_ci_runs_the_checks_and_the_tests_and_lets_nothing_be_skipped() -> None:
    script = _text(".ci/run")
    assert "set -euo pipefail" in script
    assert "export WARDCAST_REQUIRE_ALL=1" in script
    assert [line for line in script.splitlines() if line.startswith("make ")] == ["make check", "make test"]
    assert (REPOSITORY / ".ci/run").stat().st_mode & 0o111


@pytest.mark.parametrize(("failing", "called"), [("none", "check test"), ("test", "check test"), ("check", "check")])
def test_ci_fails_where_a_target_fails(tmp_path: Path, failing: str, called: str) -> None:
    log = tmp_path / "log"
    for name, body in {
        "make": f'[ "$1" = --version ] && exit 0\necho "$1 $WARDCAST_REQUIRE_ALL" >> {log}\n[ "$1" != {failing} ]',
        "chromium": "echo Chromium 1",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHON": sys.executable}
    done = subprocess.run([REPOSITORY / ".ci" / "run"], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode == 0) == (failing == "none"), done.stderr
    assert log.read_text(encoding="utf-8").split("\n") == [*(f"{target} 1" for target in called.split()), ""]
    assert "python    Python 3." in done.stdout


def test_the_image_is_made_by_make_and_runs_as_nobody_special() -> None:
    lines = _text("Dockerfile").splitlines()
    assert "RUN make install" in lines
    assert lines.index("USER wardcast") < lines.index("RUN make install")
    assert 'ENTRYPOINT ["wardcast"]' in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert not any("pip install" in line for line in lines)


def test_containers_publish_on_loopback_only() -> None:
    services = yaml.safe_load(_text("compose.yaml"))["services"]
    assert set(services) == {"service", "postgres", "mlflow"}
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert [name for name, service in services.items() if service.get("network_mode") == "host"] == ["service"]
    assert services["service"]["command"] == ["serve"]
    assert services["mlflow"]["environment"]["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_no_password_stands_in_the_containers_file() -> None:
    services = yaml.safe_load(_text("compose.yaml"))["services"]
    secrets = [
        value
        for service in services.values()
        for name, value in service.get("environment", {}).items()
        if "PASSWORD" in name
    ]
    assert secrets
    assert all(value.startswith("${POSTGRES_PASSWORD") for value in secrets)


def test_decisions_are_few_and_a_page_long() -> None:
    records = sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))
    assert 0 < len(records) <= MOST_DECISIONS
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_DECISION for path in records)
    index = _text("docs/decisions.md")
    assert [path.name for path in records if f"(decisions/{path.name})" not in index] == []


def test_the_changelog_has_the_version_of_the_package() -> None:
    version = re.search(r'^version = "([^"]+)"', _text("pyproject.toml"), re.MULTILINE)
    assert version is not None
    assert f"\n## {version[1]}\n" in _text("CHANGELOG.md")
    assert "\n## Unreleased\n" in _text("CHANGELOG.md")


def test_the_glossary_is_in_order_and_has_the_words_of_the_design() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", _text("GLOSSARY.md"), re.MULTILINE)
    assert words == sorted(words, key=str.casefold)
    design = {"area", "period", "horizon", "offence", "target", "publication", "as-of view", "panel", "next period"}
    assert design | {"predictive distribution", "risk score", "issue", "ledger", "champion", "challenger"} <= set(words)


@pytest.mark.parametrize("name", [picture.name for picture in PICTURES])
def test_every_picture_is_one_and_is_shown(name: str) -> None:
    content = (REPOSITORY / "docs" / "images" / name).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert min(width, height) >= 600
    assert len(content) < 400_000
    assert f"docs/images/{name}" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
