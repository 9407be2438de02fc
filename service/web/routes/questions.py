"""What each route can be asked, read from the routes themselves: paths, parameters and the formats they answer in.

A route that is added is in the table without being named here; one that the table cannot describe stops the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from mimetypes import guess_type
from typing import Any, Literal, get_args, get_origin

from fastapi import FastAPI, Response, params
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

QUESTION = "wardcast.question"
"""Key of the scope under which the matched ``Question`` is told to the routes."""
Kind = Literal["text", "whole number", "number"]
_BOUNDS = (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below"))


@dataclass(frozen=True)
class Parameter:
    """One parameter of a route; ``several``: it takes values separated by commas."""

    name: str
    kind: Kind
    several: bool
    bounds: str
    examples: tuple[str, ...]

    @property
    def remedy(self) -> str:
        """How it is given."""
        what = f"a {self.kind}{self.bounds}"
        if self.several:
            return f"Give one, or several separated by commas ({self.name}=one,two), each once."
        example = f", like {self.name}={self.examples[0]}" if self.examples else ""
        return f"Give {what}{example}."


@dataclass(frozen=True)
class Question:
    """One route: ``pattern`` matches its paths; ``formats`` is empty where the name of the asked file decides."""

    path: str
    pattern: re.Pattern[str]
    query: Mapping[str, Parameter]
    formats: tuple[str, ...] = field(default=())

    def formats_of(self, path: str) -> tuple[str, ...]:
        """The media types that a path of this route is answered in."""
        return self.formats or (guess_type(path)[0] or "text/plain",)


def questions_of(app: FastAPI) -> tuple[Question, ...]:
    """One for each route of the application, in the order in which they are tried.

    Raises ``TypeError`` for a kind of route whose parameters cannot be read: it could be asked anything.
    """
    return tuple(_question(app, route) for route in iter_route_contexts(app.routes))


def _question(app: FastAPI, route: RouteContext) -> Question:
    path, pattern = str(route.path), route.path_regex
    if path == app.openapi_url:
        return Question(path, pattern, {}, ("application/json",))
    if isinstance(route.original_route, APIRoute):
        return Question(path, pattern, dict(_query_of(route)), _formats_of(route))
    raise TypeError(f"The parameters of the route {path} cannot be read; add it as a route of FastAPI.")


def _query_of(route: RouteContext) -> Iterator[tuple[str, Parameter]]:
    for one in get_flat_params(route.dependant):
        if isinstance(one.field_info, params.Query):
            plain = tuple(_plain_types(one.field_info.annotation))
            kind: Kind = "whole number" if int in plain else "number" if float in plain else "text"
            about = Parameter(
                one.alias, kind, list in plain, _bounds(one.field_info.metadata), tuple(one.field_info.examples or ())
            )
            yield one.alias, about


def _plain_types(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of: ``list[str] | None`` of list, str and None."""
    yield get_origin(annotation) or annotation
    for part in get_args(annotation):
        yield from _plain_types(part)


def _bounds(metadata: Iterable[Any]) -> str:
    told = [f" {word} {getattr(one, name)}" for name, word in _BOUNDS for one in metadata if hasattr(one, name)]
    return "".join(told)


def _formats_of(route: RouteContext) -> tuple[str, ...]:
    kind = route.response_class
    answer: type[Response] = kind.value if isinstance(kind, DefaultPlaceholder) else kind
    if answer.media_type is None:
        raise TypeError(f"The route {route.path} declares no format; give it a response_class that has one.")
    return tuple(getattr(answer, "formats", (answer.media_type,)))
