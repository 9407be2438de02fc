"""Refuses every question that its route cannot answer as it was put, before the route sees it.

What is unknown, given twice or unusable would otherwise be passed over in silence, and the answer would be one to
another question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from contracts import BadInput
from service.web.answers.answer import ENCODINGS
from service.web.answers.nearest import LONGEST_VALUE, UNPRINTABLE, nearest, shown
from service.web.routes.formats import takes_an_encoding, takes_any
from service.web.routes.problems import bad_parameter
from service.web.routes.questions import QUESTION, Parameter, Question

_NUMBER = re.compile(r"[-+.0-9eE]+")


class Refusal(BadInput):
    """Why a question is refused, and the parameter, the part of the path or the header that it is about."""

    def __init__(self, parameter: str, message: str, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.parameter = parameter


class StrictQuestions:
    """Holds each request against what its route can be asked; paths without a route are passed on."""

    def __init__(self, app: ASGIApp, questions: Sequence[Question]) -> None:
        self._app = app
        self._questions = tuple(questions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with the problem."""
        # Another method is refused by the routes, whatever it asks.
        if scope["type"] == "http" and scope["method"] == "GET":
            try:
                self._hold(scope)
            except Refusal as why:
                response = bad_parameter(scope, shown(why.parameter), why.message, why.remedy)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _hold(self, scope: Scope) -> None:
        path = scope["path"]
        for question in self._questions:
            if match := question.pattern.match(path):
                break
        else:
            return
        scope[QUESTION] = question
        for name, value in match.groupdict().items():
            if value:
                _refuse_text(name, f"The part '{name}' of the path", value, f"Ask like {question.path}.")
        if scope["query_string"]:
            _hold_query(scope, question)
        _hold_headers(scope, question)


def _hold_query(scope: Scope, question: Question) -> None:
    """Refuse what cannot be used, and give values that are separated by commas one by one, as FastAPI reads them."""
    given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    for name, times in Counter(name for name, _ in given).items():
        if name not in question.query:
            raise Refusal(name, f"There is no parameter '{shown(name)}' in {question.path}.", _known(name, question))
        if times > 1:
            raise Refusal(name, f"The parameter '{name}' is given {times} times.", _once(question.query[name]))
    several = [(name, value) for name, text in given for value in _values(question.query[name], text)]
    if len(several) != len(given):
        scope["query_string"] = urlencode(several).encode("ascii")


def _values(parameter: Parameter, text: str) -> Iterator[str]:
    """The values of a parameter, one by one, each of which can be used."""
    values = text.split(",") if parameter.several else [text]
    if len(set(values)) != len(values):
        twice = next(value for value, times in Counter(values).items() if times > 1)
        raise Refusal(
            parameter.name, f"The parameter '{parameter.name}' names '{shown(twice)}' twice.", parameter.remedy
        )
    for value in values:
        _refuse_text(parameter.name, f"The parameter '{parameter.name}'", value, parameter.remedy)
        if parameter.kind != "text" and not _NUMBER.fullmatch(value):
            detail = f"The parameter '{parameter.name}' is no {parameter.kind}: '{shown(value)}'."
            raise Refusal(parameter.name, detail, parameter.remedy)
        yield value


def _refuse_text(name: str, what: str, value: str, remedy: str) -> None:
    if not value:
        raise Refusal(name, f"{what} is empty.", f"{remedy} Or leave it out.")
    if value != value.strip():
        raise Refusal(name, f"{what} has a space at an end: '{shown(value)}'.", remedy)
    if UNPRINTABLE.search(value):
        raise Refusal(name, f"{what} holds a character that cannot be printed: '{shown(value)}'.", remedy)
    if len(value) > LONGEST_VALUE:
        raise Refusal(name, f"{what} has {len(value)} characters, more than {LONGEST_VALUE}.", remedy)


def _known(name: str, question: Question) -> str:
    """The nearest parameter that there is, and all of them."""
    if not question.query:
        return f"Leave it out: {question.path} takes none."
    names = list(question.query)
    takes = f"{question.path} takes {', '.join(names)}."
    near = nearest(name, names)
    if near:
        return f"Did you mean '{near}'? {takes}"
    if name.casefold() == "format":
        return f"It answers in {', '.join(question.formats)} alone. {takes}"
    return takes


def _once(parameter: Parameter) -> str:
    return parameter.remedy if parameter.several else f"Give it once. {parameter.remedy}"


def _hold_headers(scope: Scope, question: Question) -> None:
    accept = ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
    if not takes_any(accept, question.formats_of(scope["path"])):
        formats = ", ".join(question.formats_of(scope["path"]))
        detail = f"{question.path} cannot be given as '{shown(accept)}', which the header Accept asks for."
        raise Refusal("Accept", detail, f"Ask for {formats}, or leave the header out.")
    encoding = ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-encoding")
    if not takes_an_encoding(encoding, tuple(ENCODINGS)):
        detail = f"No answer can be encoded as '{shown(encoding)}', which the header Accept-Encoding asks for."
        raise Refusal(
            "Accept-Encoding", detail, f"Ask for {', '.join(ENCODINGS)} or identity, or leave the header out."
        )
