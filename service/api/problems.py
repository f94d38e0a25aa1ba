"""Refusals as `application/problem+json` (RFC 9457). The one shape of every error, whatever its origin."""

import logging
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from service.errors import (
    LISTED_PROBLEMS,
    BadBody,
    BadRequest,
    InternalError,
    InvalidRequest,
    KontorError,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    Problem,
    TooLarge,
    TooSlow,
    Unavailable,
)
from service.forms.languages import negotiate, translate, worded
from service.operations.validation import found_wrong
from service.wording import Message, listing, say

MEDIA_TYPE = "application/problem+json"
_OF_STATUS = {kind.status: kind for kind in (NotFound, MethodNotAllowed, TooSlow, TooLarge)}
"""What the framework refuses by itself."""
_ITS_WORDS = {str(one): one for one in (say("Not Found"), say("Method Not Allowed"))}
_log = logging.getLogger("kontor")


class RowProblem(BaseModel):
    """What is wrong with one cell, one row or one argument."""

    row: int | None = Field(description="JSON: place in the array from 1. CSV: row as a spreadsheet shows it.")
    column: str | None = Field(description="The column or argument; null for a whole row.")
    code: str = Field(description="Stable word for the kind of problem.")
    message: str = Field(description="Why, and what would be right; in the language that `Accept-Language` asks for.")
    value: str | None = Field(default=None, description="What was found there, shortened.")
    cell: str | None = Field(default=None, description="A spreadsheet's name for it, as in `Statistics!F17`.")


class ProblemDocument(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Stable reference of the kind of refusal: `/problems/` and its slug.")
    title: str = Field(description="Short, in the language that `Accept-Language` asks for.")
    status: int
    detail: str = Field(description="What was wrong, in the same language.")
    request_id: str
    errors: list[RowProblem] | None = Field(
        default=None, description=f"Row by row; at most {LISTED_PROBLEMS}, `errors_total` counts all."
    )
    errors_total: int | None = None


def row_problem(problem: Problem, lang: str) -> RowProblem:
    """As a receipt or a list tells it, in a language."""
    return RowProblem(**problem.as_dict() | {"message": worded(problem.message, lang)})


def responses(*kinds: type[KontorError]) -> dict[int | str, dict[str, Any]]:
    """The problem responses of an operation, for its contract."""
    documented: dict[int | str, dict[str, Any]] = {}
    for status in sorted({kind.status for kind in kinds}):
        same = [kind for kind in kinds if kind.status == status]
        text = " ".join(f"`{kind.slug()}`: {(kind.__doc__ or '').splitlines()[0]}" for kind in same)
        documented[status] = {"description": text, "model": ProblemDocument}
    return documented


def install(app: FastAPI) -> None:
    """Answer every refusal of `app` with a problem document."""
    app.add_exception_handler(KontorError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(MemoryError, _short_of_memory)
    app.add_exception_handler(Exception, _unexpected)


def document(request: Request, status: int, slug: str, title: str, detail: Message, **more: Any) -> JSONResponse:
    """The answer. Title and messages are in the caller's language; what programs read is the same in all."""
    request.state.visit.problem = slug
    lang = language(request)
    headers = in_language(lang)
    content = {"type": f"/problems/{slug}", "title": translate(lang)(title), "status": status, "detail": detail}
    content |= {"request_id": getattr(request.state, "request_id", ""), **more}
    if request.url.path.startswith("/odata/"):
        content["error"] = {"code": slug, "message": detail}  # where clients of OData look for it
        return JSONResponse(_worded(content, lang), status, headers | {"OData-Version": "4.0"})
    return JSONResponse(_worded(content, lang), status, headers, media_type=MEDIA_TYPE)


def language(request: Request) -> str:
    """The best of our languages for whoever asks."""
    return negotiate(request.headers.get("accept-language"))


async def _answered_in(request: Request, response: Response) -> str:
    lang = language(request)
    response.headers.update(in_language(lang))
    return lang


AnsweredIn = Annotated[str, Depends(_answered_in)]
"""The same, which the answer then names."""


def in_language(lang: str) -> dict[str, str]:
    """Headers of an answer that is in another language for others."""
    return {"Content-Language": lang, "Vary": "Accept-Language"}


def _worded(content: Any, lang: str) -> Any:
    """The same with every message in it in the language."""
    if isinstance(content, dict):
        return {name: _worded(value, lang) for name, value in content.items()}
    if isinstance(content, list):
        return [_worded(value, lang) for value in content]
    return worded(content, lang) if isinstance(content, Message) else content


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, KontorError)  # noqa: S101 - registered for it
    return refused(request, error)


def refused(request: Request, error: KontorError) -> JSONResponse:
    """The answer to a refusal of ours."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and error.__cause__ is not None:
        _log.warning("a request was given up", extra={"problem": error.slug()}, exc_info=error)
    answer = document(request, error.status, error.slug(), error.title, error.detail, **error.extra())
    if isinstance(error, NotAuthenticated):
        of_tools = request.url.path.startswith("/odata/")
        answer.headers["WWW-Authenticate"] = 'Basic realm="Kontor", Bearer' if of_tools else "Bearer"
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = error.errors()
    listed = [
        {"row": None, "column": _place(one["loc"]), "code": one["type"], "message": found_wrong(one), "value": None}
        for one in found[:LISTED_PROBLEMS]
    ]
    if any(one["type"] == "json_invalid" for one in found):
        return refused(request, BadBody(say("The body is not valid JSON.")))
    detail = listing([(one["column"], one["message"]) for one in listed[:3]])
    more = {"errors": listed, "errors_total": len(found)}
    kind = InvalidRequest
    return document(request, kind.status, kind.slug(), kind.title, detail, **more)


def _place(location: tuple[Any, ...]) -> str:
    """("body", "levers", 0, "value") → "levers.0.value"; parameters keep their name."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    kind = _OF_STATUS.get(error.status_code, BadRequest)
    answer = document(request, error.status_code, kind.slug(), kind.title, _of_framework(error.detail))
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = _allowed(request)
    return answer


def _of_framework(detail: str) -> Message:
    """Its words, or ours where we raised it in its stead."""
    return detail if isinstance(detail, Message) else _ITS_WORDS.get(detail, Message.kept(detail))


def _allowed(request: Request) -> str:
    """All methods of the path; each route knows only its own. A path that is written out beats one with a parameter."""
    routes = [one for one in iter_route_contexts(request.app.routes) if one.methods]
    literal = [one for one in routes if one.path == request.url.path]
    matching = literal or [one for one in routes if compile_path(str(one.path))[0].match(request.url.path)]
    return ", ".join(sorted({method for one in matching for method in one.methods or ()}))


async def _short_of_memory(request: Request, error: Exception) -> JSONResponse:
    _log.error("there is no memory left", exc_info=error)
    return await _refused(request, Unavailable(say("There is no memory left for this request. Try again.")))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    request_id = getattr(request.state, "request_id", "")
    _log.error("an unexpected error", exc_info=error)
    detail = say("This is our fault. The log knows more under the request id {request_id}.", request_id=request_id)
    return document(request, 500, InternalError.slug(), InternalError.title, detail)
