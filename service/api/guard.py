"""What holds for every request, as plain ASGI: a request id, limits on the body, what is left of quotas, no caching."""

import asyncio
import logging
import re
import uuid
from collections.abc import Sequence
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl, urlencode

from opentelemetry.trace import format_trace_id, get_current_span
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import metrics
from service.access.audit import Origin
from service.access.quotas import Quotas, Standing
from service.api import problems
from service.api.visit import Visit
from service.failpoints import reach
from service.forms.formats import FORMATS
from service.logs import REQUEST
from service.settings import Settings
from service.wording import say

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_TRACE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""The header of W3C trace context."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PREFIX = "/v1"
_WITH_KEY = ("/v1/", "/odata/", "/metrics")
_log = logging.getLogger(__name__)
SLOWEST = 1_000
"""Bytes a second that a body has to come with, once its first pause is over."""
_CLOSING = {"Connection": "close"}


class Guard:
    """Wraps the application. A body that is spooled to disk may be longer than any other."""

    def __init__(self, app: ASGIApp, settings: Settings, quotas: Quotas) -> None:
        self.app = app
        self._settings = settings
        self._quotas = quotas

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["path"].startswith("/odata/"):
            _take_key(scope)
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        client = scope.get("client")
        visit = Visit(Origin(client[0] if client else "", request_id), self._settings.read_timeout_seconds)
        scope.setdefault("state", {}).update(request_id=request_id, visit=visit)
        REQUEST.set((request_id, _trace_of(headers)))
        status, begun = 0, perf_counter()

        async def marked_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                visit.leave()  # what is sent now is there: a slow reader takes nobody's place
                _mark(MutableHeaders(scope=message), visit)
            await send(message)
            if message["type"] == "http.response.start":
                reach("mid_response")

        visit.watch(receive)
        try:
            answer = self._refusal(scope, headers) or self.app
            await answer(scope, self._limited(receive, headers, visit), marked_send)
        except ClientDisconnect:
            pass  # in the midst of the body: nobody waits for an answer
        finally:
            visit.over()
            _tell(scope, visit, status, perf_counter() - begun)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        """Of who has used up his quota, before his request is looked at any further: he may send many of them."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not scope["path"].startswith(_WITH_KEY):
            return None
        error = self._quotas.spent(credentials.strip())
        return None if error is None else problems.refused(Request(scope), error)

    def _limited(self, receive: Receive, headers: Headers, visit: Visit) -> Receive:
        """The body, unless it is longer than it may be or comes more slowly."""
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        spooled = content_type in FORMATS and not FORMATS[content_type].whole
        limit = self._settings.max_body_bytes if spooled else self._settings.max_json_bytes
        declared = headers.get("content-length", "")
        pause = self._settings.body_timeout_seconds
        taken, waited = 0, 0.0
        visit.body_taken = not declared and "transfer-encoding" not in headers
        too_large = HTTPException(
            413,
            say("The body is longer than the {limit} bytes that this operation takes.", limit=limit),
            dict(_CLOSING),
        )

        async def limited_receive() -> Any:
            nonlocal taken, waited
            if visit.body_taken:
                return await receive()
            if declared.isdigit() and int(declared) > limit:
                raise too_large
            # Only what the client lets us wait for counts, not what we do between two pieces.
            asked = perf_counter()
            message = await _soon(receive, pause, pause + taken / SLOWEST - waited)
            waited += perf_counter() - asked
            if message["type"] == "http.request":
                taken += len(message.get("body", b""))
                visit.body_taken = not message.get("more_body", False)
                if taken > limit:
                    raise too_large
            return message

        return limited_receive


def _trace_of(headers: Headers) -> str:
    """The trace that the request belongs to: where it is traced its span's, else the one that it names."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        return format_trace_id(context.trace_id)
    named = _TRACE.fullmatch(headers.get("traceparent", ""))
    return named[1] if named else ""


def _take_key(scope: Scope) -> None:
    """Out of the query, which a server writes into its log."""
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    keys = [value for name, value in asked if name == "key"]
    scope.setdefault("state", {})["keys_of_query"] = keys
    if keys:
        scope["query_string"] = urlencode([one for one in asked if one[0] != "key"]).encode()


async def _soon(receive: Receive, pause: float, left: float) -> Message:
    """The next piece of a body, within a pause, and within the seconds that are left for so much of it."""
    try:
        async with asyncio.timeout(min(pause, left)):
            return await receive()
    except TimeoutError:
        detail = say(
            "The body stopped coming for {pause:g} s, or came with less than {least} bytes a second.",
            pause=pause,
            least=SLOWEST,
        )
        raise HTTPException(408, detail, dict(_CLOSING)) from None


def _tell(scope: Scope, visit: Visit, status: int, seconds: float) -> None:
    """Count the request, and write a line about it. Without a status nobody waited for the answer."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = getattr(scope.get("route"), "path", "none")
    if scope["path"].startswith(_PREFIX) and route != "none":
        route = _PREFIX + route
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    if visit.calculated is not None:
        metrics.CALCULATION_SECONDS.labels(route).observe(visit.calculated)
    if _log.isEnabledFor(logging.INFO):
        told = {"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000, 1)}
        told |= {name: word for name in ("principal", "problem") if (word := getattr(visit, name))}
        _log.info("request", extra=told)


def _mark(answer: MutableHeaders, visit: Visit) -> None:
    answer["X-Request-Id"] = visit.origin.request_id
    answer.setdefault("Cache-Control", "no-store")
    answer["X-Content-Type-Options"] = "nosniff"
    if visit.revisions:
        answer["Data-Revision"] = visit.revisions
    if visit.standings:
        answer["RateLimit-Policy"] = _listed(visit.standings, lambda one: f"q={one.quota};w={one.window}")
        answer["RateLimit"] = _listed(visit.standings, lambda one: f"r={one.left};t={one.seconds}")


def _listed(standings: Sequence[Standing], said: Any) -> str:
    return ", ".join(f'"{one.kind}";{said(one)}' for one in standings)
