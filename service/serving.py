"""Serving with uvicorn, with the deadlines and the strictness that it lacks."""

import asyncio
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service import logs, metrics
from service.errors import BadRequest, KontorError, TooSlow
from service.settings import Settings

HEAD_SECONDS = 10.0
"""In which the headers of a request come."""
HEAD_BYTES = 64 * 1024
"""That they have at most."""
UNREAD_SECONDS = 30.0
"""So long a client may leave its answer unread."""
_WORKER_SECONDS = 60
"""After which a worker that says nothing is replaced; one that has just begun is busy with importing."""
_ONCE = (b"host", b"content-type", b"content-encoding", b"idempotency-key", b"if-match", b"transfer-encoding")
"""Headers of which a second one would be read by one and not by another."""
_HOST = re.compile(rb"([A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])?(:[0-9]{0,5})?")


def _refusal(status: HTTPStatus, kind: type[KontorError], detail: str) -> bytes:
    """An answer as of the application, to what does not get so far."""
    document = {"type": f"/problems/{kind.slug()}", "title": kind.title, "status": status, "detail": detail}
    body = json.dumps({**document, "request_id": ""}).encode()
    head = f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


_LATE = _refusal(HTTPStatus.REQUEST_TIMEOUT, TooSlow, f"The headers did not come within {HEAD_SECONDS:g} s.")
_LONG = _refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, BadRequest, f"Address and headers are longer than {HEAD_BYTES} bytes."
)
_MISFRAMED = _refusal(HTTPStatus.BAD_REQUEST, BadRequest, "This is no request of HTTP/1.1 that can be read in one way.")


class Misframed(Exception):
    """Others on the way may read this request otherwise."""


class Deadlines(HttpToolsProtocol):
    """A connection that is closed when headers come too slowly, are too long or say two things, or when an answer is
    not read."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _head = 0
    """Bytes since the last request."""
    _size = 0
    """Bytes of this request's address and headers."""
    _headed = False
    """Whether they are complete."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._close, _LATE)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._in_time()
            return
        # Between two requests: headers that have not ended, or the rest of a body that nobody takes.
        self._head += len(data)
        if self._head > HEAD_BYTES and self._is_head():
            self._close(_LONG)
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._close, _LATE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._size, self._headed = 0, False

    def on_url(self, url: bytes) -> None:
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:  # what comes behind a body adds nothing to the headers
            self._measure(len(name) + len(value))
            super().on_header(name, value)

    def _measure(self, size: int) -> None:
        self._size += size
        if self._size > HEAD_BYTES:
            raise Misframed

    def on_headers_complete(self) -> None:
        self._headed = True
        if not well_framed(self.parser.get_http_version(), self.headers):
            raise Misframed
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what uvicorn would say
        self._close(_LONG if self._size > HEAD_BYTES else _MISFRAMED)

    def _is_head(self) -> bool:
        return self.cycle is None or not self.cycle.more_body

    def _in_time(self) -> None:
        self._head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            if self._is_awaited():
                self.transport.write(answer)
            self.transport.close()

    def _is_awaited(self) -> bool:
        """Whether an answer would be taken for that of the request in hand: none before it waits for its own, nor is
        it answered while its body still comes."""
        if self.cycle is None or self.pipeline:
            return self.cycle is None
        return not self.cycle.response_started if self.cycle.more_body else self.cycle.response_complete

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read()

    def _read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        self._read()
        super().connection_lost(exc)


def well_framed(version: str, headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether there is one way only to read where the request ends and whom it is for. Lengths are looked at by the
    parser; names are in lower case."""
    given = dict(headers)
    single = [name for name, _ in headers if name in _ONCE]
    codings = given.get(b"transfer-encoding")
    return (
        len(single) == len(set(single))
        and version in ("1.0", "1.1")
        and (codings is None or (version == "1.1" and codings.strip().lower() == b"chunked"))
        and (b"host" in given or version == "1.0")
        and _HOST.fullmatch(given.get(b"host", b"").strip()) is not None
    )


def run(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until a signal ends it."""
    with _counted_together(workers):
        uvicorn.run(
            "service.app:from_environment",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http=Deadlines,
            # uvloop takes one new connection a turn: of hundreds that come at once many would wait for seconds.
            loop="asyncio",
            ws="none",
            server_header=False,
            access_log=False,
            log_config=logs.configuration(),
            timeout_graceful_shutdown=settings.drain_seconds,
            timeout_worker_healthcheck=_WORKER_SECONDS,
        )


@contextmanager
def _counted_together(workers: int) -> Iterator[None]:
    """Several processes count in a folder: whichever is asked for metrics tells those of all."""
    if workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="kontor-metrics-") as folder:
        os.environ[metrics.DIRECTORY] = folder
        yield
