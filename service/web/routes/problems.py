"""Every error as a problem document (RFC 9457), or as a page for a client that asks for one."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from contracts import WardcastError
from service.problems import problem_of
from service.web.answers.nearest import nearest
from service.web.pages.rendering import Shell, render
from service.web.routes.formats import preferred
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


def bad_parameter(scope: Scope, parameter: str, detail: str, remedy: str) -> Response:
    """The problem of a parameter, a part of the path or a header that cannot be used."""
    remedy = f"{remedy} See /openapi.json."
    return _answer(scope, 422, "bad-parameter", "A parameter cannot be used", detail, remedy, parameter=parameter)


def _answer(scope: Scope, status: int, slug: str, title: str, detail: str, remedy: str, **more: str) -> Response:
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and scope["path"].startswith("/ogc"):
        # OGC API – Features has a status of its own for what cannot be used (17-069r4, requirements 8 and 9).
        status = HTTPStatus.BAD_REQUEST
    body = {
        "type": f"urn:wardcast:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "remedy": remedy,
        **more,
    }
    accept = ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
    if preferred(accept, {"json": MEDIA_TYPE, "html": "text/html"}) == "html":
        shell = Shell(scope["app"].state.watcher.workspace.settings.city)
        return HTMLResponse(render("problem", shell, problem=body), status_code=status, headers={"Vary": "Accept"})
    return Response(orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers={"Vary": "Accept"})


async def _expected(request: Request, error: Exception) -> Response:
    if not isinstance(error, WardcastError):
        raise error
    problem = problem_of(error)
    return _answer(request.scope, problem.status, problem.slug, problem.title, error.message, error.remedy)


async def _bad_parameters(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    name = str(first["loc"][1])
    known = request.scope[QUESTION].query.get(name)
    remedy = known.remedy if known else "Correct it."
    return bad_parameter(request.scope, name, f"The parameter '{name}' cannot be used: {first['msg']}.", remedy)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    slug = title.casefold().replace(" ", "-")
    remedy = "See /openapi.json for what there is."
    if error.status_code == HTTPStatus.NOT_FOUND:
        near = nearest(request.scope["path"], request.app.state.paths)
        remedy = f"Did you mean {near}? {remedy}" if near else remedy
    response = _answer(request.scope, error.status_code, slug, title, str(error.detail), remedy)
    response.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = METHODS
    return response


async def _fault(request: Request, __: Exception) -> Response:
    detail = "The service failed on this request; the reason is in its log."
    return _answer(request.scope, 500, "fault", "A fault of the service", detail, "Tell whoever runs the service.")
