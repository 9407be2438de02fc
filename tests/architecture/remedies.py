"""The remedies of every error in the source, and what they tell a user to type or to set."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from contracts import Settings
from service.cli import wardcast

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("contracts", "features", "models", "monitoring", "training", "service")
BLANK = "…"
"""Stands in a text for what is only known when the error is raised."""
COMMAND = re.compile(r"\bwardcast((?: [^\s.,;:']+)+)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
SECTION = re.compile(rf"\[([a-z_]+(?:\.[\w{BLANK}-]+)*)\](?: ([a-z]+_[a-z_]+))?")
KEY_BEFORE = re.compile(rf"([a-z]+(?:_[a-z]+)*)(?: = \w+)? (?:of|in|under) \[([a-z_]+(?:\.[\w{BLANK}-]+)*)\]")
SETTING = re.compile(r"(?<![\w.-])(?:([a-z]+(?:_[a-z]+)*) = |([a-z]+(?:_[a-z]+)+)(?![\w(/.-]))")
EXAMPLES = {"name"}
"""What may stand before " = " without being a setting: the name that a user gives to an offence."""


@dataclass(frozen=True)
class Remedy:
    """One text of a ``remedy=`` and where it stands."""

    place: str
    text: str


def every_remedy() -> list[Remedy]:
    """The remedies of all errors in the source, each possible text of them."""
    found = []
    for folder in FOLDERS:
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            texts = dict(_constants(tree))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    for keyword in node.keywords:
                        if keyword.arg == "remedy":
                            place = f"{path.relative_to(REPOSITORY)}:{keyword.value.lineno}"
                            found += [Remedy(place, text) for text in _texts(keyword.value, texts)]
    return found


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _texts(node: ast.expr, constants: dict[str, ast.expr]) -> list[str]:
    """What an expression may say; a part that is only known later is ``BLANK``."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        texts = [""]
        for part in node.values:
            said = [BLANK] if isinstance(part, ast.FormattedValue) else _texts(part, constants)
            texts = [text + more for text in texts for more in said]
        return texts
    if isinstance(node, ast.IfExp):
        return _texts(node.body, constants) + _texts(node.orelse, constants)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [a + b for a in _texts(node.left, constants) for b in _texts(node.right, constants)]
    if isinstance(node, ast.Name) and node.id in constants and not isinstance(constants[node.id], ast.Name):
        return _texts(constants[node.id], constants)
    return [BLANK]


def faults_in(text: str) -> list[str]:
    """Commands, options, sections and settings that a remedy names and that do not exist."""
    faults = [fault for words in COMMAND.findall(text) for fault in _command_faults(words.split())]
    known = set(_options(wardcast))
    faults += [f"no command has the option {option}" for option in OPTION.findall(text) if option not in known]
    for section, key in [*SECTION.findall(text), *((there, key) for key, there in KEY_BEFORE.findall(text))]:
        models = _models_at(Settings, section.split("."))
        if models is None:
            faults.append(f"the settings have no [{section}]")
        elif key and models and "_" in key and not any(key in model.model_fields for model in models):
            faults.append(f"[{section}] has no {key}")
    fields = set(_fields(Settings))
    for assigned, named in SETTING.findall(text):
        setting = assigned or named
        if setting not in fields | EXAMPLES:
            faults.append(f"the settings have no {setting}")
    return faults


def _command_faults(words: list[str]) -> list[str]:
    """Walk from ``wardcast`` down to a command, and look its options up."""
    command: click.Command = wardcast
    path = "wardcast"
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        context = click.Context(command, info_name=path)
        below = command.get_command(context, words[0])
        if below is None:
            return [f"there is no command {path} {words[0]}"]
        command, path = below, f"{path} {words.pop(0)}"
    known = {option for one in command.params for option in one.opts}
    return [f"{path} has no option {word}" for word in words if word.startswith("--") and word not in known]


def _options(command: click.Command) -> Iterator[str]:
    for one in command.params:
        yield from one.opts
    if isinstance(command, click.Group):
        context = click.Context(command, info_name="wardcast")
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _options(below)


def _models_at(model: type[BaseModel], path: list[str]) -> list[type[BaseModel]] | None:
    """The models that a dotted path of tables leads to; empty where it is a plain mapping, None where there is none."""
    if path[0] not in model.model_fields:
        return None
    annotation, deeper = model.model_fields[path[0]].annotation, path[1:]
    below, named = _models_in(annotation), "dict" in str(annotation)
    if not below:
        return [] if named else None
    deeper = deeper[1:] if named else deeper
    return _models_at(below[0], deeper) if deeper else below


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in _models_in(argument)]


def _fields(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        for below in _models_in(field.annotation):
            yield from _fields(below)
