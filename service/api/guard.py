"""What holds for every request, as plain ASGI: a request id, a limit on the body, no caching of answers."""

import re
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.forms.formats import FORMATS

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class Guard:
    """Wraps the application. A body that is spooled to disk may be `max_body` bytes long, any other `max_json`."""

    def __init__(self, app: ASGIApp, max_body: int, max_json: int) -> None:
        self.app = app
        self.max_body = max_body
        self.max_json = max_json

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        spooled = content_type in FORMATS and not FORMATS[content_type].whole
        limit = self.max_body if spooled else self.max_json

        async def marked_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["X-Request-Id"] = request_id
                answer.setdefault("Cache-Control", "no-store")
                answer["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, _limited(receive, limit, headers.get("content-length")), marked_send)


def _limited(receive: Receive, limit: int, declared: str | None) -> Receive:
    taken = 0
    too_large = HTTPException(413, f"The body is longer than the {limit} bytes that this operation takes.")

    async def limited_receive() -> Any:
        nonlocal taken
        if declared is not None and declared.isdigit() and int(declared) > limit:
            raise too_large
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > limit:
                raise too_large
        return message

    return limited_receive
