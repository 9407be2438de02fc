"""Every error of the API as a problem document (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from contracts import WardcastError
from service.problems import problem_of
from service.web.nearest import nearest
from service.web.routes.methods import METHODS
from service.web.routes.questions import QUESTION

MEDIA_TYPE = "application/problem+json"


def answer_with_problems(app: FastAPI) -> None:
    """Answer expected errors, bad parameters, unknown paths and our own faults with problem documents."""
    for kind, handler in (
        (WardcastError, _expected),
        (RequestValidationError, _bad_parameters),
        (HTTPException, _http_error),
        (Exception, _fault),
    ):
        app.add_exception_handler(kind, handler)


def bad_parameter(parameter: str, detail: str, remedy: str) -> Response:
    """The problem of a parameter, a part of the path or a header that cannot be used."""
    remedy = f"{remedy} See /openapi.json."
    return _document(422, "bad-parameter", "A parameter cannot be used", detail, remedy, parameter=parameter)


def _document(status: int, slug: str, title: str, detail: str, remedy: str, **more: str) -> Response:
    body = {
        "type": f"urn:wardcast:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "remedy": remedy,
        **more,
    }
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE)


async def _expected(_: Request, error: Exception) -> Response:
    if not isinstance(error, WardcastError):
        raise error
    problem = problem_of(error)
    return _document(problem.status, problem.slug, problem.title, error.message, error.remedy)


async def _bad_parameters(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    name = str(first["loc"][1])
    known = request.scope[QUESTION].query.get(name)
    remedy = known.remedy if known else "Correct it."
    return bad_parameter(name, f"The parameter '{name}' cannot be used: {first['msg']}.", remedy)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    slug = title.casefold().replace(" ", "-")
    remedy = "See /openapi.json for what there is."
    if error.status_code == HTTPStatus.NOT_FOUND:
        near = nearest(request.scope["path"], request.app.state.paths)
        remedy = f"Did you mean {near}? {remedy}" if near else remedy
    response = _document(error.status_code, slug, title, str(error.detail), remedy)
    response.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = METHODS
    return response


async def _fault(_: Request, __: Exception) -> Response:
    detail = "The service failed on this request; the reason is in its log."
    return _document(500, "fault", "A fault of the service", detail, "Tell whoever runs the service.")
