"""Serving with uvicorn, with the deadlines that it lacks."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service import logs, metrics
from service.settings import Settings

HEAD_SECONDS = 10.0
"""In which the headers of a request come."""
HEAD_BYTES = 64 * 1024
"""That they have at most."""
UNREAD_SECONDS = 30.0
"""So long a client may leave its answer unread."""
_WORKER_SECONDS = 60
"""After which a worker that says nothing is replaced; one that has just begun is busy with importing."""
_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Deadlines(HttpToolsProtocol):
    """A connection that is closed when headers come too slowly or an answer is not read."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _head = 0

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

    def _is_head(self) -> bool:
        return self.cycle is None or not self.cycle.more_body

    def _in_time(self) -> None:
        self._head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

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
